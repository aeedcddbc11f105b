// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// The states of a message.
const (
	Queued   = "queued"   // it waits for release or in the outbox
	Sent     = "sent"     // the link has sent it
	Received = "received" // the partner's engine has it
	Read     = "read"     // a person at a desk has opened it
	Withheld = "withheld" // the policy in force when it was due did not let it leave
)

// rank orders the states; a message never goes back.
func rank(state string) int {
	return slices.Index([]string{Queued, Sent, Received, Read, Withheld}, state)
}

// Limits of what is kept of one partner.
const (
	MaxKept   = 500 // messages; older ones that were read give way
	maxUnread = 200 // of the partner's; beyond it they are refused
)

// Errors of a message that is not taken.
var (
	ErrFlood   = errors.New("more unread messages than one partner may have here")
	ErrUnknown = errors.New("no such message")
	ErrRead    = errors.New("the message was read before")
)

// Config sets up a Desk.
type Config struct {
	Self     party.ID
	Partners []party.ID
	// Every is how often the line to each partner is tested, by this node
	// itself where Auto is set, a little before it is due; 0 for never.
	Every time.Duration
	Auto  bool
	// Agreed holds what is agreed with a partner and stands over Every.
	Agreed map[party.ID]time.Duration
}

// Message is one message at this node.
type Message struct {
	Number     uint64         `json:"number"` // never reused; stays home
	Partner    party.ID       `json:"partner"`
	Ours       bool           `json:"ours"`
	ID         record.ID      `json:"id"`       // its object on this link
	Record     record.ID      `json:"record"`   // a partner's: the id of its record
	Incident   uint32         `json:"incident"` // 0: the general thread
	Exercise   bool           `json:"exercise"`
	NoDuff     bool           `json:"no_duff"`
	Precedence string         `json:"precedence"`
	Text       string         `json:"text"`
	Phrase     *record.Phrase `json:"phrase"`
	Answers    *record.Ref    `json:"answers"`
	Corrects   *record.Ref    `json:"corrects"`
	At         time.Time      `json:"at"` // written, or received here
	By         string         `json:"by"` // who wrote it, or read it here; stays home
	State      string         `json:"state"`
	StateAt    time.Time      `json:"state_at"`
	Desk       string         `json:"desk"` // at which it was read
	Left       bool           `json:"left"` // ours: it is in the outbox
	Gone       bool           `json:"gone"` // the partner has recalled it: its content is no longer here
}

// Alarm says that the condition of an alarm began or ended. An alarm that
// sounds again ends and begins.
type Alarm struct {
	Key      string
	Rule     string // "message", "message-unread", "message-withheld", "no-duff", "hotline"
	Subject  string // partner
	Priority int
	At       time.Time
	Active   bool
}

// raised is an alarm that is up.
type raised struct {
	Rule     string    `json:"rule"`
	Subject  string    `json:"subject"`
	Priority int       `json:"priority"`
	At       time.Time `json:"at"`   // when it sounded last
	Last     uint64    `json:"last"` // the newest message that it is about
}

// Desk holds the messages and the tests of the lines of all partners.
type Desk struct {
	cfg    Config
	next   uint64
	list   []Message // by number
	raised map[string]raised
	broken map[party.ID]time.Time // since when a no-duff message breaks an exercise
	lines  map[party.ID]*Line
	lost   []Alarm // withheld: told once
	rev    uint64  // rises with each change
}

// NewDesk returns a Desk without a message.
func NewDesk(cfg Config) *Desk {
	return &Desk{cfg: cfg, raised: make(map[string]raised), broken: make(map[party.ID]time.Time), lines: make(map[party.ID]*Line)}
}

// Next returns the number that the next message will have.
func (d *Desk) Next() uint64 { return d.next + 1 }

// Rev returns a number that has risen when anything changed.
func (d *Desk) Rev() uint64 { return d.rev }

// SetAgreed changes how often lines are tested by agreement.
func (d *Desk) SetAgreed(agreed map[party.ID]time.Duration) { d.cfg.Agreed = agreed }

// Every returns how often the line to a partner is to be tested; 0 for never.
func (d *Desk) Every(to party.ID) time.Duration {
	if every, ok := d.cfg.Agreed[to]; ok {
		return every
	}
	return d.cfg.Every
}

// Send keeps a message of ours that waits for its release. Its number is Next.
func (d *Desk) Send(m Message, resumes bool, now time.Time) uint64 {
	m.Ours, m.State, m.Left = true, Queued, false
	return d.add(m, resumes, now)
}

// Receive keeps a message of a partner's.
func (d *Desk) Receive(m Message, resumes bool, now time.Time) (uint64, error) {
	unread := 0
	for i := range d.list {
		if o := &d.list[i]; o.Partner == m.Partner && !o.Ours && !o.done() {
			unread++
		}
	}
	if unread >= maxUnread {
		return 0, ErrFlood
	}
	m.Ours, m.State = false, Received
	return d.add(m, resumes, now), nil
}

