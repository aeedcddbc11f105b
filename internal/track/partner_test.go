// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

func objectID(n byte) record.ID { return record.ID{15: n} }

func key(p party.ID, n byte) track.PartnerKey { return track.PartnerKey{Party: p, Object: objectID(n)} }

// flight is the slow aircraft as a partner tells it: late, in cells and bins,
// and some kilometres beside ours.
type flight struct {
	course geo.Degrees // beside the usual 140°
	bias   geo.Metres  // to the north-east
}

func (f flight) at(sec float64) geo.Point { return straight(start, 140+f.course, 95, sec) }

// body is the bin of a width in seconds that holds a time.
func (f flight) body(sec, width float64) record.Track {
	from := math.Floor(sec/width) * width
	p := geo.Direct(f.at(from+width/2), 45, f.bias)
	const cell = 0.1 // degrees
	return record.Track{
		Domain: "air",
		Cell: record.Cell{
			LatE5: int32(math.Round((math.Floor(p.LatDeg/cell) + 0.5) * cell * 1e5)),
			LonE5: int32(math.Round((math.Floor(p.LonDeg/cell) + 0.5) * cell * 1e5)),
			GridM: 11_000,
		},
		Bin: record.Bin{Start: stamp(from), Width: time.Duration(width) * time.Second},
	}
}

const (
	binWidth = 300.0 // s
	binDelay = 600.0 // s
)

// meeting runs our plots and a partner's bins side by side for an hour and a
// half, and returns the table and when which association stood.
type meeting struct {
	t     *testing.T
	tb    *track.Table
	plots func(sec float64) []plot.Plot
	tell  func(tb *track.Table, at float64, now time.Time) // once a bin, delayed
	check func(bin int, tb *track.Table)
}

func (m *meeting) run() {
	m.tb = track.NewTable(track.DefaultConfig())
	for sec := 0.0; sec < 5400; sec += 6 {
		now := stamp(sec + 1)
		var plots []plot.Plot
		if m.plots != nil {
			plots = m.plots(sec)
		}
		if at := sec - binDelay; at >= 0 && math.Mod(at, binWidth) == 0 {
			m.tell(m.tb, at, now)
		}
		m.tb.Update(plots, nil, now)
		if at := sec - binDelay - 12; m.check != nil && at >= 0 && math.Mod(at, binWidth) == 0 {
			m.check(int(at/binWidth), m.tb)
		}
	}
}

// ours are the plots of our radar-like source for flights.
func ours(flights ...flight) func(float64) []plot.Plot {
	return func(sec float64) []plot.Plot {
		var out []plot.Plot
		for i, f := range flights {
			p := seen(sec, geo.Direct(f.at(sec), 45, f.bias))
			p.Index = i
			out = append(out, p)
		}
		return out
	}
}

func TestAPartnersTrackJoinsAfterThreeBins(t *testing.T) {
	var joined []bool
	m := meeting{t: t, plots: ours(flight{})}
	m.tell = func(tb *track.Table, at float64, now time.Time) {
		f := flight{bias: 9000}
		if at >= 3000 {
			f.bias = 80_000 // now it is something else
		}
		b := f.body(at, binWidth)
		tb.PartnerUpdate("jp", objectID(1), &b, false, now)
	}
	m.check = func(_ int, tb *track.Table) {
		as := tb.Associations()
		joined = append(joined, len(as) == 1 && as[0].Own == 1 && as[0].Partner == key("jp", 1))
	}
	m.run()
	// Bins 0 to 9 agree; 10 to 12 do not.
	want := []bool{false, false, true, true, true, true, true, true, true, true, true, true, false, false, false, false}
	if diff := cmp.Diff(want[:len(joined)], joined); diff != "" {
		t.Errorf("joined differs (-want +got):\n%s", diff)
	}
	if got := m.tb.Partner(); len(got) != 1 || got[0].State != track.Fresh || got[0].Body.Cell.GridM != 11_000 {
		t.Errorf("partner's tracks %+v", got)
	}
	// Beside ours, never averaged with it.
	own, _ := m.tb.Get(1)
	if d, _ := geo.Inverse(own.Pos, flight{}.at(5394)); d > 60 {
		t.Errorf("our track is %.0f m off", d)
	}
}

