// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package policies_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// floor is a local picture of one aircraft, one ship and one incident about the
// aircraft, all in the gap, with everything known that can be.
type floor struct {
	tracks []track.Track
	cases  []release.Case
}

func (f *floor) All(dst []track.Track) []track.Track { return append(dst, f.tracks...) }

func (f *floor) At(n track.Number, _ time.Time) (geo.Point, bool) {
	return f.tracks[n-1].Pos, true
}

type gapOnly struct{}

func (gapOnly) At(_ geo.Point, dst []zone.ID) []zone.ID { return append(dst, "gap_c") }

// noon is when the picture begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newFloor(self party.ID) *floor {
	aircraft := track.Track{
		Number: 1, Domain: plot.Air, State: track.Confirmed, FirstSeen: noon.Add(-time.Hour), Time: noon,
		Pos: geo.Point{LatDeg: 24.1234, LonDeg: 122.5678}, HasHeight: true, Height: 9512, Sources: 1 << plot.Radar,
		HasAddress: true, Address: 0xF0010C, Callsign: "EXR901",
	}
	aircraft.Identity.Standard, aircraft.Identity.Type = "suspect", "BZK-005"
	ship := track.Track{
		Number: 2, Domain: plot.Sea, State: track.Confirmed, FirstSeen: noon.Add(-time.Hour), Time: noon,
		Pos: geo.Point{LatDeg: 24.2345, LonDeg: 122.6789}, Sources: 1<<plot.Radar | 1<<plot.AIS, HasMMSI: true, MMSI: 416999103, Name: "HAI FENG 7",
	}
	ship.Identity.Standard = "unknown"
	return &floor{
		tracks: []track.Track{aircraft, ship},
		cases: []release.Case{{
			Number: 5, Opened: noon.Add(10 * time.Second), Sector: "gap_c", Domain: plot.Air, Sources: 1 << plot.Radar, Tracks: []track.Number{1},
			Events: []release.CaseEvent{{
				Rule: "A06", Zone: "gap_c", ZoneVersion: "v1", Direction: "in", At: noon.Add(10 * time.Second), Entered: noon.Add(10 * time.Second),
				Originators: []party.ID{self},
			}},
			Identity: &release.CaseIdentity{Identity: record.Identity{Standard: "suspect", Type: "BZK-005"}, At: noon.Add(10 * time.Second), ByPerson: true, By: "wang"},
		}},
	}
}

func ids(to party.ID, kind record.Kind, number uint64) (id record.ID) {
	copy(id[:], to)
	id[14], id[15] = byte(kind)+1, byte(number)+1
	return id
}

// told runs a shipped policy over a floor and returns the last record of each
// object and when it left.
func told(t *testing.T, name string, self, to party.ID, f *floor, long, tick time.Duration) (map[record.ID]record.Record, map[record.ID]time.Time) {
	t.Helper()
	list, _ := shipped(t)
	d := release.NewDesk(release.Config{Self: self, Partners: []party.ID{to}, IDs: ids})
	d.SetPolicy(list[name])
	src := release.Sources{Tracks: f, Zones: gapOnly{}, Cases: f.cases}
	last, when := make(map[record.ID]record.Record), make(map[record.ID]time.Time)
	for s := tick; s <= long; s += tick {
		d.Observe(noon.Add(s), src)
		sealed, _ := d.Due(noon.Add(s), src)
		for _, x := range sealed {
			r, err := record.Decode(x.Plain())
			if err != nil {
				t.Fatal(err)
			}
			if _, again := last[r.Object]; !again {
				when[r.Object] = noon.Add(s)
			}
			last[r.Object] = *r
		}
	}
	return last, when
}

