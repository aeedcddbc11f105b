// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// KindPlan is about the joint plan: the originator's own declaration, a part of
// it, or the notice that it ends.
const KindPlan Kind = 13

// PlanPreamble stands at the head of each declaration. It is no operative part.
const PlanPreamble = "Made without prejudice to any claim to territory, waters or airspace, and to the position of either party on any question of law or status."

// Digest is a SHA-256.
type Digest [32]byte

// String returns the digest as 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText returns the digest as 64 hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) != 2*len(d) {
		return fmt.Errorf("digest: want %d hexadecimal digits, got %d characters", 2*len(d), len(b))
	}
	_, err := hex.Decode(d[:], b)
	return err
}

// The acts of a Plan.
const (
	PlanDeclare = "declare" // what parts there are; their texts travel apart
	PlanText    = "part"    // the text of one part
	PlanEnd     = "end"     // the declaration stands no longer from Ends on
)

// PlanParts lists the operative parts of a declaration, in order.
func PlanParts() []string {
	return []string{"sectors", "lines", "thresholds", "timers", "broken-line", "phrasebook", "contacts", "proof"}
}

// MaxPlanText is how long the text of one part may be, in octets.
const MaxPlanText = 12 << 10

// Plan is one record about the originator's own declaration.
type Plan struct {
	Act      string     `cbor:"1,keyasint" json:"act"`
	Number   uint32     `cbor:"2,keyasint" json:"number"`                       // of the declaration; rises at the originator
	Preamble string     `cbor:"3,keyasint,omitempty" json:"preamble,omitempty"` // declare: PlanPreamble
	Comment  string     `cbor:"4,keyasint,omitempty" json:"comment,omitempty"`  // declare: not operative
	Parts    []PlanPart `cbor:"5,keyasint,omitempty" json:"parts,omitempty"`    // declare, in the order of PlanParts
	Name     string     `cbor:"6,keyasint,omitempty" json:"name,omitempty"`     // part
	Text     []byte     `cbor:"7,keyasint,omitempty" json:"text,omitempty"`     // part: canonical, see package plan
	Ends     *time.Time `cbor:"8,keyasint,omitempty" json:"ends,omitempty"`     // end
}

// PlanPart names one operative part and the SHA-256 of its text.
type PlanPart struct {
	Name   string `cbor:"1,keyasint" json:"name"`
	Digest Digest `cbor:"2,keyasint" json:"digest"`
}

func (p *Plan) validate() error {
	if p.Number == 0 {
		return errors.New("declaration without number")
	}
	declare, part, end := p.Act == PlanDeclare, p.Act == PlanText, p.Act == PlanEnd
	switch {
	case !declare && !part && !end:
		return fmt.Errorf("act %q unknown", p.Act)
	case declare != (p.Preamble == PlanPreamble), !declare && (p.Preamble != "" || p.Comment != ""), declare != (len(p.Parts) > 0):
		return errors.New("a declaration has preamble and parts, and nothing else has")
	case part != (p.Name != ""), part != (len(p.Text) > 0), len(p.Text) > MaxPlanText:
		return errors.New("a part has name and text, and nothing else has")
	case part && !slices.Contains(PlanParts(), p.Name):
		return fmt.Errorf("part %q unknown", p.Name)
	case end != (p.Ends != nil), end && !inOurTime(*p.Ends):
		return errors.New("an end has a date, and nothing else has")
	}
	last := -1
	for _, l := range p.Parts {
		at := slices.Index(PlanParts(), l.Name)
		if at <= last {
			return fmt.Errorf("part %q unknown, twice or out of order", l.Name)
		}
		last = at
	}
	return texts(p.Comment)
}
