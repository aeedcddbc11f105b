// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Limits of what is taken from a link. Whatever exceeds them is refused.
const (
	MaxBytes    = 16 << 10 // one encoded record
	maxText     = 200      // characters of any text
	maxList     = 64       // elements of any list
	maxBinWidth = 48 * time.Hour
)

// ErrMalformed is wrapped by every error of Decode and Validate.
var ErrMalformed = errors.New("malformed record")

var (
	encMode = strict.Encoding()
	decMode = strict.Decoding(strict.Limits{Nested: 8, Array: 256, Pairs: 64})
)

// Encode returns r in deterministic CBOR (RFC 8949 §4.2): equal records give
// equal bytes.
func Encode(r *Record) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	b, err := encMode.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("encode record: %w: %d octets, at most %d", ErrMalformed, len(b), MaxBytes)
	}
	return b, nil
}

// Decode reads one record that came off a link. It refuses unknown fields,
// duplicate keys, wrong kinds and whatever Validate refuses.
func Decode(b []byte) (*Record, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d octets, at most %d", ErrMalformed, len(b), MaxBytes)
	}
	var r Record
	if err := decMode.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	r.utc()
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return &r, nil
}

// utc takes the machine's own time zone out of what was read, so that equal
// records are equal on every machine and after every snapshot. Times travel as
// seconds in floating point, good to the microsecond.
func (r *Record) utc() {
	own := func(t *time.Time) { *t = t.UTC().Round(time.Microsecond) }
	own(&r.Time)
	if r.Track != nil {
		own(&r.Track.Bin.Start)
	}
	if r.Incident != nil {
		own(&r.Incident.Opened.Start)
		if r.Incident.Last != nil {
			own(&r.Incident.Last.Start)
		}
		for i := range r.Incident.Events {
			own(&r.Incident.Events[i].Bin.Start)
		}
	}
	if r.Plan != nil && r.Plan.Ends != nil {
		own(r.Plan.Ends)
	}
	r.Dialogue.utc(own)
	if r.Support != nil {
		r.Support.utc(own)
	}
	r.Message.utc(own)
	r.Hotline.utc(own)
	if r.Activity != nil {
		r.Activity.utc(own)
	}
	if r.SearchArea != nil {
		own(&r.SearchArea.DatumAt)
	}
}

// Validate reports what is wrong with r, wrapping ErrMalformed.
func (r *Record) Validate() error {
	if err := r.Envelope.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	body, err := r.body()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := body.validate(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrMalformed, r.Kind, err)
	}
	return nil
}

func (e *Envelope) validate() error {
	switch {
	case e.Version != Protocol:
		return fmt.Errorf("version %d, want %d", e.Version, Protocol)
	case e.ID.IsZero() || e.Object.IsZero():
		return errors.New("no id")
	case !e.Label.Valid():
		return errors.New("incomplete label")
	case !inOurTime(e.Time):
		return errors.New("no time")
	case len(e.Onward) > maxList:
		return errors.New("onward list too long")
	}
	for _, p := range append([]party.ID{e.Originator}, e.Onward...) {
		if _, err := party.Parse(string(p)); err != nil {
			return err
		}
	}
	return texts(e.Label.Policy, e.Label.Classification, e.Label.Purpose)
}

type validator interface{ validate() error }

func (r *Record) body() (validator, error) {
	bodies := []struct {
		kind    Kind
		present bool
		body    validator
	}{
		{KindTrack, r.Track != nil, r.Track},
		{KindIncident, r.Incident != nil, r.Incident},
		{KindLink, r.Link != nil, r.Link},
		{KindDialogue, r.Dialogue != nil, r.Dialogue},
		{KindPosture, r.Posture != nil, r.Posture},
		{KindDistress, r.Distress != nil, r.Distress},
		{KindActivity, r.Activity != nil, r.Activity},
		{KindSearchArea, r.SearchArea != nil, r.SearchArea},
		{KindPlan, r.Plan != nil, r.Plan},
		{KindRecall, r.Recall != nil, r.Recall},
		{KindRecallReceipt, r.RecallReceipt != nil, r.RecallReceipt},
		{KindSupport, r.Support != nil, r.Support},
		{KindFacility, r.Facility != nil, r.Facility},
		{KindMessage, r.Message != nil, r.Message},
		{KindMessageState, r.MessageState != nil, r.MessageState},
		{KindHotline, r.Hotline != nil, r.Hotline},
	}
	var found validator
	for _, b := range bodies {
		if b.present != (b.kind == r.Kind) {
			return nil, fmt.Errorf("kind %d does not match its body", r.Kind)
		}
		if b.present {
			found = b.body
		}
	}
	if found == nil {
		return nil, fmt.Errorf("kind %d unknown", r.Kind)
	}
	return found, nil
}

