// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Input is the only thing that changes the engine. Exactly one of the pointers
// is set. Every input is on the tape before it is stepped.
type Input struct {
	At      time.Time    `cbor:"1,keyasint"` // the node's time when it came in, UTC
	Frame   *frame.Frame `cbor:"2,keyasint,omitempty"`
	Partner *Partner     `cbor:"3,keyasint,omitempty"`
	Command *Command     `cbor:"4,keyasint,omitempty"`
	Config  *Config      `cbor:"5,keyasint,omitempty"`
	Event   *Event       `cbor:"6,keyasint,omitempty"`
	Tick    *Tick        `cbor:"7,keyasint,omitempty"`
}

// Partner is one record from a partner. The tape holds the reference and never
// the content: Body is read from the inbox when the input is stepped or
// replayed, and is nil when its key was destroyed.
type Partner struct {
	From party.ID    `cbor:"1,keyasint"`
	Lane record.Lane `cbor:"2,keyasint"`
	Seq  uint64      `cbor:"3,keyasint"` // place in the inbox's lane
	Body []byte      `cbor:"-"`
}

// Tick tells that it is Input.At now, and that all frames up to then are in.
type Tick struct{}

// Command is a person's act. By and Role are the session's, not the client's
// word.
type Command struct {
	Verb     string    `cbor:"1,keyasint" json:"verb"`
	By       string    `cbor:"2,keyasint" json:"-"`
	Role     string    `cbor:"3,keyasint" json:"-"`
	Desk     string    `cbor:"4,keyasint,omitempty" json:"desk,omitempty"`
	Track    uint32    `cbor:"5,keyasint,omitempty" json:"track,omitempty"`
	Tracks   []uint32  `cbor:"6,keyasint,omitempty" json:"tracks,omitempty"`
	Incident uint32    `cbor:"7,keyasint,omitempty" json:"incident,omitempty"`
	From     uint32    `cbor:"8,keyasint,omitempty" json:"from,omitempty"` // merge: this incident into Incident
	Partner  party.ID  `cbor:"9,keyasint,omitempty" json:"partner,omitempty"`
	Lead     party.ID  `cbor:"10,keyasint,omitempty" json:"lead,omitempty"`
	Standard string    `cbor:"11,keyasint,omitempty" json:"standard,omitempty"`
	Type     string    `cbor:"12,keyasint,omitempty" json:"type,omitempty"`
	Presumed bool      `cbor:"13,keyasint,omitempty" json:"presumed,omitempty"`
	Posture  string    `cbor:"14,keyasint,omitempty" json:"posture,omitempty"`
	Outcome  string    `cbor:"15,keyasint,omitempty" json:"outcome,omitempty"`
	Text     string    `cbor:"16,keyasint,omitempty" json:"text,omitempty"`
	Domain   string    `cbor:"17,keyasint,omitempty" json:"domain,omitempty"`
	Lat      *float64  `cbor:"18,keyasint,omitempty" json:"lat,omitempty"`
	Lon      *float64  `cbor:"19,keyasint,omitempty" json:"lon,omitempty"`
	Time     string    `cbor:"20,keyasint,omitempty" json:"time,omitempty"` // RFC 3339, of the event
	Entry    uint64    `cbor:"21,keyasint,omitempty" json:"entry,omitempty"`
	Alarm    string    `cbor:"22,keyasint,omitempty" json:"alarm,omitempty"`
	Contact  string    `cbor:"23,keyasint,omitempty" json:"contact,omitempty"`
	Persons  *uint16   `cbor:"24,keyasint,omitempty" json:"persons,omitempty"`
	Exercise bool      `cbor:"25,keyasint,omitempty" json:"exercise,omitempty"`
	Plan     *PlanArgs `cbor:"29,keyasint,omitempty" json:"plan,omitempty"`

	Recall   *RecallArgs   `cbor:"30,keyasint,omitempty" json:"recall,omitempty"`
	Support  *SupportArgs  `cbor:"28,keyasint,omitempty" json:"support,omitempty"`
	Policy   *PolicyAct    `cbor:"33,keyasint,omitempty" json:"policy,omitempty"`
	Activity *ActivityArgs `cbor:"27,keyasint,omitempty" json:"activity,omitempty"`
	Area     *AreaArgs     `cbor:"32,keyasint,omitempty" json:"area,omitempty"`
	Message  *MessageArgs  `cbor:"26,keyasint,omitempty" json:"message,omitempty"`
	Dialogue *Dialogue     `cbor:"31,keyasint,omitempty" json:"lead_args,omitempty"` // propose, counter: agreed time and place
}

// Event is what the node saw of its own adapters.
type Event struct {
	Kind    string   `cbor:"1,keyasint"` // "link", "feed", "store", "journal", "refused", "sent", "pressure", "flow"
	Partner party.ID `cbor:"2,keyasint,omitempty"`
	Feed    string   `cbor:"3,keyasint,omitempty"`
	State   string   `cbor:"4,keyasint,omitempty"` // link: up|degraded|down|stopped; feed: up|down; store: ok|failed
	Problem string   `cbor:"5,keyasint,omitempty"`
	Reason  string   `cbor:"6,keyasint,omitempty"` // refused: why, by the feed's framing
	Offset  int64    `cbor:"7,keyasint,omitempty"`
	Count   uint64   `cbor:"8,keyasint,omitempty"` // refused: frames; sent: messages in the outbox that are not sent
}

// errMany is a bug in the caller: an input with none or several bodies.
var errMany = errors.New("input needs exactly one body")

func (in *Input) bodies() int {
	n := 0
	for _, set := range []bool{in.Frame != nil, in.Partner != nil, in.Command != nil, in.Config != nil, in.Event != nil, in.Tick != nil} {
		if set {
			n++
		}
	}
	return n
}

// MarshalInput returns in as the tape keeps it.
func MarshalInput(in *Input) ([]byte, error) {
	if in.bodies() != 1 {
		return nil, errMany
	}
	return tapeEnc.Marshal(in)
}

// UnmarshalInput reads what MarshalInput wrote.
func UnmarshalInput(b []byte) (*Input, error) {
	var in Input
	if err := tapeDec.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("read input from tape: %w", err)
	}
	if in.bodies() != 1 {
		return nil, fmt.Errorf("read input from tape: %w", errMany)
	}
	in.At = in.At.UTC()
	if in.Frame != nil {
		in.Frame.Received = in.Frame.Received.UTC()
	}
	return &in, nil
}

var (
	tapeEnc = must(cbor.EncOptions{Sort: cbor.SortCoreDeterministic, Time: cbor.TimeRFC3339NanoUTC}.EncMode())
	tapeDec = must(cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic(err) // constant options: a bug in this file
	}
	return m
}
