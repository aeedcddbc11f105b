// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "time"

// NextRelease returns when something next falls due for a partner, and false
// when nothing waits. A tick then lets it leave at the moment that the policy
// says.
func (e *Engine) NextRelease() (time.Time, bool) {
	if !e.up {
		return time.Time{}, false
	}
	return e.release.Next(e.now)
}
