// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/jsonread"
)

// maxLine bounds one line of a receiver in octets.
const maxLine = 2048

// ErrLine is wrapped by errors of ParseLine.
var ErrLine = fmt.Errorf("%w: not a receiver's line", ErrRefused)

// Beacon is what a receiver heard at once: one message or one pack.
type Beacon struct {
	Transmitter []byte // the radio's address, 12 hexadecimal digits in lower case
	Counter     uint8  // of the advertisement; the sender raises it with each new content
	HasCounter  bool
	Received    time.Time // zero where the receiver did not say
	RSSI        int16     // dBm; 0 where the receiver did not say
	Payload     []byte
}

// ParseLine reads one line of a receiver into b: a JSON object with the message in
// hexadecimal digits ("hex", "raw" or "data"), the radio's address ("mac" or
// "transmitter"), and where known "counter" or "ctr", "rssi", and "time" (RFC
// 3339) or "ts" (seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size); or the
// columns name, nanoseconds since 1970, address, counter, digits, with tabs.
// Other keys are passed over, and keys may be in capitals. The memory of b is used
// again: ParseLine allocates for errors alone, and for texts that are written with
// escapes.
func ParseLine(line []byte, b *Beacon) error {
	*b = Beacon{Transmitter: b.Transmitter[:0], Payload: b.Payload[:0]}
	if len(line) > maxLine {
		return fmt.Errorf("%w: %d octets, at most %d", ErrLine, len(line), maxLine)
	}
	line = bytes.TrimSpace(line)
	if bytes.HasPrefix(line, []byte{'{'}) {
		return b.json(line)
	}
	return b.columns(line)
}

func (b *Beacon) json(line []byte) error {
	v, err := jsonread.Parse(line)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLine, err)
	}
	p, err := v.Object()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLine, err)
	}
	var w written
	for p.Next() {
		if !w.member(p.Key, p.Value) {
			return fmt.Errorf("%w: %.20q", ErrLine, p.Key)
		}
	}
	b.RSSI = w.rssi
	for _, c := range [...]counter{w.counter, w.ctr} {
		if c.known {
			b.Counter, b.HasCounter = c.v, true
		}
	}
	switch {
	case w.timed:
		b.Received = w.time
	case len(w.ts) > 0:
		if b.Received, err = unix(w.ts); err != nil {
			return err
		}
	}
	return b.fill(first(w.mac, w.transmitter), first(w.hex, first(w.raw, w.data)))
}

// written is a line as it stands. The last of several members of one name counts.
type written struct {
	hex, raw, data   []byte
	mac, transmitter []byte
	ts               []byte
	counter, ctr     counter
	rssi             int16
	time             time.Time
	timed            bool
}

// counter is a counter that may be absent.
type counter struct {
	v     uint8
	known bool
}

func (c *counter) take(v jsonread.Value) bool {
	if *c = (counter{}); v.Null() {
		return true
	}
	n, err := strconv.ParseUint(string(v), 10, 8)
	c.v, c.known = uint8(n), err == nil
	return c.known
}

// member takes a member of a line, and reports whether it is what it has to be.
func (w *written) member(key []byte, v jsonread.Value) bool {
	is := func(name string) bool { return bytes.EqualFold(key, []byte(name)) }
	switch {
	case is("hex"):
		return jsonread.TakeText(&w.hex, v)
	case is("raw"):
		return jsonread.TakeText(&w.raw, v)
	case is("data"):
		return jsonread.TakeText(&w.data, v)
	case is("mac"):
		return jsonread.TakeText(&w.mac, v)
	case is("transmitter"):
		return jsonread.TakeText(&w.transmitter, v)
	case is("counter"):
		return w.counter.take(v)
	case is("ctr"):
		return w.ctr.take(v)
	case is("rssi"):
		return w.level(v)
	case is("time"):
		return w.moment(v)
	case is("ts"):
		return w.since(v)
	}
	return true
}

func (w *written) level(v jsonread.Value) bool {
	if v.Null() {
		return true
	}
	n, err := strconv.ParseInt(string(v), 10, 16)
	w.rssi = int16(n)
	return err == nil
}

func (w *written) moment(v jsonread.Value) bool {
	var s []byte
	if !jsonread.TakeText(&s, v) {
		return false
	}
	if w.timed = s != nil; !w.timed {
		return true
	}
	err := w.time.UnmarshalText(s)
	w.time = w.time.UTC()
	return err == nil
}

// since takes a time since 1970 as a number, or as a text of one.
func (w *written) since(v jsonread.Value) bool {
	if v.Null() {
		return true
	}
	if s, ok := v.Text(); ok {
		if v, _ = jsonread.Parse(s); len(v) != len(s) { // not with space around it
			return false
		}
	}
	_, ok := v.Number()
	w.ts = v
	return ok
}

func first(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

func (b *Beacon) columns(line []byte) error {
	const columns = 5
	var c [columns][]byte
	n := 0
	for rest, more := line, true; more; n++ {
		var column []byte
		column, rest, more = bytes.Cut(rest, []byte{'\t'})
		if n < columns {
			c[n] = column
		}
	}
	if n != columns {
		return fmt.Errorf("%w: %d columns, want %d", ErrLine, n, columns)
	}
	var err error
	if b.Received, err = unix(c[1]); err != nil {
		return err
	}
	counted, err := strconv.ParseUint(string(c[3]), 10, 8)
	if err != nil {
		return fmt.Errorf("%w: counter %.20q", ErrLine, c[3])
	}
	b.Counter, b.HasCounter = uint8(counted), true
	return b.fill(c[2], c[4])
}

// unix reads a time since 1970 whose unit its size tells: nobody flew before
// 2001 or will after 2286.
func unix(s []byte) (time.Time, error) {
	whole, _, _ := bytes.Cut(s, []byte{'.'})
	n, err := strconv.ParseInt(string(whole), 10, 64)
	switch {
	case err != nil || n < 0:
		return time.Time{}, fmt.Errorf("%w: time %.40q", ErrLine, s)
	case n == 0:
		return time.Time{}, nil
	case n < 1e10:
		f, err := strconv.ParseFloat(string(s), 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: time %.40q", ErrLine, s)
		}
		return time.UnixMilli(int64(f * 1000)).UTC(), nil
	case n < 1e13:
		return time.UnixMilli(n).UTC(), nil
	case n < 1e16:
		return time.UnixMicro(n).UTC(), nil
	}
	return time.Unix(0, n).UTC(), nil
}

// fill takes address and digits.
func (b *Beacon) fill(address, digits []byte) error {
	for _, c := range address {
		if c != ':' && c != '-' {
			b.Transmitter = append(b.Transmitter, c)
		}
	}
	var raw [6]byte
	if len(b.Transmitter) != hex.EncodedLen(len(raw)) {
		return fmt.Errorf("%w: address %.20q", ErrLine, address)
	}
	if _, err := hex.Decode(raw[:], b.Transmitter); err != nil {
		return fmt.Errorf("%w: address %.20q", ErrLine, address)
	}
	hex.Encode(b.Transmitter, raw[:]) // in lower case
	var err error
	if b.Payload, err = hex.AppendDecode(b.Payload, digits); err != nil || len(b.Payload) == 0 {
		return fmt.Errorf("%w: no message in hexadecimal digits", ErrLine)
	}
	return nil
}
