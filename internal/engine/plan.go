// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// PlanArgs are the arguments of plan-end.
type PlanArgs struct {
	Ends string `cbor:"1,keyasint,omitempty" json:"ends,omitempty"` // RFC 3339; absent: at once
}

// parseJoint reads what we would declare, by the zones and rules in use.
func (c *Config) parseJoint(self party.ID, p *parts) (*plan.File, error) {
	if c.Joint == nil {
		return &plan.File{}, nil
	}
	var rules struct {
		Rules []struct {
			ID         string                     `json:"id"`
			Parameters map[string]json.RawMessage `json:"parameters"`
		} `json:"rules"`
	}
	if err := json.Unmarshal(c.Rules.Data, &rules); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Rules.Name, err)
	}
	f, err := plan.Parse(c.Joint.Name, c.Joint.Data, self, plan.Uses{
		Zone: func(id string) (string, bool) {
			z, ok := p.zones.Zone(zone.ID(id))
			if !ok {
				return "", false
			}
			return z.Version, true
		},
		Rule: func(id string) (map[string]string, bool) {
			for _, r := range rules.Rules {
				if r.ID == id {
					return compactAll(r.Parameters), true
				}
			}
			return nil, false
		},
		Phrasebook: p.phrases.Edition(),
	})
	if err != nil {
		return nil, err
	}
	for _, in := range f.Plans {
		if !slices.Contains(c.Partners, in.With) {
			return nil, fmt.Errorf("%s: a plan with %q, which is no partner", c.Joint.Name, in.With)
		}
	}
	return f, nil
}

func compactAll(m map[string]json.RawMessage) map[string]string {
	out := make(map[string]string, len(m))
	for k, raw := range m {
		var b bytes.Buffer
		if json.Compact(&b, raw) == nil { // what was parsed is JSON
			out[k] = b.String()
		}
	}
	return out
}

// planNumber numbers a record of a declaration: each is a thing of its own.
func planNumber(m *record.Plan) uint64 {
	place := 0
	switch m.Act {
	case record.PlanText:
		place = 1 + slices.Index(record.PlanParts(), m.Name)
	case record.PlanEnd:
		place = 255
	}
	return uint64(m.Number)<<8 | uint64(place)
}

// sayPlan tells a partner one record of our declaration.
func (e *Engine) sayPlan(to party.ID, m record.Plan, exercise bool, out *Outputs) bool {
	err := e.release.Say(to, record.KindPlan, planNumber(&m), record.Record{Plan: &m}, release.Facts{Exercise: exercise}, e.now)
	if err != nil {
		out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
	}
	return err == nil
}

// intent returns what our plan file would declare to a partner.
func (e *Engine) intent(with party.ID) (plan.Intent, bool) {
	i := slices.IndexFunc(e.intents, func(in plan.Intent) bool { return in.With == with })
	if i < 0 {
		return plan.Intent{}, false
	}
	return e.intents[i], true
}

// actPlanDeclare makes what the plan file says our declaration.
func (e *Engine) actPlanDeclare(c *Command, out *Outputs) string {
	if e.links[c.Partner] == nil {
		return "no-such-partner"
	}
	in, ok := e.intent(c.Partner)
	if !ok {
		return "no-plan"
	}
	if e.declared(in, c.Exercise) {
		return "not-now"
	}
	x, say, err := e.joint.Draft(c.Partner, in.Texts, in.Comment, c.Exercise)
	if err != nil {
		return "no-plan"
	}
	for _, m := range say {
		if !e.sayPlan(c.Partner, m, c.Exercise, out) {
			return "withheld"
		}
	}
	e.joint.Issue(c.Partner, x, e.now)
	e.settlePlans(out)
	return ""
}

// declared reports whether our declaration to a partner is what the file says.
func (e *Engine) declared(in plan.Intent, exercise bool) bool {
	o := e.joint.Pair(in.With).Ours
	return o != nil && o.Ends == nil && o.Exercise == exercise && maps.EqualFunc(o.Texts, in.Texts, bytes.Equal)
}

