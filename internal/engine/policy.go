// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// PolicyAct is what a supervisor does about the release policy.
type PolicyAct struct {
	Text   string `cbor:"1,keyasint,omitempty" json:"text,omitempty"`   // policy-propose: TOML
	ID     string `cbor:"2,keyasint,omitempty" json:"id,omitempty"`     // policy-activate, policy-withdraw: PolicyProposal.ID, so that what is meant is what is done
	Reason string `cbor:"3,keyasint,omitempty" json:"reason,omitempty"` // policy-propose: why; stays home
}

// PolicyProposal is a policy that one person has submitted and that is not in
// force.
type PolicyProposal struct {
	ID     string    `json:"id"` // first octets of the text's SHA-256
	Policy string    `json:"policy"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Text   string    `json:"text"`
}

// PolicyVersion is a policy that came in force, for the list of versions. It
// stays home.
type PolicyVersion struct {
	Number   uint32    `json:"number"` // of the versions of this node, from 1
	Policy   string    `json:"policy"` // its own version and hash
	SHA256   string    `json:"sha256"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`               // who proposed it, "node" for the configuration's
	Second   string    `json:"second,omitempty"` // who activated it
	Reason   string    `json:"reason,omitempty"`
	Distress bool      `json:"distress"`          // distress leaves
	WhyNot   string    `json:"why_not,omitempty"` // why it does not
	Text     string    `json:"-"`
}

// KeptPolicy is a version of the policy as the node keeps it.
type KeptPolicy struct {
	PolicyVersion
	Signed bool   `json:"signed"` // note and text are as the node's policy key signed them
	Note   string `json:"note"`   // the signed note
}

// PolicyView is what the picture shows of the policy: no text.
type PolicyView struct {
	InForce    *PolicyVersion `json:"in_force,omitempty"`
	Proposal   *ProposalView  `json:"proposal,omitempty"`
	TwoPersons bool           `json:"two_persons,omitempty"`
}

// ProposalView is PolicyProposal without its text.
type ProposalView struct {
	ID     string    `json:"id"`
	Policy string    `json:"policy"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// policyState is what inputs changed of the policy, besides its text, which is
// the configuration's.
type policyState struct {
	InForce  *PolicyVersion  `json:"in_force,omitempty"`
	Proposal *PolicyProposal `json:"proposal,omitempty"`
	Number   uint32          `json:"number"`
}

// maxPolicy bounds a policy's text, octets.
const maxPolicy = 48 << 10

// checkPolicy refuses what is no text of a policy.
func checkPolicy(a *PolicyAct) string {
	switch {
	case a == nil:
		return ""
	case len(a.Text) > maxPolicy:
		return "text-too-long"
	case !utf8.ValidString(a.Text):
		return "bad-request"
	}
	return checkWords(maxWord, "", a.ID, a.Reason)
}

// parsePolicy reads a policy of ours against the zones in force.
func (e *Engine) parsePolicy(name string, text []byte) (*release.Policy, error) {
	p, err := release.Parse(name, text, func(id zone.ID) bool { _, ok := e.zones.Zone(id); return ok })
	if err != nil {
		return nil, err
	}
	if p.Party != e.self {
		return nil, fmt.Errorf("%s: the policy is of party %q, this node is %q", name, p.Party, e.self)
	}
	return p, nil
}

// actPolicyPropose takes a policy for a second person to look at. It replaces
// an earlier proposal.
func (e *Engine) actPolicyPropose(c *Command, out *Outputs) string {
	if c.Policy == nil || c.Policy.Text == "" {
		return "text-missing"
	}
	p, err := e.parsePolicy("policy", []byte(c.Policy.Text))
	if err != nil {
		var f *release.Fault
		if errors.As(err, &f) {
			out.Reply.Line, out.Reply.Key = f.Line, f.Key
		}
		return "bad-policy"
	}
	if present := e.release.Policy(); present != nil && p.Version <= present.Version {
		return "old-policy"
	}
	e.policies.Proposal = &PolicyProposal{
		ID: policyHash([]byte(c.Policy.Text))[:16], Policy: p.ID(), By: c.By, At: e.now, Reason: c.Policy.Reason, Text: c.Policy.Text,
	}
	out.Audit = append(out.Audit, Audit{e.now, c.By, "policy-proposed", fmt.Sprintf("%s, sha256 %s", p.ID(), policyHash([]byte(c.Policy.Text)))})
	return ""
}

// proposal returns the proposal that an act names.
func (e *Engine) proposal(c *Command) *PolicyProposal {
	if p := e.policies.Proposal; p != nil && c.Policy != nil && c.Policy.ID == p.ID {
		return p
	}
	return nil
}

// actPolicyActivate puts a proposed policy in force. Where the configuration
// wants two persons it must be another than who proposed it.
func (e *Engine) actPolicyActivate(c *Command, out *Outputs) string {
	prop := e.proposal(c)
	if prop == nil {
		return "no-such-policy"
	}
	if e.cfg.TwoPersons && prop.By == c.By {
		return "second-person"
	}
	p, err := e.parsePolicy("policy", []byte(prop.Text)) // the zones may have changed since
	if err != nil {
		return "bad-policy"
	}
	if present := e.release.Policy(); present != nil && p.Version <= present.Version {
		return "old-policy"
	}
	e.policies.Proposal = nil
	e.cfg.Policy = &Text{Name: "policy", Data: []byte(prop.Text)}
	e.release.SetPolicy(p)
	e.enforce(p, PolicyVersion{By: prop.By, Second: c.By, Reason: prop.Reason}, out)
	return ""
}

func (e *Engine) actPolicyWithdraw(c *Command, out *Outputs) string {
	prop := e.proposal(c)
	if prop == nil {
		return "no-such-policy"
	}
	e.policies.Proposal = nil
	out.Audit = append(out.Audit, Audit{e.now, c.By, "policy-withdrawn", prop.Policy})
	return ""
}

// enforce notes that the policy of the configuration is now in force.
func (e *Engine) enforce(p *release.Policy, v PolicyVersion, out *Outputs) {
	text := e.cfg.Policy.Data
	e.policies.Number++
	v.Number, v.Policy, v.SHA256, v.At, v.Text = e.policies.Number, p.ID(), policyHash(text), e.now, string(text)
	v.Distress, v.WhyNot = p.Distress()
	kept := v
	kept.Text = ""
	e.policies.InForce = &kept
	out.Policies = append(out.Policies, v)
	actor := v.Second
	if actor == "" {
		actor = v.By
	}
	out.Audit = append(out.Audit, Audit{e.now, actor, "policy-in-force", fmt.Sprintf("version %d, %s, sha256 %s, proposed by %s", v.Number, v.Policy, v.SHA256, v.By)})
	if !v.Distress {
		out.Audit = append(out.Audit, Audit{e.now, actor, "distress-disabled", v.WhyNot})
	}
}

// followPolicy notes a policy that a configuration brought.
func (e *Engine) followPolicy(before *Text, p *release.Policy, out *Outputs) {
	switch {
	case e.cfg.Policy == nil:
		e.policies.InForce = nil
	case before == nil || !bytes.Equal(before.Data, e.cfg.Policy.Data):
		e.release.SetPolicy(p) // after the state was carried over, so that all is decided afresh
		e.enforce(p, PolicyVersion{By: "node"}, out)
	}
}

func policyHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// viewPolicy shows the policy in force and what is proposed.
func (e *Engine) viewPolicy() PolicyView {
	v := PolicyView{InForce: e.policies.InForce, TwoPersons: e.cfg.TwoPersons}
	if p := e.policies.Proposal; p != nil {
		v.Proposal = &ProposalView{p.ID, p.Policy, p.By, p.At, p.Reason}
	}
	return v
}

// ActivatedPolicy returns the policy in force where people activated it, rather
// than a configuration that brought it.
func (e *Engine) ActivatedPolicy() (*Text, bool) {
	v := e.policies.InForce
	return e.cfg.Policy, v != nil && v.Second != "" && e.cfg.Policy != nil
}

// PolicyText returns the text of the policy in force, nil where there is none,
// and the proposal.
func (e *Engine) PolicyText() ([]byte, *PolicyProposal) {
	if e.cfg.Policy == nil {
		return nil, e.policies.Proposal
	}
	return e.cfg.Policy.Data, e.policies.Proposal
}
