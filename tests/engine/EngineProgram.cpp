// SPDX-License-Identifier: GPL-3.0-or-later
#include "EngineProgram.h"

#include <QProcessEnvironment>

namespace foveate {

int EngineEnd::count(const std::string& kind) const
{
    int n = 0;
    for (const nlohmann::json& event : events)
        n += event.value("event", "") == kind ? 1 : 0;
    return n;
}

QString engineProgram()
{
    return QStringLiteral(FOVEATE_BIN_DIR "/foveate-engine");
}

EngineEnd runEngineProgram(const std::string& folder,
                           const std::function<void(const nlohmann::json&, QProcess&)>& onEvent,
                           const QStringList& more)
{
    QProcess process;
    process.start(engineProgram(), QStringList{QStringLiteral("run"), QString::fromStdString(folder)} + more);
    EngineEnd end;
    while (process.state() != QProcess::NotRunning || process.canReadLine()) {
        if (!process.canReadLine() && !process.waitForReadyRead(120000) && process.state() != QProcess::NotRunning)
            break;
        while (process.canReadLine()) {
            const QByteArray line = process.readLine();
            const nlohmann::json event = nlohmann::json::parse(line.toStdString(), nullptr, false);
            if (event.is_discarded())
                continue; // the last line of a killed process may be cut
            end.events.push_back(event);
            if (onEvent)
                onEvent(event, process);
        }
    }
    process.waitForFinished(120000);
    end.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    end.errors = process.readAllStandardError();
    return end;
}

} // namespace foveate
