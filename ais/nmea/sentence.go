// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package nmea reads and writes the IEC 61162-1 (NMEA 0183) encapsulation
// sentences that carry AIS messages, VDM and VDO, with their tag blocks, and
// joins the fragments of long messages. It does not decode the messages
// themselves (package ais does), reads no other sentence, opens no port and
// keeps no clock: time is an argument.
package nmea

import (
	"errors"
	"fmt"
	"time"
)

// MaxLine is the longest accepted line in bytes, tag blocks and suffix
// included. IEC 61162-1 allows 82, but satellite feeds send a whole type 5
// message in one sentence.
const MaxLine = 1024

// MaxPayload is the longest accepted armoured payload of one message in
// characters. The longest message of ITU-R M.1371-5 (five slots) has 178.
const MaxPayload = 512

// ErrOther marks a line that is no VDM or VDO sentence, such as the GNSS
// sentences of the receiver's own instruments. It is not malformed input.
var ErrOther = errors.New("not an AIS sentence")

// Reason says why a line was refused. There is a fixed set of them, so that
// they can be counted.
type Reason string

// The reasons of an [Error].
const (
	ReasonTooLong     Reason = "line too long"
	ReasonStart       Reason = "no start of a sentence"
	ReasonTruncated   Reason = "sentence ends early"
	ReasonNoChecksum  Reason = "no checksum"
	ReasonChecksum    Reason = "wrong checksum"
	ReasonTrailing    Reason = "bytes after the checksum"
	ReasonTalker      Reason = "bad talker"
	ReasonFragment    Reason = "bad fragment count or number"
	ReasonSequence    Reason = "bad sequence number"
	ReasonChannel     Reason = "bad channel"
	ReasonPayload     Reason = "bad payload character"
	ReasonEmpty       Reason = "empty payload"
	ReasonFill        Reason = "bad number of fill bits"
	ReasonTagEnd      Reason = "tag block not ended"
	ReasonTagChecksum Reason = "wrong tag block checksum"
	ReasonTagTime     Reason = "bad time in the tag block"
	ReasonTagGroup    Reason = "bad group in the tag block"
	ReasonPayloadSize Reason = "payload too long"
)

// Error refuses a line. It holds no part of the line.
type Error struct {
	Offset int // bytes from the start of the line
	Reason Reason
}

// Error returns the text of the refusal.
func (e *Error) Error() string {
	return fmt.Sprintf("parse sentence: byte %d: %s", e.Offset, e.Reason)
}

// Formatter is the three-letter name of a sentence.
type Formatter uint8

// The formatters of AIS. VDM is a message received over the air, VDO one of
// the own station.
const (
	VDM Formatter = 1
	VDO Formatter = 2
)

// String returns "VDM" or "VDO".
func (f Formatter) String() string {
	switch f {
	case VDM:
		return "VDM"
	case VDO:
		return "VDO"
	default:
		return "?"
	}
}

// Talker is the two-letter identifier of the sender of a sentence, such as
// AI, AB or BS.
type Talker [2]byte

// String returns the two letters.
func (t Talker) String() string { return string(t[:]) }

// Group is the g field of a tag block (IEC 61162-450): which lines belong
// together. A zero Total means that there is none.
type Group struct {
	Number, Total int
	ID            uint32
}

// Tag is what a tag block says, or the station and time that some coast
// guards append behind the checksum instead.
type Tag struct {
	HasTime bool
	Time    time.Time // c field; UTC, a whole second or millisecond
	Source  []byte    // s field, the station; aliases the line; nil when absent
	Group   Group
}

// Sentence is one VDM or VDO sentence.
type Sentence struct {
	Talker    Talker
	Formatter Formatter
	Total     int    // fragments of the message, 1 to 9
	Number    int    // which of them, from 1
	Seq       int    // sequence number that joins fragments, 0 to 9; -1 when absent
	Channel   byte   // 'A', 'B', '1', '2' …; 0 when absent
	Payload   []byte // armoured six-bit characters; aliases the line
	Fill      int    // bits of the last character that do not count, 0 to 5
	Tag       Tag
}

// Parse reads one line: tag blocks, the sentence, and a station and time
// behind the checksum. A line end is optional. It returns [ErrOther] for
// sentences that are not AIS and an *[Error] for malformed ones; s is then of
// no use. The slices in s alias line.
func Parse(line []byte, s *Sentence) error {
	*s = Sentence{Seq: -1}
	if len(line) > MaxLine {
		return &Error{MaxLine, ReasonTooLong}
	}
	line = trimEnd(line)
	pos := 0
	for pos < len(line) && line[pos] == '\\' {
		end, err := parseTag(line, pos, &s.Tag)
		if err != nil {
			return err
		}
		pos = end
	}
	switch {
	case pos == len(line) && pos > 0: // tag blocks alone speak of other lines
		return ErrOther
	case pos == len(line):
		return &Error{pos, ReasonStart}
	case line[pos] == '$':
		return ErrOther
	case line[pos] != '!':
		return &Error{pos, ReasonStart}
	}
	star, err := checkSum(line, pos)
	if err != nil {
		return err
	}
	if err := parseAddress(line[:star], pos, s); err != nil {
		return err
	}
	if err := parseFields(line[:star], pos+6, s); err != nil {
		return err
	}
	return parseSuffix(line, star+3, &s.Tag)
}

