// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// MessageArgs is what a message says besides partner, incident and free text.
type MessageArgs struct {
	Precedence string      `cbor:"1,keyasint,omitempty" json:"precedence,omitempty"`
	Code       string      `cbor:"2,keyasint,omitempty" json:"code,omitempty"` // of a phrase; free text where empty
	Params     []ParamArgs `cbor:"3,keyasint,omitempty" json:"params,omitempty"`
	Answers    uint64      `cbor:"4,keyasint,omitempty" json:"answers,omitempty"`  // number of an earlier message
	Corrects   uint64      `cbor:"5,keyasint,omitempty" json:"corrects,omitempty"` // as Answers; one of ours
	NoDuff     bool        `cbor:"6,keyasint,omitempty" json:"no_duff,omitempty"`
	Number     uint64      `cbor:"7,keyasint,omitempty" json:"number,omitempty"` // message-read
}

// ParamArgs is one parameter of a phrase as a person gives it.
type ParamArgs struct {
	Name      string    `cbor:"1,keyasint" json:"name"`
	Place     string    `cbor:"2,keyasint,omitempty" json:"place,omitempty"` // id of a zone or place
	Lat       *float64  `cbor:"3,keyasint,omitempty" json:"lat,omitempty"`
	Lon       *float64  `cbor:"4,keyasint,omitempty" json:"lon,omitempty"`
	Track     uint32    `cbor:"5,keyasint,omitempty" json:"track,omitempty"`   // our own
	Object    record.ID `cbor:"6,keyasint,omitempty" json:"object,omitzero"`   // or the partner's
	Time      string    `cbor:"7,keyasint,omitempty" json:"time,omitempty"`    // RFC 3339
	Number    *float64  `cbor:"8,keyasint,omitempty" json:"number,omitempty"`  // with Measure where it has one
	Measure   string    `cbor:"9,keyasint,omitempty" json:"measure,omitempty"` // a word of record.Measures
	Unit      string    `cbor:"10,keyasint,omitempty" json:"unit,omitempty"`
	Frequency *uint32   `cbor:"11,keyasint,omitempty" json:"frequency_khz,omitempty"`
	Bearing   *uint16   `cbor:"12,keyasint,omitempty" json:"bearing_deg,omitempty"`
}

// maxUnit is how long a callsign may be, in characters.
const maxUnit = 32

// checkMessage refuses what no person writes.
func checkMessage(a *MessageArgs) string {
	if a == nil {
		return ""
	}
	if len(a.Params) > record.MaxParams {
		return "bad-request"
	}
	words := []string{a.Precedence, a.Code}
	for i := range a.Params {
		q := &a.Params[i]
		words = append(words, q.Name, q.Place, q.Time, q.Measure)
		if code := checkWords(maxUnit, "", q.Unit); code != "" {
			return code
		}
	}
	return checkWords(maxWord, "", words...)
}

// subject says what a message is about, for the audit log: words of fixed lists
// and numbers.
func (a *MessageArgs) subject() string {
	if a == nil {
		return ""
	}
	s := ""
	for _, n := range []struct {
		name   string
		number uint64
	}{{"message", a.Number}, {"answers", a.Answers}, {"corrects", a.Corrects}} {
		if n.number != 0 {
			s += fmt.Sprintf(" %s %d", n.name, n.number)
		}
	}
	for _, w := range []struct{ name, word string }{{"precedence", a.Precedence}, {"code", a.Code}} {
		if w.word != "" {
			s += " " + w.name + " " + clip(w.word, maxSubject)
		}
	}
	if a.NoDuff {
		s += " no-duff"
	}
	return s
}

// HotlineConfig says how often the lines to the partners are tested.
type HotlineConfig struct {
	Every time.Duration `cbor:"1,keyasint,omitempty" json:"every"` // 0: as rule C04 says
	Auto  bool          `cbor:"2,keyasint,omitempty" json:"auto"`  // the machine begins tests by itself
}

