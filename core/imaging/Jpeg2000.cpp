// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Jpeg2000.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <openjpeg.h>

namespace foveate::imaging {
namespace {

struct Input {
    std::span<const std::uint8_t> bytes;
    std::size_t at = 0;
};

OPJ_SIZE_T readBytes(void* to, OPJ_SIZE_T count, void* user)
{
    Input& input = *static_cast<Input*>(user);
    const std::size_t got = std::min<std::size_t>(count, input.bytes.size() - input.at);
    if (got == 0)
        return OPJ_SIZE_T(-1);
    std::memcpy(to, input.bytes.data() + input.at, got);
    input.at += got;
    return got;
}

OPJ_OFF_T skipBytes(OPJ_OFF_T count, void* user)
{
    Input& input = *static_cast<Input*>(user);
    if (count < 0)
        return -1;
    input.at += std::min<std::size_t>(std::size_t(count), input.bytes.size() - input.at);
    return count;
}

OPJ_BOOL seekTo(OPJ_OFF_T offset, void* user)
{
    Input& input = *static_cast<Input*>(user);
    if (offset < 0 || std::size_t(offset) > input.bytes.size())
        return OPJ_FALSE;
    input.at = std::size_t(offset);
    return OPJ_TRUE;
}

void note(const char* message, void* user)
{
    std::string& text = *static_cast<std::string*>(user);
    if (text.empty())
        text = std::string(message).substr(0, std::strcspn(message, "\n"));
}

void ignore(const char*, void*)
{}

struct StreamEnd {
    void operator()(opj_stream_t* p) const { opj_stream_destroy(p); }
};
struct CodecEnd {
    void operator()(opj_codec_t* p) const { opj_destroy_codec(p); }
};
struct ImageEnd {
    void operator()(opj_image_t* p) const { opj_image_destroy(p); }
};

std::unique_ptr<opj_stream_t, StreamEnd> openStream(Input& input)
{
    std::unique_ptr<opj_stream_t, StreamEnd> stream(opj_stream_create(64 * 1024, OPJ_TRUE));
    opj_stream_set_user_data(stream.get(), &input, nullptr);
    opj_stream_set_user_data_length(stream.get(), input.bytes.size());
    opj_stream_set_read_function(stream.get(), readBytes);
    opj_stream_set_skip_function(stream.get(), skipBytes);
    opj_stream_set_seek_function(stream.get(), seekTo);
    return stream;
}

Status checkComponents(const opj_image_t& image, std::uint32_t width, std::uint32_t height)
{
    if (image.x1 <= image.x0 || image.y1 <= image.y0 || image.x1 - image.x0 != width || image.y1 - image.y0 != height)
        return codecError(Code::damaged, "size differs from the header");
    if (image.numcomps != 1 && image.numcomps != 3 && image.numcomps != 4)
        return codecError(Code::unsupported, std::to_string(image.numcomps) + " components");
    const opj_image_comp_t& first = image.comps[0];
    for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
        const opj_image_comp_t& one = image.comps[c];
        if (one.dx != 1 || one.dy != 1 || one.prec != first.prec || one.sgnd != first.sgnd)
            return codecError(Code::unsupported, "components of different kinds");
    }
    return first.prec >= 1 && first.prec <= 16 ? Status() : codecError(Code::unsupported, "precision");
}

template <typename T> void copyComponents(const opj_image_t& image, Samples& samples)
{
    const opj_image_comp_t& first = image.comps[0];
    const std::int64_t shift = first.sgnd ? std::int64_t(1) << (first.prec - 1) : 0;
    const std::int64_t top = (std::int64_t(1) << first.prec) - 1;
    for (std::uint32_t c = 0; c < samples.perPixel; ++c)
        for (std::size_t i = 0; i < samples.pixels(); ++i)
            samples.data.as<T>()[i * samples.perPixel + c] =
                T(std::clamp<std::int64_t>(image.comps[c].data[i] + shift, 0, top));
}

Result<CodeStream> takeComponents(const opj_image_t& image, std::string damage)
{
    for (OPJ_UINT32 c = 0; c < image.numcomps; ++c)
        if (!image.comps[c].data || image.comps[c].w != image.comps[0].w || image.comps[c].h != image.comps[0].h)
            return codecError(Code::damaged, "a component is missing");
    const unsigned bits = image.comps[0].prec;
    CodeStream result;
    FOVEATE_TRY(result.samples, Samples::create(image.comps[0].w, image.comps[0].h, image.numcomps >= 3 ? 3 : 1,
                                                bits <= 8 ? Samples::Kind::u8 : Samples::Kind::u16, bits));
    bits <= 8 ? copyComponents<std::uint8_t>(image, result.samples)
              : copyComponents<std::uint16_t>(image, result.samples);
    result.isSigned = image.comps[0].sgnd;
    result.damage = std::move(damage);
    return result;
}

OPJ_CODEC_FORMAT formatOf(std::span<const std::uint8_t> bytes)
{
    // Some writers wrap the code stream in a JP2 file, against the standard.
    return bytes.size() > 8 && std::memcmp(bytes.data() + 4, "jP  ", 4) == 0 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K;
}

} // namespace

Result<CodeStream> decodeCodeStream(std::span<const std::uint8_t> bytes, std::uint32_t width, std::uint32_t height)
{
    FOVEATE_CHECK(checkSize(width, height));
    Input input{bytes};
    std::string errors;
    std::string warnings;
    const auto stream = openStream(input);
    const std::unique_ptr<opj_codec_t, CodecEnd> codec(opj_create_decompress(formatOf(bytes)));
    opj_set_info_handler(codec.get(), ignore, nullptr);
    opj_set_warning_handler(codec.get(), note, &warnings);
    opj_set_error_handler(codec.get(), note, &errors);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* raw = nullptr;
    const bool header = opj_setup_decoder(codec.get(), &parameters) &&
                        opj_decoder_set_strict_mode(codec.get(), OPJ_FALSE) &&
                        opj_read_header(stream.get(), codec.get(), &raw);
    const std::unique_ptr<opj_image_t, ImageEnd> image(raw);
    if (!header || !image)
        return codecError(Code::damaged, errors);
    FOVEATE_CHECK(checkComponents(*image, width, height));
    if (!opj_decode(codec.get(), stream.get(), image.get()))
        return codecError(Code::damaged, errors);
    if (image->comps[0].w != width || image->comps[0].h != height)
        return codecError(Code::damaged, "size differs from the header");
    opj_end_decompress(codec.get(), stream.get());
    return takeComponents(*image, errors.empty() ? warnings : errors);
}

} // namespace foveate::imaging
