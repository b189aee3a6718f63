// SPDX-License-Identifier: GPL-3.0-or-later
// One open project folder: samples, splits, batches, queue and the append-only log of everything people did.
//
// The owner holds the OS lock, one EXCLUSIVE connection to labels.sqlite and index.sqlite. append() returns only after
// COMMIT has (fsync included): what it returned is on the disk. A failed COMMIT is not a rolled-back one; append() then
// opens the file again and looks its event up, so an error means "not stored" and a retry with the same uuid never
// stores twice. Events are never changed: undo is an event too, and current labels are a projection written in the same
// transaction. Reading beside an owner works on the last backup (openFromBackup); every write there is Code::locked.
// Failure codes: those of Database.h, and as said below. Thread: one at a time.
#pragma once

#include "store/Database.h"
#include "store/IndexStore.h"
#include "store/Lock.h"
#include "store/ProjectFile.h"
#include "store/Records.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace foveate::store {

/// Who opens. Empty texts are filled from the system.
struct Opening {
    Owner owner;                              ///< shown to a second opener
    std::string writer;                       ///< UUID of this writer's chain; empty: installationId()
    Durability durability = Durability::full; ///< weaker only as a control in tests
    bool ballast = true;                      ///< keep 16 MB to give up when the disk is full
};

class Study {
public:
    /// Makes the folder with project.toml and both databases; alreadyExists when a project is there, badInput when
    /// the project is not well formed, readOnly, noSpace.
    static Result<Study> create(const std::string& folder, ProjectFile project, const Opening& opening = {});
    /// notFound, locked (user, host, since), newerVersion, corrupt (a shorter history than was last seen, a changed
    /// schema, a broken chain after an unclean end), readOnly.
    static Result<Study> openOwner(const std::string& folder, const Opening& opening = {});
    /// A read-only view of the newest backup; notFound when there is none.
    static Result<Study> openFromBackup(const std::string& folder);
    Study(Study&&) noexcept;
    Study& operator=(Study&&) noexcept;
    ~Study(); ///< close(), its failure unheard
    /// Backup when something changed, checkpoint, lock released.
    Status close();

    bool readOnly() const;
    const std::string& folder() const;
    /// Of a read-only view: when its backup was made; "" for an owner.
    const std::string& backupTime() const;
    const ProjectFile& project() const;
    /// Writes project.toml. usage when uuid, classes, multi_label, modality, pack size or fit would change.
    Status setProject(const ProjectFile& project);
    /// Keys in which project.toml says something else than the database, which won.
    const std::vector<std::string>& differences() const;
    IndexStore& index();
    /// Empties the write-ahead log into the file, and makes a backup when one is due (every 200 events and after an
    /// import). Call it when nobody waits.
    Status maintain();

    // --- samples -------------------------------------------------------------------------------------------------
    /// One transaction: all samples with their patients, and `events` (labels of reader "import", the report), or
    /// nothing. Fills patient and split: a known patient keeps its side, a sample without a side gets its patient's.
    /// patientSplit (patient's number or key, side, side), alreadyExists (id), usage (a truth that is no label).
    Status insertSamples(std::vector<Sample>& samples, std::vector<Event> events = {});
    Result<bool> hasSample(const std::string& id);
    Result<Sample> sample(const std::string& id); ///< notFound
    /// All, ordered by pack row then id; truth is left empty.
    Result<std::vector<Sample>> samples();
    /// (id, label) where a hidden truth is known. For the oracle, evaluation and simulate alone.
    Result<std::vector<std::pair<std::string, int>>> hiddenTruth();
    Status setState(const std::string& id, SampleState state);
    Status setPackRow(const std::string& id, std::int64_t row);
    /// Images of the import folder `from` now lie in `to`.
    Status relocate(const std::string& from, const std::string& to);
    Result<std::vector<Patient>> patients();
    /// Gives patients without a side theirs, once: patientSplit when one has another already.
    Status assignSplits(const std::vector<std::pair<std::int64_t, Split>>& sides);

    // --- events --------------------------------------------------------------------------------------------------
    /// The event as stored. usage: unknown sample, class out of range, a decision without a reader, a label on a
    /// validation or test sample is allowed (readers may label them when asked to).
    Result<Event> append(Event event);
    /// All in one transaction.
    Result<std::vector<Event>> appendAll(std::vector<Event> events);
    /// label, or revise when this reader has decided on the image already.
    Result<EventKind> kindFor(const std::string& sample, const std::string& reader);
    /// Takes the reader's last decision back, whatever the image and session; notFound when nothing is left.
    /// `context` gives the times, visible, model and batch to write.
    Result<Event> undo(const std::string& reader, Event context = {});
    /// Brings back what the last undo took, unless the reader has decided something since (notFound).
    Result<Event> redo(const std::string& reader, Event context = {});
    Result<std::optional<Event>> find(const std::string& uuid);
    Result<std::vector<Event>> events(std::int64_t afterSeq = 0, std::int64_t limit = -1);
    Result<std::vector<Event>> history(const std::string& sample);
    /// Hex hash of each writer's last event, ordered by writer.
    Result<std::vector<std::string>> eventHeads();
    const std::string& writer() const;

    // --- what is said now ------------------------------------------------------------------------------------------
    Result<std::vector<CurrentLabel>> currentLabels();
    Result<std::optional<CurrentLabel>> currentLabel(const std::string& sample, const std::string& reader);
    /// Majority of the readers' classes; a tie is null; an adjudication wins. Labels that came with the import count
    /// where no reader has said anything. Samples without any class are not listed.
    Result<std::vector<Consensus>> consensus();
    Result<std::optional<Consensus>> consensus(const std::string& sample);
    /// The newest decisions still standing, newest first, each image once. Empty reader: everybody's.
    Result<std::vector<CurrentLabel>> lastDecisions(const std::string& reader, int count);
    Result<std::vector<ReaderCount>> readerCounts();
    Result<Counts> counts();

    // --- batches and queue -----------------------------------------------------------------------------------------
    /// Stores a selection; with `enqueue` it comes before what is queued already. Validation and test samples are
    /// refused (usage), by the database too.
    Result<std::int64_t> addBatch(Batch batch, bool enqueue);
    Result<Batch> batch(std::int64_t id); ///< notFound
    Result<std::vector<Batch>> batches(); ///< oldest first, without items
    Result<bool> batchClosed(std::int64_t id);
    /// What is still to be read: the newest queued batch first, then what was left of older ones, then every other
    /// unlabelled training sample in an order given by the project's seed; skipped ones come last. Damaged, missing,
    /// validation and test samples never. limit < 0: all.
    Result<std::vector<QueueItem>> queue(std::int64_t limit = -1);

    /// The connection, for Verify and Export in this folder; opened again when a failed write had closed it.
    Result<Connection*> database();

private:
    struct Parts;
    explicit Study(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> m_parts;
};

} // namespace foveate::store
