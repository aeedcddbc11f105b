// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

// tally decodes frames of one feed and counts what is refused.
type tally struct {
	d       *decode.Decoder
	plots   []plot.Plot
	refused map[string]int
	seq     uint64
}

func newTally(t testing.TB, format frame.Format) *tally {
	t.Helper()
	d, err := decode.New(decode.Config{Sources: map[string]decode.Source{"in": {Format: format}}})
	if err != nil {
		t.Fatal(err)
	}
	return &tally{d: d, refused: make(map[string]int)}
}

func (c *tally) take(format frame.Format, at time.Time, data []byte) {
	c.seq++
	f := frame.Frame{Source: "in", Seq: c.seq, Format: format, Received: at, Data: data}
	var err error
	c.plots, _, err = c.d.Decode(&f, c.plots, nil)
	var r *decode.Refusal
	if errors.As(err, &r) {
		for _, one := range r.All() {
			c.refused[one.Reason]++
		}
	}
}

// TestRecordedMinuteInTwoForms compares the plots of a minute of Mode S frames
// with those of the lines that another program made of the same minute.
func TestRecordedMinuteInTwoForms(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "modes")
	frames, lines := newTally(t, frame.ModeS), newTally(t, frame.SBS)
	for row := range strings.Lines(string(unpacked(t, filepath.Join(dir, "ulss7.tsv.gz")))) {
		ms, text, _ := strings.Cut(strings.TrimSpace(row), "\t")
		at, err := strconv.ParseInt(ms, 10, 64)
		b, bad := hex.DecodeString(text)
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		frames.take(frame.ModeS, time.UnixMilli(at), b)
	}
	// They tell UTC. The lines were written down a week later: what was logged then
	// is left out.
	var m sbs.Message
	for l := range bytes.Lines(unpacked(t, filepath.Join(dir, "ulss7.sbs.gz"))) {
		if sbs.Parse(l, &m) != nil {
			continue
		}
		m.Has &^= sbs.HasLogged
		lines.take(frame.SBS, m.Generated, sbs.Append(nil, &m))
	}
	placed := make(map[uint32][]*plot.Plot)
	for i := range frames.plots {
		if p := &frames.plots[i]; p.Has&plot.HasPosition != 0 {
			placed[p.Address] = append(placed[p.Address], p)
		}
	}
	n, agree, far := 0, 0, 0
	for i := range lines.plots {
		p := &lines.plots[i]
		if p.Has&plot.HasPosition == 0 {
			continue
		}
		n++
		near := slices.IndexFunc(placed[p.Address], func(q *plot.Plot) bool {
			d, _ := geo.Inverse(p.Pos, q.Pos)
			return d < 10 && p.Time.Sub(q.Time).Abs() < 2*time.Second
		})
		switch {
		case near >= 0:
			agree++
		case len(placed[p.Address]) > 0:
			far++
		}
	}
	t.Logf("%d plots of %d frames, refused %v; of lines %d plots, %d with a place, refused %v; %d agree within 10 m and 2 s, %d differ",
		len(frames.plots), frames.seq, frames.refused, len(lines.plots), n, lines.refused, agree, far)
	if n < 700 || agree < n*95/100 || far > n/100 {
		t.Errorf("%d places, %d agree, %d differ", n, agree, far)
	}
	corpustest.Check(t)
}

