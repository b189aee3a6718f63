// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/DicomHeader.h"

#include "imaging/client/Protocol.h"

#include <algorithm>
#include <cmath>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

namespace foveate::imaging {
namespace {

std::uint32_t unsignedOf(DcmItem& item, const DcmTagKey& tag, std::uint32_t otherwise)
{
    Uint16 value = 0;
    if (item.findAndGetUint16(tag, value).good())
        return value;
    // A wrong VR (Rows as UL, as IS) still holds a number.
    long number = 0;
    OFString text;
    if (item.findAndGetOFString(tag, text).good() && std::sscanf(text.c_str(), "%ld", &number) == 1 && number >= 0)
        return std::uint32_t(std::min<long>(number, 0x7fffffff));
    return otherwise;
}

std::string textOf(DcmItem& item, const DcmTagKey& tag)
{
    OFString text;
    if (item.findAndGetOFString(tag, text).bad())
        return {};
    std::string value(text.c_str(), text.size());
    value.erase(value.find_last_not_of(std::string(" \0", 2)) + 1);
    return value;
}

std::optional<double> numberOf(DcmItem& item, const DcmTagKey& tag, unsigned long position = 0)
{
    Float64 value = 0;
    if (item.findAndGetFloat64(tag, value, position).good() && std::isfinite(value))
        return value;
    return std::nullopt;
}

/// An item of the frame's own functional groups, else of the shared ones, else the dataset itself.
DcmItem& groupItem(DcmItem& dataset, const DcmTagKey& sequence, std::uint32_t frame)
{
    DcmItem *group = nullptr, *item = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_PerFrameFunctionalGroupsSequence, group, long(frame)).good() && group &&
        group->findAndGetSequenceItem(sequence, item, 0).good() && item)
        return *item;
    if (dataset.findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, group, 0).good() && group &&
        group->findAndGetSequenceItem(sequence, item, 0).good() && item)
        return *item;
    return dataset;
}

/// PS3.3 C.11.2.1.2: LINEAR reaches black and white half a step earlier than LINEAR_EXACT; SIGMOID is drawn as the
/// latter.
std::optional<DicomHeader::Voi> readVoi(DcmItem& item)
{
    const auto centre = numberOf(item, DCM_WindowCenter), width = numberOf(item, DCM_WindowWidth);
    if (!centre || !width || *width <= 0)
        return std::nullopt;
    const std::string function = textOf(item, DCM_VOILUTFunction);
    if ((function.empty() || function == "LINEAR") && *width > 1)
        return DicomHeader::Voi{*centre - 0.5 - (*width - 1) / 2, *centre - 0.5 + (*width - 1) / 2};
    return DicomHeader::Voi{*centre - *width / 2, *centre + *width / 2};
}

std::optional<Spacing> readSpacing(DcmItem& item)
{
    for (const DcmTagKey& tag : {DCM_PixelSpacing, DCM_ImagerPixelSpacing}) {
        const auto row = numberOf(item, tag, 0), column = numberOf(item, tag, 1);
        if (row && column && *row > 0 && *column > 0)
            return Spacing{*row, *column};
    }
    return std::nullopt;
}

void readLayout(DcmItem& dataset, DicomHeader& header)
{
    header.rows = unsignedOf(dataset, DCM_Rows, 0);
    header.columns = unsignedOf(dataset, DCM_Columns, 0);
    header.perPixel = unsignedOf(dataset, DCM_SamplesPerPixel, 1);
    header.allocated = unsignedOf(dataset, DCM_BitsAllocated, 0);
    header.stored = unsignedOf(dataset, DCM_BitsStored, header.allocated);
    header.highBit = unsignedOf(dataset, DCM_HighBit, header.stored - 1);
    header.isSigned = unsignedOf(dataset, DCM_PixelRepresentation, 0) == 1;
    header.planar = header.perPixel > 1 && unsignedOf(dataset, DCM_PlanarConfiguration, 0) == 1;
    header.photometric = textOf(dataset, DCM_PhotometricInterpretation);
    header.real = !dataset.tagExists(DCM_PixelData) &&
                  (dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData));
    header.frames = std::max(1u, unsignedOf(dataset, DCM_NumberOfFrames, 1));
}

