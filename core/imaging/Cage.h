// SPDX-License-Identifier: GPL-3.0-or-later
// The cage a process closes around itself before it touches a stranger's file. There is no way out again.
//
// Inside: reading and writing descriptors that are already open or are handed over, memory that is not executable,
// clocks and leaving. Everything else (open, socket, exec, fork, signals to others, …) fails with EPERM. Linux on
// x86-64; one thread.
#pragma once

#include <cstdint>
#include <string>

namespace foveate::imaging {

struct CageLimits {
    std::uint64_t memoryBytes = std::uint64_t(2) << 30; ///< address space; beyond it allocation fails
    std::uint64_t fileBytes = std::uint64_t(2) << 30;   ///< of one written file
    std::uint64_t cpuSeconds = 2400;                    ///< in a worker's whole life; per file the client sets less
    std::uint64_t descriptors = 32;
};

struct CageState {
    bool closed = false;
    std::string reason; ///< why not
};

/// Resource limits: no core dumps, no new processes, bounded memory, time, descriptors and files. These work
/// everywhere.
void setLimits(const CageLimits& limits);

/// No new privileges, then the system call filter.
CageState closeCage();

} // namespace foveate::imaging
