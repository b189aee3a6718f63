// SPDX-License-Identifier: GPL-3.0-or-later
// A frontal chest film: body, lungs, heart, ribs, vessels as shares of what stops the rays; fluid or a patch of
// consolidation in a lung. Coordinates: x from −1 (the patient's right) to 1, y from 0 (top) to 1.
#include "phantom/Field.h"
#include "phantom/Painters.h"

#include <array>
#include <cmath>

namespace foveate::phantom {
namespace {

enum Class { normal, effusion, opacity };

struct Chest {
    float centre, width, top, domeRight, domeLeft, heart, spacing, slope, bow, ribTone;
    float shoulder, exposure, contrast, noise, tilt;
    bool marker;
};

struct Lung {
    float cover;   ///< 0 outside, 1 inside
    float lateral; ///< 0 at the mediastinum, 1 at the chest wall
};

Chest chest(Random& patient, Random& image)
{
    Chest c;
    c.centre = float(patient.normal() * 0.02 + image.normal() * 0.015);
    c.width = float(patient.uniform(0.76, 0.88));
    c.top = float(patient.uniform(0.10, 0.15));
    c.domeRight = float(patient.uniform(0.74, 0.80) + image.normal() * 0.012);
    c.domeLeft = c.domeRight + float(patient.uniform(0.015, 0.035));
    c.heart = float(patient.uniform(0.85, 1.2));
    c.spacing = float(patient.uniform(0.082, 0.098));
    c.slope = float(patient.uniform(0.12, 0.20));
    c.bow = float(patient.uniform(0.26, 0.36));
    c.ribTone = float(patient.uniform(0.75, 1.2));
    c.shoulder = float(patient.uniform(0.07, 0.13));
    c.exposure = float(patient.uniform(-0.05, 0.05) + image.normal() * 0.015);
    c.contrast = float(patient.uniform(0.9, 1.1));
    c.noise = float(patient.uniform(0.010, 0.022));
    c.tilt = float(image.normal() * 0.02);
    c.marker = patient.chance(0.7);
    return c;
}

/// The edge of mediastinum and heart; the heart bulges to the patient's left, which is at positive x.
float innerEdge(const Chest& c, float side, float y)
{
    const float aorta = side > 0 ? 0.05f * bell((y - 0.30f) / 0.06f) : 0.02f * bell((y - 0.42f) / 0.10f);
    const float heart =
        side > 0 ? 0.31f * c.heart * bell((y - 0.72f) / 0.17f) : 0.12f * c.heart * bell((y - 0.67f) / 0.13f);
    return 0.13f + aorta + heart;
}

float outerEdge(const Chest& c, float y)
{
    const float up = std::clamp((0.80f - y) / (0.80f - c.top), 0.0f, 1.0f);
    return 0.20f + (c.width - 0.20f) * std::sqrt(std::max(0.0f, 1 - up * up * up)) - 0.05f * std::max(0.0f, y - 0.7f);
}

/// What depends on the height alone; side 0 is the patient's right.
struct Row {
    float y, outer;
    std::array<float, 2> inner;
};

Row rowAt(const Chest& c, float y)
{
    return {y, outerEdge(c, y), {innerEdge(c, -1, y), innerEdge(c, 1, y)}};
}

/// The diaphragm: a dome that falls steeply to the angle at the chest wall.
float diaphragm(const Chest& c, float side, float lateral)
{
    const float dome = side < 0 ? c.domeRight : c.domeLeft;
    const float off = lateral - 0.38f;
    return dome + (off > 0 ? 0.36f : 0.10f) * off * off + 0.10f * std::max(0.0f, lateral - 0.8f);
}

Lung lung(const Chest& c, const Row& row, float x)
{
    const float side = x < 0 ? -1.0f : 1.0f;
    const float inner = row.inner[x < 0 ? 0 : 1];
    const float lateral = (std::abs(x) - inner) / std::max(0.05f, row.outer - inner);
    const float off = std::abs(x) - 0.36f;
    const float apex = c.top + 1.1f * off * off;
    const float inside = std::min({row.outer - std::abs(x), std::abs(x) - inner, 2 * (row.y - apex),
                                   1.6f * (diaphragm(c, side, std::clamp(lateral, 0.0f, 1.0f)) - row.y)});
    return {rise(-0.014f, 0.022f, inside), lateral};
}

/// One set of ribs as bands across the chest: 0 between, 1 on a rib, brighter along its margins.
float ribBand(float phase)
{
    const float at = std::abs(phase - std::floor(phase) - 0.5f) * 2; // 0 in the middle of a rib, 1 between two
    const float inside = rise(0.56f, 0.40f, at);
    return inside * (0.55f + 0.45f * rise(0.10f, 0.42f, at));
}

float ribs(const Chest& c, float x, float y)
{
    const float u = std::abs(x) / c.width;
    if (u > 1.08f || y < c.top - 0.03f)
        return 0;
    const float behind = ribBand((y + c.slope * u * 0.9f - c.bow * u * u * u) / c.spacing);
    const float front = ribBand((y - 0.30f + 0.34f * (1 - u) * (1 - u) - 0.05f * u) / (1.25f * c.spacing));
    const float near = rise(0.10f, 0.22f, u);
    const float sternum = rise(0.42f, 0.60f, u);
    return near * behind + 0.42f * sternum * front * rise(0.9f, 0.5f, y);
}

float clavicle(float x, float y)
{
    const float u = std::abs(x);
    const float line = 0.185f - 0.13f * u + 0.035f * std::sin(5.0f * u);
    const float at = std::abs(y - line) / 0.021f;
    return u > 0.07f && u < 0.80f && at < 1 ? (0.7f + 0.3f * at) * rise(1.0f, 0.75f, at) : 0;
}

float spine(float x, float y)
{
    const float u = std::abs(x);
    if (u > 0.17f)
        return 0;
    const float disc = rise(0.2f, 0.7f, 0.5f + 0.5f * std::sin(y * 80));
    return rise(0.15f, 0.06f, u) * (0.72f + 0.28f * disc) + 0.22f * bell((u - 0.085f) / 0.016f) * disc;
}

/// 1 inside the body, 0 in the air beside neck and shoulders.
float body(const Chest& c, float x, float y)
{
    const float u = std::abs(x);
    const float shoulderLine = c.shoulder * rise(0.20f, 0.60f, u) + 0.14f * rise(0.55f, 1.05f, u) - 0.03f;
    const float flank = c.width + 0.15f + 0.45f * rise(0.62f, 0.28f, y);
    return rise(-0.005f, 0.015f, y - shoulderLine) * rise(0.0f, 0.05f, flank - u);
}

/// Vessels branch from each hilum and thin out towards the chest wall.
class Vessels {
public:
    Vessels(Field& field, const Chest& c, Random& random) : m_field(field), m_random(random)
    {
        for (const float side : {-1.0f, 1.0f})
            for (int i = 0; i < 22; ++i) {
                const float x = c.centre + side * float(random.uniform(0.17, 0.27));
                const float y = float(random.uniform(0.40, 0.55));
                const double spread = random.uniform(-1.35, 1.35);
                branch(x, y, float(side > 0 ? spread : 3.14159 - spread), float(random.uniform(0.012, 0.024)), 0);
            }
    }

private:
    void branch(float x, float y, float angle, float width, int depth)
    {
        const int steps = 12 + int(m_random.below(12));
        for (int i = 0; i < steps && width > 0.0032f; ++i) {
            stamp(x, y, width);
            angle += float(m_random.normal()) * 0.10f;
            x += std::cos(angle) * 0.020f;
            y += std::sin(angle) * 0.010f;
            width *= 0.955f;
            if (depth < 3 && m_random.chance(0.13))
                branch(x, y, angle + float(m_random.uniform(-0.8, 0.8)), width * 0.75f, depth + 1);
        }
    }

