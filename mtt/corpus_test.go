// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// The scenarios of the corpus; the limits are what the best peer reached with
// the same data (GOSPA with p 2, c 1000 m, α 2, horizontal).
func TestScenariosBeatThePeer(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "tracking")
	tests := map[string]struct {
		folder, meas string
		limit        float64
	}{
		"it holds fighters, crossings and drones in clutter":  {"S1", "meas-1.jsonl.gz", 1304},
		"it holds two hundred targets of three radars, ADS-B": {"S2", "meas.jsonl.gz", 4030},
		"it holds formations that split and join":             {"S3", "meas-1.jsonl.gz", 1382},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, n, used := runScenario(t, filepath.Join(dir, tc.folder), tc.meas)
			t.Logf("%s: GOSPA %.0f m, %d measurements, %.1f µs each", tc.folder, got, n, float64(used.Microseconds())/float64(n))
			if got > tc.limit {
				t.Errorf("GOSPA of %s = %.0f m, want at most %.0f", tc.folder, got, tc.limit)
			}
		})
	}
	corpustest.Check(t)
}

type meta struct {
	Radars []struct {
		ID           string
		Lat, Lon     float64
		AltM         float64 `json:"alt_m"`
		ScanS        float64 `json:"scan_s"`
		PSRMax       float64 `json:"psr_max_m"`
		SSRMax       float64 `json:"ssr_max_m"`
		PSRSigma     float64 `json:"psr_sigma_range_m"`
		PSRSigmaAz   float64 `json:"psr_sigma_az_deg"`
		SSRSigma     float64 `json:"ssr_sigma_range_m"`
		SSRSigmaAz   float64 `json:"ssr_sigma_az_deg"`
		PSRPd, SSRPd float64
		Clutter      float64 `json:"clutter_per_scan"`
	}
	T0, T1 float64
}

type line struct {
	T, RX        float64
	Sensor, Kind string
	Rho          *float64 `json:"rho_m"`
	Az           float64  `json:"az_deg"`
	ModeC        *float64 `json:"modec_ft"`
	ModeA        string   `json:"mode3a"`
	ICAO         string
	Lat, Lon     float64
	Alt          *float64 `json:"alt_ft"`
	VE, VN       float64
	NACp         int
}

func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	sc := bufio.NewScanner(z)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func scenarioConfig(m *meta) (mtt.Config, map[string]int) {
	cfg := mtt.DefaultConfig()
	cfg.Sensors = []mtt.Sensor{{Name: "ADSB", SigmaPos: 30, PD: 0.95, CoastAfter: 10 * time.Second, LostAfter: 30 * time.Second}}
	index := map[string]int{"ADSB": 0}
	for _, r := range m.Radars {
		index[r.ID] = len(cfg.Sensors)
		period := time.Duration(r.ScanS * float64(time.Second))
		cfg.Sensors = append(cfg.Sensors, mtt.Sensor{
			Name: r.ID, Polar: true, Pos: geo.Point{LatDeg: r.Lat, LonDeg: r.Lon}, Height: geo.Metres(r.AltM),
			MaxRange: geo.Metres(max(r.PSRMax, r.SSRMax)), Period: period,
			SigmaRange: geo.Metres(r.PSRSigma), SigmaAzimuth: geo.Degrees(r.PSRSigmaAz), SigmaPos: 200,
			PD: 0.85, Clutter: r.Clutter, CoastAfter: period * 5 / 2, LostAfter: max(20*time.Second, 3*period),
		})
	}
	return cfg, index
}

func (l *line) measurement(m *meta, index map[string]int) mtt.Measurement {
	out := mtt.Measurement{Time: unix(l.T), Sensor: index[l.Sensor], Domain: mtt.Air}
	if l.ICAO != "" {
		a, _ := strconv.ParseUint(l.ICAO, 16, 32)
		out.Has, out.Address = out.Has|mtt.HasAddress, uint32(a)
	}
	if l.ModeA != "" {
		a, _ := strconv.ParseUint(l.ModeA, 8, 16)
		out.Has, out.ModeA = out.Has|mtt.HasModeA, uint16(a)
	}
	if l.Rho == nil {
		out.Has |= mtt.HasPosition | mtt.HasHeight | mtt.HasVelocity
		out.Pos = geo.Point{LatDeg: l.Lat, LonDeg: l.Lon}
		out.SigmaPos = map[int]geo.Metres{10: 5, 9: 12, 8: 30}[l.NACp]
		out.Height = geo.Feet(*l.Alt).Metres()
		out.Speed = geo.MetresPerSecond(math.Hypot(l.VE, l.VN))
		out.Course = geo.Degrees(math.Atan2(l.VE, l.VN) * 180 / math.Pi)
		return out
	}
	out.Has |= mtt.HasPolar
	out.Range, out.Azimuth = geo.Metres(*l.Rho), geo.Degrees(l.Az)
	if l.ModeC != nil {
		out.Has, out.Height = out.Has|mtt.HasHeight, geo.Feet(*l.ModeC).Metres()
	}
	if r := m.Radars[out.Sensor-1]; l.Kind != "psr" && r.SSRSigma > 0 {
		out.SigmaRange, out.SigmaAzimuth = geo.Metres(r.SSRSigma), geo.Degrees(r.SSRSigmaAz)
	}
	return out
}

func unix(t float64) time.Time { return time.Unix(0, int64(math.Round(t*1e4))*1e5).UTC() }

type truth struct {
	T        float64
	Lat, Lon float64
}

// runScenario feeds measurements as they came in and returns the mean GOSPA at
// the truth's times.
func runScenario(t *testing.T, dir, meas string) (mean float64, n int, used time.Duration) {
	raw, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m meta
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	cfg, index := scenarioConfig(&m)
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	lines := readLines[line](t, filepath.Join(dir, meas))
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.RX, b.RX) })
	truths := readLines[truth](t, filepath.Join(dir, "truth.jsonl.gz"))
	var batch []mtt.Measurement
	var outcomes []mtt.Outcome
	var events []mtt.Event
	times, next := 0, 0
	for i := 0; i < len(truths); {
		at := truths[i].T
		var want []gospa.State
		for ; i < len(truths) && truths[i].T == at; i++ {
			want = append(want, gospa.State{Pos: geo.Point{LatDeg: truths[i].Lat, LonDeg: truths[i].Lon}})
		}
		batch = batch[:0]
		for next < len(lines) && lines[next].RX <= at {
			batch = append(batch, lines[next].measurement(&m, index))
			next++
		}
		slices.SortStableFunc(batch, func(a, b mtt.Measurement) int { return a.Time.Compare(b.Time) })
		start := time.Now()
		outcomes = tr.Observe(batch, outcomes[:0])
		events = tr.Advance(unix(at), events[:0])
		used += time.Since(start)
		mean += gospa.At(gospa.DefaultParams(), gospa.Frame{Truth: want, Tracks: states(tr, unix(at))}).Total
		times++
	}
	return mean / float64(times), next, used
}

func states(tr *mtt.Tracker, at time.Time) []gospa.State {
	var out []gospa.State
	for _, id := range tr.IDs(nil) {
		if e, ok := tr.EstimateAt(id, at); ok && (e.Phase == mtt.Confirmed || e.Phase == mtt.Coasting) {
			out = append(out, gospa.State{Pos: e.Pos})
		}
	}
	return out
}
