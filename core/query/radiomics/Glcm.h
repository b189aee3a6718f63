// SPDX-License-Identifier: GPL-3.0-or-later
// Features of the grey level co-occurrence matrix as pyradiomics 3.0.1 defines them.
//
// Neighbours at distance 1 in four directions (→ ↗ ↑ ↖ up to their opposites), symmetric, each direction normalised on
// its own, features averaged over the directions that have neighbours. Entropies in bits with ε = 2^-52. MCC: the
// matrix is symmetric, so the second eigenvalue of Q is the square of that of D^-½ P D^-½; 1 for a single level. Every
// value is NaN for an empty map of levels or a map of one pixel.
#pragma once

#include "query/radiomics/Map.h"

#include <array>
#include <string_view>

namespace foveate::query::radiomics {

enum GlcmFeature : std::size_t {
    autocorrelation,
    clusterProminence,
    clusterShade,
    clusterTendency,
    contrast,
    correlation,
    differenceAverage,
    differenceEntropy,
    differenceVariance,
    inverseDifference,
    inverseDifferenceMoment,
    inverseDifferenceMomentNormalised,
    inverseDifferenceNormalised,
    informationalCorrelation1,
    informationalCorrelation2,
    inverseVariance,
    jointAverage,
    jointEnergy,
    jointEntropy,
    maximalCorrelation,
    maximumProbability,
    sumAverage,
    sumEntropy,
    sumSquares,
    glcmCount
};

inline constexpr std::array<std::string_view, glcmCount> kGlcmNames{"Autocorrelation",
                                                                    "ClusterProminence",
                                                                    "ClusterShade",
                                                                    "ClusterTendency",
                                                                    "Contrast",
                                                                    "Correlation",
                                                                    "DifferenceAverage",
                                                                    "DifferenceEntropy",
                                                                    "DifferenceVariance",
                                                                    "Id",
                                                                    "Idm",
                                                                    "Idmn",
                                                                    "Idn",
                                                                    "Imc1",
                                                                    "Imc2",
                                                                    "InverseVariance",
                                                                    "JointAverage",
                                                                    "JointEnergy",
                                                                    "JointEntropy",
                                                                    "MCC",
                                                                    "MaximumProbability",
                                                                    "SumAverage",
                                                                    "SumEntropy",
                                                                    "SumSquares"};

std::array<double, glcmCount> glcm(const Levels& levels);

} // namespace foveate::query::radiomics
