// SPDX-License-Identifier: GPL-3.0-or-later
// `train PROJECT` and `evaluate PROJECT`: a supervised training on the labels so far, and how good it is.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "session/Evaluation.h"
#include "session/Runs.h"

#include <QCoreApplication>

namespace foveate::app {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Console", text);
}

struct TrainOptions {
    std::string project;
    std::string run;
    std::string preset;
    int epochs = 0;
    std::string model;
    int size = 0;
    std::string split = "test";
};

nlohmann::json jobOptions(const TrainOptions& options)
{
    nlohmann::json job = nlohmann::json::object();
    if (!options.preset.empty())
        job["preset"] = options.preset;
    if (options.epochs > 0)
        job["epochs"] = options.epochs;
    if (!options.model.empty())
        job["model"] = options.model;
    if (options.size > 0)
        job["size"] = options.size;
    return job;
}

void sayEvaluation(const session::Evaluation& evaluation)
{
    say(tr("Run %1 on %2 images of %3 patients (%4):")
            .arg(QString::fromStdString(evaluation.run)).arg(evaluation.n).arg(evaluation.patients)
            .arg(QString::fromUtf8(name(evaluation.split).data())));
    for (const auto& [metric, value] : evaluation.values) {
        const auto interval = evaluation.intervals.find(metric);
        const QString range = interval == evaluation.intervals.end()
                                  ? QString()
                                  : QStringLiteral("  (%1 – %2)").arg(interval->second.low, 0, 'f', 3).arg(interval->second.high, 0, 'f', 3);
        say(QStringLiteral("  %1  %2%3").arg(QString::fromStdString(metric), -18).arg(value, 0, 'f', 4).arg(range));
    }
}

/// The first of test, then validation, that has references; a training without either is reported with n = 0.
Result<session::Evaluation> evaluateWhereKnown(session::Project& project, const session::RunInfo& run, std::uint64_t seed)
{
    for (const Split split : {Split::test, Split::val}) {
        Result<session::Evaluation> evaluation = session::evaluateRun(project, run, split, seed);
        if (evaluation || evaluation.error().code != Code::needsLabels)
            return evaluation;
    }
    session::Evaluation none;
    none.run = run.id;
    none.split = Split::none;
    none.classes = project.file().classes;
    return none;
}

void printOutcome(const session::Evaluation& evaluation, const CommonOptions& common)
{
    if (common.json)
        printJson(session::toJson(evaluation));
    else if (evaluation.n == 0)
        say(tr("Run %1 is trained. No labelled validation or test images are there to measure it.").arg(QString::fromStdString(evaluation.run)));
    else
        sayEvaluation(evaluation);
}

Result<session::Evaluation> train(const TrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    session::RunWish wish = wishFor("train", common, project);
    FOVEATE_TRY(wish.parent, session::chooseRun(project, session::Need::pretrained, options.run));
    wish.options = jobOptions(options); // the project's recipe fills in the rest
    FOVEATE_TRY(const std::string folder, engineRun(project, wish, common));
    FOVEATE_TRY(const std::optional<session::RunInfo> run, session::chooseRun(project, session::Need::trained, runId(folder)));
    return evaluateWhereKnown(project, *run, seedOf(common, project));
}

Result<session::Evaluation> evaluate(const TrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, openForReading(options.project));
    FOVEATE_TRY(const Split split, splitFromName(options.split));
    FOVEATE_TRY(const std::optional<session::RunInfo> run, session::chooseRun(project, session::Need::trained, options.run));
    return session::evaluateRun(project, *run, split, seedOf(common, project));
}

int finish(const Result<session::Evaluation>& evaluation, const CommonOptions& common)
{
    if (!evaluation)
        return report(evaluation.error());
    printOutcome(*evaluation, common);
    return kOk;
}

} // namespace

void addTrain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<TrainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "train", "Train on the labels so far and score all images", options->project);
    verb->add_option("--preset", options->preset, "The recipe (default: the project's, small)")->check(CLI::IsMember({"small"}));
    verb->add_option("--run", options->run, "The pretrained run to start from, or none (default: the newest)");
    verb->add_option("--epochs", options->epochs, "Epochs at most (default: the recipe's)")->check(CLI::Range(1, 10000));
    verb->add_option("--model", options->model, "The network, when there is no pretrained run")->check(CLI::IsMember({"resnet18", "tiny"}));
    verb->add_option("--size", options->size, "Pixels a side, when there is no pretrained run")->check(CLI::Range(16, 1024));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return finish(train(*options, invocation.common), invocation.common); };
    });
}

void addEvaluate(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<TrainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "evaluate", "Say how good a trained run is", options->project);
    verb->add_option("--run", options->run, "The run (default: the newest training)");
    verb->add_option("--split", options->split, "train, val or test")->check(CLI::IsMember({"train", "val", "test"}));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return finish(evaluate(*options, invocation.common), invocation.common); };
    });
}

} // namespace foveate::app
