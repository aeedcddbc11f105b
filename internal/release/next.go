// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"sort"
	"time"
)

// Next returns when the next pending release after now falls due, and false
// when there is none.
func (d *Desk) Next(now time.Time) (time.Time, bool) {
	i := sort.Search(len(d.pendings), func(i int) bool { return d.pendings[i].Due.After(now) })
	if i == len(d.pendings) {
		return time.Time{}, false
	}
	return d.pendings[i].Due, true
}
