-- Copyright 2026 The Kuroshio Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- sent: the record's id, by which a recall names it.
ALTER TABLE entries ADD COLUMN record BLOB;
CREATE INDEX entries_record ON entries (log, record) WHERE record IS NOT NULL;

-- +goose Down
DROP INDEX entries_record;
ALTER TABLE entries DROP COLUMN record;
