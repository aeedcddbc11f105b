// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package tape

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Reader reads a tape that another process may be writing. It changes nothing
// and takes no lock: what is appended later is not seen, and what is pruned
// meanwhile is an error that wraps ErrPruned.
type Reader struct {
	dir      string
	segments []Segment
	last     uint64
	torn     int64
}

// OpenReader lists the tape in dir. A torn end is left out.
func OpenReader(dir string) (*Reader, error) {
	r := &Reader{dir: dir}
	if err := r.open(); err != nil {
		return nil, fmt.Errorf("read tape %s: %w", dir, err)
	}
	return r, nil
}

func (r *Reader) open() error {
	segs, err := list(r.dir)
	if err != nil {
		return err
	}
	if len(segs) == 0 {
		return errors.New("there is no tape")
	}
	for i, s := range segs {
		out := Segment{Name: s.name(), First: s.first}
		info, err := os.Stat(filepath.Join(r.dir, s.name()))
		if err != nil {
			return err
		}
		out.Octets = info.Size()
		seal, _, err := readSeal(r.dir, s)
		if err != nil {
			return err
		}
		if seal != nil && i+1 < len(segs) {
			out.Hour, out.Sealed = seal.Hour, true
		}
		if i+1 < len(segs) {
			out.Last = segs[i+1].first - 1
		} else if err := r.end(&out); err != nil {
			return err
		}
		r.segments = append(r.segments, out)
	}
	r.last = r.segments[len(segs)-1].Last
	return nil
}

// end finds the last whole entry of the last segment.
func (r *Reader) end(s *Segment) error {
	f, err := os.Open(filepath.Join(r.dir, s.Name))
	if err != nil {
		return err
	}
	end, err := scan(f, s.Octets, s.First, nil)
	if err != nil && !errors.Is(err, errTorn) {
		return errors.Join(err, f.Close())
	}
	if end.offset == 0 && s.Octets > headerSize { // a header is synced before any entry
		return errors.Join(fmt.Errorf("%w: %s has no header", ErrCorrupt, s.Name), f.Close())
	}
	r.torn = s.Octets - end.offset
	s.Last, s.Octets = end.next-1, end.offset
	return f.Close()
}

// Segments lists the files in order.
func (r *Reader) Segments() []Segment { return r.segments }

// First returns the number of the oldest entry, Last of the newest; First is
// Last+1 when there is none.
func (r *Reader) First() uint64 { return r.segments[0].First }

// Last returns the number of the newest entry.
func (r *Reader) Last() uint64 { return r.last }

// Torn returns how many octets follow the last whole entry: what a crash left,
// or what is being written.
func (r *Reader) Torn() int64 { return r.torn }

// Read hands the entries from number from to fn, in order, as Tape.Read does.
func (r *Reader) Read(from uint64, fn func(n uint64, body []byte) error) error {
	from = max(from, 1)
	if from < r.First() {
		return fmt.Errorf("read tape from %d: %w: it begins at %d", from, ErrPruned, r.First())
	}
	for _, s := range r.segments {
		if s.Last < from {
			continue
		}
		if err := readSegment(r.dir, segment{s.First}, from, s.Last+1, fn); err != nil {
			return err
		}
	}
	return nil
}

// Check reads all of a segment and compares it with its seal. The error wraps
// ErrCorrupt where an entry is damaged or the seal does not fit.
func (r *Reader) Check(s Segment) error {
	seg := segment{s.First}
	if err := readSegment(r.dir, seg, s.First, s.Last+1, nil); err != nil {
		return err
	}
	seal, _, err := readSeal(r.dir, seg)
	if err != nil || seal == nil || !s.Sealed {
		return err
	}
	octets, sum, err := fileDigest(filepath.Join(r.dir, s.Name))
	if err != nil {
		return fmt.Errorf("read tape: %w", err)
	}
	if seal.Octets != octets || seal.SHA256 != sum || seal.Last != s.Last {
		return fmt.Errorf("%w: %s is not as it was sealed", ErrCorrupt, s.Name)
	}
	return r.checkChain(seal)
}

// checkChain compares a seal with the one before, where that is still there.
func (r *Reader) checkChain(s *Seal) error {
	for i, before := range r.segments {
		if before.Last+1 != s.First || i+1 >= len(r.segments) || !before.Sealed {
			continue
		}
		_, b, err := readSeal(r.dir, segment{before.First})
		if err != nil {
			return err
		}
		if s.Previous != "" && digest(b) != s.Previous {
			return fmt.Errorf("%w: the seal of %s has changed since", ErrCorrupt, before.Name)
		}
	}
	return nil
}
