// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/EngineVerb.h"

#include "base/AtomicFile.h"
#include "session/Booking.h"

#include <QCoreApplication>
#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <unistd.h>

namespace foveate::app {
namespace {

int g_pipe[2] = {-1, -1}; // a signal handler can reach nothing else

void handleSignal(int)
{
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(g_pipe[1], &byte, 1);
}

int openPipe()
{
    if (::pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    std::signal(SIGINT, &handleSignal);
    std::signal(SIGTERM, &handleSignal);
    return g_pipe[0];
}

constexpr int kDeathsAllowed = 3;

/// One run until it ends, with restarts; leaves the event loop when it has an outcome.
class EngineSupervisor : public QObject {
public:
    EngineSupervisor(std::string folder, const CommonOptions& common)
        : m_folder(std::move(folder)), m_bar(common.quiet), m_engine(options(common)),
          m_signals([this] { m_engine.stop(); }, [this] { m_engine.kill(); })
    {
        using Engine = session::EngineProcess;
        connect(&m_engine, &Engine::progressed, this, [this](const Progress& progress) { m_bar.show(progress); });
        connect(&m_engine, &Engine::checkpointed, this, [this](qint64) { m_deaths = 0; });
        connect(&m_engine, &Engine::finished, this, [this](const QString&) { end({}); });
        connect(&m_engine, &Engine::failed, this, [this](const Error& error) { end(tl::unexpected(error)); });
        connect(&m_engine, &Engine::stopped, this, [this] { end(fail(Code::cancelled)); });
        connect(&m_engine, &Engine::died, this, [this](const Error& error) { died(error); });
    }

    Status run()
    {
        FOVEATE_CHECK(m_engine.start(m_folder));
        QCoreApplication::exec();
        m_bar.finish();
        return m_outcome;
    }

private:
    static session::EngineOptions options(const CommonOptions& common)
    {
        session::EngineOptions engine;
        engine.requireGpu = common.requireGpu;
        return engine;
    }
    void died(const Error& error)
    {
        if (++m_deaths >= kDeathsAllowed)
            return end(tl::unexpected(error));
        if (const Status again = m_engine.start(m_folder); !again)
            end(again);
    }
    void end(Status outcome)
    {
        m_outcome = std::move(outcome);
        QCoreApplication::quit();
    }

    std::string m_folder;
    ProgressBar m_bar;
    session::EngineProcess m_engine;
    SignalWatch m_signals;
    Status m_outcome;
    int m_deaths = 0;
};

} // namespace

SignalWatch::SignalWatch(std::function<void()> first, std::function<void()> again)
    : m_notifier(openPipe(), QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, [this, first = std::move(first), again = std::move(again)] {
        char byte;
        while (::read(g_pipe[0], &byte, 1) == 1)
            m_count++ == 0 ? first() : again();
    });
}

SignalWatch::~SignalWatch()
{
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    m_notifier.setEnabled(false);
    ::close(g_pipe[0]);
    ::close(g_pipe[1]);
}

Status runEngine(const std::string& runFolder, const CommonOptions& common)
{
    return EngineSupervisor(runFolder, common).run();
}

Status finishRun(session::Project& project, const std::string& runFolder, const CommonOptions& common)
{
    FOVEATE_CHECK(project.release());
    const Status ran = runEngine(runFolder, common);
    if (!ran && ran.error().code == Code::cancelled)
        note(Console::tr("Run %1 stands at its checkpoint; --resume goes on with a training.")
                 .arg(QString::fromStdString(runId(runFolder))));
    FOVEATE_CHECK(ran);
    FOVEATE_CHECK(project.reopen());
    return session::bookFinishedRuns(project).map([](const std::vector<std::string>&) {});
}

Result<std::string> engineRun(session::Project& project, const session::RunWish& wish, const CommonOptions& common)
{
    FOVEATE_TRY(std::string folder, session::prepareRun(project, wish));
    FOVEATE_CHECK(finishRun(project, folder, common));
    return folder;
}

Result<std::string> resumeRun(session::Project& project, const std::string& job, const std::string& run,
                              const CommonOptions& common)
{
    for (const session::RunInfo& known : session::listRuns(project.runsFolder(), false))
        if (known.job == job && !known.finished && (known.id == run || std::to_string(known.number) == run)) {
            FOVEATE_CHECK(finishRun(project, known.folder, common));
            return known.folder;
        }
    return fail(Code::notFound, {"run", run});
}

Result<std::string> runOnParent(session::Project& project, const char* job, const std::string& run,
                                nlohmann::json options, const CommonOptions& common)
{
    session::RunWish wish = wishFor(job, common, project);
    wish.options = std::move(options);
    FOVEATE_TRY(wish.parent, session::chooseRun(project, session::Need::trained, run));
    return engineRun(project, wish, common);
}

Result<IdsByRow> wantedRows(session::Project& project, const std::vector<std::string>& ids)
{
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    std::set<std::string> missing(ids.begin(), ids.end());
    IdsByRow rows;
    for (const store::Sample& sample : samples) {
        const bool named = std::find(ids.begin(), ids.end(), sample.id) != ids.end();
        if ((ids.empty() && sample.state == store::SampleState::ok) || named)
            rows[sample.packRow] = sample.id;
        missing.erase(sample.id);
    }
    if (!missing.empty())
        return fail(Code::notFound, {"image", *missing.begin()});
    return rows;
}

std::uint64_t seedOf(const CommonOptions& common, const session::Project& project)
{
    return common.seed.value_or(project.file().seed);
}

session::RunWish wishFor(const char* job, const CommonOptions& common, const session::Project& project)
{
    session::RunWish wish;
    wish.job = job;
    wish.seed = seedOf(common, project);
    wish.threads = common.threads;
    wish.device = common.device;
    return wish;
}

Result<nlohmann::json> readResult(const std::string& runFolder)
{
    const std::string path = runFolder + "/result.json";
    FOVEATE_TRY(const std::string text, readFile(path));
    nlohmann::json result = nlohmann::json::parse(text, nullptr, false);
    if (!result.is_object())
        return fail(Code::corrupt, {path, "no JSON object"});
    return result;
}

std::string runId(const std::string& runFolder)
{
    return std::filesystem::path(runFolder).filename().string();
}

Result<session::Project> openForReading(const std::string& folder)
{
    Result<session::Project> project = session::Project::open(folder, session::Purpose::read);
    if (project && project->readOnly())
        note((project->hindrance()->code == Code::locked
                  ? Console::tr("The project is open elsewhere: this is its last backup, made %1.")
                  : Console::tr("The project cannot be written to: this is its last backup, made %1."))
                 .arg(QString::fromStdString(project->study().backupTime())));
    return project;
}

} // namespace foveate::app
