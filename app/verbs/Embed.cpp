// SPDX-License-Identifier: GPL-3.0-or-later
// `embed PROJECT`: the features of all images by a run's network, and from them a map and clusters, as arrays.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "session/Selection.h"

#include <algorithm>
#include <filesystem>

namespace foveate::app {
namespace {

struct EmbedOptions {
    std::string project;
    std::string run;
    std::string map = "none";
    std::string after;
    int neighbours = 15;
    double minimumDistance = .1;
    double perplexity = 30;
    int rounds = 0;
    bool hold = false;
    int clusters = 0;
};

nlohmann::json engineOptions(const EmbedOptions& options)
{
    return {{"map", options.map},
            {"neighbours", options.neighbours},
            {"minimum_distance", options.minimumDistance},
            {"perplexity", options.perplexity},
            {"rounds", options.rounds},
            {"hold", options.hold},
            {"clusters", options.clusters}};
}

bool hasMap(const session::RunInfo& run, const std::string& method)
{
    if (run.job != "embed" || !run.finished || !std::filesystem::exists(run.folder + "/map.npy"))
        return false;
    const Result<nlohmann::json> result = readResult(run.folder);
    return result && result->contains("map") && (*result)["map"].value("method", "") == method;
}

/// The run whose map this one goes on from: the one named, else the newest map of the same method of another round, so
/// that the same command gives the same map again (of any, where known images stay in place). Nothing for "none".
Result<std::optional<session::RunInfo>> previousMap(const session::Project& project, const EmbedOptions& options,
                                                    const session::RunInfo& parent)
{
    if (options.map == "none" || options.map == "pca" || options.after == "none")
        return std::optional<session::RunInfo>();
    std::vector<session::RunInfo> runs = session::listRuns(project.runsFolder());
    std::reverse(runs.begin(), runs.end());
    for (const session::RunInfo& run : runs) {
        const bool wanted = options.after.empty() ? options.hold || run.parent != parent.id : run.id == options.after;
        if (wanted && hasMap(run, options.map))
            return std::optional(run);
    }
    if (!options.after.empty())
        return fail(Code::notFound, {"run", options.after});
    return std::optional<session::RunInfo>();
}

struct Embedded {
    std::string folder;
    std::string after; ///< run whose map this one goes on from, ""
};

Result<Embedded> run(session::Project& project, const EmbedOptions& options, const CommonOptions& common)
{
    session::RunWish wish = wishFor("embed", common, project);
    wish.options = engineOptions(options);
    FOVEATE_TRY(wish.parent, session::chooseRun(project, session::Need::features, options.run));
    if (!wish.parent)
        return fail(Code::needsTraining, {"pretrain"});
    FOVEATE_TRY(const std::optional<session::RunInfo> previous, previousMap(project, options, *wish.parent));
    wish.previousMap = previous ? previous->folder : std::string();
    FOVEATE_TRY(const std::string folder, engineRun(project, wish, common));
    return Embedded{folder, previous ? previous->id : std::string()};
}

void sayResult(const Embedded& embedded, const session::RunArrays& arrays, const nlohmann::json& result)
{
    const QString folder = QString::fromStdString(embedded.folder);
    say(Console::tr("%1 images, %2 features each, in %3/features.npy")
            .arg(arrays.rows.size())
            .arg(arrays.features.columns())
            .arg(folder));
    if (result.contains("map"))
        say(Console::tr("map in %1/map.npy, trustworthiness %2")
                .arg(folder)
                .arg(result["map"].value("trustworthiness", 0.0), 0, 'f', 3));
    if (result.contains("clusters"))
        say(Console::tr("clusters in %1/clusters.npy").arg(folder));
}

Status embed(const EmbedOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const Embedded embedded, run(project, options, common));
    FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays(embedded.folder));
    FOVEATE_TRY(const nlohmann::json result, readResult(embedded.folder));
    if (!common.json) {
        sayResult(embedded, arrays, result);
        return {};
    }
    nlohmann::json document = {{"run", runId(embedded.folder)},
                               {"n", arrays.rows.size()},
                               {"dimensions", arrays.features.columns()},
                               {"features", embedded.folder + "/features.npy"},
                               {"rows", embedded.folder + "/rows.npy"}};
    if (result.contains("map")) {
        document["map"] = result["map"];
        document["map"]["file"] = embedded.folder + "/map.npy";
        document["map"]["after"] = embedded.after.empty() ? nlohmann::json() : nlohmann::json(embedded.after);
    }
    if (result.contains("clusters")) {
        document["clusters"] = result["clusters"];
        document["clusters"]["file"] = embedded.folder + "/clusters.npy";
    }
    printJson(document);
    return {};
}

} // namespace

void addEmbed(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<EmbedOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "embed",
                                    "Features of all images, a map and clusters of them, as arrays", options->project);
    verb->add_option("--run", options->run, "The run whose network is used (default: the newest)");
    verb->add_option("--map", options->map, "none, pca, umap or tsne")
        ->check(CLI::IsMember({"none", "pca", "umap", "tsne"}));
    verb->add_option("--after", options->after,
                     "The run whose map this one goes on from, or none (default: the newest map of another round)");
    verb->add_option("--neighbours", options->neighbours, "umap: more for a coarser structure")
        ->check(CLI::Range(2, 1000));
    verb->add_option("--min-dist", options->minimumDistance, "umap: smaller for tighter clumps")
        ->check(CLI::Range(0.0, 1.0));
    verb->add_option("--perplexity", options->perplexity, "tsne: about how many neighbours count")
        ->check(CLI::Range(2.0, 1000.0));
    verb->add_option("--rounds", options->rounds, "Epochs of umap, iterations of tsne (0: the usual number)")
        ->check(CLI::Range(0, 100000));
    verb->add_flag("--hold", options->hold,
                   "Leave the images that the map before knows where they are; place only new ones");
    verb->add_option("--clusters", options->clusters, "Also so many clusters by k-means")->check(CLI::Range(0, 1000));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = embed(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
