// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package activity_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// box is a rectangle in hundredths of a degree.
func box(lat0, lon0, lat1, lon1 int32) record.Area {
	c := func(lat, lon int32) record.Corner { return record.Corner{LatE5: lat * 1000, LonE5: lon * 1000} }
	return record.Area{Corners: []record.Corner{c(lat0, lon0), c(lat0, lon1), c(lat1, lon1), c(lat1, lon0)}}
}

// corners is a polygon of positions in hundredths of a degree.
func corners(list ...int32) (a record.Area) {
	for i := 0; i < len(list); i += 2 {
		a.Corners = append(a.Corners, record.Corner{LatE5: list[i] * 1000, LonE5: list[i+1] * 1000})
	}
	return a
}

func circle(lat, lon int32, radius uint32) record.Area {
	return record.Area{Centre: &record.Corner{LatE5: lat * 1000, LonE5: lon * 1000}, RadiusM: radius}
}

func at(lat, lon float64) geo.Point { return geo.Point{LatDeg: lat, LonDeg: lon} }

func TestContains(t *testing.T) {
	ell := record.Area{Corners: []record.Corner{
		{LatE5: 24_00000, LonE5: 122_00000},
		{LatE5: 24_00000, LonE5: 124_00000},
		{LatE5: 25_00000, LonE5: 124_00000},
		{LatE5: 25_00000, LonE5: 123_00000},
		{LatE5: 26_00000, LonE5: 123_00000},
		{LatE5: 26_00000, LonE5: 122_00000},
	}}
	square := box(2400, 12200, 2500, 12300)
	round := circle(2400, 12200, 10_000)
	tests := map[string]struct {
		area record.Area
		p    geo.Point
		want bool
	}{
		"the middle of a square":          {square, at(24.5, 122.5), true},
		"south of it":                     {square, at(23.99, 122.5), false},
		"east of it":                      {square, at(24.5, 123.01), false},
		"the foot of an ell":              {ell, at(24.5, 123.5), true},
		"its notch":                       {ell, at(25.5, 123.5), false},
		"its upright":                     {ell, at(25.5, 122.5), true},
		"the middle of a circle":          {round, at(24, 122), true},
		"just inside it":                  {round, geo.Direct(at(24, 122), 45, 9_999), true},
		"just outside it":                 {round, geo.Direct(at(24, 122), 45, 10_001), false},
		"due north of it":                 {round, geo.Direct(at(24, 122), 0, 10_001), false},
		"the other side of the earth":     {round, at(-24, -58), false},
		"the square's other side as well": {square, at(-24.5, -57.5), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := activity.Contains(&tt.area, tt.p); got != tt.want {
				t.Errorf("Contains(%v) = %v, want %v", tt.p, got, tt.want)
			}
			if d := activity.Distance(&tt.area, tt.p); (d == 0) != tt.want {
				t.Errorf("Distance(%v) = %v where Contains = %v", tt.p, d, tt.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	square, round := box(2400, 12200, 2500, 12300), circle(2400, 12200, 10_000)
	if d := activity.Distance(&square, geo.Direct(at(24.5, 123), 90, 5000)); d < 4900 || d > 5100 {
		t.Errorf("5 km east of the square is %v m off", d)
	}
	if d := activity.Distance(&round, geo.Direct(at(24, 122), 200, 15_000)); d < 4990 || d > 5010 {
		t.Errorf("15 km from the middle of a circle of 10 km is %v m off", d)
	}
}

func drawArea(t *rapid.T, name string) record.Area {
	if rapid.Bool().Draw(t, name+" round") {
		return circle(rapid.Int32Range(2300, 2600).Draw(t, name+" lat"), rapid.Int32Range(12100, 12400).Draw(t, name+" lon"), rapid.Uint32Range(100, 200_000).Draw(t, name+" radius"))
	}
	corner := rapid.Custom(func(t *rapid.T) record.Corner {
		return record.Corner{LatE5: rapid.Int32Range(23_00000, 26_00000).Draw(t, "lat"), LonE5: rapid.Int32Range(121_00000, 124_00000).Draw(t, "lon")}
	})
	list := rapid.SliceOfN(corner, 3, 9).Filter(record.Simple).Draw(t, name)
	return record.Area{Corners: list}
}

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func drawBody(t *rapid.T, name string) *record.Activity {
	from := epoch.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, name+" from")) * time.Minute)
	b := &record.Activity{
		State: "planned", Kind: "patrol", Domain: rapid.SampledFrom([]string{"air", "air", "air", "sea"}).Draw(t, name+" domain"),
		From: from, To: from.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, name+" for")) * time.Minute), Area: drawArea(t, name), Count: 1,
	}
	if b.Domain == "air" && rapid.Bool().Draw(t, name+" block") {
		base := rapid.Int32Range(0, 400).Draw(t, name+" base") * 100
		b.Height = &record.Block{BaseFt: base, TopFt: base + 100*rapid.Int32Range(1, 200).Draw(t, name+" size")}
	}
	return b
}

