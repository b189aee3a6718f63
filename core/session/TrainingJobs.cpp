// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/TrainingJobs.h"

#include "base/AtomicFile.h"
#include "session/CrossValidation.h"
#include "session/Selection.h"

#include <sstream>

namespace foveate::session {
namespace {

Result<Evaluation> evaluationOf(const ResultsPlan& plan)
{
    if (plan.curve.basis == CurveBasis::crossValidated)
        return plan.crossValidation ? evaluateCrossValidation(*plan.crossValidation, plan.known.seed)
                                    : fail(Code::needsTraining);
    const Split split = plan.curve.basis == CurveBasis::validation ? Split::val : Split::test;
    return evaluateRun(plan.known, *plan.run, split, plan.known.seed);
}

Result<Selection> chosenByModel(Project& project, std::uint64_t seed)
{
    const std::string& strategy = project.file().strategy;
    FOVEATE_TRY(const bool atOnce, ranksAtOnce(strategy));
    if (atOnce)
        return rankPool(project, strategy, seed);
    FOVEATE_TRY(std::optional<Selection> last, lastSelection(project, strategy, seed));
    return last ? Result<Selection>(std::move(*last)) : rankPool(project, "entropy", seed);
}

} // namespace

Result<RunPlan> planTraining(Project& project)
{
    RunWish wish;
    wish.job = "train"; // the project's recipe says the rest
    wish.seed = project.file().seed;
    FOVEATE_TRY(wish.parent, chooseRun(project, Need::pretrained, ""));
    return planRun(project, wish);
}

Result<std::string> prepareRanking(Project& project)
{
    const store::ProjectFile& file = project.file();
    FOVEATE_TRY(const bool atOnce, ranksAtOnce(file.strategy));
    if (atOnce)
        return std::string();
    SelectWish wish;
    wish.strategy = file.strategy;
    wish.seed = file.seed;
    wish.options["count"] = file.batchSize;
    FOVEATE_TRY(const PreparedSelection prepared, prepareSelection(project, wish));
    return prepared.folder;
}

Result<std::int64_t> selectBatch(Project& project, bool fromModel)
{
    const store::ProjectFile& file = project.file();
    // Each batch of a cold start draws anew, and the same list comes for the same project and number.
    FOVEATE_TRY(const auto batches, project.study().batches());
    const std::uint64_t seed = fromModel ? file.seed : file.seed + batches.size();
    FOVEATE_TRY(const Selection selection,
                fromModel ? chosenByModel(project, seed) : rankPool(project, "random", seed, "none"));
    if (selection.items.empty())
        return std::int64_t(0);
    return queueBatch(project, selection, file.batchSize);
}

Result<ResultsPlan> planResults(Project& project)
{
    ResultsPlan plan;
    const auto run = chooseRun(project, Need::trained, "");
    if (!run || !*run)
        return plan;
    plan.run = *run;
    FOVEATE_TRY(plan.curve, learningCurve(project));
    FOVEATE_TRY(plan.known, knownImages(project));
    plan.crossValidation = crossValidationOf(project.runsFolder(), *plan.run);
    if (plan.crossValidation && !plan.crossValidation->finished)
        plan.crossValidation.reset();
    return plan;
}

Results readResults(const ResultsPlan& plan)
{
    Results results;
    if (!plan.run)
        return results;
    results.run = plan.run->id;
    results.losses = readLosses(plan.run->folder);
    results.curve = plan.curve;
    if (auto evaluation = evaluationOf(plan))
        results.evaluation = std::move(*evaluation);
    return results;
}

std::vector<LossPoint> readLosses(const std::string& runFolder)
{
    std::vector<LossPoint> points;
    const auto text = readFile(runFolder + "/metrics.jsonl", std::size_t(64) << 20);
    if (!text)
        return points;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const auto row = nlohmann::json::parse(line, nullptr, false);
        if (!row.is_object() || !row.contains("epoch") || !row["epoch"].is_number() || !row.contains("loss") ||
            !row["loss"].is_number())
            continue;
        LossPoint point{row["epoch"].get<double>(), row["loss"].get<double>(), {}};
        if (row.contains("val_loss") && row["val_loss"].is_number())
            point.validation = row["val_loss"].get<double>();
        points.push_back(point);
    }
    return points;
}

} // namespace foveate::session
