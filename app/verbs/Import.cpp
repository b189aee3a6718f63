// SPDX-License-Identifier: GPL-3.0-or-later
// `import PROJECT SOURCE`: images from a folder or a table.
#include "app/Verbs.h"

#include "base/Text.h"
#include "session/Importer.h"
#include "ui/models/ErrorText.h"

namespace foveate::app {
namespace {

nlohmann::json toJson(const session::ImportReport& report)
{
    nlohmann::json failed = nlohmann::json::array();
    for (const session::ImportFailure& failure : report.failed)
        failed.push_back({{"file", printable(failure.file)},
                          {"code", std::string(name(failure.error.code))},
                          {"reason", ui::errorReason(failure.error.code).toStdString()}});
    return {{"files", report.files},     {"imported", report.imported},
            {"samples", report.samples}, {"duplicates", report.duplicates},
            {"damaged", report.damaged}, {"skipped", report.skipped},
            {"failed", failed},          {"patients", report.patients}};
}

void sayReport(const session::ImportReport& report, bool dryRun)
{
    say((dryRun
             ? Console::tr("%1 files: %2 would be imported (%3 images of %4 patients), %5 are duplicates, %6 skipped, "
                           "%7 cannot be read.")
             : Console::tr(
                   "%1 files: %2 imported (%3 images of %4 patients), %5 duplicates, %6 skipped, %7 cannot be read."))
            .arg(report.files)
            .arg(report.imported)
            .arg(report.samples)
            .arg(report.patients)
            .arg(report.duplicates)
            .arg(report.skipped)
            .arg(report.failed.size()));
    if (report.damaged > 0)
        say(Console::tr("%1 images are damaged: kept, but neither shown for labelling nor trained on.")
                .arg(report.damaged));
    if (report.ownPatients > 0)
        say(Console::tr("%1 images say nothing about their patient and count as patients of their own.")
                .arg(report.ownPatients));
    for (const session::ImportFailure& failure : report.failed)
        say(QStringLiteral("  %1: %2")
                .arg(QString::fromStdString(printable(failure.file)), ui::errorReason(failure.error.code)));
}

int importInto(const std::string& folder, const session::ImportOptions& options, const CommonOptions& common)
{
    Result<session::Project> project = session::Project::open(folder, session::Purpose::write);
    if (!project)
        return report(project.error());
    session::ImportOptions wanted = options;
    wanted.workers = common.threads;
    ProgressBar bar(common.quiet);
    session::ImportControl control;
    control.progress = [&bar](const Progress& progress) { bar.show(progress); };
    const Result<session::ImportReport> outcome = session::importImages(*project, wanted, control);
    bar.finish();
    if (!outcome)
        return report(outcome.error());
    common.json ? printJson(toJson(*outcome)) : sayReport(*outcome, options.dryRun);
    if (outcome->failed.empty())
        return kOk;
    return outcome->imported > 0 ? kPartlyDone : kBadData;
}

} // namespace

void addImport(CLI::App& program, Invocation& invocation)
{
    auto folder = std::make_shared<std::string>();
    auto options = std::make_shared<session::ImportOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "import", "Bring images into a project", *folder);
    verb->add_option("SOURCE", options->source, "A folder, a CSV or TSV table, or one image")->required();
    verb->add_option("--labels", options->labels, "folder, none, or a column of the table");
    verb->add_option("--patient", options->patient,
                     "A column, or a pattern (PCRE2) whose first group in the path is the patient");
    verb->add_option("--split", options->split, "none, train/val/test shares such as 70/10/20, or a column");
    verb->add_flag("--hide-labels", options->hideLabels,
                   "Keep the labels as hidden truth for simulations and evaluation");
    verb->add_flag("--dry-run", options->dryRun, "Say what would happen and write nothing");
    verb->callback([&invocation, folder, options] {
        invocation.run = [&invocation, folder, options] { return importInto(*folder, *options, invocation.common); };
    });
}

} // namespace foveate::app
