// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// The excerpt: the first minutes of the shortest scenario, in steps.
const (
	excerptStep = 20 * time.Second
	excerptEnd  = 200 * time.Second // a step beyond a full minute: what failed there is tried again
)

// leaky releases enough within three minutes that both lanes carry records.
const leaky = `version = 1
party = %q
distress = true
[label]
policy = "test"
classification = "releasable"
purpose = "test"
retention = "24h"
[[rule]]
id = "all"
effect = "allow"
to = [%q]
kinds = ["track", "incident", "dialogue", "posture", "link"]
[rule.then]
grid = "5km"
height_band = "1000ft"
time_bin = "20s"
slot = "20s"
delay = "0s"
fields = ["identity", "type", "course", "speed", "height", "zone", "rule", "count"]
`

// excerpt is what one run of the excerpt left behind.
type excerpt struct {
	Views   map[string]json.RawMessage // normalised
	Numbers map[string]store.PartnerStats
	Acts    []engine.Reply
	writes  map[string]int64
}

// template makes the folders of both nodes once: keys take time to make.
func template(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	tw, jp := newRig(t, "tw", filepath.Join(dir, "tw")), newRig(t, "jp", filepath.Join(dir, "jp"))
	pair(t, tw, jp)
	return dir
}

// stageRun is one run of the excerpt.
type stageRun struct {
	t      testing.TB
	world  *sim.World
	sender *sim.Sender
	rigs   []*rig
	expect map[string]map[string]uint64
	acts   []engine.Reply
}

// newRun copies the template and wires feeds and link.
func newRun(t testing.TB, from string, faults map[string]node.Faults) *stageRun {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := tighten(dir); err != nil {
		t.Fatal(err)
	}
	w, err := sim.Open(scenarios.FS, "short.scenario")
	if err != nil {
		t.Fatal(err)
	}
	sc := w.Scenario()
	s := &stageRun{t: t, world: w, expect: make(map[string]map[string]uint64)}
	addrs := make(map[string]string)
	for _, f := range sc.Feeds() {
		if f.Kind == sim.TCPBeast {
			addrs[f.ID] = freeTCP(t)
		} else {
			addrs[f.ID] = freeUDP(t)
		}
	}
	other := map[string]string{"tw": "jp", "jp": "tw"}
	for _, id := range []string{"tw", "jp"} {
		r := newRig(t, party.ID(id), filepath.Join(dir, id)).stepped(t, sc.Start)
		r.policy(t, fmt.Appendf(nil, leaky, id, other[id]))
		r.cfg.Watch.ADIZ = []string{"adiz_" + id}
		r.cfg.Console.Listen = ""
		r.faults = faults[id]
		addFeeds(r.cfg, sc, addrs)
		s.rigs = append(s.rigs, r)
		s.expect[id] = make(map[string]uint64)
	}
	connect(t, s.rigs[0], s.rigs[1], nil)
	if s.sender, err = sim.OpenSender(sc.Feeds(), addrs); err != nil {
		t.Fatal(err)
	}
	return s
}

