// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
)

func (p *parser) sensor(words []string) error {
	if len(words) == 0 {
		return errors.New("sensor: want an id")
	}
	id, err := p.name(words[0])
	if err != nil {
		return err
	}
	f := p.fields(words[1:])
	s := Sensor{
		ID: id, Party: f.party(), Site: f.site(),
		Height:       geo.Metres(f.number("height", "m", 0, 9000)),
		Range:        geo.FromNM(f.number("range", "NM", 10, 255)),
		Period:       time.Duration(f.number("period", "s", 1, 60) * float64(time.Second)),
		Sectors:      int(f.number("sectors", "", 4, 64)),
		SigmaRange:   geo.Metres(f.number("sigma-range", "m", 0, 2000)),
		SigmaAzimuth: geo.Degrees(f.number("sigma-azimuth", "deg", 0, 2)),
		SigmaHeight:  geo.Feet(f.numberOr("sigma-height", "ft", 1, 20_000, 0)),
		PdPrimary:    f.number("pd", "", 0, 1),
		PdSecondary:  f.numberOr("pd-ssr", "", 0, 1, 0),
		Clutter:      f.number("clutter", "", 0, 50),
		Source: asterix.Source{
			SAC: byte(f.number("sac", "", 0, 255)),
			SIC: byte(f.number("sic", "", 0, 255)),
		},
	}
	if err := f.end(); err != nil {
		return fmt.Errorf("sensor %s: %w", id, err)
	}
	if s.Sectors&(s.Sectors-1) != 0 {
		return fmt.Errorf("sensor %s: sectors %d: want 4, 8, 16, 32 or 64", id, s.Sectors)
	}
	p.sc.Sensors = append(p.sc.Sensors, s)
	return nil
}

func (p *parser) receiver(words []string) error {
	if len(words) == 0 {
		return errors.New("receiver: want an id")
	}
	id, err := p.name(words[0])
	if err != nil {
		return err
	}
	f := p.fields(words[1:])
	r := Receiver{
		ID: id, Party: f.party(), Site: f.site(),
		Kind:   ReceiverKind(f.text("kind")),
		Height: geo.Metres(f.number("height", "m", 0, 9000)),
		Range:  geo.FromNM(f.number("range", "NM", 1, 300)),
		Pd:     f.numberOr("pd", "", 0, 1, 1),
	}
	if err := f.end(); err != nil {
		return fmt.Errorf("receiver %s: %w", id, err)
	}
	if r.Kind != ReceiverADSB && r.Kind != ReceiverAIS {
		return fmt.Errorf("receiver %s: kind %q: want adsb or ais", id, r.Kind)
	}
	p.sc.Receivers = append(p.sc.Receivers, r)
	return nil
}

func (p *parser) object(words []string) error {
	if len(words) == 0 {
		return errors.New("object: want an id")
	}
	id, err := p.name(words[0])
	if err != nil {
		return err
	}
	f := p.fields(words[1:])
	o := Object{ID: id, Kind: ObjectKind(f.text("kind"))}
	for who := range strings.SplitSeq(f.text("seen"), ",") {
		by, err := p.party(who)
		if err != nil {
			f.fail("seen: %w", err)
		} else if o.SeenBy(by) {
			f.fail("seen: %s is given twice", by)
		}
		o.Seen = append(o.Seen, by)
	}
	o.Radar = RadarKind(f.choice("radar", string(RadarNone), string(RadarPSR), string(RadarSSR), string(RadarMode)))
	switch o.Kind {
	case UAV, Airliner:
		o.aircraft(f)
	case Vessel:
		o.vessel(f)
	default:
		f.fail("kind %q: want uav, airliner or vessel", o.Kind)
	}
	if err := f.end(); err != nil {
		return fmt.Errorf("object %s: %w", id, err)
	}
	p.sc.Objects = append(p.sc.Objects, o)
	p.objects = append(p.objects, p.line)
	p.open = true
	return nil
}

func (o *Object) aircraft(f *fields) {
	o.Category = 0xa3
	o.ADSB = f.choice("adsb", "no", "yes") == "yes"
	if v, ok := f.optional("address"); ok {
		a, err := modes.ParseICAO(v)
		if err != nil || a == 0 || a == 0xffffff {
			f.fail("address %q: want six hexadecimal digits", v)
		}
		o.Address = a
	}
	if v, ok := f.optional("callsign"); ok {
		if _, fits := asterix.PackIdentification(v, 8); !fits {
			f.fail("callsign %q: want up to eight of A-Z and 0-9", v)
		}
		o.Callsign = v
	}
	if v, ok := f.optional("squawk"); ok {
		code, err := modes.ParseSquawk(v)
		if err != nil {
			f.fail("squawk %q: want four octal digits", v)
		}
		o.Squawk, o.HasCode = code, true
	}
	if (o.ADSB || o.Radar == RadarMode) && o.Address == 0 {
		f.fail("address is missing")
	}
}

