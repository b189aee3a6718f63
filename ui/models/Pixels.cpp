// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/Pixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace foveate::ui {

namespace {

std::vector<std::uint8_t> lookUpTable(int entries, Window window, bool invert)
{
    std::vector<std::uint8_t> table(static_cast<std::size_t>(entries));
    const double width = std::max(window.high - window.low, 1e-6);
    for (int value = 0; value < entries; ++value) {
        const double level = std::clamp((value - window.low) / width, 0.0, 1.0);
        const auto grey = std::uint8_t(std::lround(level * 255));
        table[std::size_t(value)] = invert ? std::uint8_t(255 - grey) : grey;
    }
    return table;
}

template <typename T> void mapRow(const std::uint8_t* from, std::uint8_t* to, int width, const std::uint8_t* table)
{
    const T* values = reinterpret_cast<const T*>(from);
    for (int x = 0; x < width; ++x)
        to[x] = table[values[x]];
}

QImage renderGrey(const Pixels& pixels, Window window, bool invert)
{
    const auto table = lookUpTable(pixels.bits == 16 ? 65536 : 256, window, invert);
    QImage image(pixels.width, pixels.height, QImage::Format_Grayscale8);
    const std::size_t stride = std::size_t(pixels.width) * (pixels.bits / 8);
    for (int y = 0; y < pixels.height; ++y) {
        const std::uint8_t* row = pixels.data.get() + stride * y;
        if (pixels.bits == 16)
            mapRow<std::uint16_t>(row, image.scanLine(y), pixels.width, table.data());
        else
            mapRow<std::uint8_t>(row, image.scanLine(y), pixels.width, table.data());
    }
    return image;
}

QImage renderColour(const Pixels& pixels, bool invert)
{
    QImage image(pixels.width, pixels.height, QImage::Format_RGB32);
    for (int y = 0; y < pixels.height; ++y) {
        auto* row = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < pixels.width; ++x) {
            std::array<int, 3> channel{};
            for (int c = 0; c < 3; ++c)
                channel[std::size_t(c)] = pixels.value(x, y, c) >> (pixels.bits - 8);
            row[x] = qRgb(channel[0], channel[1], channel[2]);
        }
    }
    if (invert)
        image.invertPixels();
    return image;
}

} // namespace

int Pixels::value(int x, int y, int channel) const
{
    const std::size_t index = (std::size_t(y) * width + x) * channels + channel;
    if (bits == 8)
        return data.get()[index];
    std::uint16_t wide = 0;
    std::memcpy(&wide, data.get() + index * 2, 2);
    return wide;
}

Pixels makePixels(int width, int height, int channels, int bits, std::span<const std::uint8_t> bytes)
{
    Pixels pixels{width, height, channels, bits, nullptr, 0, bits == 16 ? 65535.0 : 255.0, {}, false, false};
    if (width <= 0 || height <= 0 || bytes.size() != pixels.bytes())
        return {};
    auto copy = std::shared_ptr<std::uint8_t[]>(new std::uint8_t[bytes.size()]);
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    pixels.data = std::shared_ptr<const std::uint8_t>(copy, copy.get());
    return pixels;
}

Pixels pixelsOf(const imaging::Image& image)
{
    Pixels pixels;
    pixels.width = int(image.width);
    pixels.height = int(image.height);
    pixels.channels = image.channels;
    pixels.bits = image.bits;
    pixels.data = {image.pixels, reinterpret_cast<const std::uint8_t*>(image.pixels.get())};
    pixels.low = image.windowLow;
    pixels.high = image.windowHigh;
    // Pixels that are not square have no one length for a scale bar.
    if (image.spacingMm && std::abs(image.spacingMm->row - image.spacingMm->column) < 1e-3 * image.spacingMm->row)
        pixels.spacingMm = image.spacingMm->row;
    pixels.damaged = image.damaged;
    return pixels;
}

QImage toScreen(const Pixels& pixels, Window window, bool invert)
{
    if (!pixels.valid())
        return {};
    return pixels.channels == 1 ? renderGrey(pixels, window, invert) : renderColour(pixels, invert);
}

Window percentileWindow(const Pixels& pixels)
{
    if (!pixels.valid() || pixels.channels != 1)
        return {};
    std::vector<std::size_t> counts(pixels.bits == 16 ? 65536 : 256);
    for (int y = 0; y < pixels.height; ++y)
        for (int x = 0; x < pixels.width; ++x)
            ++counts[std::size_t(pixels.value(x, y))];
    const double total = double(pixels.width) * pixels.height;
    const auto at = [&](double share) {
        double seen = 0;
        for (std::size_t value = 0; value < counts.size(); ++value)
            if ((seen += double(counts[value])) >= share * total)
                return double(value);
        return double(counts.size() - 1);
    };
    const Window window{at(0.001), at(0.999)};
    return window.high > window.low ? window : Window{window.low, window.low + 1};
}

} // namespace foveate::ui
