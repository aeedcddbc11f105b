// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/inspect"
	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// asterixLines turns data blocks into lines: n counts records from 0, pkt is the
// packet of a recording counted from 1 or 0 in a file of blocks, off the offset
// of the record in the datagram or file, cat and ed category and edition, fspec
// and raw the octets, val the values in the units of the document.
type asterixLines struct {
	tables  map[byte]*inspect.Table
	missing map[byte]string // why a category has no table
	stats   asterixStats
	n       int
	line    []byte
	vals    []byte
	seen    []itemCount
}

// asterixStats are the counts, by category.
type asterixStats struct {
	Editions map[string]string         `json:"editions"`
	Records  map[string]int            `json:"records"`
	Errors   map[string]int            `json:"errors"`
	Items    map[string]map[string]int `json:"items"`
	Sources  map[string]map[string]int `json:"sources"`
	Packets  int                       `json:"packets,omitempty"`
	Skipped  int                       `json:"packets_without_datagram,omitempty"`
	counts   [256]*categoryCount
}

// categoryCount counts one category without a map in the way of each record.
type categoryCount struct {
	records int
	items   map[string]int
	sources map[asterix.Source]int
}

type itemCount struct {
	name string
	raw  []byte
}

func newLines(o Options) (*asterixLines, error) {
	l := &asterixLines{tables: map[byte]*inspect.Table{}, missing: map[byte]string{}}
	l.stats.Editions, l.stats.Errors = map[string]string{}, map[string]int{}
	for cat, edition := range o.Editions {
		if err := l.load(cat, edition); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *asterixLines) load(cat byte, edition string) error {
	c, err := spec.Load(int(cat), edition)
	if err != nil {
		return err
	}
	t, err := inspect.New(c)
	if err != nil {
		return err
	}
	if x, err := spec.LoadExpansion(int(cat)); err == nil {
		re, err := inspect.New(x)
		if err != nil {
			return err
		}
		t.Expand(re)
	}
	l.tables[cat] = t
	return nil
}

// table returns the table of a category, nil and why when there is none.
func (l *asterixLines) table(cat byte) (*inspect.Table, string) {
	if t := l.tables[cat]; t != nil {
		return t, ""
	}
	if why := l.missing[cat]; why != "" {
		return nil, why
	}
	if err := l.load(cat, ""); err != nil {
		l.missing[cat] = err.Error()
		return nil, err.Error()
	}
	return l.tables[cat], ""
}

// block writes the records of one block.
func (l *asterixLines) block(pkt int, b asterix.Block, err error, out *Out) error {
	if err != nil {
		return l.refuse(pkt, err, out)
	}
	const header = 3 // CAT and LEN
	t, why := l.table(b.Category)
	if t == nil {
		return l.refuse(pkt, &asterix.Error{Category: b.Category, Offset: b.Offset, Reason: asterix.ReasonCategory, Detail: why}, out)
	}
	for at := 0; at < len(b.Data); {
		n, err := l.record(pkt, b.Offset+header+at, t, b.Data[at:], out)
		if err != nil {
			return err
		}
		if n == 0 { // refused: the next record cannot be found
			return nil
		}
		at += n
	}
	return nil
}

// record writes the record at the start of b and returns its length, 0 when it
// was refused.
func (l *asterixLines) record(pkt, off int, t *inspect.Table, b []byte, out *Out) (int, error) {
	l.seen = l.seen[:0]
	t = t.For(b)
	n, err := t.Items(b, func(item string, raw []byte) bool {
		l.seen = append(l.seen, itemCount{item, raw})
		return true
	})
	if err != nil {
		var e *asterix.Error
		if errors.As(err, &e) {
			e.Offset += off
		}
		return 0, l.refuse(pkt, err, out)
	}
	l.count(t, b)
	if !out.Wants() {
		l.n++
		return n, out.Line(nil)
	}
	l.write(pkt, off, t, b)
	l.n++
	return n, out.Line(l.line)
}

// count counts the record in seen.
func (l *asterixLines) count(t *inspect.Table, b []byte) {
	c := l.stats.counts[t.Category]
	if c == nil {
		c = &categoryCount{items: map[string]int{}, sources: map[asterix.Source]int{}}
		l.stats.counts[t.Category] = c
		l.stats.Editions[strconv.Itoa(int(t.Category))] = t.Edition
	}
	c.records++
	for i := range l.seen {
		c.items[l.seen[i].name]++
	}
	if s, ok := asterix.PeekSource(b); ok {
		c.sources[s]++
	}
}

// write makes the line of the record in seen.
func (l *asterixLines) write(pkt, off int, t *inspect.Table, b []byte) {
	fspec := 1
	for b[fspec-1]&1 != 0 {
		fspec++
	}
	d := fmt.Appendf(l.line[:0], `{"n":%d,"pkt":%d,"off":%d,"cat":%d,"ed":%q,"fspec":"%x","raw":{`, l.n, pkt, off, t.Category, t.Edition, b[:fspec])
	v := append(l.vals[:0], '{')
	for i := range l.seen {
		if i > 0 {
			d, v = append(d, ','), append(v, ',')
		}
		it := &l.seen[i]
		d = append(append(append(d, '"'), it.name...), `":"`...)
		d = append(hex.AppendEncode(d, it.raw), '"')
		v = append(append(append(v, '"'), it.name...), `":`...)
		v = t.AppendValue(v, it.name, it.raw)
	}
	l.vals = append(v, '}')
	l.line = append(append(append(d, `},"val":`...), l.vals...), '}')
}

// refusal is the line of what was refused.
type refusal struct {
	N      int    `json:"n"`
	Pkt    int    `json:"pkt"`
	Off    int    `json:"off"`
	Cat    byte   `json:"cat"`
	Item   string `json:"item,omitempty"`
	Source string `json:"source,omitempty"`
	Error  string `json:"error"`
}

// refuse writes what was refused. n is that of the next record. An error that
// is not of the data ends the file.
func (l *asterixLines) refuse(pkt int, err error, out *Out) error {
	var e *asterix.Error
	if !errors.As(err, &e) {
		return err
	}
	l.stats.Errors[string(e.Reason)]++
	r := refusal{N: l.n, Pkt: pkt, Off: e.Offset, Cat: e.Category, Item: e.Item, Error: e.Text()}
	if e.SourceKnown {
		r.Source = e.Source.String()
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write refusal: %w", err)
	}
	return out.Refused(line)
}

// Stats implements Decoder.
func (l *asterixLines) Stats() any {
	s := &l.stats
	s.Records, s.Items, s.Sources = map[string]int{}, map[string]map[string]int{}, map[string]map[string]int{}
	for cat, c := range s.counts {
		if c == nil {
			continue
		}
		key := strconv.Itoa(cat)
		s.Records[key], s.Items[key], s.Sources[key] = c.records, c.items, map[string]int{}
		for src, n := range c.sources {
			s.Sources[key][src.String()] = n
		}
	}
	return s
}

// asterixFile reads a file of data blocks.
type asterixFile struct{ *asterixLines }

func newASTERIX(o Options) (Decoder, error) {
	l, err := newLines(o)
	return asterixFile{l}, err
}

// Decode implements Decoder.
func (f asterixFile) Decode(r io.Reader, out *Out) error {
	blocks := asterix.NewReader(bufio.NewReaderSize(r, asterix.MaxBlockLen))
	for {
		b, err := blocks.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := f.block(0, b, err, out); err != nil {
			return err
		}
	}
}

// asterixPcap reads the datagrams of a recording.
type asterixPcap struct{ *asterixLines }

func newPcap(o Options) (Decoder, error) {
	l, err := newLines(o)
	return asterixPcap{l}, err
}

// Decode implements Decoder.
func (p asterixPcap) Decode(r io.Reader, out *Out) error {
	rec := pcap.NewReader(bufio.NewReaderSize(r, asterix.MaxBlockLen))
	defer func() {
		p.stats.Packets += rec.Packets()
		p.stats.Skipped += rec.Skipped()
	}()
	for {
		_, d, err := rec.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for b, err := range asterix.DatagramBlocks(d) {
			if err := p.block(rec.Packets(), b, err, out); err != nil {
				return err
			}
		}
	}
}
