// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// timeLayout is XML's dateTime to the millisecond.
const timeLayout = "2006-01-02T15:04:05.000Z"

// maxDepth bounds how deep elements may lie in each other.
const maxDepth = 32

// ParseXML reads one event. It refuses document types and whatever Validate
// refuses.
func ParseXML(b []byte) (*Event, error) {
	if len(b) > MaxEvent {
		return nil, ErrTooLong
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	p := parser{b: b, d: d}
	if err := p.document(); err != nil {
		return nil, err
	}
	if err := p.e.Validate(); err != nil {
		return nil, err
	}
	return &p.e, nil
}

type parser struct {
	b      []byte
	d      *xml.Decoder
	e      Event
	detail strings.Builder
}

// token returns the next token that counts.
func (p *parser) token() (xml.Token, error) {
	for {
		t, err := p.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		switch t.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("%w: a document type", ErrSyntax)
		case xml.Comment, xml.ProcInst:
			continue
		}
		return t, nil
	}
}

// start returns the next token that counts and where it begins.
func (p *parser) start() (int64, xml.Token, error) {
	for {
		begin := p.d.InputOffset()
		t, err := p.d.Token()
		if err != nil {
			return 0, nil, fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		switch t.(type) {
		case xml.Directive:
			return 0, nil, fmt.Errorf("%w: a document type", ErrSyntax)
		case xml.StartElement, xml.EndElement:
			return begin, t, nil
		}
	}
}

func (p *parser) document() error {
	t, err := p.first()
	if err != nil {
		return err
	}
	if t.Name.Local != "event" {
		return fmt.Errorf("%w: <%.20s> is no event", ErrSyntax, t.Name.Local)
	}
	if err := p.head(t.Attr); err != nil {
		return err
	}
	for {
		t, err := p.token()
		if err != nil {
			return fmt.Errorf("%w: event not closed", ErrSyntax)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return p.end()
		case xml.StartElement:
			if err := p.part(t); err != nil {
				return err
			}
		}
	}
}

// first returns the root.
func (p *parser) first() (xml.StartElement, error) {
	for {
		t, err := p.token()
		if err != nil {
			return xml.StartElement{}, fmt.Errorf("%w: no event", ErrSyntax)
		}
		if s, ok := t.(xml.StartElement); ok {
			return s, nil
		}
		if c, ok := t.(xml.CharData); ok && len(bytes.TrimSpace(c)) > 0 {
			return xml.StartElement{}, fmt.Errorf("%w: text before the event", ErrSyntax)
		}
	}
}

// end makes sure that nothing follows the event.
func (p *parser) end() error {
	p.e.Detail = p.detail.String()
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if c, ok := t.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(c)) > 0 {
			return fmt.Errorf("%w: more behind the event", ErrSyntax)
		}
	}
}

