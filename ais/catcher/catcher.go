// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package catcher reads the JSON of AIS-catcher (its formats "JSON_FULL" and
// "JSON_NMEA", as lines, datagrams and posts over HTTP): the sentences as they
// were received, with time, station, level and channel.
//
// It takes nothing else out of it: the sentences are to be decoded anew with
// packages ais and nmea, as the decoded numbers of the JSON are rounded and the
// sentences are not. It reads no port and no clock.
package catcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/internal/jsonlist"
)

// MaxDocument is the longest document that is read, MaxMessage the longest
// object of one message, in octets; MaxMessages is how many of a document are
// read.
const (
	MaxDocument = 16 << 20
	MaxMessage  = 64 << 10
	MaxMessages = 1 << 17
)

// The errors. All wrap ErrRefused.
var (
	ErrRefused  = errors.New("AIS-catcher JSON refused")
	ErrTooLong  = fmt.Errorf("%w: document or message is too long", ErrRefused)
	ErrSyntax   = fmt.Errorf("%w: not JSON of this kind", ErrRefused)
	ErrNoNMEA   = fmt.Errorf("%w: no sentences in it", ErrRefused)
	ErrSentence = fmt.Errorf("%w: sentence is too long", ErrRefused)
)

// Report is one message as it was received.
type Report struct {
	// Sentences are the parts of the message in order.
	Sentences []string
	// Received is the time of reception by the station's clock; HasReceived
	// says that it is known.
	Received    time.Time
	HasReceived bool
	// Station names who received it; empty if unknown.
	Station string
	Channel byte // 0 if unknown
	// LevelDB is the level of the signal, of meaning with HasLevel.
	LevelDB  float64
	HasLevel bool
}

type written struct {
	NMEA        []string        `json:"nmea"`
	TOA         *float64        `json:"toa"`      // seconds since 1970
	RxUnix      *float64        `json:"rxuxtime"` // the same, older
	RxTime      string          `json:"rxtime"`   // 20060102150405
	SignalPower *float64        `json:"signalpower"`
	Channel     string          `json:"channel"`
	Station     string          `json:"station"`
	StationID   json.RawMessage `json:"station_id"`
}

// Parse reads one object of one message, or the body of a post that holds
// several ("msgs"), and calls fn with each message or the error that refuses
// it. The error of Parse itself refuses the whole document.
func Parse(document []byte, fn func(r *Report, err error)) error {
	if len(document) > MaxDocument {
		return ErrTooLong
	}
	var d struct {
		Msgs      json.RawMessage `json:"msgs"` // as text, a slice of its parts would be many times longer
		StationID json.RawMessage `json:"stationid"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if d.Msgs == nil {
		fn(report(document, ""))
		return nil
	}
	station := name(d.StationID)
	err := jsonlist.Each(d.Msgs, MaxMessages, func(raw json.RawMessage) error {
		fn(report(raw, station))
		return nil
	})
	switch {
	case errors.Is(err, jsonlist.ErrTooMany):
		return ErrTooLong
	case err != nil:
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return nil
}

// Cut cuts the body of a post into its messages and calls fn with each, good until
// fn returns, and with the octets before it in the document, until that returns
// false. It reports whether fn took all, and refuses what is no such body.
func Cut(document []byte, fn func(offset int, message []byte) bool) (all bool, err error) {
	if len(document) > MaxDocument {
		return true, ErrTooLong
	}
	list, start, err := jsonlist.Field(document, "msgs")
	if err != nil || list == nil {
		return true, ErrSyntax
	}
	all, err = jsonlist.Walk(list, MaxMessages, func(offset int, raw json.RawMessage) (bool, error) { return fn(start+offset, raw), nil })
	switch {
	case errors.Is(err, jsonlist.ErrTooMany):
		return true, ErrTooLong
	case err != nil:
		return true, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return all, nil
}

// report reads one message that the station named may have received.
func report(raw []byte, station string) (*Report, error) {
	if len(raw) > MaxMessage {
		return nil, ErrTooLong
	}
	var w written
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return w.report(station)
}

// name reads a station that is written as a text or a number.
func name(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return clip(s)
	}
	var n int64
	if json.Unmarshal(raw, &n) == nil {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// clip bounds a name; a longer one is none.
func clip(s string) string {
	const longest = 64
	if len(s) > longest {
		return ""
	}
	return s
}

func (w *written) report(station string) (*Report, error) {
	if len(w.NMEA) == 0 {
		return nil, ErrNoNMEA
	}
	for _, s := range w.NMEA {
		if len(s) > nmea.MaxLine {
			return nil, ErrSentence
		}
	}
	r := &Report{Sentences: w.NMEA, Station: clip(w.Station)}
	if r.Station == "" {
		r.Station = name(w.StationID)
	}
	if r.Station == "" {
		r.Station = station
	}
	if len(w.Channel) == 1 {
		r.Channel = w.Channel[0]
	}
	if p := w.SignalPower; p != nil && !math.IsNaN(*p) && math.Abs(*p) < 300 {
		r.LevelDB, r.HasLevel = *p, true
	}
	r.Received, r.HasReceived = w.received()
	return r, nil
}

// received returns the most exact time that is there.
func (w *written) received() (time.Time, bool) {
	const year9999 = 253_402_300_799
	for _, v := range []*float64{w.TOA, w.RxUnix} {
		if v != nil && *v > 0 && *v < year9999 {
			return time.UnixMilli(int64(math.Round(*v * 1000))).UTC(), true
		}
	}
	t, err := time.Parse("20060102150405", w.RxTime)
	return t, err == nil && t.Unix() > 0
}
