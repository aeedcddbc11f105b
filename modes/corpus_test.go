// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// timed is a frame and when it was received.
type timed struct {
	at  time.Time
	msg []byte
}

// agreed is what independent decoders agree on for one frame.
type agreed struct {
	I        int      `json:"i"`
	DF       *uint8   `json:"df"`
	ICAO     string   `json:"icao"`
	Lat      *float64 `json:"lat"`
	Lon      *float64 `json:"lon"`
	Alt      *float64 `json:"alt"`
	Squawk   *string  `json:"squawk"`
	Callsign *string  `json:"callsign"`
	GS       *float64 `json:"gs"`
	Track    *float64 `json:"track"`
	TC       *uint8   `json:"tc"`
	Cat      *string  `json:"cat"`
	Ver      *uint8   `json:"ver"`
	NIC      *uint8   `json:"nic"`
	NACp     *uint8   `json:"nac_p"`
	NACv     *uint8   `json:"nac_v"`
	SIL      *uint8   `json:"sil"`
}

// heard is what an aircraft is expected to have sent.
type heard struct {
	N         int            `json:"n"`
	DF        map[string]int `json:"df"`
	First     int64          `json:"t0"`
	Last      int64          `json:"t1"`
	Callsigns []string       `json:"cs"`
	Squawks   []string       `json:"sq"`
	Alt       [2]*float64    `json:"alt"`
}

// take adds a frame to h.
func (h *heard) take(at time.Time, df uint8, callsign, squawk string, alt *float64) {
	if h.N++; h.N == 1 {
		h.DF, h.First, h.Callsigns, h.Squawks = map[string]int{}, at.UnixMilli(), []string{}, []string{}
	}
	h.Last = at.UnixMilli()
	h.DF[strconv.Itoa(int(df))]++
	h.Callsigns, h.Squawks = include(h.Callsigns, callsign), include(h.Squawks, squawk)
	if alt != nil && (h.Alt[0] == nil || *alt < *h.Alt[0]) {
		h.Alt[0] = ptr(*alt)
	}
	if alt != nil && (h.Alt[1] == nil || *alt > *h.Alt[1]) {
		h.Alt[1] = ptr(*alt)
	}
}

// takeReport adds a decoded frame. Heights count where the others agree on one.
func (h *heard) takeReport(r *modes.Report, withAlt bool) {
	var squawk string
	var alt *float64
	if r.Has(modes.FieldSquawk) {
		squawk = r.Squawk.String()
	}
	if withAlt && r.Has(modes.FieldAltitude) {
		alt = ptr(float64(r.Altitude))
	}
	h.take(r.Time, r.DF, r.CallsignText(), squawk, alt)
}

func include(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	list = append(list, s)
	slices.Sort(list)
	return list
}

var toulouse = geo.Point{LatDeg: 43.63, LonDeg: 1.37} // the airport of the recording

func TestCorpus(t *testing.T) {
	// The antenna of toulouse flies along, so there is no range limit; it stands
	// at the airport when surface positions need it. That of ulss7 is near
	// Saint Petersburg and hears airborne positions only.
	recordings := map[string]struct {
		receiver modes.Receiver
		clock    bool // the times are those of receipt, not made up
	}{
		"toulouse":    {modes.Receiver{Pos: toulouse}, true},
		"ulss7":       {clock: true},
		"twuillemin1": {clock: true},
		"twuillemin2": {},
		"modes1":      {},
	}
	for name, rec := range recordings {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "modes")
			cfg := modes.DefaultConfig()
			cfg.Receiver, cfg.HasReceiver = rec.receiver, rec.receiver.Pos != geo.Point{}
			frames := readFrames(t, filepath.Join(dir, name+".tsv.gz"))
			want := readAgreed(t, filepath.Join(dir, "expected", "consensus-"+name+".jsonl.gz"))
			if len(frames) != len(want) {
				t.Fatalf("%d frames, but %d lines of consensus", len(frames), len(want))
			}
			aircraft := map[string]heard{}
			readJSON(t, filepath.Join(dir, "expected", "aircraft-"+name+".json.gz"), &aircraft)
			jumps := checkConsensus(t, cfg, frames, want, aircraft)
			if jumps > 0 && rec.clock {
				t.Errorf("%d positions refused as too fast in a sound recording", jumps)
			}
			corpustest.Check(t)
		})
	}
}