func (p *parser) head(attrs []xml.Attr) error {
	e := &p.e
	texts := map[string]*string{
		"uid": &e.UID, "type": &e.Type, "how": &e.How, "access": &e.Access, "qos": &e.QoS, "opex": &e.Opex,
		"caveat": &e.Caveat, "releasableTo": &e.ReleasableTo,
	}
	times := map[string]*time.Time{"time": &e.Time, "start": &e.Start, "stale": &e.Stale}
	for _, a := range attrs {
		if dst := texts[a.Name.Local]; dst != nil {
			*dst = a.Value
		}
		if dst := times[a.Name.Local]; dst != nil {
			var err error
			if *dst, err = dateTime(a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// dateTime reads a time.
func dateTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: time %.40q", ErrValue, s)
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

func (p *parser) part(t xml.StartElement) error {
	switch t.Name.Local {
	case "point":
		if err := p.point(t.Attr); err != nil {
			return err
		}
		return p.skip()
	case "detail":
		return p.details()
	}
	return p.skip()
}

// skip passes over the rest of an element.
func (p *parser) skip() error {
	for depth := 1; depth > 0; {
		t, err := p.token()
		if err != nil {
			return fmt.Errorf("%w: element not closed", ErrSyntax)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: too deep", ErrSyntax)
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// wellFormed reports whether s is elements that are closed, and nothing that
// could end what they are put into.
func wellFormed(s string) bool {
	if s == "" {
		return true
	}
	d := xml.NewDecoder(strings.NewReader(s))
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && depth == 0
		}
		switch t := t.(type) {
		case xml.Directive:
			return false
		case xml.ProcInst:
			return false
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return false
			}
		}
		if depth > maxDepth {
			return false
		}
	}
}

// point reads a position. One without both coordinates is absent, never 0.
func (p *parser) point(attrs []xml.Attr) error {
	var lat, lon *float64
	for _, a := range attrs {
		if a.Value == "" {
			continue
		}
		v, err := strconv.ParseFloat(a.Value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%w: %.20s", ErrValue, a.Name.Local)
		}
		switch a.Name.Local {
		case "lat":
			lat = &v
		case "lon":
			lon = &v
		case "hae":
			p.e.known(HasHeight, &p.e.Height, v, false)
		case "ce":
			p.e.known(HasCE, &p.e.CE, v, true)
		case "le":
			p.e.known(HasLE, &p.e.LE, v, true)
		}
	}
	if lat != nil && lon != nil {
		p.e.Position, p.e.Has = geo.Point{LatDeg: *lat, LonDeg: *lon}, p.e.Has|HasPosition
	}
	return nil
}

// details reads the elements of <detail>. What the event has no field for is
// kept as it came.
func (p *parser) details() error {
	for {
		begin, t, err := p.start()
		if err != nil {
			return fmt.Errorf("%w: detail not closed", ErrSyntax)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			empty := p.d.InputOffset()
			if err := p.skip(); err != nil {
				return err
			}
			inside := bytes.TrimSpace(p.b[empty:p.d.InputOffset()])
			plain := len(inside) == 0 || bytes.HasPrefix(inside, []byte("</"))
			if !plain || !p.e.element(t.Name.Local, t.Attr) {
				p.detail.Write(p.b[begin:p.d.InputOffset()])
			}
		}
	}
}

// hoist takes the elements that the event has fields for out of Detail. In
// protobuf an element that does not fit its message lies there whole.
func (e *Event) hoist() error {
	if e.Detail == "" {
		return nil
	}
	if !wellFormed(e.Detail) {
		return fmt.Errorf("%w: detail", ErrSyntax)
	}
	b := []byte("<detail>" + e.Detail + "</detail>")
	p := parser{b: b, d: xml.NewDecoder(bytes.NewReader(b)), e: *e}
	if _, err := p.first(); err != nil {
		return err
	}
	if err := p.details(); err != nil {
		return err
	}
	*e = p.e
	e.Detail = p.detail.String()
	return nil
}

// element takes an element whole into the event's own fields, or reports that
// it can't: one with other attributes than those stays as it is.
func (e *Event) element(name string, attrs []xml.Attr) bool {
	fields := e.elements()[name]
	if fields == nil {
		return false
	}
	next := *e
	for _, a := range attrs {
		set := fields[a.Name.Local]
		if set == nil || a.Name.Space != "" || !set(&next, a.Value) {
			return false
		}
	}
	*e = next
	return true
}

type setter func(e *Event, v string) bool

func word(at func(e *Event) *string) setter {
	return func(e *Event, v string) bool {
		if v == "" || *at(e) != "" {
			return false // an empty text would be lost, a second one would win
		}
		*at(e) = v
		return true
	}
}

// elements lists the elements and attributes that have fields.
func (*Event) elements() map[string]map[string]setter {
	return map[string]map[string]setter{
		"contact": {
			"callsign": word(func(e *Event) *string { return &e.Callsign }),
			"endpoint": word(func(e *Event) *string { return &e.Endpoint }),
		},
		"__group": {
			"name": word(func(e *Event) *string { return &e.Group }),
			"role": word(func(e *Event) *string { return &e.Role }),
		},
		"precisionlocation": {
			"geopointsrc": word(func(e *Event) *string { return &e.GeoSource }),
			"altsrc":      word(func(e *Event) *string { return &e.AltSource }),
		},
		"status": {"battery": func(e *Event, v string) bool {
			n, err := strconv.ParseUint(v, 10, 32)
			if err != nil || e.Has&HasBattery != 0 {
				return false
			}
			e.Battery, e.Has = uint32(n), e.Has|HasBattery
			return true
		}},
		"takv": {
			"device":   word(func(e *Event) *string { return &e.Device }),
			"platform": word(func(e *Event) *string { return &e.Platform }),
			"os":       word(func(e *Event) *string { return &e.OS }),
			"version":  word(func(e *Event) *string { return &e.Version }),
		},
		"track": {"course": course, "speed": speed},
	}
}

// course takes a course; the format writes an unknown one as 9999999.
func course(e *Event, v string) bool {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || e.Has&HasCourse != 0 {
		return false
	}
	if x >= 0 && x <= 360 {
		e.Course, e.Has = geo.Degrees(x), e.Has|HasCourse
	}
	return x <= 360 && x >= 0 || x >= 999999
}

func speed(e *Event, v string) bool {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || e.Has&HasSpeed != 0 {
		return false
	}
	if x >= 0 && x < 999999 {
		e.SpeedMS, e.Has = x, e.Has|HasSpeed
	}
	return x >= 0
}

// AppendXML appends e as one XML event to dst, without a header.
func AppendXML(dst []byte, e *Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return dst, fmt.Errorf("write event: %w", err)
	}
	w := writer{b: dst}
	w.raw(`<event version="2.0"`)
	for _, a := range []struct{ name, value string }{
		{"uid", e.UID},
		{"type", e.Type},
		{"how", e.How},
		{"time", e.Time.UTC().Format(timeLayout)},
		{"start", e.Start.UTC().Format(timeLayout)},
		{"stale", e.Stale.UTC().Format(timeLayout)},
		{"access", e.Access},
		{"qos", e.QoS},
		{"opex", e.Opex},
		{"caveat", e.Caveat},
		{"releasableTo", e.ReleasableTo},
	} {
		w.attr(a.name, a.value)
	}
	w.raw(">")
	w.point(e)
	w.raw("<detail>")
	w.detail(e)
	w.raw(e.Detail)
	w.raw("</detail></event>")
	if len(w.b)-len(dst) > MaxEvent {
		return dst, fmt.Errorf("write event: %w", ErrTooLong)
	}
	return w.b, nil
}

type writer struct{ b []byte }

func (w *writer) raw(s string) { w.b = append(w.b, s...) }

func (w *writer) attr(name, value string) {
	if value == "" {
		return
	}
	w.raw(" " + name + `="`)
	var buf bytes.Buffer
	_ = xml.EscapeText(&buf, []byte(value)) // a buffer takes everything
	w.b = append(w.b, buf.Bytes()...)
	w.raw(`"`)
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (e *Event) or(h Has, x float64) string {
	if e.Has&h == 0 {
		return number(Unknown)
	}
	return number(x)
}

func (w *writer) point(e *Event) {
	if e.Has&HasPosition == 0 {
		return
	}
	w.raw("<point")
	w.attr("lat", number(e.Position.LatDeg))
	w.attr("lon", number(e.Position.LonDeg))
	w.attr("hae", e.or(HasHeight, float64(e.Height)))
	w.attr("ce", e.or(HasCE, float64(e.CE)))
	w.attr("le", e.or(HasLE, float64(e.LE)))
	w.raw("/>")
}

func (w *writer) detail(e *Event) {
	w.element("contact", "callsign", e.Callsign, "endpoint", e.Endpoint)
	w.element("__group", "name", e.Group, "role", e.Role)
	w.element("precisionlocation", "geopointsrc", e.GeoSource, "altsrc", e.AltSource)
	if e.Has&HasBattery != 0 {
		w.element("status", "battery", strconv.FormatUint(uint64(e.Battery), 10))
	}
	w.element("takv", "device", e.Device, "platform", e.Platform, "os", e.OS, "version", e.Version)
	if e.Has&(HasCourse|HasSpeed) != 0 {
		w.element("track", "course", e.or(HasCourse, float64(e.Course)), "speed", e.or(HasSpeed, e.SpeedMS))
	}
}

// element writes an element with its attributes, and nothing where all are
// absent.
func (w *writer) element(name string, pairs ...string) {
	any := false
	for i := 1; i < len(pairs); i += 2 {
		any = any || pairs[i] != ""
	}
	if !any {
		return
	}
	w.raw("<" + name)
	for i := 0; i < len(pairs); i += 2 {
		w.attr(pairs[i], pairs[i+1])
	}
	w.raw("/>")
}
