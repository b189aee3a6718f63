// SPDX-License-Identifier: GPL-3.0-or-later
// Is what was acknowledged still there after kill -9, after a power cut, after a disk that fails?
#include "StudyFixture.h"
#include "base/Random.h"
#include "store/Verify.h"

#include <QElapsedTimer>
#include <QProcess>
#include <algorithm>
#include <filesystem>
#include <set>

using namespace foveate;
using namespace foveate::store;
namespace fs = std::filesystem;

namespace {

struct Said {
    std::vector<std::string> acknowledged, refused;
    std::vector<long> microseconds;
};

/// Only whole lines count: half a line was not said.
void hear(QByteArray& heard, Said& said)
{
    for (qsizetype end; (end = heard.indexOf('\n')) >= 0; heard.remove(0, end + 1)) {
        const QList<QByteArray> words = heard.left(end).split(' ');
        if (words.value(0) == "ack") {
            said.acknowledged.push_back(words.value(1).toStdString());
            said.microseconds.push_back(words.value(2).toLong());
        } else if (words.value(0) == "error") {
            said.refused.push_back(words.value(1).toStdString());
        }
    }
}

/// Starts the writer and kills it `after` ms after its first acknowledgement (−1: lets it finish).
Said write(const std::string& study, const char* durability, int count, int after,
           const QProcessEnvironment& environment)
{
    Said said;
    QByteArray heard;
    QProcess process;
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(WRITER, {QString::fromStdString(study), durability, QString::number(count)});
    if (after >= 0 && process.waitForReadyRead(10000)) {
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < after && process.state() == QProcess::Running)
            process.waitForReadyRead(1);
        process.kill();
    }
    process.waitForFinished(60000);
    heard += process.readAllStandardOutput();
    hear(heard, said);
    return said;
}

/// How many of these events the file does not have.
int missing(Study& study, const std::vector<std::string>& uuids)
{
    int lost = 0;
    for (const std::string& uuid : uuids)
        lost += !study.find(uuid).value_or(std::nullopt).has_value();
    return lost;
}

} // namespace

class TestDurability : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;

    std::string fresh()
    {
        const std::string path = m_folder.filePath(QString::number(++m_number)).toStdString();
        auto study = Study::create(path, projectFile(), opening());
        std::vector<Sample> samples = makeSamples(20);
        return study && study->insertSamples(samples) && study->close() ? path : std::string();
    }

    /// What a power cut would have left of a writer's work; how many acknowledged labels it lacks.
    std::pair<int, int> lostByPowerCut(const char* durability)
    {
        const std::string path = fresh(), disk = path + "-disk";
        fs::copy(path, disk, fs::copy_options::recursive);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("LD_PRELOAD", POWERLOSS);
        environment.insert("POWERLOSS_FROM", QString::fromStdString(path));
        environment.insert("POWERLOSS_TO", QString::fromStdString(disk));
        const Said said = write(path, durability, 60, -1, environment);
        auto after = Study::openOwner(disk, opening());
        if (!after)
            return {int(said.acknowledged.size()), int(said.acknowledged.size())};
        return {missing(*after, said.acknowledged), int(said.acknowledged.size())};
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (QString(SANITIZED).size() > 0)
            QSKIP("skipped: a sanitizer's own preloading is in the way of the shim");
    }

    void aHundredKillsLoseNothing()
    {
        const std::string path = fresh();
        QVERIFY(!path.empty());
        Random random(11);
        std::vector<std::string> acknowledged;
        for (int i = 0; i < 100; ++i) {
            const Said said =
                write(path, "full", 100000, int(random.below(40)), QProcessEnvironment::systemEnvironment());
            QVERIFY(said.refused.empty());
            acknowledged.insert(acknowledged.end(), said.acknowledged.begin(), said.acknowledged.end());
        }
        auto study = Study::openOwner(path, opening());
        OK(study);
        qInfo("100 kills, %zu acknowledged, %lld stored", acknowledged.size(),
              static_cast<long long>(study->counts()->events));
        QVERIFY(acknowledged.size() > 100);
        QCOMPARE(missing(*study, acknowledged), 0);
        // At most the one that was being written when each kill came.
        QVERIFY(study->counts()->events <= std::int64_t(acknowledged.size()) + 100);
        QVERIFY(verify(*study)->ok());
    }

    void aPowerCutLosesNothing()
    {
        const auto [lost, acknowledged] = lostByPowerCut("full");
        QCOMPARE(acknowledged, 60);
        QCOMPARE(lost, 0);
    }

    /// The control: the same harness must see labels disappear when the disk is not waited for.
    void withoutTheSyncAPowerCutLosesLabels_data()
    {
        QTest::addColumn<QByteArray>("durability");
        QTest::newRow("normal") << QByteArray("normal");
        QTest::newRow("off") << QByteArray("off");
    }
    void withoutTheSyncAPowerCutLosesLabels()
    {
        QFETCH(QByteArray, durability);
        const auto [lost, acknowledged] = lostByPowerCut(durability.constData());
        QCOMPARE(acknowledged, 60);
        QVERIFY(lost > 0);
    }

    /// A sync that fails after it worked: each label is there or was refused, never both, never twice.
    void aFailingSyncNeverLies()
    {
        int failures = 0;
        for (int at = 1; at <= 12; ++at) {
            const std::string path = fresh();
            QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
            environment.insert("LD_PRELOAD", POWERLOSS);
            environment.insert("POWERLOSS_FROM", QString::fromStdString(path));
            environment.insert("POWERLOSS_FAIL_AT", QString::number(at));
            const Said said = write(path, "full", 8, -1, environment);
            auto study = Study::openOwner(path, opening());
            OK(study);
            QCOMPARE(missing(*study, said.acknowledged), 0);
            QCOMPARE(missing(*study, said.refused), int(said.refused.size()));
            QCOMPARE(study->counts()->events, std::int64_t(said.acknowledged.size()));
            QVERIFY(verify(*study)->ok());
            failures += int(said.refused.size()) + (said.acknowledged.empty() ? 1 : 0);
        }
        qInfo("12 failing syncs, %d labels refused or writers that did not start", failures);
    }

    void aLabelIsDurableSoon()
    {
        const std::string path = fresh();
        Said said = write(path, "full", 400, -1, QProcessEnvironment::systemEnvironment());
        QCOMPARE(said.acknowledged.size(), std::size_t(400));
        std::sort(said.microseconds.begin(), said.microseconds.end());
        qInfo("append: median %.2f ms, p99 %.2f ms, worst %.2f ms", said.microseconds[200] / 1000.0,
              said.microseconds[396] / 1000.0, said.microseconds[399] / 1000.0);
        // The goal is 25 ms at the 99th of 100 on a disk of its own; a machine that builds meanwhile gets slack.
        QVERIFY(said.microseconds[200] < 25000);
    }
};

QTEST_GUILESS_MAIN(TestDurability)
#include "tst_durability.moc"