// actPlanEnd ends our declaration, at once or at a date. It ends here whether
// or not the partner can be told; where it can't, a person must tell it.
func (e *Engine) actPlanEnd(c *Command, out *Outputs) string {
	if e.links[c.Partner] == nil {
		return "no-such-partner"
	}
	at := e.now.Truncate(time.Second)
	if c.Plan != nil && c.Plan.Ends != "" {
		t, err := time.Parse(time.RFC3339, c.Plan.Ends)
		if err != nil || t.Before(at) || t.Year() > 2200 {
			return "bad-time"
		}
		at = t.UTC().Truncate(time.Second)
	}
	m, err := e.joint.Notice(c.Partner, at, e.now)
	if err != nil {
		return "no-plan"
	}
	told := e.sayPlan(c.Partner, m, e.joint.Pair(c.Partner).Ours.Exercise, out) && !e.release.Frozen(c.Partner)
	e.joint.End(c.Partner, at)
	e.settlePlans(out)
	if !told {
		return "pass-by-voice"
	}
	return ""
}

func (e *Engine) takePlan(p *Partner, r *record.Record, out *Outputs) error {
	err := e.joint.Receive(p.From, r, e.now)
	e.settlePlans(out)
	return err
}

// settlePlans follows what has become of the plans: a mismatch and an end are
// alarms, and what is in force changes sectors and timers.
func (e *Engine) settlePlans(out *Outputs) {
	list := e.joint.Settle(e.now)
	for _, n := range list {
		out.Audit = append(out.Audit, Audit{e.now, "node", "plan-" + n.State, string(n.With)})
		e.system("plan/"+string(n.With), "plan-mismatch", string(n.With), 3, n.State == plan.Mismatch)
		if n.Before == plan.InForce { // to be noted by a person; nothing remains to be cleared
			e.system("plan-ended/"+string(n.With), "plan-ended", string(n.With), 2, true)
			e.system("plan-ended/"+string(n.With), "plan-ended", string(n.With), 2, false)
		}
	}
	if list != nil {
		e.goByPlans()
	}
}

// goByPlans makes what is in force count in the lead dialogue and in the tests
// of the lines.
func (e *Engine) goByPlans() {
	e.responses.SetConfig(e.responseConfig())
	e.messages.SetAgreed(e.hotlines())
}

// hotlines returns how often each line is tested where a plan in force says so.
func (e *Engine) hotlines() map[party.ID]time.Duration {
	m := make(map[party.ID]time.Duration)
	for _, id := range e.cfg.Partners {
		if t, ok := e.applies(id); ok && t.Timers != nil && t.Timers.Hotline > 0 {
			m[id] = t.Timers.Hotline
		}
	}
	return m
}

// applies returns the terms that are in force with a partner and count here: a
// plan of an exercise counts only while nothing but exercises feed us.
func (e *Engine) applies(with party.ID) (plan.Terms, bool) {
	t, ok := e.joint.InForce(with)
	if ok && e.joint.Pair(with).Ours.Exercise && !e.onlyExercise() {
		return plan.Terms{}, false
	}
	return t, ok
}

func (e *Engine) onlyExercise() bool {
	return len(e.cfg.Feeds) > 0 && !slices.ContainsFunc(e.cfg.Feeds, func(f FeedConfig) bool { return !f.Source.Exercise })
}

// agreed returns what of a plan in force the lead dialogue goes by.
func (e *Engine) agreed(with party.ID) (response.Terms, bool) {
	t, ok := e.applies(with)
	if !ok {
		return response.Terms{}, false
	}
	r := response.Terms{Sectors: leadsOf(t.Sectors), Broken: leadsOf(t.Broken)}
	if t.Timers != nil {
		r.T1, r.T2 = t.Timers.T1, t.Timers.T2
	}
	return r, true
}

func leadsOf(list []plan.Lead) map[string]party.ID {
	if list == nil {
		return nil
	}
	m := make(map[string]party.ID, len(list))
	for _, l := range list {
		m[l.Zone] = l.Lead
	}
	return m
}

// ProofDeclared reports whether the plan in force with a partner lets what
// passes from now on be proved to a third person.
func (e *Engine) ProofDeclared(with party.ID) bool {
	t, ok := e.applies(with)
	return ok && t.Proof != nil && *t.Proof
}

// MayProve returns why a record that passed between us and a partner must not
// be proved to a third person, "" where it may: both have declared so, and had
// when the record was sent.
func (e *Engine) MayProve(with party.ID, r *record.Record) string {
	p := e.joint.Pair(with)
	t, ok := e.joint.InForce(with)
	switch {
	case !ok:
		return "no-plan-in-force"
	case t.Proof == nil || !*t.Proof, p.Ours.Exercise != r.Exercise, r.Time.Before(p.Since):
		return "no-proof-agreed"
	}
	return ""
}
