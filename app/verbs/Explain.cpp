// SPDX-License-Identifier: GPL-3.0-or-later
// `explain PROJECT`: maps of what a trained run used in images, as raw values and as pictures.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "base/Npy.h"
#include "imaging/client/PngWriter.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

namespace foveate::app {
namespace {

struct ExplainOptions {
    std::string project;
    std::string run;
    std::vector<std::string> ids;
    std::string method = "gradcam";
    std::string rules = "conserving";
    std::string classOf = "predicted";
    int window = 32;
    int stride = 16;
    int boxes = 100;
    int passes = 20;
    bool regions = false;
    int robustness = 0;
};

/// The map as an 8-bit picture from black at `low` to white at `high`, which stand in the JSON beside it. The scale
/// begins at 0 where the map has no value below it.
Result<std::string> drawMap(const std::filesystem::path& file, float low, float high)
{
    FOVEATE_TRY(const Array<float> map, readNpy<float>(file.string()));
    const float range = std::max(high - low, 1e-30f);
    std::vector<std::uint8_t> grey(map.data.size());
    std::transform(map.data.begin(), map.data.end(), grey.begin(),
                   [&](float v) { return std::uint8_t(std::lround(std::clamp((v - low) / range, 0.0f, 1.0f) * 255)); });
    const std::string picture = std::filesystem::path(file).replace_extension(".png").string();
    FOVEATE_CHECK(
        imaging::writePng(picture, {grey.data(), std::uint32_t(map.columns()), std::uint32_t(map.rows()), 1, 8}));
    return picture;
}

/// An item of maps.json for the reader: whole paths, the class by name, and the picture with its scale.
Result<nlohmann::json> itemOf(nlohmann::json item, const std::string& folder, const std::vector<std::string>& classes,
                              const std::string& method)
{
    const std::string map = folder + "/" + item.at("map").get<std::string>();
    const float low = std::min(0.0f, item.at("low").get<float>());
    const float high = item.at("high").get<float>();
    FOVEATE_TRY(const std::string picture, drawMap(map, low, high));
    item.erase("row");
    item["method"] = method;
    item["map"] = map;
    item["picture"] = picture;
    item["scale"] = {low, high};
    if (item.contains("regions"))
        item["regions"] = folder + "/" + item["regions"].get<std::string>();
    const std::size_t explained = item.at("class").get<std::size_t>();
    if (explained < classes.size())
        item["class"] = classes[explained];
    return item;
}

Result<nlohmann::json> explanationOptions(const ExplainOptions& options, const IdsByRow& wanted,
                                          const std::vector<std::string>& classes)
{
    nlohmann::json job{{"method", options.method},        {"rules", options.rules},   {"class", "predicted"},
                       {"rows", nlohmann::json::array()}, {"window", options.window}, {"stride", options.stride},
                       {"boxes", options.boxes},          {"passes", options.passes}, {"regions", options.regions},
                       {"robustness", options.robustness}};
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

Result<nlohmann::json> readMaps(const std::string& folder)
{
    std::ifstream file(folder + "/maps.json");
    nlohmann::json maps = nlohmann::json::parse(file, nullptr, false);
    if (!maps.is_array())
        return fail(Code::corrupt, {folder + "/maps.json", "not a list"});
    return maps;
}

Status explain(const ExplainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const IdsByRow wanted, wantedRows(project, options.ids));
    const std::vector<std::string> classes = project.file().classes;
    FOVEATE_TRY(nlohmann::json job, explanationOptions(options, wanted, classes));
    FOVEATE_TRY(const std::string folder, runOnParent(project, "explain", options.run, std::move(job), common));
    FOVEATE_TRY(const nlohmann::json maps, readMaps(folder));
    nlohmann::json items = nlohmann::json::array();
    for (const nlohmann::json& map : maps) {
        FOVEATE_TRY(nlohmann::json item, itemOf(map, folder, classes, options.method));
        items.push_back(std::move(item));
    }
    if (common.json)
        printJson({{"run", runId(folder)}, {"method", options.method}, {"items", items}});
    else
        say(Console::tr("%1 maps (raw values as .npy, pictures as .png) lie in %2/maps")
                .arg(items.size())
                .arg(QString::fromStdString(folder)));
    return {};
}

} // namespace

void addExplain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<ExplainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "explain", "Maps of what the model used", options->project);
    verb->add_option("--run", options->run, "The trained run (default: the newest)");
    verb->add_option("--ids", options->ids, "Images, separated by commas")->delimiter(',')->required();
    verb->add_option("--method", options->method, "gradcam, deep-taylor, occlusion, random-occlusion or uncertainty")
        ->check(CLI::IsMember({"gradcam", "deep-taylor", "occlusion", "random-occlusion", "uncertainty"}));
    verb->add_option("--rules", options->rules, "Deep Taylor: conserving, or innvestigate as in the P4 paper")
        ->check(CLI::IsMember({"conserving", "innvestigate"}));
    verb->add_option("--class", options->classOf, "The class to explain, or predicted");
    verb->add_flag("--regions", options->regions, "Where most of the map lies, and where once that is covered");
    verb->add_option("--robustness", options->robustness, "Look for the region again in that many changed views")
        ->check(CLI::Range(0, 1000));
    verb->add_option("--window", options->window, "Occlusion: side of a window in pixels")->check(CLI::Range(1, 4096));
    verb->add_option("--stride", options->stride, "Occlusion: pixels between windows")->check(CLI::Range(1, 4096));
    verb->add_option("--boxes", options->boxes, "Random occlusion: boxes")->check(CLI::Range(1, 10000));
    verb->add_option("--passes", options->passes, "Uncertainty: dropout passes")->check(CLI::Range(2, 1000));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = explain(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
