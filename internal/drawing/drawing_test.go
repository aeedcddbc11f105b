// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package drawing_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/drawing"
)

var update = flag.Bool("update", false, "write the golden file")

// small is a figure with everything in it.
func small() drawing.Figure {
	nan := math.NaN()
	return drawing.Figure{
		Title: "Two <ships> & a gap", Note: "made by hand",
		Panels: []drawing.Panel{
			{
				X: "east, km", Y: "north, km", Square: true, Unit: "km",
				Layers: []drawing.Layer{
					{Name: "truth", Colours: []string{"#bbb"}, Width: 4, Lines: [][]drawing.Point{{{0, 0}, {10, 5}, {20, 5}}}},
					{Name: "plots", Colours: []string{"#333"}, Width: 2, Dots: []drawing.Point{{1, 1}, {9, 4}, {9, 4}, {15, 6}}},
					{Name: "tracks", Colours: []string{"#06c", "#c60"}, Width: 1.5, Lines: [][]drawing.Point{{{1, 1}, {9, 4}, {nan, 0}, {15, 6}}, {{3, 9}, {8, 9}}}},
				},
				Labels: []drawing.Label{{At: drawing.Point{X: 2, Y: 6}, Text: "A & B"}},
			},
			{
				X: "time, s", Y: "error, m",
				Layers: []drawing.Layer{{Name: "error", Colours: []string{"#06c"}, Width: 1, Lines: [][]drawing.Point{{{0, 30}, {30, 170}, {60, 20}}}}},
			},
		},
	}
}

func svg(t testing.TB, f drawing.Figure) string {
	t.Helper()
	var b bytes.Buffer
	if err := drawing.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFigureIsAsItWas(t *testing.T) {
	got := svg(t, small())
	if *update {
		if err := os.WriteFile("testdata/small.svg", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/small.svg")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("drawing differs from testdata/small.svg: look at both, then write it with -update\n%s", got)
	}
}

// texts returns all texts of an SVG file, which must be well formed.
func texts(t testing.TB, s string) []string {
	t.Helper()
	var out []string
	for d, in := xml.NewDecoder(strings.NewReader(s)), ""; ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			in = tok.Name.Local
		case xml.CharData:
			if in == "text" {
				out = append(out, string(tok))
			}
		case xml.EndElement:
			in = ""
		}
	}
}

func TestTextsArePlainText(t *testing.T) {
	f := small()
	f.Title = `</text><script>"1"</script>` + "\x00"
	f.Note = strings.Repeat("長", 500)
	got := svg(t, f)
	all := texts(t, got)
	if want := `</text><script>"1"</script>` + "\uFFFD"; all[0] != want {
		t.Errorf("title = %q, want %q", all[0], want)
	}
	if n := len([]rune(all[1])); n != drawing.MaxText {
		t.Errorf("a long note has %d characters, want %d", n, drawing.MaxText)
	}
	if strings.Contains(got, "<script") {
		t.Error("a text became an element")
	}
}

func TestSquarePanelIsSquare(t *testing.T) {
	// A square of 10 units must be one on the page, whatever lies beside it.
	box := []drawing.Point{{0, 0}, {10, 0}, {10, 10}, {0, 10}}
	for name, other := range map[string]drawing.Point{"wide": {400, 5}, "high": {5, 400}} {
		t.Run(name, func(t *testing.T) {
			got := svg(t, drawing.Figure{Panels: []drawing.Panel{{Square: true, Layers: []drawing.Layer{
				{Width: 1, Lines: [][]drawing.Point{box, {other, other}}},
			}}}})
			m := regexp.MustCompile(`M([\d.]+) ([\d.]+)L([\d.]+) [\d.]+L[\d.]+ ([\d.]+)L`).FindStringSubmatch(got)
			if m == nil {
				t.Fatalf("no box in %s", got)
			}
			var v [4]float64
			for i := range v {
				v[i], _ = strconv.ParseFloat(m[i+1], 64)
			}
			if w, h := v[2]-v[0], v[1]-v[3]; w < 5 || math.Abs(w-h) > 0.21 {
				t.Errorf("a square is %v by %v px", w, h)
			}
		})
	}
}

