// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/inspect"
	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// Probed says how many blocks of a category can be read whole by an edition. The
// edition is not on the wire, and some blocks can be read by a wrong one: only
// many blocks tell, and only the layout, not which of the editions that share
// it.
type Probed struct {
	Category int    `json:"cat"`
	Edition  string `json:"ed"`
	Blocks   int    `json:"blocks"`
	Whole    int    `json:"read_whole"`
}

// Probe reads a file of format asterix or pcap by every edition that there is,
// and returns for each category the editions, those that read most blocks first.
func Probe(format string, r io.Reader) ([]Probed, error) {
	p := NewProber()
	if err := eachBlock(format, r, p.Try); err != nil {
		return nil, err
	}
	return p.Found()
}

// Prober reads blocks by every edition of their categories.
type Prober struct {
	tried  map[byte][]*attempt
	failed error
}

// NewProber returns a Prober that has read nothing.
func NewProber() *Prober { return &Prober{tried: map[byte][]*attempt{}} }

// Try reads one block.
func (p *Prober) Try(b asterix.Block) {
	if _, ok := p.tried[b.Category]; !ok && p.failed == nil {
		p.tried[b.Category], p.failed = attempts(int(b.Category))
	}
	for _, a := range p.tried[b.Category] {
		a.try(b.Data)
	}
}

// Found returns for each category the editions, those that read most blocks
// first.
func (p *Prober) Found() ([]Probed, error) {
	var out []Probed
	for _, list := range p.tried {
		for _, a := range list {
			out = append(out, a.Probed)
		}
	}
	slices.SortStableFunc(out, func(a, b Probed) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(b.Whole, a.Whole)) // else as Editions has them
	})
	return out, p.failed
}

// attempt reads blocks by one edition.
type attempt struct {
	Probed
	table *inspect.Table
}

func attempts(category int) ([]*attempt, error) {
	var out []*attempt
	for _, edition := range spec.Editions(category) {
		c, err := spec.Load(category, edition)
		if err != nil {
			return nil, err
		}
		t, err := inspect.New(c)
		if err != nil {
			return nil, err
		}
		out = append(out, &attempt{Probed{Category: category, Edition: edition}, t})
	}
	return out, nil
}

func (a *attempt) try(b []byte) {
	a.Blocks++
	for len(b) > 0 {
		n, err := a.table.For(b).Items(b, func(string, []byte) bool { return true })
		if err != nil || n == 0 {
			return
		}
		b = b[n:]
	}
	a.Whole++
}

// eachBlock calls f for every block; what is no block is passed over.
func eachBlock(format string, r io.Reader, f func(asterix.Block)) error {
	in := bufio.NewReaderSize(r, asterix.MaxBlockLen)
	switch format {
	case "asterix":
		for blocks := asterix.NewReader(in); ; {
			b, err := blocks.Next()
			var refused *asterix.Error
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err == nil:
				f(b)
			case !errors.As(err, &refused):
				return err
			}
		}
	case "pcap":
		for rec := pcap.NewReader(in); ; {
			_, d, err := rec.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			for b, err := range asterix.DatagramBlocks(d) {
				if err == nil {
					f(b)
				}
			}
		}
	}
	return fmt.Errorf("format %q cannot be probed; asterix and pcap can", format)
}
