// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// needle is one secret in one encoding.
type needle struct {
	class string // of the secret: "civil track", …
	how   string // the encoding
	what  string // for people
	bytes []byte
	edge  edge
	brief bool // short and one of very many: looked for in payloads only
}

// edge says what may not stand beside a needle that is a text, so that part of
// a longer number or word is no find.
type edge uint8

const (
	anyEdge edge = iota
	digits       // no digit before or after, no point before
	prefix       // no digit before: more decimals may follow
	hexes        // no hexadecimal digit before or after
)

func (e edge) allows(before, after byte) bool {
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	hexDigit := func(b byte) bool { return digit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }
	switch e {
	case digits:
		return !digit(before) && !digit(after) && before != '.' && after != '.'
	case prefix:
		return !digit(before) && before != '.'
	case hexes:
		return !hexDigit(before) && !hexDigit(after)
	}
	return true
}

// Shortest needles: in what is random in part (ciphertexts, hashes), four octets
// would be found by chance; a decrypted payload is short.
const (
	shortest        = 5
	shortestPayload = 4
)

// searcher finds any of many needles in one pass.
type searcher struct {
	needles []needle
	by      map[[shortestPayload]byte][]int32
	seen    map[string]bool
	first   [1 << 16]bool
}

func newSearcher() *searcher {
	return &searcher{by: make(map[[shortestPayload]byte][]int32), seen: make(map[string]bool)}
}

func (s *searcher) add(n needle) {
	if len(n.bytes) < shortestPayload {
		panic(fmt.Sprintf("needle %s %s is too short", n.what, n.how))
	}
	key := n.class + "\x00" + n.how + "\x00" + string(n.bytes)
	if s.seen[key] {
		return
	}
	s.seen[key] = true
	k := [shortestPayload]byte(n.bytes)
	s.by[k] = append(s.by[k], int32(len(s.needles))) //nolint:gosec // some ten thousand
	s.first[int(n.bytes[0])<<8|int(n.bytes[1])] = true
	s.needles = append(s.needles, n)
}

// search calls found with the index of each needle in b.
func (s *searcher) search(b []byte, payload bool, found func(i int32, at int)) {
	least := shortest
	if payload {
		least = shortestPayload
	}
	at := func(i int) byte {
		if i < 0 || i >= len(b) {
			return 0
		}
		return b[i]
	}
	for i := 0; i+shortestPayload <= len(b); i++ {
		if !s.first[int(b[i])<<8|int(b[i+1])] {
			continue
		}
		for _, k := range s.by[[shortestPayload]byte(b[i:])] {
			n := &s.needles[k]
			if len(n.bytes) >= least && (payload || !n.brief) && bytes.HasPrefix(b[i:], n.bytes) && n.edge.allows(at(i-1), at(i+len(n.bytes))) {
				found(k, i)
			}
		}
	}
}

// addText adds a name in the encodings in which text travels.
func (s *searcher) addText(class, what, text string) {
	add := func(how string, b []byte) { s.add(needle{class: class, how: how, what: what, bytes: b}) }
	add("text", []byte(text))
	if low := strings.ToLower(text); low != text {
		add("text in lower case", []byte(low))
	}
	add("hexadecimal", []byte(hex.EncodeToString([]byte(text))))
	for skip := range 3 { // base64 at any alignment
		if b := []byte(text)[skip:]; len(b) >= 6 {
			add("base64", []byte(base64.StdEncoding.EncodeToString(b[:len(b)/3*3])))
		}
	}
	wide := make([]byte, 0, 2*len(text))
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	add("UTF-16", wide)
}

// addNumber adds an identifying number of 24 bits or more.
func (s *searcher) addNumber(class, what string, v uint32) {
	add := func(how string, b []byte, e edge) {
		s.add(needle{class: class, how: how, what: what, bytes: b, edge: e})
	}
	add("decimal", strconv.AppendUint(nil, uint64(v), 10), digits)
	add("hexadecimal", []byte(fmt.Sprintf("%06x", v)), hexes)
	add("hexadecimal in capitals", []byte(fmt.Sprintf("%06X", v)), hexes)
	add("big-endian", binary.BigEndian.AppendUint32(nil, v), anyEdge)
	add("little-endian", binary.LittleEndian.AppendUint32(nil, v), anyEdge)
	add("big-endian, 8 octets", binary.BigEndian.AppendUint64(nil, uint64(v)), anyEdge)
	add("little-endian, 8 octets", binary.LittleEndian.AppendUint64(nil, uint64(v)), anyEdge)
	add("CBOR", cborUint(v), anyEdge)
	add("varint", binary.AppendUvarint(nil, uint64(v)), anyEdge)
}

