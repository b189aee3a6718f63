// SPDX-License-Identifier: GPL-3.0-or-later
// `label PROJECT`: labels from a table, or from hidden truth as an oracle.
#include "app/Verbs.h"

#include "session/Labelling.h"
#include "ui/models/ErrorText.h"

#include <cstdio>

namespace foveate::app {
namespace {

struct LabelOptions {
    std::string project;
    std::string file;
    std::string reader;
    bool oracle = false;
    std::int64_t count = -1;
    bool acknowledge = false;
};

/// `id,label` on standard output after each COMMIT, flushed: what was printed is on the disk.
session::Acknowledge acknowledging(const LabelOptions& options, LabelScheme labels)
{
    if (!options.acknowledge)
        return {};
    return [labels = std::move(labels)](const std::string& id, int label) {
        std::printf("%s,%s\n", id.c_str(), labels.text(label).c_str());
        std::fflush(stdout);
    };
}

int exitCodeFor(const LabelOptions& options, const session::LabelReport& outcome)
{
    const std::int64_t done = outcome.labelled + outcome.revised;
    if (options.oracle && options.count >= 0 && done < options.count)
        return kPartlyDone;
    if (outcome.failed.empty())
        return kOk;
    return done > 0 ? kPartlyDone : kBadData;
}

void sayOutcome(const LabelOptions& options, const session::LabelReport& outcome, const CommonOptions& common)
{
    nlohmann::json failed = nlohmann::json::array();
    for (const Error& error : outcome.failed) {
        failed.push_back({{"code", std::string(name(error.code))}, {"args", error.args}});
        note(ui::errorText(error));
    }
    if (common.json)
        printJson({{"labelled", outcome.labelled}, {"revised", outcome.revised}, {"failed", failed}});
    else if (!options.acknowledge)
        say(Console::tr("%1 labelled, %2 changed, %3 not possible.")
                .arg(outcome.labelled)
                .arg(outcome.revised)
                .arg(outcome.failed.size()));
}

int label(const LabelOptions& options, const CommonOptions& common)
{
    Result<session::Project> project = session::Project::open(options.project, session::Purpose::write);
    if (!project)
        return report(project.error());
    const session::Acknowledge acknowledge = acknowledging(options, project->file().labels());
    const Result<session::LabelReport> outcome =
        options.oracle ? session::labelByOracle(*project, options.count, acknowledge)
                       : session::labelFromTable(*project, options.file, options.reader, acknowledge);
    if (!outcome)
        return report(outcome.error());
    sayOutcome(options, *outcome, common);
    return exitCodeFor(options, *outcome);
}

} // namespace

void addLabel(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<LabelOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "label", "Label images without a window", options->project);
    CLI::Option* file = verb->add_option("--file", options->file, "A table with the columns id and label");
    CLI::Option* reader = verb->add_option("--reader", options->reader, "Whose labels they are");
    CLI::Option* oracle = verb->add_flag("--oracle", options->oracle, "Answer from hidden truth, in the queue's order");
    verb->add_option("--count", options->count, "How many the oracle labels (default: all)")
        ->check(CLI::NonNegativeNumber)
        ->needs(oracle);
    verb->add_flag("--ack", options->acknowledge, "Print id,label after each label is safe on the disk");
    file->excludes(oracle)->needs(reader);
    verb->callback([&invocation, options] {
        if (options->file.empty() && !options->oracle)
            throw CLI::RequiredError("label: --file F --reader NAME, or --oracle");
        invocation.run = [&invocation, options] { return label(*options, invocation.common); };
    });
}

} // namespace foveate::app
