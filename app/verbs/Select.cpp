// SPDX-License-Identifier: GPL-3.0-or-later
// `select PROJECT`: which images to label next.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "base/Text.h"
#include "session/Selection.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>

namespace foveate::app {
namespace {

struct SelectOptions {
    std::string project;
    std::string strategy = "entropy";
    int count = 20;
    bool queue = false;
    std::string run;
};

Result<std::map<std::string, std::string>> filesById(session::Project& project)
{
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    std::map<std::string, std::string> files;
    for (const store::Sample& sample : samples)
        files[sample.id] = printable(sample.relativePath);
    return files;
}

nlohmann::json toJson(const session::Selection& selection, const std::map<std::string, std::string>& files)
{
    nlohmann::json items = nlohmann::json::array();
    for (const session::SelectedItem& item : selection.items)
        items.push_back({{"id", item.id},       {"file", files.at(item.id)}, {"score", item.score},
                         {"rank", item.rank},   {"reason", item.reason}});
    return {{"strategy", selection.strategy},
            {"seed", selection.seed},
            {"run", selection.run.empty() ? nlohmann::json() : nlohmann::json(selection.run)},
            {"items", items}};
}

Status select(const SelectOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, options.queue ? session::Project::open(options.project, session::Purpose::write)
                                                        : openForReading(options.project));
    FOVEATE_TRY(session::Selection selection,
                session::rankPool(project, options.strategy, seedOf(common, project), options.run));
    if (options.queue)
        FOVEATE_CHECK(session::queueBatch(project, selection, options.count).map([](std::int64_t) {}));
    selection.items.resize(std::min(selection.items.size(), std::size_t(options.count)));
    FOVEATE_TRY(const auto files, filesById(project));
    if (common.json) {
        printJson(toJson(selection, files));
        return {};
    }
    for (const session::SelectedItem& item : selection.items)
        say(QStringLiteral("%1  %2  %3  %4").arg(item.rank, 4).arg(QString::fromStdString(item.id)).arg(item.score, 0, 'f', 4)
                .arg(QString::fromStdString(item.reason)));
    if (options.queue)
        say(QCoreApplication::translate("Console", "These images come first in the reader's queue now."));
    return {};
}

} // namespace

void addSelect(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<SelectOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "select", "Say which images to label next", options->project);
    std::string names;
    for (const std::string& strategy : session::strategyNames())
        names += (names.empty() ? "" : ", ") + strategy;
    verb->add_option("--strategy", options->strategy, "One of " + names);
    verb->add_option("--count", options->count, "How many")->check(CLI::PositiveNumber);
    verb->add_flag("--queue", options->queue, "Put them at the front of the reader's queue");
    verb->add_option("--run", options->run, "The run whose scores count, or none (default: the newest training)");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = select(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
