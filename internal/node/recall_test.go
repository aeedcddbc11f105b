// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// quick releases incidents at once and lets them be kept for so long.
const quick = `version = 1
party = %q
distress = true
[label]
policy = "test"
classification = "releasable"
purpose = "test"
retention = %q
[[rule]]
id = "reports"
effect = "allow"
to = [%q]
kinds = ["incident"]
[rule.then]
time_bin = "1s"
slot = "0s"
delay = "0s"
fields = ["identity", "type", "zone", "rule", "count"]
[[rule]]
id = "talk"
effect = "allow"
to = [%q]
kinds = ["dialogue", "posture", "link"]
[rule.then]
delay = "0s"
`

// conversation is two live nodes that tell each other things.
type conversation struct {
	t      testing.TB
	tw, jp *rig
	line   *linktest.Proxy // nil: they are connected without one
}

func converse(t testing.TB, retention string, faults node.Faults) *conversation {
	t.Helper()
	c := acquaint(t)
	connect(t, c.tw, c.jp, nil)
	c.begin(retention, faults)
	return c
}

// converseOver is converse over a line with faults.
func converseOver(t testing.TB, retention string) *conversation {
	t.Helper()
	c := acquaint(t)
	c.jp.cfg.Link.Listen = freeTCP(t)
	c.line = linktest.NewProxy(t, c.jp.cfg.Link.Listen)
	connect(t, c.tw, c.jp, c.line)
	c.begin(retention, nil)
	return c
}

func acquaint(t testing.TB) *conversation {
	t.Helper()
	dir := t.TempDir()
	c := &conversation{t: t, tw: newRig(t, "tw", filepath.Join(dir, "tw")), jp: newRig(t, "jp", filepath.Join(dir, "jp"))}
	pair(t, c.tw, c.jp)
	return c
}

func (c *conversation) begin(retention string, faults node.Faults) {
	t := c.t
	t.Helper()
	c.tw.policy(t, fmt.Appendf(nil, quick, "tw", retention, "jp", "jp"))
	c.jp.policy(t, fmt.Appendf(nil, quick, "jp", "720h", "tw", "tw"))
	c.jp.faults = faults
	c.jp.open(t)
	c.tw.open(t)
	c.linked()
}

// tell makes tw tell jp of a boat, and waits until jp holds the distress case.
func (c *conversation) tell(text string) {
	c.t.Helper()
	c.tw.must(c.t, engine.Officer, distress(text))
	c.jp.await(c.t, "told of "+text, heardOf(text))
}

// peer returns tw's list of what jp holds, once all of it is receipted.
func (c *conversation) peer() engine.PeerView {
	c.t.Helper()
	limit := time.Now().Add(patience)
	for {
		v, err := c.tw.n.PeerView(c.t.Context(), "jp")
		if err != nil {
			c.t.Fatal(err)
		}
		open := slices.ContainsFunc(v.Items, func(i engine.PeerItem) bool { return !i.Receipt })
		if !open && v.Records == v.Cosigned {
			return v
		}
		if time.Now().After(limit) {
			c.t.Fatalf("never all receipted: %+v", v)
		}
		c.tw.await(c.t, "a new picture", func(*engine.View) bool { return true })
	}
}

// answered waits until every recall of tw has its receipt.
func (c *conversation) answered(n int) *engine.View {
	c.t.Helper()
	return c.tw.await(c.t, "answered", func(v *engine.View) bool {
		return len(v.Recalls) == n && !slices.ContainsFunc(v.Recalls, func(r engine.RecallView) bool { return r.Missing > 0 })
	})
}

// theirs is what jp's own store holds, by id.
func (c *conversation) theirs() map[record.ID]recall.State {
	c.t.Helper()
	list, err := c.jp.n.Received(c.t.Context(), "tw")
	if err != nil {
		c.t.Fatal(err)
	}
	m := make(map[record.ID]recall.State)
	for _, r := range list {
		m[r.ID] = r.State
	}
	return m
}

