// SPDX-License-Identifier: GPL-3.0-or-later
// Glands in stroma, stained with haematoxylin and eosin: two fields of stain, shown through Beer and Lambert's law.
// Benign glands are round, open and lined by one row of small nuclei; malignant ones crowded, irregular, with large
// dark nuclei in disorder; inflamed stroma is full of lymphocytes. Lengths are shares of the image's side.
#include "phantom/Field.h"
#include "phantom/Painters.h"

#include <array>
#include <cmath>
#include <numbers>

namespace foveate::phantom {
namespace {

enum Class { benign, malignant, inflamed };
constexpr int kDirections = 256;
constexpr float kTurn = 2 * std::numbers::pi_v<float>;

struct Look {
    std::array<float, 3> haematoxylin, eosin; ///< optical density per unit of stain, red green blue
    float glandRadius, fibreAngle, stroma, noise;
};

struct Gland {
    float x, y, radius, lumen; ///< lumen: share of the radius
    std::array<float, 3> lobes, phases;
    float atypia; ///< 0 benign, 1 plainly malignant

    float rim(float angle) const
    {
        float r = 1;
        for (std::size_t k = 0; k < lobes.size(); ++k)
            r += lobes[k] * std::sin(float(k + 2) * angle + phases[k]);
        return radius * r;
    }

    /// rim() at kDirections angles from −π on: one look-up a pixel instead of three sines.
    std::array<float, kDirections + 1> rims() const
    {
        std::array<float, kDirections + 1> table{};
        for (int i = 0; i <= kDirections; ++i)
            table[std::size_t(i)] = rim(kTurn * (float(i) / kDirections - 0.5f));
        return table;
    }
};

Look look(Random& patient)
{
    Look l;
    const float h = float(patient.uniform(0.85, 1.15)), e = float(patient.uniform(0.85, 1.15));
    const float hue = float(patient.uniform(-0.08, 0.08));
    l.haematoxylin = {h * (0.95f + hue), h * 1.05f, h * (0.42f - hue)};
    l.eosin = {e * (0.10f - 0.3f * hue), e * 0.72f, e * (0.30f + 0.6f * hue)};
    l.glandRadius = float(patient.uniform(0.125, 0.165));
    l.fibreAngle = float(patient.uniform(0, 3.14));
    l.stroma = float(patient.uniform(0.42, 0.62));
    l.noise = float(patient.uniform(0.008, 0.02));
    return l;
}

Gland gland(float x, float y, float radius, float atypia, Random& random)
{
    Gland g{x, y, radius, 0, {}, {}, atypia};
    g.lumen = float(random.uniform(0.38, 0.58)) * (1 - 0.55f * atypia * float(random.uniform(0.5, 1)));
    const std::array<float, 3> strength{0.13f, 0.06f, 0.035f};
    for (std::size_t k = 0; k < 3; ++k) {
        g.lobes[k] = strength[k] * float(random.uniform(0.3, 1)) * (1 + 1.3f * atypia);
        g.phases[k] = float(random.uniform(0, kTurn));
    }
    return g;
}

/// Glands that keep a distance from each other, by throwing darts; a dart's radius is drawn when it is thrown.
std::vector<Gland> glands(const Look& l, const Case& plan, Random& random)
{
    const bool disease = plan.classIndex == malignant;
    const float crowding = disease ? 0.25f + 0.75f * plan.severity : 0;
    const float gap = mix(1.22f, 0.96f, crowding);
    const float share = disease ? 0.25f + 0.75f * plan.severity : 0;
    const float fromX = float(random.uniform(0.2, 0.8)), fromY = float(random.uniform(0.2, 0.8));
    std::vector<Gland> all;
    for (int dart = 0; dart < 260; ++dart) {
        const float x = float(random.uniform(-0.08, 1.08)), y = float(random.uniform(-0.08, 1.08));
        const float radius =
            l.glandRadius * float(random.uniform(0.62, 1.15)) * mix(1, float(random.uniform(0.6, 1.1)), crowding);
        const bool free = std::all_of(all.begin(), all.end(), [&](const Gland& g) {
            return std::hypot(g.x - x, g.y - y) > gap * (g.radius + radius);
        });
        if (!free)
            continue;
        // The disease spreads from one place: near it all glands are atypical, far off none.
        const bool reached = disease && (all.empty() || std::hypot(x - fromX, y - fromY) < 1.1f * share);
        const float reactive = plan.classIndex == benign && plan.hard ? 0.18f : 0.0f;
        all.push_back(gland(x, y, radius, reached ? 0.25f + 0.75f * plan.severity : reactive, random));
    }
    return all;
}

/// The slide while it is stained.
class Slide {
public:
    Slide(const Look& l, const Case& plan, int size, Random& random)
        : m_look(l), m_plan(plan), m_random(random), m_size(size), m_blue(size, 0.05f), m_pink(size), m_lesion(size),
          m_inside(size), m_chromatin(clouds(size, 45, 45, 2, random))
    {
        addStroma();
        const std::vector<Gland> all = glands(l, plan, random);
        for (const Gland& g : all)
            addGland(g);
        addSpindles();
        if (plan.classIndex == inflamed)
            addInfiltrate();
        else
            addLymphocytes(0.5f, 0.5f, 0.7f, int(random.below(14)));
        for (const Gland& g : all)
            addEpithelium(g);
    }

