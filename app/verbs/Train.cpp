// SPDX-License-Identifier: GPL-3.0-or-later
// `train PROJECT` and `evaluate PROJECT`: a supervised training on the labels so far, and how good it is.
#include "app/EngineVerb.h"
#include "app/Verbs.h"
#include "app/WeightsFile.h"

#include "base/Manifest.h"
#include "session/Booking.h"
#include "session/CrossValidation.h"
#include "session/Evaluation.h"
#include "session/Runs.h"
#include "store/Presets.h"

namespace foveate::app {
namespace {

struct TrainOptions {
    std::string project;
    std::string run;
    std::string resume;
    std::string weights;
    std::string preset;
    int epochs = 0;
    std::string model;
    int size = 0;
    ProcessesOptions processes;
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
    if (!options.processes.syncBatchNorm)
        job["sync_batch_norm"] = false;
    return job;
}

QString rangeOf(const session::Interval& interval)
{
    return QStringLiteral("  (%1 – %2)").arg(interval.low, 0, 'f', 3).arg(interval.high, 0, 'f', 3);
}

void sayEvaluation(const session::Evaluation& evaluation)
{
    say(Console::tr("Run %1 on %2 images of %3 patients (%4):")
            .arg(QString::fromStdString(evaluation.run))
            .arg(evaluation.n)
            .arg(evaluation.patients)
            .arg(evaluation.crossValidated ? Console::tr("5-fold cross-validation")
                                           : QString::fromUtf8(name(evaluation.split).data())));
    for (const auto& [metric, value] : evaluation.values) {
        const auto interval = evaluation.intervals.find(metric);
        say(QStringLiteral("  %1  %2%3")
                .arg(QString::fromStdString(metric), -18)
                .arg(value, 0, 'f', 4)
                .arg(interval == evaluation.intervals.end() ? QString() : rangeOf(interval->second)));
    }
    for (const session::ClassFigures& figures : evaluation.perClass)
        say(Console::tr("  %1: %2 images, precision %3, recall %4, F1 %5%6, AUC %7")
                .arg(QString::fromStdString(figures.name))
                .arg(figures.support)
                .arg(figures.precision, 0, 'f', 4)
                .arg(figures.recall, 0, 'f', 4)
                .arg(figures.f1, 0, 'f', 4)
                .arg(figures.f1Interval ? rangeOf(*figures.f1Interval) : QString(),
                     figures.auc ? QString::number(*figures.auc, 'f', 4) : QStringLiteral("–")));
    if (evaluation.confusion.empty())
        return; // several classes an image
    say(Console::tr("Confusion, a row per true class, a column per predicted one:"));
    for (std::size_t c = 0; c < evaluation.confusion.size(); ++c) {
        QString row = QStringLiteral("  %1").arg(QString::fromStdString(evaluation.classes[c]), -18);
        for (const std::int64_t count : evaluation.confusion[c])
            row += QStringLiteral("%1").arg(count, 8);
        say(row);
    }
}

/// The first of test, then validation, that has references; a training without either is reported with n = 0.
Result<session::Evaluation> evaluateWhereKnown(session::Project& project, const session::RunInfo& run,
                                               std::uint64_t seed)
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
        say(Console::tr("Run %1 is trained. No labelled validation or test images are there to measure it; "
                        "foveate evaluate --split cross judges it on the labels themselves.")
                .arg(QString::fromStdString(evaluation.run)));
    else
        sayEvaluation(evaluation);
}

Result<std::string> trainAnew(session::Project& project, const TrainOptions& options, const CommonOptions& common)
{
    session::RunWish wish = wishFor("train", common, project);
    wish.options = jobOptions(options); // the recipe fills in the rest
    wish.processes = options.processes.count;
    std::optional<WeightsFile> file;
    if (options.weights.empty()) {
        FOVEATE_TRY(wish.parent, session::chooseRun(project, session::Need::pretrained, options.run));
    } else {
        FOVEATE_TRY(WeightsFile given, WeightsFile::import(project, options.weights));
        wish.weights = file.emplace(std::move(given)).path();
    }
    return engineRun(project, wish, common);
}

Result<session::Evaluation> train(const TrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const std::string folder, options.resume.empty() ? trainAnew(project, options, common)
                                                                 : resumeRun(project, "train", options.resume, common));
    FOVEATE_TRY(const std::optional<session::RunInfo> run,
                session::chooseRun(project, session::Need::trained, runId(folder)));
    return evaluateWhereKnown(project, *run, seedOf(common, project));
}

