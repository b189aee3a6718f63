// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/MadeImages.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimage/diregist.h> // colour, for the lossy encoder
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <stdexcept>

namespace foveate::made {
namespace {

void registerEncoders()
{
    static const bool once = [] {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        DcmRLEEncoderRegistration::registerCodecs();
        DJEncoderRegistration::registerCodecs();
        DJLSEncoderRegistration::registerCodecs();
        return true;
    }();
    (void)once;
}

E_TransferSyntax syntaxNamed(const std::string& name)
{
    if (name == "implicit")
        return EXS_LittleEndianImplicit;
    if (name == "big")
        return EXS_BigEndianExplicit;
    if (name == "deflated")
        return EXS_DeflatedLittleEndianExplicit;
    if (name == "rle")
        return EXS_RLELossless;
    if (name == "jpeg-lossless")
        return EXS_JPEGProcess14SV1;
    if (name == "jpeg")
        return EXS_JPEGProcess1;
    if (name == "jpeg-ls")
        return EXS_JPEGLSLossless;
    return EXS_LittleEndianExplicit;
}

std::string frameBytes(Pixels pixels, const DicomOptions& options, unsigned frame)
{
    for (std::uint16_t& value : pixels.values)
        value = std::uint16_t(value + frame);
    if (!options.planar)
        return pixels.bytes();
    std::string out;
    for (std::uint32_t c = 0; c < pixels.channels; ++c)
        for (std::size_t i = c; i < pixels.values.size(); i += pixels.channels)
            out += char(pixels.values[i]);
    return out;
}

void describe(DcmDataset& set, const Pixels& pixels, const DicomOptions& options)
{
    const unsigned stored = options.stored ? options.stored : pixels.bits;
    const std::string usual = pixels.channels == 3 ? "RGB" : "MONOCHROME2";
    set.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
    set.putAndInsertString(DCM_SOPInstanceUID, "1.2.276.0.7230010.3.1.4.1");
    set.putAndInsertString(DCM_PatientID, options.patient.c_str());
    set.putAndInsertUint16(DCM_SamplesPerPixel, Uint16(pixels.channels));
    set.putAndInsertString(DCM_PhotometricInterpretation,
                           (options.photometric.empty() ? usual : options.photometric).c_str());
    if (pixels.channels == 3)
        set.putAndInsertUint16(DCM_PlanarConfiguration, options.planar);
    set.putAndInsertString(DCM_NumberOfFrames, std::to_string(options.frames).c_str());
    set.putAndInsertUint16(DCM_Rows, Uint16(pixels.height));
    set.putAndInsertUint16(DCM_Columns, Uint16(pixels.width));
    set.putAndInsertUint16(DCM_BitsAllocated, pixels.bits > 8 ? 16 : 8);
    set.putAndInsertUint16(DCM_BitsStored, Uint16(stored));
    set.putAndInsertUint16(DCM_HighBit, Uint16(stored - 1));
    set.putAndInsertUint16(DCM_PixelRepresentation, options.isSigned);
    set.putAndInsertString(DCM_PixelSpacing, "0.5\\0.25");
    if (options.windowWidth > 0) {
        set.putAndInsertString(DCM_WindowCenter, std::to_string(options.windowCentre).c_str());
        set.putAndInsertString(DCM_WindowWidth, std::to_string(options.windowWidth).c_str());
    }
    set.putAndInsertString(DCM_RescaleSlope, std::to_string(options.slope).c_str());
    set.putAndInsertString(DCM_RescaleIntercept, std::to_string(options.intercept).c_str());
}

void compress(DcmDataset& set, E_TransferSyntax syntax)
{
    const DJ_RPLossless lossless;
    const DJ_RPLossy lossy(95);
    const DJLSRepresentationParameter jpegLs(0, OFTrue);
    const DcmRepresentationParameter* how = nullptr;
    if (syntax == EXS_JPEGProcess14SV1)
        how = &lossless;
    else if (syntax == EXS_JPEGProcess1)
        how = &lossy;
    else if (syntax == EXS_JPEGLSLossless)
        how = &jpegLs;
    if (const OFCondition done = set.chooseRepresentation(syntax, how); done.bad())
        throw std::runtime_error(std::string("the DICOM writer cannot compress this: ") +
                                 DcmXfer(syntax).getXferName() + ": " + done.text());
}

} // namespace

std::string dicom(const Pixels& pixels, DicomOptions options)
{
    registerEncoders();
    DcmFileFormat file;
    DcmDataset& set = *file.getDataset();
    describe(set, pixels, options);
    std::string data;
    for (unsigned frame = 0; frame < options.frames; ++frame)
        data += frameBytes(pixels, options, frame);
    data.resize(data.size() + data.size() % 2);
    if (pixels.bits > 8)
        set.putAndInsertUint16Array(DCM_PixelData, reinterpret_cast<const Uint16*>(data.data()), data.size() / 2);
    else
        set.putAndInsertUint8Array(DCM_PixelData, reinterpret_cast<const Uint8*>(data.data()), data.size());
    const E_TransferSyntax syntax = syntaxNamed(options.syntax);
    if (DcmXfer(syntax).isEncapsulated())
        compress(set, syntax);
    std::string out(data.size() * 2 + 65536, '\0');
    DcmOutputBufferStream stream(out.data(), offile_off_t(out.size()));
    file.transferInit();
    if (file.write(stream, syntax, EET_ExplicitLength, nullptr).bad())
        throw std::runtime_error("the DICOM writer failed");
    file.transferEnd();
    stream.flush();
    void* begin = nullptr;
    offile_off_t length = 0;
    stream.flushBuffer(begin, length);
    return {static_cast<const char*>(begin), std::size_t(length)};
}

} // namespace foveate::made