// found lists the files below dir that hold text, as it is or as its escapes.
func found(t testing.TB, dir, text string) (list []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			list = append(list, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRecalledContentIsGoneFromTheFolder looks through every file of the
// receiver's folder, while it runs and when it has stopped.
func TestRecalledContentIsGoneFromTheFolder(t *testing.T) {
	const text, other = "KITE-ADRIFT-4711", "BUOY-LOST-0815"
	c := converse(t, "720h", nil)
	c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: "low aircraft", Domain: "air"})
	c.jp.await(t, "told of the incident", func(v *engine.View) bool {
		return slices.ContainsFunc(v.Incidents, func(i engine.IncidentView) bool { return len(i.Partners) == 1 })
	})
	// A proposal carries a text: decline ours with words.
	jpInc := c.jp.n.View().Incidents[0].N
	c.jp.must(t, engine.Officer, engine.Command{Verb: "propose", Incident: jpInc, Partner: "tw", Lead: "tw"})
	v := c.tw.await(t, "asked", func(v *engine.View) bool { return v.Incidents[0].Lead.State == "proposed" })
	c.tw.must(t, engine.Officer, engine.Command{Verb: "reject", Incident: v.Incidents[0].N, Text: text})
	c.jp.await(t, "declined", func(v *engine.View) bool { return hasText(v, text) })
	c.tell(other)
	c.jp.snapshots(t)
	if len(found(t, c.jp.cfg.Node.Data, text)) == 0 {
		t.Fatal("the search does not find what is there")
	}
	peer := c.peer()
	if len(peer.Items) == 0 || peer.Items[0].Record == 0 {
		t.Fatalf("peer view: %+v", peer)
	}
	var ids []record.ID
	for _, i := range peer.Items {
		if i.Kind != "distress" {
			ids = append(ids, i.ID)
		}
	}
	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "a wrong aircraft", Recall: &engine.RecallArgs{Records: ids}})
	rv := c.answered(1).Recalls[0]
	if rv.Gone != len(ids) || rv.Kept != 0 || rv.Unknown != 0 {
		t.Errorf("recall: %+v, want %d gone", rv, len(ids))
	}
	after := c.jp.await(t, "recalled", func(v *engine.View) bool { return !hasText(v, text) })
	if !slices.ContainsFunc(after.Log, func(l engine.LogView) bool {
		return l.Code == "recalled" && l.By == "tw" && l.Text == fmt.Sprint(len(ids))
	}) {
		t.Errorf("the watch log does not say that %d were recalled: %+v", len(ids), after.Log)
	}
	c.jp.wiped(t)
	for _, running := range []bool{true, false} {
		if !running {
			if err := c.jp.halt(); err != nil {
				t.Fatal(err)
			}
		}
		if list := found(t, c.jp.cfg.Node.Data, text); len(list) > 0 {
			t.Errorf("running %t: the recalled text rests in %v", running, list)
		}
	}
	if len(found(t, c.jp.cfg.Node.Data, other)) == 0 {
		t.Error("what was not recalled is gone too")
	}
	c.jp.inspect(t, func(keys *keystore.Store, st *store.Store) {
		rep, err := st.Verify(t.Context(), keys)
		if err != nil || !rep.Verified {
			t.Errorf("the journal does not verify: %+v, %v", rep, err)
		}
		for _, i := range peer.Items {
			_, ok, err := st.Body(t.Context(), "tw", record.LaneRecord, i.Record)
			if want := i.Kind == "distress"; err != nil || ok != want {
				t.Errorf("record %d (%s) is readable: %t, %v", i.Record, i.Kind, ok, err)
			}
		}
	})
	c.jp.open(t) // replay stands on the cleansed snapshot
	c.jp.await(t, "back", func(v *engine.View) bool { return !hasText(v, text) && heardOf(other)(v) })
}

// hasText reports whether the picture holds a text anywhere.
func hasText(v *engine.View, text string) bool {
	b, err := json.Marshal(v)
	return err != nil || bytes.Contains(b, []byte(text))
}

// snapshots makes the node keep its state as it is: a stop and a start.
func (r *rig) snapshots(t testing.TB) {
	t.Helper()
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
	r.await(t, "linked", linkIs("up"))
}

