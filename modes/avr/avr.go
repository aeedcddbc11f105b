// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package avr reads and writes Mode S frames as lines of hexadecimal text, the
// AVR or raw format (by convention on TCP port 30002) in its variants:
//
//	*8D4840D6202CC371C32CE0576098;                frame
//	@0123456789AB8D4840D6202CC371C32CE0576098;    12 MHz counter, frame
//	<0123456789AB7F8D4840D6202CC371C32CE0576098;  counter, signal, frame
//	*8D4840D6202CC371C32CE0576098;0012AB34;...;   frame, counter, other fields
//
// It does not decode the frames (see modes) and knows no wall time: the lines
// have none.
package avr

import (
	"errors"
	"fmt"
)

const (
	ticksDigits  = 12
	signalDigits = 2
	maxTrailing  = 16 // digits of a counter after the frame
)

// ErrHeartbeat is returned for "*0000;", by which receivers keep a connection
// open.
var ErrHeartbeat = errors.New("avr: heartbeat")

// LineError says why a line is refused.
type LineError struct {
	Offset int // within the line, in bytes
	Reason string
}

// Error returns the offset and the reason.
func (e *LineError) Error() string {
	return fmt.Sprintf("read avr line at byte %d: %s", e.Offset, e.Reason)
}

// ParseLine reads one line, with or without its line ending. The payload has
// 2 (Mode A/C), 7 or 14 bytes. The ticks are the receiver's counter, whose rate
// the line does not say. The error is ErrHeartbeat or a *LineError.
func ParseLine(line []byte) (payload []byte, ticks uint64, hasTicks bool, err error) {
	return AppendPayload(nil, line)
}

// AppendPayload is ParseLine that appends the payload to dst, so that a caller
// with room in dst needs no allocation.
func AppendPayload(dst, line []byte) (payload []byte, ticks uint64, hasTicks bool, err error) {
	at, end := 0, len(line)
	for at < end && isSpace(line[at]) {
		at++
	}
	for end > at && isSpace(line[end-1]) {
		end--
	}
	line = line[:end]
	if at == end {
		return dst, 0, false, refuse(at, "line is empty")
	}
	start := line[at]
	at++
	switch start {
	case '*':
	case '@', '<':
		if ticks, err = number(line, at, ticksDigits); err != nil {
			return dst, 0, false, err
		}
		at, hasTicks = at+ticksDigits, true
		if start == '<' {
			if _, err = number(line, at, signalDigits); err != nil {
				return dst, 0, false, err
			}
			at += signalDigits
		}
	default:
		return dst, 0, false, refuse(at-1, "line starts with none of * @ <")
	}
	payload, at, err = appendFrame(dst, line, at)
	if err != nil {
		return dst, 0, false, err
	}
	if n := len(payload) - len(dst); n == 2 && payload[len(dst)] == 0 && payload[len(dst)+1] == 0 {
		return dst, 0, false, ErrHeartbeat
	}
	if start == '*' && at < len(line) {
		ticks, hasTicks = trailingTicks(line[at:])
	}
	return payload, ticks, hasTicks, nil
}

// appendFrame reads hexadecimal digits up to the semicolon and returns the
// place after it.
func appendFrame(dst, line []byte, at int) ([]byte, int, error) {
	end := at
	for end < len(line) && line[end] != ';' {
		end++
	}
	if end == len(line) {
		return dst, 0, refuse(end, "semicolon is missing")
	}
	switch end - at {
	case 4, 14, 28:
	default:
		return dst, 0, refuse(at, "frame has neither 4, 14 nor 28 digits")
	}
	for i := at; i < end; i += 2 {
		high, low := digit(line[i]), digit(line[i+1])
		if high < 0 || low < 0 {
			return dst, 0, refuse(i, "no hexadecimal digits")
		}
		dst = append(dst, byte(high<<4|low))
	}
	return dst, end + 1, nil
}

// trailingTicks reads a counter in the field after the frame, if that is one.
func trailingTicks(rest []byte) (uint64, bool) {
	var v uint64
	for i, c := range rest {
		if c == ';' {
			return v, i > 0
		}
		d := digit(c)
		if d < 0 || i >= maxTrailing {
			return 0, false
		}
		v = v<<4 | uint64(d)
	}
	return 0, false
}

// number reads exactly n hexadecimal digits.
func number(line []byte, at, n int) (uint64, error) {
	var v uint64
	for i := at; i < at+n; i++ {
		if i >= len(line) {
			return 0, refuse(len(line), "line ends within its head")
		}
		d := digit(line[i])
		if d < 0 {
			return 0, refuse(i, "no hexadecimal digit")
		}
		v = v<<4 | uint64(d)
	}
	return v, nil
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func refuse(offset int, reason string) error { return &LineError{Offset: offset, Reason: reason} }

// Append appends the line "*hex;" and a newline to dst.
func Append(dst, payload []byte) []byte { return frame(append(dst, '*'), payload) }

// AppendWithTicks appends the line "@ticks hex;", without the space, and a
// newline to dst. The counter is cut to 48 bits.
func AppendWithTicks(dst, payload []byte, ticks uint64) []byte {
	dst = append(dst, '@')
	for shift := 44; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[ticks>>shift&15])
	}
	return frame(dst, payload)
}

const hexDigits = "0123456789ABCDEF"

func frame(dst, payload []byte) []byte {
	for _, b := range payload {
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return append(dst, ';', '\n')
}
