// SPDX-License-Identifier: GPL-3.0-or-later
// The decoder as the tests of this folder use it: the program that was just built, files made in memory.
#pragma once

#include "imaging/client/DecoderPool.h"
#include "support/MadeImages.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace foveate::imaging {

inline PoolOptions builtDecoder(int workers = 1)
{
    PoolOptions options;
    options.program = FOVEATE_BIN_DIR "/foveate-decode";
    options.workers = workers;
    return options;
}

inline DecoderPool startPool(PoolOptions options = builtDecoder())
{
    Result<DecoderPool> pool = DecoderPool::create(options);
    if (!pool) {
        std::fprintf(stderr, "%s\n", describe(pool.error()).c_str());
        std::abort();
    }
    return std::move(*pool);
}

inline Result<Image> decodeBytes(DecoderPool& pool, const std::string& bytes, std::uint32_t frame = 0)
{
    const made::TemporaryFile file(bytes);
    return pool.decode(file.path(), {frame, false});
}

inline std::string bytesOf(const Image& image)
{
    return {reinterpret_cast<const char*>(image.bytes().data()), image.bytes().size()};
}

inline std::string describe(const Result<Image>& result)
{
    return result ? std::string(result->damaged ? "damaged: " + result->damage : "image")
                  : foveate::describe(result.error());
}

} // namespace foveate::imaging
