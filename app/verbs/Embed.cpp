// SPDX-License-Identifier: GPL-3.0-or-later
// `embed PROJECT`: the features of all images by a run's network, as an array.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "session/Selection.h"

#include <QCoreApplication>

namespace foveate::app {
namespace {

struct EmbedOptions {
    std::string project;
    std::string run;
};

Status embed(const EmbedOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const std::string folder, runOnParent(project, "embed", options.run, nlohmann::json::object(), common));
    FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays(folder));
    if (common.json)
        printJson({{"run", runId(folder)}, {"n", arrays.rows.size()}, {"dimensions", arrays.features.columns()},
                   {"features", folder + "/features.npy"}, {"rows", folder + "/rows.npy"}});
    else
        say(QCoreApplication::translate("Console", "%1 images, %2 features each, in %3/features.npy")
                .arg(arrays.rows.size()).arg(arrays.features.columns()).arg(QString::fromStdString(folder)));
    return {};
}

} // namespace

void addEmbed(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<EmbedOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "embed", "Features of all images, as an array", options->project);
    verb->add_option("--run", options->run, "The run whose network is used (default: the newest)");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = embed(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
