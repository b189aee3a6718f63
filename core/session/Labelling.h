// SPDX-License-Identifier: GPL-3.0-or-later
// Labels without a window: from a table with the columns id and label, or from the hidden truth as an oracle.
//
// Each label is one durable event; `acknowledge` is called after its COMMIT. On an image that the reader has labelled
// already it is a revise. A batch that is read to its end thereby is closed. Thread: the project's.
#pragma once

#include "session/Project.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace foveate::session {

using Acknowledge = std::function<void(const std::string& id, int label)>;

struct LabelReport {
    std::int64_t labelled = 0; ///< images new to this reader
    std::int64_t revised = 0;
    std::vector<Error> failed; ///< notFound (sample, id) or (class, name);
                               ///< damaged; the rest was labelled
};

/// badInput for a table without the two columns or with an id twice; nothing is labelled then.
Result<LabelReport> labelFromTable(Project& project, const std::string& path, const std::string& reader,
                                   const Acknowledge& acknowledge = {});

/// The queue's first `count` (< 0: all) from hidden truth, as reader "oracle"; never validation or test. noTruth when
/// the project has none. Fewer than asked for: `labelled` says how many.
Result<LabelReport> labelByOracle(Project& project, std::int64_t count, const Acknowledge& acknowledge = {});

} // namespace foveate::session