func cborUint(v uint32) []byte { return binary.BigEndian.AppendUint32([]byte{0x1a}, v) }

func cborInt(v int32) []byte {
	if v < 0 {
		return binary.BigEndian.AppendUint32([]byte{0x3a}, uint32(-1-v))
	}
	return cborUint(uint32(v))
}

// addPosition adds a position as a party's own sensors gave it, not rounded to
// any policy's grid.
func (s *searcher) addPosition(class, what string, lat, lon float64) {
	add := func(how string, b []byte, e edge) {
		s.add(needle{class: class, how: how, what: what, bytes: b, edge: e})
	}
	for _, x := range []float64{lat, lon} {
		s.addFloat(class, what, x)
		for decimals := 4; decimals <= 6; decimals++ {
			for _, v := range []float64{x, cutOff(x, decimals)} { // rounded and cut off
				add(fmt.Sprintf("text, %d decimals", decimals), strconv.AppendFloat(nil, v, 'f', decimals, 64), prefix)
			}
		}
		for name, scale := range map[string]float64{"E5": 1e5, "E6": 1e6, "E7": 1e7} {
			v := int32(math.Round(x * scale))
			s.add(needle{class: class, how: name + " CBOR", what: what, bytes: cborInt(v), brief: true})
			add(name+" decimal", strconv.AppendInt(nil, int64(v), 10), digits)
		}
	}
	a, o := strconv.FormatFloat(lat, 'f', 3, 64), strconv.FormatFloat(lon, 'f', 3, 64)
	for _, join := range []string{a + "," + o, a + ", " + o, a + " " + o, o + "," + a, o + ", " + a, `"lat":` + a + `,"lon":` + o} {
		add("text, 3 decimals", []byte(join), prefix)
	}
	for name, scale := range map[string]float64{"E5": 1e5, "E7": 1e7} {
		y, x := int32(math.Round(lat*scale)), int32(math.Round(lon*scale))
		add(name+" big-endian", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(y)), uint32(x)), anyEdge) //nolint:gosec // the same bits
		add(name+" little-endian", binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(y)), uint32(x)), anyEdge)
		add(name+" CBOR pair", slices.Concat(cborInt(y), []byte{2}, cborInt(x)), anyEdge) // items 1 and 2 of a map
		add(name+" varint", binary.AppendVarint(binary.AppendVarint(nil, int64(y)), int64(x)), anyEdge)
	}
}

func cutOff(x float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Trunc(x*scale) / scale
}

// addFloat adds a number that only one node has worked out.
func (s *searcher) addFloat(class, what string, x float64) {
	s.add(needle{class: class, how: "float64 big-endian", what: what, bytes: binary.BigEndian.AppendUint64(nil, math.Float64bits(x))})
	s.add(needle{class: class, how: "float64 little-endian", what: what, bytes: binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))})
	if text := strconv.FormatFloat(x, 'f', -1, 64); precise(text) {
		s.add(needle{class: class, how: "text, all decimals", what: what, bytes: []byte(text), edge: prefix})
	}
}

// precise reports whether a decimal text has at least four decimals.
func precise(text string) bool {
	_, decimals, _ := strings.Cut(text, ".")
	return len(decimals) >= 4
}

// addBytes adds octets as they are and in hexadecimal and base64.
func (s *searcher) addBytes(class, what string, b []byte) {
	s.add(needle{class: class, how: "octets", what: what, bytes: bytes.Clone(b)})
	s.add(needle{class: class, how: "hexadecimal", what: what, bytes: []byte(hex.EncodeToString(b))})
	if len(b) >= 6 {
		s.add(needle{class: class, how: "base64", what: what, bytes: []byte(base64.StdEncoding.EncodeToString(b[:len(b)/3*3]))})
	}
}