    void stamp(float x, float y, float width)
    {
        const float half = 0.5f * float(m_field.size);
        const float radius = std::max(0.7f, width * half);
        eachPixel({(x + 1) * half, y * 2 * half, radius, radius, 0}, m_field.size, 1.5f,
                  [&](int px, int py, float cover, float depth) {
                      float& v = m_field.at(px, py);
                      v = std::max(v, cover * width / 0.022f * (0.4f + 0.6f * depth));
                  });
    }

    Field& m_field;
    Random& m_random;
};

/// A patch of consolidation: lumps within soft ellipses.
struct Patch {
    float x, y, radiusX, radiusY, weight;
};

struct Disease {
    float side = 1;
    float level = 2; ///< where the fluid's surface lies at the mediastinum; beyond 1: none
    float climb = 0; ///< how much higher it stands at the chest wall
    std::vector<Patch> patches;
};

Disease disease(const Chest& c, const Case& plan, Random& random)
{
    Disease d;
    d.side = random.chance(0.5) ? 1.0f : -1.0f;
    const float dome = d.side < 0 ? c.domeRight : c.domeLeft;
    if (plan.classIndex == effusion) {
        d.climb = 0.05f + 0.07f * plan.severity;
        d.level = dome + 0.155f - 0.40f * plan.severity * float(random.uniform(0.85, 1.1));
    }
    const int patches = plan.classIndex == opacity ? 1 + int(random.below(plan.severity > 0.5f ? 4 : 2)) : 0;
    for (int i = 0; i < patches; ++i) {
        const float side = i == 0 || random.chance(0.65) ? d.side : -d.side;
        const float x = side * float(random.uniform(0.30, 0.64)), y = float(random.uniform(0.30, 0.68));
        const float radius = float(random.uniform(0.12, 0.24)) * (0.65f + 0.5f * plan.severity);
        d.patches.push_back({c.centre + x, y, radius, 0.62f * radius,
                             (0.16f + 0.62f * plan.severity) * float(random.uniform(0.8, 1.1))});
    }
    return d;
}

/// How far fluid fills this place, 0…1.
float fluid(const Disease& d, float x, float y, float lateral)
{
    if (x * d.side < 0 || d.level > 1)
        return 0;
    const float surface = d.level - d.climb * lateral * lateral * lateral - 0.02f * bell(lateral / 0.15f);
    return rise(-0.022f, 0.030f, y - surface);
}

float consolidation(const Disease& d, float x, float y, float lumps)
{
    float sum = 0;
    for (const Patch& p : d.patches) {
        const float u = (x - p.x) / p.radiusX, v = (y - p.y) / p.radiusY;
        const float r = u * u + v * v;
        if (r < 5)
            sum += p.weight * std::exp(-r) * std::clamp(0.85f + 0.75f * lumps, 0.15f, 1.6f);
    }
    return std::min(sum, 0.85f);
}

/// What lies over the chest on some films: leads, and the marker of the side.
void addThings(Field& image, const Chest& c, Random& random)
{
    const float side = float(image.size);
    const int leads = random.chance(0.15) ? 1 + int(random.below(3)) : 0;
    for (int i = 0; i < leads; ++i) {
        float x = float(random.uniform(0.25, 0.75)) * side, y = float(random.uniform(0.25, 0.7)) * side;
        const float angle = float(random.uniform(1.2, 1.9)), bend = float(random.normal()) * 0.004f;
        const auto brighten = [&](float amount) {
            return [&image, amount](int px, int py, float cover, float) { image.at(px, py) += amount * cover; };
        };
        eachPixel({x, y, 0.014f * side, 0.014f * side, 0}, image.size, 1.2f, brighten(0.16f));
        for (int step = 0; step < int(1.2f * side) && y < side; ++step) {
            const float a = angle + bend * float(step);
            x += std::cos(a);
            y += std::sin(a);
            eachPixel({x, y, 0.7f, 0.7f, 0}, image.size, 1, brighten(0.035f));
        }
    }
    if (!c.marker)
        return;
    const int unit = std::max(1, image.size / 128), left = image.size / 16, top = image.size / 14;
    static constexpr std::array<const char*, 7> kLetter{"1110", "1001", "1001", "1110", "1010", "1001", "1001"};
    for (int y = 0; y < 7 * unit; ++y)
        for (int x = 0; x < 4 * unit; ++x)
            if (kLetter[std::size_t(y / unit)][x / unit] == '1')
                image.at(left + x, top + y) = 0.97f;
}

/// Shares of the light that tissue, bone and disease leave; the lesion's cover is kept beside it.
class Film {
public:
    Film(int side, const Chest& c, const Disease& d, Random& random)
        : m_image(side), m_lesion(side), m_chest(c), m_disease(d), m_vessels(side),
          m_grain(clouds(side, 5, 5, 4, random)), m_lumps(clouds(side, 13, 13, 3, random))
    {
        const Vessels painted(m_vessels, c, random);
        for (int y = 0; y < side; ++y) {
            const Row row = rowAt(c, (float(y) + 0.5f) / float(side));
            for (int x = 0; x < side; ++x)
                paint(row, x, y);
        }
    }

