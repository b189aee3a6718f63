// SPDX-License-Identifier: GPL-3.0-or-later
// The shape of a mask as pyradiomics 3.0.1 defines it: a contour by marching squares through the middles between
// pixels.
//
// Pixels of 1 mm. The diameter is the largest distance between two points of the contour. Every value is NaN for an
// empty mask.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace foveate::query::radiomics {

enum ShapeFeature : std::size_t {
    elongation,
    majorAxisLength,
    maximumDiameter,
    meshSurface,
    minorAxisLength,
    perimeter,
    perimeterSurfaceRatio,
    pixelSurface,
    sphericalDisproportion,
    sphericity,
    shapeCount
};

inline constexpr std::array<std::string_view, shapeCount> kShapeNames{"Elongation",
                                                                      "MajorAxisLength",
                                                                      "MaximumDiameter",
                                                                      "MeshSurface",
                                                                      "MinorAxisLength",
                                                                      "Perimeter",
                                                                      "PerimeterSurfaceRatio",
                                                                      "PixelSurface",
                                                                      "SphericalDisproportion",
                                                                      "Sphericity"};

struct Mask {
    std::vector<std::uint8_t> on; ///< 0 or 1, rows top to bottom
    std::size_t width = 0;
};

std::array<double, shapeCount> shape2d(const Mask& mask);

} // namespace foveate::query::radiomics
