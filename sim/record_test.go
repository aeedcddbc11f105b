// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// published are the turning points of 28 August 2023, rounded to 0.1 degree.
func published() map[string][]geo.Point {
	at := func(lat, lon float64) geo.Point { return geo.Point{LatDeg: lat, LonDeg: lon} }
	return map[string][]geo.Point{
		"uav-tw": {at(25.9, 120.8), at(26.2, 121.8), at(25.6, 122.6), at(24.2, 122.5), at(23.4, 123.2), at(21.9, 122.4), at(20.7, 120.7), at(23.2, 117.9)},
		"uav-jp": {
			at(26.1, 121.3),
			at(26.5, 122.1),
			at(25.7, 122.8),
			at(24.5, 122.5),
			at(23.1, 123.0),
			at(23.2, 123.2),
			at(23.1, 123.3),
			at(23.0, 123.3),
			at(23.0, 123.0),
			at(21.9, 122.6),
			at(21.9, 122.4),
		},
	}
}

func route(o *sim.Object) []geo.Point {
	var pts []geo.Point
	for _, wp := range o.Route {
		pts = append(pts, wp.Pos)
	}
	return pts
}

func TestScenarioFollowsThePublishedLines(t *testing.T) {
	for _, name := range []string{"2023-08-28", "short", "refusal", "other-hour"} {
		sc := open(t, name+".scenario")
		for id, want := range published() {
			if got := route(sc.Object(id)); !slices.Equal(got, want) {
				t.Errorf("%s: %s flies %v, published %v", name, id, got, want)
			}
		}
		if len(sc.Object("uav-tw").Seen) != 1 || len(sc.Object("uav-jp").Seen) != 1 || !sc.Object("uav-tw").SeenBy("tw") || !sc.Object("uav-jp").SeenBy("jp") {
			t.Errorf("%s: a side sees what the other published", name)
		}
	}
}

// TestLinesAreThoseOfTheRecord compares with the recorded lines themselves.
func TestLinesAreThoseOfTheRecord(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpustest.Dir(t), "record", "2023-08-28.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Features []struct {
			Properties struct {
				Publisher, Shape string
				Date             string `json:"bulletin_date"`
				Type             string `json:"type_en"`
			}
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	got := map[string][]geo.Point{}
	for _, f := range doc.Features {
		var lines [][][2]float64
		id := ""
		switch p := f.Properties; {
		case p.Publisher == "ROC MND" && p.Date == "2023-08-29" && p.Type == "BZK-005":
			id = "uav-tw"
			var line [][2]float64
			err = json.Unmarshal(f.Geometry.Coordinates, &line)
			lines = append(lines, line)
		case p.Publisher == "Japan Joint Staff" && p.Shape == "arrow":
			id = "uav-jp"
			err = json.Unmarshal(f.Geometry.Coordinates, &lines)
		default:
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			for _, c := range line {
				got[id] = append(got[id], geo.Point{LatDeg: math.Round(c[1]*10) / 10, LonDeg: math.Round(c[0]*10) / 10})
			}
		}
	}
	for id, want := range published() {
		if !slices.Equal(got[id], want) {
			t.Errorf("%s: recorded %v, in the scenario %v", id, got[id], want)
		}
	}
	corpustest.Check(t)
}

// TestBothLinesFlyTogether holds what the association of the two needs, as far
// as the record allows it. An aircraft is slower within its turns.
func TestBothLinesFlyTogether(t *testing.T) {
	sc := open(t, "2023-08-28.scenario")
	tw, jp := sc.Object("uav-tw"), sc.Object("uav-jp")
	var apart []float64
	for at := sc.Start; at.Before(sc.End); at = at.Add(time.Minute) {
		a, ok1 := tw.Truth(at)
		b, ok2 := jp.Truth(at)
		if ok1 && (a.Speed < 65 || a.Speed > 112) || ok2 && (b.Speed < 65 || b.Speed > 112) {
			t.Errorf("%v: %.0f kt and %.0f kt", at, a.Speed, b.Speed)
		}
		if ok1 && ok2 {
			apart = append(apart, float64(distance(a.Pos, b.Pos)))
		}
	}
	slices.Sort(apart)
	median, worst := apart[len(apart)/2], apart[len(apart)-1]
	t.Logf("at equal times the lines are %.1f km apart in the median, %.1f km at most", median/1000, worst/1000)
	if len(apart) < 200 || median > 20_000 || worst > 50_000 {
		t.Errorf("%d minutes together, median %.0f m, worst %.0f m", len(apart), median, worst)
	}
}

