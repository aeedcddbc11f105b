// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// metresPerDegree is the length of a degree that the lattice is laid out with:
// the shortest degree of latitude on WGS84, rounded down, so that no cell is
// smaller than its grid says. It only shapes cells; no position is measured by
// it.
const metresPerDegree = 110_570.0

// cellOf returns the cell of p on the one lattice of grid metres. Rows are
// counted from the south pole and are equally high; the columns of a row are
// counted from 180 degrees west and are equally wide, a grid at the row's edge
// towards the pole. The lattice depends on nothing but the grid, so that a report depends on nothing
// but the cell.
func cellOf(p geo.Point, gridM uint32) record.Cell {
	height := float64(gridM) / metresPerDegree
	row := math.Floor((p.LatDeg + 90) / height)
	lat := min(-90+(row+0.5)*height, 90)
	width := widthOf(lat, height)
	col := min(math.Floor((p.LonDeg+180)/width), math.Round(360/width)-1)
	return record.Cell{
		LatE5: int32(math.Round(lat * 1e5)),
		LonE5: int32(math.Round((-180 + (col+0.5)*width) * 1e5)),
		GridM: gridM,
	}
}

// widthOf returns how wide the cells of a row are, in degrees; height is the
// row's, and lat its middle.
func widthOf(lat, height float64) float64 {
	edge := min(math.Abs(lat)+height/2, 90)
	return 360 / max(math.Floor(360*math.Cos(edge*math.Pi/180)/height), 1)
}

// Corners returns the south-west and the north-east corner of a cell, to the
// fifth decimal of a degree, as its centre is.
func Corners(c record.Cell) (southWest, northEast geo.Point) {
	height := float64(c.GridM) / metresPerDegree
	p := centre(c)
	p.LatDeg = -90 + (math.Floor((p.LatDeg+90)/height)+0.5)*height // as before it was rounded
	width := widthOf(p.LatDeg, height)
	round := func(deg float64) float64 { return math.Round(deg*1e5) / 1e5 }
	southWest = geo.Point{LatDeg: round(max(p.LatDeg-height/2, -90)), LonDeg: round(p.LonDeg - width/2)}
	northEast = geo.Point{LatDeg: round(min(p.LatDeg+height/2, 90)), LonDeg: round(p.LonDeg + width/2)}
	return southWest, northEast
}

func centre(c record.Cell) geo.Point {
	return geo.Point{LatDeg: float64(c.LatE5) / 1e5, LonDeg: float64(c.LonE5) / 1e5}
}

// binOf returns the bin of the given width that holds t. Bins are counted from
// the Unix epoch.
func binOf(t time.Time, width time.Duration) record.Bin {
	return record.Bin{Start: floor(t, width), Width: width}
}

func floor(t time.Time, width time.Duration) time.Time {
	ns := t.UnixNano()
	r := ns % int64(width)
	if r < 0 {
		r += int64(width)
	}
	return time.Unix(0, ns-r).UTC()
}

// slotAt returns the first whole multiple of slot at or after t; t itself
// where there is no slot.
func slotAt(t time.Time, slot time.Duration) time.Time {
	if slot <= 0 {
		return t.UTC()
	}
	f := floor(t, slot)
	if f.Before(t) {
		f = f.Add(slot)
	}
	return f
}

// bandOf returns the height band of size feet that holds h.
func bandOf(h geo.Feet, size uint32) *record.Band {
	if size == 0 || math.IsNaN(float64(h)) || math.Abs(float64(h)) > 200_000 {
		return nil
	}
	return &record.Band{BaseFt: int32(math.Floor(float64(h)/float64(size))) * int32(size), SizeFt: size}
}

// Steps of course and speed. Both come from released cells alone.
const (
	courseStep = 45
	speedStep  = 20
	pastCells  = 5 // a movement is taken over so many reports
)

// past is one cell that a partner was told.
type past struct {
	Cell record.Cell `json:"cell"`
	Bin  record.Bin  `json:"bin"`
}

// movement returns course and speed from the oldest of the cells told to the
// new one, or nothing where they do not show any.
func movement(told []past, now past) (course, speed *uint16) {
	for _, p := range told {
		dt := now.Bin.Start.Sub(p.Bin.Start)
		if p.Cell == now.Cell || p.Cell.GridM != now.Cell.GridM || dt <= 0 || dt > 10*now.Bin.Width {
			continue
		}
		dist, azi := geo.Inverse(centre(p.Cell), centre(now.Cell))
		c := uint16(math.Round(float64(azi)/courseStep)) * courseStep % 360
		kt := float64(geo.MetresPerSecond(float64(dist) / dt.Seconds()).Knots())
		s := uint16(math.Round(min(kt, 3000)/speedStep)) * speedStep
		return &c, &s
	}
	return nil, nil
}
