// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/EngineProcess.h"

#include "base/Manifest.h"
#include "session/EngineChild.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <csignal>

namespace foveate::session {
namespace {

constexpr int kInterrupted = 130;

} // namespace

QString programBeside(const QString& name)
{
    return QCoreApplication::applicationDirPath() + u'/' + name;
}

QList<QByteArray> LineReader::feed(const QByteArray& bytes)
{
    QList<QByteArray> lines;
    qsizetype begin = 0;
    for (qsizetype end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', begin)) {
        m_rest.append(bytes.constData() + begin, end - begin);
        begin = end + 1;
        if (m_skipping || std::size_t(m_rest.size()) > m_longest)
            ++m_dropped;
        else if (!m_rest.isEmpty())
            lines.append(m_rest);
        m_skipping = false;
        m_rest.clear();
    }
    if (!m_skipping)
        m_rest.append(bytes.constData() + begin, bytes.size() - begin);
    if (std::size_t(m_rest.size()) > m_longest) {
        m_skipping = true;
        m_rest.clear();
    }
    return lines;
}

EngineProcess::EngineProcess(EngineOptions options, QObject* parent) : QObject(parent), m_options(std::move(options))
{
    if (m_options.program.isEmpty())
        m_options.program = programBeside(QStringLiteral("foveate-engine"));
    m_watchdog.setSingleShot(true);
    m_grace.setSingleShot(true);
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &EngineProcess::read);
    connect(&m_process, &QProcess::finished, this, &EngineProcess::ended);
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            ended(-1, QProcess::CrashExit);
    });
    connect(&m_watchdog, &QTimer::timeout, this, &EngineProcess::silent);
    connect(&m_grace, &QTimer::timeout, this, &EngineProcess::kill);
}

EngineProcess::~EngineProcess()
{
    m_process.disconnect(this);
    if (running()) {
        m_process.kill();
        m_process.waitForFinished();
    }
}

Status EngineProcess::start(const std::string& runFolder)
{
    if (running())
        return fail(Code::usage, {"engine"});
    if (!QFileInfo(m_options.program).isExecutable())
        return fail(Code::notFound, {"program", m_options.program.toStdString()});
    m_runFolder = runFolder;
    m_progress = {};
    m_error = {};
    m_lines = LineReader();
    m_garbage = 0;
    m_stopping = m_silent = m_saidFailed = false;
    m_secondsUsed = 0;
    m_started = true;
    prepareChild(m_process, m_options.background);
    QStringList words{QStringLiteral("run"), QString::fromStdString(runFolder)};
    if (m_options.requireGpu)
        words << QStringLiteral("--require-gpu");
    m_watchdog.start(m_options.heartbeatSeconds * 1000);
    m_process.start(m_options.program, words, QIODevice::ReadOnly);
    return {};
}

void EngineProcess::stop()
{
    if (!running() || m_stopping)
        return;
    m_stopping = true;
    proceed(); // a suspended process would not hear of it
    m_process.terminate();
    m_grace.start(m_options.graceSeconds * 1000);
}

void EngineProcess::suspend()
{
    if (m_process.processId() <= 0)
        return;
    m_watchdog.stop();
    ::kill(pid_t(m_process.processId()), SIGSTOP);
}

void EngineProcess::proceed()
{
    if (m_process.processId() <= 0)
        return;
    ::kill(pid_t(m_process.processId()), SIGCONT);
    m_watchdog.start(m_options.heartbeatSeconds * 1000);
}

void EngineProcess::kill()
{
    if (running())
        m_process.kill();
}

void EngineProcess::silent()
{
    // Ready to run and not let: at idle priority on a busy machine that is no sign of illness.
    const ProcessorUse use = processorUse(m_process.processId());
    if (use.wanted && use.seconds - m_secondsUsed < double(m_options.heartbeatSeconds) / 4) {
        m_secondsUsed = use.seconds;
        m_watchdog.start();
        return;
    }
    m_silent = true;
    kill();
}

void EngineProcess::read()
{
    for (const QByteArray& line : m_lines.feed(m_process.readAllStandardOutput()))
        take(line);
}

void EngineProcess::take(const QByteArray& line)
{
    const nlohmann::json event = engineEvent(line);
    const std::string kind = textAt(event, "event");
    if (kind.empty()) {
        ++m_garbage; // and no sign of life: only the protocol is
        return;
    }
    if (m_watchdog.isActive())
        m_watchdog.start();
    m_secondsUsed = processorUse(m_process.processId()).seconds;
    if (kind == "progress") {
        m_progress = progressFrom(event);
        Q_EMIT progressed(m_progress);
    } else if (kind == "checkpoint") {
        Q_EMIT checkpointed(qint64(numberAt(event, "step")));
    } else if (kind == "failed") {
        m_saidFailed = true;
        m_error = errorFrom(event);
    }
}

void EngineProcess::ended(int exitCode, QProcess::ExitStatus status)
{
    if (!m_started)
        return;
    m_watchdog.stop();
    m_grace.stop();
    read();
    m_started = false;
    conclude(exitCode, status);
}

void EngineProcess::conclude(int exitCode, QProcess::ExitStatus status)
{
    const bool normal = status == QProcess::NormalExit;
    if (normal && exitCode == 0 && hasManifest(m_runFolder)) {
        Q_EMIT finished(QString::fromStdString(m_runFolder));
    } else if (m_silent) {
        Q_EMIT died(Error{Code::timeout, {"engine"}});
    } else if (m_stopping || (normal && exitCode == kInterrupted)) {
        Q_EMIT stopped();
    } else if (normal && m_saidFailed) {
        Q_EMIT failed(m_error);
    } else {
        const std::string how = normal ? "exit " + std::to_string(exitCode) : "signal";
        Q_EMIT died(Error{Code::engineDied, {how}});
    }
}

} // namespace foveate::session
