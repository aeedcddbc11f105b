// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package beast

import (
	"encoding/binary"
	"fmt"
)

// Stats counts what went through a Splitter.
type Stats struct {
	Messages uint64
	Marks    uint64 // time marks
	Cut      uint64 // messages cut short by an unpaired escape or the end
	Garbage  uint64 // bytes outside any message
}

// Splitter cuts a stream into messages as it comes in, in pieces of any size.
// It holds one message at most. The zero value is ready.
type Splitter struct {
	state   state
	typ     byte
	need, n int
	buf     [maxBody]byte

	offset  int64 // of the next byte
	start   int64 // of the message or of the garbage
	garbage int64 // bytes of garbage not reported yet

	markMS      int64
	hasMark     bool
	receiver    uint64
	hasReceiver bool

	stats Stats
}

type state uint8

const (
	seeking       state = iota // between messages
	seekingEscape              // after an escape between messages
	reading                    // within a message
	readingEscape              // after an escape within a message
	readingMark                // within a time mark, as long as it is not escaped
)

// garbageReport is how much garbage is reported at once, so that a stream of
// nothing else does not go unnoticed.
const garbageReport = 4096

// Stats returns the counts since the beginning.
func (s *Splitter) Stats() Stats { return s.stats }

// Push reads b. It calls emit for each message and, if not nil, refuse for
// each part that could not be read. Message.Data is good until emit returns.
func (s *Splitter) Push(b []byte, emit func(Message), refuse func(*FrameError)) {
	for len(b) > 0 {
		n, m, ok, err := s.next(b)
		b = b[n:]
		if ok {
			emit(m)
		}
		if err != nil && refuse != nil {
			refuse(err)
		}
	}
}

// next reads from b up to the end of a message or the first thing to report,
// and returns how many bytes it took.
func (s *Splitter) next(b []byte) (int, Message, bool, *FrameError) {
	for i, c := range b {
		switch s.state {
		case seeking:
			if c == escape {
				s.state = seekingEscape
				break
			}
			s.addGarbage(s.offset, 1)
		case seekingEscape:
			if bodyBytes(c) == 0 { // a doubled escape, or no type
				s.addGarbage(s.offset-1, 2)
				s.state = seeking
				break
			}
			err := s.takeGarbage()
			s.begin(c)
			if err != nil {
				s.offset++
				return i + 1, Message{}, false, err
			}
		case reading:
			if c == escape {
				s.state = readingEscape
				break
			}
			s.put(c)
		case readingEscape:
			if c == escape {
				s.put(c)
				s.state = reading
				break
			}
			err := s.cut(fmt.Sprintf("message of type %#02x cut after %d of %d bytes", s.typ, s.n, s.need))
			if bodyBytes(c) != 0 {
				s.begin(c)
			} else {
				s.state = seeking
				s.addGarbage(s.offset-1, 2)
			}
			s.offset++
			return i + 1, Message{}, false, err
		case readingMark:
			s.put(c)
			if s.n == idBytes {
				s.unescapeMark()
			}
		}
		s.offset++
		if s.state == reading && s.n == s.need {
			s.state = seeking
			if m, ok, err := s.finish(); ok || err != nil {
				return i + 1, m, ok, err
			}
		}
		if s.garbage >= garbageReport {
			return i + 1, Message{}, false, s.takeGarbage()
		}
	}
	return len(b), Message{}, false, nil
}

// end reports what is unfinished when the stream ends.
func (s *Splitter) end() *FrameError {
	switch s.state {
	case reading, readingEscape, readingMark:
		s.state = seeking
		return s.cut(fmt.Sprintf("stream ends after %d of %d bytes of a message", s.n, s.need))
	case seekingEscape:
		s.state = seeking
		s.addGarbage(s.offset-1, 1)
	}
	return s.takeGarbage()
}

func (s *Splitter) begin(typ byte) {
	s.state, s.typ, s.need, s.n = reading, typ, bodyBytes(typ), 0
	if typ == typeMark {
		s.state = readingMark
	}
	s.start = s.offset - 1
}

// unescapeMark looks at the first eight bytes of a time mark. Marks are written
// without escapes; where that gives no time, they are taken as escaped, and
// the rest is read so.
func (s *Splitter) unescapeMark() {
	s.state = reading
	if markIsTime(binary.LittleEndian.Uint64(s.buf[:idBytes])) {
		return
	}
	n := 0
	for i := 0; i < idBytes; i++ {
		c := s.buf[i]
		if c == escape {
			if i+1 == idBytes { // its pair is to come
				s.state = readingEscape
				break
			}
			if s.buf[i+1] != escape {
				return // no time, and not escaped either
			}
			i++
		}
		s.buf[n] = c
		n++
	}
	s.n = n
}

// markIsTime reports whether v is milliseconds since 1970, before 2^48 of them
// (the year 10889).
func markIsTime(v uint64) bool { return v < 1<<48 }

func (s *Splitter) put(c byte) {
	s.buf[s.n] = c
	s.n++
}

func (s *Splitter) cut(reason string) *FrameError {
	s.stats.Cut++
	s.hasReceiver = false
	return &FrameError{Offset: s.start, Reason: reason}
}

func (s *Splitter) addGarbage(from, n int64) {
	if s.garbage == 0 {
		s.start = from
	}
	s.garbage += n
	s.stats.Garbage += uint64(n)
	s.hasReceiver = false
}

func (s *Splitter) takeGarbage() *FrameError {
	if s.garbage == 0 {
		return nil
	}
	err := &FrameError{Offset: s.start, Reason: fmt.Sprintf("%d bytes outside any message", s.garbage)}
	s.garbage = 0
	return err
}

// finish returns the message in buf, or takes in an identifier or a mark.
func (s *Splitter) finish() (Message, bool, *FrameError) {
	switch s.typ {
	case typeReceiver:
		s.receiver, s.hasReceiver = binary.BigEndian.Uint64(s.buf[:idBytes]), true
		return Message{}, false, nil
	case typeMark:
		v := binary.LittleEndian.Uint64(s.buf[:idBytes])
		if !markIsTime(v) {
			return Message{}, false, s.cut("time mark is no time")
		}
		s.markMS, s.hasMark = int64(v), true
		s.stats.Marks++
		return Message{}, false, nil
	}
	m := Message{
		Type:            s.typ,
		Time12MHz:       uint64(binary.BigEndian.Uint16(s.buf[:]))<<32 | uint64(binary.BigEndian.Uint32(s.buf[2:])),
		Signal:          s.buf[6],
		Data:            s.buf[headBytes:s.need],
		SyntheticMillis: s.markMS, HasSynthetic: s.hasMark,
	}
	if s.hasReceiver {
		m.ReceiverID, m.HasReceiverID = s.receiver, true
		s.hasReceiver = false
	}
	s.stats.Messages++
	return m, true, nil
}