func (d *Desk) add(m Message, resumes bool, now time.Time) uint64 {
	d.next, d.rev = d.next+1, d.rev+1
	m.Number, m.At, m.StateAt = d.next, now, now
	d.list = append(d.list, m)
	switch {
	case m.NoDuff:
		d.broken[m.Partner] = now
	case resumes:
		delete(d.broken, m.Partner)
	}
	d.prune(m.Partner)
	return m.Number
}

// prune drops the oldest message of a partner over the bound: one that is done
// with, else one of ours.
func (d *Desk) prune(p party.ID) {
	var of []int
	for i := range d.list {
		if d.list[i].Partner == p {
			of = append(of, i)
		}
	}
	if len(of) <= MaxKept {
		return
	}
	at := of[0]
	if i := slices.IndexFunc(of, func(i int) bool { return d.list[i].done() }); i >= 0 {
		at = of[i]
	} else if i := slices.IndexFunc(of, func(i int) bool { return d.list[i].Ours }); i >= 0 {
		at = of[i]
	}
	d.list = slices.Delete(d.list, at, at+1)
}

// Messages returns the messages by number. Their phrases must not be changed.
func (d *Desk) Messages() []Message { return slices.Clone(d.list) }

// Message returns the message of a number.
func (d *Desk) Message(n uint64) (Message, bool) {
	i, ok := slices.BinarySearchFunc(d.list, n, func(m Message, n uint64) int { return cmp.Compare(m.Number, n) })
	if !ok {
		return Message{}, false
	}
	return d.list[i], true
}

// find returns the message that a reference of this link names.
func (d *Desk) find(partner party.ID, ref record.Ref) *Message {
	for i := range d.list {
		m := &d.list[i]
		if m.Partner == partner && m.ID == ref.ID && m.Ours == (ref.Originator == d.cfg.Self) {
			return m
		}
	}
	return nil
}

// Find returns the number of the message that a reference names; 0 for none.
func (d *Desk) Find(partner party.ID, ref record.Ref) uint64 {
	if m := d.find(partner, ref); m != nil {
		return m.Number
	}
	return 0
}

// advance moves a message on; it never goes back.
func (d *Desk) advance(m *Message, state string, now time.Time) bool {
	if rank(state) <= rank(m.State) {
		return false
	}
	m.State, m.StateAt = state, now
	d.rev++
	return true
}

// Left notes that a message of ours is in the outbox, or that the policy did
// not let it leave when it was due.
func (d *Desk) Left(n uint64, allowed bool, now time.Time) {
	i := slices.IndexFunc(d.list, func(m Message) bool { return m.Number == n && m.Ours && m.State == Queued && !m.Left })
	if i < 0 {
		return
	}
	m := &d.list[i]
	if m.Left = allowed; allowed {
		return
	}
	d.advance(m, Withheld, now)
	a := Alarm{Key: "message-withheld/" + string(m.Partner), Rule: "message-withheld", Subject: string(m.Partner), Priority: handling(m).Priority, At: now}
	on := a
	on.Active = true
	d.lost = append(d.lost, on, a)
}

// Unsent reports whether a message waits in the partner's outbox, as far as we
// were told.
func (d *Desk) Unsent(p party.ID) bool {
	return slices.ContainsFunc(d.list, func(m Message) bool { return m.Partner == p && m.Left && m.State == Queued })
}

// Sent notes that the link has sent all messages in the partner's outbox but
// the newest waiting ones.
func (d *Desk) Sent(p party.ID, waiting uint64, now time.Time) {
	for i := len(d.list) - 1; i >= 0; i-- {
		m := &d.list[i]
		switch {
		case m.Partner != p || !m.Left:
		case waiting > 0:
			waiting--
		default:
			d.advance(m, Sent, now)
		}
	}
}

// Tell takes what a partner says of a message of ours.
func (d *Desk) Tell(from party.ID, s *record.MessageState, now time.Time) error {
	m := d.find(from, s.Message)
	if m == nil || !m.Ours {
		return ErrUnknown
	}
	if m.State != Withheld && d.advance(m, s.State, now) && s.State == Read {
		m.Desk = s.Desk
	}
	return nil
}

// Open notes that a person at a desk has read a partner's message.
func (d *Desk) Open(n uint64, desk, by string, now time.Time) (Message, error) {
	i := slices.IndexFunc(d.list, func(m Message) bool { return m.Number == n && !m.Ours })
	switch {
	case i < 0:
		return Message{}, ErrUnknown
	case !d.advance(&d.list[i], Read, now):
		return Message{}, ErrRead
	}
	d.list[i].Desk, d.list[i].By = desk, by
	return d.list[i], nil
}

