// SPDX-License-Identifier: GPL-3.0-or-later
// foveate-engine: training, inference and explaining as a pure function of a run folder.
#include "app/engine/BenchCommand.h"
#include "app/engine/DoctorCommand.h"
#include "app/engine/ExportCommand.h"
#include "app/engine/RunCommand.h"
#include "app/engine/ServeCommand.h"
#include "base/Log.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <unistd.h>

namespace {

/// Threads that wait for each other burn time by default, which doubles the cost of a run on a machine with other work.
/// The library reads its wish for that when it is loaded, so the program starts itself anew with it.
void waitWithoutSpinning(char** argv)
{
    if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr)
        return;
    setenv("GOMP_SPINCOUNT", "1000", 1);
    execv("/proc/self/exe", argv); // on failure the run is slower, not wrong
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app(
        "Trains, predicts and explains inside a run folder. Events go to standard output, one JSON object a line.",
        "foveate-engine");
    app.require_subcommand(1);
    app.set_version_flag("--version", FOVEATE_VERSION);
    bool verbose = false;
    app.add_flag("-v,--verbose", verbose, "Say more on standard error");

    foveate::engine::RunOptions options;
    CLI::App* run = app.add_subcommand("run", "Carry out the run that DIR/input describes, or go on with it");
    run->add_option("DIR", options.folder, "The run folder")->required();
    run->add_flag("--require-gpu", options.requireGpu, "End with 5 rather than compute without a GPU");
    run->add_option("--processes", options.processes,
                    "That train together on this machine (default: as DIR/input says)")
        ->check(CLI::Range(1, 256));
    const CLI::App* serve = app.add_subcommand("serve", "Answer commands on standard input about one run's weights");

    const CLI::App* doctor = app.add_subcommand("doctor", "Say what a run would compute with on this machine");

    std::string weights, target;
    CLI::App* exporting = app.add_subcommand("export", "Write a trained network as TorchScript");
    exporting->add_option("WEIGHTS", weights, "A run's weights.safetensors")->required();
    exporting->add_option("TARGET", target, "The file to make")->required();

    std::string workload;
    foveate::engine::bench::Input input;
    CLI::App* bench = app.add_subcommand("bench", "Time one workload; without a name, list them");
    bench->add_option("NAME", workload, "The workload");
    bench->add_option("--data", input.data, "Folder that holds the inputs");
    bench->add_option("--out", input.out, "Folder to save the result in, as NAME.npy");
    bench->add_option("--repeat", input.repeat, "How often it is timed")->check(CLI::Range(1, 1000));
    bench->add_option("--threads", input.threads, "Threads to work with (0: all)")->check(CLI::Range(0, 1024));
    bench->add_option("--seed", input.seed, "Seed of every random choice");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    foveate::log::start(verbose ? foveate::log::Level::debug : foveate::log::Level::warning);
    if (doctor->parsed())
        return foveate::engine::doctorCommand();
    if (exporting->parsed())
        return foveate::engine::exportCommand(weights, target);
    if (serve->parsed())
        return foveate::engine::serveCommand(STDIN_FILENO, STDOUT_FILENO);
    waitWithoutSpinning(argv);
    if (bench->parsed())
        return foveate::engine::benchCommand(workload, input);
    return foveate::engine::runCommand(options, STDOUT_FILENO);
}
