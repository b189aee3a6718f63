// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/PackImage.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

namespace foveate::imaging {
namespace {

/// How output pixel i of one axis is made: `count` input pixels from `first`, with the weights from `offset` on.
struct Span {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::size_t offset = 0;
};

/// The weights of one axis: the share of each input pixel in the area of each output pixel; they sum to 1.
struct Axis {
    std::vector<Span> spans;
    std::vector<float> weights;

    Axis(std::uint32_t from, std::uint32_t to)
    {
        spans.reserve(to);
        for (std::uint64_t i = 0; i < to; ++i) {
            // In units of 1/to of an input pixel the borders are whole numbers, so nothing is lost in rounding.
            const std::uint64_t begin = i * from, end = begin + from;
            Span span{std::uint32_t(begin / to), 0, weights.size()};
            for (std::uint64_t p = span.first; p * to < end; ++p, ++span.count) {
                const std::uint64_t covered = std::min(end, (p + 1) * to) - std::max(begin, p * to);
                weights.push_back(float(double(covered) / from));
            }
            spans.push_back(span);
        }
    }
};

using Row = std::vector<float>;

void shrinkRow(const std::uint8_t* in, std::uint32_t channels, const Axis& axis, Row& out)
{
    float* to = out.data();
    for (const Span& span : axis.spans) {
        const float* weight = axis.weights.data() + span.offset;
        const std::uint8_t* from = in + std::size_t(span.first) * channels;
        for (std::uint32_t c = 0; c < channels; ++c) {
            float sum = 0;
            for (std::uint32_t p = 0; p < span.count; ++p)
                sum += weight[p] * from[std::size_t(p) * channels + c];
            *to++ = sum;
        }
    }
}

template <typename T> void applyWindow(std::span<const T> in, float low, float high, std::vector<std::uint8_t>& out)
{
    const double scale = 255.0 / (double(high) - low);
    std::vector<std::uint8_t> table(std::size_t(1) << (8 * sizeof(T)));
    for (std::size_t v = 0; v < table.size(); ++v)
        table[v] = std::uint8_t(std::lround(std::clamp((double(v) - low) * scale, 0.0, 255.0)));
    for (std::size_t i = 0; i < in.size(); ++i)
        out[i] = table[in[i]];
}

/// ITU-R BT.601 luma in 16-bit fixed point; the weights sum to 65536, so grey stays exactly what it was.
std::vector<std::uint8_t> luma(const std::vector<std::uint8_t>& rgb)
{
    std::vector<std::uint8_t> grey(rgb.size() / 3);
    for (std::size_t i = 0; i < grey.size(); ++i)
        grey[i] = std::uint8_t((19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] + 7471u * rgb[3 * i + 2] + 32768u) >> 16);
    return grey;
}

std::vector<std::uint8_t> replicated(const std::vector<std::uint8_t>& grey)
{
    std::vector<std::uint8_t> rgb(grey.size() * 3);
    for (std::size_t i = 0; i < grey.size(); ++i)
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
    return rgb;
}

/// Where the image lies in the square: all of it, or the largest centred rectangle of its proportions.
void placeInSquare(PackRecord& record, std::uint32_t size)
{
    record.w = record.h = size;
    if (record.fit == Fit::squash)
        return;
    const auto scaled = [&](std::uint64_t side, std::uint64_t longest) {
        return std::uint32_t(std::max<std::uint64_t>(1, (2 * side * size + longest) / (2 * longest)));
    };
    const std::uint32_t longest = std::max(record.width, record.height);
    record.w = scaled(record.width, longest);
    record.h = scaled(record.height, longest);
    record.x = (size - record.w) / 2;
    record.y = (size - record.h) / 2;
}

void copyInto(const std::vector<std::uint8_t>& part, const PackRecord& record, PackShape shape,
              std::vector<std::uint8_t>& square)
{
    const std::size_t rowBytes = std::size_t(record.w) * shape.channels;
    for (std::uint32_t y = 0; y < record.h; ++y)
        std::memcpy(square.data() + (std::size_t(record.y + y) * shape.size + record.x) * shape.channels,
                    part.data() + y * rowBytes, rowBytes);
}

PackRecord describeImage(const Image& image, PackShape shape, Fit fit)
{
    PackRecord record;
    record.fileSha = image.fileSha;
    record.pixelSha = pixelSha(image);
    record.width = image.width;
    record.height = image.height;
    record.bits = image.bits;
    record.fit = fit;
    record.damaged = image.damaged;
    record.low = image.windowLow;
    record.high = image.windowHigh;
    placeInSquare(record, shape.size);
    return record;
}

} // namespace

std::vector<std::uint8_t> windowed(const Image& image)
{
    std::vector<std::uint8_t> out(image.values());
    if (image.bits == 16)
        applyWindow(image.values16(), image.windowLow, image.windowHigh, out);
    else if (image.windowLow == 0 && image.windowHigh == 255)
        std::memcpy(out.data(), image.pixels.get(), out.size());
    else
        applyWindow(image.values8(), image.windowLow, image.windowHigh, out);
    return out;
}

std::vector<std::uint8_t> resizeArea(const std::vector<std::uint8_t>& pixels, std::uint32_t width, std::uint32_t height,
                                     std::uint32_t channels, std::uint32_t toWidth, std::uint32_t toHeight)
{
    assert(width && height && toWidth && toHeight && pixels.size() == std::size_t(width) * height * channels);
    if (width == toWidth && height == toHeight)
        return pixels;
    const Axis across(width, toWidth), down(height, toHeight);
    const std::size_t rowValues = std::size_t(toWidth) * channels;
    std::vector<std::uint8_t> out(rowValues * toHeight);
    Row row(rowValues), sum(rowValues);
    std::uint32_t have = height; // the input row that `row` holds; height: none yet
    for (std::uint32_t y = 0; y < toHeight; ++y) {
        const Span& span = down.spans[y];
        std::fill(sum.begin(), sum.end(), 0.f);
        for (std::uint32_t p = 0; p < span.count; ++p) {
            if (have != span.first + p) {
                have = span.first + p;
                shrinkRow(pixels.data() + std::size_t(have) * width * channels, channels, across, row);
            }
            const float weight = down.weights[span.offset + p];
            for (std::size_t i = 0; i < rowValues; ++i)
                sum[i] += weight * row[i];
        }
        for (std::size_t i = 0; i < rowValues; ++i)
            out[y * rowValues + i] = std::uint8_t(std::clamp(sum[i] + 0.5f, 0.f, 255.f));
    }
    return out;
}

PackImage makePackRecord(const Image& image, PackShape shape, Fit fit)
{
    PackImage result{describeImage(image, shape, fit), std::vector<std::uint8_t>(shape.pixels())};
    std::vector<std::uint8_t> pixels = windowed(image);
    if (image.channels == 3 && shape.channels == 1)
        pixels = luma(pixels);
    const std::uint32_t channels = std::min<std::uint32_t>(image.channels, shape.channels);
    pixels = resizeArea(pixels, image.width, image.height, channels, result.record.w, result.record.h);
    if (channels < shape.channels)
        pixels = replicated(pixels);
    copyInto(pixels, result.record, shape, result.pixels);
    return result;
}

} // namespace foveate::imaging
