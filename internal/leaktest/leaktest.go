// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package leaktest looks for secrets in what must not hold them: in every encoding
// in which a text, a number or a position can travel. Only tests use it; it knows
// nothing of what a policy allows.
package leaktest

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

// Needle is one secret in one encoding.
type Needle struct {
	Class string // of the secret: "civil track", …
	How   string // the encoding
	What  string // for people
	Bytes []byte
	Edge  Edge
	Brief bool // short and one of very many: looked for in payloads only
}

// Edge says what may not stand beside a needle that is a text, so that part of
// a longer number or word is no find.
type Edge uint8

// The edges.
const (
	AnyEdge Edge = iota
	Digits       // no digit before or after, no point before
	prefix       // no digit before: more decimals may follow
	whole        // no digit before or after, no point before
	hexes        // no hexadecimal digit before or after
)

func (e Edge) allows(before, after byte) bool {
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	hexDigit := func(b byte) bool { return digit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }
	switch e {
	case Digits:
		return !digit(before) && !digit(after) && before != '.' && after != '.'
	case prefix:
		return !digit(before) && before != '.'
	case whole:
		return !digit(before) && !digit(after) && before != '.'
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

// Searcher finds any of many needles in one pass.
type Searcher struct {
	needles []Needle
	by      map[[shortestPayload]byte][]int32
	seen    map[string]bool
	first   [1 << 16]bool
}

// New returns a searcher without needles.
func New() *Searcher {
	return &Searcher{by: make(map[[shortestPayload]byte][]int32), seen: make(map[string]bool)}
}

// Add adds one needle; it must have four octets.
func (s *Searcher) Add(n Needle) {
	if len(n.Bytes) < shortestPayload {
		panic(fmt.Sprintf("needle %s %s is too short", n.What, n.How))
	}
	key := n.Class + "\x00" + n.How + "\x00" + string(n.Bytes)
	if s.seen[key] {
		return
	}
	s.seen[key] = true
	k := [shortestPayload]byte(n.Bytes)
	s.by[k] = append(s.by[k], int32(len(s.needles))) //nolint:gosec // some ten thousand
	s.first[int(n.Bytes[0])<<8|int(n.Bytes[1])] = true
	s.needles = append(s.needles, n)
}

// search calls found with the index of each needle in b.
func (s *Searcher) search(b []byte, payload bool, found func(i int32, at int)) {
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
			if len(n.Bytes) >= least && (payload || !n.Brief) && bytes.HasPrefix(b[i:], n.Bytes) && n.Edge.allows(at(i-1), at(i+len(n.Bytes))) {
				found(k, i)
			}
		}
	}
}

// Needles returns the needles; finds and Known count them from 0.
func (s *Searcher) Needles() []Needle { return s.needles }