func tighten(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// addFeeds configures the feeds and sensors of the rig's party.
func addFeeds(cfg *config.Config, sc *sim.Scenario, addrs map[string]string) {
	kinds := map[sim.Kind]string{sim.UDPASTERIX: "asterix-udp", sim.TCPBeast: "beast-tcp", sim.UDPNMEA: "nmea-udp"}
	for _, f := range sc.Feeds() {
		if string(f.Party) != cfg.Node.Party {
			continue
		}
		c := config.Feed{Name: f.ID, Kind: kinds[f.Kind], Addr: addrs[f.ID], Exercise: true}
		if r := f.Receiver; r != nil {
			c.Marks, c.Receiver = true, &config.Receiver{Lat: r.Site.LatDeg, Lon: r.Site.LonDeg, RangeNM: r.Range.NM()}
		}
		cfg.Feeds = append(cfg.Feeds, c)
		if s := f.Sensor; s != nil {
			cfg.Sensors = append(cfg.Sensors, config.Sensor{
				Feed: f.ID, ID: fmt.Sprintf("%03d/%03d", s.Source.SAC, s.Source.SIC), Lat: s.Site.LatDeg, Lon: s.Site.LonDeg,
				HeightM: float64(s.Height), RangeNM: s.Range.NM(), Period: config.Duration(s.Period),
				SigmaRangeM: float64(s.SigmaRange), SigmaAzimuth: float64(s.SigmaAzimuth),
			})
		}
	}
}

// start opens a rig; a write that fails then keeps it closed, and a person
// tries again.
func (s *stageRun) start(r *rig) {
	s.t.Helper()
	if err := r.tryOpen(s.t); err != nil {
		r.open(s.t)
		return
	}
	r.ready(s.t)
}

// play runs the excerpt and returns what it left.
func (s *stageRun) play() *excerpt {
	s.t.Helper()
	for _, r := range s.rigs {
		s.start(r)
	}
	s.linked()
	now := s.world.Scenario().Start
	s.all("step", now)
	for i := 1; now.Before(s.world.Scenario().Start.Add(excerptEnd)); i++ {
		now = now.Add(excerptStep)
		s.emit(now)
		s.all("step", now)
		s.carry(now)
		if s.people(i) {
			s.carry(now)
		}
	}
	return s.finish()
}

// carry lets the link carry all that is due. A write that failed may have
// broken it, and a node that found it down has sent nothing: once both have it
// up again, they are asked again.
func (s *stageRun) carry(now time.Time) {
	s.t.Helper()
	for s.all("flush", now) {
		s.linked()
	}
	s.linked()
}

func (s *stageRun) linked() {
	s.t.Helper()
	for _, r := range s.rigs {
		r.await(s.t, "linked", linkIs("up"))
	}
}

func (s *stageRun) emit(now time.Time) {
	s.t.Helper()
	s.world.Until(now, func(e sim.Emission) {
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		if err := s.sender.Send(ctx, e); err != nil {
			s.t.Fatal(err)
		}
		s.expect[string(e.Party)][e.Feed] += uint64(e.Frames)
	})
}

// all lets both nodes do the same at once, and reports whether a flush found the
// link down.
func (s *stageRun) all(what string, now time.Time) (down bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	errs, replies := make([]error, len(s.rigs)), make([]node.StepReply, len(s.rigs))
	var wg sync.WaitGroup
	for i, r := range s.rigs {
		wg.Go(func() {
			body := any(struct{}{})
			if what == "step" {
				body = node.StepRequest{Now: now, Expect: s.expect[r.cfg.Node.Party]}
			}
			replies[i], errs[i] = r.conduct(ctx, "/"+what, body)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			s.t.Fatalf("%s to %s: %v\n%s", what, now, err, s.rigs[i].log)
		}
		down = down || len(replies[i].Down) > 0
	}
	return down
}

// people do something at some steps; they ask once and get one answer.
func (s *stageRun) people(step int) bool {
	s.t.Helper()
	tw, jp := s.rigs[0], s.rigs[1]
	lat, lon := place(24.4, 122.6)
	act := func(r *rig, c engine.Command) { s.acts = append(s.acts, r.must(s.t, engine.Officer, c)) }
	switch step {
	case 1:
		act(tw, engine.Command{Verb: "log", Text: "watch taken over"})
		act(jp, engine.Command{Verb: "open", Text: "a fishing boat calls", Domain: "air", Lat: lat, Lon: lon, Exercise: true})
	case 3:
		act(tw, engine.Command{Verb: "distress", Partner: "jp", Text: "man over board", Lat: lat, Lon: lon, Exercise: true})
	case 5:
		act(jp, engine.Command{Verb: "distress", Partner: "tw", Text: "engine on fire", Lat: lat, Lon: lon, Exercise: true})
		act(tw, engine.Command{Verb: "strike", Entry: 1, Text: "wrong desk"})
	default:
		return false
	}
	return true
}

// finish stops the nodes and gathers what they hold.
func (s *stageRun) finish() *excerpt {
	s.t.Helper()
	x := &excerpt{Views: make(map[string]json.RawMessage), Numbers: make(map[string]store.PartnerStats), Acts: s.acts, writes: make(map[string]int64)}
	for _, r := range s.rigs {
		x.Views[r.cfg.Node.Party] = normal(s.t, r.n.View())
	}
	for _, r := range s.rigs {
		if err := r.halt(); err != nil {
			s.t.Errorf("stop of %s: %v", r.cfg.Node.Party, err)
		}
	}
	if err := s.sender.Close(); err != nil {
		s.t.Error(err)
	}
	for _, r := range s.rigs {
		id := r.cfg.Node.Party
		r.inspect(s.t, func(keys *keystore.Store, st *store.Store) {
			rep, err := st.Verify(s.t.Context(), keys)
			if err != nil || !rep.Verified {
				s.t.Errorf("journal of %s: %+v, %v; want verified", id, rep, err)
			}
			stats, err := st.Stats(s.t.Context())
			if err != nil || len(stats.Partners) != 1 {
				s.t.Fatalf("stats of %s: %+v, %v", id, stats, err)
			}
			x.Numbers[id] = numbers(stats.Partners[0])
		})
		if f, ok := r.faults.(*nthWrite); ok {
			x.writes[id] = f.count.Load()
		}
	}
	return x
}

// numbers leaves what must be equal: how many records were numbered, receipted
// and received. How states are batched depends on when a line broke.
func numbers(p store.PartnerStats) store.PartnerStats {
	return store.PartnerStats{Partner: p.Partner, Sent: p.Sent, Cosigned: p.Cosigned, Received: p.Received, ReceivedRefused: p.ReceivedRefused, States: p.States, Untaped: p.Untaped}
}

// normal is a picture without what a broken line may change: numbers of
// inputs, the times and figures of links, and the alarms about them.
func normal(t testing.TB, v *engine.View) json.RawMessage {
	t.Helper()
	c := *v
	c.Seq, c.Counts = 0, engine.AlarmCounts{}
	c.Links = slices.Clone(v.Links)
	for i := range c.Links {
		l := &c.Links[i]
		l.Since, l.RTTMillis, l.LastHeard, l.Problem = time.Time{}, 0, nil, ""
		l.Figures = nil         // as the links stand in this moment
		l.Sent, l.Queued = 0, 0 // the session's own: it sends again what a broken line lost
	}
	c.Alarms = slices.DeleteFunc(slices.Clone(v.Alarms), func(a engine.AlarmView) bool { return a.Rule == "link" || a.Rule == "store" })
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (x *excerpt) differs(y *excerpt) string {
	if d := cmp.Diff(x.Numbers, y.Numbers); d != "" {
		return "numbers: " + d
	}
	if d := cmp.Diff(x.Acts, y.Acts); d != "" {
		return "answers: " + d
	}
	for _, id := range []string{"tw", "jp"} {
		if d := cmp.Diff(string(x.Views[id]), string(y.Views[id])); d != "" {
			return id + ": " + d
		}
	}
	return ""
}

// Every write of a short excerpt fails once, each in a run of its own. Nothing
// acknowledged is lost, nothing is numbered or taken twice, and both pictures
// are what they are without a fault. A soak takes each write, the ordinary test
// a sample.
func TestEveryStoreWriteMayFail(t *testing.T) {
	from := template(t)
	count := map[string]node.Faults{"tw": &nthWrite{}, "jp": &nthWrite{}}
	want := newRun(t, from, count).play()
	if want.Numbers["tw"].Sent < 3 || want.Numbers["jp"].Sent < 3 || want.Numbers["tw"].States < 3 {
		t.Fatalf("the excerpt carries too little to prove anything: %+v", want.Numbers)
	}
	if d := want.differs(newRun(t, from, map[string]node.Faults{"tw": &nthWrite{}, "jp": &nthWrite{}}).play()); d != "" {
		t.Fatalf("two undisturbed runs differ: %s", d)
	}
	runs := 24
	if os.Getenv("KUROSHIO_SOAK") != "" {
		runs = 1 << 20
	}
	if testing.Short() {
		runs = 4
	}
	done := 0
	for _, id := range []string{"tw", "jp"} {
		stride := max(1, 2*want.writes[id]/int64(runs))
		for at := 1 + stride/2; at <= want.writes[id]; at += stride {
			t.Run(fmt.Sprintf("%s/%d", id, at), func(t *testing.T) {
				done++
				f := map[string]node.Faults{"tw": &nthWrite{}, "jp": &nthWrite{}}
				f[id] = &nthWrite{at: at}
				if d := want.differs(newRun(t, from, f).play()); d != "" {
					t.Errorf("after write %d of %s had failed: %s", at, id, d)
				}
			})
		}
	}
	t.Logf("%d of %d writes failed, one in each run", done, want.writes["tw"]+want.writes["jp"])
}