/// Trains the folds that are not there yet.
Result<session::Evaluation> crossValidate(const TrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const std::optional<session::RunInfo> run,
                session::chooseRun(project, session::Need::trained, options.run));
    const std::string runs = project.runsFolder();
    FOVEATE_TRY(const session::CrossValidation validation, session::beginCrossValidation(runs, *run));
    if (!hasManifest(validation.folder)) {
        FOVEATE_CHECK(project.release());
        for (int fold = 0; fold < validation.folds; ++fold) {
            if (!common.quiet)
                note(Console::tr("Fold %1 of %2").arg(fold + 1).arg(validation.folds));
            FOVEATE_CHECK(session::prepareFold(validation, fold));
            FOVEATE_CHECK(runEngine(validation.foldFolder(fold), common));
        }
        FOVEATE_CHECK(session::finishCrossValidation(validation));
        FOVEATE_CHECK(project.reopen());
        FOVEATE_TRY([[maybe_unused]] const std::vector<std::string> booked, session::bookFinishedRuns(project));
    }
    return session::evaluateCrossValidation(*session::crossValidationOf(runs, *run), seedOf(common, project));
}

Result<session::Evaluation> evaluate(const TrainOptions& options, const CommonOptions& common)
{
    if (options.split == "cross")
        return crossValidate(options, common);
    FOVEATE_TRY(session::Project project, openForReading(options.project));
    FOVEATE_TRY(const Split split, splitFromName(options.split));
    FOVEATE_TRY(const std::optional<session::RunInfo> run,
                session::chooseRun(project, session::Need::trained, options.run));
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
    CLI::App* verb = addProjectVerb(program, invocation, "train", "Train on the labels so far and score all images",
                                    options->project);
    verb->add_option("--preset", options->preset, "The recipe (default: the project's, small)")
        ->check(CLI::IsMember(store::presetNames()));
    CLI::Option* run =
        verb->add_option("--run", options->run, "The pretrained run to start from, or none (default: the newest)");
    verb->add_option("--weights", options->weights,
                     "A file to start from instead: .safetensors, or a .pth of PyTorch 1.6 or later")
        ->excludes(run);
    addProcesses(verb, options->processes);
    verb->add_option("--resume", options->resume, "Go on with this unfinished run, as it was begun");
    verb->add_option("--epochs", options->epochs, "Epochs at most (default: the recipe's)")
        ->check(CLI::Range(1, 10000));
    verb->add_option("--model", options->model, "The network, when there is no pretrained run")
        ->check(CLI::IsMember(modelNames()));
    verb->add_option("--size", options->size, "Pixels a side, when there is no pretrained run")
        ->check(CLI::Range(16, 1024));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] {
            return finish(train(*options, invocation.common), invocation.common);
        };
    });
}

void addEvaluate(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<TrainOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "evaluate", "Say how good a trained run is", options->project);
    verb->add_option("--run", options->run, "The run (default: the newest training)");
    verb->add_option("--split", options->split,
                     "train, val or test; cross: 5-fold cross-validation on the labelled images")
        ->check(CLI::IsMember({"train", "val", "test", "cross"}));
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] {
            return finish(evaluate(*options, invocation.common), invocation.common);
        };
    });
}

} // namespace foveate::app
