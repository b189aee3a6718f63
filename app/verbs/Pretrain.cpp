// SPDX-License-Identifier: GPL-3.0-or-later
// `pretrain PROJECT`: learning without labels on the training images, by one method or by all four.
#include "app/ContactSheet.h"
#include "app/EngineVerb.h"
#include "app/Verbs.h"
#include "app/WeightsFile.h"

#include <QCoreApplication>
#include <cmath>

namespace foveate::app {
namespace {

using nlohmann::json;

/// Those that `--method all` compares.
constexpr const char* kFour[] = {"simclr", "dcl", "simsiam", "vicreg"};

struct PretrainOptions {
    std::string project;
    std::string method = "simclr";
    std::string model = "resnet18";
    int size = 224;
    int epochs = 100;
    int batch = 128;
    int accumulate = 1;
    std::string optimiser = "adam";
    double learningRate = 0;
    std::string schedule = "cosine";
    int warmUp = -1;
    std::string head = "p3";
    double temperature = .1;
    bool zeroInitResidual = false;
    std::string preset;
    std::string weights;
    bool evaluate = false;
    int monitorEvery = 0;
    ProcessesOptions processes;
    std::string resume;
    std::string views;
};

/// A name, or an object that changes some of a preset's values.
Result<json> presetOf(const std::string& text, int channels)
{
    if (text.empty())
        return json(channels == 1 ? "grey" : "histology");
    if (text.front() != '{')
        return json(text);
    json preset = json::parse(text, nullptr, false);
    if (preset.is_discarded())
        return fail(Code::usage, {"--preset"});
    return preset;
}

Result<json> jobOptions(const PretrainOptions& options, const session::Project& project)
{
    FOVEATE_TRY(json preset, presetOf(options.preset, project.file().channels()));
    return json{{"method", options.method == "all" ? kFour[0] : options.method},
                {"model", options.model},
                {"size", std::min(options.size, project.file().packSize)},
                {"epochs", options.epochs},
                {"batch", options.batch},
                {"accumulate", options.accumulate},
                {"optimiser", options.optimiser},
                {"learning_rate", options.learningRate},
                {"schedule", options.schedule},
                {"warm_up", options.warmUp},
                {"head", options.head},
                {"temperature", options.temperature},
                {"zero_init_residual", options.zeroInitResidual},
                {"preset", std::move(preset)},
                {"sync_batch_norm", options.processes.syncBatchNorm},
                {"evaluate", options.evaluate},
                {"monitor_every", options.monitorEvery}};
}

Result<json> resultOf(const std::string& folder)
{
    FOVEATE_TRY(json result, readResult(folder));
    result["run"] = runId(folder);
    return result;
}

Result<json> runOne(session::Project& project, const session::RunWish& wish, const CommonOptions& common)
{
    FOVEATE_TRY(const std::string folder, engineRun(project, wish, common));
    return resultOf(folder);
}

/// The random start first when there is something to compare, then one run per method.
Result<json> runAll(session::Project& project, session::RunWish wish, const CommonOptions& common)
{
    json results = json::array();
    if (wish.withTruth) {
        session::RunWish start = wish;
        start.options["epochs"] = 0;
        FOVEATE_TRY(json random, runOne(project, start, common));
        random["method"] = "random";
        results.push_back(std::move(random));
    }
    for (const char* method : kFour) {
        wish.options["method"] = method;
        FOVEATE_TRY(json result, runOne(project, wish, common));
        results.push_back(std::move(result));
    }
    return results;
}

Result<json> pretrain(const PretrainOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    session::RunWish wish = wishFor("pretrain", common, project);
    FOVEATE_TRY(wish.options, jobOptions(options, project));
    wish.withTruth = options.evaluate;
    wish.processes = options.processes.count;
    if (!options.resume.empty()) {
        FOVEATE_TRY(const std::string folder, resumeRun(project, "pretrain", options.resume, common));
        return resultOf(folder);
    }
    std::optional<WeightsFile> file;
    if (!options.weights.empty()) {
        FOVEATE_TRY(WeightsFile given, WeightsFile::import(project, options.weights));
        wish.weights = file.emplace(std::move(given)).path();
    }
    if (!options.views.empty())
        return drawViews(project, wish, options.views, common);
    return options.method == "all" ? runAll(project, wish, common) : runOne(project, wish, common);
}

QString cell(const json& row, const json::json_pointer& place, int digits)
{
    const bool known = row.contains(place) && row.at(place).is_number();
    return known ? QString::number(row.at(place).get<double>(), 'f', digits) : QStringLiteral("–");
}

struct Column {
    QString title;
    const char* place;
    int digits;
};

void sayTable(const json& rows)
{
    const bool evaluated = rows.front().contains("knn");
    QList<Column> columns{{Console::tr("loss"), "/loss", 3},
                          {Console::tr("contrastive"), "/contrastive_accuracy", 3},
                          {Console::tr("deviation"), "/embedding_std", 4}};
    if (evaluated)
        columns << Column{Console::tr("kNN"), "/knn/accuracy", 4}
                << Column{Console::tr("kNN F1"), "/knn/f1_weighted", 4}
                << Column{Console::tr("probe"), "/probe/accuracy", 4}
                << Column{Console::tr("probe F1"), "/probe/f1_weighted", 4}
                << Column{Console::tr("linear"), "/probe_linear/accuracy", 4}
                << Column{Console::tr("linear F1"), "/probe_linear/f1_weighted", 4};
    columns << Column{Console::tr("images/s"), "/images_per_second", 0};
    QString line = QStringLiteral("%1").arg(Console::tr("method"), -10);
    for (const Column& column : columns)
        line += QStringLiteral("%1").arg(column.title, 12);
    say(line);
    for (const json& row : rows) {
        line = QStringLiteral("%1").arg(QString::fromStdString(row.value("method", "")), -10);
        for (const Column& column : columns)
            line += QStringLiteral("%1").arg(cell(row, json::json_pointer(column.place), column.digits), 12);
        say(row.value("collapsed", false) ? line + Console::tr("  collapsed") : line);
    }
}

void sayResult(const json& result)
{
    if (result.is_array())
        return sayTable(result);
    for (const auto& [key, value] : result.items())
        say(QStringLiteral("  %1  %2").arg(QString::fromStdString(key), -22).arg(QString::fromStdString(value.dump())));
}

int run(const PretrainOptions& options, const CommonOptions& common)
{
    const Result<json> result = pretrain(options, common);
    if (!result)
        return report(result.error());
    common.json ? printJson(*result) : sayResult(*result);
    return kOk;
}

} // namespace

void addPretrain(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<PretrainOptions>();
    CLI::App* verb =
        addProjectVerb(program, invocation, "pretrain", "Learn from the images without labels", options->project);
    verb->add_option("--method", options->method, "How to learn; all: the four methods one after the other")
        ->check(
            CLI::IsMember({"simclr", "dcl", "dclw", "dclw-p3", "simsiam", "simsiam-p3", "vicreg", "vicreg-p3", "all"}));
    verb->add_option("--model", options->model, "The network")->check(CLI::IsMember(modelNames()));
    verb->add_option("--size", options->size, "Pixels a side (at most the project's pack size)")
        ->check(CLI::Range(16, 1024));
    verb->add_option("--epochs", options->epochs, "Passes over the images")->check(CLI::Range(0, 100000));
    verb->add_option("--batch", options->batch, "Images a batch")->check(CLI::Range(2, 65536));
    verb->add_option("--accumulate", options->accumulate, "Batches a step of the optimiser")
        ->check(CLI::Range(1, 65536));
    verb->add_option("--optimiser", options->optimiser, "How weights follow gradients")
        ->check(CLI::IsMember({"adam", "lamb", "adamw", "sgd"}));
    verb->add_option("--learning-rate", options->learningRate,
                     "At the top of the schedule (default: by optimiser and batch)")
        ->check(CLI::NonNegativeNumber);
    verb->add_option("--schedule", options->schedule, "How the rate falls after the warm-up")
        ->check(CLI::IsMember({"cosine", "step"}));
    verb->add_option("--warm-up", options->warmUp, "Epochs of rising rate (default: a tenth, at most 10)")
        ->check(CLI::Range(0, 100000));
    verb->add_option("--head", options->head, "Layers behind the encoder of the contrastive methods")
        ->check(CLI::IsMember({"p1", "p2", "p3", "none"}));
    verb->add_option("--temperature", options->temperature, "Of the contrastive losses")->check(CLI::Range(.001, 100.));
    verb->add_flag("--zero-init-residual", options->zeroInitResidual, "Residual branches start at nothing");
    verb->add_option("--preset", options->preset,
                     "Augmentation: grey, simclr, p1-code, histology, small-medical, p3-code, none, or "
                     "{\"name\":\"grey\",\"blur\":1} (default by the number of channels)");
    verb->add_option("--weights", options->weights,
                     "A file to start from: .safetensors, or a .pth of PyTorch 1.6 or later");
    verb->add_flag("--evaluate", options->evaluate,
                   "Measure the features with known labels, now and then and at the end");
    verb->add_option("--monitor-every", options->monitorEvery,
                     "Epochs between two such checks (default: a fifth of all)")
        ->check(CLI::Range(1, 100000));
    addProcesses(verb, options->processes);
    verb->add_option("--resume", options->resume, "Go on with this unfinished run, as it was begun");
    verb->add_option("--show-views", options->views, "Learn nothing: draw some images and their views into this PNG");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run(*options, invocation.common); };
    });
}

} // namespace foveate::app
