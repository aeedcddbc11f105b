// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"

	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

// Beast cuts a Beast stream into messages with their place in the stream. The
// zero value is ready.
type Beast struct {
	splitter beast.Splitter
	read     int64
	scratch  []byte
	message  beast.Message
}

// Push reads b, which goes on where the last one ended. It calls emit for each
// message, with the octets before it in the stream, until that returns false,
// and refuse for each part that cannot be read. The message's data is good
// until emit returns. Push reports whether all was taken.
func (s *Beast) Push(b []byte, emit func(offset int64, m *beast.Message) bool, refuse func(offset int64, why string)) bool {
	more := true
	got := func(m beast.Message) {
		// What is on the wire is what Append writes: escapes can be doubled in
		// one way only.
		s.scratch = beast.Append(s.scratch[:0], m)
		s.message = m
		more = emit(s.read-int64(len(s.scratch)), &s.message)
	}
	bad := func(err *beast.FrameError) { refuse(err.Offset, err.Reason) }
	for i := range b { // octet by octet: the splitter does not say where it is
		s.read++
		if s.splitter.Push(b[i:i+1], got, bad); !more {
			return false
		}
	}
	return true
}

// Lines cuts a stream into lines with their place in the stream. It holds at
// most Max octets of a line; Max is to be set before the first Push.
type Lines struct {
	Max  int
	buf  []byte
	read int64 // octets before the next one
	skip bool  // within a line that is too long
}

// Push reads b, which goes on where the last one ended. It calls emit for each
// line that ends, without its line end but with the octets before it in the
// stream, until that returns false, and refuse once for a line that is too
// long. Empty lines are passed over. The line is good until emit returns. Push
// reports whether all was taken.
func (s *Lines) Push(b []byte, emit func(offset int64, line []byte) bool, refuse func(offset int64)) bool {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n')
		part, ends := b, n >= 0
		if ends {
			part, b = b[:n], b[n+1:]
		} else {
			b = nil
		}
		start := s.read - int64(len(s.buf))
		s.read += int64(len(part))
		if !s.skip && len(s.buf)+len(part) > s.Max {
			s.skip, s.buf = true, s.buf[:0]
			refuse(start)
		}
		if !s.skip {
			s.buf = append(s.buf, part...)
		}
		if ends {
			s.read++
			if !s.end(start, emit) {
				return false
			}
		}
	}
	return true
}

// End emits what came after the last line end.
func (s *Lines) End(emit func(offset int64, line []byte) bool) {
	s.end(s.read-int64(len(s.buf)), emit)
}

func (s *Lines) end(start int64, emit func(offset int64, line []byte) bool) bool {
	line := bytes.TrimRight(s.buf, "\r")
	skipped := s.skip
	s.buf, s.skip = s.buf[:0], false
	return skipped || len(line) == 0 || emit(start, line)
}
