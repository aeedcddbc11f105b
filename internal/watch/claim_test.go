// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// airliner tells its place, far from every zone.
func airliner(n track.Number, lat, lon float64) track.Track {
	return track.Track{
		Number: n, Domain: plot.Air, State: track.Confirmed, FirstSeen: t0, Pos: geo.Point{LatDeg: lat, LonDeg: lon}, SigmaPos: 30,
		HasAddress: true, Address: 0x780000 + uint32(n), Callsign: fmt.Sprint("CAL", n), Sources: 1 << plot.ADSB, HasTrust: true, Trust: 1,
	}
}

func vessel(n track.Number, lat, lon float64) track.Track {
	return track.Track{
		Number: n, Domain: plot.Sea, State: track.Confirmed, FirstSeen: t0, Pos: geo.Point{LatDeg: lat, LonDeg: lon}, SigmaPos: 15,
		HasMMSI: true, MMSI: 416000000 + uint32(n), Sources: 1 << plot.AIS, HasTrust: true, Trust: 1,
	}
}

func doubt(t *track.Track, why mtt.Reasons) {
	t.Flags, t.Trust, t.Reasons = t.Flags|track.Doubted, 0.01, why
}

// watchFor puts tracks before the watch every 5 s until so long after t0. The
// picture is that at each moment; one that is not in it has been dropped.
func (r *rig) watchFor(from, to time.Duration, picture func(at time.Duration) []track.Track) {
	for at := from; at <= to; at += 5 * time.Second {
		now := t0.Add(at)
		r.tb.tracks = make(map[track.Number]track.Track)
		var changes []track.Change
		for _, tr := range picture(at) {
			tr.Time = now
			r.tb.tracks[tr.Number] = tr
			changes = append(changes, track.Change{Number: tr.Number, Kind: track.Updated})
		}
		r.alerts = append(r.alerts, r.w.Observe(now, r.tb, changes)...)
		r.alerts = append(r.alerts, r.w.Tick(now, r.tb, nil, nil)...)
	}
}

func TestDoubtedClaims(t *testing.T) {
	for name, tc := range map[string]struct {
		make  func(track.Number, float64, float64) track.Track
		rule  watch.RuleID
		for_  time.Duration // doubted from a minute on
		until time.Duration
		want  string
	}{
		"an aircraft, 15 s later":            {airliner, watch.DoubtedAircraft, 15 * time.Second, 2 * time.Minute, "+"},
		"no aircraft doubted for a moment":   {airliner, watch.DoubtedAircraft, 10 * time.Second, 10 * time.Minute, ""},
		"until it is believed for 5 min":     {airliner, watch.DoubtedAircraft, time.Minute, 8 * time.Minute, "+-"},
		"no sooner":                          {airliner, watch.DoubtedAircraft, time.Minute, 6*time.Minute + 55*time.Second, "+"},
		"a vessel, 30 s later":               {vessel, watch.DoubtedVessel, 30 * time.Second, 2 * time.Minute, "+"},
		"no vessel doubted for a moment":     {vessel, watch.DoubtedVessel, 25 * time.Second, 15 * time.Minute, ""},
		"until a vessel's fit for 10 min":    {vessel, watch.DoubtedVessel, time.Minute, 13 * time.Minute, "+-"},
		"and no aircraft by rule of the sea": {airliner, watch.DoubtedVessel, 5 * time.Minute, 9 * time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.watchFor(0, tc.until, func(at time.Duration) []track.Track {
				tr := tc.make(3, 21, 117)
				if at >= time.Minute && at <= time.Minute+tc.for_ {
					doubt(&tr, mtt.Unseen)
				}
				return []track.Track{tr}
			})
			r.want(tc.rule, tc.want)
		})
	}
}

func TestDoubtIsARemarkOfItsTrack(t *testing.T) {
	r := newRig(t)
	r.watchFor(0, time.Minute, func(time.Duration) []track.Track {
		tr := airliner(3, 21, 117)
		tr.Exercise = true
		tr.Identity = track.Identity{Standard: "friend", By: "lin"} // nobody's identity holds it back
		doubt(&tr, mtt.Kinematics)
		return []track.Track{tr}
	})
	want := []watch.Alert{{
		Key: watch.Key{Rule: "A19", Track: 3}, At: t0, Raised: t0.Add(15 * time.Second), Priority: 2, Domain: "air",
		Pos: geo.Point{LatDeg: 21, LonDeg: 117}, HasPos: true, Active: true, Originators: []party.ID{"tw"}, Exercise: true,
	}}
	if d := cmp.Diff(want, r.alerts); d != "" {
		t.Errorf("alerts (-want +got):\n%s", d)
	}
}

