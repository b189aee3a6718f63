// SPDX-License-Identifier: GPL-3.0-or-later
// `report PROJECT`: one self-contained page.
#include "app/EngineVerb.h"
#include "app/ReportData.h"
#include "app/Verbs.h"

namespace foveate::app {
namespace {

struct ReportOptions {
    std::string project;
    std::string out;
};

int makeReport(const ReportOptions& options, const CommonOptions& common)
{
    Result<session::Project> project = openForReading(options.project);
    if (!project)
        return report(project.error());
    const std::string page = options.out.empty() ? options.project + "/report.html" : options.out;
    if (const Status written = writeReport(page, *project); !written)
        return report(written.error());
    common.json ? printJson({{"report", page}})
                : say(Console::tr("The report lies in %1").arg(QString::fromStdString(page)));
    return kOk;
}

} // namespace

void addReport(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<ReportOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "report", "Write one page with curve, counts and provenance",
                                    options->project);
    verb->add_option("--out", options->out, "The file to write (default: report.html in the project)");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return makeReport(*options, invocation.common); };
    });
}

} // namespace foveate::app
