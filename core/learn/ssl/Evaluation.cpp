// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Evaluation.h"

#include "base/Random.h"
#include "embed/Neighbours.h"
#include "learn/TrainSet.h"
#include "learn/optim/Optimiser.h"
#include "learn/optim/Schedule.h"
#include "learn/ssl/Layers.h"
#include "score/Metrics.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <map>
#include <set>

namespace foveate::learn::ssl {
namespace {

constexpr int kProbeEpochs = 100;
constexpr std::size_t kProbeBatch = 64;

void add(std::vector<std::int64_t>& places, std::vector<int>& truths, std::size_t place, int truth)
{
    places.push_back(std::int64_t(place));
    truths.push_back(truth);
}

/// Without held-out samples a fifth of the known patients is asked.
void holdOut(const Snapshot& snapshot, EvaluationSet& set)
{
    std::vector<std::int64_t> patients;
    for (const std::int64_t place : set.known)
        patients.push_back(snapshot.samples[std::size_t(place)].patient);
    const std::vector<bool> held = validationSplit(patients, set.knownTruth, .2, snapshot.seed);
    const EvaluationSet all = set;
    set.known.clear();
    set.knownTruth.clear();
    for (std::size_t i = 0; i < all.known.size(); ++i)
        add(held[i] ? set.asked : set.known, held[i] ? set.askedTruth : set.knownTruth, std::size_t(all.known[i]),
            all.knownTruth[i]);
}

at::Tensor pick(const at::Tensor& features, const std::vector<std::int64_t>& places)
{
    return features.index_select(0, at::tensor(places, at::kLong)).contiguous();
}

embed::Points points(const at::Tensor& features)
{
    return {{features.const_data_ptr<float>(), std::size_t(features.numel())}, std::size_t(features.size(1))};
}

Result<Figures> figuresOf(const EvaluationSet& set, const std::vector<int>& predicted)
{
    score::Predictions predictions;
    predictions.classes = set.classes;
    predictions.truth = set.askedTruth;
    for (const int label : predicted)
        for (int c = 0; c < set.classes; ++c)
            predictions.probabilities.push_back(c == label ? 1 : 0);
    FOVEATE_TRY(const score::Metrics metrics, score::metrics(predictions));
    return Figures{metrics.accuracy, metrics.balancedAccuracy, metrics.f1Weighted};
}

} // namespace

Result<EvaluationSet> makeEvaluationSet(const Snapshot& snapshot,
                                        const std::vector<std::pair<std::int64_t, int>>& truth)
{
    if (snapshot.multiLabel)
        return fail(Code::needsOneClass, {"--evaluate"});
    EvaluationSet set;
    set.classes = int(snapshot.classes.size());
    if (set.classes < 2)
        return fail(Code::needsClasses, {std::to_string(set.classes)});
    const std::map<std::int64_t, int> truths(truth.begin(), truth.end());
    const auto isHeldOut = [&](Split split) {
        return std::any_of(snapshot.samples.begin(), snapshot.samples.end(),
                           [&](const SnapshotSample& s) { return s.split == split && truths.contains(s.row); });
    };
    const Split asked = isHeldOut(Split::test) ? Split::test : Split::val;
    for (std::size_t i = 0; i < snapshot.samples.size(); ++i) {
        const SnapshotSample& sample = snapshot.samples[i];
        const auto found = truths.find(sample.row);
        if (found == truths.end() || found->second < 0 || found->second >= set.classes)
            continue;
        if (sample.split == Split::train || sample.split == Split::none)
            add(set.known, set.knownTruth, i, found->second);
        else if (sample.split == asked)
            add(set.asked, set.askedTruth, i, found->second);
    }
    if (set.asked.empty())
        holdOut(snapshot, set);
    if (set.known.size() < 2 || set.asked.empty())
        return fail(Code::noTruth);
    const std::set<int> present(set.knownTruth.begin(), set.knownTruth.end());
    if (present.size() < 2)
        return fail(Code::needsClasses, {std::to_string(present.size())});
    return set;
}

std::size_t usualNeighbours(std::size_t known)
{
    return std::clamp<std::size_t>(known / 2, 1, 200);
}

Result<Figures> neighbourFigures(const EvaluationSet& set, const at::Tensor& features, std::size_t k, int threads)
{
    const at::Tensor known = pick(features, set.known), asked = pick(features, set.asked);
    FOVEATE_TRY(const std::vector<int> predicted,
                embed::classify(points(known), set.knownTruth, set.classes, points(asked), k, threads));
    return figuresOf(set, predicted);
}

Result<std::vector<int>> cosineVote(const at::Tensor& known, const std::vector<int>& truth, int classes,
                                    const at::Tensor& asked, std::size_t k, int threads)
{
    constexpr double kTemperature = .1;
    const auto directions = [](const at::Tensor& x) { return (x / x.norm(2, 1, true).clamp_min(1e-12)).contiguous(); };
    const at::Tensor base = directions(known), queries = directions(asked);
    FOVEATE_TRY(const embed::NeighbourTable table, embed::nearest(points(base), points(queries), k, threads));
    std::vector<int> voted;
    for (std::size_t begin = 0; begin < table.rows.size(); begin += table.k) {
        std::vector<double> votes(std::size_t(classes), 0.);
        for (std::size_t i = begin; i < begin + table.k; ++i) {
            // Between directions ‖a − b‖² = 2 − 2 cos.
            const double cosine = 1 - table.distances[i] * table.distances[i] / 2;
            votes[std::size_t(truth[std::size_t(table.rows[i])])] += std::exp(cosine / kTemperature);
        }
        voted.push_back(int(std::max_element(votes.begin(), votes.end()) - votes.begin()));
    }
    return voted;
}

Result<Figures> cosineFigures(const EvaluationSet& set, const at::Tensor& features, std::size_t k, int threads)
{
    FOVEATE_TRY(const std::vector<int> predicted, cosineVote(pick(features, set.known), set.knownTruth, set.classes,
                                                             pick(features, set.asked), k, threads));
    return figuresOf(set, predicted);
}

struct Probe::State {
    EvaluationSet set;
    std::uint64_t seed = 1;
    at::Tensor known, asked, truth;
    torch::nn::Sequential layers{nullptr};
    std::unique_ptr<optim::Optimiser> optimiser;
    int epoch = 0;
};

Probe::Probe(const EvaluationSet& set, const at::Tensor& features, ProbeKind kind, std::uint64_t seed)
    : m_state(std::make_unique<State>())
{
    State& s = *m_state;
    s.set = set;
    s.seed = seed;
    s.known = pick(features, set.known);
    const at::Tensor mean = s.known.mean(0), deviation = s.known.std(0).clamp_min(1e-6);
    s.known = (s.known - mean) / deviation;
    s.asked = (pick(features, set.asked) - mean) / deviation;
    const std::vector<std::int64_t> truth(set.knownTruth.begin(), set.knownTruth.end());
    s.truth = at::tensor(truth, at::kLong);
    const int dimension = int(features.size(1));
    s.layers = kind == ProbeKind::linear ? layers({dimension, set.classes}, Between::relu)
                                         : layers({dimension, 512, set.classes}, Between::normLeakyRelu);
    initialise(*s.layers, Random::derive(seed, "probe").next());
    s.optimiser = std::make_unique<optim::Optimiser>(s.layers->parameters(), s.layers->named_parameters().keys(),
                                                     optim::usualOptions(optim::Kind::adam));
}

Probe::~Probe() = default;

Step Probe::step()
{
    State& s = *m_state;
    s.layers->train();
    const double rate = optim::stepDecay(1e-3, .5, 25, s.epoch);
    const std::vector<std::size_t> order = epochOrder(s.set.known.size(), s.seed, s.epoch);
    for (std::size_t begin = 0; begin < order.size();) {
        const std::size_t end = batchEnd(begin, order.size(), kProbeBatch);
        const std::vector<std::int64_t> part(order.begin() + std::ptrdiff_t(begin),
                                             order.begin() + std::ptrdiff_t(end));
        const at::Tensor places = at::tensor(part, at::kLong);
        at::cross_entropy_loss(s.layers->forward(s.known.index_select(0, places)), s.truth.index_select(0, places))
            .backward();
        s.optimiser->step(rate);
        begin = end;
    }
    return ++s.epoch < kProbeEpochs ? Step::more : Step::done;
}

Result<Figures> Probe::figures()
{
    const c10::InferenceMode inference;
    m_state->layers->eval();
    const at::Tensor best = m_state->layers->forward(m_state->asked).argmax(1).contiguous();
    const std::int64_t* labels = best.const_data_ptr<std::int64_t>();
    return figuresOf(m_state->set, std::vector<int>(labels, labels + best.numel()));
}

} // namespace foveate::learn::ssl
