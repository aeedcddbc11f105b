// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

// LinkFigures are what the node counts of a link beside the engine. Nothing
// depends on them, and none is taped.
type LinkFigures struct {
	Version  uint16    `json:"version,omitempty"` // of the protocol, in the last session
	Ours     *Versions `json:"ours,omitempty"`
	Theirs   *Versions `json:"theirs,omitempty"`  // as the partner last said
	ClockSec *float64  `json:"clock_s,omitempty"` // how far its clock is ahead of ours
	Outbox   *Share    `json:"outbox,omitempty"`  // what waits for its receipt
	Sent     *Share    `json:"sent_today,omitempty"`
	Received *Share    `json:"received_today,omitempty"`
	Rolling  bool      `json:"rolling,omitempty"` // our keys are being rolled over
	Reopen   bool      `json:"reopen,omitempty"`  // our log begins anew at the next session
	Agree    bool      `json:"agree,omitempty"`   // the partner's next epoch may be taken
}

// Versions is a range of versions of the link's protocol.
type Versions struct {
	Lowest  uint16 `json:"lowest"`
	Highest uint16 `json:"highest"`
}

// Share is how much of a bound is used; a bound of 0 is none.
type Share struct {
	Records    uint64 `json:"records"`
	MaxRecords uint64 `json:"max_records,omitempty"`
	Octets     uint64 `json:"octets"`
	MaxOctets  uint64 `json:"max_octets,omitempty"`
}

// flow notes whether the partner's counters move with ours. A line can be up
// while nothing gets through.
func (e *Engine) flow(ev *Event, out *Outputs) {
	l, ok := e.links[ev.Partner]
	if !ok || l.Flow == ev.State {
		return
	}
	l.Flow = ev.State
	out.Audit = append(out.Audit, Audit{e.now, "node", "flow-" + ev.State, string(ev.Partner)})
	e.system("flow/"+string(ev.Partner), "flow", string(ev.Partner), 2, ev.State != "ok")
}