// Both desks compute the same from the same two notices, whichever is theirs.
func TestAnOverlapIsTheSameAtBothSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBody(t, "a"), drawBody(t, "b")
		here, okHere := activity.Meet(activity.Stated{Party: "jp", Body: a}, activity.Stated{Party: "tw", Body: b})
		there, okThere := activity.Meet(activity.Stated{Party: "tw", Body: b}, activity.Stated{Party: "jp", Body: a})
		if okHere != okThere {
			t.Fatalf("one side sees an overlap: %v, %v", okHere, okThere)
		}
		if d := cmp.Diff(here, there); d != "" {
			t.Fatalf("overlaps differ: %s", d)
		}
	})
}

// What is told of an overlap is in both areas, boxes and blocks, and what is in
// both is in it.
func TestAnOverlapIsWhatIsInBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBody(t, "a"), drawBody(t, "b")
		o, ok := activity.Meet(activity.Stated{Party: "jp", Body: a}, activity.Stated{Party: "tw", Body: b})
		for range 20 {
			p := at(rapid.Float64Range(22, 27).Draw(t, "lat"), rapid.Float64Range(120, 125).Draw(t, "lon"))
			// A circle's polygon is larger than the circle; whole numbers move a border by some metres.
			deep := inside(a, p) && inside(b, p)
			if deep && a.Domain == b.Domain && boxesMeet(a, b) && blocksMeet(a, b) && (!ok || !held(o.Area, p)) {
				t.Fatalf("%v is in both areas and not in the overlap %v (%v)", p, o.Area, ok)
			}
			if ok && held(o.Area, p) && (off(a, p) || off(b, p)) {
				t.Fatalf("%v is in the overlap and far from one of the areas", p)
			}
		}
		if ok && (o.From.Before(a.From) || o.From.Before(b.From) || o.To.After(a.To) || o.To.After(b.To) || !o.From.Before(o.To)) {
			t.Fatalf("box %v to %v is not in both", o.From, o.To)
		}
		for _, h := range []*record.Block{a.Height, b.Height} {
			if ok && h != nil && (o.Height == nil || o.Height.BaseFt < h.BaseFt || o.Height.TopFt > h.TopFt) {
				t.Fatalf("block %+v is not in %+v", o.Height, h)
			}
		}
	})
}

func boxesMeet(a, b *record.Activity) bool { return a.From.Before(b.To) && b.From.Before(a.To) }

func blocksMeet(a, b *record.Activity) bool {
	return a.Height == nil || b.Height == nil || (a.Height.BaseFt < b.Height.TopFt && b.Height.BaseFt < a.Height.TopFt)
}

// inside reports whether p lies well inside.
func inside(a *record.Activity, p geo.Point) bool {
	for _, dir := range []geo.Degrees{0, 90, 180, 270} {
		if !activity.Contains(&a.Area, geo.Direct(p, dir, 50)) {
			return false
		}
	}
	return activity.Contains(&a.Area, p)
}

