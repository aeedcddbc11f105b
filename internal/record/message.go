// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// The kinds of communications.
const (
	KindMessage      Kind = 7  // what one watch floor tells another
	KindMessageState Kind = 8  // that a message was received, or read
	KindHotline      Kind = 10 // a step of a test of the line
)

// MaxMessage is how many characters of free text a message holds.
const MaxMessage = 1000

// MaxParams bounds the parameters of one coded message.
const MaxParams = 8

// Message is what one watch floor tells another: free text or a phrase of a
// phrasebook. It is addressed to one partner and to nobody else.
type Message struct {
	To         party.ID `cbor:"1,keyasint" json:"to"`
	Precedence string   `cbor:"2,keyasint" json:"precedence"` // a word of Precedences
	Text       string   `cbor:"3,keyasint,omitempty" json:"text,omitempty"`
	Phrase     *Phrase  `cbor:"4,keyasint,omitempty" json:"phrase,omitempty"`
	Incident   []Ref    `cbor:"5,keyasint,omitempty" json:"incident,omitempty"` // none: the general thread
	Answers    *Ref     `cbor:"6,keyasint,omitempty" json:"answers,omitempty"`  // an earlier message of either party
	Corrects   *Ref     `cbor:"7,keyasint,omitempty" json:"corrects,omitempty"` // an earlier message of the sender
	NoDuff     bool     `cbor:"8,keyasint,omitempty" json:"no_duff,omitempty"`  // real, though an exercise goes on
}

// Phrase is a coded message: the reader's node puts it into words.
type Phrase struct {
	Edition string  `cbor:"1,keyasint" json:"edition"` // of the sender's phrasebook
	Code    string  `cbor:"2,keyasint" json:"code"`
	Params  []Param `cbor:"3,keyasint,omitempty" json:"params,omitempty"`
}

// Param is one parameter of a phrase: a name and exactly one value, of which
// the type follows, so that it can be shown to a reader who does not know the
// code.
type Param struct {
	Name      string     `cbor:"1,keyasint" json:"name"`
	Place     *Place     `cbor:"2,keyasint,omitempty" json:"place,omitempty"`
	Track     *Ref       `cbor:"3,keyasint,omitempty" json:"track,omitempty"` // an object as this link knows it
	Time      *time.Time `cbor:"4,keyasint,omitempty" json:"time,omitempty"`
	Number    *float64   `cbor:"5,keyasint,omitempty" json:"number,omitempty"`
	Measure   string     `cbor:"6,keyasint,omitempty" json:"measure,omitempty"` // of Number: a word of Measures
	Unit      string     `cbor:"7,keyasint,omitempty" json:"unit,omitempty"`    // a ship, aircraft or station by its callsign
	Frequency *uint32    `cbor:"8,keyasint,omitempty" json:"frequency_khz,omitempty"`
	Bearing   *uint16    `cbor:"9,keyasint,omitempty" json:"bearing_deg,omitempty"` // true
}

// Place is a named zone or place of the pack, or a cell.
type Place struct {
	Name string `cbor:"1,keyasint,omitempty" json:"name,omitempty"` // its id in the pack
	Cell *Cell  `cbor:"2,keyasint,omitempty" json:"cell,omitempty"`
}

// MessageState says what became of a message of the receiver's. It names a
// desk, never a person.
type MessageState struct {
	Message Ref    `cbor:"1,keyasint" json:"message"`
	State   string `cbor:"2,keyasint" json:"state"`                    // "received", "read"
	Desk    string `cbor:"3,keyasint,omitempty" json:"desk,omitempty"` // read: a word of Desks
}

// Hotline is a step of a test of the line: REQUEST and ANSWER by machine,
// ACKNOWLEDGE by a person at the desk that was called. Times are those of the
// engines, to the microsecond (after NTP, RFC 5905 §8).
type Hotline struct {
	Step     string     `cbor:"1,keyasint" json:"step"`                         // "request", "answer", "acknowledge"
	Test     *Ref       `cbor:"2,keyasint,omitempty" json:"test,omitempty"`     // the request; absent in one
	Asked    time.Time  `cbor:"3,keyasint" json:"asked"`                        // T1, by the clock of who asks
	Received *time.Time `cbor:"4,keyasint,omitempty" json:"received,omitempty"` // T2, by the clock of who answers
	Answered *time.Time `cbor:"5,keyasint,omitempty" json:"answered,omitempty"` // T3, by the same
	Desk     string     `cbor:"6,keyasint,omitempty" json:"desk,omitempty"`     // acknowledge: a word of Desks
}

// Precedences lists the words of precedence: at air routine, priority,
// immediate, flash (ACP 121); at sea routine, safety, urgency, distress (ITU
// Radio Regulations, article 53).
func Precedences() []string {
	return []string{"routine", "priority", "immediate", "flash", "safety", "urgency", "distress"}
}

// Measures lists the units in which a number may be given.
func Measures() []string { return []string{"nm", "km", "m", "ft", "kt", "min", "h", "persons"} }

// Desks lists the words for desks that a partner may be told.
func Desks() []string { return []string{"watch", "air", "sea", "rescue", "supervisor"} }

// HotlineSteps lists the steps of a test of the line.
func HotlineSteps() []string { return []string{"request", "answer", "acknowledge"} }

// MessageStates lists the states that a partner is told.
func MessageStates() []string { return []string{"received", "read"} }

var (
	editionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$`)
	codePattern    = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,15}$`)
	paramPattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,23}$`)
	namePattern    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,47}$`)
)

