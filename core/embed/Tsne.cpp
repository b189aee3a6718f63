// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Tsne.h"

#include "base/Parallel.h"
#include "embed/RepulsionTree.h"
#include "embed/layout/Qdtsne.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace foveate::embed {
namespace {

constexpr double kTheta = 1; ///< of the whole width of a cell: ½ in van der Maaten's counting
constexpr std::size_t kLanes = 8;
constexpr float kMomentum = .8F;
constexpr float kLeastGain = .01F;
constexpr float kLongestStep = 5; ///< as openTSNE: no point leaps through the others

} // namespace

struct Tsne::Engine {
    TsneOptions options;
    layout::Edges edges;
    RepulsionTree tree;
    TsneState state;
    std::vector<float> attraction, repulsion, masses;

    void iterate();
    bool idle() const { return edges.targets.empty(); } ///< too few points for a layout
    void pull(std::size_t i);
    void step(std::size_t i, double mass, float exaggeration, float rate);
    void centre();
};

/// Attraction along a point's edges, summed in lanes.
void Tsne::Engine::pull(std::size_t i)
{
    const float* places = state.layout.data();
    const float ownX = places[2 * i], ownY = places[2 * i + 1];
    float x[kLanes] = {}, y[kLanes] = {};
    for (std::size_t begin = edges.starts[i]; begin < edges.starts[i + 1]; begin += kLanes) {
        const std::size_t count = std::min(kLanes, edges.starts[i + 1] - begin);
        float dx[kLanes] = {}, dy[kLanes] = {}, weight[kLanes] = {};
        for (std::size_t l = 0; l < count; ++l) {
            const float* other = places + 2 * std::size_t(edges.targets[begin + l]);
            dx[l] = ownX - other[0];
            dy[l] = ownY - other[1];
            weight[l] = edges.weights[begin + l];
        }
        for (std::size_t l = 0; l < kLanes; ++l) {
            const float force = weight[l] / (1 + dx[l] * dx[l] + dy[l] * dy[l]);
            x[l] += force * dx[l];
            y[l] += force * dy[l];
        }
    }
    attraction[2 * i] = std::accumulate(x, x + kLanes, 0.F);
    attraction[2 * i + 1] = std::accumulate(y, y + kLanes, 0.F);
}

void Tsne::Engine::step(std::size_t i, double mass, float exaggeration, float rate)
{
    float moved[2];
    for (std::size_t c = 0; c < 2; ++c) {
        const std::size_t at = 2 * i + c;
        const float gradient = exaggeration * attraction[at] - float(double(repulsion[at]) / mass);
        const bool turned = (gradient > 0) != (state.velocity[at] > 0);
        state.gains[at] = std::max(kLeastGain, turned ? state.gains[at] + .2F : state.gains[at] * .8F);
        moved[c] = kMomentum * state.velocity[at] - rate * state.gains[at] * gradient;
    }
    const float length = std::sqrt(moved[0] * moved[0] + moved[1] * moved[1]);
    const float cut = length > kLongestStep ? kLongestStep / length : 1;
    for (std::size_t c = 0; c < 2; ++c) {
        state.velocity[2 * i + c] = cut * moved[c];
        state.layout[2 * i + c] += cut * moved[c];
    }
}

void Tsne::Engine::centre()
{
    double mean[2] = {0, 0};
    for (std::size_t at = 0; at < state.layout.size(); ++at)
        mean[at % 2] += double(state.layout[at]);
    for (std::size_t at = 0; at < state.layout.size(); ++at)
        state.layout[at] -= float(2 * mean[at % 2] / double(state.layout.size()));
}

void Tsne::Engine::iterate()
{
    tree.set(state.layout);
    tree.repel(kTheta, options.threads, repulsion, masses);
    parallelBlocks(edges.points(), options.threads, [this](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            pull(i);
    });
    double mass = 0;
    for (const float part : masses)
        mass += double(part);
    const bool early = state.iteration < options.exaggerated;
    const double exaggeration = early ? options.exaggeration : 1;
    const double usual = std::max(200.0, double(edges.points()) / exaggeration);
    for (std::size_t i = 0; i < edges.points(); ++i)
        step(i, mass, float(exaggeration), float(options.rate > 0 ? options.rate : usual));
    centre();
    ++state.iteration;
    if (state.iteration == options.exaggerated) // a new force: what was learnt of the old one goes
        std::fill(state.gains.begin(), state.gains.end(), 1.F);
}

Tsne::Tsne(std::unique_ptr<Engine> engine) : m_engine(std::move(engine))
{}
Tsne::Tsne(Tsne&&) noexcept = default;
Tsne& Tsne::operator=(Tsne&&) noexcept = default;
Tsne::~Tsne() = default;

Result<Tsne> Tsne::create(const NeighbourGraph& graph, std::vector<float> start, const TsneOptions& options)
{
    if (!(options.perplexity > 1) || options.exaggerated < 0 || options.iterations < 1 ||
        !(options.exaggeration >= 1) || !(options.rate >= 0))
        return fail(Code::usage, {"tsne"});
    const std::size_t points = start.size() / 2;
    auto engine = std::make_unique<Engine>();
    engine->options = options;
    engine->state = {std::move(start), std::vector<float>(2 * points, 0), std::vector<float>(2 * points, 1), 0};
    if (points < 5)
        return Tsne(std::move(engine));
    const double perplexity = std::min(options.perplexity, double(points - 1) / 3);
    const std::size_t use = neighbours(perplexity);
    if (graph.points() != points || graph.k < use)
        return fail(Code::wrongShape, {"graph", std::to_string(graph.k), std::to_string(use)});
    engine->edges = layout::tsneEdges({graph.rows, graph.distances, graph.k, use}, perplexity, options.threads);
    engine->attraction.resize(2 * points);
    engine->repulsion.resize(2 * points);
    engine->masses.resize(points);
    return Tsne(std::move(engine));
}

void Tsne::run(int until)
{
    while (!m_engine->idle() && m_engine->state.iteration < std::min(until, m_engine->options.iterations))
        m_engine->iterate();
}

int Tsne::iteration() const
{
    return m_engine->idle() ? m_engine->options.iterations : m_engine->state.iteration;
}

int Tsne::iterations() const
{
    return m_engine->options.iterations;
}

std::span<const float> Tsne::layout() const
{
    return m_engine->state.layout;
}

const TsneState& Tsne::state() const
{
    return m_engine->state;
}

Status Tsne::resume(TsneState state)
{
    const std::size_t size = m_engine->state.layout.size();
    if (state.layout.size() != size || state.velocity.size() != size || state.gains.size() != size ||
        state.iteration < 0)
        return fail(Code::wrongShape, {"layout", std::to_string(state.layout.size()), std::to_string(size)});
    m_engine->state = std::move(state);
    return {};
}

} // namespace foveate::embed
