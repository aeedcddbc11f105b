// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Stats are sizes and counters for metrics.
type Stats struct {
	Tape            uint64         `json:"tape"` // committed
	FileBytes       int64          `json:"file_bytes"`
	WALBytes        int64          `json:"wal_bytes"`
	AuditEntries    uint64         `json:"audit_entries"`
	WitnessFailures uint64         `json:"witness_failures"`
	Partners        []PartnerStats `json:"partners"`
}

// PartnerStats are the sizes and counters of one partner.
type PartnerStats struct {
	Partner         party.ID `json:"partner"`
	Sent            uint64   `json:"sent"`     // leaves of our log
	Cosigned        uint64   `json:"cosigned"` // of which it has receipted
	QueuedBytes     uint64   `json:"queued_bytes"`
	States          uint64   `json:"states"` // numbered so far
	StatesWaiting   uint64   `json:"states_waiting"`
	StatesReplaced  uint64   `json:"states_replaced"`
	StatesDropped   uint64   `json:"states_dropped"`
	Batches         uint64   `json:"batches"`
	Received        uint64   `json:"received"` // leaves of its log
	ReceivedRefused uint64   `json:"received_refused"`
	ReceivedStates  uint64   `json:"received_states"`
	ReceivedBatches uint64   `json:"received_batches"`
	Untaped         uint64   `json:"untaped"`
}

// Stats returns sizes and counters of one moment.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	st := Stats{Partners: []PartnerStats{}}
	err := s.view(ctx, func(q queryer) error {
		if _, err := one(ctx, q, []any{&st.Tape}, `SELECT tape FROM progress`); err != nil {
			return err
		}
		logs, err := readLogs(ctx, q)
		if err != nil {
			return err
		}
		for _, l := range logs { // in order of partner
			if l.direction == journal.Audit {
				st.AuditEntries = l.size()
				continue
			}
			if n := len(st.Partners); n == 0 || st.Partners[n-1].Partner != l.partner {
				st.Partners = append(st.Partners, PartnerStats{Partner: l.partner})
			}
			if err := st.Partners[len(st.Partners)-1].add(ctx, q, l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Stats{}, fmt.Errorf("read statistics: %w", err)
	}
	s.witness.mu.Lock()
	st.WitnessFailures = s.witness.failures
	s.witness.mu.Unlock()
	st.FileBytes, err = size(s.path)
	if err == nil {
		st.WALBytes, err = size(s.path + "-wal")
	}
	return st, err
}

func (p *PartnerStats) add(ctx context.Context, q queryer, l *logRow) error {
	if l.direction == journal.Sent {
		p.Sent, p.Cosigned, p.QueuedBytes = l.size(), l.cosigned, l.queuedBytes
		p.States, p.StatesReplaced, p.StatesDropped, p.Batches = l.stateSeq, l.replaced, l.dropped, l.batch
		_, err := one(ctx, q, []any{&p.StatesWaiting}, `SELECT count(*) FROM states_out WHERE log = $1`, l.id)
		return err
	}
	p.Received, p.ReceivedRefused, p.ReceivedStates, p.ReceivedBatches = l.size(), l.refused, l.stateSeq, l.batch
	_, err := one(ctx, q, []any{&p.Untaped}, `SELECT (SELECT count(*) FROM entries WHERE log = $1 AND tape IS NULL)
		+ (SELECT count(*) FROM states_in WHERE log = $1 AND tape IS NULL)`, l.id)
	return err
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read statistics: %w", err)
	}
	return info.Size(), nil
}