// differ compares a record's body and label with what is wanted.
func differ(t *testing.T, got record.Record, want record.Record) {
	t.Helper()
	got.Envelope, want.Envelope = record.Envelope{Label: got.Label}, record.Envelope{Label: want.Label}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func label(policy, classification, purpose string, retention time.Duration) record.Envelope {
	return record.Envelope{Label: record.Label{Policy: policy, Classification: classification, Purpose: purpose, Retention: retention}}
}

func ptr[T any](v T) *T { return &v }

func TestNationalBulletinTellsAreaWindowClassCountAndDistance(t *testing.T) {
	got, when := told(t, "national-bulletin", "tw", "jp", newFloor("tw"), 24*time.Hour, time.Minute)
	inc := ids("jp", record.KindIncident, 5)
	if len(got) != 1 || !when[inc].Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("%d objects were told, at %v, want the incident at midnight", len(got), when)
	}
	hour := record.Bin{Start: noon, Width: time.Hour}
	differ(t, got[inc], record.Record{
		Envelope: label("national-bulletin", "public", "daily-record", 8760*time.Hour),
		Incident: &record.Incident{
			State: "open", Opened: hour, Last: &hour, Sector: "gap_c", Domain: "air", Count: ptr(uint16(1)),
			Identity: &record.Identity{Standard: "suspect", Type: "BZK-005"},
			Near:     &record.Near{Place: "Hualien", Bearing: ptr(uint16(90)), DistanceM: 5 * 18_520},
		},
	})
}

func TestJointStaffTellsTheNextDay(t *testing.T) {
	got, when := told(t, "joint-staff", "jp", "tw", newFloor("jp"), 26*time.Hour, time.Minute)
	air := ids("tw", record.KindTrack, 1)
	if _, ship := got[ids("tw", record.KindTrack, 2)]; ship || when[air].Sub(noon) < 24*time.Hour {
		t.Fatalf("told %d objects, the aircraft at %v; want it a day later and no unknown ship", len(got), when[air])
	}
	differ(t, got[air], record.Record{
		Envelope: label("joint-staff", "public", "daily-record", 8760*time.Hour),
		Track: &record.Track{
			Domain: "air", Cell: record.Cell{LatE5: 24_09062, LonE5: 122_56057, GridM: 10_000}, Bin: got[air].Track.Bin,
			Identity: &record.Identity{Standard: "suspect", Type: "BZK-005"},
			Near:     &record.Near{Place: "Yonaguni-jima", Bearing: ptr(uint16(225)), DistanceM: 60_000},
		},
	})
	if b := got[air].Track.Bin; b.Width != time.Hour || b.Start.Minute() != 0 {
		t.Errorf("bin %+v, want a whole hour", b)
	}
}

func TestCoastGuardTellsShipsInFullAndNoSensor(t *testing.T) {
	f := newFloor("tw")
	got, when := told(t, "coast-guard", "tw", "jp", f, 3*time.Minute, time.Second)
	ship := ids("jp", record.KindTrack, 2)
	if len(got) != 1 || when[ship].Sub(noon) > 20*time.Second {
		t.Fatalf("told %d objects, the ship at %v; want the ship alone, within 20 s", len(got), when[ship])
	}
	cell := got[ship].Track.Cell
	differ(t, got[ship], record.Record{
		Envelope: label("coast-guard", "releasable", "coast-guard", 720*time.Hour),
		Track: &record.Track{
			Domain: "sea", Cell: cell, Bin: got[ship].Track.Bin, Identity: &record.Identity{Standard: "unknown"},
			MMSI: ptr(uint32(416999103)), Name: "HAI FENG 7",
		},
	})
	if d, _ := geo.Inverse(f.tracks[1].Pos, geo.Point{LatDeg: float64(cell.LatE5) / 1e5, LonDeg: float64(cell.LonE5) / 1e5}); d > 8 {
		t.Errorf("the ship is told %.1f m from where it is", float64(d))
	}
}

