// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

const (
	maxTextLine = 256
	maxNMEALine = nmea.MaxLine + 64 // with what a logger writes before it
)

// nominal is the start of recordings that have no date and were given none.
func nominal(f *Feed) time.Time {
	if f.Start.IsZero() {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return f.Start.UTC()
}

// counter makes times of a receiver's 12 MHz counter of 48 bits.
type counter struct {
	base  time.Time
	ticks uint64
	since time.Duration // from base to ticks
	begun bool
}

const (
	counterBits = 48
	// maxStep is the longest step that is believed; over it the receiver was
	// started anew.
	maxStep = time.Hour
)

func (c *counter) at(ticks uint64) time.Time {
	if !c.begun {
		c.ticks, c.begun = ticks, true
	}
	step := int64((ticks-c.ticks)<<(64-counterBits)) >> (64 - counterBits) // signed, across the wrap
	d := time.Duration(step/12*1000 + step%12*1000/12)
	if d < -maxStep || d > maxStep {
		d = 0
	}
	c.since += d
	c.ticks = ticks
	return c.base.Add(c.since)
}

func newBeast(f *Feed, src io.Reader) *stream {
	s := &stream{src: src}
	clock := counter{base: nominal(f)}
	var cut feed.Beast
	emit := func(at int64, m *beast.Message) bool {
		switch {
		case m.Type != beast.TypeShort && m.Type != beast.TypeLong: // Mode A/C, receiver status
		case m.MLAT():
			s.refuse(at, feed.ReasonMLAT)
		case m.HasSynthetic:
			s.put(frame.Frame{Offset: at, Received: time.UnixMilli(m.SyntheticMillis), Data: m.Data})
		default:
			s.put(frame.Frame{Offset: at, Received: clock.at(m.Time12MHz), Data: m.Data})
		}
		return true
	}
	s.push = func(b []byte) {
		cut.Push(b, emit, func(at int64, _ string) { s.refuse(at, feed.ReasonBeast) })
	}
	return s
}

// lines returns a stream of lines.
func lines(src io.Reader, longest int, take func(s *stream, at int64, line []byte)) *stream {
	s := &stream{src: src}
	cut := feed.Lines{Max: longest}
	emit := func(at int64, line []byte) bool { take(s, at, line); return true }
	s.push = func(b []byte) { cut.Push(b, emit, func(at int64) { s.refuse(at, feed.ReasonLine) }) }
	s.end = func() { cut.End(emit) }
	return s
}

func newAVR(f *Feed, src io.Reader) *stream {
	clock := counter{base: nominal(f)}
	line, hasTicks := time.Duration(0), false
	var payload []byte
	return lines(src, maxTextLine, func(s *stream, at int64, b []byte) {
		var ticks uint64
		var has bool
		var err error
		payload, ticks, has, err = avr.AppendPayload(payload[:0], b)
		var bad *avr.LineError
		switch {
		case errors.As(err, &bad):
			s.refuse(at+int64(bad.Offset), feed.ReasonAVR)
			return
		case err != nil, len(payload) == 2: // heartbeat, Mode A/C
			return
		}
		hasTicks = hasTicks || has
		received := clock.base.Add(line)
		if hasTicks {
			if !has {
				ticks = clock.ticks // as the line before
			}
			received = clock.at(ticks)
		}
		line += time.Millisecond
		s.put(frame.Frame{Offset: at, Received: received, Data: payload})
	})
}

func newTSV(src io.Reader) *stream {
	var payload []byte
	return lines(src, maxTextLine, func(s *stream, at int64, b []byte) {
		stamp, text, ok := bytes.Cut(b, []byte{'\t'})
		ms, err := strconv.ParseInt(string(stamp), 10, 64)
		var hexErr error
		payload, hexErr = hex.AppendDecode(payload[:0], text)
		const lastMilli = 253_402_300_799_999 // of the year 9999
		n := len(payload)
		if !ok || err != nil || hexErr != nil || ms < 0 || ms > lastMilli || n != 7 && n != 14 {
			s.refuse(at, ReasonTSV)
			return
		}
		s.put(frame.Frame{Offset: at, Received: time.UnixMilli(ms), Data: payload})
	})
}

// newNMEA takes the time of a line from what the logger wrote before it, else
// from its tag block, else from the line before.
func newNMEA(f *Feed, src io.Reader) *stream {
	now, clocked := nominal(f), false
	return lines(src, maxNMEALine, func(s *stream, at int64, b []byte) {
		if t, ok := logTime(b); ok {
			now, clocked = t, true
		}
		for rest := b; len(rest) > 0; {
			offset := at + int64(len(b)-len(rest))
			var line []byte
			line, rest = nmea.Next(rest)
			if len(line) == 0 {
				continue
			}
			var sentence nmea.Sentence
			if !clocked && nmea.Parse(line, &sentence) == nil && sentence.Tag.HasTime {
				now = sentence.Tag.Time
			}
			s.put(frame.Frame{Offset: offset, Received: now, Data: line})
		}
	})
}

// logTime reads "[2006-01-02 15:04:05]", with decimals or without, UTC.
func logTime(line []byte) (time.Time, bool) {
	const longest = 40
	if len(line) == 0 || line[0] != '[' {
		return time.Time{}, false
	}
	end := bytes.IndexByte(line[:min(len(line), longest)], ']')
	if end < 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateTime, string(line[1:end]))
	return t, err == nil
}

