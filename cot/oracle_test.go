// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot_test

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

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// oracleXML reads one event by encoding/xml, as the package itself did before it
// read XML in place: what is accepted and refused has to stay the same.
func oracleXML(b []byte) (*cot.Event, error) {
	if len(b) > cot.MaxEvent {
		return nil, cot.ErrTooLong
	}
	p := oracle{b: b, d: xml.NewDecoder(bytes.NewReader(b))}
	if err := p.document(); err != nil {
		return nil, err
	}
	checked := p.e
	if checked.Detail = nil; !oracleWellFormed(p.e.Detail.String()) {
		checked.Detail = cot.Text("<") // refused in the same place
	}
	if err := checked.Validate(); err != nil {
		return nil, err
	}
	return &p.e, nil
}

// asWritten are the attributes of a tag with their prefixes. What name space an
// attribute is in is not looked up: one with a prefix is in one, since only a
// document that breaks the rules of name spaces can say that it is in none.
func asWritten(tag []byte) []xml.Attr {
	t, _ := xml.NewDecoder(bytes.NewReader(tag)).RawToken()
	start, _ := t.(xml.StartElement)
	return start.Attr
}

// said is a text that is absent where it is empty.
func said(s string) cot.Text {
	if s == "" {
		return nil
	}
	return cot.Text(s)
}

// known takes a number that may be written as unknown.
func known(e *cot.Event, h cot.Has, dst *geo.Metres, v float64, zeroIsUnknown bool) {
	if !math.IsNaN(v) && v < 999999 && (!zeroIsUnknown || v != 0) {
		*dst, e.Has = geo.Metres(v), e.Has|h
	}
}

type oracle struct {
	b      []byte
	d      *xml.Decoder
	e      cot.Event
	detail strings.Builder
}

// token returns the next token that counts.
func (p *oracle) token() (xml.Token, error) {
	for {
		t, err := p.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, fmt.Errorf("%w: %w", cot.ErrSyntax, err)
		}
		switch t.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("%w: a document type", cot.ErrSyntax)
		case xml.Comment, xml.ProcInst:
			continue
		}
		return t, nil
	}
}

// start returns the next token that counts and where it begins.
func (p *oracle) start() (int64, xml.Token, error) {
	for {
		begin := p.d.InputOffset()
		t, err := p.d.Token()
		if err != nil {
			return 0, nil, fmt.Errorf("%w: %w", cot.ErrSyntax, err)
		}
		switch t.(type) {
		case xml.Directive:
			return 0, nil, fmt.Errorf("%w: a document type", cot.ErrSyntax)
		case xml.StartElement, xml.EndElement:
			return begin, t, nil
		}
	}
}