func (o *Object) vessel(f *fields) {
	if v, ok := f.optional("mmsi"); ok {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil || len(v) != 9 || ais.MMSI(n).Class() != ais.ClassShip {
			f.fail("mmsi %q: want the nine digits of a ship", v)
		}
		o.MMSI = ais.MMSI(n)
	}
	if v, ok := f.optional("name"); ok {
		if len(v) > 20 || strings.ToUpper(v) != v {
			f.fail("name %q: want up to 20 capital letters", v)
		}
		for _, c := range []byte(v) {
			if c < ' ' || c > '_' || c == '@' {
				f.fail("name %q: want the letters of AIS", v)
			}
		}
		o.Name = v
	}
	o.ShipType = uint8(f.numberOr("type", "", 1, 99, 70))
	o.ClassB = f.choice("class", "A", "B") == "B"
	if o.Radar == RadarSSR || o.Radar == RadarMode {
		f.fail("radar %s: a vessel has no transponder", o.Radar)
	}
}

// fastest bounds what an object may do between two waypoints, in knots.
func (o *Object) fastest() geo.Knots {
	if o.Kind == Vessel {
		return 60
	}
	return 700
}

func (p *parser) waypoint(words []string) error {
	if !p.open {
		return errors.New("at: no object stands before it")
	}
	o := &p.sc.Objects[len(p.sc.Objects)-1]
	want := 4
	if o.Kind == Vessel {
		want = 3
	}
	if len(words) != want {
		return fmt.Errorf("at: want HH:MM lat lon%s", map[bool]string{true: " FLxxx"}[want == 4])
	}
	t, err := p.clock(words[0])
	if err != nil {
		return err
	}
	wp := Waypoint{Time: t}
	if wp.Pos, err = parsePoint(words[1], words[2]); err != nil {
		return err
	}
	if want == 4 {
		fl, ok := strings.CutPrefix(words[3], "FL")
		n, err := strconv.ParseUint(fl, 10, 16)
		if !ok || err != nil || len(fl) != 3 || n > 500 {
			return fmt.Errorf("height %q: want FL000 to FL500", words[3])
		}
		wp.Height = geo.Feet(n * 100)
	}
	if n := len(o.Route); n > 0 {
		last := &o.Route[n-1]
		if !wp.Time.After(last.Time) {
			return fmt.Errorf("at %s: not after the waypoint before", words[0])
		}
		d, _ := geo.Inverse(last.Pos, wp.Pos)
		kt := geo.MetresPerSecond(float64(d) / wp.Time.Sub(last.Time).Seconds()).Knots()
		if kt > o.fastest() {
			return fmt.Errorf("at %s: %.0f kt from the waypoint before, want at most %.0f", words[0], kt, o.fastest())
		}
	}
	if len(o.Route) >= maxParts {
		return fmt.Errorf("more than %d waypoints", maxParts)
	}
	o.Route = append(o.Route, wp)
	return nil
}

func (p *parser) act(words []string) error {
	if len(p.sc.Acts) >= maxParts {
		return fmt.Errorf("more than %d acts", maxParts)
	}
	a := Act{Line: p.line}
	words, err := p.when(&a.When, words)
	if err != nil {
		return fmt.Errorf("act: %w", err)
	}
	if len(words) < 3 {
		return errors.New("act: want at TIME or when CONDITION, then party, login and verb")
	}
	if a.Party, err = p.party(words[0]); err != nil {
		return fmt.Errorf("act: %w", err)
	}
	a.Login, a.Verb = words[1], words[2]
	if verbs := engine.Verbs(engine.Supervisor); !slices.Contains(verbs, a.Verb) {
		return fmt.Errorf("act: verb %q: want one of %s", a.Verb, strings.Join(verbs, ", "))
	}
	words = words[3:]
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		a.Object, words = words[0], words[1:]
	}
	f := p.fields(words)
	if f.err != nil {
		return fmt.Errorf("act: %w", f.err)
	}
	a.Args = f.values
	if err := p.checkArgs(&a); err != nil {
		return fmt.Errorf("act: %s: %w", a.Verb, err)
	}
	p.sc.Acts = append(p.sc.Acts, a)
	return nil
}

