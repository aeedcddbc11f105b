-- Copyright 2026 The Kuroshio Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- An ended log stays, under its direction with a running number behind a stroke
-- ("sent/1"); the log in use has the plain one. Base is how many entries the ended
-- ones before it have: the tape names a received record by base + seq.
ALTER TABLE logs ADD COLUMN base BIGINT NOT NULL DEFAULT 0;

-- The last heartbeat in each log: ours as written, the partner's as taken.
CREATE TABLE beats (
    log     BIGINT PRIMARY KEY,
    seq     BIGINT NOT NULL, -- 0: none was written yet
    at      BIGINT NOT NULL, -- Unix seconds by our clock
    epoch   BIGINT NOT NULL,
    records BIGINT NOT NULL,
    batches BIGINT NOT NULL
);

-- Which pairing the logs in use are of, and what people have ordered.
CREATE TABLE pairings (
    partner TEXT PRIMARY KEY,
    id      TEXT   NOT NULL DEFAULT '',
    reopen  BIGINT NOT NULL DEFAULT 0, -- 1: our log begins anew at the next session
    agree   BIGINT NOT NULL DEFAULT 0  -- 1: the partner's next epoch may be taken
);

-- What passed today, by partner and direction, for the quotas.
CREATE TABLE traffic (
    partner   TEXT   NOT NULL,
    direction TEXT   NOT NULL,
    day       TEXT   NOT NULL,
    records   BIGINT NOT NULL, -- states too
    octets    BIGINT NOT NULL,
    PRIMARY KEY (partner, direction)
);

-- +goose Down
DROP TABLE traffic;
DROP TABLE pairings;
DROP TABLE beats;
ALTER TABLE logs DROP COLUMN base;
