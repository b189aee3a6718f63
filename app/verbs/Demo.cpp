// SPDX-License-Identifier: GPL-3.0-or-later
// `demo [PROJECT]`: a study of images made by the program; in a window, or played by a simulated reader.
#include "app/EngineVerb.h"
#include "app/ReportData.h"
#include "app/RobotReader.h"
#include "app/Verbs.h"

#include "session/Demo.h"
#include "store/ProjectFile.h"
#include "ui/MainWindow.h"

#include <QApplication>
#include <filesystem>

namespace foveate::app {
namespace {

struct DemoVerbOptions {
    std::string project;
    session::DemoOptions demo;
    bool headless = false;
    bool noLoop = false;
    int labels = 100;
    std::string model;
};

/// Made where there is none; one that is there is gone on with.
Result<session::Project> openOrMake(const DemoVerbOptions& options, const CommonOptions& common)
{
    if (std::filesystem::exists(options.project + "/project.toml"))
        return session::Project::open(options.project, session::Purpose::write);
    ProgressBar bar(common.quiet);
    session::ImportControl control;
    control.progress = [&bar](const Progress& progress) { bar.show(progress); };
    FOVEATE_TRY(session::Project project, session::createDemo(options.project, options.demo, control));
    store::ProjectFile file = project.file();
    if (!options.model.empty() && options.model != file.training.model) {
        file.training.model = options.model;
        FOVEATE_CHECK(project.study().setProject(file));
    }
    return project;
}

Result<std::map<std::string, int>> truthOf(session::Project& project)
{
    FOVEATE_TRY(const auto pairs, project.study().hiddenTruth());
    if (pairs.empty())
        return fail(Code::noTruth);
    return std::map<std::string, int>(pairs.begin(), pairs.end());
}

/// The window's own presenter, with a simulated reader in front of it, until enough is labelled.
Status play(const std::string& folder, std::map<std::string, int> truth, int labels, const CommonOptions& common)
{
    session::WorkspaceOptions options;
    options.reader = "simulated reader";
    options.engine.requireGpu = common.requireGpu;
    options.background = false; // the robot waits for the engine, not the other way round
    session::Workspace workspace(options);
    RobotReader robot(workspace, std::move(truth), labels);
    ProgressBar bar(common.quiet);
    Status outcome;
    const auto end = [&outcome](Status with) {
        outcome = std::move(with);
        QCoreApplication::quit();
    };
    QObject::connect(&workspace.training(), &session::WorkspaceTraining::changed, &robot, [&] {
        if (!workspace.training().view().run.empty() && workspace.training().view().phase == session::Phase::training)
            bar.show(workspace.training().view().progress);
    });
    QObject::connect(&robot, &RobotReader::finished, &robot, [&end] { end({}); });
    QObject::connect(&robot, &RobotReader::failed, &robot, [&end](const Error& error) { end(tl::unexpected(error)); });
    const SignalWatch signals([&end] { end(fail(Code::cancelled)); }, [] { QCoreApplication::exit(); });
    workspace.open(folder);
    QCoreApplication::exec();
    bar.finish();
    return outcome;
}

nlohmann::json curveJson(const session::Curve& curve)
{
    nlohmann::json points = nlohmann::json::array();
    for (const session::CurvePoint& point : curve.points)
        points.push_back({{"run", point.run}, {"labels", point.labels}, {"values", point.values}});
    return points;
}

void sayCurve(const session::Curve& curve)
{
    say(Console::tr("labels  accuracy  AUC"));
    for (const session::CurvePoint& point : curve.points) {
        const auto auc = point.values.find("auc");
        const double accuracy = point.values.at("accuracy");
        say(QStringLiteral("%1  %2  %3  %4")
                .arg(point.labels, 6)
                .arg(accuracy, 8, 'f', 3)
                .arg(auc == point.values.end() ? QStringLiteral("    –") : QString::number(auc->second, 'f', 3))
                .arg(QString(int(accuracy * 40), u'▇')));
    }
}

Status finish(const DemoVerbOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, session::Project::open(options.project, session::Purpose::write));
    FOVEATE_TRY(const session::Curve curve, session::learningCurve(project));
    const std::string page = options.project + "/report.html";
    FOVEATE_CHECK(writeReport(page, project));
    if (common.json) {
        printJson({{"project", options.project}, {"curve", curveJson(curve)}, {"report", page}});
        return {};
    }
    sayCurve(curve);
    say(Console::tr("The report lies in %1").arg(QString::fromStdString(page)));
    return {};
}

Status demo(const DemoVerbOptions& options, const CommonOptions& common)
{
    std::map<std::string, int> truth;
    {
        FOVEATE_TRY(session::Project project, openOrMake(options, common));
        FOVEATE_TRY(truth, truthOf(project));
    }
    if (options.noLoop) {
        common.json ? printJson({{"project", options.project}})
                    : say(Console::tr("Made %1").arg(QString::fromStdString(options.project)));
        return {};
    }
    FOVEATE_CHECK(play(options.project, std::move(truth), options.labels, common));
    return finish(options, common);
}

int run(const DemoVerbOptions& options, const CommonOptions& common)
{
    if (!options.headless && !options.noLoop) {
        ui::WindowOptions window;
        window.project = QString::fromStdString(options.project);
        window.demo = true;
        window.modality = QString::fromStdString(options.demo.modality);
        window.images = options.demo.images;
        return ui::runWindow(*qApp, window);
    }
    const Status done = demo(options, common);
    return done ? kOk : report(done.error());
}

} // namespace

void addDemo(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<DemoVerbOptions>();
    CLI::App* verb = addVerb(program, invocation, "demo", "Try the program on images that it makes itself");
    verb->add_option("PROJECT", options->project, "Where the demo's project lies (default: among the user's data)");
    verb->add_option("--modality", options->demo.modality, "oct, xray or histology")
        ->check(CLI::IsMember({"oct", "xray", "histology"}));
    verb->add_option("--images", options->demo.images, "How many images are made")->check(CLI::Range(30, 100000));
    verb->add_flag("--headless", options->headless, "No window: a simulated reader plays the loop");
    verb->add_flag("--no-loop", options->noLoop, "Only make the project");
    verb->add_option("--labels", options->labels, "How many labels the simulated reader gives")
        ->check(CLI::Range(1, 100000));
    verb->add_option("--model", options->model, "The network to train")->check(CLI::IsMember(modelNames()));
    verb->callback([&invocation, options] {
        if (options->project.empty())
            options->project = ui::defaultDemoFolder(QString::fromStdString(options->demo.modality)).toStdString();
        if (invocation.common.seed)
            options->demo.seed = *invocation.common.seed;
        invocation.surface = options->headless || options->noLoop ? Surface::none : Surface::window;
        invocation.run = [&invocation, options] { return run(*options, invocation.common); };
    });
}

} // namespace foveate::app
