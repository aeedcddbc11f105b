// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

const (
	dialTimeout = 10 * time.Second
	readBytes   = 32 << 10
	maxAVRLine  = 256
)

// errEnd ends a session because ctx has ended.
var errEnd = errors.New("feed is stopping")

// dial connects and reads until the connection or ctx ends.
func (f *Feed) dial(ctx context.Context) error {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", f.cfg.Addr)
	if err != nil {
		return fmt.Errorf("dial feed: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	f.setUp(true, "", conn.RemoteAddr().String())
	f.mark = time.Time{} // marks are of one connection
	push := f.cutter(ctx)
	buf := make([]byte, readBytes)
	for {
		n, err := conn.Read(buf)
		if !push(buf[:n]) {
			return errEnd
		}
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("sender closed the connection")
		case err != nil:
			return fmt.Errorf("read feed: %w", err)
		}
	}
}

// cutter returns what takes in the stream, and reports false when ctx has
// ended.
func (f *Feed) cutter(ctx context.Context) func([]byte) bool {
	switch f.cfg.Kind {
	case BeastTCP:
		var s Beast
		return func(b []byte) bool {
			return s.Push(b, func(at int64, m *beast.Message) bool { return f.beast(ctx, at, m) },
				func(at int64, _ string) { f.refuse(at, ReasonBeast) })
		}
	case AVRTCP:
		s := Lines{Max: maxAVRLine}
		var payload []byte
		return func(b []byte) bool {
			return s.Push(b, func(at int64, line []byte) bool { return f.avr(ctx, at, line, &payload) },
				func(at int64) { f.refuse(at, ReasonLine) })
		}
	}
	s := Lines{Max: nmea.MaxLine}
	return func(b []byte) bool {
		return s.Push(b, func(at int64, line []byte) bool { return f.nmea(ctx, at, f.cfg.Now(), line) },
			func(at int64) { f.refuse(at, ReasonLine) })
	}
}

func (f *Feed) beast(ctx context.Context, at int64, m *beast.Message) bool {
	if m.Type != beast.TypeShort && m.Type != beast.TypeLong {
		f.ignore()
		return true
	}
	if m.MLAT() {
		f.refuse(at, ReasonMLAT)
		return true
	}
	received := f.cfg.Now()
	if f.cfg.Marks {
		if !m.HasSynthetic {
			f.refuse(at, ReasonNoTime)
			return true
		}
		received = time.UnixMilli(m.SyntheticMillis)
	}
	return f.emit(ctx, at, received, m.Data)
}

func (f *Feed) avr(ctx context.Context, at int64, line []byte, payload *[]byte) bool {
	var err error
	*payload, _, _, err = avr.AppendPayload((*payload)[:0], line)
	var bad *avr.LineError
	switch {
	case errors.As(err, &bad):
		f.refuse(at+int64(bad.Offset), ReasonAVR)
	case err != nil, len(*payload) == 2: // heartbeat, Mode A/C
		f.ignore()
	default:
		return f.emit(ctx, at, f.cfg.Now(), *payload)
	}
	return true
}

// nmea sends the sentences of a line or datagram, which may be glued together.
func (f *Feed) nmea(ctx context.Context, at int64, received time.Time, b []byte) bool {
	start := at
	for rest := b; len(rest) > 0; {
		var line []byte
		at = start + int64(len(b)-len(rest))
		line, rest = nmea.Next(rest)
		if len(line) == 0 {
			continue
		}
		// Lines without a time of their own follow the one that had it.
		if f.cfg.Marks {
			var s nmea.Sentence
			if nmea.Parse(line, &s) == nil && s.Tag.HasTime {
				f.mark = s.Tag.Time
			}
			if f.mark.IsZero() {
				f.refuse(at, ReasonNoTime)
				continue
			}
			received = f.mark
		}
		if !f.emit(ctx, at, received, line) {
			return false
		}
	}
	return true
}
