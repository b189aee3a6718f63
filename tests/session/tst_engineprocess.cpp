// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/EngineProcess.h"
#include "session/ServeProcess.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <csignal>
#include <fstream>
#include <sched.h>
#include <thread>

using namespace foveate;
using namespace foveate::session;

namespace {

EngineOptions puppet()
{
    EngineOptions options;
    options.program = QStringLiteral(FOVEATE_PUPPET);
    options.heartbeatSeconds = 5;
    options.graceSeconds = 5;
    return options;
}

/// All that an engine said, in words, in order.
class Listener : public QObject {
public:
    explicit Listener(EngineProcess& engine)
    {
        connect(&engine, &EngineProcess::progressed, this,
                [this](const Progress& p) { note(QStringLiteral("progress %1/%2").arg(p.step).arg(p.of)); });
        connect(&engine, &EngineProcess::checkpointed, this,
                [this](qint64 step) { note(QStringLiteral("checkpoint %1").arg(step)); });
        connect(&engine, &EngineProcess::finished, this, [this] { conclude(QStringLiteral("finished")); });
        connect(&engine, &EngineProcess::failed, this, [this](const Error& error) {
            conclude(QStringLiteral("failed ") + QString::fromStdString(describe(error)));
        });
        connect(&engine, &EngineProcess::died, this, [this](const Error& error) {
            conclude(QStringLiteral("died ") + QString::fromUtf8(name(error.code).data()));
        });
        connect(&engine, &EngineProcess::stopped, this, [this] { conclude(QStringLiteral("stopped")); });
    }
    QString said() const { return m_words.join(u", "); }
    int conclusions() const { return m_conclusions; }

private:
    void note(const QString& word) { m_words << word; }
    void conclude(const QString& word)
    {
        note(word);
        ++m_conclusions;
    }
    QStringList m_words;
    int m_conclusions = 0;
};

} // namespace

class EngineProcessTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string runWith(const QStringList& script)
    {
        const QString folder = m_folder.filePath(QString::number(++m_count));
        QDir().mkpath(folder);
        std::ofstream(folder.toStdString() + "/script") << script.join(u'\n').toStdString() << '\n';
        return folder.toStdString();
    }

