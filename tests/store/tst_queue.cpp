// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "store/Verify.h"

#include <cmath>
#include <set>

using namespace foveate;
using namespace foveate::store;

class TestQueue : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;
    std::vector<Sample> m_samples;

    Result<Study> fresh(std::uint64_t seed, Split split = Split::train)
    {
        ProjectFile project = projectFile();
        project.seed = seed;
        auto study = Study::create(m_folder.filePath(QString::number(++m_number)).toStdString(), project, opening());
        m_samples = makeSamples(12, split);
        if (study)
            if (const Status inserted = study->insertSamples(m_samples); !inserted)
                return tl::unexpected(inserted.error());
        return study;
    }
    Batch batchOf(std::initializer_list<int> which) const
    {
        Batch batch;
        batch.strategy = "entropy";
        batch.seed = ~std::uint64_t(0);
        batch.run = "0001-train";
        for (const int i : which)
            batch.items.push_back({m_samples[std::size_t(i)].id, int(batch.items.size()) + 1, 0.5, "entropy 0.5"});
        return batch;
    }
    static std::vector<std::string> ids(const std::vector<QueueItem>& queue)
    {
        std::vector<std::string> result;
        for (const QueueItem& item : queue)
            result.push_back(item.sample);
        return result;
    }
    const std::string& id(int i) const { return m_samples[std::size_t(i)].id; }

private Q_SLOTS:
    void emptyMeansRandomByTheSeed()
    {
        auto one = fresh(1), again = fresh(1), other = fresh(2);
        OK(one);
        OK(again);
        OK(other);
        const auto first = ids(*one->queue());
        QCOMPARE(first.size(), std::size_t(12));
        QVERIFY(first == ids(*again->queue()));
        QVERIFY(first != ids(*other->queue()));
        QVERIFY(std::set<std::string>(first.begin(), first.end()).size() == 12);
        // Reading one changes nobody else's place.
        OK(one->append(labelEvent(first[3], 0)));
        auto expected = first;
        expected.erase(expected.begin() + 3);
        QVERIFY(ids(*one->queue()) == expected);
        QCOMPARE(one->queue(2)->size(), std::size_t(2));
    }

    void theNewestSelectionComesFirstThenWhatWasLeft()
    {
        auto study = fresh(1);
        OK(study);
        QCOMPARE(*study->addBatch(batchOf({4, 5, 6}), true), std::int64_t(1));
        QCOMPARE(*study->addBatch(batchOf({9, 5}), true), std::int64_t(2));
        QCOMPARE(*study->addBatch(batchOf({0, 1}), false), std::int64_t(3)); // looked at, not queued
        auto queue = study->queue();
        OK(queue);
        const auto front = ids(*study->queue(4));
        QVERIFY(front == (std::vector<std::string>{id(9), id(5), id(4), id(6)}));
        QCOMPARE(queue->at(1).batch, std::int64_t(2));
        QCOMPARE(queue->at(4).batch, std::int64_t(0));
        QCOMPARE(queue->size(), std::size_t(12));
        QCOMPARE(study->counts()->queued, std::int64_t(4));
        OK(study->append(labelEvent(id(9), 0)));
        OK(study->append(eventOfKind(EventKind::unsure, id(5))));
        QCOMPARE(study->queue(1)->at(0).sample, id(4));
        QCOMPARE(study->counts()->queued, std::int64_t(2));
        OK(study->undo("ann"));
        QCOMPARE(study->queue(1)->at(0).sample, id(5));
    }

    void skippedOnesComeLastInTheirOrder()
    {
        auto study = fresh(1);
        OK(study);
        OK(study->addBatch(batchOf({4, 5, 6}), true));
        OK(study->append(eventOfKind(EventKind::skip, id(5))));
        OK(study->append(eventOfKind(EventKind::skip, id(4))));
        const auto queue = ids(*study->queue());
        QCOMPARE(queue.front(), id(6));
        QCOMPARE(queue[10], id(5));
        QCOMPARE(queue[11], id(4));
    }

    void heldOutAndDamagedImagesAreNeverQueued()
    {
        auto study = fresh(1);
        OK(study);
        std::vector<Sample> more{makeSample(100, "a", Split::val), makeSample(101, "b", Split::test), makeSample(102)};
        more[2].state = SampleState::damaged;
        OK(study->insertSamples(more));
        QCOMPARE(study->queue()->size(), std::size_t(12));
        for (int i : {0, 1}) {
            Batch batch;
            batch.items.push_back({more[std::size_t(i)].id, 1, 0, ""});
            FAILS(study->addBatch(batch, true), Code::usage);
        }
        QCOMPARE(study->batches()->size(), std::size_t(0));
        // The database's own guard said so: without it the row goes in, and verify finds it.
        OK((*study->database())->execute("DROP TRIGGER queue_never_held_out"));
        Batch batch;
        batch.items.push_back({more[1].id, 1, 0, ""});
        OK(study->addBatch(batch, true));
        FAILS(verifySplits(**study->database()), Code::corrupt);
        QCOMPARE(study->queue()->size(), std::size_t(12));
    }

    void aPatientPutAsideLeavesTheQueue()
    {
        auto study = fresh(1, Split::none);
        OK(study);
        OK(study->addBatch(batchOf({4, 5}), true));
        OK(study->assignSplits({{m_samples[4].patient, Split::test}}));
        QCOMPARE(study->queue(1)->at(0).sample, id(5));
        QCOMPARE(study->queue()->size(), std::size_t(11));
        OK(verifySplits(**study->database()));
    }

    void batchesAreKeptAndClosedByAnEvent()
    {
        auto study = fresh(1);
        OK(study);
        const auto number = study->addBatch(batchOf({4, 5}), true);
        OK(number);
        const auto stored = study->batch(*number);
        OK(stored);
        QCOMPARE(stored->items.size(), std::size_t(2));
        QCOMPARE(stored->items[1].reason, std::string("entropy 0.5"));
        QCOMPARE(stored->seed, ~std::uint64_t(0));
        QVERIFY(stored->closed.empty());
        QVERIFY(!*study->batchClosed(*number));
        Event close = eventOfKind(EventKind::batchClosed, "");
        close.batch = *number;
        OK(study->append(close));
        QVERIFY(*study->batchClosed(*number));
        QVERIFY(!study->batch(*number)->closed.empty());
        QVERIFY(verify(*study)->ok());
        FAILS(study->batch(77), Code::notFound);
        Batch infinite = batchOf({1});
        infinite.items[0].score = std::nan("");
        FAILS(study->addBatch(infinite, true), Code::nonFinite);
    }
};

QTEST_GUILESS_MAIN(TestQueue)
#include "tst_queue.moc"
