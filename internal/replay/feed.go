// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// Feed is one recording.
type Feed struct {
	Name string // unique; frames carry it
	Kind string // one of Kinds
	Path string // gzip when it ends in ".gz"
	// Start is when the recording begins, where it does not say so itself: the
	// date of ASTERIX times of day, the first frame of AVR and of Beast without
	// time marks.
	Start time.Time
	Port  uint16 // pcap: take datagrams to this port only; 0 takes all

	Source  decode.Source // what the frames are
	Sensors []track.Sensor
}

// Kinds lists the kinds of recordings.
//
//	beast    Beast stream; the clock is its 0xE8 marks, else the 12 MHz counter
//	avr      AVR lines; the clock is the 12 MHz counter, else a millisecond a line
//	tsv      lines of milliseconds since 1970, a tab, a Mode S frame in hexadecimal
//	nmea     NMEA lines; the clock is a "[2006-01-02 15:04:05]" before them, else the tag block
//	asterix  ASTERIX data blocks one after the other; the clock is their time of day
//	pcap     pcap or pcapng with ASTERIX by UDP; the clock is the packets'
func Kinds() []string { return []string{"beast", "avr", "tsv", "nmea", "asterix", "pcap"} }

func formatOf(kind string) frame.Format {
	switch kind {
	case "beast", "avr", "tsv":
		return frame.ModeS
	case "nmea":
		return frame.NMEA
	case "asterix", "pcap":
		return frame.ASTERIX
	}
	return 0
}

// ParseFeeds reads the values of several --feed flags and gives names to those
// that name none: "beast1", "nmea2".
func ParseFeeds(specs []string) ([]Feed, error) {
	var feeds []Feed
	for i, spec := range specs {
		f, err := ParseFeed(spec)
		if err != nil {
			return nil, err
		}
		if f.Name == "" {
			f.Name = f.Kind + strconv.Itoa(i+1)
		}
		if slices.ContainsFunc(feeds, func(g Feed) bool { return g.Name == f.Name }) {
			return nil, fmt.Errorf("two feeds are called %q", f.Name)
		}
		for j := range f.Sensors {
			f.Sensors[j].Source = f.Name
		}
		feeds = append(feeds, f)
	}
	return feeds, nil
}

// ParseFeed reads "KIND:FILE" or "KIND:FILE?KEY=VALUE&KEY=VALUE". The keys are
//
//	name      the feed's name
//	start     2006-01-02 or RFC 3339: Feed.Start
//	exercise  true or false
//	receiver  LAT,LON of the one antenna
//	range     NM that it can hear
//	port      UDP port of a pcap
//	sensor    SAC/SIC,LAT,LON,HEIGHT_M,RANGE_NM,PERIOD_S of a radar; may be repeated
func ParseFeed(spec string) (Feed, error) {
	kind, rest, ok := strings.Cut(spec, ":")
	path, query, _ := strings.Cut(rest, "?")
	f := Feed{Kind: kind, Path: path, Source: decode.Source{Format: formatOf(kind)}}
	switch {
	case !ok || path == "":
		return Feed{}, fmt.Errorf("feed %q: want KIND:FILE", spec)
	case f.Source.Format == 0:
		return Feed{}, fmt.Errorf("feed %q: kind %q is none of %s", spec, kind, strings.Join(Kinds(), ", "))
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return Feed{}, fmt.Errorf("feed %q: read options: %w", spec, err)
	}
	keys := make([]string, 0, len(options))
	for key := range options {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if len(options[key]) > 1 && key != "sensor" {
			return Feed{}, fmt.Errorf("feed %q: option %s twice", spec, key)
		}
		for _, value := range options[key] {
			if err := f.option(key, value); err != nil {
				return Feed{}, fmt.Errorf("feed %q: option %s: %w", spec, key, err)
			}
		}
	}
	return f, nil
}

func (f *Feed) option(key, value string) (err error) {
	switch key {
	case "name":
		f.Name = value
	case "start":
		if f.Start, err = time.Parse(time.DateOnly, value); err != nil {
			f.Start, err = time.Parse(time.RFC3339, value)
		}
	case "exercise":
		f.Source.Exercise, err = strconv.ParseBool(value)
	case "receiver":
		var v []float64
		if v, err = numbers(value, 2); err == nil {
			f.Source.Receiver = &geo.Point{LatDeg: v[0], LonDeg: v[1]}
		}
	case "range":
		f.Source.RangeNM, err = strconv.ParseFloat(value, 64)
	case "port":
		var n uint64
		n, err = strconv.ParseUint(value, 10, 16)
		f.Port = uint16(n)
	case "sensor":
		err = f.addSensor(value)
	default:
		err = errors.New("is unknown")
	}
	return err
}

func (f *Feed) addSensor(value string) error {
	id, rest, _ := strings.Cut(value, ",")
	var sac, sic uint8
	if n, err := fmt.Sscanf(id, "%d/%d", &sac, &sic); n != 2 || err != nil {
		return fmt.Errorf("%q is no SAC/SIC", id)
	}
	v, err := numbers(rest, 5)
	if err != nil {
		return err
	}
	f.Sensors = append(f.Sensors, track.Sensor{
		ID: fmt.Sprintf("%03d/%03d", sac, sic), Pos: geo.Point{LatDeg: v[0], LonDeg: v[1]}, Height: geo.Metres(v[2]),
		MaxRange: geo.FromNM(v[3]), Period: time.Duration(v[4] * float64(time.Second)),
	})
	return nil
}

func numbers(text string, n int) ([]float64, error) {
	parts := strings.Split(text, ",")
	if len(parts) != n {
		return nil, fmt.Errorf("%q: want %d numbers", text, n)
	}
	v := make([]float64, n)
	for i, p := range parts {
		var err error
		if v[i], err = strconv.ParseFloat(p, 64); err != nil {
			return nil, fmt.Errorf("%q is no number", p)
		}
	}
	return v, nil
}

// String returns kind and file name.
func (f *Feed) String() string { return f.Kind + ":" + filepath.Base(f.Path) }

// Sources returns what a decoder needs to know of the feeds.
func Sources(feeds []Feed) map[string]decode.Source {
	m := make(map[string]decode.Source, len(feeds))
	for i := range feeds {
		m[feeds[i].Name] = feeds[i].Source
	}
	return m
}

// Sensors returns the radars of all feeds.
func Sensors(feeds []Feed) []track.Sensor {
	var list []track.Sensor
	for i := range feeds {
		list = append(list, feeds[i].Sensors...)
	}
	return list
}
