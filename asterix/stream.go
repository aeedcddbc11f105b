// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix

import (
	"errors"
	"fmt"
	"io"
)

// Reader reads data blocks that follow each other in a stream or a file, one at
// a time: it holds one block, however long the stream is.
type Reader struct {
	r    io.Reader
	at   int
	buf  []byte
	done bool
}

// NewReader returns a Reader of r, which should be buffered; nothing is read
// before Next.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next returns the next block, valid until the next call; Offset counts from
// the start of the stream and Data of a refused block holds what was read of it.
// The error is io.EOF behind the last block, an *Error
// for what is no block, as Blocks reports it, and what the stream returns
// otherwise. After a LEN that cannot be followed only io.EOF comes.
func (r *Reader) Next() (Block, error) {
	if r.done {
		return Block{}, io.EOF
	}
	if r.buf == nil {
		r.buf = make([]byte, MaxBlockLen)
	}
	n, err := r.fill(0, headerLen)
	if n == 0 || err != nil {
		r.done = true
		return Block{}, orEOF(err)
	}
	length := int(r.buf[1])<<8 | int(r.buf[2])
	if n == headerLen && length > headerLen {
		more, err := r.fill(n, length)
		if err != nil {
			r.done = true
			return Block{}, err
		}
		n += more
	}
	b, used, err := next(r.buf[:n:n], 0)
	b.Offset = r.at
	r.at += used
	r.done = used == 0
	return b, moved(err, b.Offset)
}

// fill reads buf[from:to] and returns how much there was; the end of the stream
// is no error.
func (r *Reader) fill(from, to int) (int, error) {
	n, err := io.ReadFull(r.r, r.buf[from:to])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err != nil {
		return n, fmt.Errorf("read block: %w", err)
	}
	return n, nil
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}
