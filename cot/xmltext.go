// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"encoding/xml"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deep elements may lie in one of an event or of its detail,
// maxOpen how many are open at once: the event and its detail too.
const (
	maxDepth = 32
	maxOpen  = maxDepth + 2
)

// token is a part of an XML text.
type token uint8

const (
	broken      token = iota // not well formed, too deep, or a document type
	atEnd                    // nothing follows, and every element is closed
	startTag                 // of an element, also of an empty one
	endTag                   // also behind the start tag of an empty element
	charData                 // a piece of text; CDATA too
	instruction              // a processing instruction, also the XML declaration
)

// xmlText takes an XML text apart where it lies, without a copy and without an
// allocation. It takes and refuses what encoding/xml does, which
// TestReadsAsEncodingXML and FuzzXML hold it to: prefixes are compared as
// they are written, an attribute may stand twice, and what references stand for
// is checked but not put in their place. Comments are no tokens.
type xmlText struct {
	b    []byte
	next int // octet that is looked at next

	at    int    // octet at which the token begins
	name  []byte // of a start tag, with its prefix
	attrs attrs  // of a start tag
	blank bool   // character data is nothing but space

	open  [maxOpen][]byte // names of the elements that are open
	depth int             // of them
	empty bool            // the start tag was that of an empty element
}

// token goes to the next token. What follows on a broken one is broken too.
func (x *xmlText) token() token {
	for bytes.HasPrefix(x.b[x.next:], []byte("<!--")) {
		if !x.comment() {
			return broken
		}
	}
	x.at = x.next
	rest := x.b[x.next:]
	switch {
	case x.empty:
		x.empty = false
		x.depth--
		return endTag
	case len(rest) == 0 && x.depth == 0:
		return atEnd
	case len(rest) == 0:
		return broken
	case rest[0] != '<':
		return x.text(rest)
	case bytes.HasPrefix(rest, []byte("</")):
		return x.end(rest)
	case bytes.HasPrefix(rest, []byte("<?")):
		return x.instruction(rest)
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return x.cdata(rest)
	}
	return x.start(rest) // a document type too: its name can't begin so
}

// text takes character data up to the next markup.
func (x *xmlText) text(rest []byte) token {
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		n = len(rest)
	}
	var ok bool
	if x.blank, ok = characters(rest[:n], true); !ok || bytes.Contains(rest[:n], []byte("]]>")) {
		return broken
	}
	x.next += n
	return charData
}

func (x *xmlText) cdata(rest []byte) token {
	const begin, end = len("<![CDATA["), len("]]>")
	n := bytes.Index(rest[begin:], []byte("]]>"))
	if n < 0 {
		return broken
	}
	var ok bool
	if x.blank, ok = characters(rest[begin:begin+n], false); !ok {
		return broken
	}
	x.next += begin + n + end
	return charData
}

// comment passes over a comment, whose first two hyphens have to end it. Its
// octets may be any.
func (x *xmlText) comment() bool {
	begin := x.next + len("<!--")
	n := bytes.Index(x.b[begin:], []byte("--"))
	if n < 0 || !bytes.HasPrefix(x.b[begin+n:], []byte("-->")) {
		return false
	}
	x.next = begin + n + len("-->")
	return true
}

// instruction takes a processing instruction, whose octets may be any.
func (x *xmlText) instruction(rest []byte) token {
	n, _ := name(rest[2:])
	if n == 0 {
		return broken
	}
	target := rest[2 : 2+n]
	i := 2 + n
	i += spaces(rest[i:])
	end := bytes.Index(rest[i:], []byte("?>"))
	if end < 0 || string(target) == "xml" && !declaration(rest[i:i+end]) {
		return broken
	}
	x.next += i + end + len("?>")
	return instruction
}

// declaration reports whether an XML declaration is of version 1.0 and of UTF-8,
// as far as it says either.
func declaration(b []byte) bool {
	version, encoding := declared(b, []byte("version=")), declared(b, []byte("encoding="))
	return (len(version) == 0 || string(version) == "1.0") && (len(encoding) == 0 || bytes.EqualFold(encoding, []byte("utf-8")))
}

// declared returns what stands in quotes behind the first key that is followed by
// any; like encoding/xml it looks for no bounds of words.
func declared(b, key []byte) []byte {
	for {
		_, rest, ok := bytes.Cut(b, key)
		if !ok || len(rest) == 0 {
			return nil
		}
		if quote := rest[0]; quote == '"' || quote == '\'' {
			value, _, ok := bytes.Cut(rest[1:], rest[:1])
			if !ok {
				return nil
			}
			return value
		}
		b = rest[1:]
	}
}

func (x *xmlText) end(rest []byte) token {
	n, colons := name(rest[2:])
	if n == 0 || colons > 1 || x.depth == 0 || !bytes.Equal(x.open[x.depth-1], rest[2:2+n]) {
		return broken
	}
	i := 2 + n
	i += spaces(rest[i:])
	if i == len(rest) || rest[i] != '>' {
		return broken
	}
	x.depth--
	x.next += i + 1
	return endTag
}

func (x *xmlText) start(rest []byte) token {
	n, colons := name(rest[1:])
	if n == 0 || colons > 1 || x.depth == maxOpen {
		return broken
	}
	i := 1 + n
	x.name = rest[1:i:i]
	for {
		i += spaces(rest[i:])
		switch {
		case i < len(rest) && rest[i] == '>':
			x.attrs = rest[1+n : i]
			i++
		case bytes.HasPrefix(rest[i:], []byte("/>")):
			x.attrs, x.empty = rest[1+n:i], true
			i += 2
		default:
			n := attribute(rest[i:])
			if n == 0 {
				return broken
			}
			i += n
			continue
		}
		x.open[x.depth] = x.name
		x.depth++
		x.next += i
		return startTag
	}
}

