// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/RunJob.h"

#include "base/AtomicFile.h"
#include "learn/ranks/Group.h"

namespace foveate::learn {

Status RunContext::checkShares(std::size_t n) const
{
    return group && n < 2 * std::size_t(group->count()) ? fail(Code::usage, {"processes"}) : Status();
}

Status RunContext::logMetrics(const nlohmann::json& line) const
{
    return isFirst(group.get()) ? appendLine(folder + "/metrics.jsonl", line.dump()) : Status();
}

} // namespace foveate::learn
