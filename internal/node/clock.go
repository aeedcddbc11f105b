// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"sync/atomic"
	"time"
)

// clock is the node's time: this machine's, or, with stepped time, that of the
// conductor's last step.
type clock struct {
	stepped bool
	at      atomic.Int64 // Unix nanoseconds of the last step
}

func (c *clock) now() time.Time {
	if !c.stepped {
		return time.Now().UTC()
	}
	return time.Unix(0, c.at.Load()).UTC()
}

func (c *clock) set(t time.Time) { c.at.Store(t.UnixNano()) }
