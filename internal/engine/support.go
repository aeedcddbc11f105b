// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// SupportConfig names the agreements and our own register, as texts.
type SupportConfig struct {
	Agreements []Text `cbor:"1,keyasint,omitempty" json:"agreements"`
	Register   *Text  `cbor:"2,keyasint,omitempty" json:"register"`
}

// SupportArgs are the arguments of the acts about support.
type SupportArgs struct {
	Request    uint64  `cbor:"1,keyasint,omitempty" json:"request,omitempty"` // the number of the request
	Situation  string  `cbor:"2,keyasint,omitempty" json:"situation,omitempty"`
	Category   string  `cbor:"3,keyasint,omitempty" json:"category,omitempty"`
	Unit       string  `cbor:"4,keyasint,omitempty" json:"unit,omitempty"`
	Amount     *uint64 `cbor:"5,keyasint,omitempty" json:"amount,omitempty"` // whole units; settling in money: minor units
	From       string  `cbor:"6,keyasint,omitempty" json:"from,omitempty"`   // RFC 3339
	Until      string  `cbor:"7,keyasint,omitempty" json:"until,omitempty"`
	Place      string  `cbor:"8,keyasint,omitempty" json:"place,omitempty"`
	Settlement string  `cbor:"9,keyasint,omitempty" json:"settlement,omitempty"`
	Entry      uint32  `cbor:"10,keyasint,omitempty" json:"entry,omitempty"` // of a delivery or settlement
	Price      uint64  `cbor:"11,keyasint,omitempty" json:"price,omitempty"` // minor units of Currency for one unit
	Currency   string  `cbor:"12,keyasint,omitempty" json:"currency,omitempty"`
}

// words returns the arguments that are texts.
func (a *SupportArgs) words() []string {
	if a == nil {
		return nil
	}
	return []string{a.Situation, a.Category, a.Unit, a.From, a.Until, a.Place, a.Settlement, a.Currency}
}

// subject says for the audit log which request an act is about.
func (a *SupportArgs) subject() string {
	if a == nil {
		return ""
	}
	s := ""
	if a.Request != 0 {
		s += fmt.Sprintf(" request %d", a.Request)
	}
	if a.Category != "" {
		s += " " + clip(a.Situation, maxSubject) + "/" + clip(a.Category, maxSubject)
	}
	if a.Amount != nil {
		s += fmt.Sprintf(" amount %d", *a.Amount)
	}
	return s
}

// maxAgreements bounds the agreements of one node.
const maxAgreements = 32

// supportParts is what a SupportConfig describes, built.
type supportParts struct {
	agreements []*support.Agreement
	register   []support.Facility
}

func (c *SupportConfig) build(self party.ID) (p supportParts, err error) {
	if c == nil {
		return p, nil
	}
	if len(c.Agreements) > maxAgreements {
		return p, fmt.Errorf("support.agreements: at most %d", maxAgreements)
	}
	for _, t := range c.Agreements {
		a, err := support.ParseAgreement(t.Name, t.Data)
		switch {
		case err != nil:
			return p, err
		case !slices.Contains(a.Parties, self):
			return p, fmt.Errorf("%s: this node's party %q is no party of agreement %q", t.Name, self, a.ID)
		case slices.ContainsFunc(p.agreements, func(o *support.Agreement) bool { return o.ID == a.ID }):
			return p, fmt.Errorf("%s: agreement %q stands twice", t.Name, a.ID)
		}
		p.agreements = append(p.agreements, a)
	}
	if c.Register != nil {
		p.register, err = support.ParseRegister(c.Register.Name, c.Register.Data)
	}
	return p, err
}

func (e *Engine) adoptSupport(p *supportParts) {
	e.agreements = p.agreements
	e.support = support.NewDesk(support.Config{
		Self: e.self, Agreements: p.agreements,
		IDs: func(to party.ID, n uint64) record.ID { return e.ids(to, record.KindSupport, n) },
	})
	e.register, e.own = nil, p.register
	for i := range p.register {
		f := &p.register[i]
		zones := slices.Clone(e.zones.At(f.Pos, nil))
		slices.Sort(zones)
		e.register = append(e.register, release.Facility{
			Number: f.Number(), Pos: f.Pos, Domain: facilityDomain(f.Kind), Zones: zones, Exercise: f.Exercise,
			Body: record.Facility{Kind: f.Kind, Name: f.Name, Contact: f.Contact, Services: f.Services, Capacities: f.Capacities},
		})
	}
}

func facilityDomain(kind string) plot.Domain {
	switch kind {
	case "port", "anchorage", "shipyard":
		return plot.Sea
	case "airfield", "heliport":
		return plot.Air
	}
	return 0
}

