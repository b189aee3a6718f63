// SPDX-License-Identifier: GPL-3.0-or-later
// `bench NAME`: timed workloads as programs.
#include "app/Verbs.h"

#include "app/bench/Workloads.h"

namespace foveate::app {
namespace {

struct BenchOptions {
    std::string name;
    std::string data;
    std::string out;
    int repeat = 3;
};

int bench(const BenchOptions& options)
{
    const Workload* workload = workloadNamed(options.name);
    if (!workload)
        return report(Error{Code::notFound, {"workload", options.name}});
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
    verb->add_option("NAME", options->name, "The workload: " + workloadNames())->required();
    verb->add_option("--data", options->data, "Folder that holds the inputs");
    verb->add_option("--out", options->out, "Folder to save the result in, as NAME.npy");
    verb->add_option("--repeat", options->repeat, "How often it is timed")->check(CLI::Range(1, 1000));
    verb->callback([&invocation, options] {
        invocation.run = [options] { return bench(*options); };
    });
}

} // namespace foveate::app