// TestRecordedStates decodes recorded documents twice: the second time nothing
// is new.
func TestRecordedStates(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(corpustest.Dir(t), "json", "aircraft_*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	records, placed, kinds := 0, 0, make(map[plot.Kind]int)
	for _, path := range paths {
		document, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		now, ok := readsb.Now(document)
		if !ok {
			t.Fatal("no time")
		}
		c := newTally(t, frame.Readsb)
		cut := func() {
			if _, err := new(readsb.Cutter).Cut(document, func(_ int, line []byte) bool {
				records++
				c.take(frame.Readsb, now, bytes.Clone(line))
				return true
			}); err != nil {
				t.Fatal(err)
			}
		}
		cut()
		first := len(c.plots)
		said := make(map[uint32]readsb.Aircraft)
		if err := readsb.Parse(document, func(_ int, a *readsb.Aircraft, err error) {
			if err == nil && !a.NonICAO {
				said[uint32(a.ICAO)] = *a
			}
		}); err != nil {
			t.Fatal(err)
		}
		for i := range c.plots {
			p := &c.plots[i]
			kinds[p.Kind]++
			if p.Has&plot.HasPosition == 0 {
				continue
			}
			placed++
			if a := said[p.Address]; p.Has&plot.HasAddress != 0 && (a.Position != p.Pos || !a.PositionAt.Equal(p.Time)) {
				t.Errorf("plot %+v, the document says %+v", p, a)
			}
		}
		t.Logf("%s: %d plots, refused %v", filepath.Base(path), first, c.refused)
		cut()
		if len(c.plots) != first {
			t.Errorf("%s: %d plots more when it is read again", path, len(c.plots)-first)
		}
	}
	t.Logf("%d aircraft, %d with a new place, by kind %v", records/2, placed, kinds)
	if placed < 100 {
		t.Errorf("%d places", placed)
	}
	corpustest.Check(t)
}

// TestRecordedAISInThreeForms gives the same sentences plain, as AIS-catcher's
// JSON and, what was decoded of them, as Signal K deltas: places agree.
func TestRecordedAISInThreeForms(t *testing.T) {
	path := filepath.Join(corpustest.Dir(t), "ais", "aislib_stream.jsonl.gz")
	plain, wrapped, deltas := newTally(t, frame.NMEA), newTally(t, frame.Catcher), newTally(t, frame.SignalK)
	at := noon
	rows := bufio.NewScanner(bytes.NewReader(unpacked(t, path)))
	for rows.Scan() {
		var row struct {
			NMEA []string `json:"nmea"`
		}
		if err := json.Unmarshal(rows.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		at = at.Add(100 * time.Millisecond)
		before := len(plain.plots)
		for _, l := range row.NMEA {
			plain.take(frame.NMEA, at, []byte(l))
		}
		b, err := json.Marshal(map[string]any{"nmea": row.NMEA})
		if err != nil {
			t.Fatal(err)
		}
		wrapped.take(frame.Catcher, at, b)
		if m := plain.d.Detail().AIS; m != nil && len(plain.plots) > before && m.Known(ais.HasPosition) {
			deltas.take(frame.SignalK, at, deltaAbout(t, m, plain.plots[before].Time))
		}
	}
	places := func(c *tally) (list []plot.Plot) {
		for _, p := range c.plots {
			if p.Has&plot.HasPosition != 0 {
				list = append(list, p)
			}
		}
		return list
	}
	a, b, k := places(plain), places(wrapped), places(deltas)
	t.Logf("%d, %d and %d places; refused %v, %v, %v", len(a), len(b), len(k), plain.refused, wrapped.refused, deltas.refused)
	if len(a) < 500 || len(a) != len(b) {
		t.Fatalf("%d places plain, %d in JSON", len(a), len(b))
	}
	for i := range a {
		if a[i].Pos != b[i].Pos || a[i].MMSI != b[i].MMSI || !a[i].Time.Equal(b[i].Time) || a[i].Speed != b[i].Speed {
			t.Errorf("place %d: plain %+v, in JSON %+v", i, a[i], b[i])
		}
	}
	next := 0
	for _, p := range k { // one that was told twice makes one plot here
		for ; next < len(a) && (a[next].MMSI != p.MMSI || a[next].Pos != p.Pos || !a[next].Time.Equal(p.Time)); next++ {
		}
	}
	if len(k) < len(a)*9/10 || next == len(a) {
		t.Errorf("%d places of deltas, of which not all are among the %d of the sentences", len(k), len(a))
	}
	corpustest.Check(t)
}

// deltaAbout writes a message as a server would that has no more of it.
func deltaAbout(t *testing.T, m *ais.Message, at time.Time) []byte {
	t.Helper()
	type value struct {
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	b, err := json.Marshal(map[string]any{
		"context": "vessels.urn:mrn:imo:mmsi:" + m.MMSI.String(),
		"updates": []any{map[string]any{
			"$source": "ais", "timestamp": at.Format(time.RFC3339Nano),
			"values": []value{{"navigation.position", map[string]float64{"latitude": m.Position.LatDeg, "longitude": m.Position.LonDeg}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
