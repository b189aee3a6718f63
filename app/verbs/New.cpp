// SPDX-License-Identifier: GPL-3.0-or-later
// `new PROJECT`: an empty study.
#include "app/Verbs.h"

#include "session/Project.h"

#include <filesystem>
#include <set>

namespace foveate::app {
namespace {

/// A study of one class has nothing to decide.
Status checkClasses(const store::ProjectFile& file)
{
    const std::set<std::string> names(file.classes.begin(), file.classes.end());
    if (names.size() < 2 || names.size() < file.classes.size() || names.contains(""))
        return fail(Code::badInput, {"--classes", "two or more classes with different names are needed"});
    if (file.multiLabel && !fitMultiLabel(file.classes))
        return fail(Code::badInput, {"--multi-label", "at most 24 classes, none with “|” in it or called “none”"});
    return {};
}

int makeProject(const std::string& folder, const store::ProjectFile& wanted, const CommonOptions& common)
{
    store::ProjectFile file = wanted;
    file.name = std::filesystem::path(folder).lexically_normal().stem().string();
    if (common.seed)
        file.seed = *common.seed;
    if (const Status good = checkClasses(file); !good)
        return report(good.error());
    const Result<session::Project> project = session::Project::create(folder, file);
    if (!project)
        return report(project.error());
    if (common.json)
        printJson({{"project", folder},
                   {"classes", file.classes},
                   {"multi_label", file.multiLabel},
                   {"modality", file.modality}});
    else
        say(Console::tr("Made %1. Next: foveate import %1 FOLDER").arg(QString::fromStdString(folder)));
    return kOk;
}

} // namespace

void addNew(CLI::App& program, Invocation& invocation)
{
    auto folder = std::make_shared<std::string>();
    auto file = std::make_shared<store::ProjectFile>();
    CLI::App* verb = addProjectVerb(program, invocation, "new", "Make an empty project", *folder);
    verb->add_option("--classes", file->classes, "The classes, separated by commas, in the order of their keys")
        ->required()
        ->delimiter(',');
    verb->add_flag("--multi-label", file->multiLabel, "Several of the classes, or none, may apply to one image");
    verb->add_option("--modality", file->modality, "oct, xray or histology")
        ->check(CLI::IsMember({"oct", "xray", "histology"}));
    verb->add_option("--policy", file->policy,
                     "What readers see of the model: blind (nothing before the batch is closed) or after")
        ->check(CLI::IsMember({"blind", "after"}));
    verb->add_option("--pack-size", file->packSize, "Pixels a side of the working copies")->check(CLI::Range(16, 4096));
    verb->add_option("--fit", file->fit, "How an image is fitted into the square: squash or pad")
        ->check(CLI::IsMember({"squash", "pad"}));
    verb->callback([&invocation, folder, file] {
        invocation.run = [&invocation, folder, file] { return makeProject(*folder, *file, invocation.common); };
    });
}

} // namespace foveate::app