func (m *Message) utc(own func(*time.Time)) {
	if m == nil || m.Phrase == nil {
		return
	}
	for i := range m.Phrase.Params {
		if t := m.Phrase.Params[i].Time; t != nil {
			own(t)
		}
	}
}

func (h *Hotline) utc(own func(*time.Time)) {
	if h == nil {
		return
	}
	own(&h.Asked)
	for _, t := range []*time.Time{h.Received, h.Answered} {
		if t != nil {
			own(t)
		}
	}
}

func (m *Message) validate() error {
	if _, err := party.Parse(string(m.To)); err != nil {
		return err
	}
	switch {
	case !slices.Contains(Precedences(), m.Precedence):
		return fmt.Errorf("precedence %q unknown", m.Precedence)
	case (m.Text == "") == (m.Phrase == nil):
		return errors.New("want either text or a phrase")
	case utf8.RuneCountInString(m.Text) > MaxMessage:
		return errors.New("text too long")
	}
	if len(m.Incident) > 0 {
		if err := refs(m.Incident); err != nil {
			return err
		}
	}
	for _, r := range []*Ref{m.Answers, m.Corrects} {
		if r == nil {
			continue
		}
		if err := refs([]Ref{*r}); err != nil {
			return err
		}
	}
	if err := lines(m.Text); err != nil {
		return err
	}
	return m.Phrase.validate()
}

// lines checks a text of several lines; how long it may be is checked apart.
func lines(s string) error {
	for line := range strings.SplitSeq(s, "\n") {
		for ; len(line) > 0; line = cutRunes(line, maxText) {
			if err := texts(firstRunes(line, maxText)); err != nil {
				return err
			}
		}
	}
	return nil
}

func firstRunes(s string, n int) string { return s[:len(s)-len(cutRunes(s, n))] }

// cutRunes returns s without its first n characters.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}

func (p *Phrase) validate() error {
	switch {
	case p == nil:
		return nil
	case !editionPattern.MatchString(p.Edition):
		return errors.New("edition malformed")
	case !codePattern.MatchString(p.Code):
		return errors.New("code malformed")
	case len(p.Params) > MaxParams:
		return errors.New("too many parameters")
	}
	for i := range p.Params {
		q := &p.Params[i]
		if slices.ContainsFunc(p.Params[:i], func(o Param) bool { return o.Name == q.Name }) {
			return fmt.Errorf("parameter %q twice", q.Name)
		}
		if err := q.validate(); err != nil {
			return err
		}
	}
	return nil
}

// CheckParam reports whether a parameter is one that may travel.
func CheckParam(q *Param) error { return q.validate() }

func (q *Param) validate() error {
	values := 0
	for _, has := range []bool{q.Place != nil, q.Track != nil, q.Time != nil, q.Number != nil, q.Unit != "", q.Frequency != nil, q.Bearing != nil} {
		if has {
			values++
		}
	}
	switch {
	case !paramPattern.MatchString(q.Name):
		return errors.New("parameter's name malformed")
	case values != 1:
		return fmt.Errorf("parameter %q has %d values, want 1", q.Name, values)
	case q.Measure != "" && (q.Number == nil || !slices.Contains(Measures(), q.Measure)):
		return fmt.Errorf("measure %q unknown", q.Measure)
	case q.Number != nil && !(math.Abs(*q.Number) <= 1e9):
		return errors.New("number out of range")
	case q.Time != nil && !inOurTime(*q.Time):
		return errors.New("time out of range")
	case q.Frequency != nil && (*q.Frequency == 0 || *q.Frequency > 400_000_000):
		return errors.New("frequency out of range")
	case q.Bearing != nil && *q.Bearing >= 360:
		return errors.New("bearing out of range")
	case q.Track != nil:
		return refs([]Ref{*q.Track})
	case q.Place != nil:
		return q.Place.validate()
	}
	return texts(q.Unit)
}

func (p *Place) validate() error {
	switch {
	case (p.Name == "") == (p.Cell == nil):
		return errors.New("want either a named place or a cell")
	case p.Cell != nil:
		return p.Cell.validate()
	case !namePattern.MatchString(p.Name):
		return errors.New("name of place malformed")
	}
	return nil
}

func (s *MessageState) validate() error {
	if !slices.Contains(MessageStates(), s.State) {
		return fmt.Errorf("state %q unknown", s.State)
	}
	if err := desk(s.Desk, s.State == "read"); err != nil {
		return err
	}
	return refs([]Ref{s.Message})
}

// desk checks a desk's word, which stands where a person acted and only there.
func desk(word string, person bool) error {
	if (word != "") != person || (person && !slices.Contains(Desks(), word)) {
		return fmt.Errorf("desk %q unknown or out of place", word)
	}
	return nil
}

func (h *Hotline) validate() error {
	asks := h.Step == "request"
	switch {
	case !slices.Contains(HotlineSteps(), h.Step):
		return fmt.Errorf("step %q unknown", h.Step)
	case asks != (h.Test == nil):
		return errors.New("a request is no answer to one")
	case !inOurTime(h.Asked):
		return errors.New("no time")
	case (h.Step == "answer") != (h.Received != nil) || (h.Step == "answer") != (h.Answered != nil):
		return errors.New("times do not fit the step")
	case h.Received != nil && (!inOurTime(*h.Received) || !inOurTime(*h.Answered) || h.Answered.Before(*h.Received)):
		return errors.New("times out of order")
	}
	if err := desk(h.Desk, h.Step == "acknowledge"); err != nil {
		return err
	}
	if asks {
		return nil
	}
	return refs([]Ref{*h.Test})
}
