// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// maxStations bounds how many station names are kept, so that a name that
// comes again costs no memory.
const maxStations = 1024

// Decoder goes from received lines to checked messages: it parses sentences,
// joins fragments, decodes and applies a gate. One decoder serves one feed or
// several with the same gate. It is not for use by several goroutines at
// once.
type Decoder struct {
	assembler nmea.Assembler
	gate      *Gate
	stations  map[string]string
	sentence  nmea.Sentence
}

// NewDecoder returns a decoder with a gate of these limits, which must be
// valid.
func NewDecoder(cfg GateConfig) *Decoder {
	return &Decoder{gate: NewGate(cfg), stations: make(map[string]string)}
}

// Decode takes one line that arrived at now from source, the name of the
// connection. Complete reports that m holds a message; with an error besides,
// the message was refused. The error is an *[nmea.Error] or *[Error] for
// malformed input, a *[GateError] for what cannot be true, and
// [nmea.ErrOther] or [ErrUnsupported] for what is not decoded. The gate takes
// the time from the tag block where there is one. It does not allocate but
// for errors, new senders and new stations.
func (d *Decoder) Decode(now time.Time, source string, line []byte, m *Message) (complete bool, err error) {
	return d.DecodeWith(now, source, line, m, nil)
}

// DecodeWith is Decode that reads the types of [DecodeExtra] into x, unless
// that is nil.
func (d *Decoder) DecodeWith(now time.Time, source string, line []byte, m *Message, x *Extra) (complete bool, err error) {
	s := &d.sentence
	if err := nmea.Parse(line, s); err != nil {
		return false, err
	}
	payload, fill, complete, err := d.assembler.Push(now, source, s)
	if err != nil || !complete {
		return false, err
	}
	err = Decode(payload, fill, m)
	if x != nil {
		if x.reset(); err == ErrUnsupported {
			err = DecodeExtra(payload, fill, m, x)
		}
	}
	m.Own = s.Formatter == nmea.VDO
	m.Channel = s.Channel
	m.Station = d.intern(s.Tag.Source)
	if s.Tag.HasTime {
		m.Sent = s.Tag.Time
		m.Has |= HasSent
		now = s.Tag.Time
	}
	if err != nil {
		return m.Type != 0, err
	}
	return true, d.gate.Check(now, m)
}

func (d *Decoder) intern(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	if s, ok := d.stations[string(name)]; ok {
		return s
	}
	if len(d.stations) >= maxStations {
		clear(d.stations)
	}
	s := string(name)
	d.stations[s] = s
	return s
}

// State is a snapshot of a [Decoder]. The same lines give the same state.
type State struct {
	Assembler nmea.AssemblerState `json:"assembler"`
	Gate      GateState           `json:"gate"`
}

// Snapshot returns a copy of the state.
func (d *Decoder) Snapshot() State {
	return State{Assembler: d.assembler.Snapshot(), Gate: d.gate.Snapshot()}
}

// Restore replaces the state by a snapshot, or refuses it and changes
// nothing.
func (d *Decoder) Restore(st State) error {
	g := NewGate(d.gate.cfg)
	if err := g.Restore(st.Gate); err != nil {
		return err
	}
	if err := d.assembler.Restore(st.Assembler); err != nil {
		return err
	}
	d.gate = g
	return nil
}

// GateState is a snapshot of a [Gate].
type GateState struct {
	Senders []SenderState `json:"senders,omitempty"` // heard longest ago first
}

// SenderState is the last position of one sender.
type SenderState struct {
	MMSI        MMSI       `json:"mmsi"`
	At          time.Time  `json:"at"`
	Position    geo.Point  `json:"position"`
	Candidates  int        `json:"candidates,omitempty"`
	CandidateAt *time.Time `json:"candidate_at,omitempty"`
	Candidate   *geo.Point `json:"candidate,omitempty"`
}

// Snapshot returns a copy of the state.
func (g *Gate) Snapshot() GateState {
	var st GateState
	for i := g.oldest; i >= 0; i = g.senders[i].newer {
		s := &g.senders[i]
		out := SenderState{MMSI: s.mmsi, At: s.at, Position: s.pos, Candidates: s.candidates}
		if s.candidates > 0 {
			at, p := s.candidateAt, s.candidate
			out.CandidateAt, out.Candidate = &at, &p
		}
		st.Senders = append(st.Senders, out)
	}
	return st
}

// Restore replaces the state by a snapshot, or refuses it and changes
// nothing. Limits stay as they are.
func (g *Gate) Restore(st GateState) error {
	if len(st.Senders) > g.cfg.MaxSenders {
		return fmt.Errorf("restore AIS gate: %d senders, at most %d", len(st.Senders), g.cfg.MaxSenders)
	}
	next := NewGate(g.cfg)
	for _, in := range st.Senders {
		_, twice := next.index[in.MMSI]
		bad := twice || !in.Position.Valid() || in.Candidates < 0 || in.Candidates >= g.cfg.Reanchor ||
			in.Candidates > 0 && (in.Candidate == nil || in.CandidateAt == nil || !in.Candidate.Valid())
		if bad {
			return fmt.Errorf("restore AIS gate: bad entry for sender %s", in.MMSI)
		}
		next.add(in.At, &Message{MMSI: in.MMSI, Position: in.Position})
		if in.Candidates > 0 {
			s := &next.senders[next.newest]
			s.candidates, s.candidateAt, s.candidate = in.Candidates, *in.CandidateAt, *in.Candidate
		}
	}
	*g = *next
	return nil
}
