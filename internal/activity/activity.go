// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package activity holds the own-activity notices of all parties: what each says
// that it itself does, where, when, how high and with how many.
//
// A partner's notice explains objects at our floor: those inside its time box,
// area and height block keep their alerts from alarming (they are held back,
// shown and logged). It never holds back everything: see Holdable. Nothing of a
// notice moves a track, sets an identity or tells anybody to do anything.
//
// # What a notice explains
//
// Own tracks, and the issuer's own tracks as it released them, of the notice's
// domain and exercise mark, while the notice is planned or working within its
// time box. Where the notice has a height block, an object without a height is
// not explained. What the issuer itself calls pending, unknown, neutral or
// suspect is not its own activity, nor is what our own people hold to be friend,
// neutral or suspect.
//
// # Mismatch
//
// "count": more objects inside than the notice says. Which of them are meant
// nobody knows, so that it holds nothing back until the count fits again.
// "area", "height": an object that was inside has left the area or the block,
// or, while the notice says working, one that the issuer calls its own is near
// the area and outside. Each is alarmed.
//
// # Overlap
//
// Two parties' notices with time, area and heights in common alarm each desk
// that holds both. Each computes it by itself from the same two notices, in
// whole numbers, and tells nobody.
//
// The package sends nothing, keeps no clock and knows no link.
package activity

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// Bounds of the state.
const (
	maxOwn     = 64  // own notices that have not ended
	maxPartner = 64  // of one partner, ended ones that are still shown too
	maxHeld    = 256 // alerts held back; beyond it they alarm
	maxJournal = 300 // entries that are shown; older ones stand in the audit log
	maxMatched = 512 // objects that one notice explains

	keepEnded = time.Hour          // how long an ended notice is shown
	maxAhead  = 7 * 24 * time.Hour // how far a time box may lie ahead
)

// The errors of acts and records. None changes anything.
var (
	ErrUnknown = errors.New("no such notice")
	ErrState   = errors.New("the notice has ended, or the state does not follow")
	ErrFull    = errors.New("too many notices")
	ErrStale   = errors.New("an older version of a notice")
	ErrMixed   = errors.New("exercise and live do not mix")
	ErrTime    = errors.New("the time box is over or too far ahead")
)

// Key names a notice: one of ours by its number, a partner's by its object.
type Key struct {
	Party  party.ID  `json:"party"`
	Number uint32    `json:"number,omitempty"` // ours
	Object record.ID `json:"object,omitzero"`  // a partner's
}

// Compare orders keys: by party, number, object.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Party, o.Party), cmp.Compare(k.Number, o.Number), slices.Compare(k.Object[:], o.Object[:]))
}

// String returns the key as alarms and audit entries quote it.
func (k Key) String() string {
	if k.Number != 0 {
		return fmt.Sprintf("%s-%d", k.Party, k.Number)
	}
	return string(k.Party) + "-" + Short(k.Object)
}

// Short returns the part of an id by which people call a notice: it is the same
// at both ends of a link.
func Short(id record.ID) string { return id.String()[24:] }

// Notice is one own-activity notice.
type Notice struct {
	Key
	Body     record.Activity `json:"body"`
	Epoch    uint32          `json:"epoch,omitempty"` // a partner's: of the record
	Exercise bool            `json:"exercise,omitempty"`
	Label    record.Label    `json:"label,omitzero"`  // a partner's
	Record   record.ID       `json:"record,omitzero"` // a partner's: that said so last
	By       string          `json:"by,omitempty"`    // own people; stays home
	At       time.Time       `json:"at"`              // entered or received
	To       []party.ID      `json:"to,omitempty"`    // ours: the partners chosen, sorted
	Withheld []party.ID      `json:"withheld,omitempty"`
	Ended    time.Time       `json:"ended,omitzero"`

	// Of a partner's notice.
	Aside   bool           `json:"aside,omitempty"` // a person here set it aside: it holds nothing back
	AsideBy string         `json:"aside_by,omitempty"`
	Matched []Match        `json:"matched,omitempty"`  // objects inside now, sorted
	Strayed []Match        `json:"strayed,omitempty"`  // objects that were inside and are not, sorted
	Noted   []track.Number `json:"noted,omitempty"`    // own tracks that were inside at some time, sorted
	Wrong   []string       `json:"mismatch,omitempty"` // "count", "area", "height"
}