func TestGapAirTellsFiveKilometresAndAMinute(t *testing.T) {
	got, when := told(t, "gap-air", "tw", "jp", newFloor("tw"), 5*time.Minute, time.Second)
	air := ids("jp", record.KindTrack, 1)
	if _, ship := got[ids("jp", record.KindTrack, 2)]; ship || when[air].Sub(noon) < time.Minute {
		t.Fatalf("told %d objects, the aircraft at %v", len(got), when[air])
	}
	differ(t, got[air], record.Record{
		Envelope: label("gap-air", "releasable", "gap-coordination", 720*time.Hour),
		Track: &record.Track{
			Domain: "air", Cell: record.Cell{LatE5: 24_11323, LonE5: 122_54370, GridM: 5000}, Bin: got[air].Track.Bin,
			Height: &record.Band{BaseFt: 9000, SizeFt: 1000}, Identity: &record.Identity{Standard: "suspect", Type: "BZK-005"},
		},
	})
	minute := record.Bin{Start: noon, Width: time.Minute}
	differ(t, got[ids("jp", record.KindIncident, 5)], record.Record{
		Envelope: label("gap-air", "releasable", "gap-coordination", 720*time.Hour),
		Incident: &record.Incident{
			State: "open", Opened: minute, Sector: "gap_c", Domain: "air", Count: ptr(uint16(1)), Tracks: []record.ID{air},
			Identity: &record.Identity{Standard: "suspect", Type: "BZK-005"},
			Events:   []record.Event{{Rule: "A06", Zone: "gap_c", ZoneVersion: "v1", Direction: "in", Bin: minute}},
		},
	})
}

// TestSearchAndRescueTellsTheCaseAndNothingElse makes the ship's incident a
// distress case; the aircraft's is none.
func TestSearchAndRescueTellsTheCaseAndNothingElse(t *testing.T) {
	f := newFloor("tw")
	rescue := f.cases[0]
	rescue.Number, rescue.Domain, rescue.Tracks, rescue.Danger, rescue.Identity = 6, plot.Sea, []track.Number{2}, []party.ID{"tw"}, nil
	rescue.Events = []release.CaseEvent{{Rule: "report", At: noon, Entered: noon, Originators: []party.ID{"tw"}}}
	f.cases = append(f.cases, rescue)
	got, _ := told(t, "search-and-rescue", "tw", "jp", f, time.Minute, time.Second)
	ship, inc := ids("jp", record.KindTrack, 2), ids("jp", record.KindIncident, 6)
	if len(got) != 2 || got[ship].Track == nil || got[inc].Incident == nil {
		t.Fatalf("told %d objects, want the ship and its case", len(got))
	}
	second := record.Bin{Start: noon, Width: time.Second}
	differ(t, got[inc], record.Record{
		Envelope: label("search-and-rescue", "releasable", "safety-of-life", 720*time.Hour),
		Incident: &record.Incident{
			State: "open", Opened: second, Last: &second, Sector: "gap_c", Domain: "sea", Count: ptr(uint16(1)), Tracks: []record.ID{ship},
			Events: []record.Event{{Rule: "report", Bin: second}},
		},
	})
	if c := got[ship].Track; c.Cell.GridM != 10 || c.Name != "HAI FENG 7" || c.MMSI == nil {
		t.Errorf("ship = %+v, want all of it", c)
	}
}

func TestDistressTellsNothingButDistress(t *testing.T) {
	f := newFloor("tw")
	f.cases[0].Danger = []party.ID{"tw"}
	if got, _ := told(t, "distress", "tw", "jp", f, 10*time.Minute, time.Second); len(got) != 0 {
		t.Fatalf("%d objects were told", len(got))
	}
	list, _ := shipped(t)
	if leaves, _ := list["distress"].Distress(); !leaves {
		t.Fatal("the shipped policy holds distress back")
	}
	d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"jp"}, IDs: ids})
	d.SetPolicy(list["distress"])
	said := record.Record{Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "fire", Contact: "ch 16"}}
	if err := d.Say("jp", record.KindDistress, 1, said, release.Facts{}, noon); err != nil {
		t.Fatal(err)
	}
	sealed, _ := d.Due(noon, release.Sources{})
	if len(sealed) != 1 {
		t.Fatalf("%d records left, want the distress", len(sealed))
	}
	r, err := record.Decode(sealed[0].Plain())
	if err != nil {
		t.Fatal(err)
	}
	differ(t, *r, record.Record{
		Envelope: label("kuroshio", "distress", "safety-of-life", 720*time.Hour),
		Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "fire", Contact: "ch 16"},
	})
}
