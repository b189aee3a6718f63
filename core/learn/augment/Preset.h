// SPDX-License-Identifier: GPL-3.0-or-later
// Preset: the distribution from which a training view is drawn, as plain values (methods.md §2).
//
// A preset is chosen by name, may be edited value by value, and is stored with the run in JSON. Probabilities
// and areas lie in [0, 1], angles are degrees, sigmas of blur are pixels of the view, intensities are those of
// an image scaled to [0, 1].
#pragma once

#include "base/Result.h"

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::learn::augment {

struct Range {
    double low = 0, high = 0;
    bool operator==(const Range&) const = default;
};

/// Per-channel (x − mean) / deviation, x in [0, 1]. Grey images use the first entry.
struct Normalisation {
    std::array<float, 3> mean{.5f, .5f, .5f};
    std::array<float, 3> deviation{.5f, .5f, .5f};
    bool operator==(const Normalisation&) const = default;
};

/// ImageNet's for three channels, .5/.5 for one (P3).
Normalisation usualNormalisation(int channels);

struct Preset {
    std::string name;
    Range cropArea{1, 1};            ///< share of the image; a smaller low makes views differ more
    Range cropRatio{3. / 4, 4. / 3}; ///< width / height before resizing to a square, drawn log-uniformly
    double flipHorizontal = 0;       ///< probability
    double flipVertical = 0;         ///< probability; only where up has no meaning
    double rotation = 0;             ///< uniform in ± this angle
    bool quarterTurns = false;       ///< −90, 0 or 90° instead
    double jitter = 0;               ///< probability of the four that follow, in random order
    double brightness = 0, contrast = 0, saturation = 0; ///< factor uniform in [max(0, 1 − v), 1 + v]
    double hue = 0;                                      ///< turn of the colour circle, uniform in ± this, ≤ .5
    double grey = 0;                                     ///< probability of dropping colour
    double blur = 0;                                     ///< probability
    Range blurSigma{.1, 2};
    double blurKernel = .1; ///< ≤ 1: share of the view's side, above: pixels; made odd
    double solarise = 0;    ///< probability of inverting what is brighter than the threshold
    double solariseThreshold = 128. / 255;
    Range gamma{1, 1}; ///< exponent
    double noise = 0;  ///< σ uniform in [0, this]
    bool operator==(const Preset&) const = default;
};

/// The names, in the order of methods.md: simclr, p1-code, histology, small-medical, p3-code, grey, then grey-weak and
/// histology-weak (for supervised training) and none.
std::vector<std::string> presetNames();
/// notFound (args: "preset", name) for another name.
Result<Preset> preset(std::string_view name);
/// "grey" for one channel, "histology" for three.
std::string_view usualPreset(int channels);

nlohmann::json toJson(const Preset& preset);
/// A name, or an object whose "name" gives the start and whose other keys change it; badInput for a value of
/// another type or out of range, and for an unknown key.
Result<Preset> presetFromJson(const nlohmann::json& json);

} // namespace foveate::learn::augment
