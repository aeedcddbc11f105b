// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

// untimedStep is how far apart frames are taken to be that come with no time at
// all: as in a stream of 100 frames a second.
const untimedStep = 10 * time.Millisecond

// lines cuts a text into lines of bounded length. One that is longer is refused
// and passed over.
type lines struct {
	r   *bufio.Reader
	off int64 // of the line after the last
}

// maxTextLine bounds a line of text in octets.
const maxTextLine = 1 << 16

var errLongLine = errors.New("line is too long")

func newTextLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxTextLine)} }

// next returns the next line that is not empty, without its end, and where it
// began. The error is errLongLine or that of the reader. The line is good until
// the next call.
func (l *lines) next() (line []byte, off int64, err error) {
	for {
		off = l.off
		line, err = l.r.ReadSlice('\n')
		l.off += int64(len(line))
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				var more []byte
				more, err = l.r.ReadSlice('\n')
				l.off += int64(len(more))
			}
			if err == nil || errors.Is(err, io.EOF) {
				err = errLongLine
			}
			return nil, off, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return line, off, nil
		}
		if err != nil {
			return nil, off, err
		}
	}
}

// tsvFrames reads "milliseconds since 1970, tab, frame in hexadecimal digits".
type tsvFrames struct{ text *lines }

func openTSV(r io.Reader, _ *modesStats) frameSource { return &tsvFrames{newTextLines(r)} }

func (s *tsvFrames) next(f *modesFrame) error {
	line, off, err := s.text.next()
	if errors.Is(err, errLongLine) {
		*f = modesFrame{off: off, refused: errLongLine.Error()}
		return nil
	}
	if err != nil {
		return err
	}
	*f = modesFrame{off: off, timed: true}
	ms, digits, found := bytes.Cut(line, []byte{'\t'})
	t, err := strconv.ParseInt(string(ms), 10, 64)
	switch {
	case !found || err != nil || t < 0 || t >= 1<<48:
		f.refused = "no milliseconds and tab before the frame"
	case len(digits) != 14 && len(digits) != 28:
		f.refused = "frame has neither 14 nor 28 digits"
	default:
		f.at = time.UnixMilli(t).UTC()
		if f.n, err = hex.Decode(f.data[:], digits); err != nil {
			f.refused = "no hexadecimal digits"
		}
	}
	return nil
}

// avrFrames reads lines of AVR. The counter of a line, at 12 MHz with "@" and
// "<" and at 20 MHz behind the frame, tells how far apart frames are; without
// one they are untimedStep apart.
type avrFrames struct {
	text    *lines
	clock   ticker
	stats   *modesStats
	payload []byte
}

func openAVR(r io.Reader, stats *modesStats) frameSource {
	return &avrFrames{text: newTextLines(r), stats: stats}
}

const (
	avrHertz      = 12_000_000
	trailingHertz = 20_000_000
)

func (s *avrFrames) next(f *modesFrame) error {
	for {
		line, off, err := s.text.next()
		if errors.Is(err, errLongLine) {
			*f = modesFrame{off: off, refused: errLongLine.Error()}
			return nil
		}
		if err != nil {
			return err
		}
		*f = modesFrame{off: off}
		s.payload, f.ticks, f.counted, err = avr.AppendPayload(s.payload[:0], line)
		var bad *avr.LineError
		switch {
		case errors.Is(err, avr.ErrHeartbeat):
			continue
		case errors.As(err, &bad):
			f.off, f.refused = off+int64(bad.Offset), bad.Reason
			return nil
		case err != nil:
			return err
		case len(s.payload) == 2:
			s.stats.ModeAC++
			continue
		}
		f.n = copy(f.data[:], s.payload)
		hertz := uint64(avrHertz)
		if line[0] == '*' {
			hertz = trailingHertz
		}
		f.at = s.clock.at(f.ticks, f.counted, hertz)
		return nil
	}
}

// ticker makes times of a receiver's counter. They say how far apart frames are
// and nothing else.
type ticker struct {
	now     time.Time
	last    uint64
	started bool
}

// maxStill is the longest silence that is believed: a longer one, or a counter
// that goes back, is another receiver or another start.
const maxStill = 10 * time.Minute

func (c *ticker) at(ticks uint64, known bool, hertz uint64) time.Time {
	if c.now.IsZero() {
		c.now = time.Unix(0, 0).UTC()
	}
	step := untimedStep
	if known {
		if c.started {
			step = 0
			if d := ticks - c.last; ticks >= c.last && d/hertz <= uint64(maxStill/time.Second) {
				step = time.Duration(d * 1000 / (hertz / 1_000_000))
			}
		}
		c.last, c.started = ticks, true
	}
	c.now = c.now.Add(step)
	return c.now
}

// beastFrames reads a Beast stream. Time marks in it are its time; otherwise the
// counter of each receiver says how far apart frames are.
type beastFrames struct {
	rd     *beast.Reader
	clocks map[uint64]*ticker
	latest time.Time
	stats  *modesStats
	marks  uint64
}

func openBeast(r io.Reader, stats *modesStats) frameSource {
	return &beastFrames{rd: beast.NewReader(r), clocks: map[uint64]*ticker{}, stats: stats}
}

// maxReceivers bounds how many counters of one stream are kept apart.
const maxReceivers = 1024

func (s *beastFrames) next(f *modesFrame) error {
	for {
		m, err := s.rd.Next()
		var bad *beast.FrameError
		if errors.As(err, &bad) {
			*f = modesFrame{off: bad.Offset, refused: bad.Reason}
			return nil
		}
		if err != nil {
			return err
		}
		marks := s.rd.Stats().Marks
		s.stats.Marks += int(marks - s.marks)
		s.marks = marks
		switch m.Type {
		case beast.TypeModeAC:
			s.stats.ModeAC++
			continue
		case beast.TypeStatus:
			continue
		}
		*f = modesFrame{ticks: m.Time12MHz, counted: !m.MLAT() && m.Time12MHz != 0, mlat: m.MLAT()}
		f.n = copy(f.data[:], m.Data)
		if m.HasSynthetic {
			f.at, f.timed = time.UnixMilli(m.SyntheticMillis).UTC(), true
			return nil
		}
		f.at = s.arrival(&m, f.counted)
		return nil
	}
}

// arrival makes up a time for a message. It never goes back, whichever receiver
// the message is of.
func (s *beastFrames) arrival(m *beast.Message, counted bool) time.Time {
	if !counted { // computed or marked: as the message before
		return s.latest
	}
	c := s.clocks[m.ReceiverID]
	if c == nil {
		if len(s.clocks) >= maxReceivers {
			clear(s.clocks)
		}
		c = &ticker{now: s.latest}
		s.clocks[m.ReceiverID] = c
	}
	at := c.at(m.Time12MHz, true, avrHertz)
	if at.Before(s.latest) {
		at = s.latest
	}
	s.latest = at
	return at
}
