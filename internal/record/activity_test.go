// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func goodActivity() *record.Activity {
	return &record.Activity{
		State: "clear", Kind: "coast-guard-patrol", Domain: "air", From: at, To: at.Add(2 * time.Hour), Area: square(),
		Height: &record.Block{BaseFt: 1000, TopFt: 3000}, Count: 2, ContactKHz: ptr(uint32(123_100)),
		Working: ptr(at.Add(time.Minute)), Clear: ptr(at.Add(time.Hour)),
	}
}

func goodSearchArea(refs []record.Ref) *record.SearchArea {
	area := record.Area{Centre: &record.Corner{LatE5: 24_50000, LonE5: 122_50000}, RadiusM: 9260}
	return &record.SearchArea{
		Incident: refs, State: "active", Object: "fishing-vessel", Datum: record.Corner{LatE5: 24_40000, LonE5: 122_40000}, DatumAt: at,
		DatumErrorM: 1852, Drift: &record.Drift{SetDeg: 20, RateE2: 2_10}, Area: &area, Pattern: "expanding-square",
		Coordinator: "tw", CoordinateOn: ptr(uint32(156_800)),
	}
}

func square() record.Area {
	return record.Area{Corners: []record.Corner{
		{LatE5: 24_00000, LonE5: 122_00000},
		{LatE5: 24_00000, LonE5: 123_00000},
		{LatE5: 25_00000, LonE5: 123_00000},
		{LatE5: 25_00000, LonE5: 122_00000},
	}}
}

func drawActivity(t *rapid.T, a *record.Activity) {
	a.Kind = rapid.SampledFrom(record.ActivityKinds()).Draw(t, "activity")
	a.Domain = rapid.SampledFrom([]string{"air", "sea"}).Draw(t, "domain")
	a.State = rapid.SampledFrom(record.ActivityStates()).Draw(t, "state")
	a.Working, a.Clear = nil, nil
	if a.State == "working" || a.State == "clear" {
		a.Working = ptr(a.From.Add(time.Duration(rapid.Int64Range(0, 3600e6).Draw(t, "working")) * time.Microsecond))
	}
	if a.State == "clear" {
		a.Clear = ptr(a.To)
	}
	if a.Domain == "sea" || rapid.Bool().Draw(t, "all heights") {
		a.Height = nil
	}
	if rapid.Bool().Draw(t, "silent") {
		a.ContactKHz = nil
	}
	a.Count = rapid.Uint16Range(1, 99).Draw(t, "count")
	if rapid.Bool().Draw(t, "circle") {
		a.Area = record.Area{Centre: drawCorner(t), RadiusM: rapid.Uint32Range(100, 200_000).Draw(t, "radius")}
	}
}

func drawCorner(t *rapid.T) *record.Corner {
	return &record.Corner{
		LatE5: rapid.Int32Range(-70_00000, 70_00000).Draw(t, "lat"), LonE5: rapid.Int32Range(-180_00000, 180_00000).Draw(t, "lon"),
	}
}

func drawSearchArea(t *rapid.T, s *record.SearchArea) {
	s.State = rapid.SampledFrom(record.SearchStates()).Draw(t, "state")
	s.Object = rapid.SampledFrom(record.SearchObjects()).Draw(t, "object")
	s.Datum = *drawCorner(t)
	s.DatumErrorM = rapid.Uint32Max(200_000).Draw(t, "error")
	if rapid.Bool().Draw(t, "bare") {
		s.Drift, s.Area, s.Pattern, s.Coordinator, s.CoordinateOn = nil, nil, "", "", nil
	}
}

