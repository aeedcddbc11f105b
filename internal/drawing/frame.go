// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package drawing

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// frame says where a panel lies and how its units become px.
type frame struct {
	y, h     float64 // top and height, px
	min, max Point
}

// Heights of a square panel in px.
const (
	leastHeight = 240
	mostHeight  = 720
)

func newFrame(p *Panel, y float64) frame {
	f := frame{y: y, h: plotHeight, min: p.Min, max: p.Max}
	least, most := extent(p)
	if !f.min.Finite() || !f.max.Finite() || f.min.X >= f.max.X {
		f.min.X, f.max.X = least.X, most.X
	}
	if !f.min.Finite() || !f.max.Finite() || f.min.Y >= f.max.Y {
		f.min.Y, f.max.Y = least.Y, most.Y
	}
	if p.Square {
		f.h = math.Round(max(leastHeight, min(mostHeight, plotWidth*(f.max.Y-f.min.Y)/(f.max.X-f.min.X))))
		f.widen()
	}
	return f
}

// widen makes a unit as long on both axes.
func (f *frame) widen() {
	perPx := max((f.max.X-f.min.X)/plotWidth, (f.max.Y-f.min.Y)/f.h)
	mx, my := (f.min.X+f.max.X)/2, (f.min.Y+f.max.Y)/2
	f.min = Point{mx - perPx*plotWidth/2, my - perPx*f.h/2}
	f.max = Point{mx + perPx*plotWidth/2, my + perPx*f.h/2}
}

// extent returns the corners of all that is finite, with a margin. A panel that
// is not square begins at its first X, and at zero where no Y is negative.
func extent(p *Panel) (least, most Point) {
	least, most = Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	add := func(list []Point) {
		for _, at := range list {
			if at.Finite() {
				least = Point{min(least.X, at.X), min(least.Y, at.Y)}
				most = Point{max(most.X, at.X), max(most.Y, at.Y)}
			}
		}
	}
	for i := range p.Layers {
		add(p.Layers[i].Dots)
		for _, line := range p.Layers[i].Lines {
			add(line)
		}
	}
	if least.X > most.X {
		return Point{0, 0}, Point{1, 1}
	}
	dx, dy := margin(least.X, most.X), margin(least.Y, most.Y)
	switch {
	case p.Square:
		least.X, least.Y = least.X-dx, least.Y-dy
		most.X += dx
	case least.X == most.X:
		most.X += dx
	}
	if !p.Square && least.Y >= 0 {
		least.Y = 0
	}
	return least, Point{most.X, most.Y + dy}
}

// margin is a twentieth of a span, and something where there is none.
func margin(from, to float64) float64 {
	if to-from > 1e-9*math.Abs(from) {
		return (to - from) / 20
	}
	return max(0.5, math.Abs(from)/1e6)
}

// at returns a place in px, y downwards.
func (f *frame) at(p Point) Point {
	return Point{
		left + (p.X-f.min.X)/(f.max.X-f.min.X)*plotWidth,
		f.y + f.h - (p.Y-f.min.Y)/(f.max.Y-f.min.Y)*f.h,
	}
}

// holds reports whether a place in px lies inside the panel.
func (f *frame) holds(at Point) bool {
	return at.X >= left && at.X <= left+plotWidth && at.Y >= f.y && at.Y <= f.y+f.h
}

// cells returns the px inside the panel in which points lie, each once, in the
// order of the points.
func (f *frame) cells(points []Point) [][2]int {
	seen := make([]bool, (plotWidth+1)*(int(f.h)+1))
	var out [][2]int
	for _, p := range points {
		at := f.at(p)
		if !p.Finite() || !f.holds(at) {
			continue
		}
		x, y := int(math.Round(at.X)), int(math.Round(at.Y))
		if i := (y-int(f.y))*(plotWidth+1) + x - left; !seen[i] {
			seen[i] = true
			out = append(out, [2]int{x, y})
		}
	}
	return out
}

// piece is a part of a line between points that are not finite.
type piece struct{ points []Point }

func split(lines [][]Point) []piece {
	var out []piece
	for _, line := range lines {
		from := 0
		for i := 0; i <= len(line); i++ {
			if i < len(line) && line[i].Finite() {
				continue
			}
			if i > from {
				out = append(out, piece{line[from:i]})
			}
			from = i + 1
		}
	}
	return out
}

