-- Copyright 2026 The Kuroshio Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- The first leaf that may be attested, 0 for none. Sent: rises as leaves are
-- attested. Received: stays where the declaration of both began.
ALTER TABLE logs ADD COLUMN attest BIGINT NOT NULL DEFAULT 0;

-- What both sides signed of a stretch of leaves, for a third person.
CREATE TABLE attestations (
    log   BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last  BIGINT NOT NULL,
    note  BLOB   NOT NULL,
    PRIMARY KEY (log, first)
);

-- +goose Down
DROP TABLE attestations;
ALTER TABLE logs DROP COLUMN attest;
