// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package reel shows, cuts and joins tapes: it knows that their entries are the
// engine's inputs. Of a partner's record a tape holds the reference alone, and
// so does all that is written here.
//
// It steps no engine and does not write to a node's own tape.
package reel

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// Kinds lists what an input can be.
func Kinds() []string { return []string{"frame", "partner", "command", "config", "event", "tick"} }

// Span is a part of a tape. The zero Span is all of it.
type Span struct {
	From, To     uint64    // numbers, both included; 0 is no bound
	Since, Until time.Time // Since is included, Until is not; zero is no bound
}

// Filter says which entries are shown.
type Filter struct {
	Span
	Kinds []string // of Kinds; none is all
	Feeds []string // frames and events of these feeds only; none is all
}

// Validate reports the first thing that is wrong with f.
func (f *Filter) Validate() error {
	for _, k := range f.Kinds {
		if !slices.Contains(Kinds(), k) {
			return fmt.Errorf("kind %q is none of %v", k, Kinds())
		}
	}
	switch {
	case f.To != 0 && f.To < f.From:
		return fmt.Errorf("entries %d to %d: the end is before the beginning", f.From, f.To)
	case !f.Until.IsZero() && !f.Until.After(f.Since):
		return errors.New("the end is not after the beginning")
	}
	return nil
}

// Line is an entry as people read it. Exactly one of the pointers is set, none
// for a tick.
type Line struct {
	N       uint64       `json:"n"`
	At      time.Time    `json:"at"`
	Kind    string       `json:"kind"`
	Frame   *FrameLine   `json:"frame,omitempty"`
	Partner *PartnerLine `json:"partner,omitempty"`
	Command *CommandLine `json:"command,omitempty"`
	Config  *ConfigLine  `json:"config,omitempty"`
	Event   *EventLine   `json:"event,omitempty"`
}

// FrameLine is a frame, its octets in hex.
type FrameLine struct {
	Feed     string    `json:"feed"`
	Seq      uint64    `json:"seq"`
	Format   string    `json:"format"`
	Received time.Time `json:"received"`
	Offset   int64     `json:"offset"`
	Data     string    `json:"data"`
}

// PartnerLine refers to a record in the inbox. What it says is not on the tape.
type PartnerLine struct {
	From party.ID `json:"from"`
	Lane string   `json:"lane"`
	Seq  uint64   `json:"seq"`
}

// CommandLine is a person's act.
type CommandLine struct {
	By   string          `json:"by"`
	Role string          `json:"role"`
	Act  *engine.Command `json:"act"`
}

// ConfigLine names what was configured.
type ConfigLine struct {
	Partners []party.ID `json:"partners"`
	Feeds    []string   `json:"feeds"`
	Octets   int        `json:"octets"` // on the tape
}

// EventLine is what the node saw of its own adapters.
type EventLine struct {
	Of      string   `json:"of"`
	Partner party.ID `json:"partner,omitempty"`
	Feed    string   `json:"feed,omitempty"`
	State   string   `json:"state,omitempty"`
	Problem string   `json:"problem,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Offset  int64    `json:"offset,omitempty"`
	Count   uint64   `json:"count,omitempty"`
}

// NewLine returns entry n, which has so many octets on the tape.
func NewLine(n uint64, in *engine.Input, octets int) *Line {
	l := &Line{N: n, At: in.At, Kind: kindOf(in)}
	switch {
	case in.Frame != nil:
		f := in.Frame
		l.Frame = &FrameLine{f.Source, f.Seq, f.Format.String(), f.Received, f.Offset, hex.EncodeToString(f.Data)}
	case in.Partner != nil:
		l.Partner = &PartnerLine{in.Partner.From, laneOf(in.Partner.Lane), in.Partner.Seq}
	case in.Command != nil:
		l.Command = &CommandLine{in.Command.By, in.Command.Role, in.Command}
	case in.Config != nil:
		l.Config = &ConfigLine{Partners: in.Config.Partners, Octets: octets}
		for _, f := range in.Config.Feeds {
			l.Config.Feeds = append(l.Config.Feeds, f.Name)
		}
	case in.Event != nil:
		e := in.Event
		l.Event = &EventLine{e.Kind, e.Partner, e.Feed, e.State, e.Problem, e.Reason, e.Offset, e.Count}
	}
	return l
}

func laneOf(l record.Lane) string {
	switch l {
	case record.LaneRecord:
		return "record"
	case record.LaneState:
		return "state"
	}
	return "invalid"
}

func kindOf(in *engine.Input) string {
	switch {
	case in.Frame != nil:
		return "frame"
	case in.Partner != nil:
		return "partner"
	case in.Command != nil:
		return "command"
	case in.Config != nil:
		return "config"
	case in.Event != nil:
		return "event"
	}
	return "tick"
}

// errEnough ends the reading of a tape.
var errEnough = errors.New("enough")

// read hands the entries within a span to fn.
func read(r *tape.Reader, s Span, fn func(n uint64, body []byte, in *engine.Input) error) error {
	err := r.Read(max(s.From, r.First()), func(n uint64, body []byte) error {
		if s.To != 0 && n > s.To {
			return errEnough
		}
		in, err := engine.UnmarshalInput(body)
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		if in.At.Before(s.Since) || !s.Until.IsZero() && !in.At.Before(s.Until) {
			return nil
		}
		return fn(n, body, in)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (f *Filter) takes(in *engine.Input) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, kindOf(in)) {
		return false
	}
	switch {
	case len(f.Feeds) == 0:
		return true
	case in.Frame != nil:
		return slices.Contains(f.Feeds, in.Frame.Source)
	case in.Event != nil:
		return slices.Contains(f.Feeds, in.Event.Feed)
	}
	return false
}

// Cat writes the entries that the filter takes to w, one JSON line each.
func Cat(w io.Writer, r *tape.Reader, f Filter) error {
	if err := f.Validate(); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	return read(r, f.Span, func(n uint64, body []byte, in *engine.Input) error {
		if !f.takes(in) {
			return nil
		}
		return enc.Encode(NewLine(n, in, len(body)))
	})
}
