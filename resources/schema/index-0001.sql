-- SPDX-License-Identifier: GPL-3.0-or-later
-- index.sqlite, version 1: booked runs, their metrics and scores. All of it can be computed again.

CREATE TABLE run (
    run TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    finished TEXT NOT NULL,
    labels INTEGER NOT NULL,
    parent TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
    run TEXT NOT NULL REFERENCES run (run) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    split TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    low REAL,
    high REAL,
    labels INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
    run TEXT NOT NULL REFERENCES run (run) ON DELETE CASCADE,
    sample TEXT NOT NULL,
    score REAL NOT NULL,
    predicted INTEGER NOT NULL,
    probability REAL NOT NULL,
    PRIMARY KEY (run, sample)
) STRICT, WITHOUT ROWID;
