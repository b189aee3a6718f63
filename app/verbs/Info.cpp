// SPDX-License-Identifier: GPL-3.0-or-later
// `info PROJECT` and `verify PROJECT`: what is in a project, and whether it still says what people did.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "base/Sha256.h"
#include "session/Booking.h"
#include "store/Verify.h"
#include "ui/models/ErrorText.h"

#include <filesystem>

namespace foveate::app {
namespace {

namespace fs = std::filesystem;

void sayInfo(const nlohmann::json& info)
{
    say(Console::tr("Project %1 (%2)")
            .arg(QString::fromStdString(info.value("project", "")),
                 QString::fromStdString(info.value("modality", ""))));
    QStringList classes;
    for (const auto& name : info["classes"])
        classes << QString::fromStdString(name.get<std::string>());
    say(Console::tr("Classes: %1").arg(classes.join(QStringLiteral(", "))));
    for (const auto& [key, value] : info["counts"].items())
        say(QStringLiteral("  %1  %2").arg(QString::fromStdString(key), -14).arg(QString::fromStdString(value.dump())));
    say(Console::tr("Runs: %1").arg(info["runs"].size()));
}

int showInfo(const std::string& folder, bool samples, const CommonOptions& common)
{
    Result<session::Project> project = openForReading(folder);
    if (!project)
        return report(project.error());
    const Result<nlohmann::json> info = session::info(*project, samples);
    if (!info)
        return report(info.error());
    common.json || samples ? printJson(*info) : sayInfo(*info);
    return kOk;
}

/// Trains the run again from its own input, beside the original, and compares the results byte by byte.
Result<bool> rerun(session::Project& project, const std::string& run, const CommonOptions& common)
{
    const std::string original = project.runsFolder() + "/" + run;
    const std::string again = project.runsFolder() + "/.rerun-" + run;
    std::error_code error;
    if (!fs::exists(original + "/MANIFEST.json", error))
        return fail(Code::notFound, {"run", run});
    fs::remove_all(again, error);
    fs::create_directories(again, error);
    fs::copy(original + "/input", again + "/input", fs::copy_options::recursive, error);
    if (!error) // with the threads and number type that it had, whatever this machine would choose
        fs::copy_file(original + "/run.json", again + "/run.json", error);
    if (error)
        return fail(Code::io, {again, error.message()});
    const Status ran = runEngine(again, common);
    bool same = bool(ran);
    for (const char* file : {"/probabilities.npy", "/weights.safetensors", "/features.npy"})
        if (same && fs::exists(original + file))
            same = sha256File(original + file) == sha256File(again + file);
    fs::remove_all(again, error);
    FOVEATE_CHECK(ran);
    return same;
}

int verifyRerun(const std::string& folder, const std::string& run, const CommonOptions& common)
{
    Result<session::Project> project = openForReading(folder);
    if (!project)
        return report(project.error());
    const Result<bool> same = rerun(*project, run, common);
    if (!same)
        return report(same.error());
    common.json ? printJson({{"run", run}, {"same", *same}})
                : say(*same ? Console::tr("Run %1 came out the same again.").arg(QString::fromStdString(run))
                            : Console::tr("Run %1 came out differently.").arg(QString::fromStdString(run)));
    return *same ? kOk : kBadData;
}

int sayFindings(const store::VerifyReport& found, const CommonOptions& common)
{
    nlohmann::json findings = nlohmann::json::array();
    for (const Error& error : found.findings) {
        findings.push_back({{"code", std::string(name(error.code))}, {"args", error.args}});
        if (!common.json)
            say(ui::errorText(error));
    }
    if (common.json)
        printJson({{"ok", found.ok()},
                   {"events", found.events},
                   {"samples", found.samples},
                   {"runs", found.runs},
                   {"findings", findings}});
    else if (found.ok())
        say(Console::tr("All is well: %1 events, %2 images, %3 finished runs.")
                .arg(found.events)
                .arg(found.samples)
                .arg(found.runs));
    return found.ok() ? kOk : kBadData;
}

int verifyProject(const std::string& folder, bool rebuild, const CommonOptions& common)
{
    Result<session::Project> project =
        rebuild ? session::Project::open(folder, session::Purpose::write) : openForReading(folder);
    if (!project)
        return report(project.error());
    if (rebuild) {
        if (const Status rebuilt = session::rebuildIndex(*project); !rebuilt)
            return report(rebuilt.error());
    }
    const Result<store::VerifyReport> found = store::verify(project->study());
    return found ? sayFindings(*found, common) : report(found.error());
}

} // namespace

void addInfo(CLI::App& program, Invocation& invocation)
{
    auto folder = std::make_shared<std::string>();
    auto samples = std::make_shared<bool>(false);
    CLI::App* verb = addProjectVerb(program, invocation, "info", "Say what is in a project", *folder);
    verb->add_flag("--samples", *samples, "With every image (JSON)");
    verb->callback([&invocation, folder, samples] {
        invocation.run = [&invocation, folder, samples] { return showInfo(*folder, *samples, invocation.common); };
    });
}

void addVerify(CLI::App& program, Invocation& invocation)
{
    auto folder = std::make_shared<std::string>();
    auto rebuild = std::make_shared<bool>(false);
    auto run = std::make_shared<std::string>();
    CLI::App* verb = addProjectVerb(program, invocation, "verify", "Check a project against its own hashes", *folder);
    verb->add_flag("--rebuild", *rebuild, "Make index.sqlite anew from the runs");
    verb->add_option("--rerun", *run, "Train this run again and compare the results");
    verb->callback([&invocation, folder, rebuild, run] {
        invocation.run = [&invocation, folder, rebuild, run] {
            return run->empty() ? verifyProject(*folder, *rebuild, invocation.common)
                                : verifyRerun(*folder, *run, invocation.common);
        };
    });
}

} // namespace foveate::app
