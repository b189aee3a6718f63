// SPDX-License-Identifier: GPL-3.0-or-later
// 3×3 convolutions, stride 1, padding 1, by minimal filtering on tiles of m×m outputs, m = 2, 3 or 4: (m+2)² products
// where the sum over the window takes 9·m², a quarter of them for m = 4.
//
// Sources: Winograd, "Arithmetic complexity of computations", 1980; Lavin & Gray, "Fast algorithms for convolutional
// neural networks", 2016 (arXiv 1509.09308). Points 0, ±1, ±2, ∞ as there; float32 throughout, error about 1e-5 of the
// largest value (the direct sum: 1e-6). Maps are [N,H,W,C] float or bfloat16 (as std::uint16_t, widened when read and
// rounded when written), kernels [O,3,3,I] float32; I and O are multiples of 16. Plain functions on a range of tiles or
// panels, so that the caller may share the ranges out to threads; the result of a tile depends on nothing but its own
// inputs. Nothing is thrown or allocated.
#pragma once

#include <cstddef>
#include <cstdint>

namespace foveate::learn::winograd {

struct Plan {
    std::int64_t images = 0, height = 0, width = 0; ///< of the maps, inputs and outputs alike
    std::int64_t inputs = 0, outputs = 0;           ///< channels
    int side = 0;                                   ///< m
    std::int64_t down = 0, across = 0;              ///< tiles of one image
    std::int64_t tiles() const { return images * down * across; }
    int points() const { return (side + 2) * (side + 2); }
    std::int64_t packedSize() const { return points() * inputs * outputs; }
    std::int64_t block() const;       ///< tiles computed together
    std::int64_t scratchSize() const; ///< floats that a call needs for itself
};

/// The tile size with the fewest products for maps of this size.
Plan planFor(std::int64_t images, std::int64_t height, std::int64_t width, std::int64_t inputs, std::int64_t outputs);
/// Whether the plan takes at most half of the products of the sum over the window.
bool pays(const Plan& plan);

/// Transformed kernels, [points, O/16, I, 16], for the panels of 16 outputs first to end − 1.
void packKernels(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end);
/// The same for the gradient of the inputs: `plan` is that of the way back, its inputs being the kernels' outputs.
void packKernelsBackwards(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end);

/// What is done to the outputs while they are in registers, in this order.
template <typename Element> struct Finish {
    const float* bias = nullptr;    ///< [O]; null: none
    const Element* added = nullptr; ///< as the outputs; may be the outputs' own memory; null: none
    bool relu = false;
};

/// Outputs of the tiles first to end − 1.
template <typename Element>
void convolve(const Plan& plan, const Element* maps, const float* packed, const Finish<Element>& finish, Element* out,
              std::int64_t first, std::int64_t end, float* scratch);

/// Adds what the tiles first to end − 1 give to the kernels' gradient, in the transformed space: [points, I/16, O, 16].
template <typename Element>
void addKernelGradient(const Plan& plan, const Element* maps, const Element* gradient, float* sums, std::int64_t first,
                       std::int64_t end, float* scratch);
/// The kernels' gradient [O,3,3,I] from these sums, for the panels of 16 inputs first to end − 1.
void unpackKernelGradient(const Plan& plan, const float* sums, float* kernels, std::int64_t first, std::int64_t end);

} // namespace foveate::learn::winograd
