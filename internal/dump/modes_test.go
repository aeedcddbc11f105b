// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

var overNaha = geo.Point{LatDeg: 26.1958, LonDeg: 127.6459}

// flight returns frames of one aircraft, a second apart.
func flight() [][]byte {
	var frames [][]byte
	add := func(m [14]byte) { frames = append(frames, m[:]) }
	add(modes.EncodeIdentification(0x899001, "KRS1", 0xA3))
	add(modes.EncodeAirbornePosition(0x899001, overNaha, 10000, false))
	add(modes.EncodeAirbornePosition(0x899001, overNaha, 10000, true))
	add(modes.EncodeVelocity(0x899001, 300, 90, -640))
	known, nobody := modes.EncodeIdentityReply(0x899001, 0o7700), modes.EncodeIdentityReply(0x899002, 0o1234)
	return append(frames, known[:], nobody[:])
}

var flightLines = []string{
	`"df":17,"icao":"899001","src":"ads-b","tc":4,"ground":false,"callsign":"KRS1","cat":"A3"}`,
	`"df":17,"icao":"899001","src":"ads-b","tc":11,"alt":10000,"ground":false,"no_position":"no pair","nic":8,"nac_p":8,"sil":2,"rc":185.2}`,
	`"df":17,"icao":"899001","src":"ads-b","tc":11,"alt":10000,"ground":false,"lat":26.195782,"lon":127.645921,"trust":1,"nic":8,"nac_p":8,"sil":2,"rc":185.2}`,
	`"df":17,"icao":"899001","src":"ads-b","tc":19,"ground":false,"gs":300.000,"track":90.00,"baro_rate":-640,"nac_v":0}`,
	`"df":5,"icao":"899001","src":"mode-s","ground":false,"squawk":"7700"}`,
	`"error":"address was not heard in a squitter lately"}`,
}