// supportActs are the verbs about support.
func supportActs() map[string]act {
	return map[string]act{
		"support-request": (*Engine).actSupportRequest, "support-approve": supportAct((*Engine).approveSupport),
		"support-offer": supportAct((*Engine).offerSupport), "support-decline": supportAct((*Engine).endSupport),
		"support-accept": supportAct((*Engine).acceptSupport), "support-deliver": supportAct((*Engine).deliverSupport),
		"support-confirm": supportAct((*Engine).confirmSupport), "support-agree": supportAct((*Engine).agreeSupport),
		"support-settle": supportAct((*Engine).settleSupport), "support-cancel": supportAct((*Engine).endSupport),
		"support-repeat": supportAct((*Engine).repeatSupport),
	}
}

// SupportVerbs lists the verbs about support. Who may approve the agreement
// says.
func SupportVerbs() []string {
	return []string{
		"support-request", "support-approve", "support-offer", "support-decline", "support-accept", "support-deliver",
		"support-confirm", "support-agree", "support-settle", "support-cancel", "support-repeat",
	}
}

// supportCode turns an error of the desk into the reply's code.
func supportCode(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{
		{nil, ""},
		{support.ErrUnknown, "no-such-request"},
		{support.ErrState, "not-now"},
		{support.ErrCover, "not-covered"},
		{support.ErrQuota, "quota-exceeded"},
		{support.ErrRole, "not-approver"},
		{support.ErrDiffers, "copies-differ"},
		{support.ErrAmount, "bad-amount"},
		{support.ErrPrice, "bad-price"},
		{support.ErrTime, "bad-time"},
		{support.ErrFull, "too-many-requests"},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "bad-request"
}

// ask reads what is asked for.
func (a *SupportArgs) ask(note string) (record.SupportAsk, string) {
	ask := record.SupportAsk{
		Situation: a.Situation, Category: a.Category, Unit: a.Unit, Place: a.Place, Note: note, Settlement: a.Settlement,
	}
	if a.Amount == nil {
		return ask, "bad-amount"
	}
	from, errFrom := time.Parse(time.RFC3339, a.From)
	until, errUntil := time.Parse(time.RFC3339, a.Until)
	if errFrom != nil || errUntil != nil || from.Year() < 2000 || until.Year() > 2200 {
		return ask, "bad-time"
	}
	ask.Amount, ask.From, ask.Until = *a.Amount, from.UTC(), until.UTC()
	return ask, ""
}

// note returns the text of an act as a record holds it: it is not cut short.
func (c *Command) note() (string, string) {
	if utf8.RuneCountInString(c.Text) > maxWord {
		return "", "text-too-long"
	}
	return clip(c.Text, maxWord), ""
}

func (e *Engine) actSupportRequest(c *Command, out *Outputs) string {
	if !slices.Contains(e.cfg.Partners, c.Partner) {
		return "no-such-partner"
	}
	if c.Support == nil {
		return "bad-request"
	}
	note, code := c.note()
	if code != "" {
		return code
	}
	ask, code := c.Support.ask(note)
	if code != "" {
		return code
	}
	o, err := e.support.Request(c.Partner, ask, c.Exercise, c.By, e.now)
	if err != nil {
		return supportCode(err)
	}
	out.Reply.Request = o.Number
	if !e.saySupport(o, out) {
		return "withheld"
	}
	return ""
}

// supportAct makes an act of one on a request that is there.
func supportAct(do func(*Engine, *Command) (support.Out, error)) act {
	return func(e *Engine, c *Command, out *Outputs) string {
		if c.Support == nil {
			return "bad-request"
		}
		if _, code := c.note(); code != "" {
			return code
		}
		o, err := do(e, c)
		if err != nil {
			return supportCode(err)
		}
		out.Reply.Request = o.Number
		defer e.alarmSupport(o.To, false)
		if !slices.Contains(e.cfg.Partners, o.To) || !e.saySupport(o, out) {
			return "withheld"
		}
		if from, id, ok := e.support.Source(o.Number); ok && relies(o.Body.Step) {
			e.shelf.RelyOn(from, "accept", id)
		}
		return ""
	}
}

// relies reports whether a step of ours rests on what the partner said.
func relies(step string) bool {
	return slices.Contains([]string{"approve", "accept", "deliver", "confirm", "agree", "settle"}, step)
}

// forgetSupport takes the content of a partner's records out of requests and
// register.
func (e *Engine) forgetSupport(from party.ID, gone func(record.ID) bool) {
	e.support.Forget(from, gone)
	e.alarmSupport(from, false)
	e.facilities = slices.DeleteFunc(e.facilities, func(f heldFacility) bool { return f.Party == from && gone(f.Source) })
}

// given returns an amount, 0 where none was given.
func (a *SupportArgs) given() uint64 {
	if a.Amount == nil {
		return 0
	}
	return *a.Amount
}

func (e *Engine) approveSupport(c *Command) (support.Out, error) {
	return e.support.Approve(c.Support.Request, c.Support.given(), c.Role, c.By, e.now)
}

func (e *Engine) offerSupport(c *Command) (support.Out, error) {
	a := c.Support
	return e.support.Offer(a.Request, support.Terms{
		Amount: a.given(), Price: a.Price, Currency: a.Currency, Note: clip(c.Text, maxWord),
	}, c.By, e.now)
}

func (e *Engine) acceptSupport(c *Command) (support.Out, error) {
	return e.support.Accept(c.Support.Request, c.By, e.now)
}

func (e *Engine) deliverSupport(c *Command) (support.Out, error) {
	return e.support.Deliver(c.Support.Request, c.Support.given(), c.By, e.now)
}

// confirmSupport wants an amount: none arrived is something else than nothing
// said.
func (e *Engine) confirmSupport(c *Command) (support.Out, error) {
	if c.Support.Amount == nil {
		return support.Out{}, support.ErrAmount
	}
	return e.support.Confirm(c.Support.Request, c.Support.Entry, *c.Support.Amount, c.By, e.now)
}

func (e *Engine) agreeSupport(c *Command) (support.Out, error) {
	return e.support.Agree(c.Support.Request, c.Support.Entry, c.By, e.now)
}

func (e *Engine) settleSupport(c *Command) (support.Out, error) {
	return e.support.Settle(c.Support.Request, c.Support.given(), c.By, e.now)
}

func (e *Engine) endSupport(c *Command) (support.Out, error) {
	return e.support.End(c.Support.Request, clip(c.Text, maxWord), c.By, e.now)
}

func (e *Engine) repeatSupport(c *Command) (support.Out, error) {
	return e.support.Repeat(c.Support.Request, c.By, e.now)
}

// saySupport puts a statement to the pending releases. What the policy
// withholds did not happen.
func (e *Engine) saySupport(o support.Out, out *Outputs) bool {
	f := release.Facts{Exercise: o.Exercise}
	if err := e.release.Say(o.To, record.KindSupport, o.Number, record.Record{Support: o.Body}, f, e.now); err != nil {
		out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
		e.support.Withheld(&o)
		return false
	}
	return true
}

func (e *Engine) takeSupport(p *Partner, r *record.Record, out *Outputs) error {
	outs, err := e.support.Receive(p.From, r.ID, r.Support, r.Exercise, e.now)
	if err != nil {
		return err
	}
	for _, o := range outs {
		e.saySupport(o, out)
	}
	e.alarmSupport(p.From, true)
	return nil
}

// alarmSupport raises the alarm of a partner's requests that wait for one of
// our people, and ends it when none does. news tells that the partner has just
// said something: it is raised again where it had been acknowledged.
func (e *Engine) alarmSupport(from party.ID, news bool) {
	key := "support/" + string(from)
	waits := slices.ContainsFunc(e.support.Cases(), func(c *support.Case) bool { return c.Partner == from && c.Waits() })
	if waits && news && slices.ContainsFunc(e.book.Alarms(), func(a incident.Alarm) bool { return a.Key == key && a.State == incident.Acknowledged }) {
		e.system(key, "support", string(from), 3, false)
	}
	e.system(key, "support", string(from), 3, waits)
}

// heldFacility is a facility as a partner told it.
type heldFacility struct {
	Party    party.ID        `json:"party"`
	Object   record.ID       `json:"object"`
	Epoch    uint32          `json:"epoch"`
	Exercise bool            `json:"exercise"`
	Body     record.Facility `json:"body"`
	Label    record.Label    `json:"label"`
	Received time.Time       `json:"received"`
	Source   record.ID       `json:"source"` // the record
}

func (f *heldFacility) compare(o *heldFacility) int {
	return cmp.Or(cmp.Compare(f.Party, o.Party), bytes.Compare(f.Object[:], o.Object[:]))
}

// maxFacilities bounds the facilities that are kept of one partner.
const maxFacilities = 300

func (e *Engine) takeFacility(p *Partner, r *record.Record) error {
	f := heldFacility{
		Party: p.From, Object: r.Object, Epoch: r.Epoch, Exercise: r.Exercise, Body: *r.Facility, Label: r.Label, Received: e.now, Source: r.ID,
	}
	i, found := slices.BinarySearchFunc(e.facilities, f, func(a, b heldFacility) int { return a.compare(&b) })
	switch {
	case found && e.facilities[i].Exercise != r.Exercise:
		return errExercise
	case found && r.Epoch <= e.facilities[i].Epoch:
		return support.ErrStale
	case found && r.Facility.Gone:
		e.facilities = slices.Delete(e.facilities, i, i+1)
	case found:
		e.facilities[i] = f
	case r.Facility.Gone:
	default:
		n := 0
		for j := range e.facilities {
			if e.facilities[j].Party == p.From {
				n++
			}
		}
		if n >= maxFacilities {
			return errFlood
		}
		e.facilities = slices.Insert(e.facilities, i, f)
	}
	return nil
}

// carrySupport takes over what is kept of requests and facilities.
func (e *Engine) carrySupport(s *state) {
	e.support.Restore(s.Support)
	e.facilities = slices.DeleteFunc(slices.Clone(s.Facilities), func(f heldFacility) bool { return !slices.Contains(e.cfg.Partners, f.Party) })
}
