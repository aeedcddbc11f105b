// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Forget takes out the partner's declaration of which a record is part: without
// it the declaration is not whole.
func (d *Desk) Forget(from party.ID, rec record.ID, now time.Time) {
	p := d.pairs[from]
	if p == nil {
		return
	}
	for _, x := range []**Declaration{&p.Their, &p.Next} {
		if *x != nil && slices.Contains((*x).Records, rec) {
			*x, d.next = nil, now // Settle is due
		}
	}
}
