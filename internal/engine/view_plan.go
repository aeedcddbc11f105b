// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"maps"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
)

// PlanView is the joint plan with one partner: both declarations, side by side.
type PlanView struct {
	Party    party.ID         `json:"party"`
	State    string           `json:"state"` // "none", "ours", "theirs", "mismatch", "in-force", "ended"
	Since    *time.Time       `json:"since,omitempty"`
	Ours     *DeclarationView `json:"ours,omitempty"`
	Theirs   *DeclarationView `json:"theirs,omitempty"`
	Arriving bool             `json:"arriving,omitempty"` // a newer declaration of the partner is not whole yet
	Parts    []plan.Part      `json:"parts"`
	Applies  bool             `json:"applies"` // sectors and timers are the plan's; else our own
	T1S      float64          `json:"t1_s"`    // the timers that count now, seconds
	T2S      float64          `json:"t2_s"`
	Prepared bool             `json:"prepared,omitempty"` // our plan file has a plan with this partner
	Changed  bool             `json:"changed,omitempty"`  // and it differs from what we declare
	Can      []string         `json:"can"`                // verbs that fit now
}

// DeclarationView is one side's declaration without its texts.
type DeclarationView struct {
	Number   uint32     `json:"number"`
	Comment  string     `json:"comment,omitempty"`
	Exercise bool       `json:"exercise,omitempty"`
	At       time.Time  `json:"at"`
	Ends     *time.Time `json:"ends,omitempty"`
}

func declarationView(d *plan.Declaration) *DeclarationView {
	if d == nil {
		return nil
	}
	return &DeclarationView{Number: d.Number, Comment: d.Comment, Exercise: d.Exercise, At: d.At, Ends: d.Ends}
}

func (e *Engine) viewPlans(v *View) {
	for _, id := range e.cfg.Partners {
		p := e.joint.Pair(id)
		x := PlanView{
			Party: id, State: p.State, Ours: declarationView(p.Ours), Theirs: declarationView(p.Their), Arriving: p.Next != nil,
			Parts: plan.Compare(p.Ours, p.Their), T1S: e.cfg.T1.Seconds(), T2S: e.cfg.T2.Seconds(), Can: []string{},
		}
		if p.State != plan.None {
			x.Since = &p.Since
		}
		if t, ok := e.agreed(id); ok {
			x.Applies = true
			if t.T1 > 0 {
				x.T1S, x.T2S = t.T1.Seconds(), t.T2.Seconds()
			}
		}
		if in, ok := e.intent(id); ok {
			x.Prepared = true
			live := p.Ours != nil && p.Ours.Ends == nil
			x.Changed = live && !maps.EqualFunc(p.Ours.Texts, in.Texts, bytes.Equal)
			if !live || x.Changed {
				x.Can = append(x.Can, "plan-declare")
			}
		}
		if p.Ours != nil && (p.Ours.Ends == nil || e.now.Before(*p.Ours.Ends)) {
			x.Can = append(x.Can, "plan-end")
		}
		v.Plans = append(v.Plans, x)
	}
}
