// SPDX-License-Identifier: GPL-3.0-or-later
// The pixel pack: every image once, uint8 [S,S,C] at working size, in one append-only, memory-mapped file.
//
// Layout (little-endian): a 64-byte header (magic "FOVPACK1", version, S, C, record size, count), then one record
// per image: 128 bytes of metadata and S·S·C bytes of pixels, rows top to bottom, channels interleaved (RGB).
// The count in the header is raised only after the records below it are on the disk, so a cut-off tail is
// never read. Written by `foveate` alone; the engine and the window read.
#pragma once

#include "base/Result.h"
#include "base/Sha256.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace foveate {

enum class Fit : std::uint8_t { squash, pad };

struct PackRecord {
    Digest fileSha{};
    Digest pixelSha{};       ///< of the image at its original size and depth
    std::uint32_t width = 0; ///< of the original, pixels
    std::uint32_t height = 0;
    std::uint8_t bits = 8; ///< of the original, per channel
    Fit fit = Fit::squash;
    bool damaged = false;
    std::uint32_t x = 0, y = 0, w = 0, h = 0; ///< where the image lies inside the S×S square
    float low = 0, high = 255;                ///< window used to make 8 bits of it, original units
};

struct PackShape {
    std::uint32_t size = 256;   ///< S
    std::uint32_t channels = 1; ///< C: 1 or 3
    std::size_t pixels() const { return std::size_t(size) * size * channels; }
    bool operator==(const PackShape&) const = default;
};

/// A pack opened for reading; the mapping lives as long as the object (or a copy of it). Thread safe.
class Pack {
public:
    /// notFound, corrupt (magic, sizes, count against file length) or newerVersion.
    static Result<Pack> open(const std::string& path);
    PackShape shape() const { return m_shape; }
    std::size_t count() const { return m_count; }
    /// REQUIRES: row < count().
    PackRecord record(std::size_t row) const;
    std::span<const std::uint8_t> pixels(std::size_t row) const;

private:
    PackShape m_shape;
    std::size_t m_count = 0;
    std::shared_ptr<const std::uint8_t> m_mapping;
};

/// The one writer. Records become visible to readers at commit().
class PackWriter {
public:
    /// Opens or creates; corrupt/wrongShape when an existing file has another shape.
    static Result<PackWriter> open(const std::string& path, PackShape shape);
    PackWriter(PackWriter&&) noexcept;
    PackWriter& operator=(PackWriter&&) noexcept;
    ~PackWriter();
    /// Returns the row it will have. REQUIRES: pixels.size() == shape.pixels().
    Result<std::size_t> append(const PackRecord& record, std::span<const std::uint8_t> pixels);
    /// fdatasync, then raise the count.
    Status commit();
    /// Rewrites one committed record in place (the same image decoded again).
    Status rebuild(std::size_t row, const PackRecord& record, std::span<const std::uint8_t> pixels);
    std::size_t count() const { return m_count; }

private:
    PackWriter() = default;
    int m_fd = -1;
    std::string m_path;
    PackShape m_shape;
    std::size_t m_count = 0;
};

} // namespace foveate
