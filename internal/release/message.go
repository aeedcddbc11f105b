// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// CellOf returns the cell that holds a place, of a grid above zero.
func CellOf(p geo.Point, gridM uint32) record.Cell { return cellOf(p, gridM) }

// Grid returns the position grid, in metres, of what the policy says of a
// statement of that kind; 0 where its rules have none, so that no place but a
// named one may leave. It reports false where nothing of the kind may.
func (d *Desk) Grid(to party.ID, kind record.Kind, f Facts) (gridM uint32, allowed bool) {
	f.To, f.Kind = to, kind
	dec := d.policy.Decide(&f)
	return dec.Then.GridM, dec.Allow
}

// hasCell reports whether a message names a place by its position.
func hasCell(m *record.Message) bool {
	return m != nil && m.Phrase != nil &&
		slices.ContainsFunc(m.Phrase.Params, func(q record.Param) bool { return q.Place != nil && q.Place.Cell != nil })
}

// withGrid refuses a message with a position under rules without a grid.
func withGrid(dec Decision, body *record.Record) Decision {
	if dec.Allow && body != nil && (hasCell(body.Message) || hasPlace(body.Dialogue)) && dec.Then.GridM == 0 {
		return Decision{Reason: NoFields, rules: dec.rules}
	}
	return dec
}

// coarse returns a message with no place finer than the grid. One that was made
// coarser under another policy stays so.
func coarse(m *record.Message, gridM uint32) *record.Message {
	if !hasCell(m) {
		return m
	}
	c, p := *m, *m.Phrase
	p.Params = slices.Clone(p.Params)
	for i := range p.Params {
		q := &p.Params[i]
		if q.Place == nil || q.Place.Cell == nil || q.Place.Cell.GridM >= gridM {
			continue
		}
		cell := cellOf(centre(*q.Place.Cell), gridM)
		q.Place = &record.Place{Cell: &cell}
	}
	c.Phrase = &p
	return &c
}