// TestGateIsPassed holds that both lines pass between Taiwan and Yonaguni
// southward, at about the same time, and that the other route does not.
func TestGateIsPassed(t *testing.T) {
	west, east := geo.Point{LatDeg: 24.6, LonDeg: 121.86}, geo.Point{LatDeg: 24.45, LonDeg: 122.94}
	passes := func(o *sim.Object) (times []time.Time) {
		for i := 1; i < len(o.Route); i++ {
			a, b := o.Route[i-1], o.Route[i]
			if p, ok := geo.Intersect(a.Pos, b.Pos, west, east); ok {
				f := float64(distance(a.Pos, p)) / float64(distance(a.Pos, b.Pos))
				times = append(times, a.Time.Add(time.Duration(f*float64(b.Time.Sub(a.Time)))))
			}
		}
		return times
	}
	for name, want := range map[string]int{"2023-08-28": 1, "short": 1, "refusal": 1, "other-hour": 1, "other-route": 0} {
		sc := open(t, name+".scenario")
		a, b := passes(sc.Object("uav-tw")), passes(sc.Object("uav-jp"))
		if len(a) != want || len(b) != want {
			t.Errorf("%s: %d and %d passages, want %d", name, len(a), len(b), want)
			continue
		}
		if want == 1 && (a[0].Before(sc.Start) || b[0].After(sc.End) || b[0].Sub(a[0]).Abs() > 10*time.Minute) {
			t.Errorf("%s: passages at %v and %v", name, a[0], b[0])
		}
	}
}

// TestPlansCoverTheFlights holds that each flight has a plan at each party that
// sees it, and that no party holds plans of flights that only the other sees.
func TestPlansCoverTheFlights(t *testing.T) {
	names, err := fs.Glob(scenarios.FS, "*.scenario")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		sc := open(t, name)
		for _, p := range sc.Parties {
			if !flies(sc) {
				continue
			}
			checkPlans(t, sc, p)
		}
	}
}

func checkPlans(t *testing.T, sc *sim.Scenario, p party.ID) {
	t.Helper()
	b, err := fs.ReadFile(scenarios.FS, sc.Plans[p])
	if err != nil {
		t.Errorf("%s: %v", sc.Name, err)
		return
	}
	plans, err := watch.ParsePlans(sc.Plans[p], b)
	if err != nil {
		t.Error(err)
		return
	}
	find := func(o *sim.Object) int {
		return slices.IndexFunc(plans, func(x watch.Plan) bool { return x.Callsign == o.Callsign })
	}
	for i := range sc.Objects {
		o := &sc.Objects[i]
		if o.Kind != sim.Airliner {
			continue
		}
		k := find(o)
		if !o.SeenBy(p) {
			if k >= 0 {
				t.Errorf("%s: %s holds a plan of %s, which it does not see", sc.Name, p, o.ID)
			}
			continue
		}
		if k < 0 {
			t.Errorf("%s: %s holds no plan of %s", sc.Name, p, o.ID)
			continue
		}
		plan := &plans[k]
		if !plan.HasAddress || plan.Address != uint32(o.Address) || !plan.From.Equal(o.Route[0].Time) || !plan.To.Equal(o.Route[len(o.Route)-1].Time) {
			t.Errorf("%s: the plan of %s at %s is another: %+v", sc.Name, o.ID, p, *plan)
		}
		for _, wp := range o.Route {
			near := geo.Metres(math.Inf(1))
			for j := 1; j < len(plan.Route); j++ {
				near = min(near, geo.DistanceToSegment(wp.Pos, plan.Route[j-1], plan.Route[j]))
			}
			if near > 1000 {
				t.Errorf("%s: %s is %.0f m off the plan at %s", sc.Name, o.ID, near, p)
			}
		}
	}
}
