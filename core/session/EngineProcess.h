// SPDX-License-Identifier: GPL-3.0-or-later
// foveate-engine as a child: `run DIR`. Starts it, reads its lines, watches its heartbeat, ends it gently.
//
// Lines are bounded (1 MB; a longer one is garbage) and never trusted: what is not a known event is counted and
// dropped. A silent engine (no line for heartbeatSeconds, and not for want of a processor) is killed and counts as a
// death. The child ends with this
// program (PDEATHSIG) however that ends. After start() exactly one of finished, failed, died, stopped follows.
// Thread: that of the object.
#pragma once

#include "base/Job.h"
#include "base/Result.h"

#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>
#include <cstdint>
#include <string>

namespace foveate::session {

struct EngineOptions {
    QString program;         ///< "": foveate-engine beside this program
    bool background = false; ///< SCHED_IDLE: only processor time that nobody else wants
    bool requireGpu = false;
    int heartbeatSeconds = 60; ///< without any line: the engine is taken for
                               ///< dead; loading LibTorch counts
    int graceSeconds = 20;     ///< from SIGTERM to SIGKILL
};

/// Path of a program that lies beside this one.
QString programBeside(const QString& name);

/// Cuts a stream of bytes into lines of bounded length. A line that is too long is dropped whole and counted.
class LineReader {
public:
    explicit LineReader(std::size_t longest = std::size_t(1) << 20) : m_longest(longest) {}
    QList<QByteArray> feed(const QByteArray& bytes);
    std::int64_t dropped() const { return m_dropped; }

private:
    std::size_t m_longest;
    QByteArray m_rest;
    bool m_skipping = false;
    std::int64_t m_dropped = 0;
};

class EngineProcess : public QObject {
    Q_OBJECT
public:
    explicit EngineProcess(EngineOptions options = {}, QObject* parent = nullptr);
    ~EngineProcess() override; ///< kills a running engine; its last checkpoint stays

    /// notFound when the program is missing, usage when one is running.
    Status start(const std::string& runFolder);
    /// SIGTERM: the engine saves a checkpoint and ends (stopped()); SIGKILL after the grace.
    void stop();
    /// SIGSTOP and SIGCONT; the watchdog waits meanwhile.
    void suspend();
    void proceed();
    /// SIGKILL, as a crash would; died() follows.
    void kill();

    bool running() const { return m_process.state() != QProcess::NotRunning; }
    std::int64_t processId() const { return m_process.processId(); }
    const std::string& runFolder() const { return m_runFolder; }
    const Progress& lastProgress() const { return m_progress; }
    std::int64_t garbage() const { return m_garbage + m_lines.dropped(); }

Q_SIGNALS:
    void progressed(const foveate::Progress& progress);
    void checkpointed(qint64 step);
    void finished(const QString& runFolder);  ///< its MANIFEST is there
    void failed(const foveate::Error& error); ///< the engine said why
    void died(const foveate::Error& error);   ///< engineDied (how), or timeout when it was silent
    void stopped();                           ///< after stop(): a checkpoint is saved

private:
    void read();
    void take(const QByteArray& line);
    void ended(int exitCode, QProcess::ExitStatus status);
    void silent();
    void conclude(int exitCode, QProcess::ExitStatus status);

    EngineOptions m_options;
    QProcess m_process;
    QTimer m_watchdog;
    QTimer m_grace;
    LineReader m_lines;
    std::string m_runFolder;
    Progress m_progress;
    Error m_error;
    std::int64_t m_garbage = 0;
    double m_secondsUsed = 0; ///< of the processor, at the last sign of life
    bool m_started = false;
    bool m_stopping = false;
    bool m_silent = false;
    bool m_saidFailed = false;
};

} // namespace foveate::session
