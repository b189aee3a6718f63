// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Decode.h"

#include "imaging/Codecs.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

namespace foveate::imaging {
namespace {

/// Group 0002 or 0008 with a small element number, little-endian, then a VR of two letters or a small length.
bool looksLikeBareDicom(const std::uint8_t* head, std::size_t size)
{
    if (size < 132 || (head[0] != 0x02 && head[0] != 0x08) || head[1] != 0 || head[3] != 0)
        return false;
    const bool explicitVr = std::isupper(head[4]) && std::isupper(head[5]);
    const std::uint32_t length = std::uint32_t(head[4]) | std::uint32_t(head[5]) << 8 | std::uint32_t(head[6]) << 16 |
                                 std::uint32_t(head[7]) << 24;
    return explicitVr || length <= 64;
}

Result<Picture> dispatch(Source& source, std::uint32_t frame, Format format)
{
    switch (format) {
    case Format::png: return decodePng(source, frame);
    case Format::jpeg: return decodeJpeg(source, frame);
    case Format::tiff: return decodeTiff(source, frame);
    case Format::bmp: return decodeBmp(source, frame);
    case Format::dicom: return decodeDicom(source, frame);
    }
    return fail(Code::notAnImage);
}

/// No library's exception leaves this folder.
Result<Picture> guarded(Source& source, std::uint32_t frame, Format format)
{
    try {
        return dispatch(source, frame, format);
    } catch (const std::bad_alloc&) {
        return codecError(Code::tooLarge, "not enough memory");
    } catch (const std::exception& error) {
        return codecError(Code::damaged, error.what());
    }
}

} // namespace

std::optional<Format> sniff(Source& source)
{
    std::uint8_t head[132] = {};
    const std::size_t size = source.read(0, head, sizeof head);
    const auto starts = [&](std::string_view magic) {
        return size >= magic.size() && std::memcmp(head, magic.data(), magic.size()) == 0;
    };
    using namespace std::string_view_literals;
    if (size == sizeof head && std::memcmp(head + 128, "DICM", 4) == 0)
        return Format::dicom;
    if (starts("\x89PNG\r\n\x1a\n"sv))
        return Format::png;
    if (starts("\xff\xd8\xff"sv))
        return Format::jpeg;
    if (starts("II*\0"sv) || starts("MM\0*"sv) || starts("II+\0"sv) || starts("MM\0+"sv))
        return Format::tiff;
    if (starts("BM"sv) && size >= 26)
        return Format::bmp;
    if (looksLikeBareDicom(head, size))
        return Format::dicom;
    return std::nullopt;
}

void setPercentileWindow(Picture& picture)
{
    const std::size_t count = picture.about.values();
    const std::uint16_t* values = picture.pixels.as<std::uint16_t>();
    std::vector<std::uint64_t> histogram(65536);
    for (std::size_t i = 0; i < count; ++i)
        ++histogram[values[i]];
    const auto reach = [&](double share) {
        const auto wanted = std::max<std::uint64_t>(1, std::uint64_t(std::ceil(share * double(count))));
        std::uint64_t sum = 0;
        std::uint32_t v = 0;
        while ((sum += histogram[v]) < wanted)
            ++v;
        return v;
    };
    const std::uint32_t low = reach(0.001), high = reach(0.999);
    picture.about.windowLow = float(low);
    picture.about.windowHigh = float(std::max(high, low + 1));
}

Result<Picture> decodeFrame(Source& source, std::uint32_t frame)
{
    const std::optional<Format> format = sniff(source);
    if (!format)
        return fail(Code::notAnImage);
    FOVEATE_TRY(Picture picture, guarded(source, frame, *format));
    picture.about.frame = frame;
    if (picture.about.bits == 16 && !picture.about.windowFromFile)
        setPercentileWindow(picture);
    return picture;
}

} // namespace foveate::imaging
