// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package tape

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Seal says what a segment that has ended holds. It rests beside the segment,
// in a file of its own: a segment without one is as good, and is sealed when
// the tape is opened next.
type Seal struct {
	First  uint64 `json:"first"`  // number of the first entry
	Last   uint64 `json:"last"`   // number of the last entry
	Octets int64  `json:"octets"` // size of the segment's file
	SHA256 string `json:"sha256"` // of the segment's file, in hex
	// Hour is the hour (UTC) in which it was written, by the clock that Roll
	// follows; zero when a crash lost it, or it was written before there were
	// seals.
	Hour time.Time `json:"hour,omitzero"`
	// Previous is the SHA-256 of the seal before, in hex; empty where there was
	// none. So the last seal vouches for all before it.
	Previous string `json:"previous,omitempty"`
}

// maxSeal bounds a seal's file.
const maxSeal = 4 << 10

func (s segment) seal() string { return strings.TrimSuffix(s.name(), ".tape") + ".seal" }

// readSeal returns a segment's seal and its bytes, nil where it has none.
func readSeal(dir string, seg segment) (*Seal, []byte, error) {
	f, err := os.Open(filepath.Join(dir, seg.seal()))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSeal))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, nil, err
	}
	var s Seal
	if err := json.Unmarshal(b, &s); err != nil || s.First != seg.first {
		return nil, nil, fmt.Errorf("%w: %s is no seal of its segment", ErrCorrupt, seg.seal())
	}
	return &s, b, nil
}

// writeSeal puts a seal on the disk, whole or not at all.
func writeSeal(dir string, seg segment, b []byte) error {
	path := filepath.Join(dir, seg.seal())
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}

// sealEnded seals the segments that have ended and are not sealed, in order.
func (t *Tape) sealEnded() error {
	for ; t.sealed < len(t.segments)-1; t.sealed++ {
		if err := t.sealOne(t.sealed); err != nil {
			return fmt.Errorf("seal tape: %w", err)
		}
	}
	return nil
}

func (t *Tape) sealOne(i int) error {
	seg := t.segments[i]
	old, b, err := readSeal(t.dir, seg)
	if err != nil {
		return err
	}
	if old != nil {
		t.seals[seg.first], t.previous = *old, digest(b)
		return nil
	}
	if err := t.before("seal"); err != nil {
		return err
	}
	s := Seal{First: seg.first, Last: t.segments[i+1].first - 1, Previous: t.previous}
	if t.ended.first == seg.first {
		s.Octets, s.SHA256, s.Hour = t.ended.octets, t.ended.sum, t.ended.hour
	} else if s.Octets, s.SHA256, err = fileDigest(filepath.Join(t.dir, seg.name())); err != nil {
		return err
	}
	if b, err = json.Marshal(s); err != nil {
		return err
	}
	b = append(b, '\n')
	if err := writeSeal(t.dir, seg, b); err != nil {
		return err
	}
	t.seals[seg.first], t.previous = s, digest(b)
	return nil
}

// dropStraySeals removes the seals of segments that Prune has dropped, and of
// the last segment: it is written to again.
func (t *Tape) dropStraySeals() error {
	names, err := filepath.Glob(filepath.Join(t.dir, "*.seal*"))
	if err != nil {
		return err
	}
	ended := make(map[string]bool)
	for _, s := range t.segments[:len(t.segments)-1] {
		ended[s.seal()] = true
	}
	for _, path := range names {
		if ended[filepath.Base(path)] {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func fileDigest(path string) (octets int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	octets, err = io.Copy(h, f)
	return octets, hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}

// Roll says what time it is. Entries of another hour (UTC) begin a new segment;
// the first call says when the entries that are there were written. Time that
// goes back does not end a segment.
func (t *Tape) Roll(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = at.UTC().Truncate(time.Hour)
	if t.hour.IsZero() {
		t.hour = t.next
	}
}

// RollEnds reports whether entries of a time would begin a new segment. Append
// puts all that it is given into one.
func (t *Tape) RollEnds(at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return at.UTC().Truncate(time.Hour).After(t.next)
}

// Segment is one file of a tape.
type Segment struct {
	Name   string
	First  uint64
	Last   uint64 // First-1 when it is empty
	Octets int64
	Hour   time.Time // of its entries; zero when it is not known
	Sealed bool
}

// Segments lists the tape's files in order; the last is being written.
func (t *Tape) Segments() ([]Segment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Segment, 0, len(t.segments))
	for i, s := range t.segments {
		out := Segment{Name: s.name(), First: s.first, Last: t.last, Octets: t.good, Hour: t.hour}
		if i+1 < len(t.segments) {
			seal, sealed := t.seals[s.first]
			out.Last, out.Octets, out.Hour, out.Sealed = t.segments[i+1].first-1, seal.Octets, seal.Hour, sealed
			if !sealed {
				info, err := os.Stat(filepath.Join(t.dir, s.name()))
				if err != nil {
					return nil, fmt.Errorf("list tape: %w", err)
				}
				out.Octets = info.Size()
			}
		}
		list = append(list, out)
	}
	return list, nil
}
