// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package drawing writes figures of points and lines over two axes as SVG 1.1
// files for people: the same figure gives the same octets, and however much it
// holds, the file stays below MaxSize. It knows nothing of maps, tracks or
// time: who calls it brings numbers in the unit of the axis.
package drawing

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// What a file holds at most. What is beyond is thinned out evenly (dots),
// drawn with fewer corners (lines), or left out (panels, layers, labels); the
// legend says how many of a layer are drawn.
const (
	MaxPanels  = 8
	MaxLayers  = 6      // of a panel
	MaxDots    = 12_000 // of a layer
	MaxCorners = 20_000 // of a layer
	MaxLabels  = 64     // of a panel
	MaxText    = 120    // characters of one text
	MaxSize    = 20 << 20
)

// Point is a place in the units of a panel's axes.
type Point struct{ X, Y float64 }

// Finite reports whether p can be drawn.
func (p Point) Finite() bool { return math.Abs(p.X) < 1e15 && math.Abs(p.Y) < 1e15 }

// Figure is panels one below the other.
type Figure struct {
	Title  string
	Note   string // small, below the title
	Panels []Panel
}

// Panel is a rectangle with two axes and a legend.
type Panel struct {
	X, Y   string // what the axes show, with the unit
	Square bool   // a unit is as long on both axes, and a scale bar shows it
	Unit   string // of the scale bar
	Min    Point  // the corners of what is shown; an axis on which they span
	Max    Point  // nothing shows all finite points
	Layers []Layer
	Labels []Label
}

// Layer is dots or lines under one name in the legend. Later layers cover
// earlier ones.
type Layer struct {
	Name    string
	Colours []string // SVG colours; lines take them in turn, dots the first
	Width   float64  // of dots and lines, px
	Dots    []Point
	Lines   [][]Point // a point that is not finite breaks a line
}

// Label is a small triangle with a text.
type Label struct {
	At   Point
	Text string
}

// Sizes in px.
const (
	width      = 960
	left       = 78
	plotWidth  = 640
	plotHeight = 150 // of a panel that is not square
	header     = 56
	below      = 52 // under a panel: numbers and name of its axis
	legendX    = left + plotWidth + 20
)

// Write writes the figure.
func Write(w io.Writer, f Figure) error {
	var b bytes.Buffer
	panels := f.Panels[:min(len(f.Panels), MaxPanels)]
	frames := make([]frame, len(panels))
	y := header
	for i := range panels {
		frames[i] = newFrame(&panels[i], float64(y))
		y += int(frames[i].h) + below
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, y, width, y)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, y)
	text(&b, left, 24, `font-size="16"`, f.Title)
	text(&b, left, 42, `fill="#555"`, f.Note)
	for i := range panels {
		fmt.Fprintf(&b, `<g id="panel%d">`+"\n", i+1)
		panels[i].write(&b, &frames[i], i+1)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write drawing: %w", err)
	}
	return nil
}

func (p *Panel) write(b *bytes.Buffer, f *frame, n int) {
	fmt.Fprintf(b, `<clipPath id="clip%d"><rect x="%d" y="%s" width="%d" height="%s"/></clipPath>`+"\n", n, left, px(f.y), plotWidth, px(f.h))
	f.axes(b, p)
	fmt.Fprintf(b, `<g clip-path="url(#clip%d)" fill="none" stroke-linecap="round" stroke-linejoin="round">`+"\n", n)
	notes := make([]string, min(len(p.Layers), MaxLayers))
	for i := range notes {
		notes[i] = p.Layers[i].write(b, f)
	}
	b.WriteString("</g>\n")
	for _, l := range p.Labels[:min(len(p.Labels), MaxLabels)] {
		if at := f.at(l.At); f.holds(at) {
			fmt.Fprintf(b, `<path d="M%s %sl-5 9h10z" fill="#000"/>`, px(at.X), px(at.Y-5))
			text(b, at.X+8, at.Y+5, "", l.Text)
		}
	}
	if p.Square {
		f.scaleBar(b, p.Unit)
	}
	for i := range notes {
		p.Layers[i].legend(b, f.y+14+float64(i)*32, notes[i])
	}
}

// write draws a layer and returns what the legend says of its number.
func (l *Layer) write(b *bytes.Buffer, f *frame) string {
	if len(l.Dots) > 0 {
		return l.writeDots(b, f)
	}
	return l.writeLines(b, f)
}

func (l *Layer) writeDots(b *bytes.Buffer, f *frame) string {
	cells := f.cells(l.Dots)
	drawn := min(len(cells), MaxDots)
	l.open(b, 0)
	for k := range drawn {
		c := cells[k*len(cells)/max(1, drawn)]
		fmt.Fprintf(b, "M%d %dh0", c[0], c[1])
	}
	b.WriteString("\"/>\n")
	if drawn == len(l.Dots) {
		return number(len(l.Dots))
	}
	return number(len(l.Dots)) + ", " + number(drawn) + " dots"
}

func (l *Layer) writeLines(b *bytes.Buffer, f *frame) string {
	all := split(l.Lines)
	lines := f.corners(all)
	colours := max(1, len(l.Colours))
	for c := range min(colours, len(lines)) {
		l.open(b, c)
		for i := c; i < len(lines); i += colours {
			for k, at := range lines[i].points {
				b.WriteByte("ML"[min(k, 1)])
				b.WriteString(px(at.X))
				b.WriteByte(' ')
				b.WriteString(px(at.Y))
			}
		}
		b.WriteString("\"/>\n")
	}
	switch {
	case len(lines) < len(all):
	case len(l.Lines) < 2:
		return ""
	default:
		return number(len(l.Lines))
	}
	return fmt.Sprintf("%s, %s of %s pieces", number(len(l.Lines)), number(len(lines)), number(len(all)))
}

func (l *Layer) colour(i int) string {
	if len(l.Colours) == 0 {
		return "#000"
	}
	return l.Colours[i%len(l.Colours)]
}

func (l *Layer) open(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, `<path stroke="%s" stroke-width="%s" d="`, escape(l.colour(i)), px(l.Width))
}

func (l *Layer) legend(b *bytes.Buffer, y float64, note string) {
	length, least := 22, 1.5
	if len(l.Dots) > 0 {
		length, least = 0, 3
	}
	n := max(1, min(4, len(l.Colours)))
	for i := range n {
		part := length / n
		fmt.Fprintf(b, `<path stroke="%s" stroke-width="%s" stroke-linecap="round" d="M%d %sh%d"/>`, escape(l.colour(i)), px(max(least, l.Width)), legendX+i*part, px(y), part)
	}
	text(b, legendX+30, y+4, "", l.Name)
	text(b, legendX+30, y+18, `fill="#555" font-size="10"`, note)
}

// text writes one text; what is too long is cut.
func text(b *bytes.Buffer, x, y float64, attributes, s string) {
	if s == "" {
		return
	}
	if r := []rune(s); len(r) > MaxText {
		s = string(r[:MaxText-1]) + "…"
	}
	if attributes != "" {
		attributes = " " + attributes
	}
	fmt.Fprintf(b, `<text x="%s" y="%s"%s>%s</text>`+"\n", px(x), px(y), attributes, escape(s))
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) //nolint:errcheck // a Builder takes all
	return b.String()
}

// px writes a length with at most one digit after the point.
func px(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10+0, 'f', -1, 64)
}

// number writes a whole number with a space at every thousand.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
