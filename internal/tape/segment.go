// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package tape

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A segment is a header (magic, number of the first entry, CRC-32C of both) and
// entries. An entry is the length of its body, a CRC-32C over its number,
// length and body, and the body. The number is not written: it follows from the
// place, and the checksum holds it, so that an entry cannot be moved.
const (
	magic      = "KURTAPE1"
	headerSize = int64(len(magic) + 8 + 4)
	entrySize  = 4 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn tells that a segment ends in something that is not a whole entry.
var errTorn = fmt.Errorf("%w: entry is not whole", ErrCorrupt)

func header(first uint64) []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint64(b, first)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func encode(first uint64, bodies [][]byte) []byte {
	size := 0
	for _, b := range bodies {
		size += entrySize + len(b)
	}
	out := make([]byte, 0, size)
	for i, b := range bodies {
		out = binary.BigEndian.AppendUint32(out, uint32(len(b)))
		out = binary.BigEndian.AppendUint32(out, checksum(first+uint64(i), b))
		out = append(out, b...)
	}
	return out
}

func checksum(number uint64, body []byte) uint32 {
	var n [12]byte
	binary.BigEndian.PutUint64(n[:], number)
	binary.BigEndian.PutUint32(n[8:], uint32(len(body)))
	return crc32.Update(crc32.Checksum(n[:], castagnoli), castagnoli, body)
}

// position is a place between two entries: the offset in the file and the
// number of the entry that follows.
type position struct {
	offset int64
	next   uint64
}

// scan reads a segment of size octets whose first entry is numbered first, and
// hands each entry to fn when fn is not nil. It returns the end of the last
// whole entry. The error wraps errTorn when something else follows there. It
// allocates no more than the segment holds.
func scan(r io.Reader, size int64, first uint64, fn func(n uint64, body []byte) error) (position, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	end := position{next: first}
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(br, head); err != nil {
		return end, torn(err)
	}
	if string(head) != string(header(first)) {
		if string(head[:len(magic)]) == magic {
			return end, fmt.Errorf("%w: header is not that of entry %d", ErrCorrupt, first)
		}
		return end, errTorn
	}
	end.offset = headerSize
	var body []byte
	for {
		var h [entrySize]byte
		if _, err := io.ReadFull(br, h[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return end, nil
			}
			return end, torn(err)
		}
		n := int64(binary.BigEndian.Uint32(h[:]))
		if n > MaxBody || n > size-end.offset-entrySize {
			return end, errTorn
		}
		body = slices.Grow(body[:0], int(n))[:n]
		if _, err := io.ReadFull(br, body); err != nil {
			return end, torn(err)
		}
		if checksum(end.next, body) != binary.BigEndian.Uint32(h[4:]) {
			return end, errTorn
		}
		if fn != nil {
			if err := fn(end.next, body); err != nil {
				return end, err
			}
		}
		end.offset += entrySize + n
		end.next++
	}
}

// torn tells a short segment from one that cannot be read.
func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTorn
	}
	return err
}

func list(dir string) ([]segment, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var segs []segment
	for _, e := range names {
		num, ok := strings.CutSuffix(e.Name(), ".tape")
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(num, 10, 64)
		if err != nil || first == 0 || (segment{first}).name() != e.Name() {
			return nil, fmt.Errorf("%w: %s is no segment's name", ErrCorrupt, e.Name())
		}
		segs = append(segs, segment{first})
	}
	slices.SortFunc(segs, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return segs, nil
}

// errEnd ends a scan at the last entry that was there when Read was called.
var errEnd = errors.New("end of the tape")

// Read hands the entries from number from to the last one that is there when it
// is called to fn, in order. The body is valid until fn returns. Read returns
// fn's error as it is. Numbers above the last are no error.
func (t *Tape) Read(from uint64, fn func(n uint64, body []byte) error) error {
	t.mu.Lock()
	segs, last, closed := slices.Clone(t.segments), t.last, t.closed
	t.mu.Unlock()
	from = max(from, 1)
	switch {
	case closed:
		return ErrClosed
	case from < segs[0].first:
		return fmt.Errorf("read tape from %d: %w: it begins at %d", from, ErrPruned, segs[0].first)
	}
	for i, seg := range segs {
		next := last + 1
		if i+1 < len(segs) {
			next = segs[i+1].first
		}
		if next <= from {
			continue
		}
		if err := readSegment(t.dir, seg, from, next, fn); err != nil {
			return err
		}
	}
	return nil
}

// readSegment hands on the entries from number from up to and without next,
// all of which the segment must have.
func readSegment(dir string, seg segment, from, next uint64, fn func(n uint64, body []byte) error) (err error) {
	f, err := os.Open(filepath.Join(dir, seg.name()))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read tape: %w: %s", ErrPruned, seg.name())
	}
	if err != nil {
		return fmt.Errorf("read tape: %w", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("read tape: %w", cerr)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read tape: %w", err)
	}
	var fnErr error
	end, err := scan(f, info.Size(), seg.first, func(n uint64, body []byte) error {
		if n >= next {
			return errEnd
		}
		if n < from || fn == nil {
			return nil
		}
		fnErr = fn(n, body)
		return fnErr
	})
	switch {
	case fnErr != nil:
		return fnErr
	case end.next >= next: // what follows, whole or not, came after the call
		return nil
	case err != nil:
		return fmt.Errorf("read tape %s: entry %d: %w", seg.name(), end.next, err)
	}
	return fmt.Errorf("read tape %s: %w: it ends before entry %d", seg.name(), ErrCorrupt, next)
}
