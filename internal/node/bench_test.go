// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/packs"
)

// atOnce releases incidents without delay; the shortest time bin that a policy
// can have is a second.
const atOnce = `version = 1
party = "tw"
distress = true
[label]
policy = "test"
classification = "releasable"
purpose = "test"
retention = "24h"
[[rule]]
id = "all"
effect = "allow"
to = ["jp"]
kinds = ["incident"]
[rule.then]
time_bin = "1s"
slot = "0s"
delay = "0s"
fields = ["identity", "type", "zone", "rule", "count"]
`

// radio is a Beast feed that the node dials.
type radio struct {
	ln   net.Listener
	conn net.Conn
}

func newRadio(b *testing.B, cfg *config.Config) *radio {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() }) // the node is gone before
	cfg.Feeds = []config.Feed{{
		Name: "adsb", Kind: "beast-tcp", Addr: ln.Addr().String(),
		Receiver: &config.Receiver{Lat: 24, Lon: 122, RangeNM: 250},
	}}
	return &radio{ln: ln}
}

func (r *radio) send(b *testing.B, frames ...[14]byte) {
	b.Helper()
	if r.conn == nil {
		c, err := r.ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		r.conn = c
		b.Cleanup(func() { _ = c.Close() }) // the node is gone before
	}
	var out []byte
	for _, f := range frames {
		out = beast.Append(out, beast.Message{Type: beast.TypeLong, Signal: 100, Data: f[:]})
	}
	if _, err := r.conn.Write(out); err != nil {
		b.Fatal(err)
	}
}

// fleet is aircraft that stand so far apart that each is an incident of its own.
const fleet = 200

func aircraft(i int) (modes.ICAO, geo.Point) {
	return modes.ICAO(0xF10000 + i), geo.Point{LatDeg: 22.01 + 0.25*float64(i%20), LonDeg: 120.02 + 0.35*float64(i/20)}
}

// BenchmarkFrameToIncident is the time from an emergency code that comes in at
// tw's socket to the incident in jp's picture: two live nodes, tapes and stores
// on this disk, a link over loopback. What the policy makes it wait (the rest
// of the time bin) is taken off.
func BenchmarkFrameToIncident(b *testing.B) {
	tw, jp := newRig(b, "tw", b.TempDir()), newRig(b, "jp", b.TempDir())
	pair(b, tw, jp)
	connect(b, tw, jp, nil)
	tw.policy(b, []byte(atOnce))
	noHold(b, tw)
	r := newRadio(b, tw.cfg)
	jp.open(b)
	tw.open(b)
	tw.await(b, "linked", linkIs("up"))
	round := 0
	alarms := 0
	fly := func() { // every aircraft reports its place
		for i := range fleet {
			a, p := aircraft(i)
			r.send(b, modes.EncodeAirbornePosition(a, p, 30000, round%2 == 1))
		}
		round++
		want := uint64(fleet*round + alarms)
		tw.await(b, "tracking", func(v *engine.View) bool { return v.Feeds[0].Frames >= want })
	}
	for range 4 {
		fly()
	}
	tw.await(b, "tracking all", func(v *engine.View) bool {
		return len(v.Tracks) == fleet && !slices.ContainsFunc(v.Tracks, func(t engine.TrackView) bool { return t.State == "tentative" })
	})
	var took []time.Duration
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i == fleet {
			b.Fatalf("more than %d samples", fleet)
		}
		a, _ := aircraft(i)
		sent := time.Now()
		r.send(b, modes.EncodeSquawk(a, 0o7700, 1))
		jp.await(b, fmt.Sprintf("told of incident %d", i+1), func(v *engine.View) bool { return len(v.Incidents) > i })
		seen := time.Now()
		took = append(took, seen.Sub(sent)-policyWait(b, tw, i))
		alarms++
		fly()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// noHold takes the on-delay off the rule for emergency codes.
func noHold(b *testing.B, r *rig) {
	b.Helper()
	p, err := packs.Load(packs.Default)
	if err != nil {
		b.Fatal(err)
	}
	rules := regexp.MustCompile(`"hold_s": *\d+`).ReplaceAll(p.Rules, []byte(`"hold_s": 0`))
	r.cfg.Watch.Rules = filepath.Join(r.dir, "rules.json")
	if err := os.WriteFile(r.cfg.Watch.Rules, rules, 0o600); err != nil {
		b.Fatal(err)
	}
}

// policyWait is how long the policy made the newest incident wait: from where
// it became known to the end of that second.
func policyWait(b *testing.B, r *rig, i int) time.Duration {
	b.Helper()
	v := r.await(b, "seeing its own incident", func(v *engine.View) bool { return len(v.Incidents) > i })
	known := v.Incidents[0].Events[0].Entered
	return known.Truncate(time.Second).Add(time.Second).Sub(known)
}
