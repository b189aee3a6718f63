// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Mapping.h"

#include "embed/Layout.h"
#include "embed/Pca.h"
#include "embed/Trustworthiness.h"
#include "embed/Tsne.h"
#include "embed/Umap.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

namespace foveate::embed {
namespace {

constexpr double kStepSeconds = .08;

std::size_t neighboursFor(const MapOptions& options)
{
    switch (options.method) {
    case MapMethod::pca: return 0;
    case MapMethod::umap: return options.neighbours;
    case MapMethod::tsne: return Tsne::neighbours(options.perplexity);
    }
    return 0;
}

/// `layout` about its mean, scaled so that the wider direction has the given standard deviation.
std::vector<float> rescaled(std::vector<float> layout, double deviation)
{
    double mean[2] = {0, 0}, squares[2] = {0, 0};
    const double n = double(layout.size()) / 2;
    for (std::size_t at = 0; at < layout.size(); ++at)
        mean[at % 2] += double(layout[at]) / n;
    for (std::size_t at = 0; at < layout.size(); ++at)
        squares[at % 2] += std::pow(double(layout[at]) - mean[at % 2], 2) / n;
    const double wide = std::sqrt(std::max(squares[0], squares[1]));
    for (std::size_t at = 0; at < layout.size(); ++at)
        layout[at] = float((double(layout[at]) - mean[at % 2]) * (wide > 0 ? deviation / wide : 1));
    return layout;
}

/// Calls round() until it returns false or a step's time is over.
template <typename Round> void forAStep(const Round& round)
{
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    while (round() && std::chrono::duration<double>(Clock::now() - start).count() < kStepSeconds) {
    }
}

} // namespace

struct Mapping::Work {
    std::vector<float> features;
    std::size_t dimensions = 0;
    MapOptions options;
    std::vector<float> previous;
    Stage stage = Stage::neighbours;
    std::optional<GraphBuild> graph;
    std::optional<Umap> umap;
    std::optional<Tsne> tsne;
    std::optional<MapState> resumed;
    std::vector<float> layout;
    MapFigures figures;