// AddText adds a name in the encodings in which text travels.
func (s *Searcher) AddText(class, what, text string) {
	add := func(how string, b []byte) { s.Add(Needle{Class: class, How: how, What: what, Bytes: b}) }
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

// AddNumber adds an identifying number of 24 bits or more.
func (s *Searcher) AddNumber(class, what string, v uint32) {
	add := func(how string, b []byte, e Edge) {
		s.Add(Needle{Class: class, How: how, What: what, Bytes: b, Edge: e})
	}
	add("decimal", strconv.AppendUint(nil, uint64(v), 10), Digits)
	add("hexadecimal", []byte(fmt.Sprintf("%06x", v)), hexes)
	add("hexadecimal in capitals", []byte(fmt.Sprintf("%06X", v)), hexes)
	add("big-endian", binary.BigEndian.AppendUint32(nil, v), AnyEdge)
	add("little-endian", binary.LittleEndian.AppendUint32(nil, v), AnyEdge)
	add("big-endian, 8 octets", binary.BigEndian.AppendUint64(nil, uint64(v)), AnyEdge)
	add("little-endian, 8 octets", binary.LittleEndian.AppendUint64(nil, uint64(v)), AnyEdge)
	add("CBOR", cborUint(v), AnyEdge)
	add("varint", binary.AppendUvarint(nil, uint64(v)), AnyEdge)
}

func cborUint(v uint32) []byte { return binary.BigEndian.AppendUint32([]byte{0x1a}, v) }

// CBORInt returns v as CBOR writes it in four octets.
func CBORInt(v int32) []byte {
	if v < 0 {
		return binary.BigEndian.AppendUint32([]byte{0x3a}, uint32(-1-v))
	}
	return cborUint(uint32(v))
}

// AddPosition adds a position as a party's own sensors gave it, not rounded to
// any policy's grid.
func (s *Searcher) AddPosition(class, what string, lat, lon float64) {
	add := func(how string, b []byte, e Edge) {
		s.Add(Needle{Class: class, How: how, What: what, Bytes: b, Edge: e})
	}
	for _, x := range []float64{lat, lon} {
		s.AddFloat(class, what, x)
		for decimals := 4; decimals <= 6; decimals++ {
			edge := whole // a text that goes on is this number only where the next needle fits too
			if decimals == 6 {
				edge = prefix
			}
			for _, v := range []float64{x, cutOff(x, decimals)} { // rounded and cut off
				add(fmt.Sprintf("text, %d decimals", decimals), strconv.AppendFloat(nil, v, 'f', decimals, 64), edge)
			}
		}
		if text := strconv.FormatFloat(x, 'f', -1, 32); Precise(text) {
			add("text of a float32", []byte(text), prefix)
		}
		for name, scale := range map[string]float64{"E5": 1e5, "E6": 1e6, "E7": 1e7} {
			v := int32(math.Round(x * scale))
			s.Add(Needle{Class: class, How: name + " CBOR", What: what, Bytes: CBORInt(v), Brief: true})
			add(name+" decimal", strconv.AppendInt(nil, int64(v), 10), Digits)
		}
	}
	a, o := strconv.FormatFloat(lat, 'f', 3, 64), strconv.FormatFloat(lon, 'f', 3, 64)
	for _, join := range []string{a + "," + o, a + ", " + o, a + " " + o, o + "," + a, o + ", " + a, `"lat":` + a + `,"lon":` + o} {
		add("text, 3 decimals", []byte(join), prefix)
	}
	for name, scale := range map[string]float64{"E5": 1e5, "E7": 1e7} {
		y, x := int32(math.Round(lat*scale)), int32(math.Round(lon*scale))
		add(name+" big-endian", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(y)), uint32(x)), AnyEdge) //nolint:gosec // the same bits
		add(name+" little-endian", binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(y)), uint32(x)), AnyEdge)
		add(name+" CBOR pair", slices.Concat(CBORInt(y), []byte{2}, CBORInt(x)), AnyEdge) // items 1 and 2 of a map
		add(name+" varint", binary.AppendVarint(binary.AppendVarint(nil, int64(y)), int64(x)), AnyEdge)
	}
}

func cutOff(x float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Trunc(x*scale) / scale
}

// AddFloat adds a number that only one node has worked out.
func (s *Searcher) AddFloat(class, what string, x float64) {
	s.Add(Needle{Class: class, How: "float64 big-endian", What: what, Bytes: binary.BigEndian.AppendUint64(nil, math.Float64bits(x))})
	s.Add(Needle{Class: class, How: "float64 little-endian", What: what, Bytes: binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))})
	if text := strconv.FormatFloat(x, 'f', -1, 64); Precise(text) {
		s.Add(Needle{Class: class, How: "text, all decimals", What: what, Bytes: []byte(text), Edge: prefix})
	}
}

// Precise reports whether a decimal text has at least four decimals.
func Precise(text string) bool {
	_, decimals, _ := strings.Cut(text, ".")
	return len(decimals) >= 4
}

