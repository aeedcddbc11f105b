// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

func (r *Reader) document() error {
	if err := r.root(); err != nil {
		return err
	}
	for {
		switch r.x.token() {
		case broken:
			return fmt.Errorf("%w: event not closed", ErrSyntax)
		case endTag:
			return r.end()
		case startTag:
			if err := r.part(); err != nil {
				return err
			}
		}
	}
}

// root reads the start tag of the event.
func (r *Reader) root() error {
	for {
		switch r.x.token() {
		case broken, atEnd:
			return fmt.Errorf("%w: no event", ErrSyntax)
		case charData:
			if !r.x.blank {
				return fmt.Errorf("%w: text before the event", ErrSyntax)
			}
		case startTag:
			if _, name := local(r.x.name); string(name) != "event" {
				return fmt.Errorf("%w: <%.20s> is no event", ErrSyntax, name)
			}
			return r.head(r.x.attrs)
		}
	}
}

// end makes sure that nothing follows the event.
func (r *Reader) end() error {
	r.keepDetail()
	for {
		switch t := r.x.token(); {
		case t == atEnd:
			return nil
		case t != instruction && (t != charData || !r.x.blank):
			return fmt.Errorf("%w: more behind the event", ErrSyntax)
		}
	}
}

func (r *Reader) keepDetail() { r.e.Detail = text(r.detail) }

// text returns a text that nothing can be appended to in place; an empty one is
// absent.
func text(b []byte) Text {
	if len(b) == 0 {
		return nil
	}
	return b[:len(b):len(b)]
}

// value returns what a value says: a part of the event, or of the Reader's memory.
func (r *Reader) value(raw []byte) Text {
	if bytes.IndexByte(raw, '&') < 0 {
		return text(raw)
	}
	n := len(r.text)
	r.text = appendText(r.text, raw)
	return text(r.text[n:])
}

// head reads the attributes of the event. Of several of one name the last counts,
// whatever their prefixes.
func (r *Reader) head(a attrs) error {
	for name, raw, ok := a.take(); ok; name, raw, ok = a.take() {
		_, name = local(name)
		if dst := r.e.headText(name); dst != nil {
			*dst = r.value(raw)
		}
		if dst := r.e.headTime(name); dst != nil {
			var err error
			if *dst, err = dateTime(r.value(raw)); err != nil {
				return err
			}
		}
	}
	return nil
}

// headText returns the text that an attribute of the event sets; nil for none.
func (e *Event) headText(name []byte) *Text {
	switch string(name) {
	case "uid":
		return &e.UID
	case "type":
		return &e.Type
	case "how":
		return &e.How
	case "access":
		return &e.Access
	case "qos":
		return &e.QoS
	case "opex":
		return &e.Opex
	case "caveat":
		return &e.Caveat
	case "releasableTo":
		return &e.ReleasableTo
	}
	return nil
}

// headTime returns the time that an attribute of the event sets; nil for none.
func (e *Event) headTime(name []byte) *time.Time {
	switch string(name) {
	case "time":
		return &e.Time
	case "start":
		return &e.Start
	case "stale":
		return &e.Stale
	}
	return nil
}

// dateTime reads a time.
func dateTime(v Text) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, string(v))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: time %.40q", ErrValue, string(v))
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

// part reads an element of the event.
func (r *Reader) part() error {
	switch _, name := local(r.x.name); string(name) {
	case "point":
		if err := r.point(r.x.attrs); err != nil {
			return err
		}
	case "detail":
		return r.details()
	}
	return r.skip()
}

// skip passes over the rest of an element.
func (r *Reader) skip() error {
	for depth := 1; depth > 0; {
		switch r.x.token() {
		case broken:
			return fmt.Errorf("%w: element not closed", ErrSyntax)
		case startTag:
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: too deep", ErrSyntax)
			}
		case endTag:
			depth--
		}
	}
	return nil
}

// wellFormed reports whether b is elements that are closed, and nothing that
// could end what they are put into.
func wellFormed(b []byte) bool {
	x := xmlText{b: b}
	for {
		switch x.token() {
		case broken, instruction:
			return false
		case atEnd:
			return true
		case charData:
			if x.depth == 0 && !x.blank {
				return false
			}
		}
		if x.depth > maxDepth {
			return false
		}
	}
}

// point reads a position. One without both coordinates is absent, never 0.
func (r *Reader) point(a attrs) error {
	var lat, lon float64
	var hasLat, hasLon bool
	e := &r.e
	for name, raw, ok := a.take(); ok; name, raw, ok = a.take() {
		if len(raw) == 0 {
			continue
		}
		_, name = local(name)
		v, err := strconv.ParseFloat(string(r.value(raw)), 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%w: %.20s", ErrValue, name)
		}
		switch string(name) {
		case "lat":
			lat, hasLat = v, true
		case "lon":
			lon, hasLon = v, true
		case "hae":
			e.known(HasHeight, &e.Height, v, false)
		case "ce":
			e.known(HasCE, &e.CE, v, true)
		case "le":
			e.known(HasLE, &e.LE, v, true)
		}
	}
	if hasLat && hasLon {
		e.Position, e.Has = geo.Point{LatDeg: lat, LonDeg: lon}, e.Has|HasPosition
	}
	return nil
}

