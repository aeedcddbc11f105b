// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// disturbed blanks what a crash changes in truth: when a link was last
// established, that a line to a node that was gone was alarmed, and the audit
// log, which holds the logins and the links' ups and downs.
func disturbed(report map[string]any) {
	for _, id := range []party.ID{tw, jp, cell} {
		n := nodeOf(report, id)
		links, _ := n["links"].([]any)
		for _, l := range links {
			delete(l.(map[string]any), "since")
			delete(l.(map[string]any), "sent") // since the start; the logs' sizes tell how many there are
		}
		delete(n, "alarms")
		journal, _ := n["journal"].(map[string]any)
		logs, _ := journal["logs"].([]any)
		for _, l := range logs {
			if log := l.(map[string]any); log["direction"] == "audit" {
				delete(log, "size")
				delete(log, "cosigned_size")
			}
		}
	}
}

// TestNodesKilledAtTwentyWritesLoseNothingAndEndTheSame kills all three nodes
// again and again in one excerpt, as power cuts do, before writes spread over it:
// in the start, while frames are taped, while outputs are committed, while a
// partner's records are taken, and in the start after a crash. The conductor
// sends again what the tape lacks.
//
// "nothing acknowledged is lost, nothing is numbered or accepted twice, the
// final report is the same".
func TestNodesKilledAtTwentyWritesLoseNothingAndEndTheSame(t *testing.T) {
	t.Parallel()
	want := of(t, excerpt)
	kills := map[party.ID][]int{
		tw:   {3, 1, 29, 34, 41, 2, 57, 26, 45},
		jp:   {11, 38, 33, 4, 60, 28, 47, 31},
		cell: {7, 24, 15, 21, 17, 12},
	}
	crashed(t, demo.Config{Scenario: "short", Until: excerptEnd, KillAt: kills}, want)
}

// crashed plays with kills and compares the end with that of an undisturbed
// run.
func crashed(t *testing.T, cfg demo.Config, want *run) {
	t.Helper()
	begun := time.Now()
	got, err := play(cfg, 0)
	if err != nil {
		t.Fatalf("%v\ndeaths: %v\n%s", err, got.deaths, logs(got))
	}
	total := 0
	for id, list := range cfg.KillAt {
		if got.deaths[id] != len(list) {
			t.Errorf("%s died %d times, want %d: the run is too short for the writes chosen", id, got.deaths[id], len(list))
		}
		total += got.deaths[id]
	}
	if total < 20 {
		t.Errorf("nodes died %d times, want at least 20", total)
	}
	verified(t, got)
	for _, id := range []party.ID{tw, jp, cell} {
		for _, l := range want.report.Nodes[id].Journal.Logs {
			for _, m := range got.report.Nodes[id].Journal.Logs {
				if l.Partner == m.Partner && l.Direction == m.Direction && l.Partner != "" && l.Size != m.Size {
					t.Errorf("%s: log %s %s has %d records, undisturbed %d", id, l.Partner, l.Direction, m.Size, l.Size)
				}
			}
		}
	}
	sameReport(t, want.raw, got.raw, disturbed)
	t.Logf("killed %v in %d steps: same end; %.0f s", got.deaths, got.report.Steps, time.Since(begun).Seconds())
}

// TestSoakCrash kills nodes throughout the whole published day.
func TestSoakCrash(t *testing.T) {
	if os.Getenv("KUROSHIO_SOAK") == "" {
		t.Skip("takes minutes; set KUROSHIO_SOAK=1 (make soak)")
	}
	want := of(t, full)
	kills := make(map[party.ID][]int)
	for i := range 40 {
		kills[tw] = append(kills[tw], 20+(i*37)%211)
		kills[jp] = append(kills[jp], 23+(i*41)%197)
	}
	for i := range 20 {
		kills[cell] = append(kills[cell], 9+(i*43)%101)
	}
	crashed(t, demo.Config{Scenario: "2023-08-28", KillAt: kills}, want)
}
