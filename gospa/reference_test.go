// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

var update = flag.Bool("update", false, "write testdata with the scorer beside the corpus")

// walk makes truths that move straight, and tracks of them with gaps, changes
// of number, errors, and false tracks.
func walk(seed uint64, planar bool) (truth, tracks []gospa.Row) {
	rng := rand.New(rand.NewPCG(seed, 9))
	start := make([]gospa.State, 12)
	for i := range start {
		start[i] = gospa.State{ID: fmt.Sprintf("t%02d", i), X: geo.Metres(rng.Float64() * 9000), Y: geo.Metres(rng.Float64() * 9000)}
		start[i].East, start[i].North = geo.MetresPerSecond(rng.NormFloat64()*150), geo.MetresPerSecond(rng.NormFloat64()*150)
	}
	place := func(s *gospa.State) {
		if planar {
			return
		}
		s.Pos = geo.Point{LatDeg: 24 + float64(s.Y)/111_000, LonDeg: 123 + float64(s.X)/101_000}
	}
	for k := range 60 {
		now := float64(1000 + 2*k)
		for i, s := range start {
			if k < i || k > 59-i%5 {
				continue
			}
			s.X += geo.Metres(float64(s.East) * float64(2*k))
			s.Y += geo.Metres(float64(s.North) * float64(2*k))
			place(&s)
			truth = append(truth, gospa.Row{Time: now, State: s, HasVelocity: true})
			if rng.Float64() < 0.15 {
				continue
			}
			r := gospa.Row{Time: now - rng.Float64()*1.9, State: s, HasVelocity: true}
			r.ID = fmt.Sprintf("k%d-%d", i, (k+7*i)/20)
			r.X += geo.Metres(rng.NormFloat64() * 350)
			r.Y += geo.Metres(rng.NormFloat64() * 350)
			r.East += geo.MetresPerSecond(rng.NormFloat64() * 10)
			if rng.IntN(3) == 0 {
				r.Time, r.HasCov, r.Cov = now, true, [3]float64{90_000, 20_000, 120_000}
			}
			place(&r.State)
			r.End = rng.IntN(40) == 0
			tracks = append(tracks, r)
			if rng.IntN(6) == 0 {
				r.ID, r.X, r.End, r.HasVelocity = fmt.Sprintf("f%d", rng.IntN(9)), r.X+geo.Metres(rng.NormFloat64()*900), false, false
				r.East, r.North = 0, 0
				place(&r.State)
				tracks = append(tracks, r)
			}
		}
	}
	return truth, tracks
}