func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	return b
}

// checkSum checks the sentence that starts at pos and returns the offset of
// its asterisk.
func checkSum(line []byte, pos int) (int, error) {
	var sum byte
	for i := pos + 1; i < len(line); i++ {
		if line[i] != '*' {
			sum ^= line[i]
			continue
		}
		got, ok := hexByte(line, i+1)
		if !ok {
			return 0, &Error{i, ReasonNoChecksum}
		}
		if got != sum {
			return 0, &Error{i + 1, ReasonChecksum}
		}
		return i, nil
	}
	return 0, &Error{len(line), ReasonNoChecksum}
}

// parseAddress reads talker and formatter: "!aaccc".
func parseAddress(line []byte, pos int, s *Sentence) error {
	if len(line) < pos+6 {
		return &Error{len(line), ReasonTruncated}
	}
	s.Talker = Talker{line[pos+1], line[pos+2]}
	switch string(line[pos+3 : pos+6]) {
	case "VDM":
		s.Formatter = VDM
	case "VDO":
		s.Formatter = VDO
	default:
		return ErrOther
	}
	for i, c := range s.Talker {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return &Error{pos + 1 + i, ReasonTalker}
		}
	}
	return nil
}

// parseFields reads ",total,number,seq,channel,payload,fill" from pos to the
// end of line.
func parseFields(line []byte, pos int, s *Sentence) error {
	var ok bool
	if s.Total, pos, ok = digitField(line, pos); !ok || s.Total < 1 {
		return &Error{min(pos, len(line)), ReasonFragment}
	}
	if s.Number, pos, ok = digitField(line, pos); !ok || s.Number < 1 || s.Number > s.Total {
		return &Error{min(pos, len(line)), ReasonFragment}
	}
	if s.Seq, pos, ok = digitField(line, pos); !ok {
		return &Error{min(pos, len(line)), ReasonSequence}
	}
	if pos >= len(line) || line[pos] != ',' {
		return &Error{pos, ReasonTruncated}
	}
	pos++
	if pos < len(line) && line[pos] != ',' {
		s.Channel = line[pos]
		pos++
	}
	if pos >= len(line) || line[pos] != ',' || s.Channel != 0 && (s.Channel <= ' ' || s.Channel > '~') {
		return &Error{pos, ReasonChannel}
	}
	pos++
	start := pos
	for pos < len(line) && armoured[line[pos]] {
		pos++
	}
	s.Payload = line[start:pos:pos]
	switch {
	case pos >= len(line):
		return &Error{pos, ReasonTruncated}
	case line[pos] != ',':
		return &Error{pos, ReasonPayload}
	case pos == start && s.Number == 1:
		return &Error{pos, ReasonEmpty}
	case pos-start > MaxPayload:
		return &Error{start + MaxPayload, ReasonPayloadSize}
	}
	var fill int
	if fill, pos, ok = digitField(line, pos); !ok || fill < 0 || fill > 5 || pos != len(line) {
		return &Error{min(pos, len(line)), ReasonFill}
	}
	s.Fill = fill
	return nil
}

// digitField reads a comma at pos and a digit or nothing (-1) up to the next
// comma or the end, and returns the offset behind it.
func digitField(line []byte, pos int) (v, end int, ok bool) {
	if pos >= len(line) || line[pos] != ',' {
		return -1, pos, false
	}
	pos++
	if pos == len(line) || line[pos] == ',' {
		return -1, pos, true
	}
	if line[pos] < '0' || line[pos] > '9' {
		return -1, pos, false
	}
	v = int(line[pos] - '0')
	pos++
	return v, pos, pos == len(line) || line[pos] == ','
}

// armoured marks the 64 characters of the six-bit armour (IEC 61162-1,
// 6-bit field symbols).
var armoured = func() (t [256]bool) {
	for c := '0'; c <= 'W'; c++ {
		t[c] = true
	}
	for c := '`'; c <= 'w'; c++ {
		t[c] = true
	}
	return t
}()

func hexByte(b []byte, pos int) (byte, bool) {
	if pos+2 > len(b) {
		return 0, false
	}
	hi, ok1 := hexDigit(b[pos])
	lo, ok2 := hexDigit(b[pos+1])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	default:
		return 0, false
	}
}