// messageConfig sets up the desk of messages. How often a line is tested and
// when that is overdue is one parameter.
func (c *Config) messageConfig(self party.ID, rules []watch.Rule) message.Config {
	m := message.Config{Self: self, Partners: c.Partners, Every: c.Hotline.Every, Auto: c.Hotline.Auto}
	for _, r := range rules {
		if r.ID == watch.HotlineUntested && m.Every == 0 {
			m.Every = r.Params.Max
		}
	}
	return m
}

// Phrasebook returns the phrasebook in force; its edition is "" for none.
func (e *Engine) Phrasebook() *message.Book { return e.phrases }

// deskWord returns the word of a desk that a partner may be told. What a person
// typed never leaves.
func deskWord(s string) string {
	if slices.Contains(record.Desks(), s) {
		return s
	}
	return record.Desks()[0]
}

// actMessage sends a message to one partner.
func (e *Engine) actMessage(c *Command, out *Outputs) string {
	a := c.Message
	switch {
	case a == nil:
		return "bad-request"
	case e.links[c.Partner] == nil || !slices.Contains(e.cfg.Partners, c.Partner):
		return "no-such-partner"
	case !slices.Contains(record.Precedences(), a.Precedence):
		return "bad-precedence"
	}
	facts, exercise, code := e.messageFacts(c)
	if code != "" {
		return code
	}
	grid, allowed := e.release.Grid(c.Partner, record.KindMessage, facts)
	if !allowed {
		return "withheld"
	}
	m := &record.Message{To: c.Partner, Precedence: a.Precedence, Text: c.Text, NoDuff: a.NoDuff}
	if code := e.contents(c, m, grid); code != "" {
		return code
	}
	n := e.messages.Next()
	if e.release.Say(c.Partner, record.KindMessage, n, record.Record{Message: m}, facts, e.now) != nil {
		return "withheld"
	}
	p, _ := e.phraseOf(m)
	e.messages.Send(message.Message{
		Partner: c.Partner, ID: e.ids(c.Partner, record.KindMessage, n), Incident: c.Incident, Exercise: exercise, NoDuff: m.NoDuff,
		Precedence: m.Precedence, Text: m.Text, Phrase: m.Phrase, Answers: m.Answers, Corrects: m.Corrects, By: c.By,
	}, p.Resumes, e.now)
	out.Reply.Message = n
	if m.NoDuff {
		e.enterNoDuff(incident.Number(c.Incident), e.self, c.By)
	}
	e.messageAlarms()
	return ""
}

// messageFacts returns what the release of a message rests on. No duff is live
// whatever the incident is.
func (e *Engine) messageFacts(c *Command) (f release.Facts, exercise bool, code string) {
	exercise = c.Exercise
	if c.Incident != 0 {
		inc, ok := e.book.Get(incident.Number(c.Incident))
		switch {
		case !ok:
			return f, false, "no-such-incident"
		case !slices.Contains(e.partnersOf(&inc), c.Partner):
			return f, false, "no-such-partner"
		}
		f, exercise = e.factsFor(&inc, c.Partner), inc.Exercise
	}
	f.Exercise = exercise && !c.Message.NoDuff
	return f, f.Exercise, ""
}

// contents fills in phrase and references.
func (e *Engine) contents(c *Command, m *record.Message, gridM uint32) string {
	a := c.Message
	if c.Incident != 0 {
		m.Incident = e.book.Refs(incident.Number(c.Incident), c.Partner)
	}
	for _, r := range []struct {
		n    uint64
		to   **record.Ref
		ours bool
	}{{a.Answers, &m.Answers, false}, {a.Corrects, &m.Corrects, true}} {
		if r.n == 0 {
			continue
		}
		earlier, ok := e.messages.Message(r.n)
		if !ok || earlier.Partner != c.Partner || (r.ours && !earlier.Ours) {
			return "no-such-message"
		}
		*r.to = &record.Ref{Originator: c.Partner, ID: earlier.ID}
		if earlier.Ours {
			(*r.to).Originator = e.self
		}
	}
	if a.Code == "" {
		if c.Text == "" {
			return "text-missing"
		}
		return ""
	}
	if c.Text != "" {
		return "bad-request" // a phrase says it all
	}
	return e.coded(c, m, gridM)
}

