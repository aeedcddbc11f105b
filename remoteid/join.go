// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Aircraft is what one transmitter said of itself lately. A message is absent
// (Type and everything else zero, its time zero) where none came within the
// joiner's hold.
type Aircraft struct {
	Transmitter string
	IDs         []Message // basic IDs, one of each kind, in order of kind
	Location    Message
	System      Message
	Operator    Message
	Self        Message
	// When each was heard last.
	LocationAt, SystemAt, OperatorAt, SelfAt time.Time
}

// Joiner joins the messages of transmitters: a location carries no identity,
// and only the radio's address and the order of arrival tell whose it is. An
// address may change at any time; then the aircraft is another one here. It has
// one owner.
type Joiner struct {
	hold    time.Duration
	limit   int
	by      map[string]*heard
	evicted uint64
}

type heard struct {
	Aircraft
	idAt    []time.Time // beside IDs
	at      time.Time
	counter uint8
	counted bool
	payload []byte
}

// NewJoiner returns a joiner that remembers each message for hold and at most
// limit transmitters; beyond it the one that was heard least lately gives way.
func NewJoiner(hold time.Duration, limit int) *Joiner {
	return &Joiner{hold: hold, limit: max(limit, 1), by: make(map[string]*heard)}
}

// JoinerState is what a Joiner remembers, fit for JSON or CBOR.
type JoinerState struct {
	Evicted      uint64             `json:"evicted"`
	Transmitters []TransmitterState `json:"transmitters,omitempty"` // by address
}

// TransmitterState is what is remembered of one transmitter.
type TransmitterState struct {
	Transmitter string         `json:"transmitter"`
	AtNS        int64          `json:"at_ns"` // since 1970, as all its times
	Counter     uint8          `json:"counter"`
	Counted     bool           `json:"counted"`
	Payload     []byte         `json:"payload"`
	Messages    []MessageState `json:"messages,omitempty"`
}

// MessageState is one message, in its octets, and when it was heard.
type MessageState struct {
	Octets []byte `json:"octets"`
	AtNS   int64  `json:"at_ns"`
}

// Snapshot returns what j remembers. It shares nothing with j.
func (j *Joiner) Snapshot() JoinerState {
	s := JoinerState{Evicted: j.evicted}
	for _, k := range slices.Sorted(maps.Keys(j.by)) {
		h := j.by[k]
		t := TransmitterState{
			Transmitter: k, AtNS: h.at.UnixNano(), Counter: h.counter, Counted: h.counted, Payload: bytes.Clone(h.payload),
		}
		keep := func(m *Message, at time.Time) {
			if at.IsZero() {
				return
			}
			// What was decoded can be encoded; the octets are those that count.
			if b, err := encode(nil, m, true); err == nil {
				t.Messages = append(t.Messages, MessageState{b, at.UnixNano()})
			}
		}
		for i := range h.IDs {
			keep(&h.IDs[i], h.idAt[i])
		}
		for _, p := range h.parts() {
			keep(p.m, *p.at)
		}
		s.Transmitters = append(s.Transmitters, t)
	}
	return s
}

// Restore replaces what j remembers. On an error j is as it was.
func (j *Joiner) Restore(s JoinerState) error {
	if len(s.Transmitters) > j.limit {
		return fmt.Errorf("restore joiner: %d transmitters, want at most %d", len(s.Transmitters), j.limit)
	}
	by := make(map[string]*heard, len(s.Transmitters))
	for _, t := range s.Transmitters {
		h := &heard{
			Aircraft: Aircraft{Transmitter: t.Transmitter}, at: time.Unix(0, t.AtNS).UTC(),
			counter: t.Counter, counted: t.Counted, payload: bytes.Clone(t.Payload),
		}
		for _, o := range t.Messages {
			var m Message
			if err := Decode(o.Octets, &m); err != nil {
				return fmt.Errorf("restore joiner: %w", err)
			}
			h.put(&m, time.Unix(0, o.AtNS).UTC())
		}
		by[t.Transmitter] = h
	}
	j.by, j.evicted = by, s.Evicted
	return nil
}

// Evicted counts transmitters that gave way to others.
func (j *Joiner) Evicted() uint64 { return j.evicted }

// Take adds the messages of a beacon that was heard at now, and returns what is
// known of its transmitter, the IDs good until the next Take. fresh is false where
// the beacon repeats the last one: the same counter and the same octets.
func (j *Joiner) Take(b *Beacon, list []Message, now time.Time) (a Aircraft, fresh bool) {
	h, ok := j.by[string(b.Transmitter)]
	if !ok {
		j.makeRoom()
		h = &heard{Aircraft: Aircraft{Transmitter: string(b.Transmitter)}}
		j.by[h.Transmitter] = h
	}
	fresh = !ok || h.counted != b.HasCounter || h.counter != b.Counter || !bytes.Equal(h.payload, b.Payload)
	h.at, h.counter, h.counted = now, b.Counter, b.HasCounter
	h.payload = append(h.payload[:0], b.Payload...)
	for i := range list {
		h.put(&list[i], now)
	}
	h.forget(now.Add(-j.hold))
	return h.Aircraft, fresh
}

func (j *Joiner) makeRoom() {
	if len(j.by) < j.limit {
		return
	}
	oldest := ""
	for k, h := range j.by {
		o := j.by[oldest]
		if o == nil || h.at.Before(o.at) || (h.at.Equal(o.at) && k < oldest) {
			oldest = k
		}
	}
	delete(j.by, oldest)
	j.evicted++
}

func (h *heard) put(m *Message, now time.Time) {
	switch m.Type {
	case TypeBasicID:
		h.putID(m, now)
	case TypeLocation:
		h.Location, h.LocationAt = *m, now
	case TypeSystem:
		h.System, h.SystemAt = *m, now
	case TypeOperatorID:
		h.Operator, h.OperatorAt = *m, now
	case TypeSelfID:
		h.Self, h.SelfAt = *m, now
	}
}

func (h *heard) putID(m *Message, now time.Time) {
	i := 0
	for i < len(h.IDs) && h.IDs[i].IDType < m.IDType {
		i++
	}
	if i == len(h.IDs) || h.IDs[i].IDType != m.IDType {
		h.IDs = append(h.IDs, Message{})
		h.idAt = append(h.idAt, time.Time{})
		copy(h.IDs[i+1:], h.IDs[i:])
		copy(h.idAt[i+1:], h.idAt[i:])
	}
	h.IDs[i], h.idAt[i] = *m, now
}

// forget drops what was heard before then.
func (h *heard) forget(then time.Time) {
	n := 0
	for i := range h.IDs {
		if !h.idAt[i].Before(then) {
			h.IDs[n], h.idAt[n] = h.IDs[i], h.idAt[i]
			n++
		}
	}
	h.IDs, h.idAt = h.IDs[:n], h.idAt[:n]
	for _, p := range h.parts() {
		if p.at.Before(then) {
			*p.m, *p.at = Message{}, time.Time{}
		}
	}
}

// part is one message of an aircraft and when it was heard.
type part struct {
	m  *Message
	at *time.Time
}

// parts returns the messages of which there is one each.
func (h *heard) parts() [4]part {
	return [...]part{{&h.Location, &h.LocationAt}, {&h.System, &h.SystemAt}, {&h.Operator, &h.OperatorAt}, {&h.Self, &h.SelfAt}}
}
