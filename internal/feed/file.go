// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
)

// followEvery is how often a followed file is looked at.
const followEvery = 500 * time.Millisecond

// errAnother says that a followed file is another one now.
var errAnother = errors.New("the file has shrunk or was replaced")

// errDone says that a feed has given all that it has.
var errDone = errors.New("feed has come to its end")

// file reads a file to its end, or follows what is appended. As many frames as
// earlier runs took are passed over.
func (f *Feed) file(ctx context.Context) error {
	for {
		err := f.fileOnce(ctx)
		// A program that publishes what it holds puts another file in its place each
		// time: the feed does not go down for that.
		if f.content != ContentReadsb || !errors.Is(err, errAnother) {
			return err
		}
		if !sleep(ctx, followEvery) {
			return errEnd
		}
	}
}

func (f *Feed) fileOnce(ctx context.Context) error {
	// To open a pipe waits for whoever writes to it, and nothing ends that.
	if info, err := os.Stat(f.cfg.Path); err != nil {
		return fmt.Errorf("open feed: %w", err)
	} else if !info.Mode().IsRegular() {
		return errors.New("open feed: the path is no plain file")
	}
	r, err := os.Open(f.cfg.Path)
	if err != nil {
		return fmt.Errorf("open feed: %w", err)
	}
	defer func() { _ = r.Close() }() // only read
	f.setUp(true, "", "")
	f.begin()
	if f.transport == PCAP {
		err = f.pcap(ctx, r)
	} else {
		err = f.follow(ctx, r)
	}
	if errors.Is(err, errDone) && !f.passed() {
		f.refuse(0, ReasonShorter)
	}
	return err
}

// follow cuts a file until its end, or for ever.
func (f *Feed) follow(ctx context.Context, r *os.File) error {
	c := f.cutter(ctx, &sender{now: f.cfg.Now})
	buf := make([]byte, readBytes)
	for read := int64(0); ; {
		n, err := r.Read(buf)
		read += int64(n)
		if err := c.push(buf[:n]); err != nil {
			return last(err)
		}
		switch {
		case errors.Is(err, io.EOF) && f.cfg.Follow:
			if !f.passed() { // it can't be the file of before
				f.refuse(read, ReasonShorter)
				f.another()
				return errors.New("the file is shorter than it was")
			}
			if err := f.grown(ctx, r, read); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			if err := c.end(); err != nil {
				return err
			}
			return errDone
		case err != nil:
			return fmt.Errorf("read feed: %w", err)
		}
		if ctx.Err() != nil {
			return errEnd
		}
	}
}

// last makes an end of what can't be cut any further and does not come anew: to
// begin again would come to the same place.
func last(err error) error {
	if errors.Is(err, errLost) {
		return errDone
	}
	return err
}

// grown waits until the file is longer than what was read. One that shrank, or
// has another in its place, is a new file: all of it is taken.
func (f *Feed) grown(ctx context.Context, r *os.File, read int64) error {
	for {
		info, err := r.Stat()
		if err != nil {
			return fmt.Errorf("read feed: %w", err)
		}
		named, err := os.Stat(f.cfg.Path)
		switch {
		case info.Size() < read, err == nil && info.Size() == read && !os.SameFile(info, named):
			f.another()
			return errAnother
		case info.Size() > read:
			return nil
		}
		if !sleep(ctx, followEvery) {
			return errEnd
		}
	}
}

// pcap takes the datagrams of a recording. With marks they are as old as they
// were then.
func (f *Feed) pcap(ctx context.Context, r io.Reader) error {
	rd := pcap.NewReader(r)
	s := &sender{now: f.cfg.Now}
	var at int64
	for {
		captured, payload, err := rd.Next()
		switch {
		case errors.Is(err, io.EOF):
			return errDone
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, pcap.ErrFormat):
			f.refuse(at, ReasonPCAP)
			return errDone
		case err != nil:
			return fmt.Errorf("read feed: %w", err)
		}
		if ctx.Err() != nil {
			return errEnd
		}
		if f.cfg.Port != 0 && rd.Port() != f.cfg.Port {
			continue
		}
		if f.cfg.Marks {
			s.now = func() time.Time { return captured }
		}
		if !f.datagram(ctx, s, at, payload) {
			return errEnd
		}
		at += int64(len(payload))
	}
}

// stdin reads what is piped into the node. A read that a terminal blocks is
// left behind: the process ends with it.
func (f *Feed) stdin(ctx context.Context) error {
	f.setUp(true, "", "")
	type part struct {
		data []byte
		err  error
	}
	parts := make(chan part) // unbuffered: the pipe holds the sender back
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			b := make([]byte, readBytes)
			n, err := f.cfg.Stdin.Read(b)
			select {
			case parts <- part{b[:n], err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	c := f.cutter(ctx, &sender{now: f.cfg.Now})
	for {
		select {
		case <-ctx.Done():
			return errEnd
		case p := <-parts:
			if err := c.push(p.data); err != nil {
				return last(err)
			}
			if p.err == nil {
				continue
			}
			if err := c.end(); err != nil {
				return err
			}
			return errDone
		}
	}
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
