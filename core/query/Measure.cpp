// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Measure.h"

#include "query/radiomics/FirstOrder.h"
#include "query/radiomics/Glcm.h"
#include "query/radiomics/Region.h"
#include "query/radiomics/Shape2d.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace foveate::query {
namespace {

using radiomics::Map;

constexpr std::size_t kThumbnail = 64;
constexpr int kHistogramBins = 256;

/// To [0,1]; empty when there is no evidence in it.
std::vector<float> scaled(const Map& map)
{
    if (map.values.empty() ||
        !std::all_of(map.values.begin(), map.values.end(), [](float v) { return std::isfinite(v); }))
        return {};
    const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
    const float base = *low, width = *high - *low;
    if (!(width > 0) || !std::isfinite(width))
        return {};
    std::vector<float> values(map.values.size());
    std::transform(map.values.begin(), map.values.end(), values.begin(), [&](float v) { return (v - base) / width; });
    return values;
}

/// Calls `fill` with the scaled map, or leaves NaN.
template <typename Fill> void ofScaled(const Map& map, std::span<float> out, const Fill& fill)
{
    std::fill(out.begin(), out.end(), std::numeric_limits<float>::quiet_NaN());
    if (const std::vector<float> values = scaled(map); !values.empty())
        fill(Map{values, map.width});
}

std::vector<float> histogram(const Map& map)
{
    std::vector<float> counts(kHistogramBins, 0.0F);
    for (const float v : map.values)
        ++counts[std::size_t(std::min(kHistogramBins - 1, int(v * kHistogramBins)))];
    return counts;
}

void kurtosisOf(const Map& map, const Options& options, std::span<float> out)
{
    ofScaled(map, out, [&](const Map& whole) {
        const std::vector<float> small = options.smooth ? radiomics::averaged(whole, kThumbnail) : std::vector<float>();
        const Map seen = options.smooth ? Map{small, std::min(kThumbnail, whole.width)} : whole;
        if (options.kurtosisOf == KurtosisOf::counts)
            out[0] = float(radiomics::pearsonKurtosis(histogram(seen)));
        else
            out[0] = float(radiomics::pearsonKurtosis(seen.values));
    });
}

void firstOrderOf(const Map& map, const Options&, std::span<float> out)
{
    ofScaled(map, out, [&](const Map& whole) {
        const auto f = radiomics::firstOrder(whole, radiomics::levels(whole));
        out[0] = float(f[radiomics::kurtosis]);
        out[1] = float(f[radiomics::skewness]);
        out[2] = float(f[radiomics::entropy]);
        out[3] = float(f[radiomics::totalEnergy]);
    });
}

void glcmOf(const Map& map, const Options&, std::span<float> out)
{
    ofScaled(map, out, [&](const Map& whole) {
        const auto f = radiomics::glcm(radiomics::levels(whole));
        out[0] = float(radiomics::pearsonKurtosis(whole.values));
        out[1] = float(f[radiomics::sumEntropy]);
        out[2] = float(f[radiomics::inverseDifferenceNormalised]);
        out[3] = float(f[radiomics::differenceEntropy]);
        out[4] = float(f[radiomics::maximalCorrelation]);
    });
}

void shape2dOf(const Map& map, const Options&, std::span<float> out)
{
    ofScaled(map, out, [&](const Map& whole) {
        const auto f = radiomics::shape2d(radiomics::hotRegion(whole));
        out[0] = float(radiomics::pearsonKurtosis(whole.values));
        out[1] = float(f[radiomics::sphericity]);
        out[2] = float(f[radiomics::sphericalDisproportion]);
        out[3] = float(f[radiomics::elongation]);
    });
}

void thumbnailOf(const Map& map, const Options&, std::span<float> out)
{
    ofScaled(map, out, [&](const Map& whole) {
        const std::vector<float> small = radiomics::averaged(whole, kThumbnail);
        const std::size_t side = std::min(kThumbnail, whole.width);
        std::fill(out.begin(), out.end(), 0.0F); // a map below 64 pixels stands in the corner
        for (std::size_t i = 0; i < small.size() && i / side < kThumbnail; ++i)
            out[i / side * kThumbnail + i % side] = small[i];
    });
}

} // namespace

const Measure kKurtosisMeasure{"kurtosis", 1, kurtosisOf};
const Measure kFirstOrderMeasure{"firstorder", 4, firstOrderOf};
const Measure kGlcmMeasure{"glcm", 5, glcmOf};
const Measure kShape2dMeasure{"shape2d", 4, shape2dOf};
const Measure kThumbnailMeasure{"thumbnail", kThumbnail* kThumbnail, thumbnailOf};

std::span<const Measure* const> measures()
{
    static constexpr std::array<const Measure*, 5> all{&kKurtosisMeasure, &kFirstOrderMeasure, &kGlcmMeasure,
                                                       &kShape2dMeasure, &kThumbnailMeasure};
    return all;
}

} // namespace foveate::query
