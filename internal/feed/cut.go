// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

const (
	maxAVRLine      = 256
	maxRemoteIDLine = 2048 // as remoteid.ParseLine takes
)

var (
	// errEnd ends a session because ctx has ended.
	errEnd = errors.New("feed is stopping")
	// errLost ends a session whose stream can't be cut any further.
	errLost = errors.New("stream is out of step")
)

// sender is one stream: a connection, a file, or all datagrams of a feed.
type sender struct {
	base int64            // octets before what is pushed next to a new cutter
	now  func() time.Time // when it came
	mark time.Time        // of the NMEA tag block that came last
	avr  []byte

	aircraft readsb.Cutter
}

// cutter cuts a stream into frames.
type cutter struct {
	push func([]byte) error // errEnd, errLost or nil
	end  func() error       // takes what came after the last line end
}

func (f *Feed) cutter(ctx context.Context, s *sender) cutter {
	refuse := func(reason string) func(int64) {
		return func(at int64) { f.refuse(s.base+at, reason) }
	}
	switch f.content {
	case ContentBeast:
		var b Beast
		return cutter{push: func(p []byte) error {
			return more(b.Push(p, func(at int64, m *beast.Message) bool { return f.beast(ctx, s, s.base+at, m) },
				func(at int64, _ string) { f.refuse(s.base+at, ReasonBeast) }))
		}, end: nothing}
	case ContentASTERIX:
		var b Blocks
		return cutter{push: func(p []byte) error {
			ok := b.Push(p, func(at int64, block []byte) bool { return f.emit(ctx, s.base+at, s.now(), block) }, refuse(ReasonASTERIX))
			if b.Lost {
				return errLost
			}
			return more(ok)
		}, end: nothing}
	case ContentCoT:
		return f.cotCutter(ctx, s)
	case ContentAVR:
		return linesCutter(maxAVRLine, func(at int64, l []byte) bool { return f.avr(ctx, s, s.base+at, l) }, refuse(ReasonLine))
	case ContentSBS:
		return linesCutter(sbs.MaxLine, func(at int64, l []byte) bool { return f.emit(ctx, s.base+at, s.now(), l) }, refuse(ReasonLine))
	case ContentReadsb, ContentCatcher, ContentSignalK:
		return f.objects(ctx, s)
	case ContentRemoteID:
		return linesCutter(maxRemoteIDLine, func(at int64, l []byte) bool { return f.emit(ctx, s.base+at, s.now(), l) }, refuse(ReasonLine))
	}
	return linesCutter(nmea.MaxLine, func(at int64, l []byte) bool { return f.nmea(ctx, s, s.base+at, l) }, refuse(ReasonLine))
}

func nothing() error { return nil }

func more(ok bool) error {
	if ok {
		return nil
	}
	return errEnd
}

func linesCutter(longest int, emit func(at int64, line []byte) bool, refuse func(int64)) cutter {
	l := Lines{Max: longest}
	return cutter{
		push: func(p []byte) error { return more(l.Push(p, emit, refuse)) },
		end: func() error {
			ok := true
			l.End(func(at int64, line []byte) bool { ok = emit(at, line); return ok })
			return more(ok)
		},
	}
}

func (f *Feed) cotCutter(ctx context.Context, s *sender) cutter {
	var c cot.Stream
	var garbage uint64
	return cutter{push: func(p []byte) error {
		ok := true
		c.Cut(p, func(at int64, raw []byte, err error) {
			switch {
			case !ok:
			case err != nil:
				f.refuse(s.base+at, ReasonCoT)
			default:
				ok = f.emit(ctx, s.base+at, s.now(), raw)
			}
		})
		if c.Garbage > garbage {
			garbage = c.Garbage
			f.refuse(s.base+c.GarbageAt, ReasonCoT)
		}
		return more(ok)
	}, end: nothing}
}

