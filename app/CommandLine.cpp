// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/CommandLine.h"

#include "app/Verbs.h"
#include "base/Log.h"
#include "base/Text.h"

#include <QApplication>
#include <QCoreApplication>
#include <filesystem>
#include <iostream>
#include <memory>

namespace foveate::app {
namespace {

constexpr AddVerb kVerbs[] = {addNew,     addImport, addDemo,     addPretrain, addTrain,     addPredict, addEmbed,
                              addExplain, addSelect, addEvaluate, addLabel,    addSimulate,  addReport,  addExport,
                              addVerify,  addInfo,   addDoctor,   addBench,    addCompletion};

void describe(CLI::App& program, Invocation& invocation)
{
    program.set_version_flag("--version", std::string("foveate ") + FOVEATE_VERSION);
    program.require_subcommand(1);
    program.failure_message([](const CLI::App*, const CLI::Error& error) {
        return std::string("foveate: ") + error.what() + "; --help says more.\n";
    });
    for (const AddVerb add : kVerbs)
        add(program, invocation);
}

log::Level levelOf(const CommonOptions& common)
{
    return common.verbose ? log::Level::debug : common.quiet ? log::Level::quiet : log::Level::warning;
}

std::unique_ptr<QCoreApplication> applicationFor(const Invocation& invocation, int& argc, char** argv)
{
    if (invocation.surface == Surface::none)
        return std::make_unique<QCoreApplication>(argc, argv);
    if (invocation.surface == Surface::offscreen)
        qputenv("QT_QPA_PLATFORM", "offscreen");
    return std::make_unique<QApplication>(argc, argv);
}

bool isNamed(const CLI::App& program, const std::string& word)
{
    return !program.get_subcommands([&word](const CLI::App* verb) { return verb->check_name(word); }).empty();
}

} // namespace

namespace {

/// Neither a verb nor a folder that is there: a path was meant when it looks like one.
int refuseWord(const std::string& word)
{
    if (word.find('/') != std::string::npos || std::filesystem::path(word).has_extension())
        return report(Error{Code::notFound, {"project", word}});
    note(Console::tr("foveate: there is no verb and no folder \"%1\"; foveate --help lists the verbs.")
             .arg(QString::fromStdString(printable(word))));
    return kUsage;
}

} // namespace

CLI::App* addVerb(CLI::App& program, Invocation& invocation, const char* verb, const char* summary)
{
    CLI::App* sub = program.add_subcommand(verb, summary);
    CommonOptions& common = invocation.common;
    sub->add_flag("--json", common.json, "One JSON document on one line of standard output");
    sub->add_option("--seed", common.seed, "Seed of every random choice (default: the project's)")
        ->envname("FOVEATE_SEED");
    sub->add_option("--device", common.device, "auto, cpu or cuda")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->envname("FOVEATE_DEVICE");
    sub->add_flag("--require-gpu", common.requireGpu, "Stop with code 5 when there is no GPU");
    sub->add_option("--threads", common.threads, "Threads to work with (default: all)")
        ->check(CLI::Range(0, 1024))
        ->envname("FOVEATE_THREADS");
    sub->add_flag("-q,--quiet", common.quiet, "No progress");
    sub->add_flag("-v,--verbose", common.verbose, "More in the log");
    sub->add_option("--log-file", common.logFile, "Write the log to this file too")->envname("FOVEATE_LOG_FILE");
    return sub;
}

CLI::App* addProjectVerb(CLI::App& program, Invocation& invocation, const char* verb, const char* summary,
                         std::string& project)
{
    CLI::App* sub = addVerb(program, invocation, verb, summary);
    sub->add_option("PROJECT", project, "The project's folder")->required();
    return sub;
}

void addProcesses(CLI::App* verb, ProcessesOptions& processes)
{
    verb->add_option("--processes", processes.count,
                     "Train with so many processes, which share the threads and each batch")
        ->check(CLI::Range(1, 256));
    verb->add_flag("!--no-sync-batch-norm", processes.syncBatchNorm,
                   "Batch norm takes in each process's images alone, not the whole batch's");
}

bool isVerb(int argc, char** argv)
{
    if (argc < 2)
        return false;
    Invocation invocation;
    CLI::App program;
    describe(program, invocation);
    const std::string word = argv[1];
    return word.starts_with("-") || !std::filesystem::exists(word) || isNamed(program, word);
}

int runVerb(int argc, char** argv)
{
    Invocation invocation;
    CLI::App program("Foveate picks the medical images that are worth a label, and learns from the answers.\n"
                     "Without a verb it opens its window. Not for diagnosis.",
                     "foveate");
    describe(program, invocation);
    const std::string word = argv[1];
    if (!word.starts_with("-") && !isNamed(program, word))
        return refuseWord(word);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == int(CLI::ExitCodes::Success);
        program.exit(error, std::cout, std::cerr);
        return asked ? kOk : kUsage;
    }
    log::start(levelOf(invocation.common), invocation.common.logFile);
    const std::unique_ptr<QCoreApplication> application = applicationFor(invocation, argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("Foveate"));
    return invocation.run();
}

} // namespace foveate::app