private Q_SLOTS:
    void tellsWhatTheEngineSays_data()
    {
        QTest::addColumn<QStringList>("script");
        QTest::addColumn<QString>("said");
        QTest::newRow("a good run") << QStringList{R"(say {"event":"hello","version":1})",
                                                   R"(say {"event":"progress","step":1,"of":2})",
                                                   R"(say {"event":"checkpoint","step":7})", R"(say {"event":"done"})",
                                                   "manifest"}
                                    << "progress 1/2, checkpoint 7, finished";
        QTest::newRow("no manifest") << QStringList{R"(say {"event":"done"})"} << "died engine-died";
        QTest::newRow("a failure") << QStringList{R"(say {"event":"failed","code":"needs-classes","args":["1"]})",
                                                  "exit 3"}
                                   << "failed needs-classes [1]";
        QTest::newRow("an unknown failure")
            << QStringList{R"(say {"event":"failed","code":"???"})", "exit 1"} << "failed internal";
        QTest::newRow("an exit") << QStringList{"exit 9"} << "died engine-died";
        QTest::newRow("a crash") << QStringList{"crash"} << "died engine-died";
        QTest::newRow("a crash after the end") << QStringList{"manifest", "crash"} << "died engine-died";
        QTest::newRow("interrupted from outside") << QStringList{"exit 130"} << "stopped";
        QTest::newRow("garbage") << QStringList{"say hello", "say [1,2]", "say {\"event\":7}",
                                                "say {\"event\":\"progress\",\"step\":\"x\"}", "manifest"}
                                 << "progress 0/0, finished";
        QTest::newRow("a line without end")
            << QStringList{"long 3000000", R"(say {"event":"progress","step":1,"of":1})", "manifest"}
            << "progress 1/1, finished";
    }

    void tellsWhatTheEngineSays()
    {
        QFETCH(QStringList, script);
        QFETCH(QString, said);
        EngineProcess engine(puppet());
        const Listener listener(engine);
        QVERIFY(engine.start(runWith(script)));
        QTRY_COMPARE_WITH_TIMEOUT(listener.conclusions(), 1, 10'000);
        QCOMPARE(listener.said(), said);
        QTest::qWait(20);
        QCOMPARE(listener.conclusions(), 1);
    }

    void countsGarbage()
    {
        EngineProcess engine(puppet());
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"say x", "long 2000000", "say {}", "manifest"})));
        QTRY_COMPARE(listener.conclusions(), 1);
        QCOMPARE(engine.garbage(), 3);
    }

    void stopsGently()
    {
        EngineProcess engine(puppet());
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({R"(say {"event":"heartbeat"})", "sleep 60000"})));
        QTest::qWait(100);
        engine.stop();
        QTRY_COMPARE(listener.said(), "stopped");
    }

    void killsAnEngineThatDoesNotStop()
    {
        EngineOptions options = puppet();
        options.graceSeconds = 1;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"deaf", R"(say {"event":"checkpoint","step":1})", "sleep 60000"})));
        QTRY_COMPARE(listener.said(), "checkpoint 1");
        engine.stop();
        QTRY_COMPARE(listener.said(), "checkpoint 1, stopped");
    }

    void takesSilenceForDeath()
    {
        EngineOptions options = puppet();
        options.heartbeatSeconds = 1;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"say noise is no sign of life", "sleep 60000"})));
        QTRY_COMPARE(listener.said(), "died timeout");
    }

    void takesAnEndlessLoopForDeath()
    {
        EngineOptions options = puppet();
        options.heartbeatSeconds = 1;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"spin"})));
        QTRY_COMPARE_WITH_TIMEOUT(listener.said(), "died timeout", 30'000);
    }

    void anEngineThatIsNotLetIsNotSilent()
    {
        // Idle priority beside a busy neighbour on the same processor: hardly any time is left for it.
        std::atomic<bool> busy = true;
        std::thread neighbour([&busy] {
            cpu_set_t first;
            CPU_ZERO(&first);
            CPU_SET(0, &first);
            sched_setaffinity(0, sizeof first, &first);
            while (busy) {
            }
        });
        EngineOptions options = puppet();
        options.heartbeatSeconds = 1;
        options.background = true;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"pin", "spin"})));
        QTest::qWait(2500);
        const QString whileBusy = listener.said();
        busy = false;
        neighbour.join();
        QCOMPARE(whileBusy, QString());
        QTRY_COMPARE_WITH_TIMEOUT(listener.said(), "died timeout", 30'000);
    }

    void suspendedEnginesAreNotSilent()
    {
        EngineOptions options = puppet();
        options.heartbeatSeconds = 1;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({R"(say {"event":"checkpoint","step":1})", "sleep 300", "manifest"})));
        QTRY_COMPARE(listener.said(), "checkpoint 1");
        engine.suspend();
        QTest::qWait(1500);
        QCOMPARE(listener.said(), "checkpoint 1");
        engine.proceed();
        QTRY_COMPARE(listener.said(), "checkpoint 1, finished");
    }

    void runsAgainAfterADeath()
    {
        EngineProcess engine(puppet());
        const Listener listener(engine);
        const std::string folder = runWith({"once crash", "manifest"});
        QVERIFY(engine.start(folder));
        QTRY_COMPARE(listener.said(), "died engine-died");
        QVERIFY(engine.start(folder));
        QTRY_COMPARE(listener.said(), "died engine-died, finished");
    }

    void givesWayInTheBackground()
    {
        EngineOptions options = puppet();
        options.background = true;
        EngineProcess engine(options);
        const Listener listener(engine);
        QVERIFY(engine.start(runWith({"scheduler", "manifest"})));
        QTRY_COMPARE(listener.said(), QStringLiteral("checkpoint %1, finished").arg(SCHED_IDLE));
    }

    void leavesNoOrphan()
    {
        pid_t child = 0;
        {
            EngineProcess engine(puppet());
            QVERIFY(engine.start(runWith({"deaf", "sleep 60000"})));
            QTRY_VERIFY(engine.processId() > 0);
            child = pid_t(engine.processId());
            QCOMPARE(::kill(child, 0), 0);
        }
        QVERIFY(::kill(child, 0) != 0);
    }

    void saysWhenThereIsNoEngine()
    {
        EngineOptions options = puppet();
        options.program = QStringLiteral("/nowhere/engine");
        EngineProcess engine(options);
        QCOMPARE(engine.start(runWith({})).error().code, Code::notFound);
        QVERIFY(!engine.running());
    }

    void linesAreCutWhereverTheBytesAre()
    {
        const QByteArray stream("one\ntwo\n\nthree\n");
        for (qsizetype step = 1; step <= stream.size(); ++step) {
            LineReader reader;
            QList<QByteArray> lines;
            for (qsizetype at = 0; at < stream.size(); at += step)
                lines += reader.feed(stream.mid(at, step));
            QCOMPARE(lines, (QList<QByteArray>{"one", "two", "three"}));
        }
        LineReader small(4);
        QCOMPARE(small.feed("12345\nabc\n1234"), QList<QByteArray>{"abc"});
        QCOMPARE(small.feed("56789"), QList<QByteArray>{});
        QCOMPARE(small.feed("0\nok\n"), QList<QByteArray>{"ok"});
        QCOMPARE(small.dropped(), 2);
    }

    void answersQuestions()
    {
        ServeProcess serve(puppet());
        QSignalSpy answered(&serve, &ServeProcess::answered);
        QSignalSpy refused(&serve, &ServeProcess::refused);
        serve.setRun("/run");
        const qint64 first = serve.askPrediction(1);
        const qint64 second = serve.askMap(2);
        QTRY_COMPARE(answered.count(), 2);
        const auto prediction = answered[0][0].value<Answer>();
        QCOMPARE(prediction.id, first);
        QCOMPARE(prediction.row, 1);
        QCOMPARE(prediction.probabilities, (std::vector<double>{.25, .75}));
        const auto map = answered[1][0].value<Answer>();
        QCOMPARE(map.id, second);
        QCOMPARE(map.classIndex, 1);
        QCOMPARE(map.high, 2.0);
        QVERIFY(map.evidence);
        QCOMPARE(refused.count(), 0);
    }

    void refusesAndGoesOn()
    {
        ServeProcess serve(puppet());
        QSignalSpy answered(&serve, &ServeProcess::answered);
        QSignalSpy refused(&serve, &ServeProcess::refused);
        const qint64 early = serve.askPrediction(1);
        QTRY_COMPARE(refused.count(), 1);
        QCOMPARE(refused[0][0].toLongLong(), early);
        QCOMPARE(refused[0][1].value<Error>().code, Code::needsTraining);
        serve.setRun("/run");
        serve.askPrediction(14);
        serve.askPrediction(2);
        QTRY_COMPARE(answered.count(), 1);
        QCOMPARE(refused[1][1].value<Error>().code, Code::notFound);
        serve.askPrediction(13);
        QTRY_COMPARE(refused.count(), 3);
        QCOMPARE(refused[2][1].value<Error>().code, Code::engineDied);
        serve.askPrediction(3);
        QTRY_COMPARE(answered.count(), 2);
        serve.setRun("/bad");
        serve.askPrediction(3);
        QTRY_COMPARE(refused.count(), 4);
    }

    void theOldestQuestionsGiveWay()
    {
        ServeProcess serve(puppet());
        QSignalSpy answered(&serve, &ServeProcess::answered);
        serve.setRun("/run");
        for (int row = 100; row < 150; ++row)
            serve.askPrediction(row);
        QTRY_COMPARE(answered.count(), 32);
        QCOMPARE(answered[0][0].value<Answer>().row, 118);
    }
};

QTEST_GUILESS_MAIN(EngineProcessTest)
#include "tst_engineprocess.moc"
