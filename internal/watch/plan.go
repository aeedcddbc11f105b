// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// Plan is one filed flight.
type Plan struct {
	Callsign   string
	Address    uint32 // 24-bit ICAO address; with HasAddress
	HasAddress bool
	From, To   time.Time // departure and arrival, UTC
	Route      []geo.Point
	Lateral    geo.Metres // off the route that the plan itself allows; 0: the rule's tolerance
}

// planEvery is how often the place of a planned aircraft is compared with its
// route.
const planEvery = 10 * time.Second

var planColumns = []string{"callsign", "icao24", "depart", "arrive", "route"}

// ParsePlans reads plans from CSV with the header line
//
//	callsign,icao24,depart,arrive,route
//
// where depart and arrive are RFC 3339 times, icao24 is six hexadecimal digits
// or empty, and route is "lat lon;lat lon;…" in degrees. Errors name file and
// line.
func ParsePlans(name string, b []byte) ([]Plan, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = len(planColumns)
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read plans: %s: no header line", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read plans: %s: %w", name, err)
	}
	for i, want := range planColumns {
		if strings.TrimSpace(strings.TrimPrefix(header[i], "\ufeff")) != want {
			return nil, fmt.Errorf("read plans: %s:1: column %d is %q, want %q", name, i+1, header[i], want)
		}
	}
	var plans []Plan
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return plans, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read plans: %s: %w", name, err)
		}
		p, err := parsePlan(row)
		if err != nil {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("read plans: %s:%d: %w", name, line, err)
		}
		plans = append(plans, p)
	}
}

func parsePlan(row []string) (Plan, error) {
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	p := Plan{Callsign: strings.ToUpper(row[0])}
	if row[1] != "" {
		a, err := strconv.ParseUint(row[1], 16, 32)
		if err != nil || len(row[1]) != 6 {
			return p, fmt.Errorf("icao24 %q: want six hexadecimal digits", row[1])
		}
		p.Address, p.HasAddress = uint32(a), true
	}
	if p.Callsign == "" && !p.HasAddress {
		return p, errors.New("neither callsign nor icao24")
	}
	var err error
	if p.From, err = time.Parse(time.RFC3339, row[2]); err != nil {
		return p, fmt.Errorf("depart %q: want RFC 3339", row[2])
	}
	if p.To, err = time.Parse(time.RFC3339, row[3]); err != nil {
		return p, fmt.Errorf("arrive %q: want RFC 3339", row[3])
	}
	p.From, p.To = p.From.UTC(), p.To.UTC()
	if !p.To.After(p.From) {
		return p, errors.New("arrive is not after depart")
	}
	p.Route, err = parseRoute(row[4])
	return p, err
}

func parseRoute(s string) ([]geo.Point, error) {
	var route []geo.Point
	for leg := range strings.SplitSeq(s, ";") {
		f := strings.Fields(leg)
		if len(f) != 2 {
			return nil, fmt.Errorf("route point %q: want \"lat lon\"", leg)
		}
		lat, err1 := strconv.ParseFloat(f[0], 64)
		lon, err2 := strconv.ParseFloat(f[1], 64)
		p := geo.Point{LatDeg: lat, LonDeg: lon}
		if err1 != nil || err2 != nil || !p.Valid() {
			return nil, fmt.Errorf("route point %q: want degrees", leg)
		}
		route = append(route, p)
	}
	if len(route) < 2 {
		return nil, errors.New("route has fewer than two points")
	}
	return route, nil
}

// planIndex finds plans by callsign and by address.
type planIndex struct {
	byCallsign map[string][]*Plan
	byAddress  map[uint32][]*Plan
}

func indexPlans(plans []Plan) planIndex {
	x := planIndex{make(map[string][]*Plan), make(map[uint32][]*Plan)}
	for i := range plans {
		p := &plans[i]
		if p.Callsign != "" {
			x.byCallsign[p.Callsign] = append(x.byCallsign[p.Callsign], p)
		}
		if p.HasAddress {
			x.byAddress[p.Address] = append(x.byAddress[p.Address], p)
		}
	}
	return x
}

// plan looks whether a plan explains the track, at most every planEvery unless
// its identity changed.
func (w *Watch) plan(t *track.Track, s *trackState) {
	if t.Domain != plot.Air || !w.cfg.HasPlanFeed {
		return
	}
	if s.Callsign == t.Callsign && s.Address == t.Address && t.Time.Sub(s.PlannedAt) < planEvery && !s.PlannedAt.IsZero() {
		return
	}
	s.Callsign, s.Address, s.PlannedAt = t.Callsign, t.Address, t.Time
	s.Planned = w.planned(t)
}

func (w *Watch) planned(t *track.Track) bool {
	tol := w.rules[ADIZEntry].Params
	fits := func(p *Plan) bool {
		if t.Time.Before(p.From.Add(-tol.PlanTime)) || t.Time.After(p.To.Add(tol.PlanTime)) {
			return false
		}
		if p.HasAddress && t.HasAddress && p.Address != t.Address {
			return false // another aircraft under this callsign
		}
		return near(p.Route, t.Pos, max(p.Lateral, tol.PlanLateral))
	}
	if t.Callsign != "" {
		for _, p := range w.plans.byCallsign[strings.ToUpper(t.Callsign)] {
			if fits(p) {
				return true
			}
		}
	}
	if t.HasAddress {
		for _, p := range w.plans.byAddress[t.Address] {
			if fits(p) {
				return true
			}
		}
	}
	return false
}

func near(route []geo.Point, p geo.Point, tol geo.Metres) bool {
	for i := 1; i < len(route); i++ {
		if geo.DistanceToSegment(p, route[i-1], route[i]) <= tol {
			return true
		}
	}
	return false
}

// propose notes the identity that the machine may give the track now: pending
// for a minute, then unknown; neutral when a plan explains an aircraft or a
// vessel reports itself. What a person set stays.
func (w *Watch) propose(t *track.Track, s *trackState, now time.Time) {
	if t.Identity.By != "" {
		return
	}
	p := Proposal{Track: t.Number, Standard: "pending", Reason: "new"}
	switch {
	case t.Domain == plot.Air && s.Planned:
		p.Standard, p.Reason = "neutral", "plan"
	case t.Domain == plot.Sea && t.HasMMSI:
		p.Standard, p.Reason = "neutral", "ais"
	case now.Sub(t.FirstSeen) >= pendingFor:
		p.Standard, p.Reason = "unknown", "unidentified"
	}
	if p.Standard != t.Identity.Standard {
		w.proposed = append(w.proposed, p)
	}
}
