// SPDX-License-Identifier: GPL-3.0-or-later
// `explain PROJECT`: maps of what a trained run used in images, as raw values and as pictures.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "base/Npy.h"
#include "imaging/client/PngWriter.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <filesystem>

namespace foveate::app {
namespace {

struct ExplainOptions {
    std::string project;
    std::string run;
    std::vector<std::string> ids;
    std::string method = "gradcam";
    std::string classOf = "predicted";
};

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

Result<nlohmann::json> explanationOptions(const ExplainOptions& options, const IdsByRow& wanted, const std::vector<std::string>& classes)
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

Status explain(const ExplainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const IdsByRow wanted, wantedRows(project, options.ids));
    FOVEATE_TRY(nlohmann::json job, explanationOptions(options, wanted, project.file().classes));
    FOVEATE_TRY(const std::string folder, runOnParent(project, "explain", options.run, std::move(job), common));
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

} // namespace

void addExplain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<ExplainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "explain", "Maps of what the model used", options->project);
    verb->add_option("--run", options->run, "The trained run (default: the newest)");
    verb->add_option("--ids", options->ids, "Images, separated by commas")->delimiter(',')->required();
    verb->add_option("--method", options->method, "gradcam")->check(CLI::IsMember({"gradcam"}));
    verb->add_option("--class", options->classOf, "The class to explain, or predicted");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = explain(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