func TestActivityRefuses(t *testing.T) {
	tests := map[string]func(*record.Activity){
		"a state that is none":         func(a *record.Activity) { a.State = "over" },
		"no state":                     func(a *record.Activity) { a.State = "" },
		"a kind that is none":          func(a *record.Activity) { a.Kind = "strike" },
		"no kind":                      func(a *record.Activity) { a.Kind = "" },
		"a domain that is none":        func(a *record.Activity) { a.Domain = "land" },
		"no beginning":                 func(a *record.Activity) { a.From = time.Time{} },
		"an end beyond reason":         func(a *record.Activity) { a.To = a.To.AddDate(500, 0, 0) },
		"an end at the beginning":      func(a *record.Activity) { a.To = a.From },
		"a box of more than two days":  func(a *record.Activity) { a.To = a.From.Add(48*time.Hour + 1) },
		"nobody":                       func(a *record.Activity) { a.Count = 0 },
		"a hundred":                    func(a *record.Activity) { a.Count = 100 },
		"a height block at sea":        func(a *record.Activity) { a.Domain = "sea" },
		"a height below the ground":    func(a *record.Activity) { a.Height.BaseFt = -1 },
		"a height in space":            func(a *record.Activity) { a.Height.TopFt = 100_001 },
		"an empty height block":        func(a *record.Activity) { a.Height.TopFt = a.Height.BaseFt },
		"a frequency that is too low":  func(a *record.Activity) { a.ContactKHz = ptr(uint32(1499)) },
		"a frequency that is too high": func(a *record.Activity) { a.ContactKHz = ptr(uint32(500_001)) },
		"working without a time":       func(a *record.Activity) { a.State, a.Working, a.Clear = "working", nil, nil },
		"working and clear":            func(a *record.Activity) { a.State = "working" },
		"planned and working":          func(a *record.Activity) { a.State, a.Clear = "planned", nil },
		"planned and clear":            func(a *record.Activity) { a.State, a.Working = "planned", nil },
		"clear without a time":         func(a *record.Activity) { a.Clear = nil },
		"clear before working":         func(a *record.Activity) { a.Clear = ptr(a.Working.Add(-1)) },
		"a working time of no age":     func(a *record.Activity) { a.Working = &time.Time{} },
		"an area of nothing":           func(a *record.Activity) { a.Area = record.Area{} },
		"an area of two corners":       func(a *record.Activity) { a.Area.Corners = a.Area.Corners[:2] },
		"an area of 17 corners":        func(a *record.Activity) { a.Area.Corners = make([]record.Corner, 17) },
		"a polygon with a radius":      func(a *record.Activity) { a.Area.RadiusM = 1000 },
		"a polygon with a centre":      func(a *record.Activity) { a.Area.Centre = &a.Area.Corners[0] },
		"a corner twice":               func(a *record.Activity) { a.Area.Corners[1] = a.Area.Corners[0] },
		"a bow tie":                    func(a *record.Activity) { c := a.Area.Corners; c[1], c[2] = c[2], c[1] },
		"an edge that turns back":      func(a *record.Activity) { a.Area.Corners[2] = record.Corner{LatE5: 24_00000, LonE5: 122_50000} },
		"a line": func(a *record.Activity) {
			a.Area.Corners = a.Area.Corners[:3]
			a.Area.Corners[2] = record.Corner{LatE5: 24_00000, LonE5: 124_00000}
		},
		"a corner near the pole":        func(a *record.Activity) { a.Area.Corners[0].LatE5 = 70_00001 },
		"a corner beyond the date line": func(a *record.Activity) { a.Area.Corners[0].LonE5 = -170_00001 },
		"an area across seven degrees":  func(a *record.Activity) { a.Area.Corners[2].LonE5 = 129_00000 },
		"an area seven degrees high":    func(a *record.Activity) { a.Area.Corners[2].LatE5 = 31_00000 },
		"a circle of a few metres":      func(a *record.Activity) { a.Area = record.Area{Centre: &record.Corner{}, RadiusM: 99} },
		"a circle of half a country":    func(a *record.Activity) { a.Area = record.Area{Centre: &record.Corner{}, RadiusM: 200_001} },
		"a circle about the pole":       func(a *record.Activity) { a.Area = record.Area{Centre: &record.Corner{LatE5: 71_00000}, RadiusM: 1000} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			r := good(record.KindActivity)
			spoil(r.Activity)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
		})
	}
}

func TestSearchAreaRefuses(t *testing.T) {
	tests := map[string]func(*record.SearchArea){
		"nothing that it is about":     func(s *record.SearchArea) { s.Incident = nil },
		"a state that is none":         func(s *record.SearchArea) { s.State = "over" },
		"an object that is none":       func(s *record.SearchArea) { s.Object = "submarine" },
		"a pattern that is none":       func(s *record.SearchArea) { s.Pattern = "zigzag" },
		"no time of the datum":         func(s *record.SearchArea) { s.DatumAt = time.Time{} },
		"a datum near the pole":        func(s *record.SearchArea) { s.Datum.LatE5 = 70_00001 },
		"an error of half a country":   func(s *record.SearchArea) { s.DatumErrorM = 200_001 },
		"a set of 360":                 func(s *record.SearchArea) { s.Drift.SetDeg = 360 },
		"a drift faster than it goes":  func(s *record.SearchArea) { s.Drift.RateE2 = 10_01 },
		"an area of nothing":           func(s *record.SearchArea) { s.Area = &record.Area{} },
		"a coordinator that is none":   func(s *record.SearchArea) { s.Coordinator = "T W" },
		"a frequency that is no radio": func(s *record.SearchArea) { s.CoordinateOn = ptr(uint32(1)) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			r := good(record.KindSearchArea)
			spoil(r.SearchArea)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
		})
	}
}

// Whether corners bound one area depends neither on the corner where the list
// begins nor on the way round.
func TestSimpleDoesNotDependOnWhereTheListBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Corner {
			return record.Corner{LatE5: rapid.Int32Range(0, 9).Draw(t, "lat"), LonE5: rapid.Int32Range(0, 9).Draw(t, "lon")}
		}), 3, 8).Draw(t, "corners")
		want := record.Simple(list)
		for range list {
			list = append(list[1:], list[0])
			back := slices.Clone(list)
			slices.Reverse(back)
			if record.Simple(list) != want || record.Simple(back) != want {
				t.Fatalf("Simple(%v) = %v, want %v", list, !want, want)
			}
		}
	})
}
