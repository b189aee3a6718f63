// SPDX-License-Identifier: GPL-3.0-or-later
// Job: work in steps. Cancel, pause, save and resume are the driver's business, between two steps.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace foveate {

/// The one progress event: the whole state of a job, so that a lost or throttled event costs nothing.
struct Progress {
    std::string job;   ///< "pretrain", "train", "predict" …
    std::string stage; ///< "epoch", "scoring", "import" …
    std::int64_t step = 0;
    std::int64_t of = 0;                                 ///< 0: not known
    double seconds = 0;                                  ///< since the job began
    double remaining = -1;                               ///< estimate in seconds, < 0: not known
    std::vector<std::pair<std::string, double>> metrics; ///< "loss", "images_per_second", "accuracy" …
};

enum class Step { more, done };

class Job {
public:
    virtual ~Job() = default;
    /// One step: at most a mini-batch or a tile of work (≤ 100 ms on a usual machine). Any thread, one at a time.
    virtual Result<Step> step() = 0;
    virtual Progress progress() const = 0;
};

} // namespace foveate
