// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Samples.h"

#include "imaging/Codecs.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace foveate::imaging {
namespace {

using Colour = Meaning::Colour;
using Alpha = Meaning::Alpha;

std::size_t sampleBytes(Samples::Kind kind)
{
    return kind == Samples::Kind::u8 ? 1 : kind == Samples::Kind::u16 ? 2 : 4;
}

std::uint32_t largest(unsigned bits)
{
    return (std::uint32_t(1) << bits) - 1;
}

/// a · b / top, rounded: a share of full scale.
template <typename T> T share(std::uint32_t a, std::uint32_t b, std::uint32_t top)
{
    return T((std::uint64_t(a) * b + top / 2) / top);
}

/// Finite minimum..maximum onto 0..65535 in place of the floats; everything else becomes 0.
Status floatsToDepth16(Samples& samples)
{
    const std::size_t count = samples.pixels() * samples.perPixel;
    const float* in = samples.data.as<float>();
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (std::size_t i = 0; i < count; ++i)
        if (std::isfinite(in[i])) {
            low = std::min(low, in[i]);
            high = std::max(high, in[i]);
        }
    Buffer out(count * 2);
    if (!out)
        return codecError(Code::tooLarge, "not enough memory");
    const double scale = high > low ? 65535.0 / (double(high) - low) : 0.0;
    for (std::size_t i = 0; i < count; ++i)
        out.as<std::uint16_t>()[i] =
            std::isfinite(in[i]) ? std::uint16_t(std::lround((double(in[i]) - low) * scale)) : std::uint16_t(0);
    samples.data = std::move(out);
    samples.kind = Samples::Kind::u16;
    samples.bits = 16;
    return {};
}

template <typename T> void renderGrey(const Samples& samples, const Meaning& meaning, Picture& picture)
{
    const std::uint32_t top = largest(samples.bits);
    const bool invert = meaning.colour == Colour::whiteIsZero;
    const bool alpha = meaning.alpha == Alpha::straight && samples.perPixel >= 2;
    const bool stretch = meaning.stretch && samples.bits < 8;
    const T* in = samples.data.as<T>();
    T* out = picture.pixels.as<T>();
    for (std::size_t i = 0; i < samples.pixels(); ++i, in += samples.perPixel) {
        std::uint32_t value = std::min<std::uint32_t>(in[0], top);
        value = invert ? top - value : value;
        value = alpha ? share<T>(value, in[1], top) : value;
        out[i] = stretch ? share<T>(value, 255, top) : T(value);
    }
}

template <typename T> void renderRgb(const Samples& samples, const Meaning& meaning, Picture& picture)
{
    const std::uint32_t top = largest(samples.bits);
    const bool alpha = meaning.alpha == Alpha::straight && samples.perPixel >= 4;
    const T* in = samples.data.as<T>();
    T* out = picture.pixels.as<T>();
    for (std::size_t i = 0; i < samples.pixels(); ++i, in += samples.perPixel, out += 3)
        for (int c = 0; c < 3; ++c)
            out[c] = alpha ? share<T>(in[c], in[3], top) : in[c];
}

template <typename T> void renderPalette(const Samples& samples, const Meaning& meaning, Picture& picture)
{
    const T* in = samples.data.as<T>();
    std::uint8_t* out = picture.pixels.as<std::uint8_t>();
    for (std::size_t i = 0; i < samples.pixels(); ++i, in += samples.perPixel, out += 3) {
        const std::size_t index = in[0] > meaning.paletteFirst ? in[0] - meaning.paletteFirst : 0;
        const auto& entry = meaning.palette[std::min(index, meaning.palette.size() - 1)];
        std::copy(entry.begin(), entry.end(), out);
    }
}

void renderInks(const Samples& samples, Picture& picture)
{
    const std::uint8_t* in = samples.data.as<std::uint8_t>();
    std::uint8_t* out = picture.pixels.as<std::uint8_t>();
    for (std::size_t i = 0; i < samples.pixels(); ++i, in += samples.perPixel, out += 3)
        cmykToRgb(in, out, 1, false);
}

std::uint32_t coloursOf(Colour colour)
{
    switch (colour) {
    case Colour::rgb:
    case Colour::ybr: return 3;
    case Colour::cmyk: return 4;
    default: return 1;
    }
}

Status checkMeaning(const Samples& samples, const Meaning& meaning)
{
    if (samples.perPixel < coloursOf(meaning.colour))
        return codecError(Code::damaged, "too few samples per pixel");
    if (meaning.colour == Colour::palette && meaning.palette.empty())
        return codecError(Code::damaged, "no palette");
    const bool eightOnly = meaning.colour == Colour::cmyk || meaning.colour == Colour::ybr;
    if (eightOnly && samples.kind != Samples::Kind::u8)
        return codecError(Code::unsupported, "16 bit CMYK or YBR");
    return {};
}

std::uint8_t clamp8(double value)
{
    return std::uint8_t(std::clamp(value + 0.5, 0.0, 255.0));
}

} // namespace

