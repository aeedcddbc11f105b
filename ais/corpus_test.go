// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// expected holds the fields on which independent decoders agree, for one
// message; a nil field was not agreed on.
type expected struct {
	I        int
	Type     *int
	MMSI     *uint32
	Lat      *float64
	Lon      *float64
	SOG      *float64
	COG      *float64
	Hdg      *float64
	Sec      *float64
	Acc      *float64
	RAIM     *float64
	Status   *float64
	Turn     *float64
	Name     *string
	Callsign *string
	IMO      *float64
	ShipType *float64
	Dest     *string
	Draught  *float64
	Bow      *float64
	Stern    *float64
}

func TestCorpusFields(t *testing.T) {
	sets := map[string]struct{ messages, fields int }{ // the least that must be compared
		"zenju_japan":      {1100, 12000},
		"aislib_stream":    {3000, 25000},
		"goais":            {600, 6000},
		"gpsd_sample":      {20, 200},
		"libais_tagblock":  {3, 20},
		"libais_types":     {8, 80},
		"noaadata2006":     {700, 8000},
		"risky_amsa":       {25000, 280000},
		"risky_exactearth": {2500, 25000}, "risky_exactearth2": {800, 8000}, "risky_exactearth3": {2500, 25000},
	}
	for name, least := range sets {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "ais")
			want := readJSON[expected](t, filepath.Join(dir, "expected", "ais_consensus-"+name+".jsonl.gz"))
			var c comparer
			var x ais.Extra
			for i, in := range readJSON[struct{ NMEA []string }](t, filepath.Join(dir, name+".jsonl.gz")) {
				if want[i].I != i {
					t.Fatalf("expected message %d stands at %d", want[i].I, i)
				}
				var m ais.Message
				err := decodeLines(t, in.NMEA, &m, &x)
				c.message(t, &m, err, &want[i])
			}
			t.Logf("%d messages, %d fields equal, %d otherwise, %d messages refused", c.messages, c.fields-len(c.otherwise), len(c.otherwise), c.refused)
			if diff := cmp.Diff(otherwise[name], c.otherwise); diff != "" {
				t.Errorf("what is not as others have it (-want +got):\n%s", diff)
			}
			if c.messages < least.messages || c.fields < least.fields {
				t.Errorf("compared %d messages and %d fields, want at least %d and %d", c.messages, c.fields, least.messages, least.fields)
			}
			corpustest.Check(t)
		})
	}
}

// otherwise lists, by number of the message and field, all that is not as the
// consensus of other decoders has it; the reasons stand with [ais.Text.String]
// and [ais.PartA].
var otherwise = map[string][]string{
	"noaadata2006": {"693 dest"},
	"risky_amsa": {
		"813 name", "12980 callsign", "15116 name", "15574 name", "21081 name", "21732 name", "22233 name", "22233 dest", "25360 dest",
	},
	"risky_exactearth": {
		"985 callsign", "1011 dest", "1349 callsign", "1435 dest", "2160 dest", "2683 name", "2915 dest", "3230 name", "3673 dest", "3777 dest",
		"3799 dest",
	},
	"risky_exactearth2": {"1119 part"},
	"risky_exactearth3": {"2281 part", "4291 part"},
}

func decodeLines(t *testing.T, lines []string, m *ais.Message, x *ais.Extra) error {
	t.Helper()
	var a nmea.Assembler
	for _, line := range lines {
		var s nmea.Sentence
		if err := nmea.Parse([]byte(line), &s); err != nil {
			t.Fatalf("Parse(%q): %v", line, err)
		}
		payload, fill, complete, err := a.Push(time.Unix(0, 0), "test", &s)
		if err != nil {
			t.Fatalf("Push(%q): %v", line, err)
		}
		if complete {
			err := ais.Decode(payload, fill, m)
			if err == ais.ErrUnsupported && m.Type != 24 {
				err = ais.DecodeExtra(payload, fill, m, x)
			}
			return err
		}
	}
	t.Fatalf("message not complete: %q", lines)
	return nil
}

