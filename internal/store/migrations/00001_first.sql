-- Copyright 2026 The Kuroshio Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- The tape number through which outputs are committed.
CREATE TABLE progress (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    tape BIGINT NOT NULL
);
INSERT INTO progress (one, tape) VALUES (1, 0);

-- One journal log for each partner and direction, and the audit log.
CREATE TABLE logs (
    id           INTEGER PRIMARY KEY,
    partner      TEXT   NOT NULL,
    direction    TEXT   NOT NULL, -- sent, received, audit
    epoch        BIGINT NOT NULL,
    size         BIGINT NOT NULL DEFAULT 0,
    frontier     BLOB   NOT NULL,
    cosigned     BIGINT NOT NULL DEFAULT 0,
    queued_bytes BIGINT NOT NULL DEFAULT 0, -- sent: octets of the entries above cosigned
    batch        BIGINT NOT NULL DEFAULT 0, -- last batch of states formed or taken
    state_seq    BIGINT NOT NULL DEFAULT 0, -- last state numbered
    refused      BIGINT NOT NULL DEFAULT 0, -- received: records and states that could not be read
    replaced     BIGINT NOT NULL DEFAULT 0, -- sent: states that a newer one replaced
    dropped      BIGINT NOT NULL DEFAULT 0, -- sent: oldest states given up at the bound
    UNIQUE (partner, direction)
);

-- Leaves. The small columns that change stand before the large ones, so that a
-- wrapped key never lies on an overflow page.
CREATE TABLE entries (
    log        BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    tape       BIGINT, -- received: null until taped, 0 when nothing is to be taped
    day        TEXT,
    wrapped    BLOB,   -- null: the key was destroyed, or there is none
    nodes      BLOB   NOT NULL,
    header     BLOB   NOT NULL, -- audit: the entry
    ciphertext BLOB,
    PRIMARY KEY (log, seq)
);
CREATE INDEX entries_waiting ON entries (log, seq) WHERE tape IS NULL;

CREATE TABLE checkpoints (
    log  BIGINT NOT NULL,
    size BIGINT NOT NULL,
    note BLOB   NOT NULL,
    PRIMARY KEY (log, size)
);

-- The newest state of each object that the partner does not have: waiting
-- (batch null) or in flight.
CREATE TABLE states_out (
    log        BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    object     BLOB   NOT NULL,
    batch      BIGINT,
    day        TEXT   NOT NULL,
    wrapped    BLOB,
    header     BLOB   NOT NULL,
    ciphertext BLOB   NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE UNIQUE INDEX states_out_waiting ON states_out (log, object) WHERE batch IS NULL;
CREATE INDEX states_out_batch ON states_out (log, batch) WHERE batch IS NOT NULL;

CREATE TABLE states_in (
    log        BIGINT NOT NULL,
    seq        BIGINT NOT NULL, -- our number, in order of arrival
    tape       BIGINT,
    day        TEXT   NOT NULL,
    wrapped    BLOB,
    header     BLOB   NOT NULL,
    ciphertext BLOB   NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX states_in_waiting ON states_in (log, seq) WHERE tape IS NULL;
CREATE INDEX states_in_taped ON states_in (tape) WHERE tape IS NOT NULL;

-- Hashes of acknowledged batches that no digest covers yet.
CREATE TABLE batches (
    log  BIGINT NOT NULL,
    n    BIGINT NOT NULL,
    hash BLOB   NOT NULL,
    PRIMARY KEY (log, n)
);

-- What was found wrong at intake, for the journal's verification.
CREATE TABLE problems (
    id   INTEGER PRIMARY KEY,
    log  BIGINT NOT NULL,
    size BIGINT NOT NULL,
    text TEXT   NOT NULL
);

CREATE TABLE snapshots (
    tape    BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    body    BLOB   NOT NULL,
    at      BIGINT NOT NULL -- node's time, seconds
);

CREATE TABLE users (
    name     TEXT PRIMARY KEY,
    role     TEXT   NOT NULL,
    hash     TEXT   NOT NULL, -- argon2id, PHC string
    lang     TEXT   NOT NULL,
    disabled BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE users;
DROP TABLE snapshots;
DROP TABLE problems;
DROP TABLE batches;
DROP TABLE states_in;
DROP TABLE states_out;
DROP TABLE checkpoints;
DROP TABLE entries;
DROP TABLE logs;
DROP TABLE progress;
