// SPDX-License-Identifier: GPL-3.0-or-later
// `predict`, `embed` and `explain`: what a trained run says about images, as numbers, features and maps.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "imaging/client/PngWriter.h"
#include "session/Selection.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

namespace foveate::app {
namespace {

struct PredictOptions {
    std::string project;
    std::string run;
    std::vector<std::string> ids;
    std::string method = "gradcam";
    std::string classOf = "predicted";
};

using IdsByRow = std::map<std::int64_t, std::string>;

/// The readable images asked for (all when none is named); notFound for an id that is not there.
Result<IdsByRow> wantedRows(session::Project& project, const std::vector<std::string>& ids)
{
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    std::set<std::string> missing(ids.begin(), ids.end());
    IdsByRow rows;
    for (const store::Sample& sample : samples) {
        const bool named = std::find(ids.begin(), ids.end(), sample.id) != ids.end();
        if ((ids.empty() && sample.state == store::SampleState::ok) || named)
            rows[sample.packRow] = sample.id;
        missing.erase(sample.id);
    }
    if (!missing.empty())
        return fail(Code::notFound, {"image", *missing.begin()});
    return rows;
}

Result<std::string> finishedRun(session::Project& project, const char* job, const PredictOptions& options,
                                nlohmann::json jobOptions, const CommonOptions& common)
{
    session::RunWish wish = wishFor(job, common, project);
    wish.options = std::move(jobOptions);
    const session::Need need = std::string_view(job) == "embed" ? session::Need::features : session::Need::trained;
    FOVEATE_TRY(wish.parent, session::chooseRun(project, need, options.run));
    return engineRun(project, wish, common);
}

nlohmann::json probabilitiesOf(const session::RunArrays& arrays, std::size_t row)
{
    const std::size_t classes = arrays.probabilities.columns();
    const auto first = arrays.probabilities.data.begin() + std::ptrdiff_t(row * classes);
    return std::vector<float>(first, first + std::ptrdiff_t(classes));
}

nlohmann::json predictions(const session::RunArrays& arrays, const IdsByRow& wanted, const std::vector<std::string>& classes)
{
    nlohmann::json items = nlohmann::json::array();
    for (std::size_t i = 0; i < arrays.rows.size(); ++i) {
        const auto id = wanted.find(arrays.rows[i]);
        if (id == wanted.end())
            continue;
        const nlohmann::json probabilities = probabilitiesOf(arrays, i);
        const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
        items.push_back({{"id", id->second}, {"class", classes[std::size_t(best)]}, {"probabilities", probabilities}});
    }
    return items;
}

Status predict(const PredictOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const IdsByRow wanted, wantedRows(project, options.ids));
    FOVEATE_TRY(const std::string folder, finishedRun(project, "predict", options, nlohmann::json::object(), common));
    FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays(folder));
    const nlohmann::json items = predictions(arrays, wanted, project.file().classes);
    if (common.json) {
        printJson({{"run", runId(folder)}, {"classes", project.file().classes}, {"items", items}});
        return {};
    }
    for (const auto& item : items)
        say(QStringLiteral("%1  %2  %3").arg(QString::fromStdString(item["id"]), QString::fromStdString(item["class"]),
                                             QString::fromStdString(item["probabilities"].dump())));
    return {};
}

Status embed(const PredictOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const std::string folder, finishedRun(project, "embed", options, nlohmann::json::object(), common));
    FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays(folder));
    if (common.json)
        printJson({{"run", runId(folder)}, {"n", arrays.rows.size()}, {"dimensions", arrays.features.columns()},
                   {"features", folder + "/features.npy"}, {"rows", folder + "/rows.npy"}});
    else
        say(QCoreApplication::translate("Console", "%1 images, %2 features each, in %3/features.npy")
                .arg(arrays.rows.size()).arg(arrays.features.columns()).arg(QString::fromStdString(folder)));
    return {};
}

