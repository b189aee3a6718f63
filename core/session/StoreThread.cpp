// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/StoreThread.h"

namespace foveate::session {

StoreThread::StoreThread() : m_worker(new QObject)
{
    m_thread.setObjectName(QStringLiteral("store"));
    m_worker->moveToThread(&m_thread);
    m_thread.start();
}

StoreThread::~StoreThread()
{
    // Queued behind everything that was posted before.
    post([this](Slot& slot) {
        slot.reset();
        m_thread.quit();
    });
    m_thread.wait();
    delete m_worker;
}

void StoreThread::post(std::function<void(Slot&)> job)
{
    QMetaObject::invokeMethod(
        m_worker, [this, job = std::move(job)] { job(m_project); }, Qt::QueuedConnection);
}

} // namespace foveate::session
