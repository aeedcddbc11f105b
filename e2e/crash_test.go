// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
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
	at := func(list ...int) (kills []demo.Kill) { // some before any write, some before the writes that count
		for i, n := range list {
			kills = append(kills, demo.Kill{N: n}, demo.Kill{N: 3 + i%2, Op: []string{"append", "sync", "commit"}[i%3]})
		}
		return kills
	}
	kills := map[party.ID][]demo.Kill{
		tw:   at(3, 190, 170, 210, 180),
		jp:   at(11, 225, 155, 200, 165),
		cell: at(7, 190, 170, 200),
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
		t.Fatalf("%v\n%s%s", err, deaths(got), logs(got))
	}
	total := 0
	for id, list := range cfg.KillAt {
		if n := len(got.deaths[id]); n != len(list) {
			t.Errorf("%s died %d times, want %d: the run is too short for the writes chosen", id, n, len(list))
		}
		total += len(got.deaths[id])
	}
	if total < 20 {
		t.Errorf("nodes died %d times, want at least 20", total)
	}
	for id, list := range got.deaths { // each time spread over the run
		times := slices.CompactFunc(slices.Clone(list), time.Time.Equal)
		span := got.report.End.Sub(got.report.Start)
		if len(times) < 4 || list[len(list)-1].Before(got.report.Start.Add(span/2)) {
			t.Errorf("%s died at few times, or early only: %v", id, times)
		}
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
	t.Logf("killed %d times in %d steps: same end; %.0f s\n%s", total, got.report.Steps, time.Since(begun).Seconds(), deaths(got))
}

func deaths(r *run) string {
	var b strings.Builder
	for _, id := range []party.ID{tw, jp, cell} {
		fmt.Fprintf(&b, "%s died at", id)
		for _, at := range r.deaths[id] {
			b.WriteString(at.Format(" 15:04:05"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestSoakCrash kills nodes throughout the whole published day.
func TestSoakCrash(t *testing.T) {
	if os.Getenv("KUROSHIO_SOAK") == "" {
		t.Skip("takes minutes; set KUROSHIO_SOAK=1 (make soak)")
	}
	want := of(t, full)
	ops := []string{"append", "sync", "commit"}
	kills := make(map[party.ID][]demo.Kill)
	for i := range 22 { // what the day has room for
		kills[tw] = append(kills[tw], demo.Kill{N: 80 + (i*211)%1500}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
		kills[jp] = append(kills[jp], demo.Kill{N: 83 + (i*233)%1500}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
	}
	for i := range 9 {
		kills[cell] = append(kills[cell], demo.Kill{N: 40 + (i*331)%1900}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
	}
	crashed(t, demo.Config{Scenario: "2023-08-28", KillAt: kills}, want)
}
