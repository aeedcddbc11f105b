// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"sync/atomic"
)

// powerCut ends the process, without any clean-up, before one write.
type powerCut struct {
	at    int64
	op    string // counted alone where it is named
	write atomic.Int64
}

// BeforeWrite counts the writes and dies at the one that is due.
func (p *powerCut) BeforeWrite(op string) error {
	if p.op != "" && p.op != op {
		return nil
	}
	if p.write.Add(1) == p.at {
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			_ = self.Kill() // SIGKILL: nothing of this process runs on
		}
		select {}
	}
	return nil
}
