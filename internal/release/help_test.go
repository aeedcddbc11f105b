// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const head = `version = 1
party = "tw"
[label]
policy = "test"
classification = "releasable"
purpose = "gap-coordination"
retention = "720h"
`

// ruleText is one rule; when and then are TOML lines.
func ruleText(id, effect, to, kinds, when, then string) string {
	return fmt.Sprintf("[[rule]]\nid = %q\neffect = %q\nto = [%s]\nkinds = [%s]\n[rule.when]\n%s\n[rule.then]\n%s\n", id, effect, quoted(to), quoted(kinds), when, then)
}

func quoted(list string) string {
	var q []string
	for _, s := range strings.Fields(list) {
		q = append(q, fmt.Sprintf("%q", s))
	}
	return strings.Join(q, ", ")
}

// terms are the obligations of a rule, as text and as numbers.
type terms struct {
	grid             uint32
	bin, slot, delay time.Duration
}

func (o terms) text() string {
	return fmt.Sprintf(`grid = "%dm"
height_band = "1000ft"
time_bin = %q
slot = %q
delay = %q
fields = ["identity", "type", "course", "speed", "height", "callsign", "zone", "rule", "count"]`, o.grid, o.bin, o.slot, o.delay)
}

var gapTerms = terms{grid: 5000, bin: time.Minute, slot: 30 * time.Second, delay: time.Minute}

// pictureRule lets tracks and incidents go to jp.
func pictureRule(o terms) string {
	return head + ruleText("picture", "allow", "jp", "track incident", "", o.text())
}

type testingT interface {
	Helper()
	Fatalf(string, ...any)
}

func policy(t testingT, text string) *release.Policy {
	t.Helper()
	p, err := release.Parse("test.toml", []byte(text), nil)
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, text)
	}
	return p
}

func ids(to party.ID, kind record.Kind, number uint64) (id record.ID) {
	copy(id[:], to)
	id[13], id[14], id[15] = byte(kind)+1, byte(number>>8)+1, byte(number)
	return id
}

func newDesk(p *release.Policy) *release.Desk {
	d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"cell", "jp"}, IDs: ids})
	d.SetPolicy(p)
	return d
}

// picture is a local picture that the test makes up.
type picture struct {
	tracks []track.Track
	at     func(track.Number, time.Time) (geo.Point, bool)
	zones  func(geo.Point) []zone.ID
	cases  []release.Case
	ports  []release.Facility
}

func (p *picture) All(dst []track.Track) []track.Track { return append(dst, p.tracks...) }

func (p *picture) At(n track.Number, t time.Time) (geo.Point, bool) {
	if p.at != nil {
		return p.at(n, t)
	}
	i := slices.IndexFunc(p.tracks, func(t track.Track) bool { return t.Number == n })
	if i < 0 {
		return geo.Point{}, false
	}
	return p.tracks[i].Pos, true
}

type zones struct{ p *picture }

func (z zones) At(p geo.Point, dst []zone.ID) []zone.ID {
	if z.p.zones == nil {
		return dst
	}
	return append(dst, z.p.zones(p)...)
}

func (p *picture) sources() release.Sources {
	return release.Sources{Tracks: p, Zones: zones{p}, Cases: p.cases, Facilities: p.ports}
}

func airTrack(n track.Number, pos geo.Point) track.Track {
	t := track.Track{
		Number: n, Domain: plot.Air, State: track.Confirmed, FirstSeen: start.Add(-time.Hour), Time: start, Pos: pos,
		HasHeight: true, Height: 9500, Sources: 1 << plot.Radar, Callsign: "TEST1",
	}
	t.Identity.Standard, t.Identity.Type = "unknown", "BZK-005"
	return t
}

var gap = geo.Point{LatDeg: 24.5, LonDeg: 122.5}

// step is one tick of the engine.
func step(t testingT, d *release.Desk, now time.Time, p *picture) []*record.Record {
	t.Helper()
	d.Observe(now, p.sources())
	return due(t, d, now, p)
}

func due(t testingT, d *release.Desk, now time.Time, p *picture) []*record.Record {
	t.Helper()
	sealed, _ := d.Due(now, p.sources())
	var list []*record.Record
	for _, s := range sealed {
		r, err := record.Decode(s.Plain())
		if err != nil {
			t.Fatalf("Decode of what leaves: %v", err)
		}
		if r.Object != s.Object() || r.Kind != s.Kind() || r.Originator != "tw" || !r.Label.Valid() {
			t.Fatalf("envelope = %+v, want that of the sealed record, by tw, with a label", r.Envelope)
		}
		list = append(list, r)
	}
	return list
}

// run ticks each second and returns what left, by time.
func run(t testingT, d *release.Desk, from time.Time, seconds int, p *picture) []left {
	t.Helper()
	var list []left
	for i := range seconds {
		now := from.Add(time.Duration(i) * time.Second)
		for _, r := range step(t, d, now, p) {
			list = append(list, left{now, r})
		}
	}
	return list
}

// left is a record and when it left.
type left struct {
	at time.Time
	r  *record.Record
}

func withheld(d *release.Desk, to party.ID, rule string) uint64 {
	for _, s := range d.Stats() {
		if s.To == to && s.Rule == rule {
			return s.Withheld
		}
	}
	return 0
}

func released(d *release.Desk, to party.ID, rule string) uint64 {
	for _, s := range d.Stats() {
		if s.To == to && s.Rule == rule {
			return s.Released
		}
	}
	return 0
}

var _ testingT = (*testing.T)(nil)

func distress() record.Record {
	return record.Record{Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "fishing boat sinks", Contact: "ch 16"}}
}
