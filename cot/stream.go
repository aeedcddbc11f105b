// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"encoding/binary"
)

// magic begins each frame of version 1.
const magic = 0xBF

// Stream cuts a stream into events: XML documents one behind the other
// (version 0) or protobuf frames (version 1: the magic octet, a varint length,
// the message). It keeps at most one event that is cut, so at most MaxEvent
// octets, in memory that it uses again.
type Stream struct {
	reader Reader
	rest   []byte // what is cut
	frame  []byte // in mesh framing
	read   int64  // octets before rest
	// Garbage counts octets between events, TooLong events that were passed
	// over for their length.
	Garbage, TooLong uint64
	GarbageAt        int64 // octets of the stream before the garbage that came last
	retries          int   // places since the last event at which a length was given up
}

// maxRetries bounds how often one too long event is looked through for the
// beginning of the next, so that a stream of beginnings without an end costs no
// more than its length.
const maxRetries = 8

// Feed takes octets as they came and calls fn with each event, good until fn
// returns, or the reason why it was refused. A control message gives neither.
func (s *Stream) Feed(b []byte, fn func(e *Event, err error)) {
	s.Cut(b, func(_ int64, datagram []byte, err error) {
		if err != nil {
			fn(nil, err)
			return
		}
		if e, err := s.reader.Datagram(datagram); e != nil || err != nil {
			fn(e, err)
		}
	})
}

// Cut takes octets as they came and calls fn with each event, unread, as
// Reader.Datagram takes it, or with the reason why it was passed over; at is the
// octets before it in the stream. The datagram is good until fn returns.
func (s *Stream) Cut(b []byte, fn func(at int64, datagram []byte, err error)) {
	data := b
	if len(s.rest) > 0 {
		s.rest = append(s.rest, b...)
		data = s.rest
	}
	for len(data) > 0 {
		n := s.next(data, fn)
		if n == 0 {
			break
		}
		data = data[n:]
		s.read += int64(n)
	}
	s.rest = append(s.rest[:0], data...)
}

// next takes one event or some garbage from the start of data and returns its
// length, 0 where more must come.
func (s *Stream) next(data []byte, fn func(at int64, datagram []byte, err error)) int {
	switch data[0] {
	case magic:
		return s.proto(data, fn)
	case '<':
		return s.xml(data, fn)
	}
	n := begin(data)
	if len(bytes.TrimSpace(data[:n])) > 0 {
		s.garbage(n)
	}
	return n
}

func (s *Stream) garbage(n int) {
	s.Garbage += uint64(n)
	s.GarbageAt = s.read
}

// begin returns where the next event may begin.
func begin(data []byte) int {
	for i, c := range data {
		if c == '<' || c == magic {
			return i
		}
	}
	return len(data)
}

func (s *Stream) proto(data []byte, fn func(at int64, datagram []byte, err error)) int {
	size, n := binary.Uvarint(data[1:])
	switch {
	case n == 0 && len(data) < 1+binary.MaxVarintLen64:
		return 0
	case n <= 0:
		s.garbage(1)
		return 1
	case size > MaxEvent:
		// A length that no client sends may be no length at all: look for the
		// next frame instead of waiting for as many octets.
		s.TooLong++
		fn(s.read, nil, ErrTooLong)
		return 1 + n
	case uint64(len(data)-1-n) < size:
		return 0
	}
	s.frame = append(append(s.frame[:0], magic, 1, magic), data[1+n:1+n+int(size)]...)
	fn(s.read, s.frame, nil)
	return 1 + n + int(size)
}

func (s *Stream) xml(data []byte, fn func(at int64, datagram []byte, err error)) int {
	n, ok := document(data)
	switch {
	case ok && n <= MaxEvent:
		s.retries = 0
		if whole := bytes.TrimSpace(data[:n]); len(whole) > 0 {
			fn(s.read, whole, nil)
		}
		return n
	case ok, len(data) >= MaxEvent:
		s.TooLong++
		fn(s.read, nil, ErrTooLong)
		s.retries++
		if i := bytes.Index(data[1:], []byte("<event")); i >= 0 && s.retries < maxRetries {
			return 1 + i
		}
		s.retries = 0
		return len(data)
	}
	return 0
}

// document returns the length of the XML event at the start of data: up to the
// end tag of its root, past comments, character data and quoted values in which
// an end tag may stand. It reports false where the end has not come.
func document(data []byte) (int, bool) {
	depth := 0
	for i := 0; i < len(data); {
		if data[i] != '<' {
			i++
			continue
		}
		n, kind := markup(data[i:])
		if n == 0 {
			return 0, false
		}
		i += n
		switch kind {
		case openTag:
			depth++
		case closeTag:
			depth--
		}
		if (kind == emptyTag && depth == 0) || (kind == closeTag && depth <= 0) {
			return i, true
		}
	}
	return 0, false
}

// The kinds of markup.
const (
	otherMarkup = iota // comment, instruction, character data, document type
	openTag
	closeTag
	emptyTag
)

// markup returns the length of what begins with '<', 0 where its end has not
// come.
func markup(b []byte) (n, kind int) {
	for _, m := range []struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(b, []byte(m.begin)) {
			i := bytes.Index(b[len(m.begin):], []byte(m.end))
			if i < 0 {
				return 0, otherMarkup
			}
			return len(m.begin) + i + len(m.end), otherMarkup
		}
		if len(b) < len(m.begin) && bytes.HasPrefix([]byte(m.begin), b) {
			return 0, otherMarkup // can't tell yet
		}
	}
	quote := byte(0)
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			switch {
			case b[1] == '/':
				return i + 1, closeTag
			case b[1] == '!':
				return i + 1, otherMarkup
			case b[i-1] == '/':
				return i + 1, emptyTag
			}
			return i + 1, openTag
		}
	}
	return 0, otherMarkup
}

// AppendFrame appends e as one frame of a version 1 stream to dst.
func AppendFrame(dst []byte, e *Event) ([]byte, error) {
	m, err := AppendProto(nil, e)
	if err != nil {
		return dst, err
	}
	return append(binary.AppendUvarint(append(dst, magic), uint64(len(m))), m...), nil
}

// AppendDatagram appends e as a version 1 datagram to dst.
func AppendDatagram(dst []byte, e *Event) ([]byte, error) {
	out, err := AppendProto(append(dst, magic, 1, magic), e)
	if err != nil {
		return dst, err
	}
	return out, nil
}