/// The map as an 8-bit picture: its smallest value black, its largest white; the scale stands in the JSON beside it.
Result<nlohmann::json> drawMap(const std::filesystem::path& file, const std::string& method)
{
    FOVEATE_TRY(const Array<float> map, readNpy<float>(file.string()));
    const auto [low, high] = std::minmax_element(map.data.begin(), map.data.end());
    const float range = std::max(*high - *low, 1e-12f);
    std::vector<std::uint8_t> grey(map.data.size());
    std::transform(map.data.begin(), map.data.end(), grey.begin(),
                   [&, smallest = *low](float v) { return std::uint8_t(std::lround((v - smallest) / range * 255)); });
    const std::string picture = std::filesystem::path(file).replace_extension(".png").string();
    FOVEATE_CHECK(imaging::writePng(picture, {grey.data(), std::uint32_t(map.columns()), std::uint32_t(map.rows()), 1, 8}));
    const std::string stem = file.stem().string();
    return nlohmann::json{{"id", stem.substr(0, stem.find("-" + method))}, {"method", method}, {"map", file.string()},
                          {"picture", picture}, {"low", *low}, {"high", *high}, {"evidence", *high > 0}};
}

Result<nlohmann::json> explanationOptions(const PredictOptions& options, const IdsByRow& wanted, const std::vector<std::string>& classes)
{
    nlohmann::json job{{"method", options.method}, {"class", "predicted"}, {"rows", nlohmann::json::array()}};
    for (const auto& [row, id] : wanted)
        job["rows"].push_back(row);
    if (options.classOf == "predicted")
        return job;
    const auto named = std::find(classes.begin(), classes.end(), options.classOf);
    if (named == classes.end())
        return fail(Code::notFound, {"class", options.classOf});
    job["class"] = named - classes.begin();
    return job;
}

Status explain(const PredictOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const IdsByRow wanted, wantedRows(project, options.ids));
    FOVEATE_TRY(nlohmann::json job, explanationOptions(options, wanted, project.file().classes));
    FOVEATE_TRY(const std::string folder, finishedRun(project, "explain", options, std::move(job), common));
    nlohmann::json items = nlohmann::json::array();
    std::vector<std::filesystem::path> maps;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/maps"))
        if (entry.path().extension() == ".npy")
            maps.push_back(entry.path());
    std::sort(maps.begin(), maps.end());
    for (const std::filesystem::path& map : maps) {
        FOVEATE_TRY(nlohmann::json item, drawMap(map, options.method));
        items.push_back(std::move(item));
    }
    if (common.json)
        printJson({{"run", runId(folder)}, {"method", options.method}, {"items", items}});
    else
        say(QCoreApplication::translate("Console", "%1 maps (raw values as .npy, pictures as .png) lie in %2/maps")
                .arg(items.size()).arg(QString::fromStdString(folder)));
    return {};
}

template <typename Work>
void onCallback(CLI::App* verb, Invocation& invocation, const std::shared_ptr<PredictOptions>& options, Work work)
{
    verb->callback([&invocation, options, work] {
        invocation.run = [&invocation, options, work]() -> int {
            const Status done = work(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace

void addPredict(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PredictOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "predict", "Class probabilities of images", options->project);
    verb->add_option("--run", options->run, "The trained run (default: the newest)");
    verb->add_option("--ids", options->ids, "Images, separated by commas (default: all)")->delimiter(',');
    onCallback(verb, invocation, options, &predict);
}

void addEmbed(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PredictOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "embed", "Features of all images, as an array", options->project);
    verb->add_option("--run", options->run, "The run whose network is used (default: the newest)");
    onCallback(verb, invocation, options, &embed);
}

void addExplain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PredictOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "explain", "Maps of what the model used", options->project);
    verb->add_option("--run", options->run, "The trained run (default: the newest)");
    verb->add_option("--ids", options->ids, "Images, separated by commas")->delimiter(',')->required();
    verb->add_option("--method", options->method, "gradcam")->check(CLI::IsMember({"gradcam"}));
    verb->add_option("--class", options->classOf, "The class to explain, or predicted");
    onCallback(verb, invocation, options, &explain);
}

} // namespace foveate::app