// far bounds a corner in px: what is so far outside is not seen.
const far = 1e5

// corners returns the pieces in px with so few corners that all of them are no
// more than MaxCorners, and no more pieces than that allows.
func (f *frame) corners(pieces []piece) []piece {
	pieces = pieces[:min(len(pieces), MaxCorners/2)]
	out := make([]piece, len(pieces))
	for within := 0.5; ; within *= 2 {
		n := 0
		for i, p := range pieces {
			out[i] = f.thin(p, within)
			n += len(out[i].points)
		}
		if n <= MaxCorners || within > 4*far {
			return out
		}
	}
}

// thin leaves out points that are nearer than within px to the last one kept.
// The first and the last point stay; one point alone is drawn as a dot.
func (f *frame) thin(p piece, within float64) piece {
	var out []Point
	for i, q := range p.points {
		at := f.at(q)
		at = Point{max(-far, min(far, at.X)), max(-far, min(far, at.Y))}
		if n := len(out); n > 0 && math.Hypot(at.X-out[n-1].X, at.Y-out[n-1].Y) < within {
			if i < len(p.points)-1 {
				continue
			}
			if n > 1 {
				out = out[:n-1]
			}
		}
		out = append(out, at)
	}
	if len(out) == 1 {
		out = append(out, out[0])
	}
	return piece{out}
}

// axes draws the border, the grid, the numbers and the names of the axes.
func (f *frame) axes(b *bytes.Buffer, p *Panel) {
	fmt.Fprintf(b, `<rect x="%d" y="%s" width="%d" height="%s" fill="#fcfcfc" stroke="#888"/>`+"\n", left, px(f.y), plotWidth, px(f.h))
	grid := &bytes.Buffer{}
	bottom := f.y + f.h
	for _, x := range ticks(f.min.X, f.max.X, 8) {
		at := f.at(Point{X: x.value}).X
		fmt.Fprintf(grid, "M%s %sV%s", px(at), px(f.y), px(bottom))
		text(b, at, bottom+16, `text-anchor="middle" font-size="11"`, x.text)
	}
	for _, y := range ticks(f.min.Y, f.max.Y, max(3, int(f.h/40))) {
		at := f.at(Point{Y: y.value}).Y
		fmt.Fprintf(grid, "M%d %sh%d", left, px(at), plotWidth)
		text(b, left-6, at+4, `text-anchor="end" font-size="11"`, y.text)
	}
	fmt.Fprintf(b, `<path d="%s" stroke="#ddd" fill="none"/>`+"\n", grid)
	text(b, left+plotWidth/2, bottom+34, `text-anchor="middle"`, p.X)
	middle := f.y + f.h/2
	text(b, 18, middle, fmt.Sprintf(`text-anchor="middle" transform="rotate(-90 18 %s)"`, px(middle)), p.Y)
}

// scaleBar draws a length of about a fifth of the panel.
func (f *frame) scaleBar(b *bytes.Buffer, unit string) {
	span := f.max.X - f.min.X
	length := step(span / 5)
	w := length / span * plotWidth
	x, y := left+12.0, f.y+f.h-12
	fmt.Fprintf(b, `<path d="M%s %sv4h%sv-4" stroke="#000" stroke-width="1.5" fill="none"/>`+"\n", px(x), px(y-4), px(w))
	text(b, x+w+6, y+2, `stroke="#fcfcfc" stroke-width="3" paint-order="stroke"`, decimal(length, length)+" "+unit)
}

type tick struct {
	value float64
	text  string
}

// ticks returns round values between two others, about n of them.
func ticks(from, to float64, n int) []tick {
	d := step((to - from) / float64(n))
	var out []tick
	for k := math.Ceil(from/d-1e-9) + 0; k*d <= to+1e-9*d && len(out) < 4*n; k++ {
		out = append(out, tick{k * d, decimal(k*d, d)})
	}
	return out
}

// step returns the round number (1, 2 or 5 by a power of ten) at or above x.
func step(x float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= x*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// decimal writes x with as many digits as a step needs.
func decimal(x, step float64) string {
	digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	s := strconv.FormatFloat(x, 'f', min(digits, 9), 64)
	if s == "-0" {
		return "0"
	}
	return s
}
