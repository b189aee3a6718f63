// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/RunJob.h"

#include "base/AtomicFile.h"

namespace foveate::learn {

Status RunContext::logMetrics(const nlohmann::json& line) const
{
    return appendLine(folder + "/metrics.jsonl", line.dump());
}

} // namespace foveate::learn
