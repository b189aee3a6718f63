// SPDX-License-Identifier: GPL-3.0-or-later
// Good files blindly spoiled, from a seed.
#pragma once

#include "base/Random.h"
#include "support/MadeImages.h"

#include <algorithm>
#include <string>
#include <vector>

namespace foveate::made {

/// One small file of every kind.
inline std::vector<std::string> seeds()
{
    const Pixels grey = pattern(40, 30, 1), deep = pattern(40, 30, 1, 16), rgb = pattern(40, 30, 3);
    std::vector<std::string> files{png(grey),
                                   png(rgb, {true, false}),
                                   png(deep),
                                   jpeg(grey),
                                   jpeg(rgb, {90, true, 6}),
                                   jpeg(pattern(40, 30, 4)),
                                   tiff({grey, rgb}, {.compression = 5}),
                                   tiff({rgb}, {.compression = 8, .tiled = true}),
                                   tiff({deep}, {.compression = 1}),
                                   bmp(rgb),
                                   bmp(grey)};
    for (const char* syntax : {"explicit", "implicit", "big", "rle", "jpeg-lossless", "jpeg-ls"})
        files.push_back(dicom(deep, {.syntax = syntax, .frames = 2}));
    return files;
}

/// Bits flipped, fields set to extremes, a part cut, repeated or swapped; mostly in the first 2 kB, where the headers
/// are.
inline std::string mutant(std::string file, Random& random)
{
    static const std::uint32_t extremes[] = {0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    const std::size_t reach = random.chance(0.7) ? std::min<std::size_t>(file.size(), 2048) : file.size();
    for (std::uint64_t edits = 1 + random.below(6); edits > 0 && file.size() > 8; --edits) {
        const std::size_t at = random.below(std::min(reach, file.size() - 4));
        switch (random.below(5)) {
        case 0:
        case 1: file[at] = char(file[at] ^ (1 << random.below(8))); break;
        case 2: {
            const std::uint32_t value = extremes[random.below(std::size(extremes))];
            const std::size_t bytes = std::size_t(1) << random.below(3);
            for (std::size_t i = 0; i < bytes; ++i)
                file[at + i] = char(value >> (8 * (random.chance(0.5) ? i : bytes - 1 - i)));
            break;
        }
        case 3: file.resize(std::max<std::size_t>(8, random.below(file.size()))); break;
        default: file.insert(at, file.substr(random.below(file.size()), random.below(64))); break;
        }
    }
    return file;
}

} // namespace foveate::made