// Match is one object that a notice explains, or explained.
type Match struct {
	Own     track.Number     `json:"own,omitempty"`
	Partner track.PartnerKey `json:"partner,omitzero"`
	Barred  bool             `json:"barred,omitempty"` // it counts, and nothing of it is held back
	Why     string           `json:"why,omitempty"`    // of a strayed one: "area", "height"
}

func compareMatch(a, b Match) int {
	return cmp.Or(cmp.Compare(a.Own, b.Own), a.Partner.Compare(b.Partner))
}

// State returns the notice's state at a time; a box that is over is "expired"
// whatever was said.
func (n *Notice) State(now time.Time) string {
	if !n.over() && !now.Before(n.Body.To) {
		return "expired"
	}
	return n.Body.State
}

// over reports whether the issuer has ended the notice.
func (n *Notice) over() bool { return n.Body.State == "clear" || n.Body.State == "cancelled" }

// live reports whether the notice can still matter.
func (n *Notice) live(now time.Time) bool { return !n.over() && now.Before(n.Body.To) }

// Active reports whether the notice explains objects now.
func (n *Notice) Active(now time.Time) bool { return n.live(now) && !now.Before(n.Body.From) }

// Config sets up a Desk.
type Config struct {
	Self     party.ID
	Partners []party.ID
	Hold     bool // whether partners' notices hold alerts back at all
}

// Out is a notice for a partner, to be released as the policy says.
type Out struct {
	To       party.ID
	Number   uint32
	Body     record.Activity
	Exercise bool
}

// Held is an alert that a notice keeps from alarming.
type Held struct {
	Alert  watch.Alert `json:"alert"`
	Notice Key         `json:"notice"`
	Since  time.Time   `json:"since"`
}

// Entry is one line of what happened to the notices, for people. The words are
// those of a closed list.
type Entry struct {
	At     time.Time    `json:"at"`
	What   string       `json:"what"`
	Notice Key          `json:"notice"`
	Other  Key          `json:"other,omitzero"` // of an overlap
	Rule   string       `json:"rule,omitempty"`
	Track  track.Number `json:"track,omitempty"`
	Wrong  string       `json:"mismatch,omitempty"`
	By     string       `json:"by,omitempty"`
}

// Whats lists what an Entry may say.
func Whats() []string {
	return append(record.ActivityStates()[1:],
		"entered", "amended", "withheld", "received", "expired", "set-aside", "honoured", "held", "lifted", "ended",
		"mismatch", "mismatch-over", "overlap", "overlap-over")
}

// Mismatches lists in what a notice and the picture may differ.
func Mismatches() []string { return []string{"count", "area", "height"} }

// Desk holds the notices. It is part of the engine's state and has one owner.
type Desk struct {
	cfg      Config
	notices  []*Notice // by key
	next     uint32
	held     []Held // by the alert's key
	journal  []Entry
	overlaps []Overlap // by keys
	fresh    []Entry   // since the last Entries
	changed  bool      // notices came, changed or ended since the overlaps were computed
	raised   map[string]Alarm
}

// NewDesk returns a Desk without any notice.
func NewDesk(cfg Config) *Desk { return &Desk{cfg: cfg, raised: make(map[string]Alarm)} }

func (d *Desk) find(k Key) (int, bool) {
	return slices.BinarySearchFunc(d.notices, k, func(n *Notice, k Key) int { return n.Compare(k) })
}

// Get returns a notice.
func (d *Desk) Get(k Key) (Notice, bool) {
	i, ok := d.find(k)
	if !ok {
		return Notice{}, false
	}
	return d.notices[i].clone(), true
}

// Notices returns all notices by key.
func (d *Desk) Notices() []Notice {
	list := make([]Notice, 0, len(d.notices))
	for _, n := range d.notices {
		list = append(list, n.clone())
	}
	return list
}

func (d *Desk) count(p party.ID, fits func(*Notice) bool) int {
	c := 0
	for _, n := range d.notices {
		if n.Party == p && fits(n) {
			c++
		}
	}
	return c
}

func (d *Desk) note(e Entry) {
	d.fresh = append(d.fresh, e)
	d.journal = append(d.journal, e)
	d.journal = slices.Delete(d.journal, 0, max(0, len(d.journal)-maxJournal))
}

// Entries returns what happened since the last call, for the audit log.
func (d *Desk) Entries() []Entry {
	list := d.fresh
	d.fresh = nil
	return list
}

// Journal returns the last entries, newest last.
func (d *Desk) Journal() []Entry { return slices.Clone(d.journal) }

// Held returns the alerts held back, by key.
func (d *Desk) Held() []Held { return slices.Clone(d.held) }

