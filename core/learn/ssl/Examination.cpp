// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Examination.h"

namespace foveate::learn::ssl {
namespace {

nlohmann::json toJson(const Figures& figures)
{
    return {{"accuracy", figures.accuracy},
            {"balanced_accuracy", figures.balancedAccuracy},
            {"f1_weighted", figures.f1Weighted}};
}

} // namespace

Examination::Examination(Network& network, const PackBatches& batches, std::vector<std::int64_t> rows,
                         const std::optional<EvaluationSet>& set, std::vector<ProbeKind> probes, std::uint64_t seed,
                         int threads)
    : m_scoring(network, batches, std::move(rows)), m_set(set), m_kinds(std::move(probes)), m_seed(seed),
      m_threads(threads)
{}

Result<Step> Examination::step()
{
    if (m_scored)
        return probe();
    FOVEATE_TRY(const Step step, m_scoring.step());
    if (step == Step::more)
        return Step::more;
    m_scored = true;
    if (!m_set)
        return Step::done;
    FOVEATE_CHECK(askNeighbours());
    return m_kinds.empty() ? Step::done : Step::more;
}

Status Examination::askNeighbours()
{
    const std::size_t usual = usualNeighbours(m_set->known.size());
    FOVEATE_TRY(const Figures plain, neighbourFigures(*m_set, m_scoring.features(), usual, m_threads));
    FOVEATE_TRY(const Figures twenty, neighbourFigures(*m_set, m_scoring.features(), 20, m_threads));
    FOVEATE_TRY(const Figures cosine, cosineFigures(*m_set, m_scoring.features(), usual, m_threads));
    m_figures = {{"knn", toJson(plain)}, {"knn20", toJson(twenty)}, {"knn_cosine", toJson(cosine)}};
    return {};
}

Result<Step> Examination::probe()
{
    const ProbeKind kind = m_kinds.front();
    if (!m_probe)
        m_probe = std::make_unique<Probe>(*m_set, m_scoring.features(), kind, m_seed);
    if (m_probe->step() == Step::more)
        return Step::more;
    FOVEATE_TRY(const Figures figures, m_probe->figures());
    m_figures[kind == ProbeKind::linear ? "probe_linear" : "probe"] = toJson(figures);
    m_probe.reset();
    m_kinds.erase(m_kinds.begin());
    return m_kinds.empty() ? Step::done : Step::more;
}

} // namespace foveate::learn::ssl
