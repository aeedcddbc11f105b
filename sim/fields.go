// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// fields are the key=value words of a line. The first error is kept, so that a
// caller reads all and asks once; what was not read is an error too.
type fields struct {
	p      *parser
	values []engine.Arg
	used   []bool
	err    error
}

func (p *parser) fields(words []string) *fields {
	f := &fields{p: p, used: make([]bool, len(words))}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" || value == "" {
			f.fail("%q: want key=value", w)
			break
		}
		for _, a := range f.values {
			if a.Key == key {
				f.fail("%s is given twice", key)
			}
		}
		f.values = append(f.values, engine.Arg{Key: key, Value: value})
	}
	return f
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

// end returns the first error, or refuses the first key that nobody read.
func (f *fields) end() error {
	if f.err == nil {
		for i, a := range f.values {
			if !f.used[i] {
				return fmt.Errorf("unknown key %q", a.Key)
			}
		}
	}
	return f.err
}

func (f *fields) optional(key string) (string, bool) {
	for i, a := range f.values {
		if a.Key == key {
			f.used[i] = true
			return a.Value, true
		}
	}
	return "", false
}

func (f *fields) text(key string) string {
	v, ok := f.optional(key)
	if !ok {
		f.fail("%s is missing", key)
	}
	return v
}

// choice returns one of the words; the first is taken when the key is absent.
func (f *fields) choice(key string, words ...string) string {
	v, ok := f.optional(key)
	if !ok {
		return words[0]
	}
	for _, w := range words {
		if v == w {
			return v
		}
	}
	f.fail("%s %q: want one of %s", key, v, strings.Join(words, ", "))
	return words[0]
}

// number reads a number with its unit between least and most.
func (f *fields) number(key, unit string, least, most float64) float64 {
	v := f.text(key)
	if f.err != nil {
		return least
	}
	n, err := parseNumber(v, unit, least, most)
	if err != nil {
		f.fail("%s %w", key, err)
	}
	return n
}

// numberOr is number with a value for an absent key.
func (f *fields) numberOr(key, unit string, least, most, absent float64) float64 {
	if _, ok := f.optional(key); !ok {
		return absent
	}
	return f.number(key, unit, least, most)
}

func (f *fields) party() party.ID {
	id, err := f.p.party(f.text("party"))
	if err != nil {
		f.fail("%w", err)
	}
	return id
}

func (f *fields) site() geo.Point {
	v := f.text("site")
	lat, lon, _ := strings.Cut(v, ",")
	p, err := parsePoint(lat, lon)
	if err != nil && f.err == nil {
		f.fail("site %w", err)
	}
	return p
}

// parseNumber reads a decimal number that is followed by its unit.
func parseNumber(text, unit string, least, most float64) (float64, error) {
	digits, ok := strings.CutSuffix(text, unit)
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || math.IsNaN(n) || n < least || n > most {
		return least, fmt.Errorf("%q: want %g%s to %g%s", text, least, unit, most, unit)
	}
	return n, nil
}

func parseUint(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: want a whole number", text)
	}
	return n, nil
}

// parsePoint reads degrees. Poles are refused: azimuths mean nothing there.
func parsePoint(lat, lon string) (geo.Point, error) {
	la, err1 := strconv.ParseFloat(lat, 64)
	lo, err2 := strconv.ParseFloat(lon, 64)
	p := geo.Point{LatDeg: la, LonDeg: lo}
	if err1 != nil || err2 != nil || !p.Valid() || math.Abs(la) > 85 {
		return geo.Point{}, fmt.Errorf("%q %q: want degrees of latitude (to 85) and longitude", lat, lon)
	}
	return p, nil
}

// clock reads HH:MM or HH:MM:SS after midnight UTC of the day of the start.
// Hours go on beyond 23 for the days after.
func (p *parser) clock(text string) (time.Time, error) {
	bad := fmt.Errorf("time %q: want HH:MM or HH:MM:SS", text)
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return time.Time{}, bad
	}
	var n [3]uint64
	for i, s := range parts {
		v, err := strconv.ParseUint(s, 10, 16)
		if err != nil || len(s) < 2 || len(s) > 3 || i > 0 && (v > 59 || len(s) != 2) {
			return time.Time{}, bad
		}
		n[i] = v
	}
	s := p.sc.Start
	midnight := time.Date(s.Year(), s.Month(), s.Day(), 0, 0, 0, 0, time.UTC)
	return midnight.Add(time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute + time.Duration(n[2])*time.Second), nil
}
