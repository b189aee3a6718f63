// SPDX-License-Identifier: GPL-3.0-or-later
// `export PROJECT TARGET`: labels and images, or a trained network, for other programs.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "imaging/client/DecoderPool.h"
#include "imaging/client/PngWriter.h"
#include "session/EngineChild.h"
#include "session/EngineProcess.h"
#include "store/Export.h"
#include "ui/models/ErrorText.h"

#include <QProcess>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace foveate::app {
namespace {

struct ExportVerbOptions {
    std::string project;
    std::string format = "csv";
    std::string run;
    store::ExportOptions store;
};

/// Images go out as PNG made from their pixels, so that nothing else of the file goes with them.
Status writePixels(imaging::DecoderPool& pool, const store::Sample& sample, const std::string& target)
{
    imaging::DecodeOptions options;
    options.frame = std::uint32_t(sample.frame);
    options.hashFile = false;
    FOVEATE_TRY(const imaging::Image image, pool.decode(sample.root + "/" + sample.relativePath, options));
    return imaging::writePng(target, imaging::view(image));
}

Result<store::ExportReport> exportProject(ExportVerbOptions options)
{
    FOVEATE_TRY(session::Project project, openForReading(options.project));
    FOVEATE_TRY(options.store.format, store::exportFormatFromName(options.format));
    FOVEATE_TRY(imaging::DecoderPool pool, imaging::DecoderPool::create());
    options.store.writeImage = [&pool](const store::Sample& sample, const std::string& target) {
        return writePixels(pool, sample, target);
    };
    return store::exportStudy(project.study(), options.store);
}

bool isOfNetwork(const std::string& format)
{
    return format == "safetensors" || format == "torchscript";
}

Status traceNetwork(const std::string& weights, const std::string& target)
{
    QProcess engine;
    session::prepareChild(engine, false);
    engine.start(session::programBeside(QStringLiteral("foveate-engine")),
                 {QStringLiteral("export"), QString::fromStdString(weights), QString::fromStdString(target)});
    engine.waitForFinished(-1);
    if (engine.exitStatus() == QProcess::NormalExit && engine.exitCode() == 0)
        return {};
    const nlohmann::json answer = nlohmann::json::parse(engine.readAllStandardOutput().toStdString(), nullptr, false);
    return answer.is_object() ? Status(tl::unexpected(session::errorFrom(answer))) : fail(Code::engineDied, {"export"});
}

/// A trained run's network as safetensors with torchvision's names, or as TorchScript.
Result<std::string> exportNetwork(const ExportVerbOptions& options)
{
    namespace fs = std::filesystem;
    FOVEATE_TRY(const session::Project project, openForReading(options.project));
    FOVEATE_TRY(const auto run, session::chooseRun(project, session::Need::trained, options.run));
    if (!run)
        return fail(Code::usage, {"--run none"});
    if (fs::exists(options.store.target) && !options.store.overwrite)
        return fail(Code::alreadyExists, {options.store.target});
    const std::string weights = run->folder + "/weights.safetensors";
    if (options.format == "torchscript") {
        FOVEATE_CHECK(traceNetwork(weights, options.store.target));
        return run->id;
    }
    std::error_code failed;
    fs::copy_file(weights, options.store.target, fs::copy_options::overwrite_existing, failed);
    if (failed)
        return tl::unexpected(errnoError(failed.value(), options.store.target));
    return run->id;
}

int runNetwork(const ExportVerbOptions& options, const CommonOptions& common)
{
    const Result<std::string> run = exportNetwork(options);
    if (!run)
        return report(run.error());
    if (common.json)
        printJson({{"target", options.store.target}, {"format", options.format}, {"run", *run}});
    else
        say(Console::tr("The network of run %1 is written to %2")
                .arg(QString::fromStdString(*run), QString::fromStdString(options.store.target)));
    return kOk;
}

int run(const ExportVerbOptions& options, const CommonOptions& common)
{
    if (isOfNetwork(options.format))
        return runNetwork(options, common);
    const Result<store::ExportReport> outcome = exportProject(options);
    if (!outcome)
        return report(outcome.error());
    nlohmann::json failed = nlohmann::json::array();
    for (const Error& error : outcome->failed) {
        failed.push_back({{"code", std::string(name(error.code))}, {"args", error.args}});
        note(ui::errorText(error));
    }
    if (common.json)
        printJson({{"target", options.store.target},
                   {"format", options.format},
                   {"rows", outcome->rows},
                   {"images", outcome->images},
                   {"failed", failed}});
    else
        say(Console::tr("%1 rows and %2 images written to %3")
                .arg(outcome->rows)
                .arg(outcome->images)
                .arg(QString::fromStdString(options.store.target)));
    return outcome->failed.empty() ? kOk : kPartlyDone;
}

} // namespace

void addExport(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<ExportVerbOptions>();
    CLI::App* verb =
        addProjectVerb(program, invocation, "export",
                       "Write labels and images, or a trained network, for other programs", options->project);
    verb->add_option("TARGET", options->store.target, "The file (csv, jsonl) or folder (imagefolder) to make")
        ->required();
    verb->add_option("--format", options->format,
                     "csv, jsonl or imagefolder; safetensors or torchscript for a trained network")
        ->check(CLI::IsMember({"csv", "jsonl", "imagefolder", "safetensors", "torchscript"}));
    verb->add_option("--run", options->run, "The training whose network is written (default: the newest)");
    verb->add_flag("--labelled", options->store.labelledOnly, "Only images that have a label");
    verb->add_option("--ids", options->store.only, "Only these images, separated by commas")->delimiter(',');
    verb->add_flag("--overwrite", options->store.overwrite, "Replace a file that is there");
    verb->add_flag("!--no-paths", options->store.originalPaths, "Leave the original paths out");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run(*options, invocation.common); };
    });
}

} // namespace foveate::app
