// SPDX-License-Identifier: GPL-3.0-or-later
// A B-scan of the macula: layers as reflectivities per column, lesions that bend or fill them, shadows, speckle.
// Lengths are shares of the image's side; depth grows downward.
#include "phantom/Field.h"
#include "phantom/Painters.h"

#include <array>
#include <cmath>
#include <numbers>

namespace foveate::phantom {
namespace {

enum Boundary {
    ilm,
    nerveFibres,
    plexiform,
    innerNuclear,
    outerPlexiform,
    outerNuclear,
    limiting,
    ellipsoid,
    segments,
    epithelium,
    bruch,
    kBoundaries
};
enum Class { normal, drusen, dme, cnv };

/// What the lesion does to one column.
struct Bend {
    float lift = 0;     ///< of the pigment epithelium above Bruch's membrane
    float fluid = 0;    ///< under the retina
    float material = 0; ///< hyper-reflective, under the retina
    float swelling = 0; ///< 0 none, 1 half again as thick
    float broken = 0;   ///< 0 whole, 1 the ellipsoid line is lost
    float raised = 0;   ///< of the inner retina, which follows what lies below only softly

    float height() const { return lift + fluid + material; }
};

struct Anatomy {
    float tilt, curve, depth, thickness, fovea, pit, pitWidth, nasal, choroid;
    float gain, gamma, speckle;
};

struct Scan {
    Scan(int side) : size(side), bend(std::size_t(side)), top(std::size_t(side)) {}
    int size;
    std::vector<Bend> bend;
    std::vector<std::array<float, kBoundaries>> top; ///< pixel rows where each layer ends, going down
};

Anatomy anatomy(Random& patient, Random& image)
{
    Anatomy a;
    a.tilt = float(patient.normal() * 0.05 + image.normal() * 0.03);
    a.curve = float(patient.uniform(0.05, 0.30));
    a.depth = float(patient.uniform(0.60, 0.68) + image.normal() * 0.02);
    a.thickness = float(patient.uniform(0.88, 1.10));
    a.fovea = float(0.5 + patient.normal() * 0.05 + image.normal() * 0.05);
    a.pit = float(image.chance(0.75) ? image.uniform(0.75, 1.0) : image.uniform(0.0, 0.35));
    a.pitWidth = float(patient.uniform(0.085, 0.13));
    a.nasal = float(patient.chance(0.5) ? 1 : -1);
    a.choroid = float(patient.uniform(0.09, 0.16));
    a.gain = float(patient.uniform(0.85, 1.15));
    a.gamma = float(patient.uniform(0.9, 1.15));
    a.speckle = float(patient.uniform(0.26, 0.46));
    return a;
}

/// A dome of the given half-width, flat enough on top to look like a druse or a detachment.
float dome(float x, float centre, float halfWidth)
{
    const float t = (x - centre) / halfWidth;
    return std::abs(t) < 1 ? std::pow(1 - t * t, 1.4f) : 0;
}

void addDrusen(Scan& scan, float severity, Random& random)
{
    const int bumps = 1 + int(severity * 7 + float(random.uniform(0, 2)));
    for (int i = 0; i < bumps; ++i) {
        const float centre = float(random.uniform(0.12, 0.88));
        const float height = (0.010f + 0.034f * severity) * float(random.uniform(0.65, 1.2));
        const float halfWidth = float(random.uniform(0.022, 0.05)) + 0.5f * height;
        for (int x = 0; x < scan.size; ++x) {
            Bend& b = scan.bend[std::size_t(x)];
            b.lift = std::max(b.lift, height * dome(float(x) / float(scan.size), centre, halfWidth));
            b.broken = std::max(b.broken, b.lift > 0.03f ? 0.5f : 0.0f);
        }
    }
}

void addNeovascular(Scan& scan, float severity, Random& random)
{
    const float centre = float(random.uniform(0.35, 0.65));
    const float halfWidth = 0.07f + 0.12f * severity * float(random.uniform(0.8, 1.2));
    const float shift = float(random.uniform(-0.6, 0.6)) * halfWidth;
    const float lift = (0.014f + 0.05f * severity) * float(random.uniform(0.7, 1.1));
    const float material = (0.012f + 0.045f * severity) * float(random.uniform(0.7, 1.2));
    const float fluid = 0.06f * std::max(0.0f, severity - 0.15f) * float(random.uniform(0.4, 1.1));
    const float wave = float(random.uniform(30, 55)), phase = float(random.uniform(0, 6.28));
    for (int x = 0; x < scan.size; ++x) {
        const float at = float(x) / float(scan.size);
        const float uneven = 1 + 0.22f * std::sin(at * wave + phase) + 0.12f * std::sin(at * wave * 2.3f);
        Bend& b = scan.bend[std::size_t(x)];
        b.lift = lift * uneven * dome(at, centre, halfWidth);
        b.material = material * uneven * dome(at, centre + 0.3f * shift, 0.7f * halfWidth);
        b.fluid = fluid * dome(at, centre - shift, 1.5f * halfWidth);
        b.swelling = 0.5f * severity * bell((at - centre) / (1.6f * halfWidth));
        b.broken = dome(at, centre, 0.9f * halfWidth) > 0.05f ? 1 : 0;
    }
}

void addSwelling(Scan& scan, float severity, float centre, Random& random)
{
    const float width = float(random.uniform(0.16, 0.30));
    for (int x = 0; x < scan.size; ++x)
        scan.bend[std::size_t(x)].swelling =
            (0.15f + 0.95f * severity) * bell((float(x) / float(scan.size) - centre) / width);
}

/// Healthy, yet uneven: an epithelium that waves a little is what makes a beginner think of drusen.
void addUnevenness(Scan& scan, float severity, Random& random)
{
    const float wave = float(random.uniform(25, 60)), phase = float(random.uniform(0, 6.28));
    for (int x = 0; x < scan.size; ++x)
        scan.bend[std::size_t(x)].lift +=
            0.0028f * severity * (1 + std::sin(float(x) / float(scan.size) * wave + phase));
}

/// The inner retina stretches over a bump: its rise is the bump's, spread sideways, and no less than it needs to stay
/// above.
void soften(Scan& scan)
{
    const int reach = std::max(1, scan.size / 22);
    for (int pass = 0; pass < 2; ++pass) {
        std::vector<float> source(scan.bend.size());
        for (std::size_t x = 0; x < source.size(); ++x)
            source[x] = pass == 0 ? scan.bend[x].height() : scan.bend[x].raised;
        for (int x = 0; x < scan.size; ++x) {
            float sum = 0;
            for (int d = -reach; d <= reach; ++d)
                sum += source[std::size_t(std::clamp(x + d, 0, scan.size - 1))];
            scan.bend[std::size_t(x)].raised = sum / float(2 * reach + 1);
        }
    }
    for (Bend& b : scan.bend)
        b.raised = std::max(0.8f * b.raised, b.height() - 0.03f);
}

/// From Bruch's membrane upward, layer by layer, at one column.
std::array<float, kBoundaries> layers(const Anatomy& a, const Bend& b, float x)
{
    const float off = x - 0.5f;
    const float pit = a.pit * bell((x - a.fovea) / a.pitWidth) * std::max(0.0f, 1 - 1.1f * b.swelling);
    const float rim = 0.16f * a.pit * bell((std::abs(x - a.fovea) - 1.9f * a.pitWidth) / a.pitWidth);
    const float inner = (1 - 0.93f * pit) * (1 + rim) * (1 + 0.35f * b.swelling);
    const float fibres = 0.4f + 0.9f * std::clamp(0.5f + a.nasal * (x - a.fovea) * 1.3f, 0.0f, 1.2f);
    std::array<float, kBoundaries> y{};
    y[bruch] = a.depth + a.tilt * off + a.curve * off * off;
    y[epithelium] = y[bruch] - b.lift;
    y[segments] = y[epithelium] - 0.019f - b.material - b.fluid;
    y[ellipsoid] = y[segments] - 0.014f;
    y[limiting] = y[ellipsoid] - 0.011f;
    y[outerNuclear] = y[limiting] - 0.010f;
    const float nuclear = 0.062f * (1 + 0.6f * pit) * (1 + 0.8f * b.swelling) - b.height() + b.raised;
    y[outerPlexiform] = y[outerNuclear] - a.thickness * std::max(0.015f, nuclear);
    y[innerNuclear] = y[outerPlexiform] - a.thickness * 0.022f * (1 - 0.5f * pit);
    y[plexiform] = y[innerNuclear] - a.thickness * 0.034f * inner * (1 + 0.7f * b.swelling);
    y[nerveFibres] = y[plexiform] - a.thickness * 0.070f * inner;
    y[ilm] = y[nerveFibres] - a.thickness * 0.026f * inner * fibres - 0.004f;
    return y;
}

void layOut(Scan& scan, const Anatomy& a)
{
    soften(scan);
    for (int x = 0; x < scan.size; ++x) {
        auto& y = scan.top[std::size_t(x)];
        y = layers(a, scan.bend[std::size_t(x)], float(x) / float(scan.size));
        for (float& v : y)
            v *= float(scan.size);
    }
}

/// Fills rows from..to of a column, the end pixels by the share they are covered.
void fill(Field& field, int x, float from, float to, float value)
{
    const int first = std::max(0, int(std::floor(from))), last = std::min(field.size - 1, int(std::floor(to)));
    for (int y = first; y <= last; ++y) {
        const float cover = std::min(to, float(y + 1)) - std::max(from, float(y));
        if (cover > 0)
            field.at(x, y) += cover * value;
    }
}

void fillColumn(Field& image, const Scan& scan, int x, float choroidTone)
{
    static constexpr std::array<float, kBoundaries> kTone{0.018f, 0.62f, 0.36f, 0.17f, 0.34f, 0.105f,
                                                          0.22f,  0.13f, 0.66f, 0.30f, 0.0f};
    const auto& y = scan.top[std::size_t(x)];
    const Bend& b = scan.bend[std::size_t(x)];
    float from = 0;
    for (int layer = ilm; layer <= segments; ++layer) {
        const float whole = kTone[std::size_t(layer)];
        fill(image, x, from, y[std::size_t(layer)],
             layer == segments   ? mix(whole, 0.28f, 0.8f * b.broken)
             : layer == limiting ? mix(whole, 0.16f, b.broken)
                                 : whole);
        from = y[std::size_t(layer)];
    }
    const float side = float(scan.size);
    const float fluidEnd = from + b.fluid * side, materialEnd = fluidEnd + b.material * side;
    fill(image, x, from, fluidEnd, 0.03f);
    fill(image, x, fluidEnd, materialEnd, 0.50f);
    fill(image, x, materialEnd, y[epithelium], mix(0.92f, 0.6f, b.broken));
    fill(image, x, y[epithelium], y[bruch] - 0.7f, 0.24f);
    fill(image, x, y[bruch] - 0.7f, y[bruch] + 0.006f * side, 0.55f);
    fill(image, x, y[bruch] + 0.006f * side, side, choroidTone);
}

/// Vessels of the choroid as dark lumps, and light that fades with depth below the epithelium.
void shadeChoroid(Field& image, const Scan& scan, float thickness, Random& random)
{
    const Field lumps = clouds(scan.size, 14, 10, 2, random);
    const float side = float(scan.size);
    for (int x = 0; x < scan.size; ++x) {
        const float top = scan.top[std::size_t(x)][bruch] + 0.012f * side;
        const float loss = 1 + 7 * scan.bend[std::size_t(x)].lift + 5 * scan.bend[std::size_t(x)].material;
        for (int y = std::max(0, int(top)); y < scan.size; ++y) {
            const float depth = (float(y) - top) / side;
            const float vessel = 1 - 0.55f * rise(0.1f, 0.55f, lumps.at(x, y)) * rise(0.0f, 0.03f, depth);
            const float sclera = 1 - 0.6f * rise(thickness - 0.03f, thickness + 0.04f, depth + 0.02f * lumps.at(x, y));
            image.at(x, y) *= vessel * sclera * std::exp(-6.0f * loss * std::max(0.0f, depth - 0.02f));
        }
    }
}

/// Retinal vessels: a bright spot under the surface, and a shadow on all below.
void addVessels(Field& image, const Scan& scan, float fovea, Random& random)
{
    const int count = 3 + int(random.below(5));
    const float side = float(scan.size);
    for (int i = 0; i < count; ++i) {
        const float at = float(random.uniform(0.03, 0.97));
        if (std::abs(at - fovea) < 0.13f)
            continue;
        const float halfWidth = float(random.uniform(0.005, 0.014)) * side, dark = float(random.uniform(0.25, 0.6));
        const int centre = int(at * side);
        const float start = mix(scan.top[std::size_t(centre)][ilm], scan.top[std::size_t(centre)][plexiform], 0.45f);
        eachPixel({at * side, start, halfWidth, halfWidth, 0}, scan.size, 1.5f,
                  [&](int x, int y, float cover, float) { image.at(x, y) = mix(image.at(x, y), 0.5f, 0.7f * cover); });
        for (int x = std::max(0, int(at * side - 3 * halfWidth));
             x < std::min(scan.size, int(at * side + 3 * halfWidth)); ++x) {
            const float keep = 1 - dark * bell((float(x) - at * side) / halfWidth);
            for (int y = int(start + halfWidth); y < scan.size; ++y)
                image.at(x, y) *= keep;
        }
    }
}

void addCyst(Field& image, Field& lesion, const Ellipse& e)
{
    eachPixel(e, image.size, 1.6f, [&](int x, int y, float cover, float) {
        image.at(x, y) = mix(image.at(x, y), 0.035f, 0.95f * cover);
        lesion.at(x, y) = std::max(lesion.at(x, y), cover);
    });
}

/// Fluid in pockets: large ones in the outer nuclear layer about the fovea, small ones in the inner nuclear layer.
void addCysts(Field& image, Field& lesion, const Scan& scan, float severity, float centre, Random& random)
{
    const float side = float(scan.size);
    const int count = 2 + int(severity * 13);
    for (int i = 0; i < count; ++i) {
        const bool outer = random.chance(0.5);
        const float at = std::clamp(centre + float(random.normal()) * (outer ? 0.07f : 0.13f), 0.03f, 0.97f);
        const auto& y = scan.top[std::size_t(at * side)];
        const float above = outer ? y[outerPlexiform - 1] : y[plexiform],
                    below = outer ? y[outerNuclear] : y[innerNuclear];
        const float room = 0.5f * (below - above);
        const float across = room * float(random.uniform(0.55, 0.95)) * (0.45f + 0.55f * severity);
        const float along = across * float(outer ? random.uniform(0.6, 1.1) : random.uniform(0.9, 1.9));
        addCyst(image, lesion, {at * side, 0.5f * (above + below), std::max(1.6f, along), std::max(1.4f, across), 0});
    }
}

/// Bright dots of lipid; each casts a faint shadow.
void addFoci(Field& image, const Scan& scan, int count, Random& random)
{
    const float side = float(scan.size);
    for (int i = 0; i < count; ++i) {
        const int column = int(random.uniform(0.2, 0.8) * side);
        const auto& y = scan.top[std::size_t(column)];
        const float row = mix(y[plexiform], y[outerNuclear], float(random.uniform()));
        const float radius = float(random.uniform(0.003, 0.007)) * side;
        eachPixel({float(column), row, radius, radius, 0}, scan.size, 1.2f,
                  [&](int x, int py, float cover, float) { image.at(x, py) = mix(image.at(x, py), 0.95f, cover); });
    }
}

void markBends(Field& lesion, const Scan& scan)
{
    const float side = float(scan.size);
    for (int x = 0; x < scan.size; ++x) {
        const Bend& b = scan.bend[std::size_t(x)];
        const auto& y = scan.top[std::size_t(x)];
        if (b.lift * side > 1)
            fill(lesion, x, y[epithelium] - 0.019f * side, y[bruch], 1);
        if ((b.material + b.fluid) * side > 1)
            fill(lesion, x, y[segments], y[epithelium] - 0.019f * side, 1);
    }
}

/// Multiplicative speckle with grains that are wider than high, additive noise, and the log curve of the device.
std::vector<std::uint8_t> expose(Field& image, const Anatomy& a, float signal, Random& random)
{
    Field grain = white(image.size, random);
    const Field noise = white(image.size, random);
    blurX(grain, 1);
    const float lift = std::log1p(14.0f);
    std::vector<std::uint8_t> pixels(image.values.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        const float speckled = image.values[i] * std::exp(1.7f * a.speckle * grain.values[i]);
        const float v = std::max(0.0f, signal * speckled + 0.012f + 0.011f * noise.values[i]);
        const float shown = std::log1p(14 * v) / lift * a.gain;
        pixels[i] = std::uint8_t(std::clamp(255 * std::pow(std::max(shown, 0.0f), a.gamma), 0.0f, 255.0f));
    }
    return pixels;
}

void bendFor(Scan& scan, const Case& plan, float centre, Random& random)
{
    switch (plan.classIndex) {
    case drusen: addDrusen(scan, plan.severity, random); break;
    case dme: addSwelling(scan, plan.severity, centre, random); break;
    case cnv: addNeovascular(scan, plan.severity, random); break;
    default: addUnevenness(scan, plan.severity, random); break;
    }
}

} // namespace

void paintOct(Brushwork work, Phantom& out)
{
    const Anatomy a = anatomy(work.patient, work.image);
    const float severity = work.plan.severity;
    Scan scan(work.size);
    bendFor(scan, work.plan, a.fovea, work.image);
    layOut(scan, a);
    Field image(work.size), lesion(work.size);
    for (int x = 0; x < work.size; ++x)
        fillColumn(image, scan, x, 0.36f);
    const Field texture = clouds(work.size, 20, 26, 2, work.image);
    for (std::size_t i = 0; i < image.values.size(); ++i)
        image.values[i] *= 1 + 0.16f * texture.values[i];
    shadeChoroid(image, scan, a.choroid, work.image);
    if (work.plan.classIndex == dme) {
        addCysts(image, lesion, scan, severity, a.fovea, work.image);
        addFoci(image, scan, int(8 * severity), work.image);
    }
    markBends(lesion, scan);
    if (work.plan.classIndex == normal)
        std::fill(lesion.values.begin(), lesion.values.end(), 0.0f);
    blurY(image, 1);
    blurX(image, 1);
    addVessels(image, scan, a.fovea, work.image);
    const float signal = work.plan.hard ? float(work.image.uniform(0.45, 0.8)) : float(work.image.uniform(0.85, 1.1));
    out.pixels = expose(image, a, signal, work.image);
    out.mask = toMask(lesion, 0.5f);
}

} // namespace foveate::phantom
