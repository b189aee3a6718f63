// SPDX-License-Identifier: GPL-3.0-or-later
// The reader's way through the batches: what is on the screen, what was decided, what can be taken
// back.
//
// One decision is under way at a time: the next image comes only after the decision's COMMIT has
// returned, and a decision that cannot be stored is kept and tried again. Everything that decides
// what may be shown of the model goes through mayShow(). Within a batch the order is shuffled by
// the project's seed, so it says nothing about scores. Thread: the GUI's; the database is reached
// through the StoreThread.
#pragma once

#include "session/AttentionClock.h"
#include "session/ReadingJobs.h"
#include "session/StoreThread.h"
#include "session/WorkspaceTypes.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace foveate::session {

/// What was on the screen besides the image; goes into each event.
struct ScreenState {
    bool overlay = false;
    bool prediction = false;
    int zooms = 0;
    int windowings = 0;
};

class WorkspaceReading : public QObject {
    Q_OBJECT
public:
    static constexpr int kRecent = 10;

    WorkspaceReading(StoreThread& store, std::string reader, QObject* parent = nullptr);

    void begin(const OpenedStudy& study);
    void end();

    ReadingState state() const { return m_state; }
    const ReadingItem& item() const { return m_item; }
    const Tally& tally() const { return m_tally; }
    const std::optional<Trouble>& trouble() const { return m_trouble; }
    /// Oldest first; a decision under way is the last, without an event's uuid.
    const std::vector<store::CurrentLabel>& recent() const { return m_recent; }
    const store::Sample* sample(const std::string& id) const;
    /// The current one, those to come, those gone by.
    std::vector<store::Sample> around() const;
    int classesSeen() const;
    const std::string& reader() const { return m_reader; }

    /// Labels, skips and so on. False when it is not the time: nothing on the screen, another
    /// decision under way, trouble, read-only.
    bool decide(store::EventKind kind, std::optional<int> label = {});
    void undo();
    void redo();
    /// From the image gone back to, or shown after its label, on to the next one to be read.
    void goOn();
    void goBack();
    void revisit(const std::string& sample);
    /// A note on the image on the screen; false when there is none, or nothing in it.
    bool comment(const std::string& text);
    /// Tries again to store what could not be stored.
    void retry();
    /// The queue has changed: the batch at its front is the one to read now.
    void takeBatch();

    ScreenState& screen() { return m_screen; }
    AttentionClock& attention() { return m_attention; }
    qint64 now() const { return m_time.elapsed(); }
    /// The image is on the screen: time runs.
    void shown(quint64 serial);
    /// The model's opinion was drawn; logged once for each showing.
    void noteReveal(const std::string& run);
    void setModel(const std::string& run) { m_model = run; }

Q_SIGNALS:
    void changed(); ///< state, item, visibility
    void recentChanged();
    void tallyChanged();
    void troubleChanged();
    void stored(int change); ///< +1: a label more, −1: one less, 0: neither
    void onScreen();         ///< a new image is there: its reader needs a moment
    void boundary();         ///< the batch is read
    void queueEmpty();       ///< there is no batch

private:
    void show(const std::string& sample, bool again);
    void showNext();
    void stumble(const Error& error);
    void receive(const QueueFront& front);
    void submit(store::Event event);
    void accept(const StoredChange& stored);
    void refuse(const Error& error, const store::Event& event);
    using Stepped = Result<StoredChange>(Project&, const std::string&, const store::Event&, int);
    void step(Stepped& job, std::function<void(const StoredChange&)> then);
    void takenBack(const StoredChange& stored);
    void storeNote(const store::Event& note);
    void settle(const StoredChange& stored);
    void afterDecision();
    void closeBatch();
    void updateVisibility();
    void count(const std::optional<store::CurrentLabel>& before, const std::optional<store::CurrentLabel>& after);
    std::optional<store::CurrentLabel> said(const std::string& sample) const;
    bool readThrough(const std::string& sample) const;
    store::Event context(const std::string& sample);

    StoreThread& m_store;
    std::string m_reader;
    ProjectView m_project;
    Policy m_policy = Policy::blind;
    std::map<std::string, store::Sample> m_samples;
    std::map<std::string, store::CurrentLabel> m_said; ///< this reader's standing decisions
    std::set<std::int64_t> m_closed;                   ///< batches read to their end
    std::map<std::string, std::int64_t> m_batchOf;     ///< the batch in which a decided image was offered

    std::int64_t m_batch = 0;
    std::vector<std::string> m_order; ///< the open batch
    std::vector<std::string> m_left;  ///< of it, still to be read
    ReadingState m_state = ReadingState::closed;
    ReadingItem m_item;
    quint64 m_serial = 0;
    std::vector<store::CurrentLabel> m_recent;
    Tally m_tally;
    std::vector<double> m_seconds;         ///< of this session's decisions, sorted
    std::optional<store::Event> m_pending; ///< under way, or in trouble
    bool m_busy = false;                   ///< an undo, redo or batch change is under way
    std::vector<store::Event> m_notes;     ///< comments that could not be stored yet
    std::optional<Trouble> m_trouble;
    bool m_rescued = false; ///< the pending decision lies in the rescue file
    QTimer m_retry;
    QElapsedTimer m_time;
    AttentionClock m_attention;
    ScreenState m_screen;
    std::string m_model;
    std::pair<quint64, std::string> m_revealed; ///< serial and run whose reveal is logged
};

} // namespace foveate::session