func TestAssociationRules(t *testing.T) {
	address, other := uint32(0x780001), uint32(0x780002)
	withAddress := func(f func(float64) []plot.Plot) func(float64) []plot.Plot {
		return func(sec float64) []plot.Plot {
			out := f(sec)
			for i := range out {
				out[i].Kind, out[i].Has, out[i].Address = plot.ADSB, out[i].Has|plot.HasAddress, address
			}
			return out
		}
	}
	exercise := func(f func(float64) []plot.Plot) func(float64) []plot.Plot {
		return func(sec float64) []plot.Plot {
			out := f(sec)
			for i := range out {
				out[i].Exercise = true
			}
			return out
		}
	}
	course := func(c uint16) func(*record.Track) {
		return func(b *record.Track) { b.Course, b.SpeedKt = &c, &[]uint16{95}[0] }
	}
	tests := map[string]struct {
		plots  func(float64) []plot.Plot
		tells  []flight // objects of one partner
		change func(*record.Track)
		want   []track.Association
	}{
		"it joins what is near": {
			plots: ours(flight{}), tells: []flight{{bias: 8000}},
			want: []track.Association{{Own: 1, Partner: key("jp", 1)}},
		},
		"it keeps apart what is far": {plots: ours(flight{}), tells: []flight{{bias: 60_000}}},
		"it keeps apart where two of ours are equally near": {
			plots: ours(flight{}, flight{bias: 9000}), tells: []flight{{bias: 4500}},
		},
		"it joins where one of ours is much nearer": {
			plots: ours(flight{}, flight{bias: 50_000}), tells: []flight{{bias: 4500}},
			want: []track.Association{{Own: 1, Partner: key("jp", 1)}},
		},
		"it keeps apart where two of theirs are equally near": {
			plots: ours(flight{}), tells: []flight{{bias: 7000}, {bias: -7000}},
		},
		"it does not take our civil aircraft for one without address": {
			plots: withAddress(ours(flight{})), tells: []flight{{}},
		},
		"it joins the same address": {
			plots: withAddress(ours(flight{})), tells: []flight{{bias: 30_000}},
			change: func(b *record.Track) { b.Address = &address },
			want:   []track.Association{{Own: 1, Partner: key("jp", 1)}},
		},
		"it does not believe the same address far away": {
			plots: withAddress(ours(flight{})), tells: []flight{{bias: 300_000}},
			change: func(b *record.Track) { b.Address = &address },
		},
		"it keeps apart different addresses": {
			plots: withAddress(ours(flight{})), tells: []flight{{}},
			change: func(b *record.Track) { b.Address = &other },
		},
		"it keeps apart a vessel": {
			plots: ours(flight{}), tells: []flight{{}},
			change: func(b *record.Track) { b.Domain = "sea" },
		},
		"it keeps apart live and exercise": {plots: exercise(ours(flight{})), tells: []flight{{}}},
		"it keeps apart opposite courses":  {plots: ours(flight{}), tells: []flight{{}}, change: course(320)},
		"it joins like courses": {
			plots: ours(flight{}), tells: []flight{{}}, change: course(155),
			want: []track.Association{{Own: 1, Partner: key("jp", 1)}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m := meeting{t: t, plots: tc.plots}
			m.tell = func(tb *track.Table, at float64, now time.Time) {
				for i, f := range tc.tells {
					b := f.body(at, binWidth)
					if tc.change != nil {
						tc.change(&b)
					}
					tb.PartnerUpdate("jp", objectID(byte(i+1)), &b, false, now)
				}
			}
			m.run()
			got := m.tb.Associations()
			for i := range got {
				if got[i].Since.IsZero() {
					t.Error("an association has no beginning")
				}
				got[i].Since = time.Time{}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("associations differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAddressThatBecomesKnownParts(t *testing.T) {
	plain := ours(flight{})
	m := meeting{t: t}
	m.plots = func(sec float64) []plot.Plot {
		out := plain(sec)
		if sec >= 3000 {
			for i := range out {
				out[i].Kind, out[i].Has, out[i].Address = plot.ADSB, out[i].Has|plot.HasAddress, 0x780001
			}
		}
		return out
	}
	m.tell = func(tb *track.Table, at float64, now time.Time) {
		b := flight{}.body(at, binWidth)
		tb.PartnerUpdate("jp", objectID(1), &b, false, now)
	}
	m.check = func(bin int, tb *track.Table) {
		at := float64(bin)*binWidth + binDelay // when it was told
		if got, want := len(tb.Associations()) == 1, bin >= 2 && at < 3000; got != want {
			t.Errorf("bin %d: joined is %v, want %v", bin, got, want)
		}
	}
	m.run()
}

func TestThirdPartySeesTwoPartnersTracksAsOne(t *testing.T) {
	m := meeting{t: t}
	m.tell = func(tb *track.Table, at float64, now time.Time) {
		tw, jp, far := flight{}.body(at, binWidth), flight{bias: 9000}.body(at, binWidth), flight{bias: 120_000}.body(at, binWidth)
		tb.PartnerUpdate("tw", objectID(7), &tw, true, now)
		tb.PartnerUpdate("jp", objectID(3), &jp, true, now)
		tb.PartnerUpdate("jp", objectID(4), &far, true, now)
	}
	first := -1
	m.check = func(bin int, tb *track.Table) {
		if len(tb.Associations()) > 0 && first < 0 {
			first = bin
		}
	}
	m.run()
	got := m.tb.Associations()
	if len(got) != 1 || got[0].Own != 0 || got[0].Partner != key("jp", 3) || got[0].Second != key("tw", 7) {
		t.Fatalf("associations %+v", got)
	}
	if first != 2 && first != 1 {
		t.Errorf("joined with bin %d", first)
	}
	want := []track.Object{{Partners: []track.PartnerKey{key("jp", 3), key("tw", 7)}}, {Partners: []track.PartnerKey{key("jp", 4)}}}
	if diff := cmp.Diff(want, m.tb.Objects()); diff != "" {
		t.Errorf("objects differ (-want +got):\n%s", diff)
	}
	m.tb.PartnerForget("jp")
	if len(m.tb.Associations()) != 0 || len(m.tb.Partner()) != 1 {
		t.Errorf("after forgetting jp: %+v", m.tb.Objects())
	}
}

func TestOneObjectHasAllItsSources(t *testing.T) {
	m := meeting{t: t, plots: ours(flight{})}
	m.tell = func(tb *track.Table, at float64, now time.Time) {
		a, b := flight{bias: 5000}.body(at, binWidth), flight{bias: -6000}.body(at, binWidth)
		tb.PartnerUpdate("jp", objectID(1), &a, false, now)
		tb.PartnerUpdate("ph", objectID(2), &b, false, now)
	}
	m.run()
	want := []track.Object{{Own: 1, Partners: []track.PartnerKey{key("jp", 1), key("ph", 2)}}}
	if diff := cmp.Diff(want, m.tb.Objects()); diff != "" {
		t.Errorf("objects differ (-want +got):\n%s", diff)
	}
	for _, a := range m.tb.Associations() {
		if a.Own != 1 || !a.Second.IsZero() {
			t.Errorf("association %+v", a)
		}
	}
}

func TestPartnerTracksAgeAndEnd(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	b := flight{}.body(0, binWidth)
	tb.PartnerUpdate("jp", objectID(1), &b, false, stamp(600))
	old := b
	old.Bin.Start = old.Bin.Start.Add(-time.Hour)
	tb.PartnerUpdate("jp", objectID(1), &old, false, stamp(601))
	tb.PartnerUpdate("jp", objectID(2), nil, false, stamp(601))
	if got := tb.Partner(); len(got) != 1 || !got[0].Body.Bin.Start.Equal(stamp(0)) || tb.Stats().Partner != 2 {
		t.Errorf("tracks %+v, refused %d", got, tb.Stats().Partner)
	}
	state := func(sec float64) track.PartnerState {
		tb.Tick(stamp(sec))
		p, _ := tb.PartnerOf(key("jp", 1))
		return p.State
	}
	if s := state(700); s != track.Fresh {
		t.Errorf("state is %v", s)
	}
	if s := state(600 + 1000); s != track.Stale {
		t.Errorf("state is %v", s)
	}
	b.Ended = true
	tb.PartnerUpdate("jp", objectID(1), &b, false, stamp(1700))
	if s := state(1701); s != track.Ended {
		t.Errorf("state is %v", s)
	}
	if state(1700 + 1900); len(tb.Partner()) != 0 {
		t.Error("an ended track stays for ever")
	}
}

func TestAPartnerCannotFillTheTable(t *testing.T) {
	cfg := track.DefaultConfig()
	cfg.Partner.MaxTracks = 10
	tb := track.NewTable(cfg)
	for i := range 30 {
		b := flight{}.body(0, binWidth)
		tb.PartnerUpdate("jp", objectID(byte(i)), &b, false, stamp(600))
	}
	if n := len(tb.Partner()); n != 10 || tb.Stats().Partner != 20 {
		t.Errorf("%d tracks, %d refused", n, tb.Stats().Partner)
	}
}

// Whatever partners tell, associations stay one track of a party for each of
// ours, and everything stays sorted.
func TestWhateverPartnersTellStaysInOrder(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 9))
		m := meeting{t: t}
		if seed%2 == 0 {
			m.plots = ours(flight{}, flight{course: 20}, flight{course: -60})
		}
		m.tell = func(tb *track.Table, at float64, now time.Time) {
			for i := range 6 {
				b := flight{course: geo.Degrees(rng.IntN(3)*20 - 20), bias: geo.Metres(rng.Float64() * 30_000)}.body(at+float64(rng.IntN(3))*100-200, 100+200*float64(rng.IntN(2)))
				b.Ended = rng.IntN(40) == 0
				tb.PartnerUpdate(party.ID([]string{"jp", "ph"}[i%2]), objectID(byte(i)), &b, false, now)
			}
		}
		m.check = func(_ int, tb *track.Table) {
			type slot struct {
				own track.Number
				of  party.ID
			}
			seen := map[slot]bool{}
			paired := map[[2]track.PartnerKey]bool{}
			for _, a := range tb.Associations() {
				if of := [2]track.PartnerKey{a.Partner, {Party: a.Second.Party}}; a.Own == 0 && paired[of] {
					t.Fatalf("two tracks of %s are %v", a.Second.Party, a.Partner)
				} else {
					paired[of] = true
				}
				if s := (slot{a.Own, a.Partner.Party}); a.Own != 0 && seen[s] {
					t.Fatalf("two tracks of %s are our %d", s.of, s.own)
				} else {
					seen[s] = true
				}
			}
			n := 0
			for _, o := range tb.Objects() {
				n += len(o.Partners)
			}
			if n != len(tb.Partner()) {
				t.Fatalf("%d partners' tracks in objects, want %d", n, len(tb.Partner()))
			}
		}
		m.run()
	}
}

func FuzzPartnerUpdate(f *testing.F) {
	f.Add(int32(2_445_000), int32(12_250_000), uint32(10_000), int64(300), uint16(140), uint16(95), uint32(1), true)
	f.Add(int32(math.MinInt32), int32(math.MaxInt32), uint32(math.MaxUint32), int64(math.MinInt64), uint16(65535), uint16(65535), uint32(0), false)
	f.Fuzz(func(t *testing.T, lat, lon int32, grid uint32, width int64, course, speed uint16, address uint32, known bool) {
		tb := track.NewTable(track.DefaultConfig())
		for i := range 6 {
			b := flight{}.body(float64(i)*binWidth, binWidth)
			tb.PartnerUpdate("ph", objectID(1), &b, false, stamp(float64(i)*binWidth))
			b.Cell, b.Bin.Width = record.Cell{LatE5: lat, LonE5: lon, GridM: grid}, time.Duration(width)
			b.Course, b.SpeedKt = &course, &speed
			if known {
				b.Address = &address
			}
			tb.PartnerUpdate("jp", objectID(2), &b, false, stamp(float64(i)*binWidth))
			tb.Update([]plot.Plot{seen(float64(i)*binWidth+5, flight{}.at(float64(i)*binWidth+5))}, nil, stamp(float64(i)*binWidth+5))
			tb.Tick(stamp(float64(i)*binWidth + 10))
		}
		if n := len(tb.Objects()); n > 8 {
			t.Fatalf("%d objects", n)
		}
		for _, o := range tb.Objects() {
			f, ok := tb.Fuse(o, stamp(6*binWidth))
			if ok && (!f.Pos.Valid() || !f.Cov.Valid()) {
				t.Fatalf("object %v is at %v, known to %v", o, f.Pos, f.Cov)
			}
		}
	})
}
