// SPDX-License-Identifier: GPL-3.0-or-later
// What the client and foveate-decode say to each other: fixed-size messages over a SOCK_SEQPACKET pair on one machine.
//
// The worker says Hello once. A Request carries two descriptors (SCM_RIGHTS): the image file, read-only, and an empty
// memory file that the worker sizes and fills with the pixels alone. A Reply carries everything else. Both ends are the
// same build, so the structs travel as they lie in memory; the client believes none of it (client/ReplyCheck.h).
#pragma once

#include <cstdint>

namespace foveate::imaging::protocol {

constexpr std::uint32_t kMagic = 0x44564f46; // "FOVD"
constexpr std::uint32_t kVersion = 1;
constexpr int kSocket = 3; ///< the worker's end of the pair

// Limits of faults.md §4. The client refuses what is beyond them, the worker does not try.
constexpr std::uint64_t kMaxFileBytes = std::uint64_t(2) << 30;
constexpr std::uint64_t kMaxPixels = std::uint64_t(1) << 28;
constexpr std::uint32_t kMaxSide = 65535;
constexpr std::uint32_t kMaxFrames = 10000;

enum class Outcome : std::uint32_t { ok, notAnImage, unsupported, damaged, tooLarge, noSuchFrame, unreadable };

struct Hello {
    std::uint32_t magic = kMagic;
    std::uint32_t version = kVersion;
    std::uint32_t caged = 0;
    char reason[116] = {}; ///< why not, NUL-terminated
};

struct Request {
    std::uint32_t magic = kMagic;
    std::uint32_t id = 0;
    std::uint32_t frame = 0;
    std::uint32_t reserved = 0;
};

enum Flag : std::uint32_t { kDamaged = 1, kInverted = 2, kWindowFromFile = 4, kSpacing = 8 };

struct Reply {
    std::uint32_t magic = kMagic;
    std::uint32_t id = 0;
    Outcome outcome = Outcome::ok;
    std::uint32_t format = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t channels = 0;
    std::uint32_t bits = 0;
    std::uint32_t bitsStored = 0;
    std::uint32_t frame = 0;
    std::uint32_t frames = 0;
    std::uint32_t flags = 0;
    std::uint64_t byteCount = 0; ///< the memory file's whole length
    float windowLow = 0;
    float windowHigh = 0;
    double valueSlope = 1;
    double valueIntercept = 0;
    double spacingRow = 0;
    double spacingColumn = 0;
    char detail[160] = {}; ///< the decoder's words on failure or damage, NUL-terminated
    char patient[72] = {}; ///< PatientID, NUL-terminated
};

} // namespace foveate::imaging::protocol
