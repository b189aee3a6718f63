// SPDX-License-Identifier: GPL-3.0-or-later
// foveate-engine as a second, small child: `serve` answers the window's questions about one run's model.
//
// Questions are answered in order, each with the number that ask() gave; at most 32 wait, the oldest waiting ones are
// dropped unanswered when more come (the reader has moved on). An engine that dies is started again at the next
// question, after loading the same run; its open questions fail. Thread: that of the object.
#pragma once

#include "base/Result.h"
#include "session/EngineProcess.h"

#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

struct Answer {
    qint64 id = 0;
    std::int64_t row = -1;
    int classIndex = -1; ///< that the map explains
    std::vector<double> probabilities;
    QString map;              ///< path of a float32 [S,S] .npy; "" for predict
    double low = 0, high = 0; ///< smallest and largest raw value of the map
    bool evidence = false;    ///< false: an empty map
    double lost = 0;          ///< share of the relevance that found no way back
};

class ServeProcess : public QObject {
    Q_OBJECT
public:
    explicit ServeProcess(EngineOptions options = {}, QObject* parent = nullptr);
    ~ServeProcess() override;

    /// The run that later questions are about; loaded at the next question.
    void setRun(const std::string& runFolder);
    qint64 askPrediction(std::int64_t row);
    /// `classIndex` < 0: the predicted class.
    qint64 askMap(std::int64_t row, const std::string& method = "gradcam", int classIndex = -1);
    /// The question that the engine works on, 0 for none.
    qint64 atWork() const { return m_open ? m_open->id : 0; }
    /// Forgets what waits.
    void forget();
    void quit();
    bool running() const { return m_process.state() != QProcess::NotRunning; }
    std::int64_t processId() const { return m_process.processId(); }

Q_SIGNALS:
    void answered(const foveate::session::Answer& answer);
    void refused(qint64 id,
                 const foveate::Error& error); ///< engineDied, notFound, or the engine's code

private:
    struct Question {
        qint64 id = 0;
        std::int64_t row = -1;
        nlohmann::json words;
        std::string run; ///< the run that is being loaded; "" for a question
    };
    qint64 ask(std::int64_t row, nlohmann::json words);
    void advance();
    bool ensureRunning();
    void send(Question question);
    void read();
    void take(const QByteArray& line);
    void refuseAll(const Error& error);
    void ended();

    EngineOptions m_options;
    QProcess m_process;
    QTimer m_patience;
    LineReader m_lines;
    std::string m_run;    ///< wished for
    std::string m_loaded; ///< in the engine
    qint64 m_nextId = 1;
    std::vector<Question> m_waiting;
    std::optional<Question> m_open;
};

} // namespace foveate::session