// attribute returns the length of the attribute with which b begins, 0 for none
// that is sound.
func attribute(b []byte) int {
	i, colons := name(b)
	if i == 0 || colons > 1 {
		return 0
	}
	i += spaces(b[i:])
	if i == len(b) || b[i] != '=' {
		return 0
	}
	i++
	i += spaces(b[i:])
	if i == len(b) || b[i] != '"' && b[i] != '\'' {
		return 0
	}
	n := bytes.IndexByte(b[i+1:], b[i])
	if n < 0 {
		return 0
	}
	value := b[i+1 : i+1+n]
	if _, ok := characters(value, true); !ok || bytes.IndexByte(value, '<') >= 0 {
		return 0
	}
	return i + 1 + n + 1
}

// attrs are the attributes of a sound tag that are still to come, as they are
// written.
type attrs []byte

// take takes the first of them; ok is false where none is left.
func (a *attrs) take() (name, value []byte, ok bool) {
	b := (*a)[spaces(*a):]
	if len(b) == 0 {
		return nil, nil, false
	}
	equals := bytes.IndexByte(b, '=')
	name = bytes.TrimRight(b[:equals], " \t\r\n")
	b = b[equals+1:]
	b = b[spaces(b):]
	value, *a, _ = bytes.Cut(b[1:], b[:1])
	return name, value, true
}

// local cuts a name at its colon. Like encoding/xml it takes a name whose colon
// comes first or last for one without a prefix.
func local(name []byte) (prefix, local []byte) {
	if i := bytes.IndexByte(name, ':'); i > 0 && i < len(name)-1 {
		return name[:i], name[i+1:]
	}
	return nil, name
}

// spaces returns how many spaces of XML b begins with.
func spaces(b []byte) int {
	for i, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return i
		}
	}
	return len(b)
}

// name returns the length of the name with which b begins and the colons in it; 0
// for none, and where it may go on behind b.
func name(b []byte) (n, colons int) {
	ascii := true
	for n < len(b) && (b[n] >= utf8.RuneSelf || nameOctet(b[n])) {
		ascii = ascii && b[n] < utf8.RuneSelf
		if b[n] == ':' {
			colons++
		}
		n++
	}
	switch {
	case n == 0, n == len(b):
		return 0, 0
	case ascii && (b[0] == '-' || b[0] == '.' || '0' <= b[0] && b[0] <= '9'):
		return 0, 0
	case !ascii && !foreignName(b[:n]):
		return 0, 0
	}
	return n, colons
}

func nameOctet(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == ':' || c == '.' || c == '-'
}

// foreignName reports whether a name with letters beyond ASCII is one. Which of
// them are letters encoding/xml knows, and keeps to itself; no known client writes
// any, so these alone cost allocations.
func foreignName(b []byte) bool {
	_, err := xml.NewDecoder(bytes.NewReader(append(append([]byte("<?"), b...), "?>"...))).Token()
	return err == nil
}

// characters reports whether b is nothing but space, and whether it is of UTF-8
// and of characters that XML allows, those that references stand for included.
func characters(b []byte, references bool) (blank, ok bool) {
	blank = true
	for len(b) > 0 {
		r, n := rune(b[0]), 1
		switch {
		case r == '&' && references:
			if r, n = reference(b); n == 0 {
				return false, false
			}
		case r >= utf8.RuneSelf:
			if r, n = utf8.DecodeRune(b); n == 1 {
				return false, false
			}
		}
		if !character(r) {
			return false, false
		}
		blank = blank && unicode.IsSpace(r)
		b = b[n:]
	}
	return blank, true
}

// character reports whether XML 1.0 (production 2, Char) has a character, of those
// that UTF-8 can write.
func character(r rune) bool {
	return r >= ' ' && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}

// reference returns what the reference with which b begins stands for and its
// length, 0 for none that is sound.
func reference(b []byte) (r rune, n int) {
	end := bytes.IndexByte(b, ';')
	if end < 0 {
		return 0, 0
	}
	switch word := b[1:end]; {
	case len(word) > 0 && word[0] == '#':
		r, ok := charNumber(word[1:])
		if !ok {
			return 0, 0
		}
		return r, end + 1
	case string(word) == "amp":
		r = '&'
	case string(word) == "lt":
		r = '<'
	case string(word) == "gt":
		r = '>'
	case string(word) == "quot":
		r = '"'
	case string(word) == "apos":
		r = '\''
	default:
		return 0, 0
	}
	return r, end + 1
}

// charNumber reads the number of a character. No digits are the character 0, which
// XML does not have. Half of a surrogate pair is written as U+FFFD, as encoding/xml
// does.
func charNumber(digits []byte) (r rune, ok bool) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	for _, c := range digits {
		d := rune(16)
		switch {
		case '0' <= c && c <= '9':
			d = rune(c - '0')
		case 'a' <= c && c <= 'f':
			d = rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			d = rune(c-'A') + 10
		}
		if r = r*base + d; d >= base || r > unicode.MaxRune {
			return 0, false
		}
	}
	return r, true
}

// appendText appends what sound text says without references. It is never longer
// than raw. Line ends stay as they are: no text of an event may hold one.
func appendText(dst, raw []byte) []byte {
	for len(raw) > 0 {
		if raw[0] == '&' {
			r, n := reference(raw)
			dst, raw = utf8.AppendRune(dst, r), raw[n:]
			continue
		}
		n := bytes.IndexByte(raw, '&')
		if n < 0 {
			n = len(raw)
		}
		dst, raw = append(dst, raw[:n]...), raw[n:]
	}
	return dst
}
