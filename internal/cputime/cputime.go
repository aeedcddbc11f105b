// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cputime measures benchmarks by what the process used of all cores:
// the figure that a busy machine spoils least.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Used returns the CPU time of the process so far, in user mode and in the
// system.
func Used(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
