// SPDX-License-Identifier: GPL-3.0-or-later
// Image files of every kind, made in memory with the libraries' own writers, so that tests know each pixel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::made {

/// [height, width, channels] interleaved; values up to 2^bits − 1.
struct Pixels {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t channels = 1;
    unsigned bits = 8;
    std::vector<std::uint16_t> values;

    std::uint16_t& at(std::uint32_t x, std::uint32_t y, std::uint32_t c)
    {
        return values[(std::size_t(y) * width + x) * channels + c];
    }
    /// The bytes an Image of the same depth holds.
    std::string bytes() const;
};

/// A pattern in which every pixel, row and channel differs from its neighbours.
Pixels pattern(std::uint32_t width, std::uint32_t height, std::uint32_t channels, unsigned bits = 8);
Pixels constant(std::uint32_t width, std::uint32_t height, std::uint32_t channels, std::uint16_t value,
                unsigned bits = 8);

struct PngOptions {
    bool interlaced = false;
    bool palette = false; ///< the values are indices; entry i is (i, 255 − i, 7)
};
/// channels 1..4 (grey, grey + alpha, RGB, RGBA), bits 1, 2, 4 (grey), 8, 16.
std::string png(const Pixels& pixels, PngOptions options = {});

struct JpegOptions {
    int quality = 95;
    bool progressive = false;
    int orientation = 0; ///< an EXIF block with it when not 0
};
/// channels 1, 3, or 4 (CMYK as Adobe stores it: 255 is no ink).
std::string jpeg(const Pixels& pixels, JpegOptions options = {});

struct TiffOptions {
    int photometric = -1;  ///< TIFF's number; -1: by channels
    int compression = 1;   ///< none
    bool tiled = false;    ///< 16 × 16
    bool separate = false; ///< colour by plane
    bool isSigned = false;
    bool real = false; ///< 32-bit floats of the values
    int orientation = 1;
    int extra = -1;       ///< kind of the last sample: 0 unspecified, 1 premultiplied, 2 straight alpha
    bool palette = false; ///< entry i is (i, 255 − i, 7)
};
std::string tiff(const std::vector<Pixels>& pages, TiffOptions options = {});

/// 24 bits, or 32 with channels 4, or 8 bits with a grey palette; bottom-up.
std::string bmp(const Pixels& pixels);

struct DicomOptions {
    std::string syntax = "explicit"; ///< explicit, implicit, big, deflated, rle, jpeg-lossless, jpeg, jpeg-ls
    std::string photometric = {};    ///< empty: MONOCHROME2 or RGB
    unsigned stored = 0;             ///< bits stored; 0: the pixels' bits
    bool isSigned = false;
    bool planar = false;
    unsigned frames = 1; ///< frame f holds the values plus f
    double windowCentre = 0, windowWidth = 0;
    double slope = 1, intercept = 0;
    std::string patient = "PATIENT-1";
};
/// Written by DCMTK.
std::string dicom(const Pixels& pixels, DicomOptions options = {});

/// Overwrites a DICOM element's 16-bit value in the file's bytes (explicit little-endian US), e.g. BitsStored.
std::string withDicomUint16(std::string file, std::uint16_t group, std::uint16_t element, std::uint16_t value);

/// A file in the system's temporary folder that goes away with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& bytes, const std::string& suffix = ".img");
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::string& path() const { return m_path; }
    void replace(const std::string& bytes) const;

private:
    std::string m_path;
};

} // namespace foveate::made
