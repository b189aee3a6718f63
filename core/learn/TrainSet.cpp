// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainSet.h"

#include "base/Random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace foveate::learn {
namespace {

struct Patient {
    std::int64_t number = 0;
    std::vector<std::size_t> members;
    int label = 0; ///< of most members, the lowest on a tie
};

int commonest(const std::vector<std::size_t>& members, const std::vector<int>& labels)
{
    std::map<int, int> counts;
    for (const std::size_t member : members)
        ++counts[labels[member]];
    return std::max_element(counts.begin(), counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

/// Class → its patients, in the order of their numbers.
std::map<int, std::vector<Patient>> patientsByClass(const std::vector<std::int64_t>& patients,
                                                    const std::vector<int>& labels)
{
    std::map<std::int64_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < patients.size(); ++i)
        members[patients[i]].push_back(i);
    std::map<int, std::vector<Patient>> classes;
    for (auto& [patient, own] : members) {
        const int label = commonest(own, labels);
        classes[label].push_back({patient, std::move(own), label});
    }
    return classes;
}

Result<std::vector<TrainSample>> labelledSamples(const Snapshot& snapshot)
{
    const LabelScheme labels = snapshot.labels();
    std::vector<TrainSample> samples;
    for (const SnapshotSample& sample : snapshot.samples) {
        if (!sample.label || (sample.split != Split::train && sample.split != Split::none))
            continue;
        if (!labels.holds(*sample.label))
            return fail(Code::wrongShape, {"label", std::to_string(*sample.label), std::to_string(labels.count())});
        samples.push_back({sample.row, sample.patient, *sample.label, float(sample.weight)});
    }
    return samples;
}

std::vector<int> labelsOf(const std::vector<TrainSample>& samples)
{
    std::vector<int> labels;
    for (const TrainSample& sample : samples)
        labels.push_back(sample.label);
    return labels;
}

Status checkEnough(const std::vector<int>& labels)
{
    if (labels.size() < 2)
        return fail(Code::needsLabels, {std::to_string(labels.size()), "2", "label"});
    const std::set<int> present(labels.begin(), labels.end());
    if (present.size() < 2)
        return fail(Code::needsClasses, {std::to_string(present.size())});
    return {};
}

void distribute(TrainSet& set, const std::vector<TrainSample>& samples, const TrainOptions& options, std::uint64_t seed)
{
    std::vector<bool> held(samples.size(), false);
    if (options.patience > 0 && samples.size() >= std::size_t(options.validateFrom)) {
        std::vector<std::int64_t> patients;
        for (const TrainSample& sample : samples)
            patients.push_back(sample.patient);
        held = validationSplit(patients, labelsOf(samples), options.validationShare, seed);
    }
    for (std::size_t i = 0; i < samples.size(); ++i)
        (held[i] ? set.validation : set.training).push_back(samples[i]);
}

void weigh(std::vector<TrainSample>& samples, const std::vector<double>& classWeights)
{
    for (TrainSample& sample : samples)
        sample.weight *= float(classWeights[std::size_t(sample.label)]);
}

} // namespace

std::vector<double> balancedWeights(const std::vector<int>& labels, int classes)
{
    std::vector<double> counts(std::size_t(classes), 0.0);
    for (const int label : labels)
        ++counts[std::size_t(label)];
    const auto present = std::count_if(counts.begin(), counts.end(), [](double count) { return count > 0; });
    for (double& count : counts)
        count = count > 0 ? double(labels.size()) / (double(present) * count) : 0.0;
    return counts;
}

ClassWeights balancedSides(const std::vector<int>& labels, int classes)
{
    const double n = double(labels.size());
    ClassWeights weights{std::vector<double>(std::size_t(classes), 1), std::vector<double>(std::size_t(classes), 1)};
    for (int c = 0; c < classes; ++c) {
        double with = 0;
        for (const int label : labels)
            with += (label >> c) & 1;
        if (with == 0 || with == n)
            continue;
        weights.present[std::size_t(c)] = n / (2 * with);
        weights.absent[std::size_t(c)] = n / (2 * (n - with));
    }
    return weights;
}

std::vector<bool> validationSplit(const std::vector<std::int64_t>& patients, const std::vector<int>& labels,
                                  double share, std::uint64_t seed)
{
    std::vector<bool> held(patients.size(), false);
    for (auto& [label, groups] : patientsByClass(patients, labels)) {
        Random random = Random::derive(seed, "validation", std::uint64_t(label));
        random.shuffle(groups);
        std::size_t total = 0;
        for (const Patient& patient : groups)
            total += patient.members.size();
        const double wanted = share * double(total);
        std::size_t taken = 0;
        for (std::size_t i = 0; i + 1 < groups.size() && double(taken) < wanted; ++i) {
            for (const std::size_t member : groups[i].members)
                held[member] = true;
            taken += groups[i].members.size();
        }
    }
    return held;
}

Result<TrainSet> makeTrainSet(const Snapshot& snapshot, const TrainOptions& options)
{
    FOVEATE_TRY(const std::vector<TrainSample> samples, labelledSamples(snapshot));
    FOVEATE_CHECK(checkEnough(labelsOf(samples)));
    TrainSet set;
    distribute(set, samples, options, snapshot.seed);
    if (snapshot.multiLabel) {
        if (options.classWeights)
            set.sides = balancedSides(labelsOf(set.training), int(snapshot.classes.size()));
        return set;
    }
    set.classWeights = options.classWeights ? balancedWeights(labelsOf(set.training), int(snapshot.classes.size()))
                                            : std::vector<double>(snapshot.classes.size(), 1.0);
    weigh(set.training, set.classWeights);
    weigh(set.validation, set.classWeights);
    return set;
}

std::vector<std::size_t> epochOrder(std::size_t n, std::uint64_t seed, int epoch)
{
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t(0));
    Random random = Random::derive(seed, "order", std::uint64_t(epoch));
    random.shuffle(order);
    return order;
}

std::size_t batchEnd(std::size_t position, std::size_t n, std::size_t batch)
{
    const std::size_t left = n - position;
    const std::size_t near = std::size_t(std::lround(double(left) / double(batch)));
    const std::size_t batches = std::clamp<std::size_t>(near, 1, std::max<std::size_t>(1, left / 2));
    return position + (left + batches - 1) / batches;
}

} // namespace foveate::learn
