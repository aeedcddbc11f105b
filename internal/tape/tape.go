// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package tape keeps every input of the engine in the order in which it was
// stepped, in append-only segment files that are sealed by the hour with a
// hash. It numbers entries from 1 without a gap and has them on the disk before
// Append returns. It does not know what an entry means, never holds the text of
// a partner's record (inputs hold references), and decides nothing.
package tape

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// MaxBody is the size in octets of the largest entry.
const MaxBody = 16 << 20

var (
	// ErrCorrupt is wrapped by errors about a segment that does not hold what
	// was written: damage to what had been synced.
	ErrCorrupt = errors.New("tape is damaged")
	// ErrPruned is wrapped when entries are asked for that Prune has dropped.
	ErrPruned = errors.New("entry is no longer on the tape")
	// ErrInUse is wrapped when another process holds the tape.
	ErrInUse = errors.New("tape is in use")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("tape is closed")
)

// Faults lets a test fail or delay each write to the disk. The ops are
// "create", "append", "sync", "repair", "seal" and "prune".
type Faults interface {
	// BeforeWrite is asked before op; when it returns an error the write is
	// not made and counts as failed.
	BeforeWrite(op string) error
}

// Config holds what can be chosen about a tape.
type Config struct {
	SegmentBytes int64  // a segment that has reached this size is followed by a new one
	Synced       uint64 // entries through this number are known to be on the tape; Open never cuts them off
	First        uint64 // number of the first entry of a tape that Open makes; 0 is 1
	Faults       Faults // nil outside tests
}

// DefaultConfig returns segments of 64 MiB.
func DefaultConfig() Config { return Config{SegmentBytes: 64 << 20} }

// Validate reports what is wrong with the configuration.
func (c Config) Validate() error {
	if c.SegmentBytes < 1 {
		return fmt.Errorf("tape segment size %d octets: want at least 1", c.SegmentBytes)
	}
	return nil
}

// Tape is an open tape. Its methods may be called from several goroutines; one
// process at a time may have it open.
type Tape struct {
	dir  string
	cfg  Config
	lock *os.File

	mu       sync.Mutex // guards what follows
	segments []segment  // in order; the last one is written to
	file     *os.File   // the last segment
	good     int64      // octets of file that are whole and synced
	last     uint64     // number of the last entry, 0 when there is none
	broken   bool       // file may hold more than good octets
	repaired int64      // octets of a torn tail that Open removed
	closed   bool

	sum      hash.Hash // SHA-256 of the good octets of file
	hour     time.Time // of the last segment's entries; zero when unknown
	next     time.Time // of what is appended next
	sealed   int       // segments before this one are sealed
	seals    map[uint64]Seal
	previous string // SHA-256 of the last seal
	ended    ended
}

// ended is the segment that ended last, for its seal.
type ended struct {
	first  uint64
	octets int64
	sum    string
	hour   time.Time
}

// segment is a file of entries; first is the number of its first entry.
type segment struct{ first uint64 }

func (s segment) name() string { return fmt.Sprintf("%020d.tape", s.first) }

// Open opens the tape in dir, which it makes (0700) where it is missing. A torn
// end, as a crash leaves it, is cut off: such entries were never acknowledged.
func Open(dir string, cfg Config) (*Tape, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open tape: %w", err)
	}
	t := &Tape{dir: dir, cfg: cfg, sum: sha256.New(), seals: make(map[uint64]Seal)}
	if err := t.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open tape %s: %w", dir, err), t.release())
	}
	return t, nil
}