func writeRows(t *testing.T, path string, rows []gospa.Row, planar bool) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	enc := json.NewEncoder(f)
	for _, r := range rows {
		line := map[string]any{"t": r.Time, "id": r.ID}
		if r.HasVelocity {
			line["vx"], line["vy"] = r.East, r.North
		}
		if r.HasCov {
			line["cov"] = r.Cov
		}
		if r.End {
			line["end"] = true
		}
		if planar {
			line["x"], line["y"] = r.X, r.Y
		} else {
			line["lat"], line["lon"] = r.Pos.LatDeg, r.Pos.LonDeg
		}
		if err := enc.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// classOf puts truths into two classes by the end of their names.
func classOf(id string) string { return [2]string{"even", "odd"}[id[len(id)-1]%2] }

// reference runs the scorer that lies beside the corpus.
func reference(t *testing.T, truth, tracks []gospa.Row, p *gospa.Params) []byte {
	t.Helper()
	tool := filepath.Join(corpustest.Dir(t), "..", "tools", "trackscore")
	dir := t.TempDir()
	bin := filepath.Join(dir, "score")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = tool
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build scorer: %v\n%s", err, out)
	}
	a, b, meta := filepath.Join(dir, "truth.jsonl"), filepath.Join(dir, "tracks.jsonl"), filepath.Join(dir, "meta.json")
	writeRows(t, a, truth, p.Planar)
	writeRows(t, b, tracks, p.Planar)
	var classes struct {
		Targets []map[string]string `json:"targets"`
	}
	for _, r := range truth {
		classes.Targets = append(classes.Targets, map[string]string{"id": r.ID, "class": classOf(r.ID)})
	}
	raw, err := json.Marshal(classes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(meta, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "-truth", a, "-tracks", b, "-meta", meta, "-maxage", "3.5", "-json",
		"-c", fmt.Sprint(float64(p.Cutoff)), "-p", fmt.Sprint(p.Order), "-assoc", fmt.Sprint(float64(p.Assoc)),
		"-confirm", fmt.Sprint(p.Confirm), "-misses", fmt.Sprint(p.Misses)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type wanted struct {
	Frames int
	GOSPA  map[string]float64 `json:"gospa"`
	OSPA   float64            `json:"ospa_mean_m"`
	SIAP   map[string]float64 `json:"siap"`
	Clear  map[string]float64 `json:"clear"`

	Classes map[string]map[string]float64 `json:"by_class"`
}

// same reports whether a figure is the scorer's to six digits after the point,
// to which that rounds; it writes -1 for what is not defined.
func same(got, want float64) bool {
	if math.IsNaN(got) {
		got = -1
	}
	return math.Abs(got-want) <= 5e-7+1e-9*math.Abs(want)
}

// orZero is for the figures of classes: of what is not defined there the scorer
// writes 0.
func orZero(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

func compare(t *testing.T, raw []byte, truth, tracks []gospa.Row, p *gospa.Params) {
	t.Helper()
	var w wanted
	if err := json.Unmarshal(raw, &w); err != nil {
		t.Fatal(err)
	}
	r, err := gospa.Evaluate(gospa.Sample(truth, tracks, 3.5, p.Planar), *p, classOf)
	if err != nil {
		t.Fatal(err)
	}
	if r.Frames != w.Frames || w.Frames == 0 {
		t.Errorf("frames = %d, want %d", r.Frames, w.Frames)
	}
	g, s, c := &r.GOSPA, &r.SIAP, &r.Clear
	got := map[string]map[string]float64{
		"gospa": {
			"mean_m": g.Mean, "rms_m": g.RMS, "loc_m": g.Localisation, "missed_m": g.Missed, "false_m": g.False,
			"missed_mean": g.MissedMean, "false_mean": g.FalseMean, "rms_localisation_per_hit_m": g.PerHit,
		},
		"siap": {
			"completeness": s.Completeness, "ambiguity": s.Ambiguity, "spuriousness": s.Spuriousness, "position_accuracy_m": s.Position,
			"velocity_accuracy_mps": s.Velocity, "rate_track_number_change_per_s": s.ChangeRate, "longest_segment": s.LongestSegment,
		},
		"clear": {
			"tp": float64(c.TP), "fp": float64(c.FP), "fn": float64(c.FN), "id_switches": float64(c.Switches), "breaks": float64(c.Breaks),
			"mota": c.MOTA, "motp_m": c.MOTP, "rms_pos_m": c.RMSPosition, "median_pos_m": c.MedianPosition, "p95_pos_m": c.P95Position,
			"rms_vel_mps": c.RMSVelocity, "median_vel_mps": c.MedianVelocity, "anees": c.ANEES, "mean_delay_s": c.Delay,
			"never_tracked": float64(c.NeverTracked), "idf1": c.IDF1,
		},
	}
	want := map[string]map[string]float64{"gospa": w.GOSPA, "siap": w.SIAP, "clear": w.Clear, "ospa": {"mean": w.OSPA}}
	got["ospa"] = map[string]float64{"mean": r.OSPA}
	for name, c := range r.Classes {
		got["class "+name] = map[string]float64{
			"n": float64(c.N), "completeness": c.Completeness, "rms_pos_m": orZero(c.RMSPosition), "rms_vel_mps": orZero(c.RMSVelocity),
		}
	}
	for name, c := range w.Classes {
		want["class "+name] = c
	}
	if len(w.Classes) != 2 || len(got) != len(want) {
		t.Errorf("%d classes and %d parts, want 2 and %d", len(w.Classes), len(got), len(want))
	}
	for part, figures := range want {
		if len(figures) != len(got[part]) {
			t.Errorf("%s has %d figures, want %d", part, len(got[part]), len(figures))
		}
		for name, v := range figures {
			if x, ok := got[part][name]; !ok || !same(x, v) {
				t.Errorf("%s %s = %.7f, want %.6f", part, name, x, v)
			}
		}
	}
}

var cases = map[string]struct {
	seed uint64
	p    gospa.Params
}{
	"planar":          {1, gospa.Params{Cutoff: 1000, Order: 2, Assoc: 1000, Confirm: 1, Misses: 1, Planar: true}},
	"geographic":      {2, gospa.DefaultParams()},
	"with-misses":     {3, gospa.Params{Cutoff: 1000, Order: 2, Assoc: 1000, Confirm: 1, Misses: 2}},
	"other-distances": {4, gospa.Params{Cutoff: 400, Order: 1, Assoc: 700, Confirm: 3, Misses: 2}},
	"nothing-near":    {5, gospa.Params{Cutoff: 1, Order: 3, Assoc: 1, Confirm: 1, Misses: 1}},
}

// What an independent scorer, which is held against Stone Soup, says of the
// same rows.
func TestFiguresAreThoseOfAnotherScorer(t *testing.T) {
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			truth, tracks := walk(tc.seed, tc.p.Planar)
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, reference(t, truth, tracks, &tc.p), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, raw, truth, tracks, &tc.p)
		})
	}
}

// The same with rows that change with every run of the test.
func TestFiguresAgreeOnFreshRows(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	truth, tracks := walk(seed, false)
	p := gospa.DefaultParams()
	compare(t, reference(t, truth, tracks, &p), truth, tracks, &p)
	corpustest.Check(t)
}
