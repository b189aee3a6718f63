// SPDX-License-Identifier: GPL-3.0-or-later
// `predict PROJECT`: class probabilities of images by a trained run.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "score/Metrics.h"
#include "session/Selection.h"

namespace foveate::app {
namespace {

struct PredictOptions {
    std::string project;
    std::string run;
    std::vector<std::string> ids;
};

std::vector<double> probabilitiesOf(const session::RunArrays& arrays, std::size_t row)
{
    const std::size_t classes = arrays.probabilities.columns();
    const auto first = arrays.probabilities.data.begin() + std::ptrdiff_t(row * classes);
    return {first, first + std::ptrdiff_t(classes)};
}

nlohmann::json predictions(const session::RunArrays& arrays, const IdsByRow& wanted, const LabelScheme& labels)
{
    nlohmann::json items = nlohmann::json::array();
    for (std::size_t i = 0; i < arrays.rows.size(); ++i) {
        const auto id = wanted.find(arrays.rows[i]);
        if (id == wanted.end())
            continue;
        const std::vector<double> probabilities = probabilitiesOf(arrays, i);
        const int label = score::predictedLabels(probabilities, int(probabilities.size()), labels.multi).front();
        items.push_back({{"id", id->second}, {"class", labels.text(label)}, {"probabilities", probabilities}});
    }
    return items;
}

Status predict(const PredictOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const IdsByRow wanted, wantedRows(project, options.ids));
    FOVEATE_TRY(const std::string folder,
                runOnParent(project, "predict", options.run, nlohmann::json::object(), common));
    FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays(folder));
    const nlohmann::json items = predictions(arrays, wanted, project.file().labels());
    if (common.json) {
        printJson({{"run", runId(folder)}, {"classes", project.file().classes}, {"items", items}});
        return {};
    }
    for (const auto& item : items)
        say(QStringLiteral("%1  %2  %3")
                .arg(QString::fromStdString(item["id"]), QString::fromStdString(item["class"]),
                     QString::fromStdString(item["probabilities"].dump())));
    return {};
}

} // namespace

void addPredict(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PredictOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "predict", "Class probabilities of images", options->project);
    verb->add_option("--run", options->run, "The trained run (default: the newest)");
    verb->add_option("--ids", options->ids, "Images, separated by commas (default: all)")->delimiter(',');
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = predict(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