// wiped waits until the write-ahead log was emptied after a recall.
func (r *rig) wiped(t testing.TB) {
	t.Helper()
	r.await(t, "ticked on", func(v *engine.View) bool { return v.Now.Sub(time.Now().Add(-time.Minute)) > 0 })
}

// TestPeerViewIsWhatThePartnerHolds compares our own list with the partner's
// store, with recalled, sealed, expired and withdrawn items among it.
func TestPeerViewIsWhatThePartnerHolds(t *testing.T) {
	c := converse(t, "720h", nil)
	for i := range 3 {
		c.tell(fmt.Sprintf("boat %d", i))
	}
	for i := range 3 {
		c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: fmt.Sprintf("aircraft %d", i), Domain: "air"})
	}
	c.jp.await(t, "told of all", func(v *engine.View) bool { return len(v.Incidents) == 9 })
	compare := func(when string, want map[string]int) {
		t.Helper()
		v := c.peer()
		ours, states := make(map[record.ID]recall.State), make(map[string]int)
		for _, i := range v.Items {
			if i.State == "unknown" || i.State == "withdrawn" {
				states[i.State]++ // it never held them
				continue
			}
			ours[i.ID] = recall.State(i.State)
			states[i.State]++
		}
		if d := cmp.Diff(c.theirs(), ours); d != "" {
			t.Errorf("%s: theirs and our list of it differ: %s", when, d)
		}
		if d := cmp.Diff(want, states); d != "" {
			t.Errorf("%s: %s", when, d)
		}
	}
	compare("at first", map[string]int{"held": 9})

	first := c.peer().Items
	recallOf := func(i engine.PeerItem) {
		t.Helper()
		c.tw.must(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "wrong", Recall: &engine.RecallArgs{Records: []record.ID{i.ID}}})
	}
	aircraft := slices.IndexFunc(first, func(i engine.PeerItem) bool { return i.Kind == "incident" })
	boat := slices.IndexFunc(first, func(i engine.PeerItem) bool { return i.Kind == "distress" })
	recallOf(first[aircraft])
	c.answered(1)
	compare("after a recall", map[string]int{"held": 8, "gone": 1})
	recallOf(first[boat])
	c.answered(2)
	compare("after the recall of a distress case", map[string]int{"held": 7, "gone": 1, "kept": 1})
	if r := c.tw.do(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "again", Recall: &engine.RecallArgs{Records: []record.ID{first[boat].ID}}}); r.Code != "nothing-to-recall" {
		t.Errorf("the second recall = %q", r.Code)
	}
	if _, ok, err := c.jp.n.Evidence(t.Context(), "tw", first[boat].ID); err != nil || !ok {
		t.Errorf("the evidence can't be read: %v", err)
	}
	if _, ok, _ := c.jp.n.Evidence(t.Context(), "tw", first[aircraft].ID); ok {
		t.Error("what is gone can be read as evidence")
	}

	// Stopped: what is told waits, is withdrawn at the resume, and never read.
	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "stop-all"})
	c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: "aircraft 3", Domain: "air"})
	c.tw.await(t, "waiting", func(v *engine.View) bool { return v.Holdings[0].Pending > 0 })
	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp", Recall: &engine.RecallArgs{Pending: "discard"}})
	c.tw.await(t, "linked again", linkIs("up"))
	compare("after a discard", map[string]int{"held": 7, "gone": 1, "kept": 1})

	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "all of it", Recall: &engine.RecallArgs{All: true}})
	c.answered(3)
	compare("after a recall of all", map[string]int{"gone": 6, "kept": 3})
}