// coded fills in the phrase.
func (e *Engine) coded(c *Command, m *record.Message, gridM uint32) string {
	p := &record.Phrase{Edition: e.phrases.Edition(), Code: c.Message.Code}
	for i := range c.Message.Params {
		q, code := e.param(c.Partner, &c.Message.Params[i], gridM)
		if code != "" {
			return code
		}
		p.Params = append(p.Params, q)
	}
	if err := e.phrases.Check(p); err != nil {
		if errors.Is(err, message.ErrCode) {
			return "no-such-code"
		}
		return "bad-parameter"
	}
	m.Phrase = p
	if known, _ := e.phraseOf(m); known.NoDuff && !m.NoDuff {
		return "no-duff-missing"
	}
	return ""
}

// phraseOf returns the phrase of a message in our edition; a zero one where it
// has none.
func (e *Engine) phraseOf(m *record.Message) (message.Phrase, bool) {
	if m.Phrase == nil || m.Phrase.Edition != e.phrases.Edition() {
		return message.Phrase{}, false
	}
	p, ok := e.phrases.Phrase(m.Phrase.Code)
	if !ok {
		return message.Phrase{}, false
	}
	return *p, true
}

// param turns what a person gave into what may leave: an object as the partner
// knows it, a place as coarse as the policy says.
func (e *Engine) param(to party.ID, a *ParamArgs, gridM uint32) (q record.Param, code string) {
	q = record.Param{Name: a.Name, Number: a.Number, Measure: a.Measure, Unit: a.Unit, Frequency: a.Frequency, Bearing: a.Bearing}
	switch {
	case a.Place != "":
		if !e.isPlaceOrZone(a.Place) {
			return q, "no-such-place"
		}
		q.Place = &record.Place{Name: a.Place}
	case a.Lat != nil || a.Lon != nil:
		if a.Lat == nil || a.Lon == nil || !(geo.Point{LatDeg: *a.Lat, LonDeg: *a.Lon}).Valid() {
			return q, "bad-position"
		}
		if gridM == 0 {
			return q, "place-not-released"
		}
		cell := release.CellOf(geo.Point{LatDeg: *a.Lat, LonDeg: *a.Lon}, gridM)
		q.Place = &record.Place{Cell: &cell}
	case a.Track != 0 || !a.Object.IsZero():
		if q.Track, code = e.objectOf(to, a); code != "" {
			return q, code
		}
	case a.Time != "":
		t, err := time.Parse(time.RFC3339, a.Time)
		if err != nil || t.Year() < 2000 || t.Year() > 2200 {
			return q, "bad-time"
		}
		t = t.UTC().Truncate(time.Second)
		q.Time = &t
	}
	if record.CheckParam(&q) != nil {
		return q, "bad-parameter"
	}
	return q, ""
}

// isPlaceOrZone is isPlace, or the same of a zone.
func (e *Engine) isPlaceOrZone(id string) bool {
	if z, ok := e.zones.Zone(zone.ID(id)); ok {
		return !z.Hidden
	}
	return e.isPlace(id)
}

// objectOf returns an object as the partner knows it: a track of ours that was
// released to it, or its own. Nothing else can be named.
func (e *Engine) objectOf(to party.ID, a *ParamArgs) (*record.Ref, string) {
	if a.Track == 0 {
		if _, ok := e.tracks.PartnerOf(track.PartnerKey{Party: to, Object: a.Object}); !ok {
			return nil, "no-such-track"
		}
		return &record.Ref{Originator: to, ID: a.Object}, ""
	}
	if _, ok := e.tracks.Get(track.Number(a.Track)); !ok {
		return nil, "no-such-track"
	}
	if !slices.Contains(e.release.Holders(record.KindTrack, uint64(a.Track)), to) {
		return nil, "track-not-released"
	}
	return &record.Ref{Originator: e.self, ID: e.ids(to, record.KindTrack, uint64(a.Track))}, ""
}

