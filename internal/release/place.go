// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import "github.com/kuroshio-watch/kuroshio/internal/record"

// hasPlace reports whether a step of the lead dialogue names a place of its own.
func hasPlace(m *record.Dialogue) bool { return m != nil && m.Cell != nil }

// coarseStep returns a step with its place on the policy's lattice. One that is
// coarser already, as the partner gave it, stays as it is.
func coarseStep(m *record.Dialogue, o Obligations) *record.Dialogue {
	if !hasPlace(m) || m.Cell.GridM >= o.GridM {
		return m
	}
	c, cell := *m, cellOf(centre(*m.Cell), o.GridM)
	c.Cell = &cell
	return &c
}