// details reads the elements of <detail>, up to its end or that of the text. What
// the event has no field for is kept as it came.
func (r *Reader) details() error {
	for {
		switch r.x.token() {
		case broken:
			return fmt.Errorf("%w: detail not closed", ErrSyntax)
		case endTag, atEnd:
			return nil
		case startTag:
			begin, inner := r.x.at, r.x.next
			name, a := r.x.name, r.x.attrs
			if err := r.skip(); err != nil {
				return err
			}
			inside := bytes.TrimSpace(r.x.b[inner:r.x.next])
			plain := len(inside) == 0 || bytes.HasPrefix(inside, []byte("</"))
			if !plain || !r.element(name, a) {
				r.detail = append(r.detail, r.x.b[begin:r.x.next]...)
			}
		}
	}
}

// hoist takes the elements that the event has fields for out of Detail. In
// protobuf an element that does not fit its message lies there whole.
func (r *Reader) hoist() error {
	if !wellFormed(r.e.Detail) {
		return fmt.Errorf("%w: detail", ErrSyntax)
	}
	r.x, r.detail = xmlText{b: r.e.Detail}, r.detail[:0]
	if err := r.details(); err != nil {
		return err
	}
	r.keepDetail()
	return nil
}

// element takes an element whole into the event's own fields, or reports that
// it can't: one with other attributes than those, or with prefixes before them,
// stays as it is.
func (r *Reader) element(name []byte, a attrs) bool {
	_, name = local(name)
	if !hasFields(name) {
		return false
	}
	next := r.e
	for attr, raw, ok := a.take(); ok; attr, raw, ok = a.take() {
		prefix, attr := local(attr)
		if prefix != nil || !next.set(name, attr, r.value(raw)) {
			return false
		}
	}
	r.e = next
	return true
}

// hasFields reports whether the event has fields for attributes of an element.
func hasFields(element []byte) bool {
	switch string(element) {
	case "contact", "__group", "precisionlocation", "status", "takv", "track":
		return true
	}
	return false
}

// set takes one attribute of an element, or reports that it can't.
func (e *Event) set(element, name []byte, v Text) bool {
	switch string(element) {
	case "status":
		return string(name) == "battery" && battery(e, v)
	case "track":
		return string(name) == "course" && course(e, v) || string(name) == "speed" && speed(e, v)
	}
	dst := e.word(element, name)
	if dst == nil || len(v) == 0 || len(*dst) > 0 {
		return false // an empty text would be lost, a second one would win
	}
	*dst = v
	return true
}

// word returns the text that an attribute of an element sets; nil for none.
func (e *Event) word(element, name []byte) *Text {
	switch string(element) {
	case "contact":
		switch string(name) {
		case "callsign":
			return &e.Callsign
		case "endpoint":
			return &e.Endpoint
		}
	case "__group":
		switch string(name) {
		case "name":
			return &e.Group
		case "role":
			return &e.Role
		}
	case "precisionlocation":
		switch string(name) {
		case "geopointsrc":
			return &e.GeoSource
		case "altsrc":
			return &e.AltSource
		}
	case "takv":
		switch string(name) {
		case "device":
			return &e.Device
		case "platform":
			return &e.Platform
		case "os":
			return &e.OS
		case "version":
			return &e.Version
		}
	}
	return nil
}

func battery(e *Event, v Text) bool {
	n, err := strconv.ParseUint(string(v), 10, 32)
	if err != nil || e.Has&HasBattery != 0 {
		return false
	}
	e.Battery, e.Has = uint32(n), e.Has|HasBattery
	return true
}

// course takes a course; the format writes an unknown one as 9999999.
func course(e *Event, v Text) bool {
	x, err := strconv.ParseFloat(string(v), 64)
	return err == nil && e.setCourse(x)
}

func (e *Event) setCourse(x float64) bool {
	if math.IsNaN(x) || e.Has&HasCourse != 0 {
		return false
	}
	if x >= 0 && x <= 360 {
		e.Course, e.Has = geo.Degrees(x), e.Has|HasCourse
	}
	return x <= 360 && x >= 0 || x >= 999999
}

func speed(e *Event, v Text) bool {
	x, err := strconv.ParseFloat(string(v), 64)
	return err == nil && e.setSpeed(x)
}

func (e *Event) setSpeed(x float64) bool {
	if math.IsNaN(x) || e.Has&HasSpeed != 0 {
		return false
	}
	if x >= 0 && x < 999999 {
		e.SpeedMS, e.Has = x, e.Has|HasSpeed
	}
	return x >= 0
}