// Overlaps returns the overlaps that are not over, by keys.
func (d *Desk) Overlaps() []Overlap { return slices.Clone(d.overlaps) }

// Enter takes a notice of our own and returns its number. The body's state and
// times are the desk's to set.
func (d *Desk) Enter(body record.Activity, exercise bool, to []party.ID, by string, now time.Time) (uint32, []Out, error) {
	if !now.Before(body.To) || body.From.Sub(now) > maxAhead {
		return 0, nil, ErrTime
	}
	if d.count(d.cfg.Self, func(n *Notice) bool { return n.live(now) }) >= maxOwn {
		return 0, nil, ErrFull
	}
	d.next++
	body.State, body.Working, body.Clear = "planned", nil, nil
	n := &Notice{Key: Key{Party: d.cfg.Self, Number: d.next}, Body: body, Exercise: exercise, By: by, At: now, To: sorted(to)}
	d.put(n)
	d.note(Entry{At: now, What: "entered", Notice: n.Key, By: by})
	return n.Number, n.outs(), nil
}

func (d *Desk) put(n *Notice) {
	d.changed = true
	i, found := d.find(n.Key)
	if found {
		d.notices[i] = n
		return
	}
	d.notices = slices.Insert(d.notices, i, n)
}

func sorted(list []party.ID) []party.ID {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func (n *Notice) outs() []Out {
	var outs []Out
	for _, p := range n.To {
		outs = append(outs, Out{To: p, Number: n.Number, Body: n.body(), Exercise: n.Exercise})
	}
	return outs
}

// own returns a notice of ours that has not ended.
func (d *Desk) own(number uint32, now time.Time) (*Notice, error) {
	i, ok := d.find(Key{Party: d.cfg.Self, Number: number})
	if !ok {
		return nil, ErrUnknown
	}
	if !d.notices[i].live(now) {
		return nil, ErrState
	}
	return d.notices[i], nil
}

// Amend changes a notice of ours; partners named here are added to those who
// hold it.
func (d *Desk) Amend(number uint32, body record.Activity, to []party.ID, by string, now time.Time) ([]Out, error) {
	n, err := d.own(number, now)
	switch {
	case err != nil:
		return nil, err
	case !now.Before(body.To) || body.From.Sub(now) > maxAhead:
		return nil, ErrTime
	}
	body.State, body.Working, body.Clear = n.Body.State, n.Body.Working, n.Body.Clear
	n.Body, n.By, n.At, n.To = body, by, now, sorted(append(n.To, to...))
	n.Withheld, d.changed = nil, true
	d.note(Entry{At: now, What: "amended", Notice: n.Key, By: by})
	return n.outs(), nil
}

// SetState moves a notice of ours on: to working, clear or cancelled.
func (d *Desk) SetState(number uint32, state, by string, now time.Time) ([]Out, error) {
	n, err := d.own(number, now)
	if err != nil {
		return nil, err
	}
	at := now.Truncate(time.Second) // as the record tells it
	switch {
	case state == "working" && n.Body.State == "planned":
		n.Body.Working = &at
	case state == "clear":
		n.Body.Clear = &at
	case state == "cancelled":
	default:
		return nil, ErrState
	}
	n.Body.State, n.By = state, by
	n.Withheld, d.changed = nil, true
	d.note(Entry{At: now, What: state, Notice: n.Key, By: by})
	return n.outs(), nil
}

// Withhold notes that the newest version of a notice of ours does not leave for
// a partner.
func (d *Desk) Withhold(number uint32, to party.ID, now time.Time) {
	if i, ok := d.find(Key{Party: d.cfg.Self, Number: number}); ok {
		n := d.notices[i]
		n.Withheld = sorted(append(n.Withheld, to))
		d.note(Entry{At: now, What: "withheld", Notice: n.Key, Other: Key{Party: to}})
	}
}

// Receive takes a partner's notice, or a newer version of it.
func (d *Desk) Receive(from party.ID, r *record.Record, now time.Time) error {
	k := Key{Party: from, Object: r.Object}
	body := *r.Activity
	if i, ok := d.find(k); ok {
		n := d.notices[i]
		switch {
		case r.Epoch <= n.Epoch || n.over():
			return ErrStale
		case r.Exercise != n.Exercise:
			return ErrMixed
		case body.From.Sub(now) > maxAhead:
			return ErrTime
		}
		what := "amended"
		if body.State != n.Body.State {
			what = body.State
		}
		n.Body, n.Epoch, n.Label, n.Record, n.At = body, r.Epoch, r.Label, r.ID, now
		n.Ended, d.changed = time.Time{}, true // it may have been prolonged just before its end
		d.note(Entry{At: now, What: what, Notice: k})
		return nil
	}
	n := &Notice{Key: k, Body: body, Epoch: r.Epoch, Exercise: r.Exercise, Label: r.Label, Record: r.ID, At: now}
	switch {
	case !n.live(now) || body.From.Sub(now) > maxAhead:
		return ErrTime // nothing of it is held, and nothing of it matters any more
	case d.count(from, func(*Notice) bool { return true }) >= maxPartner:
		return ErrFull
	}
	d.put(n)
	d.note(Entry{At: now, What: "received", Notice: k})
	return nil
}

// SetAside lets a partner's notice hold nothing back any more, by a person's
// word, or takes that back.
func (d *Desk) SetAside(k Key, aside bool, by string, now time.Time) error {
	i, ok := d.find(k)
	if !ok || k.Party == d.cfg.Self {
		return ErrUnknown
	}
	n := d.notices[i]
	if n.Aside == aside || !n.live(now) {
		return ErrState
	}
	n.Aside, n.AsideBy = aside, ""
	what := "honoured"
	if aside {
		n.AsideBy, what = by, "set-aside"
	}
	d.note(Entry{At: now, What: what, Notice: k, By: by})
	return nil
}

// Forget drops what a record of a partner told, where it is what is held. What
// is said of the notice in the journal goes with it.
func (d *Desk) Forget(from party.ID, rec record.ID) {
	i := slices.IndexFunc(d.notices, func(n *Notice) bool { return n.Party == from && from != d.cfg.Self && n.Record == rec })
	if i < 0 {
		return
	}
	k := d.notices[i].Key
	d.notices, d.changed = slices.Delete(d.notices, i, i+1), true
	about := func(e Entry) bool { return e.Notice == k || e.Other == k }
	d.journal, d.fresh = slices.DeleteFunc(d.journal, about), slices.DeleteFunc(d.fresh, about)
}

// body returns a copy of the body that shares no memory with the notice.
func (n *Notice) body() record.Activity {
	b := n.Body
	b.Area.Corners = slices.Clone(b.Area.Corners)
	b.Area.Centre, b.Height, b.ContactKHz = copied(b.Area.Centre), copied(b.Height), copied(b.ContactKHz)
	b.Working, b.Clear = copied(b.Working), copied(b.Clear)
	return b
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func (n *Notice) clone() Notice {
	c := *n
	c.Body = n.body()
	c.To, c.Withheld, c.Wrong = slices.Clone(n.To), slices.Clone(n.Withheld), slices.Clone(n.Wrong)
	c.Matched, c.Strayed, c.Noted = slices.Clone(n.Matched), slices.Clone(n.Strayed), slices.Clone(n.Noted)
	return c
}

// State is a Desk as a snapshot holds it.
type State struct {
	Notices  []Notice         `json:"notices,omitempty"`
	Next     uint32           `json:"next"`
	Held     []Held           `json:"held,omitempty"`
	Journal  []Entry          `json:"journal,omitempty"`
	Overlaps []Overlap        `json:"overlaps,omitempty"`
	Fresh    []Entry          `json:"fresh,omitempty"`
	Raised   map[string]Alarm `json:"raised,omitempty"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	return State{
		Notices: d.Notices(), Next: d.next, Held: d.Held(), Journal: d.Journal(), Overlaps: d.Overlaps(),
		Fresh: slices.Clone(d.fresh), Raised: maps.Clone(d.raised),
	}
}

// Restore takes the state over. Notices of partners that are gone are left out.
func (d *Desk) Restore(s State) {
	*d = *NewDesk(d.cfg)
	d.next = s.Next
	known := func(k Key) bool { return k.Party == d.cfg.Self || slices.Contains(d.cfg.Partners, k.Party) }
	for i := range s.Notices {
		if n := s.Notices[i].clone(); known(n.Key) {
			d.notices = append(d.notices, &n)
		}
	}
	d.held, d.journal, d.fresh = slices.Clone(s.Held), slices.Clone(s.Journal), slices.Clone(s.Fresh)
	d.overlaps = slices.DeleteFunc(slices.Clone(s.Overlaps), func(o Overlap) bool { return !known(o.A) || !known(o.B) })
	maps.Copy(d.raised, s.Raised)
	d.changed = true
}