Result<Samples> Samples::create(std::uint64_t width, std::uint64_t height, std::uint32_t perPixel, Kind kind,
                                unsigned bits)
{
    FOVEATE_CHECK(checkSize(width, height));
    Samples samples;
    samples.width = std::uint32_t(width);
    samples.height = std::uint32_t(height);
    samples.perPixel = perPixel;
    samples.kind = kind;
    samples.bits = bits;
    samples.data = Buffer(samples.pixels() * perPixel * sampleBytes(kind));
    if (!samples.data)
        return codecError(Code::tooLarge, "not enough memory");
    return samples;
}

Status render(Samples& samples, const Meaning& meaning, Picture& picture)
{
    const unsigned stored = samples.bits;
    if (samples.kind == Samples::Kind::f32)
        FOVEATE_CHECK(floatsToDepth16(samples));
    FOVEATE_CHECK(checkMeaning(samples, meaning));
    const bool wide = samples.kind == Samples::Kind::u16;
    const bool grey = meaning.colour == Colour::blackIsZero || meaning.colour == Colour::whiteIsZero;
    FOVEATE_CHECK(
        picture.shape(samples.width, samples.height, grey ? 1 : 3, wide && meaning.colour != Colour::palette ? 16 : 8));
    if (grey)
        wide ? renderGrey<std::uint16_t>(samples, meaning, picture)
             : renderGrey<std::uint8_t>(samples, meaning, picture);
    else if (meaning.colour == Colour::palette)
        wide ? renderPalette<std::uint16_t>(samples, meaning, picture)
             : renderPalette<std::uint8_t>(samples, meaning, picture);
    else if (meaning.colour == Colour::cmyk)
        renderInks(samples, picture);
    else
        wide ? renderRgb<std::uint16_t>(samples, meaning, picture) : renderRgb<std::uint8_t>(samples, meaning, picture);
    if (meaning.colour == Colour::ybr)
        ybrToRgb(picture.pixels.as<std::uint8_t>(), samples.pixels());
    picture.about.bitsStored = std::uint8_t(stored);
    picture.about.inverted = meaning.colour == Colour::whiteIsZero;
    return {};
}

void ybrToRgb(std::uint8_t* pixels, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i, pixels += 3) {
        const double y = pixels[0], b = pixels[1] - 128.0, r = pixels[2] - 128.0;
        pixels[0] = clamp8(y + 1.402 * r);
        pixels[1] = clamp8(y - 0.344136 * b - 0.714136 * r);
        pixels[2] = clamp8(y + 1.772 * b);
    }
}

void cmykToRgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::size_t pixels, bool inverted)
{
    for (std::size_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
        const unsigned black = inverted ? cmyk[3] : 255u - cmyk[3];
        for (int c = 0; c < 3; ++c)
            rgb[c] = share<std::uint8_t>(inverted ? cmyk[c] : 255u - cmyk[c], black, 255);
    }
}

void blendOntoBlack(const Buffer& withAlpha, Picture& picture)
{
    const unsigned channels = picture.about.channels;
    const std::size_t pixels = std::size_t(picture.about.width) * picture.about.height;
    const auto blend = [&](const auto* in, auto* out, std::uint32_t top) {
        using T = std::remove_pointer_t<decltype(out)>;
        for (std::size_t i = 0; i < pixels; ++i, in += channels + 1, out += channels)
            for (unsigned c = 0; c < channels; ++c)
                out[c] = share<T>(in[c], in[channels], top);
    };
    if (picture.about.bits == 16)
        blend(withAlpha.as<std::uint16_t>(), picture.pixels.as<std::uint16_t>(), 65535);
    else
        blend(withAlpha.as<std::uint8_t>(), picture.pixels.as<std::uint8_t>(), 255);
}

} // namespace foveate::imaging
