// SPDX-License-Identifier: GPL-3.0-or-later
// `simulate PROJECT`: strategies against each other, with known labels in a reader's place.
#include "app/EngineVerb.h"
#include "app/ReportData.h"
#include "app/Verbs.h"

#include "session/Simulation.h"
#include "store/Presets.h"

#include <QCoreApplication>
#include <filesystem>

namespace foveate::app {
namespace {

struct SimulateOptions {
    std::string project;
    std::string preset;
    int epochs = 0;
    std::string model;
    int size = 0;
    session::SimulationOptions simulation;
    bool anew = false;
};

/// Runs it in the program's event loop; an interrupt saves checkpoints, and the same command goes on from them.
class SimulationRun : public QObject {
public:
    SimulationRun(session::Simulation& simulation, const CommonOptions& common)
        : m_simulation(simulation), m_bar(common.quiet),
          m_signals([this] { m_simulation.stop(); }, [] { QCoreApplication::exit(); })
    {
        using Source = session::Simulation;
        connect(&simulation, &Source::progressed, this, [this](const Progress& progress) { m_bar.show(progress); });
        connect(
            &simulation, &Source::finished, this, [] { QCoreApplication::quit(); }, Qt::QueuedConnection);
        connect(
            &simulation, &Source::failed, this,
            [this](const Error& error) {
                m_outcome = tl::unexpected(error);
                QCoreApplication::quit();
            },
            Qt::QueuedConnection);
    }
    Status run()
    {
        m_simulation.start();
        QCoreApplication::exec();
        m_bar.finish();
        return m_outcome;
    }

private:
    session::Simulation& m_simulation;
    ProgressBar m_bar;
    SignalWatch m_signals;
    Status m_outcome;
};

void sayCurve(const std::vector<session::SimulationRow>& rows)
{
    say(Console::tr("strategy              labels  metric              mean    spread  repeats"));
    for (const session::SimulationPoint& point : session::summarise(rows))
        say(QStringLiteral("%1 %2  %3 %4  %5  %6")
                .arg(QString::fromStdString(point.strategy), -20)
                .arg(point.labels, 7)
                .arg(QString::fromStdString(point.metric), -18)
                .arg(point.mean, 7, 'f', 4)
                .arg(point.spread, 7, 'f', 4)
                .arg(point.repeats, 7));
    for (const char* metric : {"accuracy", "auc"})
        for (const auto& [strategy, area] : session::areaUnderCurve(rows, metric))
            say(Console::tr("area under %1 over labels, %2: %3")
                    .arg(QLatin1String(metric), QString::fromStdString(strategy))
                    .arg(area, 0, 'f', 4));
}

Status simulate(const SimulateOptions& options, const CommonOptions& common)
{
    FOVEATE_TRY(session::Project project, openForReading(options.project));
    session::SimulationOptions wanted = options.simulation;
    wanted.seed = seedOf(common, project);
    wanted.threads = common.threads;
    wanted.device = common.device;
    wanted.engine.requireGpu = common.requireGpu;
    wanted.resume = options.anew ? "" : "newest";
    if (!options.preset.empty())
        wanted.training["preset"] = options.preset;
    if (options.epochs > 0)
        wanted.training["epochs"] = options.epochs;
    if (!options.model.empty())
        wanted.training["model"] = options.model;
    if (options.size > 0)
        wanted.training["size"] = options.size;
    FOVEATE_TRY(const std::unique_ptr<session::Simulation> simulation, session::Simulation::prepare(project, wanted));
    FOVEATE_CHECK(project.release());
    FOVEATE_CHECK(SimulationRun(*simulation, common).run());
    const std::string plot = simulation->folder() + "/curve.html";
    FOVEATE_CHECK(writeSimulationPage(plot, *simulation));
    if (common.json) {
        printJson({{"run", runId(simulation->folder())}, {"rows", session::toJson(simulation->rows())}});
        return {};
    }
    sayCurve(simulation->rows());
    say(Console::tr("The plot lies in %1").arg(QString::fromStdString(plot)));
    return {};
}

/// "20", or "8:64".
void readBatch(const std::string& text, session::SimulationOptions& simulation)
{
    const QStringList parts = QString::fromStdString(text).split(QLatin1Char(':'));
    bool first = false, last = false;
    simulation.batch = parts.front().toInt(&first);
    const int most = parts.back().toInt(&last);
    if (!first || !last || parts.size() > 2 || simulation.batch < 1 || most < simulation.batch)
        throw CLI::ValidationError("--batch", "a number, or two as 8:64");
    simulation.largestBatch = parts.size() == 2 ? most : 0;
}

} // namespace

void addSimulate(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<SimulateOptions>();
    session::SimulationOptions& simulation = options->simulation;
    CLI::App* verb = addProjectVerb(program, invocation, "simulate",
                                    "Compare strategies with known labels in a reader's place", options->project);
    verb->add_option("--strategy", simulation.strategies, "Strategies, separated by commas")->delimiter(',');
    verb->add_option("--rounds", simulation.rounds, "Trainings of each strategy and repeat")
        ->check(CLI::Range(1, 10000));
    verb->add_option_function<std::string>(
        "--batch", [&simulation](const std::string& text) { readBatch(text, simulation); },
        "Labels more in each round; 8:64: as many as there are, between the two");
    verb->add_option("--repeat", simulation.repeats, "Repeats, each with a seed of its own")
        ->check(CLI::Range(1, 1000));
    verb->add_option("--preset", options->preset, "The training recipe")->check(CLI::IsMember(store::presetNames()));
    verb->add_option("--epochs", options->epochs, "Epochs at most (default: the recipe's)")
        ->check(CLI::Range(1, 10000));
    verb->add_option("--model", options->model, "The network, when there is no pretrained run")
        ->check(CLI::IsMember(modelNames()));
    verb->add_option("--size", options->size, "Pixels a side, when there is no pretrained run")
        ->check(CLI::Range(16, 1024));
    verb->add_option("--run", simulation.run, "The pretrained run to start from, or none (default: the newest)");
    addStrategyOptions(verb, simulation.selecting);
    verb->add_flag("--keep", simulation.keep, "Keep the weights and features of every round");
    verb->add_flag("--anew", options->anew, "Begin a new one even where an unfinished one could go on");
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = simulate(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
