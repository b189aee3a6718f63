// SPDX-License-Identifier: GPL-3.0-or-later
// One thread for work on files and numbers that needs no database, so that neither the window nor a label waits for it.
//
// Jobs run in the order posted. `then` is called on the thread of `context`, through its event loop. Destruction
// runs what is posted still.
#pragma once

#include <QMetaObject>
#include <QThreadPool>
#include <functional>

namespace foveate::session {

class Background {
public:
    Background() { m_pool.setMaxThreadCount(1); }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// REQUIRES: `context` outlives this object.
    template <typename T> void ask(QObject* context, std::function<T()> job, std::function<void(T)> then)
    {
        m_pool.start([context, job = std::move(job), then = std::move(then)] {
            QMetaObject::invokeMethod(
                context, [then, outcome = job()] { then(outcome); }, Qt::QueuedConnection);
        });
    }

private:
    QThreadPool m_pool; // waits for its jobs when it is destroyed
};

} // namespace foveate::session