// hay is one thing that is searched.
type hay struct {
	name    string
	bytes   []byte
	payload bool // decrypted, short, nothing random in it but ids
}

// takes reports whether a needle is looked for in h.
func (h *hay) takes(n *needle) bool {
	return h.payload || len(n.bytes) >= shortest && !n.brief
}

// find is a needle that was found.
type find struct {
	needle
	in string
	at int
}

func (f find) String() string {
	return fmt.Sprintf("%s: %s (%s) in %s at %d", f.class, f.what, f.how, f.in, f.at)
}

// findAll searches all hay for the needles that are not known.
func (s *searcher) findAll(all []hay, known map[int32]bool) []find {
	var finds []find
	for i := range all {
		s.search(all[i].bytes, all[i].payload, func(k int32, at int) {
			if !known[k] {
				finds = append(finds, find{s.needles[k], all[i].name, at})
			}
		})
	}
	return finds
}

// known returns the needles that hay holds which has nothing from the other
// side: what a party knows by itself is no leak.
func (s *searcher) known(all []hay) map[int32]bool {
	known := make(map[int32]bool)
	for i := range all {
		s.search(all[i].bytes, true, func(k int32, _ int) { known[k] = true })
	}
	return known
}

// TestSearchFindsEachClassInEachEncoding plants one needle of each kind into hay
// that has none.
func TestSearchFindsEachClassInEachEncoding(t *testing.T) {
	s := newSearcher()
	s.addText("sensor", "tw-leshan", "tw-leshan")
	s.addNumber("civil track", "EXR901", 0xf0010c)
	s.addNumber("civil track", "vessel", 416999103)
	s.addPosition("position", "track 1", 23.971094, 122.703865)
	s.addBytes("track key", "track 1", []byte("0123456789abcdef"))
	planted(t, s, nil, []hay{
		{name: "file", bytes: bytes.Repeat([]byte("nothing to see here, 12.5 of 3\x00"), 50)},
		{name: "payload", bytes: bytes.Repeat([]byte{0xa5, 1, 1, 2, 7}, 30), payload: true},
	})
}

// planted plants one needle of each class and encoding into copies of the hay
// and fails the test where the search does not find it.
func planted(t *testing.T, s *searcher, known map[int32]bool, all []hay) {
	t.Helper()
	if finds := s.findAll(all, known); len(finds) > 0 {
		t.Fatalf("found before anything is planted: %s", finds[0])
	}
	done := make(map[string]bool)
	for k := range s.needles {
		n := &s.needles[k]
		if known[int32(k)] { //nolint:gosec // some ten thousand
			continue
		}
		for i := range all {
			key := n.class + "/" + n.how + "/" + strconv.FormatBool(all[i].payload)
			if done[key] || !all[i].takes(n) {
				continue
			}
			done[key] = true
			copied := all[i]
			middle := len(copied.bytes) / 2
			copied.bytes = slices.Concat(copied.bytes[:middle], []byte{' '}, n.bytes, []byte{' '}, copied.bytes[middle:])
			finds := s.findAll([]hay{copied}, known)
			if !slices.ContainsFunc(finds, func(f find) bool { return f.class == n.class && f.how == n.how && f.what == n.what }) {
				t.Errorf("%s, %s, planted in %s is not found", n.what, key, all[i].name)
			}
		}
	}
}

// TestSearchTakesNoPartForTheWhole holds the edges of texts.
func TestSearchTakesNoPartForTheWhole(t *testing.T) {
	s := newSearcher()
	s.addNumber("civil track", "vessel", 416999103)
	s.addPosition("position", "track 1", 23.97109, 122.70386)
	for text, want := range map[string]bool{
		"at 416999103.":     false, // of a decimal number
		"at 416999103 ":     true,
		"14169991030":       false,
		"x 23.97109":        true,
		"x 23.9710":         true, // cut off
		"x 23.971":          false,
		"123.97109":         false,
		"x 2397109,1":       true,
		"x 12397109":        false,
		"24.971,122.704":    false,
		"is 23.971,122.704": true,
	} {
		if got := len(s.findAll([]hay{{name: "text", bytes: []byte(" " + text + " ")}}, nil)) > 0; got != want {
			t.Errorf("%q: found %v, want %v", text, got, want)
		}
	}
}
