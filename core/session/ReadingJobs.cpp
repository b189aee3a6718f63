// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/ReadingJobs.h"

#include "base/Random.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace foveate::session {

using store::CurrentLabel;
using store::Event;
using store::EventKind;

namespace {

Result<StoredChange> outcome(store::Study& study, Event event, const std::string& reader, int recent)
{
    StoredChange stored;
    FOVEATE_TRY(stored.now, study.currentLabel(event.sample, reader));
    FOVEATE_TRY(stored.recent, study.lastDecisions(reader, recent));
    stored.event = std::move(event);
    return stored;
}

} // namespace

Result<OpenedStudy> readStudy(Project& project, const std::string& reader)
{
    store::Study& study = project.study();
    OpenedStudy opened;
    opened.project = {project.folder(),   project.file(),     project.readOnly(), {},
                      study.backupTime(), study.differences()};
    FOVEATE_TRY(opened.samples, study.samples());
    FOVEATE_TRY(const auto labels, study.currentLabels());
    std::copy_if(labels.begin(), labels.end(), std::back_inserter(opened.labels),
                 [&](const CurrentLabel& label) { return label.reader == reader; });
    FOVEATE_TRY(const store::Counts counts, study.counts());
    opened.perClass = counts.perClass;
    FOVEATE_TRY(opened.batches, study.batches());
    return opened;
}

Result<QueueFront> readFront(Project& project)
{
    store::Study& study = project.study();
    FOVEATE_TRY(const auto first, study.queue(1));
    QueueFront front;
    front.any = !first.empty();
    front.batch = front.any ? first.front().batch : 0;
    if (front.batch == 0)
        return front;
    FOVEATE_TRY(const store::Batch batch, study.batch(front.batch));
    FOVEATE_TRY(const auto queue, study.queue(std::int64_t(batch.items.size())));
    std::set<std::string> waiting;
    for (const store::QueueItem& item : queue)
        if (item.batch == front.batch)
            waiting.insert(item.sample);
    for (const store::BatchItem& item : batch.items)
        front.order.push_back(item.sample);
    Random::derive(project.file().seed, "reading-order", std::uint64_t(front.batch)).shuffle(front.order);
    std::copy_if(front.order.begin(), front.order.end(), std::back_inserter(front.left),
                 [&](const std::string& sample) { return waiting.contains(sample); });
    return front;
}

Result<StoredChange> storeDecision(Project& project, Event event, int recent)
{
    store::Study& study = project.study();
    if (event.kind == EventKind::label) {
        FOVEATE_TRY(event.kind, study.kindFor(event.sample, event.reader));
    }
    FOVEATE_TRY(Event stored, study.append(std::move(event)));
    const std::string reader = stored.reader;
    return outcome(study, std::move(stored), reader, recent);
}

Result<StoredChange> takeBack(Project& project, const std::string& reader, const Event& context, int recent)
{
    FOVEATE_TRY(Event undone, project.study().undo(reader, context));
    return outcome(project.study(), std::move(undone), reader, recent);
}

Result<StoredChange> bringBack(Project& project, const std::string& reader, const Event& context, int recent)
{
    FOVEATE_TRY(Event redone, project.study().redo(reader, context));
    return outcome(project.study(), std::move(redone), reader, recent);
}

Result<bool> closeBatch(Project& project, std::int64_t batch, const std::string& reader)
{
    FOVEATE_TRY(const bool closed, project.study().batchClosed(batch));
    if (closed)
        return true;
    Event event;
    event.kind = EventKind::batchClosed;
    event.batch = batch;
    event.reader = reader;
    FOVEATE_TRY([[maybe_unused]] const Event stored, project.study().append(std::move(event)));
    return true;
}

} // namespace foveate::session