// TestPeerViewWithoutReceipts compares at the partner's record number while the
// line brings back no receipt, and then brings nothing at all.
func TestPeerViewWithoutReceipts(t *testing.T) {
	c := converseOver(t, "720h")
	opened := 0
	open := func() {
		t.Helper()
		opened++
		c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: fmt.Sprintf("aircraft %d", opened), Domain: "air"})
	}
	arrived := func() {
		t.Helper()
		c.jp.await(t, "told of all", func(v *engine.View) bool { return len(v.Incidents) == opened })
	}
	open()
	open()
	arrived()
	c.peer() // all receipted

	c.line.HoldBack(c.line.ToDialler())
	open()
	open()
	arrived()
	c.sameAt(4, 4, map[string]int{"held": 2, "held, no receipt": 2})

	c.line.BlackHole()
	open()
	open()
	v := c.sameAt(4, 6, map[string]int{"held": 2, "held, no receipt": 2})
	take := func(id record.ID) {
		t.Helper()
		c.tw.must(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "wrong", Recall: &engine.RecallArgs{Records: []record.ID{id}}})
	}
	take(v.Items[2].ID) // arrived, not receipted
	take(v.Items[4].ID) // never arrived
	v = c.sameAt(4, 8, map[string]int{"held": 2, "held, no receipt": 1, "recalled, no receipt": 1})
	if s := []string{v.Items[4].State, v.Items[5].State}; !slices.Equal(s, []string{"recalled", "held"}) {
		t.Errorf("beyond what has arrived: %v", s)
	}
	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "stop", Partner: "jp"})
	c.tw.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp", Recall: &engine.RecallArgs{Pending: "discard"}})
	c.line.Cut()
	c.line.Heal()
	c.answered(2)
	states := func(when string, want, theirs []string) {
		t.Helper()
		var ours, held []string
		own := c.theirs()
		for _, i := range c.peer().Items {
			ours, held = append(ours, i.State), append(held, string(own[i.ID]))
		}
		if d := cmp.Diff(want, ours); d != "" {
			t.Errorf("%s: our list: %s", when, d)
		}
		if d := cmp.Diff(theirs, held); d != "" {
			t.Errorf("%s: their store: %s", when, d)
		}
	}
	// What was withdrawn before its receipt may have arrived. A recall finds out.
	states("receipted", []string{"held", "held", "gone", "withdrawn", "unknown", "withdrawn"}, []string{"held", "held", "gone", "held", "", ""})
	take(v.Items[3].ID)
	take(v.Items[5].ID)
	c.answered(4)
	states("recalled", []string{"held", "held", "gone", "gone", "unknown", "unknown"}, []string{"held", "held", "gone", "gone", "", ""})
}

// sameAt holds that our list of what jp holds is right up to the record number
// that jp has come to, while our log has more, and returns it. The states are
// counted up to there.
func (c *conversation) sameAt(number, size uint64, want map[string]int) engine.PeerView {
	t := c.t
	t.Helper()
	var v engine.PeerView
	c.tw.await(t, fmt.Sprintf("at %d records", size), func(*engine.View) bool {
		var err error
		if v, err = c.tw.n.PeerView(t.Context(), "jp"); err != nil {
			t.Fatal(err)
		}
		return v.Records == size
	})
	list, err := c.jp.n.Received(t.Context(), "tw")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 || list[len(list)-1].Seq != number {
		t.Fatalf("jp has come to %+v, want record %d", list, number)
	}
	theirs, ours, states := make(map[record.ID]uint64), make(map[record.ID]uint64), make(map[string]int)
	for _, r := range list {
		if r.State == recall.Held {
			theirs[r.ID] = r.Seq
		}
	}
	for _, i := range v.Items {
		if i.Record > number {
			continue
		}
		ours[i.ID] = i.Record
		state := i.State
		if !i.Receipt {
			state += ", no receipt"
		}
		states[state]++
	}
	if d := cmp.Diff(theirs, ours); d != "" {
		t.Errorf("at record %d theirs and our list of it differ: %s", number, d)
	}
	if d := cmp.Diff(want, states); d != "" {
		t.Errorf("at record %d: %s", number, d)
	}
	return v
}

// clockwork is a conversation under a conductor.
func clockwork(t testing.TB, retention string, at time.Time, faults node.Faults) *conversation {
	t.Helper()
	c := acquaint(t)
	connect(t, c.tw, c.jp, nil)
	for _, r := range []*rig{c.tw, c.jp} {
		other := map[*rig]string{c.tw: "jp", c.jp: "tw"}[r]
		r.stepped(t, at).policy(t, fmt.Appendf(nil, quick, r.cfg.Node.Party, retention, other, other))
	}
	c.jp.faults = faults
	c.jp.open(t)
	c.tw.open(t)
	c.linked()
	return c
}