Status check(const DicomHeader& header)
{
    FOVEATE_CHECK(checkSize(header.columns, header.rows));
    if (header.frames > protocol::kMaxFrames)
        return codecError(Code::tooLarge, std::to_string(header.frames) + " frames");
    if (header.perPixel != 1 && header.perPixel != 3 && header.perPixel != 4)
        return codecError(Code::unsupported, std::to_string(header.perPixel) + " samples per pixel");
    if (header.real)
        return {};
    const std::uint32_t bits = header.allocated;
    if (bits != 1 && bits != 8 && bits != 16 && bits != 32)
        return codecError(Code::unsupported, std::to_string(bits) + " bits allocated");
    if (header.stored < 1 || header.stored > bits || header.highBit >= bits || header.highBit + 1 < header.stored)
        return codecError(Code::damaged, "bits stored, high bit and bits allocated do not agree");
    return {};
}

/// One colour table as 8-bit values. Entries of 8 bits may stand two to a word.
Result<std::vector<std::uint8_t>> readTable(DcmItem& dataset, const DcmTagKey& descriptor, const DcmTagKey& data,
                                            std::uint32_t& first)
{
    Uint16 entries = 0, start = 0, bits = 0;
    if (dataset.findAndGetUint16(descriptor, entries, 0).bad()) {
        Sint16 number = 0; // the descriptor's VR may be SS
        if (dataset.findAndGetSint16(descriptor, number, 0).bad())
            return codecError(Code::damaged, "no palette");
        entries = Uint16(number);
    }
    dataset.findAndGetUint16(descriptor, start, 1);
    if (dataset.findAndGetUint16(descriptor, bits, 2).bad())
        bits = 16;
    const Uint16* words = nullptr;
    unsigned long count = 0;
    if (dataset.findAndGetUint16Array(data, words, &count).bad() || !words || count == 0)
        return codecError(Code::damaged, "no palette");
    first = start;
    const std::size_t wanted = entries == 0 ? 65536 : entries;
    std::vector<std::uint8_t> table;
    if (bits == 8 && count < wanted)
        for (std::size_t i = 0; i < std::min<std::size_t>(wanted, count * 2); ++i)
            table.push_back(std::uint8_t(i % 2 ? words[i / 2] >> 8 : words[i / 2] & 0xff));
    else
        for (std::size_t i = 0; i < std::min<std::size_t>(wanted, count); ++i)
            table.push_back(std::uint8_t(bits == 8 ? words[i] & 0xff : words[i] >> 8));
    return table;
}

} // namespace

std::uint64_t DicomHeader::frameBits() const
{
    const std::uint64_t pixels = std::uint64_t(rows) * columns;
    return isYbr422() ? pixels * 2 * allocated : pixels * perPixel * allocated;
}

Result<DicomHeader> DicomHeader::read(DcmItem& dataset, std::uint32_t frame)
{
    DicomHeader header;
    readLayout(dataset, header);
    FOVEATE_CHECK(check(header));
    DcmItem& values = groupItem(dataset, DCM_PixelValueTransformationSequence, frame);
    header.slope = numberOf(values, DCM_RescaleSlope).value_or(1);
    header.intercept = numberOf(values, DCM_RescaleIntercept).value_or(0);
    if (header.slope == 0)
        header.slope = 1;
    header.voi = readVoi(groupItem(dataset, DCM_FrameVOILUTSequence, frame));
    header.spacing = readSpacing(groupItem(dataset, DCM_PixelMeasuresSequence, frame));
    header.patient = textOf(dataset, DCM_PatientID);
    return header;
}

Status readDicomPalette(DcmItem& dataset, Meaning& meaning)
{
    if (dataset.tagExists(DCM_SegmentedRedPaletteColorLookupTableData))
        return codecError(Code::unsupported, "segmented palette");
    FOVEATE_TRY(const auto red, readTable(dataset, DCM_RedPaletteColorLookupTableDescriptor,
                                          DCM_RedPaletteColorLookupTableData, meaning.paletteFirst));
    FOVEATE_TRY(const auto green, readTable(dataset, DCM_GreenPaletteColorLookupTableDescriptor,
                                            DCM_GreenPaletteColorLookupTableData, meaning.paletteFirst));
    FOVEATE_TRY(const auto blue, readTable(dataset, DCM_BluePaletteColorLookupTableDescriptor,
                                           DCM_BluePaletteColorLookupTableData, meaning.paletteFirst));
    const std::size_t entries = std::min({red.size(), green.size(), blue.size()});
    for (std::size_t i = 0; i < entries; ++i)
        meaning.palette.push_back({red[i], green[i], blue[i]});
    return {};
}

} // namespace foveate::imaging