// AddBrief adds the short encodings of a number: four octets and scaled integers.
// They are looked for in payloads only.
func (s *Searcher) AddBrief(class, what string, x float64) {
	add := func(how string, b []byte) {
		if len(b) >= shortestPayload {
			s.Add(Needle{Class: class, How: how, What: what, Bytes: b, Brief: true})
		}
	}
	f := math.Float32bits(float32(x))
	add("float32 big-endian", binary.BigEndian.AppendUint32(nil, f))
	add("float32 little-endian", binary.LittleEndian.AppendUint32(nil, f))
	for _, scale := range []float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7} {
		v := math.Round(x * scale)
		if math.Abs(v) < 1<<17 || math.Abs(v) > math.MaxInt32 {
			continue
		}
		how, n := strconv.FormatFloat(scale, 'g', -1, 64), int32(v)
		add("scaled by "+how+", CBOR", CBORInt(n))
		add("scaled by "+how+", big-endian", binary.BigEndian.AppendUint32(nil, uint32(n)))       //nolint:gosec // the same bits
		add("scaled by "+how+", little-endian", binary.LittleEndian.AppendUint32(nil, uint32(n))) //nolint:gosec // the same bits
		add("scaled by "+how+", varint", binary.AppendVarint(nil, int64(n)))
		if n >= 0 {
			add("scaled by "+how+", unsigned varint", binary.AppendUvarint(nil, uint64(n)))
		}
	}
}

// AddBytes adds octets as they are and in hexadecimal and base64.
func (s *Searcher) AddBytes(class, what string, b []byte) {
	s.Add(Needle{Class: class, How: "octets", What: what, Bytes: bytes.Clone(b)})
	s.Add(Needle{Class: class, How: "hexadecimal", What: what, Bytes: []byte(hex.EncodeToString(b))})
	if len(b) >= 6 {
		s.Add(Needle{Class: class, How: "base64", What: what, Bytes: []byte(base64.StdEncoding.EncodeToString(b[:len(b)/3*3]))})
	}
}

// Hay is one thing that is searched.
type Hay struct {
	Name    string
	Bytes   []byte
	Payload bool // decrypted, short, nothing random in it but ids
}

// takes reports whether a needle is looked for in h.
func (h *Hay) takes(n *Needle) bool {
	return h.Payload || len(n.Bytes) >= shortest && !n.Brief
}

// Find is a needle that was found.
type Find struct {
	Needle
	in string
	at int
}

// String says what was found where.
func (f Find) String() string {
	return fmt.Sprintf("%s: %s (%s) in %s at %d", f.Class, f.What, f.How, f.in, f.at)
}

// FindAll searches all hay for the needles that are not known.
func (s *Searcher) FindAll(all []Hay, known map[int32]bool) []Find {
	var finds []Find
	for i := range all {
		s.search(all[i].Bytes, all[i].Payload, func(k int32, at int) {
			if !known[k] {
				finds = append(finds, Find{s.needles[k], all[i].Name, at})
			}
		})
	}
	return finds
}

// Known returns the needles that hay holds which has nothing from the other
// side: what a party knows by itself is no leak.
func (s *Searcher) Known(all []Hay) map[int32]bool {
	known := make(map[int32]bool)
	for i := range all {
		s.search(all[i].Bytes, true, func(k int32, _ int) { known[k] = true })
	}
	return known
}

// Planted plants one needle of each class and encoding into copies of the hay
// and fails the test where the search does not find it.
func Planted(t *testing.T, s *Searcher, known map[int32]bool, all []Hay) {
	t.Helper()
	if finds := s.FindAll(all, known); len(finds) > 0 {
		t.Fatalf("found before anything is planted: %s", finds[0])
	}
	done := make(map[string]bool)
	for k := range s.needles {
		n := &s.needles[k]
		if known[int32(k)] { //nolint:gosec // some ten thousand
			continue
		}
		for i := range all {
			key := n.Class + "/" + n.How + "/" + strconv.FormatBool(all[i].Payload)
			if done[key] || !all[i].takes(n) {
				continue
			}
			done[key] = true
			copied := all[i]
			middle := len(copied.Bytes) / 2
			copied.Bytes = slices.Concat(copied.Bytes[:middle], []byte{' '}, n.Bytes, []byte{' '}, copied.Bytes[middle:])
			finds := s.FindAll([]Hay{copied}, known)
			if !slices.ContainsFunc(finds, func(f Find) bool { return f.Class == n.Class && f.How == n.How && f.What == n.What }) {
				t.Errorf("%s, %s, planted in %s is not found", n.What, key, all[i].Name)
			}
		}
	}
}
