// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/modes"
)

var takeoff = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// register builds the 56 bits of a register: groups of a value and its width.
func register(t testing.TB, groups ...[2]int) (mb [7]byte) {
	t.Helper()
	at := 0
	for _, g := range groups {
		for i := g[1] - 1; i >= 0; i-- {
			if g[0]>>i&1 != 0 {
				mb[at/8] |= 0x80 >> (at % 8)
			}
			at++
		}
	}
	if at != 56 {
		t.Fatalf("register of %d bits", at)
	}
	return mb
}

// commB makes a Comm-B reply of own: DF20 at 34,000 ft, or DF21.
func commB(df byte, mb [7]byte) []byte {
	const n = (34000 + 1000) / 25 // Annex 10 volume IV, 3.1.2.6.5.4: the Q bit between them
	code := n>>5<<7 | n>>4&1<<5 | 1<<4 | n&15
	return long(uint32(own), append([]byte{df << 3, 0, byte(code >> 8), byte(code & 0xFF)}, mb[:]...)...)
}

// flying is a decoder that knows own at 420 kt on a track of 90 degrees.
func flying(t testing.TB) *modes.Decoder {
	t.Helper()
	d := modes.NewDecoder(modes.DefaultConfig())
	var r modes.Report
	for _, m := range [][14]byte{modes.EncodeVelocity(own, 420, 90, 0), modes.EncodeAirbornePosition(own, naha, 34000, false)} {
		if err := d.Decode(takeoff, m[:], &r); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// The registers of an aircraft that flies as flying says.
func registers(t testing.TB) map[uint8][7]byte {
	t.Helper()
	return map[uint8][7]byte{
		0x10: register(t, [2]int{0x10, 8}, [2]int{0, 6}, [2]int{1, 1}, [2]int{0, 1}, [2]int{5, 7}, [2]int{0, 33}),
		0x17: register(t, [2]int{0xFA, 8}, [2]int{0x81, 8}, [2]int{0xC1, 8}, [2]int{0, 32}),
		0x20: {0x20, 0x2C, 0xC3, 0x71, 0xC3, 0x2C, 0xE0},
		0x30: register(t, [2]int{0x30, 8}, [2]int{0x40, 7}, [2]int{0, 13}, [2]int{1, 2}, [2]int{0x899123, 24}, [2]int{0, 2}),
		0x40: register(t, [2]int{1, 1}, [2]int{2188, 12}, [2]int{1, 1}, [2]int{2125, 12}, [2]int{1, 1}, [2]int{2132, 12}, [2]int{0, 17}),
		0x44: register(t, [2]int{1, 4}, [2]int{1, 1}, [2]int{85, 9}, [2]int{384, 9}, [2]int{1, 1}, [2]int{1024 - 210, 10}, [2]int{0, 22}),
		0x50: register(t, [2]int{1, 1}, [2]int{1024 - 32, 10}, [2]int{1, 1}, [2]int{512, 11}, [2]int{1, 1}, [2]int{211, 10}, [2]int{1, 1}, [2]int{1024 - 16, 10}, [2]int{1, 1}, [2]int{220, 10}),
		0x60: register(t, [2]int{1, 1}, [2]int{483, 11}, [2]int{1, 1}, [2]int{262, 10}, [2]int{1, 1}, [2]int{190, 10}, [2]int{1, 1}, [2]int{1024 - 20, 10}, [2]int{1, 1}, [2]int{1024 - 18, 10}),
	}
}

func TestHints(t *testing.T) {
	want := map[uint8]modes.Hint{
		0x10: {}, 0x17: {}, 0x20: {}, 0x30: {},
		0x40: {Has: modes.HintSelectedAltitude | modes.HintFMSAltitude | modes.HintPressure, SelectedAltitude: 35008, FMSAltitude: 34000, PressureHPa: 1013.2},
		0x44: {Has: modes.HintWind | modes.HintTemperature, WindSpeed: 85, WindFrom: 270, TemperatureC: -52.5},
		0x50: {
			Has:  modes.HintRoll | modes.HintTrack | modes.HintGroundSpeed | modes.HintTrackRate | modes.HintTAS,
			Roll: -5.625, Track: 90, GroundSpeed: 422, TrackRate: -0.5, TAS: 440,
		},
		0x60: {
			Has:     modes.HintHeading | modes.HintIAS | modes.HintMach | modes.HintBaroRate | modes.HintInertialRate,
			Heading: 84.90234375, IAS: 262, Mach: 0.76, BaroRate: -640, InertialRate: -576,
		},
	}
	var r modes.Report
	for reg, mb := range registers(t) {
		w := want[reg]
		w.Register = reg
		if err := flying(t).Decode(takeoff.Add(time.Second), commB(20, mb), &r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, r.Hint, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("register %02X (-want +got):\n%s", reg, diff)
		}
		if r.HasPosition || r.Has(modes.FieldSpeed) || r.Has(modes.FieldTrack) || r.Has(modes.FieldIAS) || r.Has(modes.FieldVerticalRate) {
			t.Errorf("register %02X: a hint became a report: %+v", reg, r)
		}
	}
}

// TestHintsNeedAReason makes no guess of what two registers could be, of what
// does not fit the aircraft, and where nothing is known of it.
func TestHintsNeedAReason(t *testing.T) {
	all := registers(t)
	with := func(reg uint8, bit int) [7]byte {
		mb := all[reg]
		mb[(bit-1)/8] ^= 0x80 >> ((bit - 1) % 8)
		return mb
	}
	var r modes.Report
	for name, tt := range map[string]struct {
		mb   [7]byte
		late time.Duration
	}{
		"nothing in it":                    {[7]byte{}, time.Second},
		"a reserved bit":                   {with(0x40, 44), time.Second},
		"another reserved bit":             {with(0x40, 52), time.Second},
		"what is 1,7 as well as 4,0":       {register(t, [2]int{1, 1}, [2]int{64, 12}, [2]int{0, 43}), time.Second},
		"a value without its status":       {with(0x40, 1), time.Second},
		"a height that none flies at":      {with(0x40, 3), time.Second}, // 51,392 ft
		"a speed of another":               {with(0x50, 25), time.Second},
		"a track of another":               {with(0x50, 13), time.Second},
		"a Mach number that fits no speed": {with(0x60, 29), time.Second},
		"a temperature of the ground":      {with(0x44, 24), time.Second},
		"a threat that none tells":         {with(0x30, 29), time.Second},
		"a version that has no overlay":    {with(0x10, 21), time.Second},
		"a capability of all but one":      {with(0x17, 7), time.Second},
		"a speed that is long known":       {all[0x50], time.Minute},
	} {
		if err := flying(t).Decode(takeoff.Add(tt.late), commB(20, tt.mb), &r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(modes.Hint{}, r.Hint); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	d := modes.NewDecoder(modes.DefaultConfig())
	if err := d.Decode(takeoff, commB(20, all[0x40]), &r); err == nil || r.Hint != (modes.Hint{}) {
		t.Errorf("a reply of nobody who was heard: %+v, %v", r.Hint, err)
	}
}

// TestHintsOfNoise counts how often random replies of an aircraft that is known
// look like a register.
func TestHintsOfNoise(t *testing.T) {
	const n = 300_000
	rng := rand.New(rand.NewPCG(20, 21))
	d := flying(t)
	var r modes.Report
	got := make(map[string]int)
	all := 0
	for range n {
		var mb [7]byte
		for i := range mb {
			mb[i] = byte(rng.Uint32())
		}
		if err := d.Decode(takeoff.Add(time.Second), commB(20, mb), &r); err != nil {
			t.Fatal(err)
		}
		if r.Hint.Register != 0 {
			got[fmt.Sprintf("%02X", r.Hint.Register)]++
			all++
		}
	}
	t.Logf("%d of %d random replies are guessed: %v", all, n, got)
	if all > n/2000 {
		t.Errorf("%d of %d random replies are guessed, want at most one in 2000: %v", all, n, got)
	}
}

// TestHintsOfARecording holds the guesses of a recording against those of another
// decoder, and speeds and tracks against the squitters of the same aircraft.
func TestHintsOfARecording(t *testing.T) {
	path := filepath.Join(corpustest.Dir(t), "modes", "expected", "consensus-toulouse.jsonl.gz")
	d := modes.NewDecoder(modes.DefaultConfig())
	var r, before modes.Report
	squitters := make(map[modes.ICAO]modes.Report)
	pairs := make(map[string]int)
	replies, guessed, shared, other := 0, 0, 0, 0
	var speeds, tracks []float64
	lines := bufio.NewScanner(openGzip(t, path))
	for lines.Scan() {
		var w struct {
			T   int64  `json:"t"`
			Hex string `json:"hex"`
			BDS string `json:"bds_pm"`
		}
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(w.Hex)
		if err != nil {
			t.Fatal(err)
		}
		if d.Decode(time.UnixMilli(w.T), b, &r) != nil {
			continue
		}
		if r.DF == 17 && r.Has(modes.FieldSpeed|modes.FieldTrack) {
			squitters[r.ICAO] = r
		}
		if r.DF != 20 && r.DF != 21 {
			continue
		}
		replies++
		ours := "-"
		if g := r.Hint.Register; g != 0 {
			guessed++
			ours = fmt.Sprintf("%d,%d", g>>4, g&15)
		}
		if ours != "-" && w.BDS != "" {
			shared++
			if ours != w.BDS {
				other++
			}
		}
		pairs[ours+" "+w.BDS]++
		before = squitters[r.ICAO]
		if h := &r.Hint; !before.Time.IsZero() && r.Time.Sub(before.Time) < 2*time.Second && h.Known(modes.HintGroundSpeed|modes.HintTrack) {
			speeds = append(speeds, math.Abs(float64(h.GroundSpeed-before.GroundSpeed)))
			tracks = append(tracks, math.Abs(math.Remainder(float64(h.Track-before.Track), 360)))
		}
	}
	slices.Sort(speeds)
	slices.Sort(tracks)
	at := func(list []float64, q float64) float64 { return list[int(q*float64(len(list)-1))] }
	t.Logf("%d replies, %d guessed, %d that another decoder guessed too, %d of them otherwise: %v", replies, guessed, shared, other, pairs)
	t.Logf("%d with a squitter within 2 s: ground speed off by %.1f kt (median), %.1f (99 %%); track by %.2f and %.2f degrees", len(speeds),
		at(speeds, 0.5), at(speeds, 0.99), at(tracks, 0.5), at(tracks, 0.99))
	if guessed < replies*8/10 || other > shared/500 || at(speeds, 0.99) > 10 || at(tracks, 0.99) > 5 {
		t.Errorf("%d of %d guessed, %d of %d otherwise", guessed, replies, other, shared)
	}
	corpustest.Check(t)
}

// FuzzHints guesses of any reply: a guess is of a register that there is, its
// values are finite, and nothing but a hint comes of it.
func FuzzHints(f *testing.F) {
	for _, mb := range registers(f) {
		f.Add(mb[:], true)
	}
	known := []uint8{0, 0x10, 0x17, 0x20, 0x30, 0x40, 0x44, 0x50, 0x60}
	f.Fuzz(func(t *testing.T, data []byte, height bool) {
		var mb [7]byte
		copy(mb[:], data)
		df := byte(21)
		if height {
			df = 20
		}
		var r modes.Report
		if err := flying(t).Decode(takeoff.Add(time.Second), commB(df, mb), &r); err != nil {
			t.Fatal(err)
		}
		h := &r.Hint
		for _, v := range []float64{float64(h.Roll), float64(h.Track), h.TrackRate, float64(h.TAS), float64(h.IAS), h.Mach, h.TemperatureC, h.PressureHPa} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("hint %+v", h)
			}
		}
		if !slices.Contains(known, h.Register) || h.Register == 0 && *h != (modes.Hint{}) || r.HasPosition || r.Has(modes.FieldSpeed) {
			t.Errorf("report %+v", r)
		}
	})
}
