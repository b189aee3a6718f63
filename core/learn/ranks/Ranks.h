// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks: this process among those that train one network together. Plain data, no LibTorch.
#pragma once

#include "base/Result.h"

#include <cstddef>
#include <string>

namespace foveate::learn {

struct Ranks {
    int rank = 0;
    int count = 1;
    int local = 1;             ///< processes on this machine, which share its processors
    std::string file;          ///< where the ranks of one machine meet; when empty: `address` and `port`
    std::string address;       ///< where the first rank listens
    int port = 0;              ///< … and on which port
    bool agentListens = false; ///< torchrun's own process listens there
    bool isFirst() const { return rank == 0; }
};

/// As torchrun (RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT) or Slurm (SLURM_PROCID, SLURM_NTASKS,
/// SLURM_TASKS_PER_NODE, with MASTER_ADDR) say it, or `--processes` (FOVEATE_RANKS_FILE); one process when nobody says
/// anything. usage (args: the variable) when they make no sense.
Result<Ranks> ranksFromEnvironment();

/// Which of n images are a rank's.
struct Range {
    std::size_t begin = 0, end = 0;
    std::size_t size() const { return end - begin; }
};
/// Neighbouring parts, whose sizes differ by one at most.
Range shareOf(std::size_t n, int rank, int count);

} // namespace foveate::learn
