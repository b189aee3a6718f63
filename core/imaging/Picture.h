// SPDX-License-Identifier: GPL-3.0-or-later
// What a codec hands over: an Image's description and zeroed memory for its pixels.
#pragma once

#include "base/Result.h"
#include "imaging/client/Image.h"

#include <cstdlib>
#include <memory>
#include <string>

namespace foveate::imaging {

/// Zeroed bytes; a codec that stops early leaves zeros, never what was there before.
class Buffer {
public:
    Buffer() = default;
    /// Empty when there is not enough memory.
    explicit Buffer(std::size_t size)
        : m_bytes(static_cast<std::byte*>(std::calloc(size ? size : 1, 1))), m_size(m_bytes ? size : 0)
    {}
    std::byte* data() { return m_bytes.get(); }
    const std::byte* data() const { return m_bytes.get(); }
    std::size_t size() const { return m_size; }
    explicit operator bool() const { return m_bytes != nullptr; }
    template <typename T> T* as() { return reinterpret_cast<T*>(m_bytes.get()); }
    template <typename T> const T* as() const { return reinterpret_cast<const T*>(m_bytes.get()); }

private:
    struct Free {
        void operator()(std::byte* p) const { std::free(p); }
    };
    std::unique_ptr<std::byte, Free> m_bytes;
    std::size_t m_size = 0;
};

struct Picture {
    Image about; ///< without pixels
    Buffer pixels;

    /// Sets the sizes after checking them against the limits and takes the memory. tooLarge.
    Status shape(std::uint64_t width, std::uint64_t height, std::uint8_t channels, std::uint8_t bits);
    void damage(const std::string& how);
    std::byte* row(std::uint64_t y) { return pixels.data() + y * rowBytes(); }
    std::size_t rowBytes() const { return std::size_t(about.width) * about.channels * (about.bits / 8); }
};

/// damaged when a side is 0, tooLarge beyond the limits of client/Protocol.h.
Status checkSize(std::uint64_t width, std::uint64_t height);

/// The errors of a codec; the file's name is added by the client.
inline tl::unexpected<Error> codecError(Code code, const std::string& detail)
{
    return fail(code, {std::string(), detail});
}

/// EXIF's (and TIFF's) orientation 1..8 undone: the picture is turned so that 1 would be right. Others: nothing is
/// done.
Status applyOrientation(Picture& picture, unsigned orientation);

/// The orientation in an EXIF block (a TIFF header and directory), 1 when there is none or it cannot be read.
unsigned exifOrientation(const std::uint8_t* exif, std::size_t size);

} // namespace foveate::imaging
