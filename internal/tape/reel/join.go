// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package reel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// batch is how many entries are written between two syncs.
const batch = 4096

// writer writes entries to a tape of its own.
type writer struct {
	dir    string
	tape   *tape.Tape // nil before the first entry, whose number it needs
	bodies [][]byte
	count  uint64
}

// newWriter refuses a folder that holds something.
func newWriter(dir string) (*writer, error) {
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("write tape: %w", err)
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("write tape: %s is not empty", dir)
	}
	return &writer{dir: dir}, nil
}

// add takes the entry numbered n; the numbers must follow each other. The hour
// of at seals the tape as a node would.
func (w *writer) add(n uint64, at time.Time, body []byte) error {
	if w.tape == nil {
		cfg := tape.DefaultConfig()
		cfg.First = n
		var err error
		if w.tape, err = tape.Open(w.dir, cfg); err != nil {
			return err
		}
		w.tape.Roll(at)
	}
	if w.tape.RollEnds(at) || len(w.bodies) == batch {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.tape.Roll(at)
	w.bodies = append(w.bodies, bytes.Clone(body))
	w.count++
	return nil
}

func (w *writer) flush() error {
	_, err := w.tape.Append(w.bodies)
	w.bodies = w.bodies[:0]
	return err
}

func (w *writer) close() error {
	if w.tape == nil {
		return errors.New("no entry is left; nothing is written")
	}
	return errors.Join(w.flush(), w.tape.Close())
}

// Cut writes the entries of a span to a tape in dir, which must be empty or
// missing. They keep their numbers. It returns how many there are.
func Cut(dir string, r *tape.Reader, s Span) (uint64, error) {
	f := Filter{Span: s}
	if err := f.Validate(); err != nil {
		return 0, err
	}
	w, err := newWriter(dir)
	if err != nil {
		return 0, err
	}
	next := uint64(0)
	err = read(r, s, func(n uint64, body []byte, in *engine.Input) error {
		if next != 0 && n != next {
			return fmt.Errorf("entry %d: the node's clock went back out of the times asked for; cut by numbers", n)
		}
		next = n + 1
		return w.add(n, in.At, body)
	})
	return w.count, errors.Join(err, w.end(err))
}

// end closes the tape; after a failure there may be none.
func (w *writer) end(failed error) error {
	if failed != nil && w.tape == nil {
		return nil
	}
	return w.close()
}

type entry struct {
	n    uint64
	at   time.Time
	body []byte
	in   *engine.Input
}

// entries iterates over a tape from number from.
func entries(r *tape.Reader, frames bool) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		err := read(r, Span{}, func(n uint64, body []byte, in *engine.Input) error {
			if frames && in.Frame == nil {
				return nil
			}
			if !yield(entry{n, in.At, body, in}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil {
			yield(entry{}, err)
		}
	}
}

// Join writes parts of one node's tape to one in dir, which must be empty or
// missing. Entries keep their numbers; those in several parts are written once
// and must be the same, and none may be missing between the parts. It returns
// how many there are.
func Join(dir string, parts []*tape.Reader) (uint64, error) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b *tape.Reader) int { return cmp.Compare(a.First(), b.First()) })
	next := uint64(0)
	return merge(dir, parts, false, func(w *writer, e entry, last []byte) error {
		switch {
		case next != 0 && e.n == next-1:
			if !bytes.Equal(e.body, last) {
				return fmt.Errorf("entry %d differs between the parts: they are not of one tape", e.n)
			}
			return nil
		case next != 0 && e.n != next:
			return fmt.Errorf("entries %d to %d are in no part", next, e.n-1)
		}
		next = e.n + 1
		return w.add(e.n, e.at, e.body)
	}, func(a, b entry) int { return cmp.Compare(a.n, b.n) })
}

// Frames writes the frames of several tapes to one in dir, in the order of the
// times at which the nodes took them, numbered from 1. All else is left out. No
// feed's name may be in two of them.
func Frames(dir string, tapes []*tape.Reader) (uint64, error) {
	of := make(map[string]int)
	for i, r := range tapes {
		err := read(r, Span{}, func(_ uint64, _ []byte, in *engine.Input) error {
			if in.Frame == nil {
				return nil
			}
			if j, known := of[in.Frame.Source]; known && j != i {
				return fmt.Errorf("feed %s is on two of the tapes", in.Frame.Source)
			}
			of[in.Frame.Source] = i
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return merge(dir, tapes, true, func(w *writer, e entry, _ []byte) error {
		return w.add(w.count+1, e.at, e.body)
	}, func(a, b entry) int { return a.at.Compare(b.at) })
}

// merge hands the entries of several tapes to take, ordered by compare, then by
// tape.
func merge(dir string, tapes []*tape.Reader, frames bool, take func(w *writer, e entry, last []byte) error, compare func(a, b entry) int) (uint64, error) {
	w, err := newWriter(dir)
	if err != nil {
		return 0, err
	}
	m := &heads{}
	for _, r := range tapes {
		next, stop := iter.Pull2(entries(r, frames))
		defer stop()
		m.next = append(m.next, next)
		m.entry, m.has = append(m.entry, entry{}), append(m.has, false)
	}
	err = m.run(compare, func(e entry, last []byte) error { return take(w, e, last) })
	return w.count, errors.Join(err, w.end(err))
}

// heads holds the next entry of each tape.
type heads struct {
	next  []func() (entry, error, bool)
	entry []entry
	has   []bool
}

func (m *heads) advance(i int) error {
	e, err, ok := m.next[i]()
	m.entry[i], m.has[i] = e, ok
	return err
}

func (m *heads) run(compare func(a, b entry) int, take func(e entry, last []byte) error) error {
	for i := range m.next {
		if err := m.advance(i); err != nil {
			return err
		}
	}
	var last []byte
	for {
		first := -1
		for i := range m.entry {
			if m.has[i] && (first < 0 || compare(m.entry[i], m.entry[first]) < 0) {
				first = i
			}
		}
		if first < 0 {
			return nil
		}
		if err := take(m.entry[first], last); err != nil {
			return err
		}
		last = append(last[:0], m.entry[first].body...)
		if err := m.advance(first); err != nil {
			return err
		}
	}
}