func (f *Feed) beast(ctx context.Context, s *sender, at int64, m *beast.Message) bool {
	if m.Type != beast.TypeShort && m.Type != beast.TypeLong {
		f.ignore()
		return true
	}
	if m.MLAT() {
		f.refuse(at, ReasonMLAT)
		return true
	}
	received := s.now()
	if f.cfg.Marks {
		if !m.HasSynthetic {
			f.refuse(at, ReasonNoTime)
			return true
		}
		received = time.UnixMilli(m.SyntheticMillis)
	}
	if m.HasReceiverID {
		return f.emitOf(ctx, m.ReceiverID, at, received, m.Data)
	}
	return f.emit(ctx, at, received, m.Data)
}

func (f *Feed) avr(ctx context.Context, s *sender, at int64, line []byte) bool {
	var err error
	s.avr, _, _, err = avr.AppendPayload(s.avr[:0], line)
	switch {
	case err == nil && len(s.avr) != 2:
		return f.emit(ctx, at, s.now(), s.avr)
	case err == nil: // Mode A/C
		f.ignore()
	default:
		var bad *avr.LineError
		if errors.As(err, &bad) {
			f.refuse(at+int64(bad.Offset), ReasonAVR)
		} else { // heartbeat
			f.ignore()
		}
	}
	return true
}

// nmea sends the sentences of a line or datagram, which may be glued together.
func (f *Feed) nmea(ctx context.Context, s *sender, at int64, b []byte) bool {
	start, received := at, s.now()
	for rest := b; len(rest) > 0; {
		var line []byte
		at = start + int64(len(b)-len(rest))
		line, rest = nmea.Next(rest)
		if len(line) == 0 {
			continue
		}
		// Lines without a time of their own follow the one that had it.
		if f.cfg.Marks && f.transport != PCAP {
			var p nmea.Sentence
			if nmea.Parse(line, &p) == nil && p.Tag.HasTime {
				s.mark = p.Tag.Time
			}
			if s.mark.IsZero() {
				f.refuse(at, ReasonNoTime)
				continue
			}
			received = s.mark
		}
		if !f.emit(ctx, at, received, line) {
			return false
		}
	}
	return true
}

// datagram sends on what one datagram holds. It reports false when ctx ended.
func (f *Feed) datagram(ctx context.Context, s *sender, at int64, b []byte) bool {
	if len(bytes.TrimSpace(b)) == 0 {
		f.ignore()
		return true
	}
	s.base = at
	switch f.content {
	case ContentNMEA:
		return f.nmea(ctx, s, at, b)
	case ContentASTERIX:
		return f.emit(ctx, at, s.now(), b)
	case ContentCoT:
		if len(b) > cot.MaxEvent {
			f.refuse(at, ReasonCoT)
			return true
		}
		return f.emit(ctx, at, s.now(), b)
	}
	c := f.cutter(ctx, s)
	return !errors.Is(c.push(b), errEnd) && !errors.Is(c.end(), errEnd)
}

// Blocks cuts a stream into ASTERIX data blocks (category, length in two
// octets, records; Part 1, 5.2.2). A block has no mark: where a length can't be,
// all that follows is lost.
type Blocks struct {
	Lost bool
	buf  []byte
	read int64 // octets before buf
}

// Push reads b, which goes on where the last one ended. It calls emit for each
// whole block, with the octets before it in the stream, until that returns
// false, and refuse once where the stream is lost. The block is good until emit
// returns. Push reports whether all was taken.
func (s *Blocks) Push(b []byte, emit func(offset int64, block []byte) bool, refuse func(offset int64)) bool {
	if s.Lost {
		return true
	}
	s.buf = append(s.buf, b...)
	data := s.buf
	ok := true
	for ok && len(data) >= 3 {
		n := int(binary.BigEndian.Uint16(data[1:]))
		if n < 4 { // the header and a record of one octet
			s.Lost, s.buf = true, nil
			refuse(s.read)
			return true
		}
		if len(data) < n {
			break
		}
		ok = emit(s.read, data[:n])
		s.read += int64(n)
		data = data[n:]
	}
	s.buf = s.buf[:copy(s.buf, data)]
	return ok
}