func TestModeS(t *testing.T) {
	frames := flight()
	var tsv, raw, ticking, stream, marked []byte
	var wantTSV, wantRaw, wantTicking strings.Builder
	for i, f := range frames {
		ms, ticks := 1_780_000_000_000+1000*int64(i), 5_000_000+12_000_000*uint64(i)
		hex := fmt.Sprintf("%X", f)
		tsv = fmt.Appendf(tsv, "%d\t%s\n", ms, hex)
		raw = avr.Append(raw, f)
		ticking = avr.AppendWithTicks(ticking, f, ticks)
		typ := byte(beast.TypeLong)
		if len(f) == 7 {
			typ = beast.TypeShort
		}
		m := beast.Message{Type: typ, Time12MHz: ticks, Data: f}
		stream = beast.Append(stream, m)
		marked = beast.Append(beast.AppendTime(marked, ms), m)
		fmt.Fprintf(&wantTSV, `{"i":%d,"t":%d,"hex":"%s",%s`+"\n", i, ms, hex, flightLines[i])
		fmt.Fprintf(&wantRaw, `{"i":%d,"hex":"%s",%s`+"\n", i, hex, flightLines[i])
		fmt.Fprintf(&wantTicking, `{"i":%d,"ticks":%d,"hex":"%s",%s`+"\n", i, ticks, hex, flightLines[i])
	}
	wantMarked := ""
	for i, f := range frames {
		wantMarked += fmt.Sprintf(`{"i":%d,"t":%d,"ticks":%d,"hex":"%X",%s`+"\n", i, 1_780_000_000_000+1000*int64(i), 5_000_000+12_000_000*uint64(i), f, flightLines[i])
	}
	for name, tt := range map[string]struct {
		format string
		file   []byte
		want   string
	}{
		"tsv":                {"tsv", tsv, wantTSV.String()},
		"avr without a time": {"avr", raw, wantRaw.String()},
		"avr with a counter": {"avr", ticking, wantTicking.String()},
		"beast":              {"beast", stream, wantTicking.String()},
		"beast with marks":   {"beast", marked, wantMarked},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dumped(t, tt.format, dump.Options{}, nil, tt.file)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestModeSRefuses(t *testing.T) {
	all := modes.EncodeAllCall(0x899001)
	for name, tt := range map[string]struct {
		format, file, want string
	}{
		"tsv without a tab":     {"tsv", "\n8D\n", `{"i":0,"off":1,"error":"no milliseconds and tab before the frame"}` + "\n"},
		"tsv with a short line": {"tsv", "1\t8D\n", `{"i":0,"off":0,"error":"frame has neither 14 nor 28 digits"}` + "\n"},
		"tsv with no digits":    {"tsv", "1\t8D4840D6202CCX\n", `{"i":0,"off":0,"error":"no hexadecimal digits"}` + "\n"},
		"a line without end": {
			"tsv", strings.Repeat("x", 200_000) + fmt.Sprintf("\n7\t%X", all),
			`{"i":0,"off":0,"error":"line is too long"}` + "\n" + fmt.Sprintf(`{"i":0,"t":7,"hex":"%X","df":11,"icao":"899001","src":"mode-s","ground":false}`, all) + "\n",
		},
		"avr with heartbeats":  {"avr", "*0000;\r\n*0C14;\r\nfoo\r\n", `{"i":0,"off":16,"error":"line starts with none of * @ <"}` + "\n"},
		"beast that is a text": {"beast", "no beast", `{"i":0,"off":0,"error":"8 bytes outside any message"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dumped(t, tt.format, dump.Options{}, nil, []byte(tt.file))); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHintsOfCommB prints what a reply seems to say under keys of its own.
func TestHintsOfCommB(t *testing.T) {
	const icao = 0x899001
	reply := octets(t, "A8000208C4661370A80000000000") // DF21, register 4,0
	f, err := modes.Parse(reply)
	if err != nil {
		t.Fatal(err)
	}
	parity := uint32(f.ICAO) ^ icao // of the frame alone it is the address that is overlaid
	reply[11], reply[12], reply[13] = byte(parity>>16), byte(parity>>8&0xFF), byte(parity&0xFF)
	squitter := modes.EncodeIdentification(icao, "KRS1", 0xA3)
	lines := strings.Split(dumped(t, "tsv", dump.Options{}, nil, fmt.Appendf(nil, "1\t%X\n2\t%X\n", squitter, reply)), "\n")
	want := `"bds":"4,0","hint_alt_selected":35008,"hint_alt_fms":34000,"hint_qnh":1013.2}`
	if !strings.HasSuffix(lines[1], want) || strings.Contains(lines[0], "hint") {
		t.Errorf("lines %q, want one that ends in %s", lines, want)
	}
}

// TestSurfaceFirst holds that aircraft on the ground at the start of a recording
// are found by one that is airborne only later.
func TestSurfaceFirst(t *testing.T) {
	var file []byte
	ms := int64(1_780_000_000_000)
	add := func(m [14]byte) {
		file = fmt.Appendf(file, "%d\t%X\n", ms, m)
		ms += 500
	}
	for _, odd := range []bool{false, true} {
		add(modes.EncodeSurfacePosition(0x899003, overNaha, 10, 90, odd))
	}
	ms += 600_000
	for i := range 4 {
		add(modes.EncodeAirbornePosition(0x899001, geo.Point{LatDeg: 27, LonDeg: 128}, 10000, i%2 == 1))
	}
	got := dumped(t, "tsv", dump.Options{}, []string{"icao=899003", "lat", "lon", "no_position"}, file)
	want := "{\"no_position\":\"no pair\"}\n{\"lat\":26.195805,\"lon\":127.645895}\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// repeater reads a block over and over.
type repeater struct {
	block []byte
	at    int
	left  int
	peak  uint64
	reads int
}

func (r *repeater) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	if r.reads++; r.reads%64 == 0 {
		var m runtime.MemStats
		runtime.GC() // what other tests left would let garbage pile up
		runtime.ReadMemStats(&m)
		r.peak = max(r.peak, m.HeapAlloc)
	}
	n := copy(b[:min(len(b), r.left)], r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	r.left -= n
	return n, nil
}

// TestFlatMemory streams a long recording of each format of text or frames and
// bounds the heap. A leak of one octet for each ten read would show.
func TestFlatMemory(t *testing.T) {
	const size, bound = 32 << 20, 12 << 20
	for format, block := range longRecordings(t) {
		t.Run(format, func(t *testing.T) {
			d, err := dump.New(format, dump.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			r := &repeater{block: block, left: size}
			out := dump.NewOut(nil, dump.Selection{})
			if err := d.Decode(r, out); err != nil {
				t.Fatal(err)
			}
			lines, refused := out.Counts()
			if grown := int64(r.peak) - int64(before.HeapAlloc); grown > bound {
				t.Errorf("the heap grew by %d MB over %d MB", grown>>20, size>>20)
			}
			if lines < size/2000 || refused > lines/100 {
				t.Errorf("%d records and %d refused", lines, refused)
			}
		})
	}
}

// longRecordings returns a piece of a recording for each format, of 100 senders.
func longRecordings(t testing.TB) map[string][]byte {
	t.Helper()
	blocks := map[string][]byte{}
	report, _ := vessel(t)
	e := event()
	for i := range 100 {
		blocks["sbs"] = append(blocks["sbs"], sbsLine()...)
		blocks["remoteid"] = append(blocks["remoteid"], beaconLine(t)...)
		e.UID = fmt.Appendf(nil, "KRS-%d", i)
		var err error
		if blocks["cot"], err = cot.AppendFrame(blocks["cot"], e); err != nil {
			t.Fatal(err)
		}
		report.MMSI++
		blocks["nmea"] = append(blocks["nmea"], sentences(t, nmea.Header{}, report)...)
		m := modes.EncodeIdentification(modes.ICAO(0x899000+i), "KRS1", 0xA3)
		blocks["beast"] = beast.Append(blocks["beast"], beast.Message{Type: beast.TypeLong, Time12MHz: uint64(i+1) * 12_000, Data: m[:]})
		blocks["avr"] = avr.Append(blocks["avr"], m[:])
		blocks["tsv"] = fmt.Appendf(blocks["tsv"], "%d\t%X\n", 1_780_000_000_000+i, m)
	}
	return blocks
}

// expectedFrame is a line of a consensus.
type expectedFrame struct {
	I    int      `json:"i"`
	T    *int64   `json:"t"`
	Hex  string   `json:"hex"`
	DF   *int     `json:"df"`
	ICAO string   `json:"icao"`
	Lat  *float64 `json:"lat"`
	Lon  *float64 `json:"lon"`
}

// TestCorpusModeS holds the lines against the consensus: frames, addresses and
// all positions, without a word of where the receiver was. The values of the
// other fields are those of package modes, which its own test compares.
func TestCorpusModeS(t *testing.T) {
	for file, consensus := range map[string]string{
		"toulouse.tsv": "toulouse", "toulouse.sync.beast": "toulouse", "ulss7.tsv": "ulss7", "ulss7.beast": "ulss7",
		"twuillemin1.tsv": "twuillemin1", "twuillemin2.tsv": "twuillemin2", "modes1.tsv": "modes1",
	} {
		t.Run(file, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "modes")
			format := strings.TrimPrefix(filepath.Ext(file), ".")
			got := dumped(t, format, dump.Options{}, nil, unpack(t, filepath.Join(dir, file+".gz")))
			lines := strings.Split(strings.TrimSpace(got), "\n")
			var positions, near, i int
			mine, theirs := map[string]bool{}, map[string]bool{}
			for b := range bytes.Lines(unpack(t, filepath.Join(dir, "expected", "consensus-"+consensus+".jsonl.gz"))) {
				var w, g expectedFrame
				if json.Unmarshal(b, &w) != nil || i >= len(lines) || json.Unmarshal([]byte(lines[i]), &g) != nil {
					t.Fatalf("line %d of %d: %s", i, len(lines), b)
				}
				i++
				same := g.I == w.I && g.Hex == w.Hex && g.ICAO == w.ICAO && (g.DF == nil) == (w.DF == nil) && (g.DF == nil || *g.DF == *w.DF)
				if !same || file != "ulss7.beast" && *g.T != *w.T {
					t.Errorf("line %s, want %s", lines[i-1], b)
				}
				mine[g.ICAO], theirs[w.ICAO] = true, true
				if w.Lat != nil {
					positions++
					if g.Lat != nil && math.Hypot(*g.Lat-*w.Lat, (*g.Lon-*w.Lon)*math.Cos(*w.Lat*math.Pi/180))*111195 <= 5 {
						near++
					}
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(theirs)), slices.Sorted(maps.Keys(mine))); diff != "" {
				t.Errorf("aircraft (-want +got):\n%s", diff)
			}
			if len(lines) != i || float64(near) < 0.995*float64(positions) {
				t.Errorf("%d lines, want %d; %d of %d positions within 5 m", len(lines), i, near, positions)
			}
			t.Logf("%d lines, %d of %d positions within 5 m", i, near, positions)
			corpustest.Check(t)
		})
	}
}

func FuzzModeS(f *testing.F) {
	for format, block := range longRecordings(f) {
		f.Add(format, block[:200])
	}
	f.Add("avr", []byte("*8D4840D6202CC371C32CE0576098;0012AB34;...;\n@0123456789AB5D899001000000;\n"))
	f.Add("beast", []byte{0x1A, 0xE8, 1, 2, 3, 4, 5, 6, 0, 0, 0x1A, '2', 0x1A})
	f.Fuzz(func(t *testing.T, format string, b []byte) {
		d, err := dump.New(format, dump.Options{})
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := d.Decode(bytes.NewReader(b), dump.NewOut(&out, dump.Selection{})); err != nil {
			return // no file of the format
		}
		for l := range bytes.Lines(out.Bytes()) {
			if !json.Valid(l) {
				t.Fatalf("line %s", l)
			}
		}
	})
}
