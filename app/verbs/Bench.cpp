// SPDX-License-Identifier: GPL-3.0-or-later
// `bench NAME`: timed workloads as programs; those of files and the database here, all others in the engine.
#include "app/Verbs.h"

#include "app/bench/Workloads.h"
#include "session/EngineChild.h"
#include "session/EngineProcess.h"

#include <QCoreApplication>
#include <QProcess>

namespace foveate::app {
namespace {

struct BenchOptions {
    std::string name;
    std::string data;
    std::string out;
    int repeat = 1;
};

/// What `foveate-engine bench` printed; its error where it did not succeed.
Result<nlohmann::json> askEngine(const QStringList& words)
{
    QProcess engine;
    session::prepareChild(engine, false);
    engine.start(session::programBeside(QStringLiteral("foveate-engine")),
                 QStringList{QStringLiteral("bench")} + words);
    engine.waitForFinished(-1);
    const nlohmann::json answer = nlohmann::json::parse(engine.readAllStandardOutput().toStdString(), nullptr, false);
    if (answer.is_discarded())
        return fail(Code::engineDied, {"bench"});
    if (engine.exitStatus() != QProcess::NormalExit || engine.exitCode() != 0)
        return tl::unexpected(session::errorFrom(answer));
    return answer;
}

Result<nlohmann::json> measured(const BenchOptions& options, const CommonOptions& common)
{
    if (const Workload* workload = workloadNamed(options.name))
        return workload->run({options.data, options.out, options.repeat});
    QStringList words{QString::fromStdString(options.name), QStringLiteral("--data"),
                      QString::fromStdString(options.data), QStringLiteral("--repeat"),
                      QString::number(options.repeat),      QStringLiteral("--threads"),
                      QString::number(common.threads)};
    if (!options.out.empty())
        words << QStringLiteral("--out") << QString::fromStdString(options.out);
    if (common.seed)
        words << QStringLiteral("--seed") << QString::number(*common.seed);
    return askEngine(words);
}

void sayWorkload(const std::string& name, const std::string& summary)
{
    say(QStringLiteral("%1  %2").arg(QString::fromStdString(name), -22).arg(QString::fromStdString(summary)));
}

int list()
{
    for (const Workload& workload : workloads())
        sayWorkload(workload.name, workload.summary);
    const Result<nlohmann::json> others = askEngine({});
    if (!others)
        return report(others.error());
    for (const auto& workload : *others)
        sayWorkload(workload["workload"], workload["summary"]);
    return kOk;
}

int bench(const BenchOptions& options, const CommonOptions& common)
{
    if (options.name.empty())
        return list();
    const Result<nlohmann::json> outcome = measured(options, common);
    if (!outcome)
        return report(outcome.error());
    printJson(*outcome);
    return kOk;
}

} // namespace

void addBench(CLI::App& program, Invocation& invocation)
{
    CLI::App* verb = addVerb(program, invocation, "bench", "Time one workload and print its figures");
    auto options = std::make_shared<BenchOptions>();
    verb->add_option("NAME", options->name, "The workload; without one, the list of them");
    verb->add_option("--data", options->data, "Folder that holds the inputs");
    verb->add_option("--out", options->out, "Folder to save the result in, as NAME.npy");
    verb->add_option("--repeat", options->repeat, "How often it is timed")->check(CLI::Range(1, 1000));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return bench(*options, invocation.common); };
    });
}

} // namespace foveate::app
