// SPDX-License-Identifier: GPL-3.0-or-later
#include "phantom/Field.h"

namespace foveate::phantom {
namespace {

/// The place in a lattice that a pixel falls on.
struct Place {
    int cell = 0;
    float t = 0; ///< smoothed fraction
};

std::vector<Place> places(int size, double cells)
{
    std::vector<Place> out(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
        const double at = cells * i / size;
        out[std::size_t(i)] = {int(at), rise(0, 1, float(at - int(at)))};
    }
    return out;
}

void addOctave(Field& field, double cellsX, double cellsY, float strength, Random& random)
{
    const int width = int(cellsX) + 2, height = int(cellsY) + 2;
    std::vector<float> lattice(std::size_t(width) * std::size_t(height));
    for (float& v : lattice)
        v = strength * float(random.uniform(-1, 1));
    const std::vector<Place> across = places(field.size, cellsX), down = places(field.size, cellsY);
    std::vector<float> row(static_cast<std::size_t>(width));
    for (int y = 0; y < field.size; ++y) {
        const float* above = lattice.data() + down[std::size_t(y)].cell * width;
        for (int i = 0; i < width; ++i)
            row[std::size_t(i)] = mix(above[i], above[i + width], down[std::size_t(y)].t);
        float* out = &field.at(0, y);
        for (int x = 0; x < field.size; ++x) {
            const Place p = across[std::size_t(x)];
            out[x] += mix(row[std::size_t(p.cell)], row[std::size_t(p.cell) + 1], p.t);
        }
    }
}

/// 1-2-1 over `n` values that lie `step` apart; the ends stay.
void blurLine(float* line, int n, std::size_t step)
{
    float before = line[0];
    for (int i = 1; i + 1 < n; ++i) {
        float& here = line[std::size_t(i) * step];
        const float kept = here;
        here = (before + 2 * here + line[std::size_t(i + 1) * step]) / 4;
        before = kept;
    }
}

} // namespace

float bell(float t)
{
    return std::exp(-t * t);
}

Field white(int size, Random& random)
{
    Field field(size);
    // Four uniforms on 0…65535: variance 4·65536²/12.
    constexpr float kScale = 1.0f / 37837.23f;
    for (float& v : field.values) {
        const std::uint64_t bits = random.next();
        const auto sum = std::int32_t((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
        v = float(sum - 131070) * kScale;
    }
    return field;
}

Field clouds(int size, double cellsX, double cellsY, int octaves, Random& random)
{
    Field field(size);
    float strength = 1;
    for (int octave = 0; octave < octaves; ++octave, strength /= 2, cellsX *= 2, cellsY *= 2)
        addOctave(field, cellsX, cellsY, strength, random);
    return field;
}

void blurX(Field& field, int passes)
{
    for (int pass = 0; pass < passes; ++pass)
        for (int y = 0; y < field.size; ++y)
            blurLine(&field.at(0, y), field.size, 1);
}

void blurY(Field& field, int passes)
{
    const int n = field.size;
    std::vector<float> before(static_cast<std::size_t>(n));
    for (int pass = 0; pass < passes; ++pass) {
        std::copy_n(&field.at(0, 0), n, before.begin());
        for (int y = 1; y + 1 < n; ++y)
            for (int x = 0; x < n; ++x) {
                const float kept = field.at(x, y);
                field.at(x, y) = (before[std::size_t(x)] + 2 * kept + field.at(x, y + 1)) / 4;
                before[std::size_t(x)] = kept;
            }
    }
}

std::vector<std::uint8_t> toMask(const Field& cover, float threshold)
{
    std::vector<std::uint8_t> mask(cover.values.size());
    std::transform(cover.values.begin(), cover.values.end(), mask.begin(),
                   [threshold](float v) { return v > threshold ? std::uint8_t(255) : std::uint8_t(0); });
    return mask;
}

} // namespace foveate::phantom