type comparer struct {
	messages, fields, refused int
	otherwise                 []string
}

func (c *comparer) message(t *testing.T, m *ais.Message, err error, w *expected) {
	t.Helper()
	if w.Type != nil && *w.Type == 0 {
		if e := new(ais.Error); !errors.As(err, &e) || e.Reason != ais.ReasonType && e.Reason != ais.ReasonShort {
			t.Errorf("message %d: %v, want no such type", w.I, err)
		}
		return
	}
	c.number(t, w, "type", float(w.Type), float64(m.Type), true, 0)
	c.number(t, w, "mmsi", float(w.MMSI), float64(m.MMSI), true, 0)
	if err != nil {
		c.refused++
		// Of type 24 there are parts A and B; the others take each that is not A for B.
		switch {
		case w.Lat == nil && w.Name == nil && w.Callsign == nil && w.ShipType == nil:
		case m.Type == 24 && err == ais.ErrUnsupported:
			c.otherwise = append(c.otherwise, fmt.Sprint(w.I, " part"))
		default:
			t.Errorf("message %d: %v, but others decode it", w.I, err)
		}
		return
	}
	c.messages++
	perDegree := 600_000.0
	if m.Type == 27 {
		perDegree = 600
	}
	c.number(t, w, "lat", w.Lat, float64(m.LatRaw)/perDegree, true, 0)
	c.number(t, w, "lon", w.Lon, float64(m.LonRaw)/perDegree, true, 0)
	unknownSpeed := 102.3
	if m.Type == 27 {
		unknownSpeed = 63
	}
	c.number(t, w, "sog", w.SOG, float64(m.SOG), m.Known(ais.HasSOG), unknownSpeed)
	c.number(t, w, "cog", w.COG, float64(m.COG), m.Known(ais.HasCOG), 360)
	c.number(t, w, "hdg", w.Hdg, float64(m.Heading), m.Known(ais.HasHeading), 360)
	c.number(t, w, "sec", w.Sec, float64(m.Second), m.Known(ais.HasSecond), 60)
	c.number(t, w, "acc", w.Acc, number(m.Accuracy), true, 0)
	c.number(t, w, "raim", w.RAIM, number(m.RAIM), true, 0)
	c.number(t, w, "status", w.Status, float64(m.NavStatus), m.Known(ais.HasNavStatus), 15)
	turn, known := m.RateOfTurn()
	if !known {
		turn = float64(m.ROT)
	}
	if w.Turn != nil && math.Abs(turn-*w.Turn) <= 0.55 { // the others round to whole degrees
		turn = *w.Turn
	}
	c.number(t, w, "turn", w.Turn, turn, m.Known(ais.HasROT), 0)
	c.number(t, w, "imo", w.IMO, float64(m.IMO), m.Known(ais.HasIMO), 0)
	c.number(t, w, "shiptype", w.ShipType, float64(m.ShipType), m.Known(ais.HasShipType), 0)
	c.number(t, w, "draught", w.Draught, float64(m.Draught), m.Known(ais.HasDraught), 0)
	c.number(t, w, "bow", w.Bow, float64(m.Dimensions.Bow), true, 0)
	c.number(t, w, "stern", w.Stern, float64(m.Dimensions.Stern), true, 0)
	c.text(t, w, "name", w.Name, m.Name)
	c.text(t, w, "callsign", w.Callsign, m.Callsign)
	c.text(t, w, "dest", w.Dest, m.Destination)
}

// number compares a field with what is expected. One that is unknown here
// must be at or over the code for unknown there (0: the same as it).
func (c *comparer) number(t *testing.T, w *expected, field string, want *float64, got float64, known bool, unknown float64) {
	t.Helper()
	if want == nil {
		return
	}
	c.fields++
	switch {
	case known && math.Abs(got-*want) > 0.5000001e-6:
		t.Errorf("message %d: %s = %v, want %v", w.I, field, got, *want)
	case !known && unknown > 0 && *want < unknown, !known && unknown == 0 && *want != 0:
		t.Errorf("message %d: %s is unknown, want %v", w.I, field, *want)
	}
}

