// SPDX-License-Identifier: GPL-3.0-or-later
// The one thread that touches an open project while a window is up: work is posted, outcomes come
// back as values.
//
// Jobs run in the order posted. `then` is called on the thread of `context`, through its event
// loop. The owner of `context` destroys the StoreThread first, so no outcome is ever delivered to a
// dead object. Destruction runs what is posted still, then closes the project (backup, lock).
#pragma once

#include "session/Project.h"

#include <QMetaObject>
#include <QObject>
#include <QThread>
#include <functional>
#include <optional>

namespace foveate::session {

class StoreThread {
public:
    StoreThread();
    ~StoreThread();
    StoreThread(const StoreThread&) = delete;
    StoreThread& operator=(const StoreThread&) = delete;

    using Slot = std::optional<Project>;
    /// Any thread. The job may open, replace or close the project in the slot.
    void post(std::function<void(Slot&)> job);

    /// For a job on the open project; notFound ("project") when none is open.
    template <typename T>
    void ask(QObject* context, std::function<Result<T>(Project&)> job, std::function<void(Result<T>)> then)
    {
        post([context, job = std::move(job), then = std::move(then)](Slot& slot) {
            Result<T> outcome = slot && slot->held() ? job(*slot) : fail(Code::notFound, {"project", ""});
            QMetaObject::invokeMethod(
                context, [then, outcome = std::move(outcome)] { then(outcome); }, Qt::QueuedConnection);
        });
    }

private:
    QThread m_thread;
    QObject* m_worker; ///< lives on m_thread, deleted with it
    Slot m_project;    ///< worker only
};

} // namespace foveate::session
