-- SPDX-License-Identifier: GPL-3.0-or-later
-- labels.sqlite, version 1: samples, splits, batches, queue, the event log and the projection of current labels.

CREATE TABLE project (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE class (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The side belongs to the patient, so that one patient on two sides cannot be written down.
CREATE TABLE patient (
    number INTEGER PRIMARY KEY,
    key TEXT UNIQUE,
    split TEXT NOT NULL DEFAULT 'none' CHECK (split IN ('none', 'train', 'val', 'test'))
) STRICT;

CREATE TRIGGER patient_split_frozen BEFORE UPDATE OF split ON patient
WHEN OLD.split <> 'none' AND NEW.split <> OLD.split
BEGIN
    SELECT RAISE(ABORT, 'patient-split');
END;

CREATE TABLE sample (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    root BLOB NOT NULL,
    path BLOB NOT NULL,
    file_sha BLOB NOT NULL CHECK (length(file_sha) = 32),
    pixel_sha BLOB NOT NULL CHECK (length(pixel_sha) = 32),
    frame INTEGER NOT NULL,
    patient INTEGER NOT NULL REFERENCES patient (number),
    state TEXT NOT NULL CHECK (state IN ('ok', 'damaged', 'missing', 'quarantined')),
    pack_row INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    truth INTEGER
) STRICT;

CREATE INDEX sample_patient ON sample (patient);

-- Moving an image to another patient would move it across the split.
CREATE TRIGGER sample_patient_frozen BEFORE UPDATE OF patient, id, pixel_sha ON sample
BEGIN
    SELECT RAISE(ABORT, 'patient-split');
END;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    writer TEXT NOT NULL,
    reader TEXT NOT NULL,
    utc TEXT NOT NULL,
    kind TEXT NOT NULL,
    sample TEXT NOT NULL,
    class INTEGER,
    target TEXT NOT NULL,
    active_ms INTEGER NOT NULL,
    idle_ms INTEGER NOT NULL,
    image_sha TEXT NOT NULL,
    visible TEXT NOT NULL,
    model TEXT NOT NULL,
    batch INTEGER NOT NULL,
    confidence REAL,
    text TEXT NOT NULL,
    version TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    -- One chain per writer: no event has two successors.
    UNIQUE (writer, prev)
) STRICT;

CREATE INDEX event_writer ON event (writer, seq);
CREATE INDEX event_sample ON event (sample, seq);

CREATE TRIGGER event_never_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;

CREATE TRIGGER event_never_deleted BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;

-- Projection: what follows from the log. Written in the event's transaction, rebuilt by replay.
CREATE TABLE decision (
    seq INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    reader TEXT NOT NULL,
    sample TEXT NOT NULL,
    kind TEXT NOT NULL,
    class INTEGER,
    undone INTEGER
) STRICT;

CREATE INDEX decision_reader ON decision (reader, seq);
CREATE INDEX decision_undone ON decision (reader, undone);
CREATE INDEX decision_sample ON decision (sample, reader, seq);

CREATE TABLE current_label (
    sample TEXT NOT NULL,
    reader TEXT NOT NULL,
    state TEXT NOT NULL,
    class INTEGER,
    seq INTEGER NOT NULL,
    PRIMARY KEY (sample, reader)
) STRICT, WITHOUT ROWID;

CREATE INDEX current_label_seq ON current_label (seq);

CREATE TABLE consensus (
    sample TEXT PRIMARY KEY,
    class INTEGER,
    votes INTEGER NOT NULL,
    readers INTEGER NOT NULL,
    adjudicated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE closed_batch (
    batch INTEGER PRIMARY KEY,
    utc TEXT NOT NULL
) STRICT;

CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    strategy TEXT NOT NULL,
    seed INTEGER NOT NULL,
    run TEXT NOT NULL,
    offered TEXT NOT NULL
) STRICT;

CREATE TABLE batch_item (
    batch INTEGER NOT NULL REFERENCES batch (id),
    rank INTEGER NOT NULL,
    sample TEXT NOT NULL REFERENCES sample (id),
    score REAL NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
    sample TEXT PRIMARY KEY REFERENCES sample (id),
    batch INTEGER NOT NULL REFERENCES batch (id),
    rank INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER queue_never_held_out BEFORE INSERT ON queue
WHEN (SELECT patient.split FROM sample JOIN patient ON patient.number = sample.patient WHERE sample.id = NEW.sample)
    IN ('val', 'test')
BEGIN
    SELECT RAISE(ABORT, 'held-out');
END;