// TestCorpusLandingElsewhere follows the aircraft that carries the antenna of
// toulouse to another airport, 850 km away. Its positions on the surface there
// are ambiguous; a decoder that resolves them by the receiver's place is wrong
// by all of the way.
func TestCorpusLandingElsewhere(t *testing.T) {
	path := filepath.Join(corpustest.Dir(t), "modes", "toulouse.tsv.gz")
	heathrow := geo.Point{LatDeg: 51.477, LonDeg: -0.461}
	d := modes.NewDecoder(modes.Config{HasReceiver: true, Receiver: modes.Receiver{Pos: toulouse}})
	var r modes.Report
	landed := 0
	for _, f := range readFrames(t, path) {
		if d.Decode(f.at, f.msg, &r) != nil || r.ICAO != 0x400f99 || !r.HasPosition || !r.CPR.Surface {
			continue
		}
		if f.at.Unix() < 1717670000 { // before it has left
			if apart(r.Position, toulouse) > 5000 {
				t.Fatalf("at %v on the ground at %v", f.at, r.Position)
			}
			continue
		}
		landed++
		if apart(r.Position, heathrow) > 5000 {
			t.Fatalf("at %v on the ground at %v", f.at, r.Position)
		}
	}
	if landed < 400 {
		t.Errorf("%d positions after the landing, want 400", landed)
	}
	t.Logf("%d surface positions after the landing, all at the airport", landed)
	corpustest.Check(t)
}

// checkConsensus decodes the frames and compares each with what is agreed. It
// returns how many positions were refused as too fast.
func checkConsensus(t *testing.T, cfg modes.Config, frames []timed, want []agreed, aircraft map[string]heard) int {
	t.Helper()
	d := modes.NewDecoder(cfg)
	seen := map[string]heard{}
	held := map[string]uint8{} // the NIC of the last position
	miss := map[string]int{}
	total := map[string]int{}
	var positions, near, jumps int
	var r modes.Report
	for i, f := range frames {
		w := &want[i]
		err := d.Decode(f.at, f.msg, &r)
		if (err == nil) != (w.DF != nil) {
			t.Errorf("frame %d %x: error %v, agreed %v", i, f.msg, err, w.DF != nil)
		}
		if err != nil || w.DF == nil {
			continue
		}
		h := seen[address(&r)]
		h.takeReport(&r, w.Alt != nil)
		seen[address(&r)] = h
		skipCarried(w, &r, held)
		if r.Refusal == modes.RefusedSpeed {
			jumps++
		}
		compareFields(t, w, &r, total, miss)
		if w.Lat != nil {
			positions++
			if r.HasPosition && apart(r.Position, geo.Point{LatDeg: *w.Lat, LonDeg: *w.Lon}) <= 5 {
				near++
			} else if positions-near < 40 {
				t.Logf("frame %d %x: position %v, agreed %v,%v (%v)", i, f.msg, r.Position, *w.Lat, *w.Lon, r.Refusal)
			}
		}
	}
	if diff := cmp.Diff(aircraft, seen); diff != "" {
		t.Errorf("aircraft (-agreed +decoded):\n%s", diff)
	}
	for _, field := range slices.Sorted(maps.Keys(total)) {
		if miss[field] > 0 {
			t.Errorf("%s: %d of %d frames differ", field, miss[field], total[field])
		}
	}
	if positions > 0 && float64(near) < 0.995*float64(positions) {
		t.Errorf("%d of %d positions within 5 m, want 99.5 %%", near, positions)
	}
	t.Logf("%d frames, %d aircraft, %d of %d positions within 5 m", len(frames), len(seen), near, positions)
	return jumps
}

// skipCarried takes out of w what is not of this frame. The others hold the NIC
// of the last position that they found until they find another. And of a coarse
// TIS-B message, which has no type code (DO-260B 2.2.17.3.5), they read one.
func skipCarried(w *agreed, r *modes.Report, held map[string]uint8) {
	if old, ok := held[w.ICAO]; ok && w.NIC != nil && *w.NIC != r.NIC && *w.NIC == old {
		w.NIC = nil
	}
	if r.Has(modes.FieldNIC) && w.NIC != nil {
		held[w.ICAO] = r.NIC
	}
	if r.DF == 18 && r.CF == 3 {
		w.TC, w.NACp, w.SIL = nil, nil, nil
	}
}

