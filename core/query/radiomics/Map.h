// SPDX-License-Identifier: GPL-3.0-or-later
// Map: a saliency map (or an image) as plain numbers, lent: float32, rows top to bottom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace foveate::query::radiomics {

struct Map {
    std::span<const float> values;
    std::size_t width = 0;
    std::size_t height() const { return width == 0 ? 0 : values.size() / width; }
};

/// Grey levels of width 1/32: ⌊32v⌋ − ⌊32·min⌋, so that the darkest is 0 (pyradiomics counts from 1).
struct Levels {
    std::vector<std::uint8_t> of; ///< [height·width]; empty when a value is not finite or there are more than kMost
    std::size_t width = 0;
    int count = 0; ///< highest + 1
    static constexpr int kMost = 256;
};
Levels levels(const Map& map);

} // namespace foveate::query::radiomics