func TestTentativeAndLostClaimsRaiseNothing(t *testing.T) {
	for _, state := range []track.State{track.Tentative, track.Lost} {
		r := newRig(t)
		r.watchFor(0, 2*time.Minute, func(time.Duration) []track.Track {
			tr := airliner(3, 21, 117)
			tr.State = state
			doubt(&tr, mtt.Unseen)
			return []track.Track{tr}
		})
		r.want(watch.DoubtedAircraft, "")
	}
}

// jammed are aircraft in one area, of which the first so many are disturbed.
func jammed(disturbed int, why mtt.Reasons) []track.Track {
	var list []track.Track
	for i := range 6 {
		tr := airliner(track.Number(i+1), 21.9, 117.1+0.4*float64(i))
		if i < disturbed {
			doubt(&tr, why)
		}
		list = append(list, tr)
	}
	return list
}

func TestADisturbedAreaIsOneAlert(t *testing.T) {
	for name, tc := range map[string]struct {
		why  mtt.Reasons
		n    int
		want string // of A20
		each string // of A19
	}{
		"where accuracies fell":     {mtt.Degraded | mtt.Innovation, 6, "+-", ""},
		"where all err by one":      {mtt.OneError | mtt.Unseen, 3, "+-", ""},
		"of no fewer than three":    {mtt.Degraded, 2, "", "++--"},
		"and not for other reasons": {mtt.Unseen, 6, "", "++++++------"},
		"nor where nobody is wrong": {0, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.watchFor(0, 10*time.Minute, func(at time.Duration) []track.Track {
				n := tc.n
				if at > 2*time.Minute {
					n = 0
				}
				return jammed(n, tc.why)
			})
			r.want(watch.DoubtedArea, tc.want)
			r.want(watch.DoubtedAircraft, tc.each)
		})
	}
}

