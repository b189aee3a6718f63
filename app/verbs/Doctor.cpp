// SPDX-License-Identifier: GPL-3.0-or-later
// `doctor`: are all parts there, and what can this machine do.
#include "app/Verbs.h"

#include "imaging/client/DecoderPool.h"
#include "session/EngineProcess.h"
#include "ui/models/ErrorText.h"

#include <QProcess>
#include <QSysInfo>
#include <thread>

namespace foveate::app {
namespace {

nlohmann::json decoderPart()
{
    const Result<imaging::DecoderPool> pool = imaging::DecoderPool::create();
    if (!pool)
        return {{"ok", false}, {"detail", ui::errorText(pool.error()).toStdString()}};
    const imaging::Sandbox cage = pool->sandbox();
    return {{"ok", true}, {"caged", cage.closed}, {"detail", cage.reason}};
}

/// Asks the engine itself; it prints one JSON line about its library, device and number format.
nlohmann::json enginePart()
{
    QProcess engine;
    engine.start(session::programBeside(QStringLiteral("foveate-engine")), {QStringLiteral("doctor")});
    if (!engine.waitForFinished(60000) || engine.exitCode() != 0)
        return {{"ok", false}, {"detail", "the engine does not answer"}};
    nlohmann::json answer = nlohmann::json::parse(engine.readAllStandardOutput().toStdString(), nullptr, false);
    if (!answer.is_object())
        return {{"ok", false}, {"detail", "the engine answers in a way that is not understood"}};
    answer["ok"] = true;
    return answer;
}

QString mark(const nlohmann::json& part)
{
    return part.value("ok", false) ? Console::tr("ok") : Console::tr("missing");
}

int doctor(const CommonOptions& common)
{
    const nlohmann::json decoder = decoderPart();
    const nlohmann::json engine = enginePart();
    const bool gpu = engine.value("device", "cpu") == std::string("cuda");
    const nlohmann::json document{{"version", FOVEATE_VERSION},
                                  {"qt", qVersion()},
                                  {"system", QSysInfo::prettyProductName().toStdString()},
                                  {"processors", std::thread::hardware_concurrency()},
                                  {"decoder", decoder},
                                  {"engine", engine}};
    if (common.json) {
        printJson(document);
    } else {
        say(Console::tr("Foveate %1 on %2, %3 processors")
                .arg(QStringLiteral(FOVEATE_VERSION), QSysInfo::prettyProductName())
                .arg(std::thread::hardware_concurrency()));
        say(Console::tr("Image decoder: %1%2")
                .arg(mark(decoder),
                     decoder.value("caged", false)
                         ? Console::tr(", caged")
                         : Console::tr(", NOT caged: ") + QString::fromStdString(decoder.value("detail", ""))));
        say(Console::tr("Engine: %1 %2").arg(mark(engine), QString::fromStdString(engine.dump())));
    }
    if (!decoder.value("ok", false) || !engine.value("ok", false))
        return kFailed;
    return common.requireGpu && !gpu ? kDeviceMissing : kOk;
}

} // namespace

void addDoctor(CLI::App& program, Invocation& invocation)
{
    CLI::App* verb = addVerb(program, invocation, "doctor", "Check the program's parts and this machine");
    verb->callback([&invocation] { invocation.run = [&invocation] { return doctor(invocation.common); }; });
}

} // namespace foveate::app
