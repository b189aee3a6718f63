// SPDX-License-Identifier: GPL-3.0-or-later
// A parallel loop over [0, n): contiguous blocks, one per thread, joined before it returns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace foveate {

/// Calls body(begin, end) on `threads` blocks that together cover [0, n). The body must not throw, and must write
/// only to its own rows; then the result does not depend on the number of threads. threads < 1 counts as 1.
template <typename Body> void parallelBlocks(std::size_t n, int threads, const Body& body)
{
    const std::size_t blocks = std::min<std::size_t>(std::max(threads, 1), n);
    if (blocks <= 1) {
        if (n > 0)
            body(std::size_t(0), n);
        return;
    }
    std::vector<std::thread> workers;
    workers.reserve(blocks - 1);
    for (std::size_t b = 1; b < blocks; ++b)
        workers.emplace_back([&body, n, b, blocks] { body(n * b / blocks, n * (b + 1) / blocks); });
    body(std::size_t(0), n / blocks);
    for (std::thread& worker : workers)
        worker.join();
}

} // namespace foveate