    std::vector<std::uint8_t> shown();
    const Field& lesion() const { return m_lesion; }

private:
    float px(float share) const { return share * float(m_size); }

    /// Collagen: wavy fibres along one direction, with clefts between bundles.
    void addStroma()
    {
        const Field bundles = clouds(m_size, 6, 6, 3, m_random), fine = clouds(m_size, 30, 30, 2, m_random);
        const float c = std::cos(m_look.fibreAngle), s = std::sin(m_look.fibreAngle), side = float(m_size);
        for (int y = 0; y < m_size; ++y)
            for (int x = 0; x < m_size; ++x) {
                const float across = (float(y) * c - float(x) * s) / side;
                const float wave = std::sin(75 * across + 4 * bundles.at(x, y) + 1.2f * fine.at(x, y));
                const float cleft = rise(0.55f, 1.4f, wave + 0.55f * fine.at(x, y) + 0.4f * bundles.at(x, y));
                const float tone = m_look.stroma + 0.06f * wave + 0.13f * bundles.at(x, y) + 0.07f * fine.at(x, y);
                m_pink.at(x, y) = tone * (1 - 0.6f * cleft);
            }
    }

    /// Cytoplasm about an open lumen, with a clear line at the base.
    void addGland(const Gland& g)
    {
        const auto rims = g.rims();
        const float reach = px(*std::max_element(rims.begin(), rims.end())) * 1.06f;
        const int x0 = std::max(0, int(px(g.x) - reach)), x1 = std::min(m_size - 1, int(px(g.x) + reach));
        const int y0 = std::max(0, int(px(g.y) - reach)), y1 = std::min(m_size - 1, int(px(g.y) + reach));
        for (int y = y0; y <= y1; ++y)
            for (int x = x0; x <= x1; ++x) {
                const float dx = float(x) - px(g.x), dy = float(y) - px(g.y);
                const float distance = std::sqrt(dx * dx + dy * dy);
                if (distance >= reach)
                    continue;
                const float turn = std::atan2(dy, dx) / kTurn + 0.5f;
                paintGland(g, x, y, distance / px(rims[std::size_t(turn * kDirections)]));
            }
    }

    void paintGland(const Gland& g, int x, int y, float at)
    {
        const float within = rise(1.05f, 0.99f, at);
        if (within <= 0)
            return;
        const float ragged = at + 0.07f * m_chromatin.at(x, y);
        const float open = rise(g.lumen + 0.06f, g.lumen - 0.02f, ragged);
        const float cytoplasm = 0.44f + 0.12f * m_chromatin.at(x, y) + 0.14f * rise(g.lumen + 0.16f, g.lumen, ragged);
        const float secretion = 0.05f + 0.05f * rise(0.2f, 0.9f, m_chromatin.at(x, y));
        const float base = 1 - 0.55f * bell((at - 1.02f) / 0.03f);
        m_pink.at(x, y) = mix(m_pink.at(x, y) * base, mix(cytoplasm, secretion, open), within);
        m_blue.at(x, y) = mix(m_blue.at(x, y), mix(0.14f + 0.12f * g.atypia, 0.02f, open), within);
        m_inside.at(x, y) = std::max(m_inside.at(x, y), within);
        if (m_plan.classIndex == malignant && g.atypia > 0)
            m_lesion.at(x, y) = std::max(m_lesion.at(x, y), within);
    }

    /// A nucleus with a dark membrane, clumped chromatin and, when it is large, a nucleolus.
    void addNucleus(const Ellipse& e, float dark, float clumps)
    {
        eachPixel(e, m_size, 1.1f, [&](int x, int y, float cover, float depth) {
            const float membrane = 0.25f * rise(0.35f, 0.05f, depth);
            const float chromatin = clumps * 0.35f * m_chromatin.at(x, y);
            m_blue.at(x, y) = mix(m_blue.at(x, y), std::max(0.15f, dark * (0.80f + membrane + chromatin)), cover);
            m_pink.at(x, y) = mix(m_pink.at(x, y), 0.22f, 0.8f * cover);
        });
    }

    /// Nuclei along the base; in disorder, larger, darker and in several rows where there is atypia.
    void addEpithelium(const Gland& g)
    {
        const float a = g.atypia;
        const float radius = px(mix(0.0125f, 0.0195f, a));
        const int rows = 1 + int(a * 2.3f);
        for (int row = 0; row < rows; ++row) {
            const float place = mix(0.86f, g.lumen + 0.12f, rows > 1 ? float(row) / float(rows) : 0);
            const int count = std::max(5, int(kTurn * place * px(g.radius) / (radius * mix(1.75f, 1.9f, a))));
            for (int i = 0; i < count; ++i)
                if (!m_random.chance(0.06 + 0.10 * a))
                    addEpithelialNucleus(g, kTurn * (float(i) + float(m_random.uniform(-0.3, 0.3))) / float(count),
                                         place, radius);
        }
    }

