// SPDX-License-Identifier: GPL-3.0-or-later
// What reading asks of the database, each as one job for the StoreThread: values in, values out.
//
// REQUIRES everywhere: project.held(). Failures are those of store::Study.
#pragma once

#include "session/Project.h"
#include "session/WorkspaceTypes.h"

#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

/// Everything the window needs of a project at its opening.
struct OpenedStudy {
    ProjectView project;
    std::vector<store::Sample> samples;
    std::vector<store::CurrentLabel> labels; ///< of this reader
    std::vector<std::int64_t> perClass;      ///< consensus
    std::vector<store::Batch> batches;
};
Result<OpenedStudy> readStudy(Project& project, const std::string& reader);

/// The batch at the front of the queue, in an order shuffled by the project's seed that says nothing about scores.
struct QueueFront {
    std::int64_t batch = 0;
    bool any = false; ///< the queue has something, in a batch or not
    std::vector<std::string> order;
    std::vector<std::string> left; ///< of it, still to be read
};
Result<QueueFront> readFront(Project& project);

/// What a change of the log left behind.
struct StoredChange {
    store::Event event;
    std::optional<store::CurrentLabel> now;  ///< what the reader says about the event's image
    std::vector<store::CurrentLabel> recent; ///< newest first
};
/// A label on an image that the reader has decided on already becomes a revise.
Result<StoredChange> storeDecision(Project& project, store::Event event, int recent);
Result<StoredChange> takeBack(Project& project, const std::string& reader, const store::Event& context, int recent);
Result<StoredChange> bringBack(Project& project, const std::string& reader, const store::Event& context, int recent);

/// The event that says that every image of a batch is read; nothing when that is said already.
Result<bool> closeBatch(Project& project, std::int64_t batch, const std::string& reader);

} // namespace foveate::session
