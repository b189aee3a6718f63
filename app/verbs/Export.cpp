// SPDX-License-Identifier: GPL-3.0-or-later
// `export PROJECT TARGET`: labels and images for other programs.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "imaging/client/DecoderPool.h"
#include "imaging/client/PngWriter.h"
#include "store/Export.h"
#include "ui/models/ErrorText.h"

#include <QCoreApplication>

namespace foveate::app {
namespace {

struct ExportVerbOptions {
    std::string project;
    std::string format = "csv";
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

int run(const ExportVerbOptions& options, const CommonOptions& common)
{
    const Result<store::ExportReport> outcome = exportProject(options);
    if (!outcome)
        return report(outcome.error());
    nlohmann::json failed = nlohmann::json::array();
    for (const Error& error : outcome->failed) {
        failed.push_back({{"code", std::string(name(error.code))}, {"args", error.args}});
        note(ui::errorText(error));
    }
    if (common.json)
        printJson({{"target", options.store.target}, {"format", options.format}, {"rows", outcome->rows},
                   {"images", outcome->images}, {"failed", failed}});
    else
        say(QCoreApplication::translate("Console", "%1 rows and %2 images written to %3")
                .arg(outcome->rows).arg(outcome->images).arg(QString::fromStdString(options.store.target)));
    return outcome->failed.empty() ? kOk : kPartlyDone;
}

} // namespace

void addExport(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<ExportVerbOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "export", "Write labels and images for other programs", options->project);
    verb->add_option("TARGET", options->store.target, "The file (csv, jsonl) or folder (imagefolder) to make")->required();
    verb->add_option("--format", options->format, "csv, jsonl or imagefolder")->check(CLI::IsMember({"csv", "jsonl", "imagefolder"}));
    verb->add_flag("--labelled", options->store.labelledOnly, "Only images that have a label");
    verb->add_option("--ids", options->store.only, "Only these images, separated by commas")->delimiter(',');
    verb->add_flag("--overwrite", options->store.overwrite, "Replace a file that is there");
    verb->add_flag("!--no-paths", options->store.originalPaths, "Leave the original paths out");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run(*options, invocation.common); };
    });
}

} // namespace foveate::app