    Field& image() { return m_image; }
    const Field& lesion() const { return m_lesion; }

private:
    void paint(const Row& row, int px, int py)
    {
        const float x = (2 * float(px) + 1) / float(m_image.size) - 1 - m_chest.centre - m_chest.tilt * (row.y - 0.5f);
        const float inBody = body(m_chest, x, row.y);
        const Lung l = inBody > 0 ? lung(m_chest, row, x) : Lung{0, 0};
        const float bone = m_chest.ribTone * ribs(m_chest, x, row.y) + 1.3f * clavicle(x, row.y);
        const float soft = tissue(x, row.y) + 0.03f * bone + 0.02f * m_grain.at(px, py);
        float shown = soft;
        if (l.cover > 0) {
            const float within = std::clamp(l.lateral, 0.0f, 1.0f);
            const float veil =
                std::max(fluid(m_disease, x, row.y, within), consolidation(m_disease, x, row.y, m_lumps.at(px, py)));
            shown = mix(soft, mix(air(row.y, within, px, py) + 0.085f * bone, soft, 0.92f * veil), l.cover);
            m_lesion.at(px, py) = l.cover * veil;
        }
        m_image.at(px, py) = shown * inBody + 0.03f;
    }

    /// A lung without bones: brighter where more vessels and more of the body lie in the way.
    float air(float y, float lateral, int px, int py) const
    {
        const float hilum = (1 - lateral) * bell((y - 0.50f) / 0.22f);
        return 0.185f + 0.16f * std::max(0.0f, y - 0.35f) + 0.10f * hilum + 0.03f * (1 - lateral) +
               0.24f * m_vessels.at(px, py) + 0.035f * m_grain.at(px, py) + 0.02f * m_lumps.at(px, py);
    }