// checkArgs checks the words that come from closed lists, so that a slip is
// found when the text is read and not hours into the run.
func (p *parser) checkArgs(a *Act) error {
	for _, arg := range a.Args {
		switch arg.Key {
		case "standard":
			if !slices.Contains(record.Standards(), arg.Value) {
				return fmt.Errorf("standard %q: want one of %s", arg.Value, strings.Join(record.Standards(), ", "))
			}
		case "posture":
			if !slices.Contains(record.Postures(), arg.Value) {
				return fmt.Errorf("posture %q: want one of %s", arg.Value, strings.Join(record.Postures(), ", "))
			}
		case "lead", "partner":
			if _, err := p.party(arg.Value); err != nil {
				return err
			}
		}
	}
	if _, err := a.Command(1, 1); err != nil {
		return err
	}
	need := map[string]string{"identify": "standard", "propose": "lead", "counter": "lead", "voice": "lead", "posture": "posture", "close": "outcome", "log": "text"}
	if key, ok := need[a.Verb]; ok && a.Arg(key) == "" {
		return fmt.Errorf("%s is missing", key)
	}
	if a.Verb == "identify" && a.Object == "" {
		return errors.New("want an object")
	}
	return nil
}

func (p *parser) when(w *When, words []string) ([]string, error) {
	if len(words) < 2 {
		return nil, errors.New("want at TIME or when CONDITION")
	}
	switch words[0] {
	case "at":
		t, err := p.clock(words[1])
		if err == nil && (t.Before(p.sc.Start) || t.After(p.sc.End)) {
			err = fmt.Errorf("time %q is outside of the scenario", words[1])
		}
		w.At = t
		return words[2:], err
	case "when":
		parts := strings.Split(words[1], ".")
		if len(parts) != 3 {
			return nil, fmt.Errorf("condition %q: want party.subject.state", words[1])
		}
		id, err := p.party(parts[0])
		if err != nil {
			return nil, err
		}
		if states := Conditions()[parts[1]]; !slices.Contains(states, parts[2]) {
			return nil, fmt.Errorf("condition %q: no such subject or state", words[1])
		}
		w.Condition = Condition{id, parts[1], parts[2]}
		words = words[2:]
		if len(words) > 0 && strings.HasPrefix(words[0], "+") {
			d, err := time.ParseDuration(words[0][1:])
			if err != nil || d < 0 || d > 24*time.Hour {
				return nil, fmt.Errorf("delay %q: want such as +90s or +5m", words[0])
			}
			w.Delay, words = d, words[1:]
		}
		return words, nil
	}
	return nil, fmt.Errorf("%q: want at or when", words[0])
}

func (p *parser) cut(words []string) error {
	if len(words) != 3 {
		return errors.New("cut: want HH:MM-HH:MM and two parties")
	}
	if len(p.sc.Cuts) >= maxParts {
		return fmt.Errorf("more than %d cuts", maxParts)
	}
	from, to, _ := strings.Cut(words[0], "-")
	var c Cut
	var err error
	if c.From, err = p.clock(from); err == nil {
		c.To, err = p.clock(to)
	}
	if err == nil && !c.To.After(c.From) {
		err = errors.New("it ends before it begins")
	}
	if err == nil && words[1] == words[2] {
		err = errors.New("want two parties")
	}
	for i, w := range words[1:] {
		if c.Between[i] = party.ID(w); err == nil {
			_, err = party.Parse(w)
		}
	}
	if err != nil {
		return fmt.Errorf("cut: %w", err)
	}
	p.sc.Cuts = append(p.sc.Cuts, c)
	return nil
}

func (p *parser) fault(words []string) error {
	if len(words) != 3 && len(words) != 4 {
		return errors.New("fault: want HH:MM[-HH:MM], feed, kind and count")
	}
	if len(p.sc.Faults) >= maxParts {
		return fmt.Errorf("more than %d faults", maxParts)
	}
	from, to, span := strings.Cut(words[0], "-")
	f := Fault{Feed: words[1], Kind: FaultKind(words[2])}
	var err error
	if f.From, err = p.clock(from); err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	switch f.Kind {
	case FaultCut:
		if !span || len(words) != 3 {
			return errors.New("fault: cut: want HH:MM-HH:MM and no count")
		}
		if f.To, err = p.clock(to); err == nil && !f.To.After(f.From) {
			err = errors.New("cut ends before it begins")
		}
	case FaultGarbage, FaultMalformed:
		if span || len(words) != 4 {
			return fmt.Errorf("fault: %s: want one time and a count", f.Kind)
		}
		var n float64
		n, err = parseNumber(words[3], "", 1, 1000)
		f.Count = int(math.Round(n))
	default:
		err = fmt.Errorf("kind %q: want cut, garbage or malformed", f.Kind)
	}
	if err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	p.sc.Faults = append(p.sc.Faults, f)
	p.faults = append(p.faults, p.line)
	return nil
}