    Points points() const { return {features, dimensions}; }
    bool holds() const { return options.hold && !previous.empty(); }
    Result<std::vector<float>> start() const;
    Status startLayout();
    Status resumeLayout();
    Status findNeighbours();
    Status layOut();
    Status judge();
};

/// Where the round before left the images; without one, the principal components.
Result<std::vector<float>> Mapping::Work::start() const
{
    const double deviation = options.method == MapMethod::tsne ? kTsneStart : kUmapStart;
    if (previous.empty())
        return pcaStart(points(), deviation, options.seed, options.threads);
    FOVEATE_TRY(std::vector<float> before, completed(previous, points(), options.threads));
    return rescaled(std::move(before), deviation);
}

Status Mapping::Work::findNeighbours()
{
    FOVEATE_CHECK(graph->step());
    return graph->done() == graph->of() ? startLayout() : Status();
}

Status Mapping::Work::startLayout()
{
    const NeighbourGraph neighbours = graph->take();
    graph.reset();
    figures.recall = neighbours.recall;
    stage = Stage::layout;
    if (options.method == MapMethod::pca || holds())
        return {};
    FOVEATE_TRY(std::vector<float> from, start());
    if (options.method == MapMethod::umap) {
        FOVEATE_TRY(umap, Umap::create(neighbours, std::move(from),
                                       {.neighbours = options.neighbours,
                                        .minimumDistance = options.minimumDistance,
                                        .epochs = options.rounds,
                                        .seed = options.seed,
                                        .threads = options.threads}));
    } else {
        TsneOptions how{.perplexity = options.perplexity, .threads = options.threads};
        how.iterations = options.rounds > 0 ? options.rounds : how.iterations;
        FOVEATE_TRY(tsne, Tsne::create(neighbours, std::move(from), how));
    }
    return resumeLayout();
}

Status Mapping::Work::resumeLayout()
{
    if (!resumed)
        return {};
    const MapState from = std::move(*resumed);
    resumed.reset();
    return umap ? umap->resume(from.layout, from.round)
                : tsne->resume({from.layout, from.velocity, from.gains, from.round});
}

Status Mapping::Work::layOut()
{
    if (holds()) {
        FOVEATE_TRY(layout, completed(previous, points(), options.threads));
    } else if (options.method == MapMethod::pca) {
        FOVEATE_TRY(const Pca pca, fitPca(points(), 2, options.threads));
        FOVEATE_TRY(const std::vector<float> components, scores(pca, points(), Scores::plain, options.threads));
        layout.assign(2 * points().rows(), 0);
        for (std::size_t i = 0; i < points().rows(); ++i)
            std::copy_n(components.data() + i * pca.components(), pca.components(), layout.data() + 2 * i);
    } else if (umap) {
        forAStep([this] {
            umap->run(umap->epoch() + 1);
            return umap->epoch() < umap->epochs();
        });
        if (umap->epoch() < umap->epochs())
            return {};
        figures.rounds = umap->epochs();
        layout.assign(umap->layout().begin(), umap->layout().end());
    } else {
        forAStep([this] {
            tsne->run(tsne->iteration() + 1);
            return tsne->iteration() < tsne->iterations();
        });
        if (tsne->iteration() < tsne->iterations())
            return {};
        figures.rounds = tsne->iterations();
        layout.assign(tsne->layout().begin(), tsne->layout().end());
    }
    stage = Stage::judging;
    return {};
}

Status Mapping::Work::judge()
{
    for (const float place : layout)
        if (!std::isfinite(place))
            return fail(Code::nonFinite, {"map"});
    if (!previous.empty() && !options.hold) {
        FOVEATE_TRY(layout, aligned(layout, previous));
    }
    FOVEATE_TRY(figures.trustworthiness,
                trustworthiness(points(), {layout, 2}, 15, 3000, options.seed, options.threads));
    stage = Stage::done;
    return {};
}

Mapping::Mapping(std::unique_ptr<Work> work) : m_work(std::move(work))
{}
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

Result<Mapping> Mapping::create(std::vector<float> features, std::size_t dimensions, const MapOptions& options,
                                std::vector<float> previous)
{
    auto work = std::make_unique<Work>();
    work->features = std::move(features);
    work->dimensions = dimensions;
    work->options = options;
    work->previous = std::move(previous);
    if (!work->previous.empty() && work->previous.size() != 2 * work->points().rows())
        return fail(Code::wrongShape,
                    {"map", std::to_string(work->previous.size() / 2), std::to_string(work->points().rows())});
    if (options.neighbours < 2 || !(options.minimumDistance >= 0 && options.minimumDistance <= 1) ||
        !(options.perplexity > 1) || options.rounds < 0)
        return fail(Code::usage, {"map"});
    FOVEATE_TRY(work->graph, GraphBuild::create(work->points(), {.k = work->holds() ? 0 : neighboursFor(options),
                                                                 .seed = options.seed,
                                                                 .threads = options.threads}));
    return Mapping(std::move(work));
}

Status Mapping::step()
{
    switch (m_work->stage) {
    case Stage::neighbours: return m_work->findNeighbours();
    case Stage::layout: return m_work->layOut();
    case Stage::judging: return m_work->judge();
    case Stage::done: break;
    }
    return {};
}

Mapping::Stage Mapping::stage() const
{
    return m_work->stage;
}

std::size_t Mapping::done() const
{
    if (m_work->graph)
        return m_work->graph->done();
    return m_work->umap   ? std::size_t(m_work->umap->epoch())
           : m_work->tsne ? std::size_t(m_work->tsne->iteration())
                          : 0;
}

std::size_t Mapping::of() const
{
    if (m_work->graph)
        return m_work->graph->of();
    return m_work->umap   ? std::size_t(m_work->umap->epochs())
           : m_work->tsne ? std::size_t(m_work->tsne->iterations())
                          : 1;
}

MapState Mapping::state() const
{
    if (m_work->umap)
        return {m_work->umap->epoch(), {m_work->umap->layout().begin(), m_work->umap->layout().end()}, {}, {}};
    if (!m_work->tsne)
        return {};
    const TsneState& tsne = m_work->tsne->state();
    return {tsne.iteration, tsne.layout, tsne.velocity, tsne.gains};
}

Status Mapping::resume(MapState state)
{
    if (m_work->options.method == MapMethod::pca || m_work->holds() ||
        state.layout.size() != 2 * m_work->points().rows())
        return fail(Code::wrongShape,
                    {"map", std::to_string(state.layout.size() / 2), std::to_string(m_work->points().rows())});
    m_work->resumed = std::move(state);
    return m_work->stage == Stage::layout ? m_work->resumeLayout() : Status();
}

std::span<const float> Mapping::layout() const
{
    return m_work->layout;
}

const MapFigures& Mapping::figures() const
{
    return m_work->figures;
}

} // namespace foveate::embed
