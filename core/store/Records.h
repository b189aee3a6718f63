// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of labels.sqlite as plain structures.
#pragma once

#include "base/RunFolder.h"
#include "base/Sha256.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::store {

enum class SampleState {
    ok,
    damaged,    ///< readable in part: not queued, labelled or trained on unasked
    missing,    ///< the file was gone when last looked for
    quarantined ///< the file's hash has changed since the import
};
std::string_view name(SampleState state);
Result<SampleState> sampleStateFromName(std::string_view text);

struct Sample {
    std::string id;           ///< first 16 hex digits of pixelSha, "-N" for frame N of a file with several
    std::string root;         ///< folder of the import, bytes
    std::string relativePath; ///< below root, bytes as the file system gave them (not always UTF-8)
    Digest fileSha{};
    Digest pixelSha{};
    int frame = 0;
    std::string patientKey;    ///< what tells patients apart (hashed by the caller); empty: its own patient
    std::int64_t patient = 0;  ///< number inside this project; given by the store
    Split split = Split::none; ///< the patient's side
    SampleState state = SampleState::ok;
    std::int64_t packRow = -1;
    std::string metadata = "{}"; ///< JSON text
    std::optional<int> truth;    ///< hidden truth, written on insert; reading it back is only for Study::hiddenTruth()
};

struct Patient {
    std::int64_t number = 0;
    std::string key;
    Split split = Split::none;
    std::int64_t samples = 0;
};

enum class EventKind {
    label,       ///< first class for this image by this reader
    revise,      ///< a change of mind
    skip,        ///< not now: comes again at the end of the queue
    unsure,      ///< read, no verdict (classIndex may hold a leaning)
    ungradable,  ///< read, cannot be judged
    undo,        ///< takes back `target`
    redo,        ///< takes back the undo of `target`
    reveal,      ///< the model's opinion was shown
    comment,     ///< text
    adjudicate,  ///< settles the consensus
    repeat,      ///< offered a second time
    imported,    ///< files came in; text: the report
    batchClosed, ///< batch is read
    splitFrozen  ///< patients got their side
};
std::string_view name(EventKind kind);
Result<EventKind> eventKindFromName(std::string_view text);
/// label, revise, skip, unsure, ungradable: what decides an image for its reader, and what undo walks back over.
bool isDecision(EventKind kind);

struct Event {
    std::string uuid;     ///< made by append() when empty; the same twice is stored once
    std::int64_t seq = 0; ///< order in this file; given by append()
    std::string writer;   ///< installation; given by append()
    std::string reader;
    std::string utc; ///< given by append() when empty
    EventKind kind = EventKind::label;
    std::string sample;            ///< empty when the event is about no image
    std::optional<int> classIndex; ///< the label as a number (base/Labels.h); of a reveal the class shown
    std::string target;            ///< uuid of the event taken back by undo, brought back by redo
    std::int64_t activeMs = 0;     ///< time with the image in view and somebody there
    std::int64_t idleMs = 0;
    std::string imageSha;             ///< hex SHA-256 of the pixels that were shown
    std::string visible = "{}";       ///< JSON text: {"policy":"blind","overlay":false,"prediction":false,…}
    std::string model;                ///< run in force, "" for none
    std::int64_t batch = 0;           ///< batch in force, 0 for none
    std::optional<double> confidence; ///< the reader's own, [0,1]
    std::string text;                 ///< comment, reason or report
    std::string version;              ///< of the program; given by append()
    std::string prev;                 ///< hex hash of this writer's event before, "" for the first
    std::string hash;                 ///< hex SHA-256 over all the fields above but seq, which is local
};

/// What a reader currently says about an image.
struct CurrentLabel {
    std::string sample;
    std::string reader;
    EventKind state = EventKind::label; ///< label (also after a revise), skip, unsure, ungradable
    std::optional<int> classIndex;
    std::int64_t seq = 0; ///< of the event that decided
    std::string event;    ///< its uuid
    std::string utc;
    std::int64_t batch = 0;
};

struct Consensus {
    std::string sample;
    std::optional<int> classIndex; ///< null on a tie
    int votes = 0;                 ///< for the winner
    int readers = 0;               ///< who gave a class
    bool adjudicated = false;
};

struct BatchItem {
    std::string sample;
    int rank = 0;     ///< 1 is the best
    double score = 0; ///< finite
    std::string reason;
};

struct Batch {
    std::int64_t id = 0; ///< given by addBatch()
    std::string strategy;
    std::uint64_t seed = 1;
    std::string run;     ///< "" when no model took part
    std::string offered; ///< UTC; given by addBatch()
    std::string closed;  ///< UTC; "" while it is being read
    std::vector<BatchItem> items;
};

struct QueueItem {
    std::string sample;
    std::int64_t batch = 0; ///< 0: random fill
};

struct ReaderCount {
    std::string reader;
    std::int64_t labels = 0, skips = 0, unsure = 0, ungradable = 0;
    std::int64_t activeMs = 0; ///< over all decisions, undone ones too
};

struct Counts {
    std::int64_t samples = 0, patients = 0, events = 0;
    std::int64_t labelled = 0;                    ///< samples with a consensus
    std::int64_t read = 0;                        ///< samples with a decision other than skip
    std::int64_t training = 0, val = 0, test = 0; ///< samples by side; no side counts as training
    std::int64_t damaged = 0, missing = 0, quarantined = 0;
    std::int64_t queued = 0; ///< still to be read of the selected batches
    bool hasTruth = false;
    std::vector<std::int64_t> perClass; ///< consensus labels in which the class applies
};

} // namespace foveate::store