// off reports whether p lies farther outside than a circle's polygon reaches.
func off(a *record.Activity, p geo.Point) bool {
	return activity.Distance(&a.Area, p) > 50+geo.Metres(a.Area.RadiusM)/20
}

func held(list []activity.Polygon, p geo.Point) bool {
	return slices.ContainsFunc(list, func(q activity.Polygon) bool {
		return activity.Contains(&record.Area{Corners: q}, p)
	})
}

func TestMeet(t *testing.T) {
	body := func(area record.Area, change func(*record.Activity)) *record.Activity {
		b := &record.Activity{Domain: "air", From: epoch, To: epoch.Add(time.Hour), Area: area, Height: &record.Block{BaseFt: 1000, TopFt: 2000}}
		if change != nil {
			change(b)
		}
		return b
	}
	west, east := box(2400, 12200, 2500, 12300), box(2450, 12250, 2550, 12350)
	tests := map[string]struct {
		a, b *record.Activity
		to   party.ID
		want int // pieces
	}{
		"two squares":                    {body(west, nil), body(east, nil), "tw", 1},
		"squares side by side":           {body(west, nil), body(box(2400, 12300, 2500, 12400), nil), "tw", 0},
		"squares with a corner in touch": {body(west, nil), body(box(2500, 12300, 2600, 12400), nil), "tw", 0},
		"the two halves of a square":     {body(corners(2400, 12200, 2400, 12300, 2500, 12300), nil), body(corners(2400, 12200, 2500, 12300, 2500, 12200), nil), "tw", 0},
		"one inside the other":           {body(west, nil), body(box(2420, 12220, 2430, 12230), nil), "tw", 1},
		"the same area":                  {body(west, nil), body(west, nil), "tw", 1},
		"another hour":                   {body(west, nil), body(east, func(b *record.Activity) { b.From, b.To = b.To, b.To.Add(time.Hour) }), "tw", 0},
		"a layer above":                  {body(west, nil), body(east, func(b *record.Activity) { b.Height = &record.Block{BaseFt: 2000, TopFt: 3000} }), "tw", 0},
		"a layer that is not told":       {body(west, nil), body(east, func(b *record.Activity) { b.Height = nil }), "tw", 1},
		"a ship below":                   {body(west, nil), body(east, func(b *record.Activity) { b.Domain, b.Height = "sea", nil }), "tw", 0},
		"one party's own two":            {body(west, nil), body(east, nil), "jp", 0},
		"a circle and a square":          {body(circle(2450, 12250, 5000), nil), body(west, nil), "tw", 1},
		"two circles":                    {body(circle(2450, 12250, 50_000), nil), body(circle(2450, 12300, 10_000), nil), "tw", 1},
		"circles apart":                  {body(circle(2450, 12250, 10_000), nil), body(circle(2450, 12350, 10_000), nil), "tw", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, ok := activity.Meet(activity.Stated{Party: "jp", Body: tt.a}, activity.Stated{Party: tt.to, Body: tt.b})
			if len(o.Area) != tt.want || ok != (tt.want > 0) {
				t.Errorf("Meet = %+v, %v; want %d pieces", o, ok, tt.want)
			}
		})
	}
	o, _ := activity.Meet(activity.Stated{Party: "jp", Body: body(west, nil)}, activity.Stated{Party: "tw", Body: body(east, nil)})
	want := []activity.Polygon{{{LatE5: 24_50000, LonE5: 123_00000}, {LatE5: 25_00000, LonE5: 123_00000}, {LatE5: 25_00000, LonE5: 122_50000}, {LatE5: 24_50000, LonE5: 122_50000}}}
	slices.SortFunc(o.Area[0], func(a, b record.Corner) int { return int(a.LatE5-b.LatE5)*1000 + int(a.LonE5-b.LonE5)/1000 })
	slices.SortFunc(want[0], func(a, b record.Corner) int { return int(a.LatE5-b.LatE5)*1000 + int(a.LonE5-b.LonE5)/1000 })
	if d := cmp.Diff(want, o.Area); d != "" {
		t.Errorf("two squares have another area in common: %s", d)
	}
}
