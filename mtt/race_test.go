// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package mtt_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws fewer random cases under the race detector: a Tracker starts no
// goroutine, and those of an executor have tests of their own.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "10"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
