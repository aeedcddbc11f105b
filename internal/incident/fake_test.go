// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

var t0 = time.Date(2023, 8, 28, 0, 0, 0, 0, time.UTC)

// ids gives ids as a node's keyed hash does: different for each partner.
func ids(self party.ID) func(party.ID, record.Kind, uint64) record.ID {
	return func(to party.ID, kind record.Kind, n uint64) record.ID {
		b := binary.BigEndian.AppendUint64([]byte(string(self)+"/"+string(to)+"/"+kind.String()+"/"), n)
		sum := sha256.Sum256(b)
		return record.ID(sum[:16])
	}
}

func newBook(self party.ID, partners ...party.ID) *incident.Book {
	cfg := incident.DefaultConfig()
	cfg.Self, cfg.Partners, cfg.IDs = self, partners, ids(self)
	cfg.Priorities = map[watch.RuleID]int{"A13": 1, "A06": 2}
	return incident.NewBook(cfg)
}

// table is a track table that a test fills by hand.
type table map[track.Number]track.Track

func (tb table) Get(n track.Number) (track.Track, bool) {
	t, ok := tb[n]
	return t, ok
}

// put places an aircraft at 25N, so many miles east of 123E.
func (tb table) put(n track.Number, eastNM float64, at time.Time) {
	tb[n] = track.Track{
		Number: n, Domain: plot.Air, State: track.Confirmed, Time: at,
		Pos: geo.Direct(geo.Point{LatDeg: 25, LonDeg: 123}, 90, geo.FromNM(eastNM)),
	}
}

// alert is a raised alert of a track at its place.
func (tb table) alert(rule watch.RuleID, n track.Number, at time.Time) watch.Alert {
	t := tb[n]
	return watch.Alert{
		Key: watch.Key{Rule: rule, Track: n}, At: at, Raised: at, Priority: 2, Domain: "air",
		Pos: t.Pos, HasPos: true, Active: true, Originators: []party.ID{"tw"}, Exercise: t.Exercise,
	}
}

func transit(a watch.Alert, gate zone.ID, direction string) watch.Alert {
	a.Rule, a.Zone, a.Direction, a.Event = watch.GateTransit, gate, direction, true
	return a
}

func cleared(a watch.Alert, at time.Time) watch.Alert {
	a.Active, a.At, a.Raised = false, at, at
	return a
}

func get(t testing.TB, b *incident.Book, n incident.Number) incident.Incident {
	t.Helper()
	inc, ok := b.Get(n)
	if !ok {
		t.Fatalf("incident %d does not exist", n)
	}
	return inc
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var label = record.Label{Policy: "test", Classification: "shared", Purpose: "coordination", Retention: time.Hour}

// told is a partner's incident as its node sends it.
func told(id byte, epoch uint32, body record.Incident) *record.Record {
	if body.State == "" {
		body.State = incident.Open
	}
	body.Opened = bin(t0)
	return &record.Record{
		Envelope: record.Envelope{
			Version: record.Protocol, Kind: record.KindIncident, ID: record.ID{id, byte(epoch)}, Object: record.ID{id},
			Epoch: epoch, Originator: "jp", Label: label, Time: t0,
		},
		Incident: &body,
	}
}

func bin(at time.Time) record.Bin {
	return record.Bin{Start: at.Truncate(time.Minute), Width: time.Minute}
}

func theirs(id byte) track.PartnerKey {
	return track.PartnerKey{Party: "jp", Object: record.ID{0xF0, id}}
}

// same says that own track n is the partner's object id.
func same(n track.Number, id byte) track.Association {
	return track.Association{Own: n, Partner: theirs(id), Since: t0}
}

func sectorOf(p geo.Point) zone.ID {
	if p.LonDeg < 124 {
		return "gap_c"
	}
	return ""
}
