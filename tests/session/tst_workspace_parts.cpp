// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of the window's presenter that need no window: attention, the rescue file, the store's thread, losses.
#include "session/AttentionClock.h"
#include "session/Rescue.h"
#include "session/StoreThread.h"
#include "session/TrainingJobs.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace foveate;
using namespace foveate::session;

class TestWorkspaceParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void attention()
    {
        AttentionClock clock;
        clock.start(1000);
        clock.touch(3000);
        QCOMPARE(clock.active(5000), std::int64_t(4000));
        QCOMPARE(clock.idle(5000), std::int64_t(0));
        QCOMPARE(clock.active(65'000), std::int64_t(34'000)); // a minute without input: half of it counts
        QCOMPARE(clock.idle(65'000), std::int64_t(30'000));
        clock.setPresent(false, 66'000);
        QCOMPARE(clock.active(70'000), std::int64_t(35'000)); // another window has the focus
        clock.setPresent(true, 70'000);
        QCOMPARE(clock.active(71'000), std::int64_t(36'000));
        clock.start(80'000);
        QCOMPARE(clock.active(80'500), std::int64_t(500));
    }

    void rescue()
    {
        QTemporaryDir home;
        qputenv("XDG_DATA_HOME", home.path().toUtf8());
        store::Event event;
        event.uuid = "0198c5a0-0000-7000-8000-000000000001";
        event.kind = store::EventKind::label;
        event.reader = "Ann/../\"B\"";
        event.sample = "00112233445566aa";
        event.classIndex = 2;
        event.activeMs = 1234;
        event.batch = 7;
        QVERIFY(!readRescue("p", event.reader));
        writeRescue("p", event);
        const auto back = readRescue("p", event.reader);
        QVERIFY(back);
        QCOMPARE(back->uuid, event.uuid);
        QCOMPARE(back->classIndex, event.classIndex);
        QCOMPARE(back->sample, event.sample);
        QCOMPARE(back->activeMs, event.activeMs);
        QVERIFY(!readRescue("p", "somebody else"));
        QVERIFY(!readRescue("another", event.reader));
        removeRescue("p", event.reader);
        QVERIFY(!readRescue("p", event.reader));
    }

    void storeThread()
    {
        std::vector<int> order;
        QObject context;
        {
            StoreThread store;
            for (int i = 0; i < 50; ++i)
                store.post([&order, i](StoreThread::Slot&) { order.push_back(i); });
            std::optional<Error> error;
            store.ask<int>(
                &context, [](Project&) -> Result<int> { return 1; },
                [&](Result<int> outcome) {
                    if (!outcome)
                        error = outcome.error();
                });
            QTRY_VERIFY(error.has_value());
            QCOMPARE(error->code, Code::notFound); // no project is open
            for (int i = 50; i < 100; ++i)
                store.post([&order, i](StoreThread::Slot&) { order.push_back(i); });
        } // what is posted is done before the thread ends
        QCOMPARE(int(order.size()), 100);
        QVERIFY(std::is_sorted(order.begin(), order.end()));
    }

    void losses()
    {
        QTemporaryDir run;
        QFile file(run.filePath(QStringLiteral("metrics.jsonl")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"epoch\":1,\"loss\":0.9}\n{\"epoch\":2,\"loss\":0.5,\"val_loss\":0.6}\nnot "
                   "json\n{\"epoch\":\"x\"}\n[1]\n");
        file.close();
        const auto points = readLosses(run.path().toStdString());
        QCOMPARE(int(points.size()), 2);
        QVERIFY(!points[0].validation);
        QCOMPARE(points[1].validation.value_or(0), 0.6);
        QVERIFY(readLosses("/nowhere").empty());
    }
};

QTEST_GUILESS_MAIN(TestWorkspaceParts)
#include "tst_workspace_parts.moc"