func (c Cell) validate() error {
	if c.LatE5 < -90_00000 || c.LatE5 > 90_00000 || c.LonE5 < -180_00000 || c.LonE5 > 180_00000 || c.GridM == 0 || c.GridM > 1_000_000 {
		return errors.New("cell out of range")
	}
	return nil
}

// inOurTime refuses times that no watch floor means. Far years break more than
// they tell: RFC 3339 ends with 9999, nanoseconds in 64 bits with 2262.
func inOurTime(t time.Time) bool { return t.Year() >= 2000 && t.Year() <= 2200 }

func (b Bin) validate() error {
	if !inOurTime(b.Start) || b.Width <= 0 || b.Width > maxBinWidth {
		return errors.New("time bin out of range")
	}
	return nil
}

func (i *Identity) validate() error {
	if i == nil {
		return nil
	}
	if !slices.Contains(Standards(), i.Standard) {
		return fmt.Errorf("standard identity %q unknown", i.Standard)
	}
	return texts(i.Type)
}

func (t *Track) validate() error {
	if t.Domain != "air" && t.Domain != "sea" {
		return fmt.Errorf("domain %q unknown", t.Domain)
	}
	if t.Course != nil && *t.Course >= 360 {
		return errors.New("course out of range")
	}
	if t.Address != nil && *t.Address > 0xFFFFFF {
		return errors.New("address out of range")
	}
	if t.Height != nil && t.Height.SizeFt == 0 {
		return errors.New("height without band")
	}
	return errors.Join(t.Cell.validate(), t.Bin.validate(), t.Identity.validate(), t.Near.validate(), texts(t.Callsign, t.Name))
}

func (e Event) validate() error {
	if e.Rule == "" {
		return errors.New("event without rule")
	}
	return errors.Join(e.Bin.validate(), texts(e.Rule, e.Zone, e.ZoneVersion, e.Direction))
}

func (i *Incident) validate() error {
	if i.State != "open" && i.State != "closed" {
		return fmt.Errorf("incident state %q unknown", i.State)
	}
	if len(i.Events) > maxList || len(i.Tracks) > maxList {
		return errors.New("list too long")
	}
	for _, e := range i.Events {
		if err := e.validate(); err != nil {
			return err
		}
	}
	if i.Domain != "" && i.Domain != "air" && i.Domain != "sea" {
		return fmt.Errorf("domain %q unknown", i.Domain)
	}
	if i.Last != nil {
		if err := i.Last.validate(); err != nil {
			return err
		}
	}
	return errors.Join(i.Opened.validate(), i.Identity.validate(), i.Near.validate(), texts(i.Outcome, i.Sector))
}

func (l *Link) validate() error {
	if l.Ours.IsZero() || l.Theirs.IsZero() {
		return errors.New("no id")
	}
	return nil
}

func refs(list []Ref) error {
	if len(list) == 0 || len(list) > maxList {
		return errors.New("joint incident out of range")
	}
	for _, r := range list {
		if _, err := party.Parse(string(r.Originator)); err != nil {
			return err
		}
		if r.ID.IsZero() {
			return errors.New("no id")
		}
	}
	return nil
}

func (p *Posture) validate() error {
	if !slices.Contains(Postures(), p.Posture) {
		return fmt.Errorf("posture %q unknown", p.Posture)
	}
	return refs(p.Incident)
}

func (d *Distress) validate() error {
	if !(d.LatDeg >= -90 && d.LatDeg <= 90 && d.LonDeg >= -180 && d.LonDeg <= 180) || d.Nature == "" {
		return errors.New("position or nature out of range")
	}
	return texts(d.Nature, d.Contact)
}

// texts refuses long texts, invalid UTF-8, and control and direction-changing
// characters.
func texts(list ...string) error {
	for _, s := range list {
		if len(s) > 4*maxText || utf8.RuneCountInString(s) > maxText || !utf8.ValidString(s) {
			return errors.New("text too long or not UTF-8")
		}
		for _, c := range s {
			if unicode.IsControl(c) || unicode.In(c, unicode.Bidi_Control) {
				return fmt.Errorf("text holds the control character %U", c)
			}
		}
	}
	return nil
}
