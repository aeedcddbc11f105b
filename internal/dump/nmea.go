// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/catcher"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
)

// nmeaLines turns AIS sentences into lines: i counts messages from 0, t is in
// milliseconds since 1970 where the sentence, its tag block or the logger says
// it, s is the station. Fields are as sent, the codes for unknown among them:
// hdg 511, cog 360, sog 102.3, lat 91, lon 181, sec 60 and over, status 15.
type nmeaLines struct {
	asm   nmea.Assembler
	sent  nmea.Sentence
	msg   ais.Message
	extra ais.Extra
	now   time.Time // for the assembler
	i     int64
	obj   object
	stats nmeaStats
	seen  map[ais.MMSI]bool
}

type nmeaStats struct {
	Sentences int            `json:"sentences"`
	Messages  int            `json:"messages"`
	Senders   int            `json:"senders"`
	Types     map[string]int `json:"types"`
	Errors    map[string]int `json:"errors"`
	Other     int            `json:"other_sentences"`
	Lost      uint64         `json:"incomplete"`

	types [28]int
}

// sentenceStep is how far apart sentences are taken to be, so that the parts of
// a message are waited for over 200 sentences of a file.
const sentenceStep = 10 * time.Millisecond

func newNMEA(Options) (Decoder, error) {
	return &nmeaLines{
		now: time.Unix(0, 0).UTC(), seen: map[ais.MMSI]bool{},
		stats: nmeaStats{Errors: map[string]int{}},
	}, nil
}

// Decode implements Decoder.
func (l *nmeaLines) Decode(r io.Reader, out *Out) error {
	text := newTextLines(r)
	for {
		line, off, err := text.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLongLine):
			if err := l.refuse(off, errLongLine.Error(), out); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("read sentences: %w", err)
		}
		if err := l.line(line, off, out); err != nil {
			return err
		}
	}
}

// line takes a line of the file, which may hold several sentences.
func (l *nmeaLines) line(line []byte, off int64, out *Out) error {
	if line[0] == '{' {
		return l.catcher(line, off, out)
	}
	logged, timed := loggerTime(line)
	return l.sentences(line, off, logged, timed, out)
}

// catcher takes a line of AIS-catcher's JSON for its sentences.
func (l *nmeaLines) catcher(line []byte, off int64, out *Out) error {
	var failed error
	var r catcher.Report
	err := catcher.Parse(line, &r, func(err error) {
		switch {
		case failed != nil:
		case err != nil:
			failed = l.refuse(off, catcherReason(err), out)
		default:
			for _, s := range r.Sentences {
				if failed == nil {
					failed = l.sentences(s, off, r.Received, r.HasReceived, out)
				}
			}
		}
	})
	if err != nil {
		return l.refuse(off, catcherReason(err), out)
	}
	return failed
}