    float tissue(float x, float y) const
    {
        const float thick = std::sqrt(std::max(0.0f, 1 - 0.55f * x * x));
        return 0.56f * thick + 0.12f * rise(0.45f, 1.0f, y) + 0.055f * spine(x, y) + 0.07f * bell(x / 0.30f);
    }

    Field m_image, m_lesion;
    const Chest& m_chest;
    const Disease& m_disease;
    Field m_vessels, m_grain, m_lumps;
};

/// Exposure, the film's curve and its noise.
std::vector<std::uint8_t> develop(const Field& image, const Chest& c, float extraNoise, Random& random)
{
    Field noise = white(image.size, random);
    blurX(noise, 1);
    std::vector<std::uint8_t> pixels(image.values.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const float light = 0.5f + (image.values[i] - 0.5f) * 1.32f * c.contrast + c.exposure;
        const float shown = light + (c.noise + extraNoise) * 1.6f * noise.values[i];
        pixels[i] = std::uint8_t(std::clamp(255 * shown, 0.0f, 255.0f));
    }
    return pixels;
}

} // namespace

void paintXray(Brushwork work, Phantom& out)
{
    const Chest c = chest(work.patient, work.image);
    const Disease d = disease(c, work.plan, work.image);
    Film film(work.size, c, d, work.image);
    addThings(film.image(), c, work.image);
    blurX(film.image(), 1);
    blurY(film.image(), 1);
    out.pixels = develop(film.image(), c, work.plan.hard ? 0.012f : 0.0f, work.image);
    // Half of the faintest patch's weight still counts as lesion; the noise of a healthy film is 0 here.
    out.mask =
        toMask(film.lesion(), work.plan.classIndex == opacity ? 0.35f * (0.16f + 0.62f * work.plan.severity) : 0.5f);
}

} // namespace foveate::phantom
