// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
)

// timeLayout is XML's dateTime to the millisecond.
const timeLayout = "2006-01-02T15:04:05.000Z"

// AppendXML appends e as one XML event to dst, without a header.
func AppendXML(dst []byte, e *Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return dst, fmt.Errorf("write event: %w", err)
	}
	w := writer{b: dst}
	w.raw(`<event version="2.0"`)
	for _, a := range []struct{ name, value string }{
		{"uid", string(e.UID)},
		{"type", string(e.Type)},
		{"how", string(e.How)},
		{"time", e.Time.UTC().Format(timeLayout)},
		{"start", e.Start.UTC().Format(timeLayout)},
		{"stale", e.Stale.UTC().Format(timeLayout)},
		{"access", string(e.Access)},
		{"qos", string(e.QoS)},
		{"opex", string(e.Opex)},
		{"caveat", string(e.Caveat)},
		{"releasableTo", string(e.ReleasableTo)},
	} {
		w.attr(a.name, a.value)
	}
	w.raw(">")
	w.point(e)
	w.raw("<detail>")
	w.detail(e)
	w.raw(string(e.Detail))
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
	w.element("contact", "callsign", string(e.Callsign), "endpoint", string(e.Endpoint))
	w.element("__group", "name", string(e.Group), "role", string(e.Role))
	w.element("precisionlocation", "geopointsrc", string(e.GeoSource), "altsrc", string(e.AltSource))
	if e.Has&HasBattery != 0 {
		w.element("status", "battery", strconv.FormatUint(uint64(e.Battery), 10))
	}
	w.element("takv", "device", string(e.Device), "platform", string(e.Platform), "os", string(e.OS), "version", string(e.Version))
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
