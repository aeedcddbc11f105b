// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Quota bounds what passes between us and one partner in a day (UTC), states
// included; 0 is no bound.
type Quota struct {
	SentRecords, SentOctets         uint64
	ReceivedRecords, ReceivedOctets uint64
}

// Traffic is what has passed today in one direction, and its bounds (0: none).
type Traffic struct {
	Records    uint64 `json:"records"`
	Octets     uint64 `json:"octets"`
	MaxRecords uint64 `json:"max_records,omitempty"`
	MaxOctets  uint64 `json:"max_octets,omitempty"`
}

// Fill returns how much of the day's share is used up, from 0 to 1.
func (t Traffic) Fill() float64 {
	part := func(n, of uint64) float64 {
		if of == 0 {
			return 0
		}
		return float64(n) / float64(of)
	}
	return max(part(t.Records, t.MaxRecords), part(t.Octets, t.MaxOctets))
}

func (s *Store) quota(partner party.ID) Quota {
	if q, ok := s.cfg.Quotas[partner]; ok {
		return q
	}
	return s.cfg.Quota
}

// readTraffic returns what has passed today.
func (s *Store) readTraffic(ctx context.Context, q queryer, k logKey) (t Traffic, err error) {
	_, err = one(ctx, q, []any{&t.Records, &t.Octets}, `SELECT records, octets FROM traffic
		WHERE partner = $1 AND direction = $2 AND day = $3`, k.partner, k.direction, day(s.cfg.Now()))
	bound := s.quota(k.partner)
	t.MaxRecords, t.MaxOctets = bound.SentRecords, bound.SentOctets
	if k.direction == journal.Received {
		t.MaxRecords, t.MaxOctets = bound.ReceivedRecords, bound.ReceivedOctets
	}
	return t, err
}

// passed adds to what has passed in this transaction; saveTraffic writes it.
func (t *txn) passed(k logKey, records, octets uint64) {
	if records == 0 {
		return
	}
	sum := t.traffic[k]
	sum.Records += records
	sum.Octets += octets
	t.traffic[k] = sum
}

// saveTraffic adds what has passed to the day. A day's first traffic takes the
// place of the last day's.
func (t *txn) saveTraffic(ctx context.Context, today string) error {
	for _, k := range slices.SortedFunc(maps.Keys(t.traffic), func(a, b logKey) int {
		return cmp.Or(cmp.Compare(a.partner, b.partner), cmp.Compare(a.direction, b.direction))
	}) {
		if _, err := t.exec(ctx, "traffic", `INSERT INTO traffic (partner, direction, day, records, octets) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (partner, direction) DO UPDATE SET
			records = excluded.records + CASE WHEN day = excluded.day THEN records ELSE 0 END,
			octets = excluded.octets + CASE WHEN day = excluded.day THEN octets ELSE 0 END,
			day = excluded.day`, k.partner, k.direction, today, t.traffic[k].Records, t.traffic[k].Octets); err != nil {
			return err
		}
	}
	return nil
}

// take adds what a partner sent, and refuses it whole with journal.ErrQuota when
// its share of the day would be passed.
func (s *Store) take(ctx context.Context, t *txn, k logKey, records, octets uint64) error {
	have, err := s.readTraffic(ctx, t, k)
	if err != nil {
		return err
	}
	have.Records += records
	have.Octets += octets
	if have.Fill() > 1 {
		return fmt.Errorf("%w: %d records, %d octets today", journal.ErrQuota, have.Records, have.Octets)
	}
	t.passed(k, records, octets)
	return nil
}

// Room reports whether the partner's share of the day is not used up.
func (s *Store) Room(ctx context.Context, from party.ID) (bool, error) {
	t, err := s.readTraffic(ctx, s.r, logKey{from, journal.Received})
	return t.Fill() < 1, err
}

// Today returns what has passed today in both directions.
func (s *Store) Today(ctx context.Context, partner party.ID) (sent, received Traffic, err error) {
	if sent, err = s.readTraffic(ctx, s.r, logKey{partner, journal.Sent}); err == nil {
		received, err = s.readTraffic(ctx, s.r, logKey{partner, journal.Received})
	}
	if err != nil {
		return sent, received, fmt.Errorf("read traffic: %w", err)
	}
	return sent, received, nil
}