func TestAnAreaIsNamedAndGoesOn(t *testing.T) {
	r := newRig(t)
	r.watchFor(0, 10*time.Minute, func(at time.Duration) []track.Track {
		list := jammed(6, mtt.Degraded)
		for i := range list {
			list[i].Pos.LonDeg += at.Minutes() / 10 // they fly on, by a degree
			list[i].Exercise = i >= 3               // live and exercise are apart
		}
		return list
	})
	var got []watch.Key
	for _, a := range r.of(watch.DoubtedArea) {
		got = append(got, a.Key)
		if !a.HasPos || a.Pos.LatDeg != 21.5 || a.Exercise != (a.Zone == "N21E118/exercise") {
			t.Errorf("alert %+v", a)
		}
	}
	want := []watch.Key{{Rule: "A20", Zone: "N21E117"}, {Rule: "A20", Zone: "N21E118/exercise"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("areas (-want +got):\n%s", d)
	}
}

func TestAreasApartAreAlertsOfTheirOwn(t *testing.T) {
	r := newRig(t)
	r.watchFor(0, time.Minute, func(time.Duration) []track.Track {
		list := jammed(6, mtt.OneError)
		for i := 3; i < 6; i++ {
			list[i].Pos = geo.Point{LatDeg: -0.5, LonDeg: []float64{179.9, -179.9, -178.5}[i-3]} // one area across the date line
		}
		return list
	})
	var got []watch.Key
	for _, a := range r.of(watch.DoubtedArea) {
		got = append(got, a.Key)
	}
	if d := cmp.Diff([]watch.Key{{Rule: "A20", Zone: "S01W180"}, {Rule: "A20", Zone: "N21E117"}}, got); d != "" {
		t.Errorf("areas (-want +got):\n%s", d)
	}
}

// An aircraft that was doubted alone is one of many once the area is found.
func TestTheAreaStandsForItsAircraft(t *testing.T) {
	r := newRig(t)
	r.watchFor(0, time.Minute, func(at time.Duration) []track.Track {
		if at < 30*time.Second {
			return jammed(1, mtt.Innovation)
		}
		return jammed(4, mtt.Innovation|mtt.OneError)
	})
	r.want(watch.DoubtedAircraft, "+-")
	r.want(watch.DoubtedArea, "+")
	if cleared := r.of(watch.DoubtedAircraft)[1]; cleared.At != t0.Add(30*time.Second) {
		t.Errorf("cleared at %v, want with the area", cleared.At)
	}
}

func TestNamesThatDoNotFit(t *testing.T) {
	share := func(list []track.Track) []track.Track {
		for i := range list {
			list[i].Flags = track.SameAddress
			list[i].Address, list[i].MMSI, list[i].Callsign = list[0].Address, list[0].MMSI, list[0].Callsign
		}
		return list
	}
	minute := func(at time.Duration) bool { return at >= time.Minute }
	for name, tc := range map[string]struct {
		rule    watch.RuleID
		picture func(at time.Duration) []track.Track
		want    []watch.Key
		why     string
	}{
		"one address at two places": {watch.IdentityChange, func(time.Duration) []track.Track {
			return share([]track.Track{airliner(1, 21, 117), airliner(2, 22, 117), airliner(3, 21.01, 117)})
		}, []watch.Key{{Rule: "A10", Track: 3}}, "two-places"},
		"not within 20 nm": {watch.IdentityChange, func(time.Duration) []track.Track {
			return share([]track.Track{airliner(1, 21, 117), airliner(2, 21.3, 117)})
		}, nil, ""},
		"one MMSI at two places": {watch.IdentityConflict, func(time.Duration) []track.Track {
			return share([]track.Track{vessel(1, 21, 117), vessel(2, 21.1, 117)})
		}, []watch.Key{{Rule: "S03", Track: 2}}, "two-places"},
		"not in an exercise and live": {watch.IdentityConflict, func(time.Duration) []track.Track {
			list := share([]track.Track{vessel(1, 21, 117), vessel(2, 21.1, 117)})
			list[1].Exercise = true
			return list
		}, nil, ""},
		"another address on one track": {watch.IdentityChange, func(at time.Duration) []track.Track {
			tr := airliner(1, 21, 117)
			if minute(at) {
				tr.Address = 0x899001
			}
			return []track.Track{tr}
		}, []watch.Key{{Rule: "A10", Track: 1}}, "address"},
		"another callsign": {watch.IdentityChange, func(at time.Duration) []track.Track {
			tr := airliner(1, 21, 117)
			if minute(at) {
				tr.Callsign = "EVA198"
			}
			return []track.Track{tr}
		}, []watch.Key{{Rule: "A10", Track: 1}}, "callsign"},
		"not the first callsign, nor another code": {watch.IdentityChange, func(at time.Duration) []track.Track {
			tr := airliner(1, 21, 117)
			tr.HasModeA, tr.ModeA = true, 0o1234
			if minute(at) {
				tr.ModeA = 0o4321
			} else {
				tr.Callsign, tr.HasAddress, tr.Address = "", false, 0
			}
			return []track.Track{tr}
		}, nil, ""},
		"not a garbled one": {watch.IdentityChange, func(at time.Duration) []track.Track {
			tr := airliner(1, 21, 117)
			if at == time.Minute {
				tr.Callsign = "C?L1"
			}
			return []track.Track{tr}
		}, nil, ""},
		"another MMSI on one track": {watch.IdentityConflict, func(at time.Duration) []track.Track {
			tr := vessel(1, 21, 117)
			if minute(at) {
				tr.MMSI = 677087200
			}
			return []track.Track{tr}
		}, []watch.Key{{Rule: "S03", Track: 1}}, "mmsi"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.watchFor(0, 4*time.Minute, tc.picture)
			var got []watch.Key
			for _, a := range r.alerts {
				got = append(got, a.Key)
				if a.Direction != tc.why || !a.Active {
					t.Errorf("alert %+v, want %q", a, tc.why)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("alerts (-want +got):\n%s", d)
			}
		})
	}
}

// Names that go to and fro are one alert while they do.
func TestAChangeClearsWhenTheNamesStay(t *testing.T) {
	r := newRig(t)
	r.watchFor(0, 26*time.Minute, func(at time.Duration) []track.Track {
		tr := vessel(1, 21, 117)
		if m := at / (5 * time.Minute); m == 1 || m >= 3 {
			tr.MMSI = 677087200
		}
		return []track.Track{tr}
	})
	r.want(watch.IdentityConflict, "+-")
	if got := r.of(watch.IdentityConflict); len(got) == 2 && got[1].At.Sub(t0) < 25*time.Minute {
		t.Errorf("cleared %v after the beginning", got[1].At.Sub(t0))
	}
}

// A watch that was stored and read again goes on as one that was not.
func TestClaimsGoOnAfterASnapshot(t *testing.T) {
	picture := func(at time.Duration) []track.Track {
		list := jammed(3, mtt.Degraded)
		list[5].Callsign = []string{"CAL6", "EVA6"}[min(1, at/(50*time.Second))]
		doubt(&list[4], mtt.Horizon)
		return list
	}
	whole, first := newRig(t), newRig(t)
	whole.watchFor(0, 15*time.Minute, picture)
	first.watchFor(0, 60*time.Second, picture)
	b, err := json.Marshal(first.w.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s watch.Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	second := newRig(t)
	second.w.Restore(s)
	second.watchFor(65*time.Second, 15*time.Minute, picture)
	if d := cmp.Diff(whole.alerts, append(first.alerts, second.alerts...)); d != "" || len(whole.alerts) != 4 {
		t.Errorf("%d alerts, want 4 (-whole +stored):\n%s", len(whole.alerts), d)
	}
}
