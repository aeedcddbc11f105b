// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// head begins the scenarios of the tests.
const head = `title "test"
start 2023-08-28T00:00:00Z
end 2023-08-28T01:00:00Z
seed 7
party tw
party jp
`

func parse(t testing.TB, lines ...string) *sim.Scenario {
	t.Helper()
	sc, err := sim.Parse("t.scenario", []byte(head+strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func open(t testing.TB, name string) *sim.Scenario {
	t.Helper()
	w, err := sim.Open(scenarios.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return w.Scenario()
}

func collect(w *sim.World, until time.Time) []sim.Emission {
	var out []sim.Emission
	w.Until(until, func(e sim.Emission) { out = append(out, e) })
	return out
}

func all(sc *sim.Scenario) []sim.Emission { return collect(sim.New(sc), sc.End) }

func onFeed(es []sim.Emission, feed string) []sim.Emission {
	return slices.DeleteFunc(slices.Clone(es), func(e sim.Emission) bool { return e.Feed != feed })
}

func distance(a, b geo.Point) geo.Metres {
	d, _ := geo.Inverse(a, b)
	return d
}

func truth(t testing.TB, sc *sim.Scenario, id string, at time.Time) sim.Truth {
	t.Helper()
	s, ok := sc.Object(id).Truth(at)
	if !ok {
		t.Fatalf("object %s is not there at %v", id, at)
	}
	return s
}
