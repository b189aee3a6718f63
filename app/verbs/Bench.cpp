// SPDX-License-Identifier: GPL-3.0-or-later
// `bench NAME`: timed workloads as programs. What needs the engine is handed to it whole.
#include "app/Verbs.h"

#include "app/bench/Workloads.h"

#include <QCoreApplication>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace foveate::app {
namespace {

struct BenchOptions {
    std::string name;
    std::string data;
    std::string out;
    int repeat = 3;
};

/// Replaces this process by the engine, which prints the same JSON.
int handToEngine(const BenchOptions& options, const CommonOptions& common)
{
    const std::string engine = QCoreApplication::applicationDirPath().toStdString() + "/foveate-engine";
    std::vector<std::string> words{engine, "bench", options.name, "--repeat", std::to_string(options.repeat)};
    if (common.json)
        words.emplace_back("--json");
    if (common.threads > 0)
        words.insert(words.end(), {"--threads", std::to_string(common.threads)});
    if (!options.data.empty())
        words.insert(words.end(), {"--data", options.data});
    if (!options.out.empty())
        words.insert(words.end(), {"--out", options.out});
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(engine.c_str(), argv.data());
    return report(Error{Code::engineDied, {std::strerror(errno)}});
}

int bench(const BenchOptions& options, const CommonOptions& common)
{
    const Workload* workload = workloadNamed(options.name);
    if (!workload)
        return handToEngine(options, common);
    const Result<nlohmann::json> outcome = workload->run({options.data, options.out, options.repeat});
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
    verb->add_option("NAME", options->name, "The workload: " + workloadNames() + ", or one of the engine's")->required();
    verb->add_option("--data", options->data, "Folder that holds the inputs");
    verb->add_option("--out", options->out, "Folder to save the result in, as NAME.npy");
    verb->add_option("--repeat", options->repeat, "How often it is timed")->check(CLI::Range(1, 1000));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return bench(*options, invocation.common); };
    });
}

} // namespace foveate::app
