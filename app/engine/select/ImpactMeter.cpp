// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/ImpactMeter.h"

#include "base/Random.h"
#include "learn/Exceptions.h"
#include "learn/FineTuner.h"
#include "score/Metrics.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <set>

namespace foveate::engine {
namespace {

constexpr std::size_t kFewestValidated = 10;
constexpr int kFolds = 3;
constexpr std::size_t kMostOthers = 64;
constexpr int kEpochs = 3;
constexpr std::size_t kBatch = 16;
constexpr double kRate = 3e-4;

} // namespace

ImpactMeter::ImpactMeter(const learn::RunContext& context, const learn::TrainedNetwork& trained,
                         const query::Options& options, std::vector<std::size_t> representatives,
                         std::vector<std::size_t> labelled, const std::vector<std::size_t>& validation)
    : m_context(context), m_trained(trained), m_options(options), m_representatives(std::move(representatives))
{
    makeFolds(labelled, validation);
}

/// A representative's patient is never among those who judge, and it is nobody's companion.
void ImpactMeter::makeFolds(const std::vector<std::size_t>& labelled, const std::vector<std::size_t>& validation)
{
    const std::vector<SnapshotSample>& samples = m_context.snapshot.samples;
    std::set<std::int64_t> theirs;
    for (const std::size_t i : m_representatives)
        theirs.insert(samples[i].patient);
    std::vector<std::size_t> others;
    std::copy_if(labelled.begin(), labelled.end(), std::back_inserter(others), [&](std::size_t i) {
        return std::find(m_representatives.begin(), m_representatives.end(), i) == m_representatives.end();
    });
    if (validation.size() >= kFewestValidated) {
        m_folds.push_back({others, validation});
        return;
    }
    std::set<std::int64_t> distinct;
    for (const std::size_t i : others)
        distinct.insert(samples[i].patient);
    std::vector<std::int64_t> patients(distinct.begin(), distinct.end());
    Random::derive(m_context.snapshot.seed, "folds of impacts").shuffle(patients);
    std::map<std::int64_t, int> foldOf;
    for (std::size_t i = 0; i < patients.size(); ++i)
        foldOf[patients[i]] = int(i) % kFolds;
    for (int fold = 0; fold < kFolds; ++fold) {
        Fold next;
        for (const std::size_t i : others) {
            if (foldOf[samples[i].patient] != fold)
                next.learns.push_back(i);
            else if (!theirs.contains(samples[i].patient))
                next.judged.push_back(i);
        }
        m_folds.push_back(std::move(next));
    }
}

std::int64_t ImpactMeter::total() const
{
    return std::int64_t(m_options.updates) * std::int64_t(updates()) * std::int64_t(m_folds.size());
}

Result<std::vector<float>> ImpactMeter::update(int repeat, int representative, const Fold& fold) const
{
    const std::vector<SnapshotSample>& samples = m_context.snapshot.samples;
    const std::uint64_t seed = m_context.snapshot.seed;
    std::vector<std::size_t> others = fold.learns;
    Random::derive(seed, "companions", std::uint64_t(repeat)).shuffle(others);
    others.resize(std::min(others.size(), kMostOthers));
    FOVEATE_TRY(learn::Network network, learn::networkOf(*m_context.parent, m_trained.info));
    learn::FineTuner tuner(std::move(network), learn::optim::usualOptions(learn::optim::Kind::adam), false,
                           learn::Capability{.fastLayers = true});
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        const std::uint64_t moment = std::uint64_t(repeat) * kEpochs + std::uint64_t(epoch);
        Random random = Random::derive(seed, "impact epoch", moment);
        random.shuffle(others);
        at::manual_seed(random.next());
        for (std::size_t begin = 0; begin == 0 || begin < others.size(); begin += kBatch) {
            std::vector<std::int64_t> rows, labels;
            const auto add = [&](std::size_t i) {
                rows.push_back(samples[i].row);
                labels.push_back(*samples[i].label);
            };
            for (std::size_t i = begin; i < std::min(begin + kBatch, others.size()); ++i)
                add(others[i]);
            if (begin == 0 && representative >= 0)
                add(m_representatives[std::size_t(representative)]);
            if (rows.size() < 2) // batch norm has nothing to average over one image
                continue;
            FOVEATE_TRY([[maybe_unused]] const learn::BatchResult learnt,
                        tuner.learn(m_trained.batches.batch(rows), labels, std::vector<float>(rows.size(), 1), kRate));
        }
    }
    const c10::InferenceMode inference;
    tuner.network().train(false);
    std::vector<float> predictions;
    for (std::size_t begin = 0; begin < fold.judged.size(); begin += 2 * kBatch) {
        std::vector<std::int64_t> rows;
        for (std::size_t i = begin; i < std::min(begin + 2 * kBatch, fold.judged.size()); ++i)
            rows.push_back(samples[fold.judged[i]].row);
        const at::Tensor p = tuner.network().logits(m_trained.batches.batch(rows)).softmax(1).contiguous();
        predictions.insert(predictions.end(), p.const_data_ptr<float>(), p.const_data_ptr<float>() + p.numel());
    }
    return predictions;
}

Result<Step> ImpactMeter::step()
{
    if (done() >= total())
        return Step::done;
    const std::size_t index = m_predictions.size(), fold = index % m_folds.size();
    const std::size_t which = index / m_folds.size() % updates();
    const int repeat = int(index / m_folds.size() / updates());
    const int representative = int(which) - (m_options.control ? 1 : 0);
    FOVEATE_TRY(m_predictions.emplace_back(),
                learn::guarded([&] { return update(repeat, representative, m_folds[fold]); }));
    return done() < total() ? Step::more : Step::done;
}

/// 0 where it is not defined.
double ImpactMeter::aucOf(int repeat, int update) const
{
    score::Predictions all;
    all.classes = m_trained.network.classes();
    for (std::size_t fold = 0; fold < m_folds.size(); ++fold) {
        const auto& p = m_predictions[(std::size_t(repeat) * updates() + std::size_t(update)) * m_folds.size() + fold];
        all.probabilities.insert(all.probabilities.end(), p.begin(), p.end());
        for (const std::size_t i : m_folds[fold].judged)
            all.truth.push_back(*m_context.snapshot.samples[i].label);
    }
    const auto metrics = score::metrics(all);
    return metrics && metrics->auc ? *metrics->auc : 0;
}

std::vector<query::Impact> ImpactMeter::impacts() const
{
    std::vector<query::Impact> result;
    const int first = m_options.control ? 1 : 0;
    for (std::size_t k = 0; k < m_representatives.size(); ++k) {
        double gain = 0;
        for (int repeat = 0; repeat < m_options.updates; ++repeat)
            gain += aucOf(repeat, int(k) + first) - (first == 1 ? aucOf(repeat, 0) : 0);
        result.push_back({m_context.snapshot.samples[m_representatives[k]].id, gain / m_options.updates});
    }
    return result;
}

} // namespace foveate::engine
