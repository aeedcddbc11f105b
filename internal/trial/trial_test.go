// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/trial"
)

// track runs a scene's file and returns the output.
func track(t testing.TB, cfg trial.Config, meta []byte, files ...[]byte) (string, trial.Stats) {
	t.Helper()
	var out bytes.Buffer
	cfg.Meta, cfg.Out = bytes.NewReader(meta), &out
	for _, f := range files {
		cfg.Inputs = append(cfg.Inputs, bytes.NewReader(f))
	}
	st, err := trial.Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), st
}

// until returns the rows up to a time.
func until(t *testing.T, rows string, at float64) string {
	t.Helper()
	var b strings.Builder
	for l := range strings.Lines(rows) {
		var r struct{ T float64 }
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		if r.T <= at {
			b.WriteString(l)
		}
	}
	return b.String()
}

// cut keeps the lines whose time, in the given field, is at most at.
func (m *made) cut(field string, at float64) *made {
	out := *m
	out.lines = nil
	for _, l := range m.lines {
		if l[field].(float64) <= at {
			out.lines = append(out.lines, l)
		}
	}
	return &out
}

func TestRowsDependOnThePastOnly(t *testing.T) {
	m := network(1, 12, 4).play(1)
	for name, cfg := range map[string]trial.Config{
		"it takes measurements by time":    {},
		"it takes measurements by arrival": {Arrival: true},
		"it hides identities":              {HideIdentity: true},
	} {
		t.Run(name, func(t *testing.T) {
			field := "t"
			if cfg.Arrival {
				field = "rx"
			}
			all, _ := track(t, cfg, m.meta, m.file())
			if strings.Count(all, "\n") < 1000 {
				t.Fatalf("only %d rows", strings.Count(all, "\n"))
			}
			for _, after := range []float64{30, 77, 150.5, 299} {
				at := begin + after
				got, _ := track(t, cfg, m.meta, m.cut(field, at).file())
				if until(t, got, at) != until(t, all, at) {
					t.Errorf("rows up to %v s differ when later measurements are absent", after)
				}
			}
		})
	}
}

func TestNoRowIsRevised(t *testing.T) {
	m := dogfights(2).play(2)
	rows, _ := track(t, trial.Config{Arrival: true}, m.meta, m.file())
	last := 0.0
	seen := map[string]float64{}
	for l := range strings.Lines(rows) {
		var r struct {
			T   float64
			ID  string
			End bool
		}
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatal(err)
		}
		at, again := seen[r.ID]
		if r.T < last || again && at >= r.T {
			t.Fatalf("row %s goes back to what was written", strings.TrimSpace(l))
		}
		last, seen[r.ID] = r.T, r.T
	}
}

// The description holds much that a tracker must not know.
func TestOnlySensorsAreReadOfTheDescription(t *testing.T) {
	m := network(3, 12, 4).play(3)
	want, _ := track(t, trial.Config{}, m.meta, m.file())
	var d map[string]any
	if err := json.Unmarshal(m.meta, &d); err != nil {
		t.Fatal(err)
	}
	delete(d, "targets")
	delete(d, "origin_seed")
	delete(d, "name")
	for _, r := range d["radars"].([]any) {
		for k := range maps.Clone(r.(map[string]any)) {
			if strings.HasPrefix(k, "bias_") || strings.HasSuffix(k, "_pd") || strings.HasPrefix(k, "clutter") {
				delete(r.(map[string]any), k)
			}
		}
	}
	bare, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := track(t, trial.Config{}, bare, m.file()); got != want {
		t.Error("rows differ without targets, biases and origins")
	}
}

func TestHiddenIdentityIsAsIfAbsent(t *testing.T) {
	m := network(4, 12, 4).play(4)
	want, _ := track(t, trial.Config{HideIdentity: true}, m.meta, m.file())
	open, _ := track(t, trial.Config{}, m.meta, m.file())
	for _, l := range m.lines {
		delete(l, "icao")
		delete(l, "mode3a")
	}
	if got, _ := track(t, trial.Config{}, m.meta, m.file()); got != want {
		t.Error("rows with hidden identities differ from those of a file without")
	}
	if open == want {
		t.Error("identities make no difference")
	}
}

