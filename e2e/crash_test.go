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
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// disturbed blanks what a crash changes in truth: when a link was last
// established, that a line to a node that was gone was alarmed, the audit log,
// which holds the logins and the links' ups and downs, how often a log was
// signed, and all that counts records that a node says anew when a line comes
// back; sizes holds how many those are.
func disturbed(report map[string]any) {
	for _, id := range []party.ID{tw, jp, cell} {
		n := nodeOf(report, id)
		for _, l := range objects(n["links"]) {
			blank(l, "since", "sent", "received", "figures")
		}
		delete(n, "alarms")
		for _, s := range objects(n["released"]) {
			if s["rule"] == "dialogue" || s["rule"] == "no-rule" { // who leads, to those who may know and to the others
				blank(s, "released", "withheld")
			}
		}
		journal, _ := n["journal"].(map[string]any)
		for _, l := range objects(journal["logs"]) {
			blank(l, "size", "cosigned_size", "checkpoints")
		}
	}
}

// objects are those in a list of a report.
func objects(list any) (found []map[string]any) {
	all, _ := list.([]any)
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

func blank(object map[string]any, keys ...string) {
	for _, k := range keys {
		delete(object, k)
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
	sizes(t, want, got)
	sameReport(t, want.raw, got.raw, disturbed)
	t.Logf("killed %d times in %d steps: same end; %.0f s\n%s", total, got.report.Steps, time.Since(begun).Seconds(), deaths(got))
}

// sizes holds that the logs of a disturbed run have every record once, and
// none besides but what the nodes say anew, by design, each time a line comes
// back: who leads, and the receipt of it.
func sizes(t *testing.T, want, got *run) {
	t.Helper()
	said := make(map[way]int)
	for _, id := range []party.ID{tw, jp, cell} {
		for w, n := range anew(t, got, id) {
			said[w] += n
		}
		for w, n := range anew(t, want, id) {
			said[w] -= n
		}
	}
	for id, node := range want.report.Nodes {
		for _, l := range node.Journal.Logs {
			i := slices.IndexFunc(got.report.Nodes[id].Journal.Logs, func(m journal.LogReport) bool {
				return m.Partner == l.Partner && m.Direction == l.Direction
			})
			if l.Partner == "" {
				continue // the audit log, with the logins
			}
			if i < 0 {
				t.Errorf("%s has no log %s %s", id, l.Partner, l.Direction)
				continue
			}
			w := way{id, l.Partner}
			if l.Direction == "received" {
				w = way{l.Partner, id}
			}
			m := got.report.Nodes[id].Journal.Logs[i]
			if said[w] < 0 || m.Size != l.Size+uint64(said[w]) || m.CosignedSize != m.Size {
				t.Errorf("%s: log %s %s has %d records, %d cosigned; undisturbed %d, said anew %d", id, l.Partner, l.Direction, m.Size, m.CosignedSize, l.Size, said[w])
			}
		}
	}
}

// anew counts what a node holds of who leads, and of receipts of it.
func anew(t *testing.T, r *run, id party.ID) map[way]int {
	t.Helper()
	n := make(map[way]int)
	for _, h := range received(t, r, id) {
		if !h.Payload {
			continue
		}
		rec, err := record.Decode(h.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		if d := rec.Dialogue; d != nil && (d.Step == "notify" || d.Of == "notify") {
			n[way{rec.Originator, id}]++
		}
	}
	return n
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
		kills[tw] = append(kills[tw], demo.Kill{N: 150 + (i*389)%2500}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
		kills[jp] = append(kills[jp], demo.Kill{N: 153 + (i*431)%2500}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
	}
	for i := range 9 {
		kills[cell] = append(kills[cell], demo.Kill{N: 100 + (i*1031)%5200}, demo.Kill{N: 5 + i%4, Op: ops[i%3]})
	}
	crashed(t, demo.Config{Scenario: "2023-08-28", KillAt: kills}, want)
}
