// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Dialogue is one step of the lead dialogue (after AIDC and OLDI).
type Dialogue struct {
	Incident []Ref    `cbor:"1,keyasint" json:"incident"` // the joint incident as the sender knows it
	Step     string   `cbor:"2,keyasint" json:"step"`     // one of Steps
	Epoch    uint32   `cbor:"3,keyasint" json:"epoch"`    // that the lead gets when the dialogue ends well; notify: of the sender's lead, 0 when not agreed
	Lead     party.ID `cbor:"4,keyasint" json:"lead"`     // who shall lead when it ends well; notify: the sender
	Giver    party.ID `cbor:"5,keyasint" json:"giver"`    // who leads until the giver holds the ASSUME; notify: the receiver
	Reason   string   `cbor:"6,keyasint,omitempty" json:"reason,omitempty"`
	// Of is the step that a receipt or a refusal is about.
	Of string `cbor:"7,keyasint,omitempty" json:"of,omitempty"`
	// Base is the epoch of the lead that the sender of a proposal holds as
	// confirmed; 0 for none.
	Base uint32 `cbor:"8,keyasint,omitempty" json:"base,omitempty"`
	// Known is the highest epoch that who refuses knows: a new proposal must be
	// above it.
	Known uint32 `cbor:"9,keyasint,omitempty" json:"known,omitempty"`
	// Answers is the epoch of the proposal that a counter-proposal answers.
	Answers uint32     `cbor:"10,keyasint,omitempty" json:"answers,omitempty"`
	At      *time.Time `cbor:"11,keyasint,omitempty" json:"at,omitempty"`     // agreed time of the hand-over
	Place   string     `cbor:"12,keyasint,omitempty" json:"place,omitempty"`  // agreed place: its id in the zone pack
	Cell    *Cell      `cbor:"13,keyasint,omitempty" json:"cell,omitempty"`   // or a place of its own, as coarse as the policy makes it
	Spoken  *time.Time `cbor:"14,keyasint,omitempty" json:"spoken,omitempty"` // voice: when it was agreed
	Claim   string     `cbor:"15,keyasint,omitempty" json:"claim,omitempty"`  // notify: one of Claims
	Seq     uint32     `cbor:"16,keyasint,omitempty" json:"seq,omitempty"`    // notify, and receipts of it: rises with each claim of the sender
}

// Steps lists the steps of the lead dialogue: those of people and machines
// first, then the machine's answers to a step, then those of a voice agreement.
func Steps() []string {
	return []string{
		"notify", "propose", "standby", "accept", "counter", "reject", "assume", "confirm", "cancel", "timeout",
		"receipt", "refuse", "voice", "countersign",
	}
}

// Claims lists what a party tells of its own lead.
func Claims() []string { return []string{"leads", "means", "released"} }

func (d *Dialogue) utc(own func(*time.Time)) {
	if d == nil {
		return
	}
	for _, t := range []*time.Time{d.At, d.Spoken} {
		if t != nil {
			own(t)
		}
	}
}

func (d *Dialogue) validate() error {
	if !slices.Contains(Steps(), d.Step) {
		return fmt.Errorf("dialogue step %q unknown", d.Step)
	}
	for _, p := range []party.ID{d.Lead, d.Giver} {
		if _, err := party.Parse(string(p)); err != nil {
			return err
		}
	}
	answer := d.Step == "receipt" || d.Step == "refuse"
	if answer != slices.Contains(Steps(), d.Of) || d.Of == "receipt" || d.Of == "refuse" {
		return fmt.Errorf("a %s is of the step %q", d.Step, d.Of)
	}
	if (d.Step == "notify") != slices.Contains(Claims(), d.Claim) {
		return fmt.Errorf("a %s claims %q", d.Step, d.Claim)
	}
	if (d.Step == "voice") != (d.Spoken != nil) || (d.Step == "counter") != (d.Answers != 0) {
		return errors.New("a field of another step, or one of its own is missing")
	}
	return errors.Join(d.terms(), refs(d.Incident), texts(d.Reason, d.Place))
}

// terms refuses a time and a place that no proposal may carry.
func (d *Dialogue) terms() error {
	for _, t := range []*time.Time{d.At, d.Spoken} {
		if t != nil && !inOurTime(*t) {
			return errors.New("time out of range")
		}
	}
	if (d.At != nil || d.Place != "" || d.Cell != nil) && d.Step != "propose" && d.Step != "counter" {
		return errors.New("a place or a time without proposal")
	}
	if (d.Place != "" || d.Cell != nil) && d.At == nil {
		return errors.New("a place without a time")
	}
	if d.Place != "" && d.Cell != nil {
		return errors.New("two places")
	}
	if d.Cell != nil {
		return d.Cell.validate()
	}
	return nil
}