func (t *Tape) open() error {
	lock, err := os.OpenFile(filepath.Join(t.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	t.lock = lock
	if err := lockFile(lock); err != nil {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if t.segments, err = list(t.dir); err != nil {
		return err
	}
	if len(t.segments) == 0 {
		return t.create(segment{first: max(t.cfg.First, 1)})
	}
	if err := t.openLast(); err != nil {
		return err
	}
	if err := t.dropStraySeals(); err != nil {
		return err
	}
	return t.sealEnded()
}

// openLast finds the end of the last segment and cuts off what is torn.
func (t *Tape) openLast() error {
	seg := t.segments[len(t.segments)-1]
	f, err := os.OpenFile(filepath.Join(t.dir, seg.name()), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	t.file = f
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end, err := scan(f, info.Size(), seg.first, nil)
	if err != nil && !errors.Is(err, errTorn) {
		return err
	}
	// A header is synced before any entry is written, and what the store has
	// committed was synced before that: neither can be torn by a crash.
	if (end.offset == 0 && info.Size() > headerSize) || end.next-1 < t.cfg.Synced {
		return fmt.Errorf("%w: %s is whole only up to entry %d", ErrCorrupt, seg.name(), end.next-1)
	}
	t.good, t.last = end.offset, end.next-1
	if info.Size() > end.offset || end.offset == 0 {
		t.repaired, t.broken = info.Size()-end.offset, true
		if err := t.repair(); err != nil {
			return err
		}
	}
	_, err = io.Copy(t.sum, io.NewSectionReader(f, 0, t.good))
	return err
}

// Last returns the number of the last entry, 0 when there has been none.
func (t *Tape) Last() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// First returns the number of the oldest entry that the tape still has. It is
// Last()+1 when it has none.
func (t *Tape) First() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.segments[0].first
}

// Repaired returns how many octets of a torn end Open has cut off.
func (t *Tape) Repaired() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.repaired
}

// Append writes bodies as entries with consecutive numbers and returns the
// number of the first. When it returns without an error all of them are on the
// disk; with an error none of them is on the tape, and the call may be made
// again: it will use the same numbers.
func (t *Tape) Append(bodies [][]byte) (first uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first = t.last + 1
	switch {
	case t.closed:
		return 0, ErrClosed
	case len(bodies) == 0:
		return first, nil
	}
	for _, b := range bodies {
		if len(b) > MaxBody {
			return 0, fmt.Errorf("append to tape: entry of %d octets, at most %d", len(b), MaxBody)
		}
	}
	if err := t.append(encode(first, bodies), first); err != nil {
		return 0, fmt.Errorf("append to tape: %w", err)
	}
	t.last += uint64(len(bodies))
	return first, nil
}

func (t *Tape) append(data []byte, first uint64) error {
	if t.broken {
		if err := t.repair(); err != nil {
			return err
		}
	}
	if t.good > headerSize && (t.good >= t.cfg.SegmentBytes || t.next.After(t.hour)) {
		if err := t.create(segment{first: first}); err != nil {
			return err
		}
	}
	if err := t.sealEnded(); err != nil {
		return err
	}
	if err := t.write(data); err != nil {
		t.broken = true
		// The entries may be in the file: they must be gone before their numbers
		// are used again. What repair leaves undone the next Append tries first.
		return errors.Join(err, t.repair())
	}
	t.good += int64(len(data))
	t.sum.Write(data)
	if t.next.After(t.hour) {
		t.hour = t.next // the segment was empty
	}
	return nil
}

func (t *Tape) write(data []byte) error {
	if err := t.before("append"); err != nil {
		return err
	}
	if _, err := t.file.WriteAt(data, t.good); err != nil {
		return err
	}
	if err := t.before("sync"); err != nil {
		return err
	}
	return t.file.Sync()
}

// repair cuts the last segment back to what is whole.
func (t *Tape) repair() error {
	if err := t.before("repair"); err != nil {
		return fmt.Errorf("repair tape: %w", err)
	}
	if err := t.file.Truncate(t.good); err != nil {
		return fmt.Errorf("repair tape: %w", err)
	}
	if t.good == 0 {
		h := header(t.segments[len(t.segments)-1].first)
		if _, err := t.file.WriteAt(h, 0); err != nil {
			return fmt.Errorf("repair tape: %w", err)
		}
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("repair tape: %w", err)
	}
	t.good = max(t.good, headerSize)
	t.broken = false
	return nil
}

// create begins a new segment; on an error the old one stays the last.
func (t *Tape) create(seg segment) error {
	if err := t.before("create"); err != nil {
		return err
	}
	path := filepath.Join(t.dir, seg.name())
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	head := header(seg.first)
	_, err = f.WriteAt(head, 0)
	err = errors.Join(err, f.Sync())
	if err == nil {
		err = syncDir(t.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	if t.file != nil {
		err = t.file.Close()
		t.ended = ended{t.segments[len(t.segments)-1].first, t.good, hex.EncodeToString(t.sum.Sum(nil)), t.hour}
	}
	t.segments = append(t.segments, seg)
	t.file, t.good, t.last, t.hour = f, headerSize, seg.first-1, t.next
	t.sum.Reset()
	t.sum.Write(head)
	return err
}

// Prune drops the segments all of whose entries are numbered below before. The
// last segment always stays.
func (t *Tape) Prune(before uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	for len(t.segments) > 1 && t.segments[1].first <= before {
		if err := t.before("prune"); err != nil {
			return fmt.Errorf("prune tape: %w", err)
		}
		seg := t.segments[0]
		if err := os.Remove(filepath.Join(t.dir, seg.name())); err != nil {
			return fmt.Errorf("prune tape: %w", err)
		}
		t.segments, t.sealed = t.segments[1:], max(t.sealed-1, 0)
		delete(t.seals, seg.first)
		if err := os.Remove(filepath.Join(t.dir, seg.seal())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("prune tape: %w", err)
		}
	}
	return nil
}

// Close ends the use of the tape. All that Append acknowledged is on the disk
// already.
func (t *Tape) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	return t.release()
}

func (t *Tape) release() error {
	var err error
	if t.file != nil {
		err = t.file.Close()
	}
	if t.lock != nil {
		err = errors.Join(err, t.lock.Close())
	}
	return err
}

func (t *Tape) before(op string) error {
	if t.cfg.Faults == nil {
		return nil
	}
	return t.cfg.Faults.BeforeWrite(op)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