func address(r *modes.Report) string {
	if r.NonICAO {
		return fmt.Sprintf("1%s", r.ICAO)
	}
	return r.ICAO.String()
}

func compareFields(t *testing.T, w *agreed, r *modes.Report, total, miss map[string]int) {
	t.Helper()
	check := func(field string, ok bool, got, want any) {
		total[field]++
		if !ok {
			if miss[field]++; miss[field] <= 5 {
				t.Logf("frame %d (DF%d TC%d): %s = %v, agreed %v", w.I, r.DF, r.TC, field, got, want)
			}
		}
	}
	check("df", r.DF == *w.DF, r.DF, *w.DF)
	check("icao", address(r) == w.ICAO, address(r), w.ICAO)
	if w.TC != nil {
		check("tc", r.Has(modes.FieldTC) && r.TC == *w.TC, r.TC, *w.TC)
	}
	if w.Alt != nil {
		check("alt", r.Has(modes.FieldAltitude) && float64(r.Altitude) == *w.Alt, r.Altitude, *w.Alt)
	}
	if w.Squawk != nil {
		check("squawk", r.Has(modes.FieldSquawk) && r.Squawk.String() == *w.Squawk, r.Squawk, *w.Squawk)
	}
	if w.Callsign != nil {
		check("callsign", r.CallsignText() == *w.Callsign, r.CallsignText(), *w.Callsign)
	}
	if w.GS != nil {
		check("gs", r.Has(modes.FieldSpeed) && math.Abs(float64(r.GroundSpeed)-*w.GS) < 0.01, r.GroundSpeed, *w.GS)
	}
	if w.Track != nil {
		diff := float64((r.Track - geo.Degrees(*w.Track)).Norm180())
		check("track", r.Has(modes.FieldTrack) && math.Abs(diff) < 0.06, r.Track, *w.Track)
	}
	if w.Cat != nil {
		cat := fmt.Sprintf("%02X", r.Category)
		check("cat", r.Has(modes.FieldCategory) && cat == *w.Cat, cat, *w.Cat)
	}
	if w.Ver != nil {
		check("ver", r.Has(modes.FieldVersion) && r.Version == *w.Ver, r.Version, *w.Ver)
	}
	if w.NACv != nil {
		check("nac_v", r.Has(modes.FieldNACv) && r.NACv == *w.NACv, r.NACv, *w.NACv)
	}
	if w.NIC != nil {
		check("nic", r.Has(modes.FieldNIC) && r.NIC == *w.NIC, r.NIC, *w.NIC)
	}
	if w.NACp != nil {
		check("nac_p", r.Has(modes.FieldNACp) && r.NACp == *w.NACp, r.NACp, *w.NACp)
	}
	if w.SIL != nil {
		check("sil", r.Has(modes.FieldSIL) && r.SIL == *w.SIL, r.SIL, *w.SIL)
	}
}

// apart is the distance in metres of two positions that are near.
func apart(a, b geo.Point) float64 {
	north := (a.LatDeg - b.LatDeg) * 111195
	east := float64(geo.Degrees(a.LonDeg-b.LonDeg).Norm180()) * 111195 * math.Cos(geo.Degrees(a.LatDeg).Radians())
	return math.Hypot(north, east)
}

func openGzip(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func readFrames(t testing.TB, path string) []timed {
	t.Helper()
	var frames []timed
	lines := bufio.NewScanner(openGzip(t, path))
	for lines.Scan() {
		ms, text, ok := strings.Cut(lines.Text(), "\t")
		n, err := strconv.ParseInt(ms, 10, 64)
		msg, hexErr := hex.DecodeString(text)
		if !ok || err != nil || hexErr != nil {
			t.Fatalf("read %s: line %q", path, lines.Text())
		}
		frames = append(frames, timed{time.UnixMilli(n).UTC(), msg})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return frames
}

func readAgreed(t testing.TB, path string) []agreed {
	t.Helper()
	var all []agreed
	dec := json.NewDecoder(openGzip(t, path))
	for dec.More() {
		var w agreed
		if err := dec.Decode(&w); err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	return all
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	if err := json.NewDecoder(openGzip(t, path)).Decode(v); err != nil {
		t.Fatal(err)
	}
}
