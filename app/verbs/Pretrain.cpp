// SPDX-License-Identifier: GPL-3.0-or-later
// `pretrain PROJECT`: learning without labels on the training images.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include <QCoreApplication>

namespace foveate::app {
namespace {

struct PretrainOptions {
    std::string project;
    std::string method = "simclr";
    std::string model = "resnet18";
    int size = 224;
    int epochs = 100;
    int batch = 128;
    std::string optimiser = "adam";
    std::string preset;
    bool evaluate = false;
};

nlohmann::json jobOptions(const PretrainOptions& options, const session::Project& project)
{
    return {{"method", options.method},
            {"model", options.model},
            {"size", std::min(options.size, project.file().packSize)},
            {"epochs", options.epochs},
            {"batch", options.batch},
            {"optimiser", options.optimiser},
            {"preset", !options.preset.empty() ? options.preset : project.file().channels() == 1 ? "grey" : "histology"},
            {"evaluate", options.evaluate}};
}

Result<nlohmann::json> pretrain(const PretrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    session::RunWish wish = wishFor("pretrain", common, project);
    wish.options = jobOptions(options, project);
    wish.withTruth = options.evaluate;
    FOVEATE_TRY(const std::string folder, engineRun(project, wish, common));
    FOVEATE_TRY(nlohmann::json result, readResult(folder));
    result["run"] = runId(folder);
    result["method"] = options.method;
    return result;
}

void sayResult(const nlohmann::json& result)
{
    for (const auto& [key, value] : result.items())
        say(QStringLiteral("  %1  %2").arg(QString::fromStdString(key), -22).arg(QString::fromStdString(value.dump())));
}

int run(const PretrainOptions& options, const CommonOptions& common)
{
    const Result<nlohmann::json> result = pretrain(options, common);
    if (!result)
        return report(result.error());
    common.json ? printJson(*result) : sayResult(*result);
    return kOk;
}

} // namespace

void addPretrain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PretrainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "pretrain", "Learn from the images without labels", options->project);
    verb->add_option("--method", options->method, "How to learn")->check(CLI::IsMember({"simclr"}));
    verb->add_option("--model", options->model, "The network")->check(CLI::IsMember({"resnet18", "tiny"}));
    verb->add_option("--size", options->size, "Pixels a side (at most the project's pack size)")->check(CLI::Range(16, 1024));
    verb->add_option("--epochs", options->epochs, "Passes over the images")->check(CLI::Range(0, 100000));
    verb->add_option("--batch", options->batch, "Images a step")->check(CLI::Range(2, 65536));
    verb->add_option("--optimiser", options->optimiser, "adam or lamb")->check(CLI::IsMember({"adam", "lamb", "adamw", "sgd"}));
    verb->add_option("--preset", options->preset, "Augmentation: grey, simclr, histology … (default by the number of channels)");
    verb->add_flag("--evaluate", options->evaluate, "Measure the features with known labels at the end");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run(*options, invocation.common); };
    });
}

} // namespace foveate::app
