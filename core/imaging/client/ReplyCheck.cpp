// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/ReplyCheck.h"

#include "base/Text.h"

#include <cmath>
#include <cstring>

namespace foveate::imaging {
namespace {

using protocol::Outcome;
using protocol::Reply;

bool sizesAgree(const Reply& reply)
{
    const bool sides = reply.width >= 1 && reply.width <= protocol::kMaxSide && reply.height >= 1 &&
                       reply.height <= protocol::kMaxSide;
    const bool depth = (reply.channels == 1 || reply.channels == 3) && (reply.bits == 8 || reply.bits == 16) &&
                       reply.bitsStored >= 1 && reply.bitsStored <= 64;
    const std::uint64_t pixels = std::uint64_t(reply.width) * reply.height;
    return sides && depth && pixels <= protocol::kMaxPixels &&
           reply.byteCount == pixels * reply.channels * (reply.bits / 8);
}

bool framesAgree(const Reply& reply, const protocol::Request& request)
{
    return reply.frame == request.frame && reply.frames <= protocol::kMaxFrames && reply.frame < reply.frames;
}

bool numbersAgree(const Reply& reply)
{
    const bool window =
        std::isfinite(reply.windowLow) && std::isfinite(reply.windowHigh) && reply.windowLow < reply.windowHigh;
    const bool spacing =
        !(reply.flags & protocol::kSpacing) || (std::isfinite(reply.spacingRow) && reply.spacingRow > 0 &&
                                                std::isfinite(reply.spacingColumn) && reply.spacingColumn > 0);
    return window && spacing && std::isfinite(reply.valueSlope) && std::isfinite(reply.valueIntercept);
}

Error failureOf(const Reply& reply, const std::string& label)
{
    const std::string detail = textField(reply.detail, sizeof reply.detail);
    switch (reply.outcome) {
    case Outcome::notAnImage: return {Code::notAnImage, {label}};
    case Outcome::unsupported: return {Code::unsupported, {label, detail}};
    case Outcome::damaged: return {Code::damaged, {label, detail}};
    case Outcome::tooLarge: return {Code::tooLarge, {label, detail}};
    case Outcome::noSuchFrame: return {Code::usage, {"frame"}};
    case Outcome::unreadable: return {Code::io, {label, detail}};
    case Outcome::ok: break;
    }
    return {Code::decoderDied, {label, "reply"}};
}

Image toImage(const Reply& reply)
{
    Image image;
    image.width = reply.width;
    image.height = reply.height;
    image.channels = std::uint8_t(reply.channels);
    image.bits = std::uint8_t(reply.bits);
    image.bitsStored = std::uint8_t(reply.bitsStored);
    image.format = Format(reply.format);
    image.frame = reply.frame;
    image.frames = reply.frames;
    image.damaged = reply.flags & protocol::kDamaged;
    image.damage = image.damaged ? textField(reply.detail, sizeof reply.detail) : std::string();
    image.inverted = reply.flags & protocol::kInverted;
    image.windowLow = reply.windowLow;
    image.windowHigh = reply.windowHigh;
    image.windowFromFile = reply.flags & protocol::kWindowFromFile;
    image.valueSlope = reply.valueSlope;
    image.valueIntercept = reply.valueIntercept;
    if (reply.flags & protocol::kSpacing)
        image.spacingMm = Spacing{reply.spacingRow, reply.spacingColumn};
    image.patientKeyHint = std::string(reply.patient, strnlen(reply.patient, sizeof reply.patient));
    return image;
}

} // namespace

std::string textField(const char* field, std::size_t size)
{
    return printable(std::string_view(field, strnlen(field, size)));
}

Result<Image> imageFromReply(const Reply& reply, const protocol::Request& request, const std::string& label)
{
    if (reply.magic != protocol::kMagic || reply.id != request.id)
        return fail(Code::decoderDied, {label, "reply"});
    if (reply.outcome != Outcome::ok)
        return tl::unexpected<Error>(failureOf(reply, label));
    if (reply.format > std::uint32_t(Format::dicom) || !sizesAgree(reply) || !framesAgree(reply, request) ||
        !numbersAgree(reply))
        return fail(Code::decoderDied, {label, "reply"});
    return toImage(reply);
}

} // namespace foveate::imaging
