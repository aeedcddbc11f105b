// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// Limits of an [Assembler].
const (
	// MaxPending is how many incomplete messages are kept. The oldest goes
	// first.
	MaxPending = 64
	// MaxAge is how long the rest of a message is waited for.
	MaxAge = 2 * time.Second
	// MaxSwap is how long a part may come before one that goes ahead of it: two
	// datagrams that overtook each other. A part that is older is the rest of a
	// message whose beginning was lost.
	MaxSwap = 250 * time.Millisecond

	maxFragments = 9
)

// Assembler joins the fragments of long messages. Fragments belong together
// when source, talker, formatter, sequence number, channel, total, tag block
// group and, where both name one, station are the same; they may come in any
// order within [MaxSwap]. It holds at most [MaxPending] messages for at most [MaxAge]. The
// zero value is ready. It is not for use by several goroutines at once.
type Assembler struct {
	slots []pending // slots[:used] are waiting; the rest keeps its memory
	used  int
	out   []byte
	stat  []byte
	lost  uint64
}

type key struct {
	source    string
	talker    Talker
	formatter Formatter
	total     int
	seq       int
	channel   byte
	group     Group // Number is 0
}

type pending struct {
	key     key
	started time.Time
	station []byte
	hasTime bool
	time    time.Time
	fill    int
	have    uint16 // bit i: fragment i+1 is there
	frags   [maxFragments][]byte
	size    int
}

// Lost returns how many messages were given up because a part was missing.
func (a *Assembler) Lost() uint64 { return a.lost }

// Push takes a parsed sentence that arrived at now from source, and returns
// the armoured payload of the message it completes. Source is any name for
// the connection, so that feeds never mix. On completion the time and station
// of earlier fragments stand in s.Tag where s had none. The payload and the
// station are good until the next Push.
func (a *Assembler) Push(now time.Time, source string, s *Sentence) (payload []byte, fill int, complete bool, err error) {
	if s.Total < 1 || s.Total > maxFragments || s.Number < 1 || s.Number > s.Total {
		return nil, 0, false, &Error{0, ReasonFragment}
	}
	if s.Total == 1 {
		return s.Payload, s.Fill, true, nil
	}
	if s.Number < s.Total && s.Fill != 0 {
		return nil, 0, false, &Error{0, ReasonFill}
	}
	a.expire(now)
	p := a.find(now, source, s)
	i := s.Number - 1
	if p.have>>s.Number != 0 && now.Sub(p.started) > MaxSwap {
		a.lost++
		p.begin(p.key, now)
	}
	if p.have&(1<<i) != 0 {
		if bytes.Equal(p.frags[i], s.Payload) {
			return nil, 0, false, nil // heard twice
		}
		// The sequence number came round: a new message begins.
		a.lost++
		p.begin(p.key, now)
	}
	p.add(i, s)
	if p.size > MaxPayload {
		a.drop(p)
		a.lost++
		return nil, 0, false, &Error{0, ReasonPayloadSize}
	}
	if p.have != 1<<s.Total-1 {
		return nil, 0, false, nil
	}
	a.out = a.out[:0]
	for _, f := range p.frags[:s.Total] {
		a.out = append(a.out, f...)
	}
	fill = p.fill
	if !s.Tag.HasTime {
		s.Tag.HasTime, s.Tag.Time = p.hasTime, p.time
	}
	if s.Tag.Source == nil && len(p.station) > 0 {
		a.stat = append(a.stat[:0], p.station...)
		s.Tag.Source = a.stat
	}
	a.drop(p)
	return a.out, fill, true, nil
}

func keyOf(source string, s *Sentence) key {
	g := s.Tag.Group
	g.Number = 0
	return key{source, s.Talker, s.Formatter, s.Total, s.Seq, s.Channel, g}
}

// find returns the message that s belongs to, a new one if there is none.
func (a *Assembler) find(now time.Time, source string, s *Sentence) *pending {
	k := keyOf(source, s)
	for i := range a.slots[:a.used] {
		p := &a.slots[i]
		other := s.Tag.Source != nil && len(p.station) > 0 && !bytes.Equal(s.Tag.Source, p.station)
		if p.key == k && !other {
			return p
		}
	}
	if a.used == MaxPending {
		oldest := 0
		for i := range a.slots {
			if a.slots[i].started.Before(a.slots[oldest].started) {
				oldest = i
			}
		}
		a.drop(&a.slots[oldest])
		a.lost++
	}
	if a.used == len(a.slots) {
		a.slots = append(a.slots, pending{})
	}
	p := &a.slots[a.used]
	a.used++
	p.begin(k, now)
	return p
}

// expire drops what has waited too long, or would after the clock went back.
func (a *Assembler) expire(now time.Time) {
	for i := 0; i < a.used; {
		if age := now.Sub(a.slots[i].started); age > MaxAge || age < -MaxAge {
			a.drop(&a.slots[i])
			a.lost++
			continue
		}
		i++
	}
}

