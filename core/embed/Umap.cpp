// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Umap.h"

#include "base/Parallel.h"
#include "embed/layout/Umappp.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace foveate::embed {
namespace {

constexpr float kClip = 4;     ///< of a step's gradient, as in McInnes' code
constexpr float kNear = .001F; ///< keeps a repulsion finite
constexpr std::size_t kLanes = 8;

/// x^power for x > 0 to 1e-6, in operations that the compiler turns into vectors.
inline float powered(float x, float power)
{
    // log2: exponent and mantissa in [√½,√2), then the series of atanh.
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    const std::int32_t exponent = std::int32_t(bits - 0x3f3504f3U) >> 23;
    const float mantissa = std::bit_cast<float>(bits - (std::uint32_t(exponent) << 23));
    const float s = (mantissa - 1) / (mantissa + 1), s2 = s * s;
    const float log2 =
        float(exponent) + s * (2.885390082F + s2 * (.961796694F + s2 * (.577078016F + s2 * .412198583F)));
    // exp2: whole part into the exponent, the rest by its series.
    const float y = std::min(std::max(power * log2, -126.F), 126.F);
    const float whole = std::floor(y + .5F), f = y - whole;
    const float e =
        1 + f * (.693147181F + f * (.240226507F + f * (.0555041087F + f * (.00961812911F + f * .00133335581F))));
    return e * std::bit_cast<float>((std::uint32_t(std::int32_t(whole)) + 127U) << 23);
}

/// A well-mixed number for each (stream, counter).
inline std::uint32_t mixed(std::uint32_t stream, std::uint32_t counter)
{
    std::uint32_t h = stream + counter * 0x9e3779b9U;
    h = (h ^ (h >> 16)) * 0x7feb352dU;
    h = (h ^ (h >> 15)) * 0x846ca68bU;
    return h ^ (h >> 16);
}

struct Place {
    float x, y;
};

} // namespace

struct Umap::State {
    UmapOptions options;
    layout::Edges edges; ///< weights: how often an edge is due, in (0,1] a epoch
    layout::Curve curve;
    int epochs = 0;
    int epoch = 0;
    std::vector<float> places; ///< [N,2]
    std::vector<float> next;

    void runEpoch();
    void move(std::size_t i, float rate);
    bool isDue(std::size_t edge) const;
    Place pulled(Place at, std::size_t edge, float rate) const;
    Place pushed(Place at, std::size_t i, float rate, std::uint32_t stream, std::size_t first, std::size_t count) const;
};

bool Umap::State::isDue(std::size_t edge) const
{
    const float now = float(epoch);
    return std::floor(now * edges.weights[edge]) > std::floor((now - 1) * edges.weights[edge]);
}

/// Along an edge; twice, for in McInnes' loop an edge moves both its ends, and comes from either.
Place Umap::State::pulled(Place at, std::size_t edge, float rate) const
{
    const float* other = places.data() + 2 * std::size_t(edges.targets[edge]);
    const float dx = at.x - other[0], dy = at.y - other[1];
    const float squared = dx * dx + dy * dy;
    if (!(squared > 0))
        return at;
    const float raised = powered(squared, curve.b);
    const float once = std::min(1.F, rate * 2 * curve.a * curve.b * raised / (squared * (curve.a * raised + 1)));
    const float twice = once * (2 - once), most = 2 * rate * kClip;
    return {at.x - std::clamp(twice * dx, -most, most), at.y - std::clamp(twice * dy, -most, most)};
}

/// Away from `count` random points at once. The sum is clipped as one of McInnes' steps is: one after the other, the
/// first step out of a crowd leaves the next ones little to do.
Place Umap::State::pushed(Place at, std::size_t i, float rate, std::uint32_t stream, std::size_t first,
                          std::size_t count) const
{
    const std::uint64_t points = places.size() / 2;
    Place sum{0, 0};
    for (std::size_t begin = 0; begin < count; begin += kLanes) {
        float dx[kLanes], dy[kLanes], x[kLanes], y[kLanes];
        for (std::size_t l = 0; l < kLanes; ++l) {
            // Lanes to spare look at the point itself, which does nothing.
            const std::uint64_t drawn = mixed(stream, std::uint32_t(first + begin + l)) * points;
            const std::size_t other = begin + l < count ? std::size_t(drawn >> 32) : i;
            dx[l] = begin + l < count ? at.x - places[2 * other] : 0;
            dy[l] = begin + l < count ? at.y - places[2 * other + 1] : 0;
        }
        for (std::size_t l = 0; l < kLanes; ++l) {
            const float squared = dx[l] * dx[l] + dy[l] * dy[l];
            const float raised = powered(std::max(squared, 1e-30F), curve.b);
            const float force = 2 * curve.b / ((kNear + squared) * (curve.a * raised + 1));
            x[l] = force * dx[l];
            y[l] = force * dy[l];
        }
        for (std::size_t l = 0; l < kLanes; ++l) {
            sum.x += x[l];
            sum.y += y[l];
        }
    }
    return {at.x + rate * std::clamp(sum.x, -kClip, kClip), at.y + rate * std::clamp(sum.y, -kClip, kClip)};
}

