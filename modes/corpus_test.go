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
			aircraft := map[string]json.RawMessage{}
			readJSON(t, filepath.Join(dir, "expected", "aircraft-"+name+".json.gz"), &aircraft)
			jumps := checkConsensus(t, cfg, frames, want, slices.Sorted(maps.Keys(aircraft)))
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
func checkConsensus(t *testing.T, cfg modes.Config, frames []timed, want []agreed, aircraft []string) int {
	t.Helper()
	d := modes.NewDecoder(cfg)
	seen := map[string]bool{}
	miss := map[string]int{}
	total := map[string]int{}
	var positions, near, refused, jumps int
	var r modes.Report
	for i, f := range frames {
		w := &want[i]
		err := d.Decode(f.at, f.msg, &r)
		if (err == nil) != (w.DF != nil) {
			refused++
			t.Logf("frame %d %x: error %v, agreed %v", i, f.msg, err, w.DF != nil)
		}
		if err != nil || w.DF == nil {
			if err == nil {
				seen[address(&r)] = true
			}
			continue
		}
		seen[address(&r)] = true
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
	if diff := cmp.Diff(aircraft, slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("set of aircraft (-agreed +decoded):\n%s", diff)
	}
	for _, field := range slices.Sorted(maps.Keys(total)) {
		allowed := 0
		if field == "nic" { // the others carry it over from frame to frame
			allowed = total[field] / 20
		}
		if miss[field] > allowed {
			t.Errorf("%s: %d of %d frames differ", field, miss[field], total[field])
		}
	}
	// The others believe an address for 60 to 120 s, we for 60 s: the one frame
	// of toulouse in between is noise that claims 95,100 ft.
	if refused > len(frames)/20000 {
		t.Errorf("%d of %d frames admitted or refused against the consensus", refused, len(frames))
	}
	if positions > 0 && float64(near) < 0.99*float64(positions) {
		t.Errorf("%d of %d positions within 5 m, want 99 %%", near, positions)
	}
	t.Logf("%d frames, %d aircraft, %d of %d positions within 5 m", len(frames), len(seen), near, positions)
	return jumps
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
	if w.TC != nil && r.Has(modes.FieldTC) {
		check("tc", r.TC == *w.TC, r.TC, *w.TC)
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
	if w.NACp != nil && r.Has(modes.FieldNACp) {
		check("nac_p", r.NACp == *w.NACp, r.NACp, *w.NACp)
	}
	if w.SIL != nil && r.Has(modes.FieldSIL) {
		check("sil", r.SIL == *w.SIL, r.SIL, *w.SIL)
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