// actMessageRead notes that a person at a desk has read a partner's message,
// and tells the partner which desk.
func (e *Engine) actMessageRead(c *Command, out *Outputs) string {
	if c.Message == nil {
		return "bad-request"
	}
	m, err := e.messages.Open(c.Message.Number, deskWord(c.Desk), c.By, e.now)
	switch {
	case errors.Is(err, message.ErrRead):
		return "" // two desks opened it at once; the first counts
	case err != nil:
		return "no-such-message"
	}
	e.tellState(&m, "read", m.Desk, out)
	e.messageAlarms()
	return ""
}

// tellState tells the sender what became of its message.
func (e *Engine) tellState(m *message.Message, state, desk string, out *Outputs) {
	e.speak(m.Partner, record.KindMessageState, m.Number, record.Record{MessageState: &record.MessageState{
		Message: record.Ref{Originator: m.Partner, ID: m.ID}, State: state, Desk: desk,
	}}, m, out)
}

// speak puts a statement to the pending releases that is about a message, or,
// where m is nil, about the line itself.
func (e *Engine) speak(to party.ID, kind record.Kind, number uint64, body record.Record, m *message.Message, out *Outputs) bool {
	var f release.Facts
	if m != nil {
		if inc, ok := e.book.Get(incident.Number(m.Incident)); ok {
			f = e.factsFor(&inc, to)
		}
		f.Exercise = m.Exercise
	}
	if err := e.release.Say(to, kind, number, body, f, e.now); err != nil {
		out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
		return false
	}
	return true
}

var errAddressed = errors.New("addressed to another party")

// takeMessage keeps a partner's message. One about an incident that we do not
// know goes to the general thread: nothing is dropped.
func (e *Engine) takeMessage(p *Partner, r *record.Record, out *Outputs) error {
	m := r.Message
	switch {
	case m.To != e.self:
		return errAddressed
	case m.NoDuff && r.Exercise:
		return errExercise
	case e.messages.Find(p.From, record.Ref{Originator: p.From, ID: r.Object}) != 0:
		return message.ErrRead
	}
	var about uint32
	if n, ok := e.incidentOf(p.From, m.Incident); ok {
		if inc, ok := e.book.Get(n); ok {
			if inc.Exercise != r.Exercise && !m.NoDuff {
				return errExercise
			}
			about = uint32(inc.Number)
		}
	}
	known, _ := e.phraseOf(m)
	n, err := e.messages.Receive(message.Message{
		Partner: p.From, ID: r.Object, Record: r.ID, Incident: about, Exercise: r.Exercise, NoDuff: m.NoDuff,
		Precedence: m.Precedence, Text: m.Text, Phrase: m.Phrase, Answers: m.Answers, Corrects: m.Corrects,
	}, known.Resumes, e.now)
	if err != nil {
		return err
	}
	if m.NoDuff {
		e.enterNoDuff(incident.Number(about), p.From, "")
	}
	kept, _ := e.messages.Message(n)
	e.tellState(&kept, "received", "", out)
	e.messageAlarms()
	return nil
}

// enterNoDuff writes into the incident's time line that what happens is real.
func (e *Engine) enterNoDuff(n incident.Number, from party.ID, by string) {
	if n == 0 || (from != e.self && e.book.Full(n, from)) {
		return
	}
	e.enter(n, incident.Event{Kind: "no-duff", By: by, Originators: []party.ID{from}})
}

// messageAlarms hands the alarms of messages to the book.
func (e *Engine) messageAlarms() {
	for _, a := range e.messages.Alarms(e.now) {
		e.book.System(incident.SystemAlarm{Key: a.Key, Rule: a.Rule, Subject: a.Subject, Priority: a.Priority, At: a.At, Active: a.Active})
	}
}

// Unsent reports whether a message waits in the outbox to a partner, as far as
// the engine was told.
func (e *Engine) Unsent(to party.ID) bool { return e.up && e.messages.Unsent(to) }