// drop frees p's place and keeps its memory.
func (a *Assembler) drop(p *pending) {
	a.used--
	last := &a.slots[a.used]
	*p, *last = *last, *p
}

func (p *pending) begin(k key, now time.Time) {
	p.key, p.started = k, now.Round(0).UTC() // as a snapshot keeps it
	p.station = p.station[:0]
	p.hasTime, p.time = false, time.Time{}
	p.fill, p.have, p.size = 0, 0, 0
}

func (p *pending) add(i int, s *Sentence) {
	p.frags[i] = append(p.frags[i][:0], s.Payload...)
	p.size += len(s.Payload)
	p.have |= 1 << i
	if s.Number == s.Total {
		p.fill = s.Fill
	}
	if s.Tag.HasTime && !p.hasTime {
		p.hasTime, p.time = true, s.Tag.Time
	}
	if len(p.station) == 0 {
		p.station = append(p.station[:0], s.Tag.Source...)
	}
}

// Pending is one incomplete message in a snapshot.
type Pending struct {
	Source    string            `json:"source"`
	Talker    string            `json:"talker"`
	Formatter Formatter         `json:"formatter"`
	Total     int               `json:"total"`
	Seq       int               `json:"seq"`
	Channel   byte              `json:"channel,omitempty"`
	Group     Group             `json:"group"`
	Started   time.Time         `json:"started"`
	Station   string            `json:"station,omitempty"`
	Time      *time.Time        `json:"time,omitempty"`
	Fill      int               `json:"fill,omitempty"`
	Fragments []PendingFragment `json:"fragments"`
}

// PendingFragment is one part of a [Pending] message.
type PendingFragment struct {
	Number  int    `json:"number"`
	Payload string `json:"payload"`
}

// AssemblerState is a snapshot of an [Assembler]. The same pushes give the
// same state.
type AssemblerState struct {
	Lost    uint64    `json:"lost"`
	Pending []Pending `json:"pending,omitempty"`
}

// Snapshot returns a copy of the state.
func (a *Assembler) Snapshot() AssemblerState {
	st := AssemblerState{Lost: a.lost}
	for i := range a.slots[:a.used] {
		p := &a.slots[i]
		out := Pending{
			Source: p.key.source, Talker: p.key.talker.String(), Formatter: p.key.formatter,
			Total: p.key.total, Seq: p.key.seq, Channel: p.key.channel, Group: p.key.group,
			Started: p.started, Station: string(p.station), Fill: p.fill,
		}
		if p.hasTime {
			t := p.time
			out.Time = &t
		}
		for j, f := range p.frags {
			if p.have&(1<<j) != 0 {
				out.Fragments = append(out.Fragments, PendingFragment{j + 1, string(f)})
			}
		}
		st.Pending = append(st.Pending, out)
	}
	return st
}

// Restore replaces the state by a snapshot, or refuses it and changes
// nothing.
func (a *Assembler) Restore(st AssemblerState) error {
	if len(st.Pending) > MaxPending {
		return fmt.Errorf("restore AIS assembler: %d messages, at most %d", len(st.Pending), MaxPending)
	}
	slots := make([]pending, len(st.Pending))
	for i := range st.Pending {
		if err := slots[i].restore(&st.Pending[i]); err != nil {
			return fmt.Errorf("restore AIS assembler: message %d: %w", i, err)
		}
	}
	*a = Assembler{slots: slots, used: len(slots), lost: st.Lost}
	return nil
}

func (p *pending) restore(in *Pending) error {
	if len(in.Talker) != 2 || in.Formatter != VDM && in.Formatter != VDO {
		return &Error{0, ReasonTalker}
	}
	if in.Total < 2 || in.Total > maxFragments || len(in.Fragments) == 0 || len(in.Fragments) >= in.Total {
		return &Error{0, ReasonFragment}
	}
	if in.Fill < 0 || in.Fill > 5 {
		return &Error{0, ReasonFill}
	}
	g := in.Group
	g.Number = 0
	p.begin(key{
		in.Source,
		Talker{in.Talker[0], in.Talker[1]},
		in.Formatter, in.Total, in.Seq, in.Channel, g,
	}, in.Started)
	p.station = []byte(in.Station)
	if in.Time != nil {
		p.hasTime, p.time = true, *in.Time
	}
	p.fill = in.Fill
	for _, f := range in.Fragments {
		i := f.Number - 1
		if i < 0 || i >= in.Total || p.have&(1<<i) != 0 {
			return &Error{0, ReasonFragment}
		}
		if slices.ContainsFunc([]byte(f.Payload), func(c byte) bool { return !armoured[c] }) {
			return &Error{0, ReasonPayload}
		}
		p.frags[i] = []byte(f.Payload)
		p.size += len(f.Payload)
		p.have |= 1 << i
	}
	if p.size > MaxPayload {
		return &Error{0, ReasonPayloadSize}
	}
	return nil
}
