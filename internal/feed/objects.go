// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

// Objects cuts a stream into JSON objects: one a line, or a document over many
// lines. Between them may stand white space and what makes a list of them. It
// holds at most Max octets of an object; Max is to be set before the first Push.
type Objects struct {
	Max int

	buf     []byte
	read    int64 // octets before the next one
	start   int64 // of the object
	depth   int   // 0 between objects
	text    bool  // within a text
	escaped bool  // after a backslash in it
	last    byte  // octet before that is no white space
	long    bool  // the object is too long: its end is awaited
	lost    bool  // what came is no object: a line's end is awaited
}

// Push reads b, which goes on where the last one ended. It calls emit for each
// whole object, with the octets before it in the stream, until that returns
// false, and refuse for what is no object, was cut short, or is too long. The
// object is good until emit returns, and is JSON by its brackets alone. Push
// reports whether all was taken.
func (s *Objects) Push(b []byte, emit func(offset int64, object []byte) bool, refuse func(offset int64, why string)) bool {
	for _, c := range b {
		s.read++
		switch {
		case s.lost:
			s.lost = c != '\n'
		case s.depth == 0:
			s.between(c, refuse)
		case s.text:
			s.within(c, refuse)
		case s.structure(c, refuse):
			if !s.long && !emit(s.start, s.buf) {
				return false
			}
		}
	}
	return true
}

// End refuses an object that has not ended.
func (s *Objects) End(refuse func(offset int64, why string)) {
	if s.depth > 0 {
		s.depth = 0
		refuse(s.start, ReasonJSON)
	}
}

func (s *Objects) between(c byte, refuse func(int64, string)) {
	switch c {
	case ' ', '\t', '\r', '\n', '[', ']', ',', 0x1E: // and the record separator, RFC 7464
	case '{':
		s.begin()
	default:
		s.lost = true
		refuse(s.read-1, ReasonJSON)
	}
}

func (s *Objects) begin() {
	s.buf, s.start, s.depth, s.last, s.long, s.text = append(s.buf[:0], '{'), s.read-1, 1, '{', false, false
}

func (s *Objects) keep(c byte, refuse func(int64, string)) {
	switch {
	case s.long:
	case len(s.buf) == s.Max:
		s.long = true
		refuse(s.start, ReasonJSONLong)
	default:
		s.buf = append(s.buf, c)
	}
}

// within takes an octet of a text.
func (s *Objects) within(c byte, refuse func(int64, string)) {
	s.keep(c, refuse)
	switch {
	case c == '\n': // no text holds one: the line was cut short
		s.depth = 0
		refuse(s.start, ReasonJSON)
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '"':
		s.text, s.last = false, c
	}
}

// structure takes an octet outside of texts, and reports whether the object has
// ended with it.
func (s *Objects) structure(c byte, refuse func(int64, string)) (whole bool) {
	switch c {
	case ' ', '\t', '\r', '\n':
		s.keep(c, refuse)
		return false
	case '{':
		if s.last != ':' && s.last != '[' && s.last != ',' { // the object before was cut short
			refuse(s.start, ReasonJSON)
			s.begin()
			return false
		}
		s.depth++
	case '[':
		s.depth++
	case '}', ']':
		s.depth--
	case '"':
		s.text, s.escaped = true, false
	}
	s.keep(c, refuse)
	s.last = c
	return s.depth == 0
}