func TestInputsMerge(t *testing.T) {
	m := network(5, 12, 4).play(5)
	want, _ := track(t, trial.Config{}, m.meta, m.file())
	parts := map[bool]*made{true: {}, false: {}}
	for _, l := range m.lines {
		p := parts[l["sensor"] == "ADSB"]
		p.lines = append(p.lines, l)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(parts[true].file()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := track(t, trial.Config{}, m.meta, parts[false].file(), z.Bytes()); got != want {
		t.Error("two files, one of them packed, give other rows than one")
	}
}

func TestBadLinesAreCounted(t *testing.T) {
	meta := []byte(`{"radars":[{"id":"A","lat":24,"lon":123,"alt_m":100,"scan_s":4,"psr":true,"psr_max_m":100000,"psr_sigma_range_m":60,"psr_sigma_az_deg":0.1}]}`)
	tests := map[string]struct{ line, reason string }{
		"it refuses what is no JSON":             {`{"t":`, trial.ReasonNotJSON},
		"it refuses a line without time":         {`{"sensor":"A","rho_m":1000,"az_deg":1}`, trial.ReasonNoTime},
		"it refuses a time before 1970":          {`{"t":-5,"sensor":"A","rho_m":1000,"az_deg":1}`, trial.ReasonOutOfRange},
		"it refuses a time that never comes":     {`{"t":1e300,"sensor":"A","rho_m":1000,"az_deg":1}`, trial.ReasonOutOfRange},
		"it refuses a sensor that it can't find": {`{"t":5,"sensor":"B","rho_m":1000,"az_deg":1}`, trial.ReasonUnknownSensor},
		"it refuses a plot without azimuth":      {`{"t":5,"sensor":"A","rho_m":1000}`, trial.ReasonNoPlace},
		"it refuses a range of 0":                {`{"t":5,"sensor":"A","rho_m":0,"az_deg":1}`, trial.ReasonOutOfRange},
		"it refuses a position off the earth":    {`{"t":5,"sensor":"ADSB","lat":95,"lon":1}`, trial.ReasonOutOfRange},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, st := track(t, trial.Config{}, meta, []byte(tc.line+"\n"))
			if st.Refused[tc.reason] != 1 || st.Measurements != 0 {
				t.Errorf("refused = %v, want one %s", st.Refused, tc.reason)
			}
		})
	}
}

// Two plots a hundred years apart must not make a row for each second between.
func TestTimeJumpsOverLongPauses(t *testing.T) {
	meta := []byte(`{"radars":[{"id":"A","lat":24,"lon":123,"alt_m":100,"scan_s":4,"psr":true,"psr_max_m":100000,"psr_sigma_range_m":60,"psr_sigma_az_deg":0.1}]}`)
	in := `{"t":1000000000,"sensor":"A","rho_m":20000,"az_deg":1}` + "\n" + `{"t":4155760000,"sensor":"A","rho_m":20000,"az_deg":1}`
	steps := 0
	if _, st := track(t, trial.Config{Watch: func(trial.Step) { steps++ }}, meta, []byte(in)); st.Measurements != 2 {
		t.Errorf("measurements = %d, want 2", st.Measurements)
	}
	if steps > 2000 {
		t.Errorf("%d steps, want at most 2000", steps)
	}
}

func TestRunFails(t *testing.T) {
	for name, tc := range map[string]struct {
		meta  string
		input io.Reader
	}{
		"it fails on a description that is no JSON": {"radars", strings.NewReader("")},
		"it fails on a radar without accuracy":      {`{"radars":[{"id":"A","scan_s":4,"psr_max_m":1000}]}`, strings.NewReader(`{"t":5,"sensor":"A","rho_m":500,"az_deg":1}`)},
		"it fails on a torn gzip file":              {`{}`, bytes.NewReader([]byte{0x1f, 0x8b, 8})},
		"it fails on a line without end":            {`{}`, io.LimitReader(endless{}, 3<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := trial.Run(trial.Config{Meta: strings.NewReader(tc.meta), Inputs: []io.Reader{tc.input}}); err == nil {
				t.Error("no error")
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzRun(f *testing.F) {
	m := network(6, 3, 1)
	m.seconds = 10
	p := m.play(6)
	f.Add(p.meta, p.file())
	f.Add([]byte(`{"radars":[{}]}`), []byte(`{"t":5}`))
	f.Fuzz(func(t *testing.T, meta, in []byte) {
		if len(in) > 1<<12 {
			return
		}
		var out bytes.Buffer
		_, err := trial.Run(trial.Config{Meta: bytes.NewReader(meta), Inputs: []io.Reader{bytes.NewReader(in)}, Out: &out, Every: 1 << 41})
		if err == nil && strings.Contains(out.String(), "NaN") {
			t.Error("NaN in a row")
		}
	})
}