func (p *oracle) document() error {
	t, err := p.first()
	if err != nil {
		return err
	}
	if t.Name.Local != "event" {
		return fmt.Errorf("%w: <%.20s> is no event", cot.ErrSyntax, t.Name.Local)
	}
	if err := p.head(t.Attr); err != nil {
		return err
	}
	for {
		t, err := p.token()
		if err != nil {
			return fmt.Errorf("%w: event not closed", cot.ErrSyntax)
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
func (p *oracle) first() (xml.StartElement, error) {
	for {
		t, err := p.token()
		if err != nil {
			return xml.StartElement{}, fmt.Errorf("%w: no event", cot.ErrSyntax)
		}
		if s, ok := t.(xml.StartElement); ok {
			return s, nil
		}
		if c, ok := t.(xml.CharData); ok && len(bytes.TrimSpace(c)) > 0 {
			return xml.StartElement{}, fmt.Errorf("%w: text before the event", cot.ErrSyntax)
		}
	}
}

// end makes sure that nothing follows the event.
func (p *oracle) end() error {
	p.e.Detail = said(p.detail.String())
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if c, ok := t.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(c)) > 0 {
			return fmt.Errorf("%w: more behind the event", cot.ErrSyntax)
		}
	}
}

func (p *oracle) head(attrs []xml.Attr) error {
	e := &p.e
	texts := map[string]*cot.Text{
		"uid": &e.UID, "type": &e.Type, "how": &e.How, "access": &e.Access, "qos": &e.QoS, "opex": &e.Opex,
		"caveat": &e.Caveat, "releasableTo": &e.ReleasableTo,
	}
	times := map[string]*time.Time{"time": &e.Time, "start": &e.Start, "stale": &e.Stale}
	for _, a := range attrs {
		if dst := texts[a.Name.Local]; dst != nil {
			*dst = said(a.Value)
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
		return time.Time{}, fmt.Errorf("%w: time %.40q", cot.ErrValue, s)
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

func (p *oracle) part(t xml.StartElement) error {
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
func (p *oracle) skip() error {
	for depth := 1; depth > 0; {
		t, err := p.token()
		if err != nil {
			return fmt.Errorf("%w: element not closed", cot.ErrSyntax)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > 32 {
				return fmt.Errorf("%w: too deep", cot.ErrSyntax)
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// oracleWellFormed reports whether s is elements that are closed, and nothing that
// could end what they are put into.
func oracleWellFormed(s string) bool {
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
		if depth > 32 {
			return false
		}
	}
}

// point reads a position. One without both coordinates is absent, never 0.
func (p *oracle) point(attrs []xml.Attr) error {
	var lat, lon *float64
	for _, a := range attrs {
		if a.Value == "" {
			continue
		}
		v, err := strconv.ParseFloat(a.Value, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%w: %.20s", cot.ErrValue, a.Name.Local)
		}
		switch a.Name.Local {
		case "lat":
			lat = &v
		case "lon":
			lon = &v
		case "hae":
			known(&p.e, cot.HasHeight, &p.e.Height, v, false)
		case "ce":
			known(&p.e, cot.HasCE, &p.e.CE, v, true)
		case "le":
			known(&p.e, cot.HasLE, &p.e.LE, v, true)
		}
	}
	if lat != nil && lon != nil {
		p.e.Position, p.e.Has = geo.Point{LatDeg: *lat, LonDeg: *lon}, p.e.Has|cot.HasPosition
	}
	return nil
}

// details reads the elements of <detail>. What the event has no field for is
// kept as it came.
func (p *oracle) details() error {
	for {
		begin, t, err := p.start()
		if err != nil {
			return fmt.Errorf("%w: detail not closed", cot.ErrSyntax)
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
			if !plain || !p.element(t.Name.Local, asWritten(p.b[begin:empty])) {
				p.detail.Write(p.b[begin:p.d.InputOffset()])
			}
		}
	}
}

// element takes an element whole into the event's own fields, or reports that
// it can't: one with other attributes than those stays as it is.
func (p *oracle) element(name string, attrs []xml.Attr) bool {
	fields := p.elements()[name]
	if fields == nil {
		return false
	}
	next := p.e
	for _, a := range attrs {
		set := fields[a.Name.Local]
		if set == nil || a.Name.Space != "" || !set(&next, a.Value) {
			return false
		}
	}
	p.e = next
	return true
}

type setter func(e *cot.Event, v string) bool

func word(at func(e *cot.Event) *cot.Text) setter {
	return func(e *cot.Event, v string) bool {
		if v == "" || len(*at(e)) > 0 {
			return false // an empty text would be lost, a second one would win
		}
		*at(e) = said(v)
		return true
	}
}

// elements lists the elements and attributes that have fields.
func (*oracle) elements() map[string]map[string]setter {
	return map[string]map[string]setter{
		"contact": {
			"callsign": word(func(e *cot.Event) *cot.Text { return &e.Callsign }),
			"endpoint": word(func(e *cot.Event) *cot.Text { return &e.Endpoint }),
		},
		"__group": {
			"name": word(func(e *cot.Event) *cot.Text { return &e.Group }),
			"role": word(func(e *cot.Event) *cot.Text { return &e.Role }),
		},
		"precisionlocation": {
			"geopointsrc": word(func(e *cot.Event) *cot.Text { return &e.GeoSource }),
			"altsrc":      word(func(e *cot.Event) *cot.Text { return &e.AltSource }),
		},
		"status": {"battery": func(e *cot.Event, v string) bool {
			n, err := strconv.ParseUint(v, 10, 32)
			if err != nil || e.Has&cot.HasBattery != 0 {
				return false
			}
			e.Battery, e.Has = uint32(n), e.Has|cot.HasBattery
			return true
		}},
		"takv": {
			"device":   word(func(e *cot.Event) *cot.Text { return &e.Device }),
			"platform": word(func(e *cot.Event) *cot.Text { return &e.Platform }),
			"os":       word(func(e *cot.Event) *cot.Text { return &e.OS }),
			"version":  word(func(e *cot.Event) *cot.Text { return &e.Version }),
		},
		"track": {"course": course, "speed": speed},
	}
}

// course takes a course; the format writes an unknown one as 9999999.
func course(e *cot.Event, v string) bool {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || e.Has&cot.HasCourse != 0 {
		return false
	}
	if x >= 0 && x <= 360 {
		e.Course, e.Has = geo.Degrees(x), e.Has|cot.HasCourse
	}
	return x <= 360 && x >= 0 || x >= 999999
}

func speed(e *cot.Event, v string) bool {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || e.Has&cot.HasSpeed != 0 {
		return false
	}
	if x >= 0 && x < 999999 {
		e.SpeedMS, e.Has = x, e.Has|cot.HasSpeed
	}
	return x >= 0
}
