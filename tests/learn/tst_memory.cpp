// SPDX-License-Identifier: GPL-3.0-or-later
// Memory over a long run: what the process holds after five epochs is what it holds after fifty.
#include "PretrainStudy.h"
#include "learn/Device.h"

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <fstream>
#include <unistd.h>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::ssl;

namespace {

double residentMegabytes()
{
    std::ifstream statm("/proc/self/statm");
    double pages = 0;
    statm >> pages >> pages;
    return pages * double(sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Notes what is held at the end of every epoch.
class Watched : public RunJob {
public:
    Watched(std::unique_ptr<RunJob> job, std::vector<double>& held) : m_job(std::move(job)), m_held(held) {}
    Result<Step> step() override
    {
        const auto step = m_job->step();
        if (m_job->atBoundary())
            m_held.push_back(residentMegabytes());
        return step;
    }
    Progress progress() const override { return m_job->progress(); }
    Result<std::optional<Checkpoint>> checkpoint() const override { return m_job->checkpoint(); }
    Status restore(const Checkpoint& checkpoint) override { return m_job->restore(checkpoint); }
    json resolvedOptions() const override { return m_job->resolvedOptions(); }
    json result() const override { return m_job->result(); }
    bool atBoundary() const override { return m_job->atBoundary(); }

private:
    std::unique_ptr<RunJob> m_job;
    std::vector<double>& m_held;
};

} // namespace

class TstMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fiftyEpochsHoldNoMoreThanFive()
    {
        const QTemporaryDir place;
        const std::string folder = place.filePath("run").toStdString();
        Setting setting{quick({{"model", "resnet18"},
                               {"size", 24},
                               {"epochs", 51},
                               {"batch", 16},
                               {"evaluate", true},
                               {"monitor_every", 5}})};
        setting.truth = true;
        QVERIFY(prepare(folder, setting));
        std::vector<double> held;
        const JobMaker maker = [&](RunContext context) -> Result<std::unique_ptr<RunJob>> {
            FOVEATE_TRY(auto job, makePretrainJob(std::move(context)));
            return std::unique_ptr<RunJob>(std::make_unique<Watched>(std::move(job), held));
        };
        std::atomic<bool> stop{false};
        RunSettings settings; // a checkpoint each epoch: saving is part of what may leak
        settings.checkpointShare = 1;
        QVERIFY(runEngine(folder, {{"pretrain", maker}}, settings, {}, stop));
        // A boundary per epoch, and one more after each of the ten checks in between.
        QCOMPARE(held.size(), std::size_t(51 + 10));
        // The most of ten epochs and their checks: whether a checkpoint is being written at one boundary is chance.
        const double early = *std::max_element(held.begin() + 6, held.begin() + 18),
                     late = *std::max_element(held.end() - 12, held.end());
        qInfo("%.1f MB in epochs 6 to 15, %.1f MB in the last ten: %+.2f %%", early, late, 100 * (late / early - 1));
        QVERIFY(std::abs(late / early - 1) <= .02);
    }
};

QTEST_GUILESS_MAIN(TstMemory)
#include "tst_memory.moc"
