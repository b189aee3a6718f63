// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Codecs.h"
#include "imaging/DicomDictionary.h"
#include "imaging/DicomHeader.h"
#include "imaging/DicomStream.h"
#include "imaging/Jpeg2000.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

namespace foveate::imaging {
namespace {

constexpr Uint32 kKeptInFile = 4096; ///< longer values are read when they are wanted

/// Raw bytes of one frame and what is known of them.
struct Frame {
    Buffer bytes;
    std::uint64_t bitOffset = 0; ///< of the first sample; not 0 only for frames of 1-bit pixels
    std::string photometric;     ///< after decompression
    std::string damage;
    std::optional<CodeStream> codeStream; ///< JPEG 2000 instead of bytes
};

bool isJpeg2000(E_TransferSyntax syntax)
{
    return syntax == EXS_JPEG2000 || syntax == EXS_JPEG2000LosslessOnly;
}

/// The dataset's transfer syntax; DCMTK does not know HTJ2K, whose fragments lie just like JPEG 2000's. Unknown only
/// where the file names none; unsupported where it names one that is not known here.
Result<E_TransferSyntax> syntaxOf(DcmMetaInfo& meta)
{
    OFString uid;
    if (meta.findAndGetOFString(DCM_TransferSyntaxUID, uid).bad() || uid.empty())
        return EXS_Unknown;
    if (uid == "1.2.840.10008.1.2.4.201" || uid == "1.2.840.10008.1.2.4.202" || uid == "1.2.840.10008.1.2.4.203")
        return EXS_JPEG2000;
    const E_TransferSyntax syntax = DcmXfer(uid.c_str()).getXfer();
    if (syntax == EXS_Unknown)
        return codecError(Code::unsupported, std::string("transfer syntax ") + uid.c_str());
    return syntax;
}

/// Reads what can be read; a dataset that breaks off after its pixels began is kept.
Status readDataset(Source& source, DcmDataset& dataset, E_TransferSyntax& syntax, std::string& damage)
{
    SourceStream stream(source, 0);
    DcmMetaInfo meta;
    meta.transferInit();
    meta.read(stream, EXS_Unknown, EGL_noChange, kKeptInFile);
    meta.transferEnd();
    FOVEATE_TRY(syntax, syntaxOf(meta));
    dataset.transferInit();
    const OFCondition read = dataset.read(stream, syntax, EGL_noChange, kKeptInFile);
    dataset.transferEnd();
    if (syntax == EXS_Unknown)
        syntax = dataset.getOriginalXfer();
    if (read.bad() && !dataset.tagExists(DCM_Rows))
        return codecError(Code::damaged, read.text());
    if (read.bad())
        damage = read.text();
    return {};
}

Result<Frame> readNative(DcmPixelData& data, const DicomHeader& header, std::uint32_t frame)
{
    const std::uint64_t firstBit = header.frameBits() * frame;
    const std::uint64_t begin = firstBit / 8, end = (firstBit + header.frameBits() + 7) / 8;
    const std::uint64_t length = data.getLength();
    Frame result;
    result.bitOffset = firstBit % 8;
    result.bytes = Buffer(std::size_t(end - begin) + 8);
    if (!result.bytes)
        return codecError(Code::tooLarge, "not enough memory");
    if (length <= begin)
        return codecError(Code::damaged, "no pixel data");
    const std::uint64_t there = std::min(end, length) - begin;
    if (there < end - begin)
        result.damage = "pixel data are too short";
    const OFCondition read = data.getPartialValue(result.bytes.data(), Uint32(begin), Uint32(there));
    if (read.bad())
        result.damage = read.text();
    return result;
}

/// The fragments of one frame, one after the other.
Result<std::vector<std::uint8_t>> fragmentsOf(DcmPixelSequence& sequence, std::uint32_t frames, std::uint32_t frame)
{
    const auto items = std::uint32_t(sequence.card());
    if (items < 2)
        return codecError(Code::damaged, "no pixel data");
    Uint32 first = 1, next = items;
    if (frames > 1 && DcmCodec::determineStartFragment(frame, Sint32(frames), &sequence, first).bad())
        return codecError(Code::damaged, "frames and fragments do not agree");
    if (frames > 1 && frame + 1 < frames &&
        DcmCodec::determineStartFragment(frame + 1, Sint32(frames), &sequence, next).bad())
        return codecError(Code::damaged, "frames and fragments do not agree");
    std::vector<std::uint8_t> bytes;
    for (Uint32 i = first; i < std::min(next, items); ++i) {
        DcmPixelItem* item = nullptr;
        Uint8* part = nullptr;
        if (sequence.getItem(item, i).bad() || !item || item->getUint8Array(part).bad() || !part)
            return codecError(Code::damaged, "a fragment is missing");
        bytes.insert(bytes.end(), part, part + item->getLength());
    }
    return bytes;
}

Result<Frame> readJpeg2000(DcmPixelData& data, E_TransferSyntax syntax, const DicomHeader& header, std::uint32_t frame)
{
    DcmPixelSequence* sequence = nullptr;
    if (data.getEncapsulatedRepresentation(syntax, nullptr, sequence).bad() || !sequence)
        return codecError(Code::damaged, "no pixel data");
    FOVEATE_TRY(const std::vector<std::uint8_t> bytes, fragmentsOf(*sequence, header.frames, frame));
    Frame result;
    FOVEATE_TRY(CodeStream decoded, decodeCodeStream(bytes, header.columns, header.rows));
    result.damage = decoded.damage;
    result.codeStream = std::move(decoded);
    return result;
}

Result<Frame> readCompressed(DcmPixelData& data, DcmItem& dataset, const DicomHeader& header, std::uint32_t frame)
{
    Uint32 frameBytes = 0;
    if (data.getUncompressedFrameSize(&dataset, frameBytes).bad() || frameBytes < header.frameBits() / 8)
        return codecError(Code::damaged, "frame size");
    Frame result;
    result.bytes = Buffer(std::size_t(frameBytes) + 8);
    if (!result.bytes)
        return codecError(Code::tooLarge, "not enough memory");
    Uint32 fragment = 0;
    OFString photometric;
    const OFCondition read = data.getUncompressedFrame(&dataset, frame, fragment, result.bytes.data(),
                                                       frameBytes + frameBytes % 2, photometric);
    if (read.bad())
        return codecError(read == EC_CannotChangeRepresentation ? Code::unsupported : Code::damaged, read.text());
    result.photometric = photometric.c_str();
    return result;
}

Result<Frame> readFrame(DcmDataset& dataset, E_TransferSyntax syntax, const DicomHeader& header, std::uint32_t frame)
{
    DcmElement* element = nullptr;
    if (dataset.findAndGetElement(DCM_PixelData, element).bad() || !element)
        return codecError(Code::unsupported, "no pixel data");
    DcmPixelData* data = dynamic_cast<DcmPixelData*>(element);
    if (!data)
        return codecError(Code::damaged, "pixel data of another kind");
    if (!DcmXfer(syntax).isEncapsulated())
        return readNative(*data, header, frame);
    return isJpeg2000(syntax) ? readJpeg2000(*data, syntax, header, frame)
                              : readCompressed(*data, dataset, header, frame);
}

/// Sample number → where its bytes stand, for colour by pixel or by plane.
std::size_t storedIndex(const DicomHeader& header, std::size_t pixel, std::uint32_t sample, std::size_t pixels)
{
    return header.planar ? sample * pixels + pixel : pixel * header.perPixel + sample;
}

template <typename Word, typename Out> void unpack(const DicomHeader& header, const Frame& frame, Samples& samples)
{
    const unsigned shift = header.highBit + 1 - header.stored;
    const std::uint64_t mask = (std::uint64_t(1) << header.stored) - 1;
    const std::uint64_t sign = header.isSigned ? std::uint64_t(1) << (header.stored - 1) : 0;
    const unsigned drop = header.stored > 16 ? header.stored - 16 : 0;
    const std::size_t pixels = samples.pixels();
    Out* out = samples.data.as<Out>();
    for (std::size_t p = 0; p < pixels; ++p)
        for (std::uint32_t s = 0; s < header.perPixel; ++s) {
            Word word;
            std::memcpy(&word, frame.bytes.data() + storedIndex(header, p, s, pixels) * sizeof(Word), sizeof word);
            // Flipping the sign bit of a two's complement number adds half the range.
            *out++ = Out(((std::uint64_t(word) >> shift & mask) ^ sign) >> drop);
        }
}

void unpackBits(const Frame& frame, Samples& samples)
{
    const std::uint8_t* in = frame.bytes.as<std::uint8_t>();
    std::uint8_t* out = samples.data.as<std::uint8_t>();
    for (std::size_t i = 0; i < samples.pixels() * samples.perPixel; ++i) {
        const std::uint64_t bit = frame.bitOffset + i;
        out[i] = in[bit / 8] >> (bit % 8) & 1;
    }
}

/// Y1 Y2 B R for every two pixels.
void unpackYbr422(const Frame& frame, Samples& samples)
{
    const std::uint8_t* in = frame.bytes.as<std::uint8_t>();
    std::uint8_t* out = samples.data.as<std::uint8_t>();
    for (std::size_t p = 0; p < samples.pixels(); ++p, out += 3) {
        const std::uint8_t* group = in + p / 2 * 4;
        out[0] = group[p % 2];
        out[1] = group[2];
        out[2] = group[3];
    }
}

Result<Samples> toSamples(const DicomHeader& header, Frame& frame)
{
    const unsigned bits = std::min(header.stored, 16u);
    FOVEATE_TRY(Samples samples, Samples::create(header.columns, header.rows, header.perPixel,
                                                 bits <= 8 ? Samples::Kind::u8 : Samples::Kind::u16, bits));
    if (header.allocated == 1)
        unpackBits(frame, samples);
    else if (header.isYbr422() && frame.photometric.empty() && header.allocated == 8 && header.perPixel == 3)
        unpackYbr422(frame, samples);
    else if (header.allocated == 8)
        unpack<std::uint8_t, std::uint8_t>(header, frame, samples);
    else if (header.allocated == 16)
        bits <= 8 ? unpack<std::uint16_t, std::uint8_t>(header, frame, samples)
                  : unpack<std::uint16_t, std::uint16_t>(header, frame, samples);
    else
        bits <= 8 ? unpack<std::uint32_t, std::uint8_t>(header, frame, samples)
                  : unpack<std::uint32_t, std::uint16_t>(header, frame, samples);
    return samples;
}

Result<Samples> readFloats(DcmItem& dataset, const DicomHeader& header, std::uint32_t frame)
{
    FOVEATE_TRY(Samples samples, Samples::create(header.columns, header.rows, 1, Samples::Kind::f32, 32));
    const std::size_t first = samples.pixels() * frame;
    const Float32* singles = nullptr;
    const Float64* doubles = nullptr;
    unsigned long count = 0;
    if (dataset.findAndGetFloat32Array(DCM_FloatPixelData, singles, &count).bad() || !singles)
        dataset.findAndGetFloat64Array(DCM_DoubleFloatPixelData, doubles, &count);
    if ((!singles && !doubles) || count < first + samples.pixels())
        return codecError(Code::damaged, "pixel data are too short");
    for (std::size_t i = 0; i < samples.pixels(); ++i)
        samples.data.as<float>()[i] = singles ? singles[first + i] : float(doubles[first + i]);
    return samples;
}

Result<Meaning> meaningOf(DcmItem& dataset, const std::string& photometric, const DicomHeader& header)
{
    Meaning meaning;
    meaning.stretch = header.stored == 1 && !header.real;
    if (photometric == "MONOCHROME1") {
        meaning.colour = Meaning::Colour::whiteIsZero;
    } else if (photometric == "PALETTE COLOR") {
        meaning.colour = Meaning::Colour::palette;
        FOVEATE_CHECK(readDicomPalette(dataset, meaning));
    } else if (photometric == "YBR_FULL" || photometric == "YBR_FULL_422") {
        meaning.colour = Meaning::Colour::ybr;
    } else if (photometric == "CMYK") {
        meaning.colour = Meaning::Colour::cmyk;
    } else if (header.perPixel >= 3) {
        meaning.colour = Meaning::Colour::rgb; // RGB, and YBR_RCT and YBR_ICT, which their decoder has undone
    }
    return meaning;
}

/// How pixel values, modality values and the window relate. pixel = (stored − smallest) or (largest − that), cut to 16
/// bits.
void describeValues(const DicomHeader& header, Picture& picture)
{
    Image& about = picture.about;
    about.spacingMm = header.spacing;
    about.patientKeyHint = header.patient;
    if (about.channels != 1 || header.real || header.stored == 1)
        return;
    const double step = header.stored > 16 ? std::ldexp(1.0, int(header.stored) - 16) : 1.0;
    const double smallest = header.isSigned ? -std::ldexp(1.0, int(header.stored) - 1) : 0.0;
    const double top = std::ldexp(1.0, int(std::min(header.stored, 16u))) - 1;
    about.valueSlope = header.slope * step;
    about.valueIntercept = header.slope * smallest + header.intercept;
    if (about.inverted) {
        about.valueIntercept += about.valueSlope * top;
        about.valueSlope = -about.valueSlope;
    }
    about.windowHigh = float(top);
    if (!header.voi)
        return;
    const double one = (header.voi->low - about.valueIntercept) / about.valueSlope;
    const double other = (header.voi->high - about.valueIntercept) / about.valueSlope;
    const auto low = float(std::min(one, other) + 0.0), high = float(std::max(one, other));
    if (std::isfinite(low) && std::isfinite(high) && low < high) {
        about.windowLow = low;
        about.windowHigh = high;
        about.windowFromFile = true;
    }
}

/// Signed samples of fewer bits than the header stores start at the header's smallest value, as they would
/// uncompressed.
void alignWithHeader(const DicomHeader& header, CodeStream& stream)
{
    Samples& samples = stream.samples;
    if (header.stored <= samples.bits || header.stored > 16 || samples.kind != Samples::Kind::u16 ||
        header.isSigned != stream.isSigned)
        return;
    const unsigned shift = stream.isSigned ? (1u << (header.stored - 1)) - (1u << (samples.bits - 1)) : 0;
    std::uint16_t* values = samples.data.as<std::uint16_t>();
    for (std::size_t i = 0; i < samples.pixels() * samples.perPixel; ++i)
        values[i] = std::uint16_t(values[i] + shift);
    samples.bits = header.stored;
}

/// What the stream says of itself where the header lies about it.
void adoptCodeStream(const CodeStream& stream, DicomHeader& header)
{
    header.stored = stream.samples.bits;
    header.allocated = header.stored <= 8 ? 8 : 16;
    header.highBit = header.stored - 1;
    header.isSigned = stream.isSigned;
    header.perPixel = stream.samples.perPixel;
}

Result<Picture> renderFrame(DcmDataset& dataset, E_TransferSyntax syntax, DicomHeader& header, std::uint32_t number)
{
    Picture picture;
    if (header.real) {
        FOVEATE_TRY(Samples floats, readFloats(dataset, header, number));
        FOVEATE_CHECK(render(floats, Meaning(), picture));
        return picture;
    }
    FOVEATE_TRY(Frame frame, readFrame(dataset, syntax, header, number));
    if (frame.codeStream) {
        alignWithHeader(header, *frame.codeStream);
        adoptCodeStream(*frame.codeStream, header);
    }
    FOVEATE_TRY(Samples samples,
                frame.codeStream ? Result<Samples>(std::move(frame.codeStream->samples)) : toSamples(header, frame));
    const std::string& photometric = frame.photometric.empty() ? header.photometric : frame.photometric;
    FOVEATE_TRY(const Meaning meaning, meaningOf(dataset, photometric, header));
    FOVEATE_CHECK(render(samples, meaning, picture));
    picture.about.bitsStored = std::uint8_t(header.stored);
    if (!frame.damage.empty())
        picture.damage(frame.damage);
    return picture;
}

} // namespace

void prepareDicom()
{
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    loadDicomDictionary();
}

Result<Picture> decodeDicom(Source& source, std::uint32_t frame)
{
    DcmDataset dataset;
    E_TransferSyntax syntax = EXS_Unknown;
    std::string damage;
    FOVEATE_CHECK(readDataset(source, dataset, syntax, damage));
    FOVEATE_TRY(DicomHeader header, DicomHeader::read(dataset, frame));
    if (frame >= header.frames)
        return noSuchFrame();
    FOVEATE_TRY(Picture picture, renderFrame(dataset, syntax, header, frame));
    picture.about.format = Format::dicom;
    picture.about.frames = header.frames;
    describeValues(header, picture);
    if (!damage.empty())
        picture.damage(damage);
    return picture;
}

} // namespace foveate::imaging
