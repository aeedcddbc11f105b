// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// passed is a record that passed between us and a partner.
type passed struct {
	partner party.ID
	way     journal.Direction
	seq     uint64
	record  *record.Record
}

// Prove makes the proof of a record for a third person: by its id, or by its
// place, "PARTNER/sent/7" or "PARTNER/received/7". It returns a code where that
// must not be.
func (n *Node) Prove(ctx context.Context, name string, content bool) (*journal.Proof, string, error) {
	p, err := n.findPassed(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "no-such-record", nil
	}
	if err != nil {
		return nil, "", err
	}
	var code string
	if err := n.loop.ask(ctx, func(e *engine.Engine) { code = e.MayProve(p.partner, p.record) }); err != nil || code != "" {
		return nil, code, err
	}
	proof, err := n.store.Prove(ctx, p.partner, p.way, p.seq, content)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "not-attested", nil
	}
	return proof, "", err
}

func (n *Node) findPassed(ctx context.Context, name string) (passed, error) {
	if parts := strings.Split(name, "/"); len(parts) == 3 {
		seq, err := strconv.ParseUint(parts[2], 10, 62)
		way := journal.Direction(parts[1])
		if err != nil || (way != journal.Sent && way != journal.Received) || !slices.Contains(n.engCfg.Partners, party.ID(parts[0])) {
			return passed{}, store.ErrNotFound
		}
		return n.passedAt(ctx, party.ID(parts[0]), way, seq)
	}
	var id record.ID
	if err := id.UnmarshalText([]byte(name)); err != nil {
		return passed{}, store.ErrNotFound
	}
	for _, partner := range n.engCfg.Partners {
		for _, way := range []journal.Direction{journal.Sent, journal.Received} {
			p, err := n.searchPassed(ctx, partner, way, id)
			if !errors.Is(err, store.ErrNotFound) {
				return p, err
			}
		}
	}
	return passed{}, store.ErrNotFound
}

// searchPassed looks for an id in one log, newest first: it stands in the
// content alone, which is encrypted.
func (n *Node) searchPassed(ctx context.Context, partner party.ID, way journal.Direction, id record.ID) (passed, error) {
	read := n.store.Sent
	if way == journal.Received {
		read = n.store.Received
	}
	state, err := read(ctx, partner)
	if err != nil {
		return passed{}, err
	}
	for seq := state.Size; seq > 0; seq-- {
		p, err := n.passedAt(ctx, partner, way, seq)
		if err == nil && p.record.ID == id {
			return p, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return passed{}, err
		}
	}
	return passed{}, store.ErrNotFound
}

// passedAt reads a record; one whose content is gone is not found.
func (n *Node) passedAt(ctx context.Context, partner party.ID, way journal.Direction, seq uint64) (passed, error) {
	it, err := n.store.Entry(ctx, partner, way, seq)
	if err != nil {
		return passed{}, err
	}
	if it.Key == nil {
		return passed{}, store.ErrNotFound
	}
	plain, err := it.Open()
	if err != nil {
		return passed{}, store.ErrNotFound // a refused record stays a leaf
	}
	r, err := record.Decode(plain)
	if err != nil {
		return passed{}, store.ErrNotFound
	}
	return passed{partner, way, seq, r}, nil
}