func (c *comparer) text(t *testing.T, w *expected, field string, want *string, got ais.Text) {
	t.Helper()
	if want == nil {
		return
	}
	c.fields++
	// Half of the others read on behind an '@'.
	if raw := got.Raw(); got.String() != *want && strings.Contains(raw, "@") {
		if strings.Trim(strings.ReplaceAll(raw, "@", " "), " ") == *want {
			c.otherwise = append(c.otherwise, fmt.Sprint(w.I, " ", field))
			return
		}
	}
	if got.String() != *want {
		t.Errorf("message %d: %s = %q, want %q", w.I, field, got, *want)
	}
}

// TestCorpusTokyoBay runs a receiver's log with its clock and its own GNSS
// sentences through a Decoder with a gate.
func TestCorpusTokyoBay(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "ais")
	log := readGzip(t, filepath.Join(dir, "zenju_japan.log.gz"))
	cfg := ais.DefaultGateConfig()
	cfg.Receiver, cfg.Horizon = geo.Point{LatDeg: 35.5, LonDeg: 139.8}, ais.DefaultHorizon
	d := ais.NewDecoder(cfg)
	messages, other, unsupported := 0, 0, 0
	refused := map[int]error{}
	for _, line := range bytes.Split(bytes.TrimSpace(log), []byte("\n")) {
		now, err := time.Parse("[2006-01-02 15:04:05] ", string(line[:22]))
		if err != nil {
			t.Fatal(err)
		}
		sentence, _ := nmea.Next(line)
		var m ais.Message
		complete, err := d.Decode(now, "log", sentence, &m)
		switch {
		case errors.Is(err, nmea.ErrOther):
			other++
			continue
		case errors.Is(err, ais.ErrUnsupported):
			unsupported++
		case err != nil && !complete:
			t.Errorf("%s: %v", line, err)
		case err != nil:
			refused[messages] = err
		}
		if complete {
			messages++
		}
	}
	t.Logf("%d messages, %d of other types, %d other sentences, refused: %v", messages, unsupported, other, refused)
	if messages != 1166 {
		t.Errorf("%d messages assembled, want 1166", messages)
	}
	// 17 is the impossible one. 31 has a wrong position with a good checksum
	// 4.7 km off, so that 32 and 80 are held against it until the third of
	// that place is believed; 465 has the position of another ship.
	want := map[int]error{17: ais.ErrMMSI, 32: ais.ErrJump, 80: ais.ErrJump, 465: ais.ErrJump}
	var short *ais.Error // 48 is a type 5 cut off at the length of a type 1
	if !errors.As(refused[48], &short) || short.Type != 5 || short.Bit != 168 || short.Reason != ais.ReasonShort {
		t.Errorf("message 48: %v, want type 5 refused at bit 168: %s", refused[48], ais.ReasonShort)
	}
	delete(refused, 48)
	for i := range messages {
		if !errors.Is(refused[i], want[i]) {
			t.Errorf("message %d: %v, want %v", i, refused[i], want[i])
		}
	}

	// Its position alone is reason enough.
	cfg.AllowOddMMSI = true
	in := readJSON[struct{ NMEA []string }](t, filepath.Join(dir, "zenju_japan.jsonl.gz"))
	var m ais.Message
	_, err := ais.NewDecoder(cfg).Decode(time.Unix(0, 0), "log", []byte(in[17].NMEA[0]), &m)
	if !errors.Is(err, ais.ErrHorizon) {
		t.Errorf("message 17 with odd identities allowed: %v, want %v", err, ais.ErrHorizon)
	}
	corpustest.Check(t)
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func float[T int | uint32](v *T) *float64 {
	if v == nil {
		return nil
	}
	f := float64(*v)
	return &f
}

func readJSON[T any](t *testing.T, path string) []T {
	t.Helper()
	var out []T
	sc := bufio.NewScanner(bytes.NewReader(readGzip(t, path)))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, v)
	}
	return out
}

func readGzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
