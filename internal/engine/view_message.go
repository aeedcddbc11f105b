// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// MessagesView sums up what passed between the watch floors. The messages
// themselves are asked for apart, when Rev has changed.
type MessagesView struct {
	Rev      uint64        `json:"rev"`
	Edition  string        `json:"edition,omitempty"` // of the phrasebook
	Partners []ThreadsView `json:"partners"`
}

// ThreadsView sums up the messages of one partner and the tests of its line.
type ThreadsView struct {
	Party  party.ID    `json:"party"`
	Unread int         `json:"unread"`           // of the partner's
	Urgent int         `json:"urgent,omitempty"` // of those, with alarms of priority 1
	Open   int         `json:"open,omitempty"`   // ours that nobody there has read
	Broken *time.Time  `json:"broken,omitempty"` // since when a no-duff message breaks an exercise
	Line   HotlineView `json:"line"`
}

// HotlineView is the state of the tests of one line. A test is done when a
// person at the called desk has acknowledged it.
type HotlineView struct {
	Tested   *time.Time `json:"tested,omitempty"` // the last one done
	Since    time.Time  `json:"since"`            // from which the age counts
	Due      *time.Time `json:"due,omitempty"`    // when it is overdue; absent where no test is asked for
	Overdue  bool       `json:"overdue,omitempty"`
	Asked    *time.Time `json:"asked,omitempty"`    // our test that is under way
	Waits    *time.Time `json:"waits,omitempty"`    // the partner's test that waits for a person here
	Measured *time.Time `json:"measured,omitempty"` // when the figures were taken
	RTTMs    *float64   `json:"rtt_ms,omitempty"`
	OffsetMs *float64   `json:"offset_ms,omitempty"` // the partner's clock before ours
}

// MessageView is one message. Texts are in each language where it is a phrase.
type MessageView struct {
	N          uint64            `json:"n"`
	Party      party.ID          `json:"party"`
	Ours       bool              `json:"ours,omitempty"`
	Incident   uint32            `json:"incident,omitempty"`
	Exercise   bool              `json:"exercise,omitempty"`
	NoDuff     bool              `json:"no_duff,omitempty"`
	Gone       bool              `json:"gone,omitempty"` // the partner has recalled it
	Precedence string            `json:"precedence"`
	Text       string            `json:"text,omitempty"`
	Code       string            `json:"code,omitempty"`
	Edition    string            `json:"edition,omitempty"`
	Texts      map[string]string `json:"texts,omitempty"` // by language
	Answers    uint64            `json:"answers,omitempty"`
	Corrects   uint64            `json:"corrects,omitempty"`
	Corrected  uint64            `json:"corrected,omitempty"` // by this message
	At         time.Time         `json:"at"`
	By         string            `json:"by,omitempty"` // own people only
	State      string            `json:"state"`        // "queued", "sent", "received", "read", "withheld"
	StateAt    time.Time         `json:"state_at"`
	Desk       string            `json:"desk,omitempty"` // at which it was read
}

func (e *Engine) viewMessages() MessagesView {
	v := MessagesView{Rev: e.messages.Rev(), Edition: e.phrases.Edition(), Partners: []ThreadsView{}}
	for _, id := range e.cfg.Partners {
		c := e.messages.Counts(id)
		t := ThreadsView{Party: id, Unread: c.Unread, Urgent: c.Urgent, Open: c.Open, Line: e.hotlineView(id)}
		if at, ok := e.messages.Broken(id); ok {
			t.Broken = &at
		}
		v.Partners = append(v.Partners, t)
	}
	return v
}

func (e *Engine) hotlineView(id party.ID) HotlineView {
	l := e.messages.Line(id)
	v := HotlineView{Since: l.Age()}
	given := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	v.Tested, v.Measured = given(l.Tested), given(l.Measured)
	if every := e.messages.Every(id); every > 0 && !l.Age().IsZero() {
		due := l.Age().Add(every)
		v.Due, v.Overdue = &due, !e.now.Before(due)
	}
	if l.Number != 0 {
		v.Asked = given(l.Asked)
	}
	if l.Waits != nil {
		v.Waits = given(l.WaitsAt)
	}
	if v.Measured != nil {
		rtt, offset := millis(l.RoundTrip), millis(l.Offset)
		v.RTTMs, v.OffsetMs = &rtt, &offset
	}
	return v
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Messages returns the messages with a partner, all partners where it is "",
// by number.
func (e *Engine) Messages(with party.ID) []MessageView {
	list := []MessageView{}
	if !e.up {
		return list
	}
	corrected := make(map[uint64]uint64)
	for _, m := range e.messages.Messages() {
		if with != "" && m.Partner != with {
			continue
		}
		v := e.messageView(&m)
		if v.Corrects != 0 {
			corrected[v.Corrects] = v.N
		}
		list = append(list, v)
	}
	for i := range list {
		list[i].Corrected = corrected[list[i].N]
	}
	return list
}

func (e *Engine) messageView(m *message.Message) MessageView {
	v := MessageView{
		N: m.Number, Party: m.Partner, Ours: m.Ours, Exercise: m.Exercise, NoDuff: m.NoDuff, Gone: m.Gone, Precedence: m.Precedence, Text: m.Text,
		At: m.At, By: m.By, State: m.State, StateAt: m.StateAt, Desk: m.Desk,
	}
	if n, ok := e.book.Resolve(incident.Number(m.Incident)); ok {
		v.Incident = uint32(n)
	}
	if m.Answers != nil {
		v.Answers = e.messages.Find(m.Partner, *m.Answers)
	}
	// Each corrects its own messages only.
	if c := m.Corrects; c != nil && (c.Originator == e.self) == m.Ours {
		v.Corrects = e.messages.Find(m.Partner, *c)
	}
	if p := m.Phrase; p != nil {
		v.Code, v.Edition, v.Texts = p.Code, p.Edition, make(map[string]string, len(message.Languages()))
		for _, lang := range message.Languages() {
			v.Texts[lang] = e.phrases.Render(lang, p, calls{e, m.Partner})
		}
	}
	return v
}

// calls says what people here call the places and objects of a message that
// passed on the link to one partner.
type calls struct {
	e    *Engine
	link party.ID
}

// Place returns a zone's or place's name.
func (n calls) Place(lang, id string) string {
	if z, ok := n.e.zones.Zone(zone.ID(id)); ok {
		return z.Names[lang]
	}
	for _, p := range n.e.zones.Places() {
		if string(p.ID) == id {
			return p.Names[lang]
		}
	}
	return ""
}

// Track returns our own track's number, a partner's callsign or name, or the
// party and the begin of the object's id.
func (n calls) Track(_ string, r record.Ref) string {
	if r.Originator == n.e.self {
		for _, t := range n.e.tracks.All(nil) {
			if n.e.ids(n.link, record.KindTrack, uint64(t.Number)) == r.ID {
				letter := "T"
				if t.Domain.String() == "sea" {
					letter = "S"
				}
				return fmt.Sprintf("%s%04d", letter, t.Number)
			}
		}
	} else if t, ok := n.e.tracks.PartnerOf(track.PartnerKey{Party: r.Originator, Object: r.ID}); ok {
		if t.Body.Callsign != "" {
			return t.Body.Callsign
		}
		if t.Body.Name != "" {
			return t.Body.Name
		}
	}
	return strings.ToUpper(string(r.Originator)) + "·" + r.ID.String()[:4]
}
