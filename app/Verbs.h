// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of the command line: one add… function per verb, each in its own file under app/verbs/.
//
// An add function declares the verb's options and, when the verb is chosen, leaves what is to be done in
// Invocation::run, which is called with a QCoreApplication (or, for verbs that draw, an offscreen QApplication) in
// place and returns the exit code. To add a verb: write its file, declare it here, list it in CommandLine.cpp.
#pragma once

#include "app/Console.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace foveate::app {

/// What a verb needs of the display.
enum class Surface {
    none,      ///< QCoreApplication
    offscreen, ///< fonts and painting, no display
    window     ///< the window itself
};

struct Invocation {
    CommonOptions common;
    Surface surface = Surface::none;
    std::function<int()> run;
};

using AddVerb = void (*)(CLI::App& program, Invocation& invocation);

/// Declares `verb` with the common options.
CLI::App* addVerb(CLI::App& program, Invocation& invocation, const char* verb, const char* summary);

/// The same with the project's folder as first argument, kept in `project`.
CLI::App* addProjectVerb(CLI::App& program, Invocation& invocation, const char* verb, const char* summary,
                         std::string& project);

/// Of a verb that trains: with how many processes.
struct ProcessesOptions {
    int count = 1;
    bool syncBatchNorm = true;
};
void addProcesses(CLI::App* verb, ProcessesOptions& processes);

/// The strategies' own options (query/Options.h), kept in `query` as the engine's job understands them.
void addStrategyOptions(CLI::App* verb, nlohmann::json& query);

/// What `--model` may say: the engine's networks (learn/nets/Backbone.h).
inline std::vector<std::string> modelNames()
{
    return {"resnet18", "resnet34", "resnet50", "vgg16", "vgg16_bn", "densenet121", "tiny"};
}

void addNew(CLI::App& program, Invocation& invocation);
void addImport(CLI::App& program, Invocation& invocation);
void addDemo(CLI::App& program, Invocation& invocation);
void addPretrain(CLI::App& program, Invocation& invocation);
void addTrain(CLI::App& program, Invocation& invocation);
void addPredict(CLI::App& program, Invocation& invocation);
void addEmbed(CLI::App& program, Invocation& invocation);
void addExplain(CLI::App& program, Invocation& invocation);
void addSelect(CLI::App& program, Invocation& invocation);
void addEvaluate(CLI::App& program, Invocation& invocation);
void addLabel(CLI::App& program, Invocation& invocation);
void addSimulate(CLI::App& program, Invocation& invocation);
void addReport(CLI::App& program, Invocation& invocation);
void addExport(CLI::App& program, Invocation& invocation);
void addVerify(CLI::App& program, Invocation& invocation);
void addInfo(CLI::App& program, Invocation& invocation);
void addDoctor(CLI::App& program, Invocation& invocation);
void addBench(CLI::App& program, Invocation& invocation);
void addCompletion(CLI::App& program, Invocation& invocation);

} // namespace foveate::app
