// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"
#include "session/Loop.h"

#include <QTest>

using namespace foveate;
using namespace foveate::session;

namespace {

const char* word(const Action& action)
{
    static constexpr const char* kWords[] = {"start", "restart", "stop",   "wait",  "select",
                                             "offer", "take",    "broken", "failed"};
    return kWords[action.index()];
}

QString play(Loop& loop, const std::vector<Happening>& happenings)
{
    QStringList words;
    for (const Happening& happening : happenings)
        for (const Action& action : loop.on(happening))
            words << QString::fromLatin1(word(action));
    return words.join(QLatin1Char(' '));
}

std::vector<Happening> labels(int n, int classes)
{
    return std::vector<Happening>(std::size_t(n), Labelled{classes});
}

} // namespace

class LoopTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void trainsAfterTenLabelsOfTwoClasses()
    {
        Loop loop({});
        QCOMPARE(play(loop, labels(9, 2)), QString());
        QCOMPARE(play(loop, labels(1, 2)), QStringLiteral("start"));
        QCOMPARE(loop.phase(), Phase::training);
        QCOMPARE(loop.newLabels(), 0);
    }

    void oneClassNeverTrains()
    {
        Loop loop({});
        QCOMPARE(play(loop, labels(50, 1)), QString());
        QCOMPARE(play(loop, {TrainRequested{}}), QStringLiteral("failed"));
        QCOMPARE(play(loop, labels(1, 2)), QStringLiteral("start"));
    }

    void takingBackALabelCountsDown()
    {
        Loop loop({});
        play(loop, labels(9, 2));
        QCOMPARE(play(loop, {Unlabelled{2}, Labelled{2}}), QString());
        QCOMPARE(play(loop, {Labelled{2}}), QStringLiteral("start"));
    }

    void aFinishedRunOffersABatchAndTakesItOnlyAtABoundary()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        QCOMPARE(play(loop, {EngineFinished{"0001"}}), QStringLiteral("select offer"));
        QCOMPARE(play(loop, labels(3, 2)), QString());
        QVERIFY(loop.batchOffered());
        QCOMPARE(play(loop, {BoundaryReached{}}), QStringLiteral("take"));
        QCOMPARE(play(loop, {QueueEmpty{}}), QStringLiteral("select take"));
    }

    void labelsGivenWhileTrainingStartTheNextRun()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        QCOMPARE(play(loop, labels(12, 2)), QString());
        QCOMPARE(play(loop, {EngineFinished{"0001"}}), QStringLiteral("select offer start"));
    }

    void threeDeathsWithoutASavedStepStopTraining()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        QCOMPARE(play(loop, {EngineDied{}, RetryDue{}, EngineDied{}, RetryDue{}, EngineDied{}}),
                 QStringLiteral("wait restart wait restart broken"));
        QCOMPARE(loop.phase(), Phase::broken);
        QCOMPARE(play(loop, {QueueEmpty{}}), QStringLiteral("select take"));
        QCOMPARE(play(loop, {TrainRequested{}}), QStringLiteral("start"));
    }

    void aSavedStepForgivesTheDeathsBeforeIt()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        for (int i = 0; i < 20; ++i)
            QCOMPARE(play(loop, {EngineDied{}, RetryDue{}, Checkpointed{}}), QStringLiteral("wait restart"));
        QCOMPARE(play(loop, {EngineFinished{"0001"}}), QStringLiteral("select offer"));
    }

    void pauseAndResumeKeepTheRun()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        QCOMPARE(play(loop, {PauseRequested{}}), QStringLiteral("stop"));
        QCOMPARE(play(loop, {EngineDied{}}), QString());
        QCOMPARE(play(loop, {ResumeRequested{}}), QStringLiteral("restart"));
        QCOMPARE(loop.phase(), Phase::training);
    }

    void stopForgetsTheRun()
    {
        Loop loop({});
        play(loop, labels(10, 2));
        QCOMPARE(play(loop, {StopRequested{}}), QStringLiteral("stop"));
        QCOMPARE(loop.phase(), Phase::idle);
        QCOMPARE(play(loop, {TrainRequested{}}), QStringLiteral("start"));
    }

    void notLiveTrainsOnRequestOnly()
    {
        LoopSettings settings;
        settings.live = false;
        Loop loop(settings);
        QCOMPARE(play(loop, labels(40, 2)), QString());
        QCOMPARE(play(loop, {TrainRequested{}}), QStringLiteral("start"));
    }

    void noSequenceTrainsTwiceAtOnceOrTakesWithoutABatch()
    {
        for (std::uint64_t seed = 1; seed <= 200; ++seed) {
            Random random(seed);
            Loop loop({});
            bool running = false;
            bool ready = false;
            for (int i = 0; i < 500; ++i) {
                const Happening all[] = {Labelled{2},       Unlabelled{2},   TrainRequested{}, PauseRequested{},
                                         ResumeRequested{}, StopRequested{}, Checkpointed{},   EngineFinished{},
                                         EngineFailed{},    EngineDied{},    RetryDue{},       QueueEmpty{},
                                         BoundaryReached{}};
                const Happening happening = all[random.below(std::size(all))];
                const bool ends = std::holds_alternative<EngineFinished>(happening) ||
                                  std::holds_alternative<EngineFailed>(happening) ||
                                  std::holds_alternative<EngineDied>(happening);
                if (ends && !running)
                    continue;
                if (ends)
                    running = false;
                for (const Action& action : loop.on(happening)) {
                    const QString did = QString::fromLatin1(word(action));
                    if (did == u"start" || did == u"restart") {
                        QVERIFY2(!running, "two engines at once");
                        running = true;
                    }
                    if (did == u"stop")
                        running = false;
                    if (did == u"select")
                        ready = true;
                    if (did == u"take") {
                        QVERIFY2(ready, "a batch was taken that nobody selected");
                        ready = false;
                    }
                }
            }
        }
    }
};

QTEST_APPLESS_MAIN(LoopTest)
#include "tst_loop.moc"
