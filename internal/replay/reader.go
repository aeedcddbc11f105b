// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// Reasons of refusals by the reading of a file, beside those of internal/feed
// and internal/decode.
const (
	ReasonTSV   = "tsv-line"
	ReasonBlock = "asterix-length" // no block begins here; the rest of the file is given up
	ReasonCut   = "file-cut"       // the file ends within something
	ReasonTime  = "time-jump"      // the recording's clock leapt ahead for one frame
)

// Bad is a part of a recording that cannot be read. Reading can go on.
type Bad struct {
	Offset int64 // octets from the start of the recording, unpacked
	Reason string
}

// Error returns offset and reason.
func (b *Bad) Error() string {
	return fmt.Sprintf("read recording at octet %d: %s", b.Offset, b.Reason)
}

// Reader reads the frames of one recording in its order, with the times of its
// own clock. It holds a few kilobytes of it.
type Reader struct {
	feed  *Feed
	seq   uint64
	last  time.Time // of the last frame
	leapt time.Time // of the last frame that was refused for its time
	next  func() (item, error)
	close func() error
}

// item is a frame without source and number, or a bad part.
type item struct {
	frame frame.Frame
	bad   *Bad
}

// Open opens the feed's file. Who opens it closes it.
func Open(f *Feed) (*Reader, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	var src io.Reader = bufio.NewReaderSize(file, 64<<10)
	if strings.HasSuffix(f.Path, ".gz") {
		z, err := gzip.NewReader(src)
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("open recording %s: %w", f.Path, err)
		}
		src = z
	}
	r, err := NewReader(f, src)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	r.close = file.Close
	return r, nil
}

// NewReader reads a recording of the feed's kind, unpacked, from src.
func NewReader(f *Feed, src io.Reader) (*Reader, error) {
	r := &Reader{feed: f, close: func() error { return nil }}
	switch f.Kind {
	case "beast":
		r.next = newBeast(f, src).next
	case "avr":
		r.next = newAVR(f, src).next
	case "tsv":
		r.next = newTSV(src).next
	case "nmea":
		r.next = newNMEA(f, src).next
	case "asterix":
		r.next = newBlocks(f, src).next
	case "pcap":
		r.next = newPcap(f, src).next
	default:
		return nil, fmt.Errorf("read recording %s: kind %q is unknown", f.Path, f.Kind)
	}
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.close() }

// Next reads the next frame into f, whose data is its own. A *Bad refuses a
// part and Next may be called again; io.EOF is the end.
func (r *Reader) Next(f *frame.Frame) error {
	it, err := r.next()
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return fmt.Errorf("read recording %s: %w", r.feed.Path, err)
	case it.bad != nil:
		return it.bad
	}
	if !r.plausible(it.frame.Received) {
		return &Bad{it.frame.Offset, ReasonTime}
	}
	r.seq++
	*f = it.frame
	f.Source, f.Seq, f.Format = r.feed.Name, r.seq, r.feed.Source.Format
	f.Received = f.Received.UTC()
	return nil
}

// maxLeap is how far a recording's clock may leap ahead at once. A pause of
// the recording may be longer: then the second frame after it is believed.
const maxLeap = 24 * time.Hour

// plausible keeps one frame with a broken time from moving the replay to
// another year.
func (r *Reader) plausible(t time.Time) bool {
	if r.last.IsZero() || t.Sub(r.last) <= maxLeap || !r.leapt.IsZero() && t.Sub(r.leapt).Abs() <= maxLeap {
		r.last, r.leapt = t, time.Time{}
		return true
	}
	r.leapt = t
	return false
}

// chunk is how much of a stream is cut at once. It bounds how many frames
// wait.
const chunk = 4 << 10

// stream turns a cutter, which is pushed, into something that can be asked.
type stream struct {
	src   io.Reader
	buf   [chunk]byte
	read  int64
	queue []item
	head  int
	push  func([]byte)
	end   func()
	done  bool
}

func (s *stream) next() (item, error) {
	for s.head == len(s.queue) {
		if s.done {
			return item{}, io.EOF
		}
		s.queue, s.head = s.queue[:0], 0
		n, err := s.src.Read(s.buf[:])
		s.read += int64(n)
		s.push(s.buf[:n])
		switch {
		case errors.Is(err, io.EOF):
			s.finish()
		case errors.Is(err, io.ErrUnexpectedEOF): // a cut gzip file
			s.finish()
			s.refuse(s.read, ReasonCut)
		case err != nil:
			return item{}, err
		}
	}
	it := s.queue[s.head]
	s.queue[s.head] = item{}
	s.head++
	return it, nil
}

func (s *stream) finish() {
	s.done = true
	if s.end != nil {
		s.end()
	}
}

func (s *stream) put(f frame.Frame) {
	f.Data = bytes.Clone(f.Data)
	s.queue = append(s.queue, item{frame: f})
}

func (s *stream) refuse(offset int64, reason string) {
	s.queue = append(s.queue, item{bad: &Bad{offset, reason}})
}