func (c *conversation) linked() {
	c.t.Helper()
	c.tw.await(c.t, "linked", linkIs("up"))
	c.jp.await(c.t, "linked", linkIs("up"))
}

// step lets both nodes go on to a time and carries what is due, there and back.
func (c *conversation) step(now time.Time) {
	c.t.Helper()
	for range 2 {
		for _, r := range []*rig{c.tw, c.jp} {
			if _, err := r.conduct(c.t.Context(), "/step", node.StepRequest{Now: now}); err != nil {
				c.t.Fatal(err)
			}
			if _, err := r.conduct(c.t.Context(), "/flush", struct{}{}); err != nil {
				c.t.Fatal(err)
			}
		}
		now = now.Add(time.Second)
	}
}

// TestWhatExpiresIsGoneAtBothSides lets the retention end.
func TestWhatExpiresIsGoneAtBothSides(t *testing.T) {
	const text = "WRECK-SEEN-1212"
	at := time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)
	c := clockwork(t, "10m", at, nil)
	c.step(at.Add(10 * time.Second))
	c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: "low aircraft", Domain: "air"})
	c.tw.must(t, engine.Officer, distress(text)) // of thirty days
	c.step(at.Add(20 * time.Second))
	check := func(when string, want map[string]recall.State) {
		t.Helper()
		states, theirs := make(map[string]recall.State), c.theirs()
		for _, i := range c.peer().Items {
			states[i.Kind] = recall.State(i.State)
			if theirs[i.ID] != states[i.Kind] {
				t.Errorf("%s: %s is %s there, %s here", when, i.Kind, theirs[i.ID], states[i.Kind])
			}
		}
		if d := cmp.Diff(want, states); d != "" {
			t.Errorf("%s: %s", when, d)
		}
	}
	check("at first", map[string]recall.State{"incident": recall.Held, "distress": recall.Held})
	c.step(at.Add(9 * time.Minute))
	check("before the end", map[string]recall.State{"incident": recall.Held, "distress": recall.Held})
	c.step(at.Add(11 * time.Minute))
	check("after the end", map[string]recall.State{"incident": recall.Expired, "distress": recall.Held})
	v := c.jp.n.View()
	if slices.ContainsFunc(v.Incidents, func(i engine.IncidentView) bool { return len(i.Partners) > 0 }) || !hasText(v, text) {
		t.Errorf("incidents after the end: %+v", v.Incidents)
	}
	if v.Holdings[0].Expired != 2 || !slices.ContainsFunc(v.Log, func(l engine.LogView) bool { return l.Code == "expired" && l.Text == "2" }) {
		t.Errorf("counted %+v, log %+v", v.Holdings[0], v.Log)
	}
	for _, i := range c.peer().Items {
		if _, ok, err := c.jp.body(t, i.Record); err != nil || ok != (i.Kind == "distress") {
			t.Errorf("record %d (%s) is readable: %t, %v", i.Record, i.Kind, ok, err)
		}
	}
}

// body reads a received record out of the store of a node that runs.
func (r *rig) body(t testing.TB, seq uint64) (b []byte, ok bool, err error) {
	t.Helper()
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.inspect(t, func(_ *keystore.Store, st *store.Store) {
		b, ok, err = st.Body(t.Context(), "tw", record.LaneRecord, seq)
	})
	r.open(t)
	return b, ok, err
}

// crashAt fails one write and, like a crash, every one after it.
type crashAt struct {
	nthWrite
	from int64
}

// BeforeWrite implements node.Faults.
func (f *crashAt) BeforeWrite(op string) error {
	if n := f.count.Add(1); f.from > 0 && n >= f.from {
		return fmt.Errorf("write %d (%s): %w", n, op, errDisk)
	}
	return nil
}

