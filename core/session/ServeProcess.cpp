// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/ServeProcess.h"

#include "session/EngineChild.h"

#include <QFileInfo>

namespace foveate::session {
namespace {

constexpr std::size_t kMostWaiting = 32;
constexpr int kPatienceMs = 60'000;

Answer answerFrom(const nlohmann::json& event, qint64 id, std::int64_t row)
{
    Answer answer;
    answer.id = id;
    answer.row = row;
    answer.classIndex = int(numberAt(event, "class", -1));
    answer.map = QString::fromStdString(textAt(event, "map"));
    answer.low = numberAt(event, "low");
    answer.high = numberAt(event, "high");
    answer.lost = numberAt(event, "lost");
    if (const auto at = event.find("evidence"); at != event.end() && at->is_boolean())
        answer.evidence = at->get<bool>();
    if (const auto at = event.find("probabilities"); at != event.end() && at->is_array())
        for (const nlohmann::json& p : *at)
            answer.probabilities.push_back(p.is_number() ? p.get<double>() : 0.0);
    return answer;
}

} // namespace

ServeProcess::ServeProcess(EngineOptions options, QObject* parent) : QObject(parent), m_options(std::move(options))
{
    if (m_options.program.isEmpty())
        m_options.program = programBeside(QStringLiteral("foveate-engine"));
    m_patience.setSingleShot(true);
    m_patience.setInterval(kPatienceMs);
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &ServeProcess::read);
    connect(&m_process, &QProcess::finished, this, [this] { ended(); });
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            ended();
    });
    connect(&m_patience, &QTimer::timeout, this, [this] { m_process.kill(); });
}

ServeProcess::~ServeProcess()
{
    m_process.disconnect(this);
    if (running()) {
        m_process.kill();
        m_process.waitForFinished();
    }
}

void ServeProcess::setRun(const std::string& runFolder)
{
    m_run = runFolder;
}

qint64 ServeProcess::askPrediction(std::int64_t row)
{
    return ask(row, {{"command", "predict"}, {"row", row}});
}

qint64 ServeProcess::askMap(std::int64_t row, const std::string& method, int classIndex)
{
    return ask(row, {{"command", "explain"}, {"method", method}, {"row", row}, {"class", classIndex}});
}

qint64 ServeProcess::ask(std::int64_t row, nlohmann::json words)
{
    const qint64 id = m_nextId++;
    words["id"] = id;
    m_waiting.push_back({id, row, std::move(words), {}});
    if (m_waiting.size() > kMostWaiting)
        m_waiting.erase(m_waiting.begin());
    // Later, so that the caller knows the number before an answer to it can come.
    QMetaObject::invokeMethod(
        this, [this] { advance(); }, Qt::QueuedConnection);
    return id;
}

void ServeProcess::forget()
{
    m_waiting.clear();
}

void ServeProcess::quit()
{
    forget();
    if (running())
        m_process.write("{\"command\":\"quit\"}\n");
}

bool ServeProcess::ensureRunning()
{
    if (running())
        return true;
    if (!QFileInfo(m_options.program).isExecutable()) {
        refuseAll(Error{Code::notFound, {"program", m_options.program.toStdString()}});
        return false;
    }
    m_loaded.clear();
    m_lines = LineReader();
    prepareChild(m_process, m_options.background);
    m_process.start(m_options.program, {QStringLiteral("serve")});
    return true;
}

void ServeProcess::advance()
{
    if (m_open || m_waiting.empty())
        return;
    if (m_run.empty())
        return refuseAll(Error{Code::needsTraining, {"train"}});
    if (!ensureRunning())
        return;
    if (m_loaded != m_run) {
        const qint64 id = m_nextId++;
        send({id, -1, {{"id", id}, {"command", "load"}, {"run", m_run}}, m_run});
        return;
    }
    Question next = std::move(m_waiting.front());
    m_waiting.erase(m_waiting.begin());
    send(std::move(next));
}

void ServeProcess::send(Question question)
{
    m_process.write(QByteArray::fromStdString(question.words.dump()) + '\n');
    m_open = std::move(question);
    m_patience.start();
}

void ServeProcess::read()
{
    for (const QByteArray& line : m_lines.feed(m_process.readAllStandardOutput()))
        take(line);
}

void ServeProcess::take(const QByteArray& line)
{
    const nlohmann::json event = engineEvent(line);
    if (!m_open || numberAt(event, "id", -1) != double(m_open->id))
        return; // hello, heartbeat, garbage or a question long forgotten
    const std::string kind = textAt(event, "event");
    if (kind == "heartbeat" || kind == "progress")
        return;
    const Question question = std::move(*m_open);
    m_open.reset();
    m_patience.stop();
    const bool loading = !question.run.empty();
    if (kind == "error" || kind == "failed") {
        loading ? refuseAll(errorFrom(event)) : Q_EMIT refused(question.id, errorFrom(event));
    } else if (loading) {
        m_loaded = question.run;
    } else {
        Q_EMIT answered(answerFrom(event, question.id, question.row));
    }
    advance();
}

void ServeProcess::refuseAll(const Error& error)
{
    const std::vector<Question> waiting = std::exchange(m_waiting, {});
    for (const Question& question : waiting)
        Q_EMIT refused(question.id, error);
}

void ServeProcess::ended()
{
    m_patience.stop();
    m_loaded.clear();
    if (!m_open)
        return;
    const Question question = std::move(*m_open);
    m_open.reset();
    const Error error{Code::engineDied, {"serve"}};
    if (question.run.empty())
        Q_EMIT refused(question.id, error);
    // An engine that dies while it loads would die again for each of these.
    refuseAll(error);
}

} // namespace foveate::session