    void addEpithelialNucleus(const Gland& g, float angle, float place, float radius)
    {
        const float a = g.atypia;
        const float at = place + float(m_random.normal()) * mix(0.018f, 0.07f, a);
        const float distance = px(g.rim(angle)) * std::clamp(at, g.lumen + 0.05f, 0.94f);
        const float size = radius * (1 + mix(0.10f, 0.34f, a) * float(std::clamp(m_random.normal(), -1.6, 2.0)));
        const float stretch = mix(1.45f, float(m_random.uniform(1.0, 1.7)), a);
        addNucleus({px(g.x) + distance * std::cos(angle), px(g.y) + distance * std::sin(angle), size * stretch, size,
                    angle + float(m_random.normal()) * mix(0.12f, 0.8f, a)},
                   mix(0.78f, 1.02f, a) * float(m_random.uniform(0.85, 1.12)), mix(0.6f, 1.3f, a));
    }

    bool inGland(float x, float y) const
    {
        const int ix = std::clamp(int(x), 0, m_size - 1), iy = std::clamp(int(y), 0, m_size - 1);
        return m_inside.at(ix, iy) > 0.2f;
    }

    /// Fibroblasts: thin, along the fibres.
    void addSpindles()
    {
        for (int i = 0; i < 90; ++i) {
            const float x = px(float(m_random.uniform())), y = px(float(m_random.uniform()));
            const float angle = m_look.fibreAngle + float(m_random.normal()) * 0.3f;
            const float length = px(float(m_random.uniform(0.016, 0.030)));
            if (!inGland(x, y))
                addNucleus({x, y, length, std::max(0.8f, length * 0.22f), angle}, 0.75f, 0.5f);
        }
    }

    /// Small, round, dark; thickest at a focus and only between the glands.
    void addLymphocytes(float focusX, float focusY, float spread, int count)
    {
        for (int i = 0; i < count; ++i) {
            const float x = px(focusX + spread * float(m_random.normal())),
                        y = px(focusY + spread * float(m_random.normal()));
            const float radius = px(float(m_random.uniform(0.0095, 0.0125)));
            if (x < 0 || y < 0 || x >= float(m_size) || y >= float(m_size) || inGland(x, y))
                continue;
            addNucleus({x, y, radius, radius * float(m_random.uniform(0.85, 1)), float(m_random.uniform(0, 3))}, 1.08f,
                       0.4f);
            if (m_plan.classIndex == inflamed)
                eachPixel({x, y, 2.6f * radius, 2.6f * radius, 0}, m_size, 1, [&](int cx, int cy, float cover, float) {
                    m_lesion.at(cx, cy) =
                        std::max(m_lesion.at(cx, cy), cover * (inGland(float(cx), float(cy)) ? 0.0f : 1.0f));
                });
        }
    }

    void addInfiltrate()
    {
        const int foci = 1 + int(m_random.below(3));
        for (int i = 0; i < foci; ++i)
            addLymphocytes(float(m_random.uniform(0.15, 0.85)), float(m_random.uniform(0.15, 0.85)),
                           0.09f + 0.12f * m_plan.severity, int((60 + 700 * m_plan.severity) / float(foci)));
    }

    const Look& m_look;
    const Case& m_plan;
    Random& m_random;
    int m_size;
    Field m_blue, m_pink, m_lesion, m_inside, m_chromatin;
};

/// Transmitted light: 255 · e^(−density), with the camera's noise.
std::vector<std::uint8_t> Slide::shown()
{
    blurX(m_blue, 1);
    blurY(m_blue, 1);
    const Field noise = white(m_size, m_random);
    std::vector<std::uint8_t> pixels(m_blue.values.size() * 3);
    for (std::size_t i = 0; i < m_blue.values.size(); ++i)
        for (std::size_t c = 0; c < 3; ++c) {
            const float density =
                m_look.haematoxylin[c] * m_blue.values[i] + m_look.eosin[c] * std::max(0.0f, m_pink.values[i]) + 0.03f;
            const float light = std::exp(-density) + m_look.noise * noise.values[i];
            pixels[3 * i + c] = std::uint8_t(std::clamp(255 * light, 0.0f, 255.0f));
        }
    return pixels;
}

} // namespace

void paintHistology(Brushwork work, Phantom& out)
{
    const Look l = look(work.patient);
    Slide slide(l, work.plan, work.size, work.image);
    out.pixels = slide.shown();
    out.mask = toMask(slide.lesion(), 0.5f);
}

} // namespace foveate::phantom