void Umap::State::move(std::size_t i, float rate)
{
    const std::uint32_t stream = mixed(
        std::uint32_t(options.seed) ^ mixed(std::uint32_t(options.seed >> 32), std::uint32_t(epoch)), std::uint32_t(i));
    Place at{places[2 * i], places[2 * i + 1]};
    double owed = 0;
    std::size_t drawn = 0;
    for (std::size_t e = edges.starts[i]; e < edges.starts[i + 1]; ++e) {
        if (!isDue(e))
            continue;
        at = pulled(at, e, rate);
        owed += options.negatives;
        const auto count = std::size_t(owed) - drawn;
        at = pushed(at, i, rate, stream, drawn, count);
        drawn += count;
    }
    next[2 * i] = at.x;
    next[2 * i + 1] = at.y;
}

void Umap::State::runEpoch()
{
    const auto rate = float(options.rate * (1 - double(epoch) / double(epochs)));
    parallelBlocks(places.size() / 2, options.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            move(i, rate);
    });
    places.swap(next);
    ++epoch;
}

Umap::Umap(std::unique_ptr<State> state) : m_state(std::move(state))
{}
Umap::Umap(Umap&&) noexcept = default;
Umap& Umap::operator=(Umap&&) noexcept = default;
Umap::~Umap() = default;

Result<Umap> Umap::create(const NeighbourGraph& graph, std::vector<float> start, const UmapOptions& options)
{
    if (options.neighbours < 2 || !(options.spread > 0) || !(options.minimumDistance >= 0) ||
        options.minimumDistance > options.spread || options.epochs < 0 || !(options.negatives >= 0) ||
        !(options.rate > 0))
        return fail(Code::usage, {"umap"});
    const std::size_t points = start.size() / 2;
    if (points > 1 && (graph.points() != points || graph.k < std::min(options.neighbours, points - 1)))
        return fail(Code::wrongShape, {"graph", std::to_string(graph.points()), std::to_string(points)});
    auto state = std::make_unique<State>();
    state->options = options;
    state->epochs = options.epochs > 0 ? options.epochs : points <= 10000 ? 500 : 200;
    state->curve = layout::umapCurve(options.spread, options.minimumDistance);
    state->places = std::move(start);
    state->next.resize(state->places.size());
    if (points > 1) {
        const std::size_t use = std::min(options.neighbours, graph.k);
        state->edges = layout::umapEdges({graph.rows, graph.distances, graph.k, use}, options.threads);
        const float most = *std::max_element(state->edges.weights.begin(), state->edges.weights.end());
        for (float& weight : state->edges.weights)
            weight /= most;
    } else {
        state->edges.starts.assign(points + 1, 0);
    }
    return Umap(std::move(state));
}

void Umap::run(int until)
{
    while (m_state->epoch < std::min(until, m_state->epochs))
        m_state->runEpoch();
}

int Umap::epoch() const
{
    return m_state->epoch;
}

int Umap::epochs() const
{
    return m_state->epochs;
}

std::span<const float> Umap::layout() const
{
    return m_state->places;
}

Status Umap::resume(std::span<const float> layout, int epoch)
{
    if (layout.size() != m_state->places.size() || epoch < 0 || epoch > m_state->epochs)
        return fail(Code::wrongShape,
                    {"layout", std::to_string(layout.size()), std::to_string(m_state->places.size())});
    m_state->places.assign(layout.begin(), layout.end());
    m_state->epoch = epoch;
    return {};
}

} // namespace foveate::embed
