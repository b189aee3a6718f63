// SPDX-License-Identifier: GPL-3.0-or-later
// Phantoms: medical images that the program makes itself, with their truth, patients and lesion masks (design.md §7).
//
// They stand in for real images in the demo, the tests and the pictures, and let saliency be measured against a known
// lesion. They are no substitute for real data and are to be marked as made by the program wherever they are shown.
// The same seed gives the same bytes, image by image, whatever the number of threads or the order of the calls.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace foveate::phantom {

enum class Modality { oct, xray, histology };

/// "oct", "xray", "histology".
std::string_view name(Modality modality);
/// badInput (args: "modality", text) for another name.
Result<Modality> modalityFromName(std::string_view text);
/// In the order of classIndex; the first is the healthy or benign one, the last the rare one.
/// oct: NORMAL DRUSEN DME CNV · xray: NORMAL EFFUSION OPACITY · histology: BENIGN MALIGNANT INFLAMED.
std::span<const std::string_view> classNames(Modality modality);
/// 3 for histology (RGB), else 1.
int channels(Modality modality);

struct Options {
    Modality modality = Modality::oct;
    int images = 600;
    int size = 256; ///< pixels on a side, 32 to 1024
    std::uint64_t seed = 1;
    double hardShare = 0.2; ///< share of images near the class boundary, 0 to 1
};

struct Phantom {
    std::vector<std::uint8_t> pixels; ///< [size,size,channels], rows top to bottom, RGB interleaved
    std::vector<std::uint8_t> mask;   ///< [size,size], 255 where the lesion is; all 0 in the first class
    int size = 0;
    int channels = 0;
    int classIndex = 0;
    int patient = 0;      ///< 0-based; a patient has several images and one look (anatomy, contrast, stain)
    float difficulty = 0; ///< 0: plain, 1: at the class boundary
    bool hard = false;    ///< one of the share near the boundary
};

/// What is decided about an image before it is painted.
struct Case {
    int classIndex = 0;
    int patient = 0;
    float severity = 0; ///< of the lesion, 0 to 1; in the first class: of what resembles one
    float difficulty = 0;
    bool hard = false;
};

/// A set of phantoms as a plan; images are painted when asked for. Thread safe.
class Study {
public:
    /// usage: images < 1, size outside 32…1024 or a share outside 0…1.
    static Result<Study> create(const Options& options);
    std::size_t count() const { return m_cases.size(); }
    const Case& plan(std::size_t index) const { return m_cases[index]; }
    /// About 4 ms at 256 px. REQUIRES: index < count().
    Phantom image(std::size_t index) const;
    /// All of them, painted by that many threads.
    std::vector<Phantom> images(int threads) const;

private:
    Study() = default;
    Options m_options;
    std::vector<Case> m_cases;
};

} // namespace foveate::phantom
