// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "base/Random.h"
#include "store/Uuid.h"
#include "store/Verify.h"

#include <map>
#include <set>

using namespace foveate;
using namespace foveate::store;

class TestEvents : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    std::vector<Sample> m_samples;
    int m_number = 0;

    std::string path() const { return m_folder.filePath(QString::number(m_number)).toStdString(); }
    Result<Study> fresh(int samples, const Opening& as = opening())
    {
        ++m_number;
        auto study = Study::create(path(), projectFile(), as);
        m_samples = makeSamples(samples);
        if (study)
            if (const Status inserted = study->insertSamples(m_samples); !inserted)
                return tl::unexpected(inserted.error());
        return study;
    }

private Q_SLOTS:
    void appendFillsAndStoresTheEvent()
    {
        auto study = fresh(2);
        OK(study);
        Event asked = labelEvent(m_samples[0].id, 1);
        asked.confidence = 0.25;
        asked.text = "a 'quoted' word; DROP TABLE event;";
        const auto stored = study->append(asked);
        OK(stored);
        QVERIFY(isUuid(stored->uuid));
        QCOMPARE(stored->writer, writerId());
        QCOMPARE(stored->seq, std::int64_t(1));
        QVERIFY(stored->prev.empty());
        const auto found = study->find(stored->uuid);
        OK(found);
        QVERIFY(found->has_value());
        QCOMPARE((*found)->text, asked.text);
        QCOMPARE((*found)->hash, stored->hash);
        QCOMPARE(*(*found)->confidence, 0.25);
        const auto second = study->append(labelEvent(m_samples[1].id, 2));
        OK(second);
        QCOMPARE(second->prev, stored->hash);
        QCOMPARE(*study->eventHeads(), std::vector<std::string>{second->hash});
    }

    void theSameUuidIsStoredOnce()
    {
        auto study = fresh(1);
        OK(study);
        Event event = labelEvent(m_samples[0].id, 1);
        event.uuid = newUuid();
        OK(study->append(event));
        const auto again = study->append(event);
        OK(again);
        QCOMPARE(again->seq, std::int64_t(1));
        QCOMPARE(study->counts()->events, std::int64_t(1));
        event.classIndex = 2;
        FAILS(study->append(event), Code::alreadyExists);
    }

    void wrongEventsAreRefused()
    {
        auto study = fresh(1);
        OK(study);
        FAILS(study->append(labelEvent("0123456789abcdef", 0)), Code::notFound);
        FAILS(study->append(labelEvent(m_samples[0].id, 3)), Code::usage);
        FAILS(study->append(labelEvent(m_samples[0].id, -1)), Code::usage);
        FAILS(study->append(labelEvent(m_samples[0].id, 0, "")), Code::usage);
        FAILS(study->append(eventOfKind(EventKind::label, m_samples[0].id)), Code::usage);
        Event skip = eventOfKind(EventKind::skip, m_samples[0].id);
        skip.classIndex = 0;
        FAILS(study->append(skip), Code::usage);
        // All or nothing: the good one before the bad one is not stored.
        FAILS(study->appendAll({labelEvent(m_samples[0].id, 0), labelEvent(m_samples[0].id, 7)}), Code::usage);
        QCOMPARE(study->counts()->events, std::int64_t(0));
    }

    void undoWalksBackAcrossImagesAndSessions()
    {
        auto study = fresh(3);
        OK(study);
        OK(study->append(labelEvent(m_samples[0].id, 0)));
        OK(study->append(labelEvent(m_samples[1].id, 1)));
        OK(study->append(labelEvent(m_samples[2].id, 2, "bob")));
        OK(study->close());
        auto reopened = Study::openOwner(path(), opening());
        OK(reopened);
        const auto first = reopened->undo("ann");
        OK(first);
        QCOMPARE(first->sample, m_samples[1].id);
        const auto second = reopened->undo("ann");
        OK(second);
        QCOMPARE(second->sample, m_samples[0].id);
        FAILS(reopened->undo("ann"), Code::notFound);
        QCOMPARE(reopened->currentLabels()->size(), std::size_t(1));
        const auto redone = reopened->redo("ann");
        OK(redone);
        QCOMPARE(redone->sample, m_samples[0].id);
        OK(reopened->append(labelEvent(m_samples[2].id, 0)));
        FAILS(reopened->redo("ann"), Code::notFound);
        OK(verify(*reopened));
        QVERIFY(verify(*reopened)->ok());
    }

    void aReviseComesBackToTheLabelWhenUndone()
    {
        auto study = fresh(1);
        OK(study);
        const std::string id = m_samples[0].id;
        QCOMPARE(*study->kindFor(id, "ann"), EventKind::label);
        OK(study->append(labelEvent(id, 0)));
        QCOMPARE(*study->kindFor(id, "ann"), EventKind::revise);
        Event revise = labelEvent(id, 2);
        revise.kind = EventKind::revise;
        OK(study->append(revise));
        QCOMPARE(*(*study->currentLabel(id, "ann"))->classIndex, 2);
        OK(study->undo("ann"));
        QCOMPARE(*(*study->currentLabel(id, "ann"))->classIndex, 0);
        QCOMPARE(study->history(id)->size(), std::size_t(3));
    }

    void consensusIsTheMajorityAndATieIsNull()
    {
        auto study = fresh(2);
        OK(study);
        const std::string id = m_samples[0].id;
        OK(study->append(labelEvent(id, 2, "import")));
        QCOMPARE(*(*study->consensus(id))->classIndex, 2);
        OK(study->append(labelEvent(id, 0, "ann")));
        QCOMPARE(*(*study->consensus(id))->classIndex, 0); // a reader's word outweighs the folder's
        OK(study->append(labelEvent(id, 1, "bob")));
        QVERIFY(!(*study->consensus(id))->classIndex);
        OK(study->append(labelEvent(id, 1, "cid")));
        QCOMPARE(*(*study->consensus(id))->classIndex, 1);
        QCOMPARE((*study->consensus(id))->votes, 2);
        QCOMPARE((*study->consensus(id))->readers, 3);
        Event settle = labelEvent(id, 0, "chief");
        settle.kind = EventKind::adjudicate;
        OK(study->append(settle));
        QCOMPARE(*(*study->consensus(id))->classIndex, 0);
        QVERIFY((*study->consensus(id))->adjudicated);
        OK(study->undo("chief"));
        QCOMPARE(*(*study->consensus(id))->classIndex, 1);
        QVERIFY(!*study->consensus(m_samples[1].id));
        QCOMPARE(study->counts()->perClass, (std::vector<std::int64_t>{0, 1, 0}));
        QVERIFY(verify(*study)->ok());
    }

    void lastDecisionsAreNewestFirstAndEachImageOnce()
    {
        auto study = fresh(4);
        OK(study);
        for (const Sample& sample : m_samples)
            OK(study->append(labelEvent(sample.id, 0)));
        OK(study->append(labelEvent(m_samples[1].id, 2)));
        const auto last = study->lastDecisions("ann", 3);
        OK(last);
        QCOMPARE(last->size(), std::size_t(3));
        QCOMPARE(last->at(0).sample, m_samples[1].id);
        QCOMPARE(*last->at(0).classIndex, 2);
        QCOMPARE(last->at(1).sample, m_samples[3].id);
        OK(study->append(eventOfKind(EventKind::skip, m_samples[0].id, "bob")));
        const auto counts = study->readerCounts();
        OK(counts);
        QCOMPARE(counts->size(), std::size_t(2));
        QCOMPARE(counts->at(0).labels, std::int64_t(4));
        QCOMPARE(counts->at(0).activeMs, std::int64_t(6000));
        QCOMPARE(counts->at(1).skips, std::int64_t(1));
    }

    /// 5,000 random acts by three readers; a model in the test says what must be current.
    void randomUndoAndRedoEqualReplay()
    {
        // What is proven here does not hang on the disk; tst_durability is about that.
        Opening quick = opening();
        quick.durability = Durability::off;
        auto study = fresh(40, quick);
        OK(study);
        struct Act {
            std::string sample;
            std::optional<int> classIndex;
        };
        struct Reader {
            std::vector<Act> done, undone;
        };
        std::map<std::string, Reader> readers{{"ann", {}}, {"bob", {}}, {"cid", {}}};
        Random random(7);
        std::vector<Event> pending;
        for (int i = 0; i < 5000; ++i) {
            auto reader = readers.begin();
            std::advance(reader, std::ptrdiff_t(random.below(3)));
            Reader& mind = reader->second;
            const std::uint64_t dice = random.below(10);
            if (dice < 3) {
                const auto result = study->undo(reader->first);
                QCOMPARE(bool(result), !mind.done.empty());
                if (!mind.done.empty()) {
                    QCOMPARE(result->sample, mind.done.back().sample);
                    mind.undone.push_back(mind.done.back());
                    mind.done.pop_back();
                }
            } else if (dice < 5) {
                const auto result = study->redo(reader->first);
                QCOMPARE(bool(result), !mind.undone.empty());
                if (!mind.undone.empty()) {
                    mind.done.push_back(mind.undone.back());
                    mind.undone.pop_back();
                }
            } else {
                const std::string id = m_samples[random.below(40)].id;
                const int classIndex = int(random.below(4));
                OK(study->append(classIndex < 3 ? labelEvent(id, classIndex, reader->first)
                                                : eventOfKind(EventKind::ungradable, id, reader->first)));
                mind.done.push_back({id, classIndex < 3 ? std::optional(classIndex) : std::nullopt});
                mind.undone.clear();
            }
        }
        std::map<std::pair<std::string, std::string>, std::optional<int>> expected, found;
        for (const auto& [name, mind] : readers)
            for (const Act& act : mind.done)
                expected[{act.sample, name}] = act.classIndex;
        const auto labels = study->currentLabels();
        OK(labels);
        for (const CurrentLabel& label : *labels)
            found[{label.sample, label.reader}] = label.classIndex;
        QCOMPARE(found.size(), expected.size());
        QVERIFY(found == expected);
        OK(verifyProjection(**study->database()));
        OK(rebuildProjection(*study));
        OK(verifyProjection(**study->database()));
        QVERIFY(verify(*study)->ok());
    }

    void aWrongProjectionIsFound()
    {
        auto study = fresh(2);
        OK(study);
        OK(study->append(labelEvent(m_samples[0].id, 1)));
        OK((*study->database())->execute("UPDATE current_label SET class = 2"));
        FAILS(verifyProjection(**study->database()), Code::corrupt);
        OK(rebuildProjection(*study));
        OK(verifyProjection(**study->database()));
        OK((*study->database())->execute("DELETE FROM consensus"));
        FAILS(verifyProjection(**study->database()), Code::corrupt);
    }
};

QTEST_GUILESS_MAIN(TestEvents)
#include "tst_events.moc"