func TestAxesHaveRoundNumbers(t *testing.T) {
	for name, tc := range map[string]struct {
		max  float64
		want []string
	}{
		"hundreds":  {420, []string{"0", "100", "200", "300", "400"}},
		"fractions": {0.042, []string{"0.00", "0.01", "0.02", "0.03", "0.04"}},
		"millions":  {4.2e6, []string{"0", "1000000", "2000000", "3000000", "4000000"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := texts(t, svg(t, drawing.Figure{Panels: []drawing.Panel{{Max: drawing.Point{X: tc.max, Y: 1}}}}))
			if x := got[:len(tc.want)]; strings.Join(x, " ") != strings.Join(tc.want, " ") {
				t.Errorf("numbers of the axis = %q, want %q", x, tc.want)
			}
		})
	}
}

// A flood must neither make a giant file nor hide that it was thinned.
func TestFloodIsThinned(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var dots []drawing.Point
	var lines [][]drawing.Point
	for range 400_000 {
		dots = append(dots, drawing.Point{X: rng.Float64() * 100, Y: rng.Float64() * 100})
	}
	for range 30_000 {
		var line []drawing.Point
		for range 20 {
			line = append(line, drawing.Point{X: rng.Float64() * 100, Y: rng.Float64() * 100})
		}
		lines = append(lines, line)
	}
	f := drawing.Figure{Panels: []drawing.Panel{{Square: true, Layers: []drawing.Layer{
		{Name: "plots", Dots: dots, Width: 1}, {Name: "tracks", Lines: lines, Width: 1},
	}}}}
	got := svg(t, f)
	if n := strings.Count(got, "h0"); n != drawing.MaxDots+1 { // and the legend
		t.Errorf("%d dots, want %d", n, drawing.MaxDots)
	}
	corners := strings.Count(got, "L") + strings.Count(got, "M") - drawing.MaxDots
	if corners < drawing.MaxCorners/2 || corners > drawing.MaxCorners+100 {
		t.Errorf("%d corners, want at most %d", corners, drawing.MaxCorners)
	}
	for _, want := range []string{"400 000, 12 000 dots", "30 000, 10 000 of 30 000 pieces"} {
		if want = strings.ReplaceAll(want, " 0", "\u202f0"); !strings.Contains(got, want) {
			t.Errorf("the legend does not say %q", want)
		}
	}
}

// Whatever is drawn, the file is well formed, of bounded size, and the same
// each time.
func TestAnyFigureIsDrawn(t *testing.T) {
	value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-100, 100), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 5e-324}))
	point := rapid.Custom(func(t *rapid.T) drawing.Point { return drawing.Point{X: value.Draw(t, "x"), Y: value.Draw(t, "y")} })
	rapid.Check(t, func(t *rapid.T) {
		p := drawing.Panel{
			X: rapid.String().Draw(t, "name"), Square: rapid.Bool().Draw(t, "square"), Unit: "km",
			Min: point.Draw(t, "min"), Max: point.Draw(t, "max"),
		}
		for range rapid.IntRange(0, 8).Draw(t, "layers") {
			l := drawing.Layer{Name: rapid.String().Draw(t, "layer"), Width: 1}
			if rapid.Bool().Draw(t, "dots") {
				l.Dots = rapid.SliceOfN(point, 0, 20).Draw(t, "points")
			} else {
				l.Lines = rapid.SliceOfN(rapid.SliceOfN(point, 0, 8), 0, 4).Draw(t, "lines")
			}
			p.Layers = append(p.Layers, l)
		}
		p.Labels = []drawing.Label{{At: point.Draw(t, "label"), Text: rapid.String().Draw(t, "text")}}
		f := drawing.Figure{Panels: []drawing.Panel{p, p}}
		var a, b bytes.Buffer
		if err := errors.Join(drawing.Write(&a, f), drawing.Write(&b, f)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatal("two drawings of one figure differ")
		}
		if a.Len() > drawing.MaxSize {
			t.Fatalf("%d octets", a.Len())
		}
		s := a.String()
		if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Fatalf("not a number: %s", s)
		}
		var v struct{ XMLName xml.Name }
		if err := xml.Unmarshal(a.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteFails(t *testing.T) {
	if err := drawing.Write(full{}, small()); err == nil || !strings.Contains(err.Error(), "write drawing: disk full") {
		t.Errorf("err = %v", err)
	}
}