// blocks reads ASTERIX data blocks one after the other.
type blocks struct {
	src   io.Reader
	at    int64
	now   time.Time
	begun bool
	ended bool
	rec48 cat048.Record
	rec34 cat034.Record
}

func newBlocks(f *Feed, src io.Reader) *blocks { return &blocks{src: src, now: nominal(f)} }

func (r *blocks) next() (item, error) {
	if r.ended {
		return item{}, io.EOF
	}
	var head [3]byte
	n, err := io.ReadFull(r.src, head[:])
	switch {
	case n > 0 && errors.Is(err, io.ErrUnexpectedEOF):
		return r.giveUp(ReasonCut)
	case err != nil:
		return item{}, err // io.EOF: the end
	}
	length := int(head[1])<<8 | int(head[2])
	if length <= len(head) {
		return r.giveUp(ReasonBlock)
	}
	// At most 64 KiB, whatever the file says.
	data := make([]byte, length)
	copy(data, head[:])
	if _, err := io.ReadFull(r.src, data[len(head):]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return r.giveUp(ReasonCut)
		}
		return item{}, err
	}
	r.clock(data)
	it := item{frame: frame.Frame{Offset: r.at, Received: r.now, Data: data}}
	r.at += int64(length)
	return it, nil
}

func (r *blocks) giveUp(reason string) (item, error) {
	r.ended = true
	return item{bad: &Bad{r.at, reason}}, nil
}

// clock moves the time to that of the block's latest record.
func (r *blocks) clock(data []byte) {
	take := func(seconds float64, ok bool) {
		if !ok {
			return
		}
		if !r.begun { // the day is known, the time of day is not
			r.now = r.now.Truncate(24 * time.Hour).Add(12 * time.Hour)
		}
		t := asterix.TimeOfDay(r.now, seconds)
		if !t.IsZero() && (!r.begun || t.After(r.now)) {
			r.now, r.begun = t, true
		}
	}
	for b, err := range asterix.Blocks(data) {
		if err != nil {
			return
		}
		switch b.Category {
		case cat048.Category:
			for _, err := range asterix.Records(b, &r.rec48) {
				if err == nil {
					take(r.rec48.TimeOfDaySeconds())
				}
			}
		case cat034.Category:
			for _, err := range asterix.Records(b, &r.rec34) {
				if err == nil {
					take(r.rec34.TimeOfDaySeconds())
				}
			}
		}
	}
}

// packets reads the UDP payloads of a pcap.
type packets struct {
	src   *pcap.Reader
	port  uint16
	at    int64 // payload octets before
	any   bool
	ended bool
}

func newPcap(f *Feed, src io.Reader) *packets {
	return &packets{src: pcap.NewReader(src), port: f.Port}
}

func (r *packets) next() (item, error) {
	for !r.ended {
		t, payload, err := r.src.Next()
		switch {
		case errors.Is(err, io.EOF):
			return item{}, io.EOF
		case err != nil && r.any:
			r.ended = true
			return item{bad: &Bad{r.at, ReasonCut}}, nil
		case err != nil:
			return item{}, err
		}
		r.any = true
		at := r.at
		r.at += int64(len(payload))
		if len(payload) == 0 || r.port != 0 && r.src.Port() != r.port {
			continue
		}
		return item{frame: frame.Frame{Offset: at, Received: t, Data: bytes.Clone(payload)}}, nil
	}
	return item{}, io.EOF
}