// Forget takes the content of a partner's message away, by the id of its
// record, and reports whether there was one: the partner has recalled it.
func (d *Desk) Forget(from party.ID, id record.ID) bool {
	i := slices.IndexFunc(d.list, func(m Message) bool { return m.Partner == from && !m.Ours && m.Record == id })
	if i < 0 {
		return false
	}
	m := &d.list[i]
	m.Gone, m.Text, m.Phrase, m.Answers, m.Corrects = true, "", nil, nil, nil
	d.rev++
	return true
}

// done reports whether nobody has to look at the message any more.
func (m *Message) done() bool { return m.Gone || rank(m.State) >= rank(Read) }

// Counts sums up the messages of one partner.
type Counts struct {
	Unread int // of the partner's
	Urgent int // of those, with alarms of priority 1
	Open   int // ours that nobody there has read
}

// Counts returns the sums of one partner.
func (d *Desk) Counts(p party.ID) Counts {
	var c Counts
	for i := range d.list {
		m := &d.list[i]
		switch {
		case m.Partner != p || m.done():
		case m.Ours:
			c.Open++
		default:
			c.Unread++
			if handling(m).Priority == 1 {
				c.Urgent++
			}
		}
	}
	return c
}

// Broken returns since when a no-duff message breaks an exercise with the
// partner, and whether one does.
func (d *Desk) Broken(p party.ID) (time.Time, bool) {
	at, ok := d.broken[p]
	return at, ok
}

// claim is one alarm that holds now.
type claim struct {
	raised
	repeat time.Duration
}

// claims returns the alarms that hold now, by key.
func (d *Desk) claims(now time.Time) map[string]claim {
	list := make(map[string]claim)
	for i := range d.list {
		m := &d.list[i]
		if m.done() {
			continue
		}
		h := handling(m)
		rule, after, repeat, name := "message", h.AlarmAfter, h.Repeat, m.Precedence
		switch {
		case m.NoDuff:
			rule, after, name = "no-duff", 0, "any"
		case m.Ours:
			rule, after, repeat = "message-unread", h.UnreadAfter, h.UnreadAfter
		}
		if now.Sub(m.At) < after {
			continue
		}
		key := rule + "/" + string(m.Partner) + "/" + name
		list[key] = claim{raised{Rule: rule, Subject: string(m.Partner), Priority: h.Priority, Last: m.Number}, repeat}
	}
	for p, l := range d.lines {
		if l.Waits != nil {
			list["hotline/"+string(p)] = claim{raised: raised{Rule: "hotline", Subject: string(p), Priority: 3}}
		}
	}
	return list
}

// Alarms returns what began and what ended since the last call, by key. An
// alarm sounds again for a newer message and as its precedence says.
func (d *Desk) Alarms(now time.Time) []Alarm {
	out := d.lost
	d.lost = nil
	claims := d.claims(now)
	for _, key := range slices.Sorted(maps.Keys(d.raised)) {
		if _, holds := claims[key]; !holds {
			out = append(out, d.raised[key].alarm(key, now, false))
			delete(d.raised, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(claims)) {
		c := claims[key]
		had, up := d.raised[key]
		if up && c.Last <= had.Last && (c.repeat == 0 || now.Sub(had.At) < c.repeat) {
			continue
		}
		if up {
			out = append(out, had.alarm(key, now, false))
		}
		c.At, c.Last = now, max(c.Last, had.Last)
		d.raised[key] = c.raised
		out = append(out, c.alarm(key, now, true))
	}
	return out
}

func (r raised) alarm(key string, now time.Time, active bool) Alarm {
	return Alarm{Key: key, Rule: r.Rule, Subject: r.Subject, Priority: r.Priority, At: now, Active: active}
}

// State is a Desk as a snapshot holds it.
type State struct {
	Next   uint64                 `json:"next"`
	List   []Message              `json:"list"`
	Raised map[string]raised      `json:"raised"`
	Broken map[party.ID]time.Time `json:"broken"`
	Lines  map[party.ID]Line      `json:"lines"`
	Lost   []Alarm                `json:"lost"`
	Rev    uint64                 `json:"rev"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{
		Next: d.next, List: slices.Clone(d.list), Raised: maps.Clone(d.raised), Broken: maps.Clone(d.broken),
		Lines: make(map[party.ID]Line, len(d.lines)), Lost: slices.Clone(d.lost), Rev: d.rev,
	}
	for p, l := range d.lines {
		s.Lines[p] = *l
	}
	return s
}

// Restore takes the state over. What passed with a party that is no partner any
// more stays to be read; its line is not tested and its alarms end.
func (d *Desk) Restore(s State) {
	*d = *NewDesk(d.cfg)
	d.next, d.list, d.lost, d.rev = s.Next, slices.Clone(s.List), slices.Clone(s.Lost), s.Rev
	maps.Copy(d.raised, s.Raised)
	maps.Copy(d.broken, s.Broken)
	for p, l := range s.Lines {
		if slices.Contains(d.cfg.Partners, p) {
			d.lines[p] = &l
		}
	}
}