// catcherReason is the fixed part of an error.
func catcherReason(err error) string {
	for _, known := range []error{catcher.ErrTooLong, catcher.ErrSyntax, catcher.ErrNoNMEA, catcher.ErrSentence} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

// sentences takes what may be several sentences, received at a time that goes
// behind that of a tag block.
func (l *nmeaLines) sentences(line []byte, off int64, received time.Time, timed bool, out *Out) error {
	for rest := line; ; {
		var sentence []byte
		if sentence, rest = nmea.Next(rest); len(sentence) == 0 && len(rest) == 0 {
			return nil
		}
		l.stats.Sentences++
		l.now = l.now.Add(sentenceStep)
		s := &l.sent
		err := nmea.Parse(sentence, s)
		if err == nil && timed && !s.Tag.HasTime {
			s.Tag.HasTime, s.Tag.Time = true, received
		}
		if err == nil {
			err = l.sentence(s, out)
		}
		var bad *nmea.Error
		switch {
		case errors.Is(err, nmea.ErrOther):
			l.stats.Other++
		case errors.As(err, &bad):
			if err := l.refuse(off, string(bad.Reason), out); err != nil {
				return err
			}
		case err != nil:
			return err
		}
	}
}

// loggerTime reads "[2018-05-11 03:50:03]" or the like before a sentence, as
// UTC.
func loggerTime(line []byte) (time.Time, bool) {
	const layout = "2006-01-02 15:04:05"
	if len(line) > 0 && line[0] == '[' {
		line = line[1:]
	}
	if len(line) < len(layout) || line[0] < '0' || line[0] > '9' {
		return time.Time{}, false
	}
	var b [len(layout)]byte
	copy(b[:], line)
	if b[10] == 'T' {
		b[10] = ' '
	}
	t, err := time.Parse(layout, string(b[:]))
	return t, err == nil
}

func (l *nmeaLines) sentence(s *nmea.Sentence, out *Out) error {
	payload, fill, complete, err := l.asm.Push(l.now, "", s)
	l.stats.Lost = l.asm.Lost()
	if err != nil || !complete {
		return err
	}
	isExtra := false
	err = ais.Decode(payload, fill, &l.msg)
	if err == ais.ErrUnsupported && l.msg.Type != 24 {
		isExtra = true
		err = ais.DecodeExtra(payload, fill, &l.msg, &l.extra)
	}
	m := &l.msg
	l.obj.begin()
	l.obj.int("i", l.i)
	l.i++
	l.stats.Messages++
	if s.Tag.HasTime {
		l.obj.int("t", s.Tag.Time.UnixMilli())
	}
	if len(s.Tag.Source) > 0 {
		l.obj.text("s", string(s.Tag.Source))
	}
	typ, ok := ais.Bits(payload, 0, 6)
	if ok {
		l.obj.int("type", int64(typ))
	}
	if m.Type != 0 {
		l.obj.int("mmsi", int64(m.MMSI))
		l.stats.types[min(m.Type, 27)]++
		if !l.seen[m.MMSI] && len(l.seen) < maxNames {
			l.seen[m.MMSI] = true
		}
	}
	if err != nil {
		reason := aisReason(err)
		l.stats.Errors[reason]++
		l.obj.text("error", reason)
		return out.Refused(l.obj.end())
	}
	if !out.Wants() {
		return out.Line(nil)
	}
	l.envelope(s)
	if isExtra {
		l.other()
	} else {
		l.report(payload)
	}
	return out.Line(l.obj.end())
}

func aisReason(err error) string {
	var e *ais.Error
	if errors.As(err, &e) {
		return string(e.Reason)
	}
	return err.Error()
}

// refuse writes a line about a sentence that is none.
func (l *nmeaLines) refuse(off int64, reason string, out *Out) error {
	l.stats.Errors[reason]++
	l.obj.begin()
	l.obj.int("i", l.i)
	l.obj.int("off", off)
	l.obj.text("error", reason)
	return out.Refused(l.obj.end())
}

func (l *nmeaLines) envelope(s *nmea.Sentence) {
	o := &l.obj
	o.text("talker", s.Talker.String())
	if s.Channel != 0 {
		o.text("channel", string(rune(s.Channel)))
	}
	if s.Formatter == nmea.VDO {
		o.bool("own", true)
	}
	if l.msg.Repeat > 0 {
		o.int("repeat", int64(l.msg.Repeat))
	}
}

// dynamic says where the codes of a type stand: offset and width, 0 wide where
// it has none.
type dynamic struct {
	status, sog, cog, hdg, sec [2]int
	sogScale                   float64
	cogScale                   float64
	position                   bool
	perDegree                  float64
}

func dynamicOf(typ uint8) dynamic {
	const fine, coarse = 600_000, 600
	switch typ {
	case 1, 2, 3:
		return dynamic{[2]int{38, 4}, [2]int{50, 10}, [2]int{116, 12}, [2]int{128, 9}, [2]int{137, 6}, 10, 10, true, fine}
	case 4, 11:
		return dynamic{sec: [2]int{72, 6}, position: true, perDegree: fine}
	case 9:
		return dynamic{sog: [2]int{50, 10}, cog: [2]int{116, 12}, sec: [2]int{128, 6}, sogScale: 1, cogScale: 10, position: true, perDegree: fine}
	case 18, 19:
		return dynamic{[2]int{}, [2]int{46, 10}, [2]int{112, 12}, [2]int{124, 9}, [2]int{133, 6}, 10, 10, true, fine}
	case 21:
		return dynamic{sec: [2]int{253, 6}, position: true, perDegree: fine}
	case 27:
		return dynamic{status: [2]int{40, 4}, sog: [2]int{79, 6}, cog: [2]int{85, 9}, sogScale: 1, cogScale: 1, position: true, perDegree: coarse}
	}
	return dynamic{}
}

// report writes what a station says of itself.
func (l *nmeaLines) report(payload []byte) {
	o, m := &l.obj, &l.msg
	d := dynamicOf(m.Type)
	code := func(at [2]int, emit func(v uint32)) {
		if v, ok := ais.Bits(payload, at[0], at[1]); ok && at[1] > 0 {
			emit(v)
		}
	}
	if d.position {
		o.float("lat", float64(m.LatRaw)/d.perDegree, 6)
		o.float("lon", float64(m.LonRaw)/d.perDegree, 6)
	}
	code(d.sog, func(v uint32) { o.float("sog", float64(v)/d.sogScale, 1) })
	code(d.cog, func(v uint32) { o.float("cog", float64(v)/d.cogScale, 1) })
	code(d.hdg, func(v uint32) { o.int("hdg", int64(v)) })
	code(d.sec, func(v uint32) { o.int("sec", int64(v)) })
	if d.position {
		o.bit("acc", m.Accuracy)
		o.bit("raim", m.RAIM)
	}
	code(d.status, func(v uint32) { o.int("status", int64(v)) })
	if m.Known(ais.HasROT) {
		if turn, known := m.RateOfTurn(); known {
			o.float("turn", turn, 1)
		} else { // faster than can be measured
			o.float("turn", float64(m.ROT), 1)
		}
		o.int("rot", int64(m.ROT))
	}
	if m.Known(ais.HasAltitude) {
		o.float("alt", float64(m.Altitude), 0)
	}
	if m.Known(ais.HasUTC) {
		o.text("utc", m.UTC.Format(time.RFC3339))
	}
	if m.Type == 27 {
		o.bool("late", m.Latency)
	}
	l.static()
}

// static writes what the crew entered.
func (l *nmeaLines) static() {
	o, m := &l.obj, &l.msg
	part := func(p ais.Part) bool { return m.Type == 24 && m.Part == p }
	voyage, partB := m.Type == 5, part(ais.PartB)
	if voyage || m.Type == 19 || m.Type == 21 || part(ais.PartA) {
		o.text("name", m.Name.String())
	}
	if voyage || partB {
		o.text("callsign", m.Callsign.String())
	}
	if voyage {
		o.int("imo", int64(m.IMO))
	}
	if voyage || m.Type == 19 || partB {
		o.int("shiptype", int64(m.ShipType))
	}
	if voyage {
		o.text("dest", m.Destination.String())
		o.float("draught", float64(m.Draught), 1)
	}
	if voyage || m.Type == 19 || m.Type == 21 || partB && !m.Known(ais.HasMotherShip) {
		o.int("bow", int64(m.Dimensions.Bow))
		o.int("stern", int64(m.Dimensions.Stern))
		o.int("port", int64(m.Dimensions.Port))
		o.int("starboard", int64(m.Dimensions.Starboard))
	}
	if m.Known(ais.HasETADate) {
		o.text("eta_date", fmt.Sprintf("%02d-%02d", m.ETA.Month, m.ETA.Day))
	}
	if m.Known(ais.HasETATime) {
		o.text("eta_time", fmt.Sprintf("%02d:%02d", m.ETA.Hour, m.ETA.Minute))
	}
	if m.Known(ais.HasVendor) {
		o.text("vendor", m.Vendor.String())
	}
	if m.Known(ais.HasMotherShip) {
		o.int("mothership", int64(m.MotherShip))
	}
	if m.Known(ais.HasEPFD) {
		o.int("epfd", int64(m.EPFD))
	}
	if m.Known(ais.HasAtoN) {
		o.int("aid_type", int64(m.AtoN.Type))
		o.bool("off_position", m.AtoN.OffPosition)
		o.bool("virtual", m.AtoN.Virtual)
	}
}

// other writes what the remaining types say.
func (l *nmeaLines) other() {
	o, x := &l.obj, &l.extra
	if len(x.To) > 0 {
		o.key("to")
		o.b = append(o.b, '[')
		for i := range x.To {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = strconv.AppendInt(o.b, int64(x.To[i].MMSI), 10)
		}
		o.b = append(o.b, ']')
	}
	if x.HasApplication {
		o.int("dac", int64(x.DAC))
		o.int("fi", int64(x.FI))
	}
	if l.msg.Type == 12 || l.msg.Type == 14 {
		o.text("text", string(x.Text))
	}
	if x.HasPosition {
		o.float("ref_lat", x.Position.LatDeg, 4)
		o.float("ref_lon", x.Position.LonDeg, 4)
	}
	if x.HasArea {
		o.float("north", x.NorthEast.LatDeg, 4)
		o.float("east", x.NorthEast.LonDeg, 4)
		o.float("south", x.SouthWest.LatDeg, 4)
		o.float("west", x.SouthWest.LonDeg, 4)
	}
	if x.DataBits > 0 {
		o.int("bits", int64(x.DataBits))
		o.octets("data", x.Data)
	}
}

// Stats implements Decoder.
func (l *nmeaLines) Stats() any {
	s := &l.stats
	s.Senders, s.Types = len(l.seen), map[string]int{}
	for typ, n := range s.types {
		if n > 0 {
			s.Types[strconv.Itoa(typ)] = n
		}
	}
	return s
}
