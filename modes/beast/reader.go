// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package beast

import "io"

// bufferBytes bounds what a Reader holds.
const bufferBytes = 16 << 10

// Reader reads messages from a stream.
type Reader struct {
	src  io.Reader
	buf  []byte
	rest []byte // of buf, not split yet
	err  error  // of src, once it has come
	s    Splitter
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{src: r, buf: make([]byte, bufferBytes)}
}

// Next returns the next message, whose Data is good until the next call. An
// error of type *FrameError refuses a part of the stream, and Next may be
// called again; any other error is that of the underlying reader, io.EOF at the
// end.
func (r *Reader) Next() (Message, error) {
	for {
		for len(r.rest) > 0 {
			n, m, ok, err := r.s.next(r.rest)
			r.rest = r.rest[n:]
			if err != nil {
				return Message{}, err
			}
			if ok {
				return m, nil
			}
		}
		if r.err != nil {
			if err := r.s.end(); err != nil {
				return Message{}, err
			}
			return Message{}, r.err
		}
		r.fill()
	}
}

// fill reads once more, and gives up on a reader that returns nothing.
func (r *Reader) fill() {
	const tries = 100
	for range tries {
		n, err := r.src.Read(r.buf)
		r.rest, r.err = r.buf[:n], err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// Stats returns the counts since the beginning.
func (r *Reader) Stats() Stats { return r.s.Stats() }