// TestACrashAtEachWriteOfARecallEndsInTheSameState stops the receiver's disk at
// each write between the recall and its receipt, kills the node, and starts it
// again with a disk that works.
func TestACrashAtEachWriteOfARecallEndsInTheSameState(t *testing.T) {
	const text = "KITE-ADRIFT-4711"
	at := time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)
	// run returns how many writes the recall took, and what is left.
	run := func(n int64) (writes int64, left string) {
		f := &crashAt{}
		c := clockwork(t, "720h", at, f)
		c.step(at.Add(10 * time.Second))
		c.tw.must(t, engine.Officer, engine.Command{Verb: "open", Text: "low aircraft", Domain: "air"})
		c.step(at.Add(20 * time.Second))
		inc := c.jp.n.View().Incidents[0].N
		c.jp.must(t, engine.Officer, engine.Command{Verb: "propose", Incident: inc, Partner: "tw", Lead: "tw"})
		c.step(at.Add(30 * time.Second))
		c.tw.must(t, engine.Officer, engine.Command{Verb: "reject", Incident: c.tw.n.View().Incidents[0].N, Text: text})
		c.step(at.Add(40 * time.Second))
		if !hasText(c.jp.n.View(), text) {
			t.Fatal("jp was not told")
		}
		c.tw.must(t, engine.Supervisor, engine.Command{Verb: "recall", Partner: "jp", Text: "wrong", Recall: &engine.RecallArgs{All: true}})
		if _, err := c.tw.conduct(t.Context(), "/step", node.StepRequest{Now: at.Add(50 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		before := f.count.Load()
		if n > 0 {
			f.from = before + n
		}
		ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
		_, _ = c.tw.conduct(ctx, "/flush", struct{}{})                                     // fails with the disk
		_, _ = c.jp.conduct(ctx, "/step", node.StepRequest{Now: at.Add(50 * time.Second)}) // as well
		cancel()
		writes = f.count.Load() - before
		_ = c.jp.halt() // it can't keep its last snapshot
		c.jp.faults = nil
		c.jp.open(t)
		c.linked()
		c.step(at.Add(70 * time.Second))
		c.step(at.Add(80 * time.Second))
		return writes, c.left(text)
	}
	writes, want := run(0)
	if writes < 5 {
		t.Fatalf("the recall took %d writes", writes)
	}
	stride := int64(2)
	if testing.Short() {
		stride = 5
	}
	for n := int64(1); n <= writes; n += stride {
		if _, got := run(n); got != want {
			t.Errorf("after a crash at write %d of %d it is left\n%s\nwant\n%s", n, writes, got, want)
		}
	}
	t.Logf("crashed at every %d. of %d writes", stride, writes)
}

// left describes what a recall has left at both sides, without what is random.
func (c *conversation) left(text string) string {
	c.t.Helper()
	v := c.tw.await(c.t, "answered", func(v *engine.View) bool { return len(v.Recalls) == 1 && v.Recalls[0].Missing == 0 })
	r := v.Recalls[0]
	out := fmt.Sprintf("named %d gone %d kept %d unknown %d\n", r.Named, r.Gone, r.Kept, r.Unknown)
	for _, i := range c.peer().Items {
		out += fmt.Sprintf("%d %s %s %s\n", i.Record, i.Kind, i.State, c.theirs()[i.ID])
	}
	jp := c.jp.n.View()
	for _, i := range jp.Incidents {
		out += fmt.Sprintf("incident %d %s %s parts %d", i.N, i.State, i.Outcome, len(i.Partners))
		for _, e := range i.Events {
			out += " " + e.Kind
		}
		out += "\n"
	}
	for _, l := range jp.Log {
		out += fmt.Sprintf("log %s %s %s\n", l.By, l.Code, l.Text)
	}
	if err := c.jp.halt(); err != nil {
		c.t.Fatal(err)
	}
	out += fmt.Sprintf("text found in %d files\n", len(found(c.t, c.jp.cfg.Node.Data, text)))
	c.jp.inspect(c.t, func(keys *keystore.Store, st *store.Store) {
		rep, err := st.Verify(c.t.Context(), keys)
		out += fmt.Sprintf("verified %t %v\n", rep.Verified, err)
	})
	return out
}

// TestStopOfAllPartnersIsOneAct closes five links at once.
func TestStopOfAllPartnersIsOneAct(t *testing.T) {
	dir := t.TempDir()
	tw := newRig(t, "tw", filepath.Join(dir, "tw"))
	tw.cfg.Link.Listen = freeTCP(t)
	var others []*rig
	var ours []*linktest.Flow
	for i := range 5 {
		r := newRig(t, party.ID(fmt.Sprintf("p%d", i)), filepath.Join(dir, fmt.Sprint(i)))
		pair(t, tw, r)
		partners := tw.cfg.Partners
		line := linktest.NewProxy(t, tw.cfg.Link.Listen)
		connect(t, r, tw, line)
		ours = append(ours, line.ToDialler())
		tw.cfg.Partners = append(partners, tw.cfg.Partners...)
		others = append(others, r)
	}
	tw.open(t)
	for _, r := range others {
		r.open(t)
	}
	tw.await(t, "linked to all", func(v *engine.View) bool {
		return len(v.Links) == 5 && !slices.ContainsFunc(v.Links, func(l engine.LinkView) bool { return l.State != "up" })
	})
	for i := range others {
		tw.must(t, engine.Officer, engine.Command{
			Verb: "distress", Partner: party.ID(fmt.Sprintf("p%d", i)), Text: fmt.Sprintf("boat %d", i), Lat: new(float64), Lon: new(float64),
		})
	}
	for i, r := range others {
		r.await(t, "told", heardOf(fmt.Sprintf("boat %d", i)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	begun := time.Now()
	done := make(chan engine.Reply, 1)
	go func() {
		reply, err := tw.n.Command(ctx, engine.Command{Verb: "stop-all", By: "lin", Role: engine.Supervisor})
		if err != nil {
			t.Error(err)
		}
		done <- reply
	}()
	tw.await(t, "stopped all", func(v *engine.View) bool {
		return !slices.ContainsFunc(v.Links, func(l engine.LinkView) bool { return l.State != "stopped" })
	})
	t.Logf("all five links were stopped after %s", time.Since(begun))
	reply := <-done
	if reply.Code != "" || len(reply.Distress) != 5 {
		t.Fatalf("reply: %+v, want the five open cases", reply)
	}
	for i := range others { // each has something to say
		if r := tw.do(t, engine.Officer, engine.Command{
			Verb: "distress", Partner: party.ID(fmt.Sprintf("p%d", i)), Text: fmt.Sprintf("late %d", i), Lat: new(float64), Lon: new(float64),
		}); r.Code != "pass-by-voice" {
			t.Errorf("distress on stopped link %d = %q, want pass-by-voice", i, r.Code)
		}
	}
	for i, flow := range ours {
		if flow.Octets() == 0 {
			t.Errorf("line %d was never used", i)
		}
		silent(t, tw, flow, begun)
	}
	for i, r := range others {
		if v := r.await(t, "cut off", linkIs("down")); heardOf(fmt.Sprintf("late %d", i))(v) {
			t.Errorf("p%d was told after the stop", i)
		}
	}
	for _, k := range reply.Distress {
		answer := "hold"
		if k.Party == "p0" {
			answer = "pass"
		}
		tw.must(t, engine.Supervisor, engine.Command{Verb: "stop-case", Partner: k.Party, Incident: k.Incident, Recall: &engine.RecallArgs{Answer: answer}})
	}
	v := tw.n.View()
	if slices.ContainsFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Rule == "stop-case" && a.State == "unacknowledged" }) {
		t.Errorf("alarms after all is answered: %+v", v.Alarms)
	}
	if err := tw.halt(); err != nil {
		t.Fatal(err)
	}
	tw.open(t)
	v = tw.await(t, "back", func(v *engine.View) bool { return len(v.Links) == 5 })
	if len(v.StopCases) != 5 || slices.ContainsFunc(v.Links, func(l engine.LinkView) bool { return l.State != "stopped" }) {
		t.Errorf("after a restart: %+v, %+v", v.StopCases, v.Links)
	}
}
