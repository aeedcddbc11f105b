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
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/internal/jsonread"
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

// Report is one message as it was received. What it holds is good as long as the
// document is.
type Report struct {
	// Sentences are the parts of the message in order.
	Sentences [][]byte
	// Received is the time of reception by the station's clock; HasReceived
	// says that it is known.
	Received    time.Time
	HasReceived bool
	// Station names who received it; empty if unknown.
	Station []byte
	Channel byte // 0 if unknown
	// LevelDB is the level of the signal, of meaning with HasLevel.
	LevelDB  float64
	HasLevel bool
}

// Parse reads one object of one message, or the body of a post that holds
// several ("msgs"), into r and calls fn after each message, or with the error that
// refuses it. The error of Parse itself refuses the whole document. The memory of
// r is used again: Parse allocates for errors alone, and for texts that are
// written with escapes.
func Parse(document []byte, r *Report, fn func(err error)) error {
	if len(document) > MaxDocument {
		return ErrTooLong
	}
	d, err := jsonread.Parse(document)
	if err != nil {
		return refused(err)
	}
	list, _, err := d.Field("msgs")
	if err != nil {
		return refused(err)
	}
	if list == nil {
		fn(r.read(d, nil))
		return nil
	}
	station, _, _ := d.Field("stationid") // it is an object
	_, err = list.Each(MaxMessages, func(_ int, raw jsonread.Value) (bool, error) {
		fn(r.read(raw, name(station)))
		return true, nil
	})
	return refused(err)
}

// refused wraps an error of package jsonread.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsonread.ErrTooMany):
		return ErrTooLong
	}
	return fmt.Errorf("%w: %w", ErrSyntax, err)
}

// Cut cuts the body of a post into its messages and calls fn with each, good until
// fn returns, and with the octets before it in the document, until that returns
// false. It reports whether fn took all, and refuses what is no such body.
func Cut(document []byte, fn func(offset int, message []byte) bool) (all bool, err error) {
	if len(document) > MaxDocument {
		return true, ErrTooLong
	}
	d, err := jsonread.Parse(document)
	if err != nil {
		return true, refused(err)
	}
	list, at, err := d.Field("msgs")
	if err != nil || list == nil {
		return true, ErrSyntax
	}
	start := jsonread.Lead(document) + at
	all, err = list.Each(MaxMessages, func(at int, raw jsonread.Value) (bool, error) { return fn(start+at, raw), nil })
	return all, refused(err)
}

// written is a message as it stands in the document. The last of several members
// of one name counts.
type written struct {
	toa         jsonread.Number // seconds since 1970
	rxUnix      jsonread.Number // the same, older
	rxTime      []byte          // 20060102150405
	signalPower jsonread.Number
	channel     []byte
	station     []byte
	stationID   jsonread.Value
}

// read reads one message that the station named may have received.
func (r *Report) read(raw jsonread.Value, station []byte) error {
	*r = Report{Sentences: r.Sentences[:0]}
	if len(raw) > MaxMessage {
		return ErrTooLong
	}
	p, err := raw.Object()
	if err != nil {
		return refused(err)
	}
	var w written
	for p.Next() {
		if !r.member(&w, p.Key, p.Value) {
			return fmt.Errorf("%w: %.20q", ErrSyntax, p.Key)
		}
	}
	return r.take(&w, station)
}

// member takes a member of a message, and reports whether it is what it has to be.
// Other names are passed over.
func (r *Report) member(w *written, key []byte, v jsonread.Value) bool {
	switch string(key) {
	case "nmea":
		return r.sentences(v)
	case "toa":
		return w.toa.Take(v)
	case "rxuxtime":
		return w.rxUnix.Take(v)
	case "rxtime":
		return jsonread.TakeText(&w.rxTime, v)
	case "signalpower":
		return w.signalPower.Take(v)
	case "channel":
		return jsonread.TakeText(&w.channel, v)
	case "station":
		return jsonread.TakeText(&w.station, v)
	case "station_id":
		w.stationID = v
	}
	return true
}

// sentences takes a list of texts, or null for none, and reports whether v is
// either.
func (r *Report) sentences(v jsonread.Value) bool {
	r.Sentences = r.Sentences[:0]
	if v.Null() {
		return true
	}
	p, err := v.List()
	for p.Next() {
		s, ok := p.Value.Text()
		if !ok && !p.Value.Null() {
			return false
		}
		r.Sentences = append(r.Sentences, s)
	}
	return err == nil
}

// name reads a station that is written as a text or a whole number.
func name(v jsonread.Value) []byte {
	if s, ok := v.Text(); ok {
		return clip(s)
	}
	if _, ok := v.Number(); ok && !bytes.ContainsAny(v, ".eE") {
		return clip(v)
	}
	return nil
}

// clip bounds a name; a longer one is none.
func clip(s []byte) []byte {
	const longest = 64
	if len(s) > longest {
		return nil
	}
	return s
}

func (r *Report) take(w *written, station []byte) error {
	if len(r.Sentences) == 0 {
		return ErrNoNMEA
	}
	for _, s := range r.Sentences {
		if len(s) > nmea.MaxLine {
			return ErrSentence
		}
	}
	for _, s := range [][]byte{clip(w.station), name(w.stationID), station} {
		if len(s) > 0 {
			r.Station = s
			break
		}
	}
	if len(w.channel) == 1 {
		r.Channel = w.channel[0]
	}
	if p := w.signalPower; p.Known && math.Abs(p.Float) < 300 {
		r.LevelDB, r.HasLevel = p.Float, true
	}
	r.Received, r.HasReceived = w.received()
	return nil
}

// received returns the most exact time that is there.
func (w *written) received() (time.Time, bool) {
	const year9999 = 253_402_300_799
	for _, n := range [...]jsonread.Number{w.toa, w.rxUnix} {
		if n.Known && n.Float > 0 && n.Float < year9999 {
			return time.UnixMilli(int64(math.Round(n.Float * 1000))).UTC(), true
		}
	}
	if len(w.rxTime) == 0 {
		return time.Time{}, false
	}
	t, err := time.Parse("20060102150405", string(w.rxTime))
	return t, err == nil && t.Unix() > 0
}
