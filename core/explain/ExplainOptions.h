// SPDX-License-Identifier: GPL-3.0-or-later
// ExplainOptions: what a snapshot asks of the job "explain", read strictly.
#pragma once

#include "base/RunFolder.h"
#include "explain/Explainer.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace foveate::explain {

struct ExplainOptions {
    Question question;               ///< its seed is the snapshot's
    Rules rules = Rules::conserving; ///< of deep-taylor and uncertainty
    bool regions = false;            ///< primary and secondary region of each map
    int robustness = 0;              ///< views in which each primary region is looked for again; 0: none
    struct Wanted {
        std::string id;
        std::int64_t row = 0;
    };
    std::vector<Wanted> samples;
};

/// Keys method, rules ("conserving" or "innvestigate"), class ("predicted" or an index), rows (pack rows; default all
/// samples), window, stride, boxes, passes, regions, robustness. usage (args: key) for an unknown key or a value out of
/// range; notFound for a row that is no sample's.
Result<ExplainOptions> explainOptions(const Snapshot& snapshot, int classes);
/// All of them with the values in force, but for the rows.
nlohmann::json toJson(const ExplainOptions& options);

} // namespace foveate::explain
