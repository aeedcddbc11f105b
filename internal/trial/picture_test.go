// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
	"github.com/kuroshio-watch/kuroshio/internal/drawing"
	"github.com/kuroshio-watch/kuroshio/internal/trial"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

var update = flag.Bool("update", false, "write docs/tracking.svg")

// truthFile returns a truth as lines.
func truthFile(tb testing.TB, rows []gospa.Row) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		raw, err := json.Marshal(map[string]any{"t": r.Time, "id": r.ID, "lat": r.Pos.LatDeg, "lon": r.Pos.LonDeg, "vx": r.East, "vy": r.North})
		if err != nil {
			tb.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.Bytes()
}

// draw returns the drawing and the rows of a run.
func draw(tb testing.TB, m *made, truth io.Reader) (svg, rows string) {
	tb.Helper()
	var b bytes.Buffer
	rows, _ = track(tb, trial.Config{Picture: &b, Truth: truth}, m.meta, m.file())
	var v struct{ XMLName xml.Name }
	if err := xml.Unmarshal(b.Bytes(), &v); err != nil || v.XMLName.Local != "svg" {
		tb.Fatalf("drawing is no SVG: %v", err)
	}
	return b.String(), rows
}

// names returns what the legends and axes say of themselves.
func names(svg string) string {
	var out []string
	for _, m := range regexp.MustCompile(`>([^<>]*)</text>`).FindAllStringSubmatch(svg, -1) {
		if !regexp.MustCompile(`^[-\d.\x{202f}]*$`).MatchString(m[1]) {
			out = append(out, m[1])
		}
	}
	return strings.Join(out, "\n")
}

func TestPictureShowsTheRun(t *testing.T) {
	m := network(8, 12, 4).play(8)
	truth := truthFile(t, m.truth)
	got, rows := draw(t, m, bytes.NewReader(truth))
	for _, want := range []string{
		"Truth, plots and tracks", "truth", "plots of radars\n", " dots", "positions told", "tracks, one colour each", "GOSPA, m", "distance, m", "number",
		"track to its truth, RMS", "deviation that tracks state, RMS", "truths", "seconds since 2023-11-14T22:13:20Z",
		"km east of 121.6000°", "km north of 24.0000°", "A\nB\nC\n",
	} {
		if !strings.Contains(names(got), want) {
			t.Errorf("the drawing does not say %q:\n%s", want, names(got))
		}
	}
	if again, _ := draw(t, m, bytes.NewReader(truth)); again != got {
		t.Error("two drawings of one run differ")
	}
	plain, _ := track(t, trial.Config{}, m.meta, m.file())
	if rows != plain {
		t.Error("the rows depend on the truth or on the drawing")
	}
	without, _ := draw(t, m, nil)
	for _, bad := range []string{"Truth", "GOSPA", "truths", "to its truth"} {
		if strings.Contains(names(without), bad) {
			t.Errorf("the drawing without truth says %q", bad)
		}
	}
}

// The errors drawn are those that a comparison of all rows gives.
func TestPictureHoldsTheErrors(t *testing.T) {
	m := dogfights(4).play(4)
	m = m.cut("t", begin+60)
	r := runOf(m)
	for len(r.truth) > 0 && r.truth[len(r.truth)-1].Time > begin+60 {
		r.truth = r.truth[:len(r.truth)-1]
	}
	rep, _ := r.score(t, 0)
	early := r.truth[0] // before the run: no error of the tracker's
	early.Time -= 30
	series := trial.LastErrors(t, m.meta, m.file(), truthFile(t, append([]gospa.Row{early}, r.truth...)))
	sum := 0.0
	for _, p := range series {
		sum += p.Y
	}
	if got := sum / float64(len(series)); fmt.Sprintf("%.6f", got) != fmt.Sprintf("%.6f", rep.GOSPA.Mean) || len(series) != 61 {
		t.Errorf("mean of %d errors = %.6f m, want 61 and %.6f m", len(series), got, rep.GOSPA.Mean)
	}
}

// However many plots there are, the drawing stays small and says so.
func TestPictureOfAFloodIsSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	ms := make([]mtt.Measurement, 200_000)
	for i := range ms {
		ms[i].Sensor, ms[i].Has = 1, mtt.HasPolar
		ms[i].Range, ms[i].Azimuth = geo.Metres(180_000*rng.Float64()), geo.Degrees(360*rng.Float64())
	}
	got := trial.DrawPlots(t, dogfights(5).describe(), ms)
	if !regexp.MustCompile(`, 12\x{202f}000 dots<`).MatchString(got) {
		t.Error("the legend does not say that dots were left out")
	}
	if n := strings.Count(got, "h0"); n > drawing.MaxDots+1 || len(got) > 1<<20 {
		t.Errorf("%d dots in %d octets", n, len(got))
	}
}

func TestPictureFails(t *testing.T) {
	m := network(9, 2, 0).play(9).cut("t", begin+5)
	for name, tc := range map[string]struct{ truth, want string }{
		"it names the line that is no JSON":    {`{"t":1,"lat":2,"lon":3}` + "\n{", "read truth, line 2"},
		"it wants a time":                      {`{"lat":2,"lon":3}`, "no time or place"},
		"it wants a place":                     {`{"t":2,"lon":3}`, "no time or place"},
		"it wants a time that a clock can say": {`{"t":1e300,"lat":2,"lon":3}`, "no time or place"},
		"it wants a place on the Earth":        {`{"t":2,"lat":200,"lon":3}`, "place out of range"},
		"it wants a truth once a time": {
			strings.Repeat(fmt.Sprintf(`{"t":%d,"id":"a","lat":2,"lon":3}`+"\n", int(begin)+2), 2), "twice",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trial.Run(trial.Config{
				Meta: bytes.NewReader(m.meta), Inputs: []io.Reader{bytes.NewReader(m.file())}, Picture: io.Discard, Truth: strings.NewReader(tc.truth),
			})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want %q in it", err, tc.want)
			}
		})
	}
}

// The picture of docs/tracking.md. What the tracker makes of it may change, so
// the file is only held to be the drawing of this scene.
func TestPictureOfTheDocs(t *testing.T) {
	const path = "../../docs/tracking.svg"
	s := dogfights(11)
	s.seconds = 300
	m := s.play(11)
	got, _ := draw(t, m, bytes.NewReader(truthFile(t, m.truth)))
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plots := regexp.MustCompile(`plots of radars</text>\s*<text[^>]*>([^<]*)<`)
	want := plots.FindStringSubmatch(got)
	if have := plots.FindStringSubmatch(string(have)); have == nil || want == nil || have[1] != want[1] {
		t.Errorf("docs/tracking.svg is a drawing of another scene (%q, want %q): write it with -update", have, want)
	}
	if len(have) > 400_000 {
		t.Errorf("docs/tracking.svg has %d octets", len(have))
	}
}
