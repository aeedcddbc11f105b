// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

// stateVersion is raised when State changes its meaning.
//
//	1  2026-11-25  first; Remote ID and clocks added 2026-11-29
//	2  2026-11-29  what other programs told of objects; 1 is read as well
const (
	stateVersion  = 2
	oldestVersion = 1
)

// State is what a Decoder remembers, fit for JSON or CBOR. The same frames
// give the same State.
type State struct {
	Version int           `json:"version"`
	Sources []SourceState `json:"sources,omitempty"` // by name
	Copies  *CopiesState  `json:"copies,omitempty"`
}

// SourceState is what is remembered of one feed. Feeds of CoT remember nothing.
type SourceState struct {
	Name     string       `json:"name"`
	Format   frame.Format `json:"format"`
	ModeS    *modes.State `json:"mode_s,omitempty"`
	Accuracy []NACpState  `json:"accuracy,omitempty"` // by address
	Merged   uint64       `json:"merged,omitempty"`   // see Decoder.Merged
	Heard    []Receiver   `json:"heard,omitempty"`    // see Decoder.Heard
	AIS      *ais.State   `json:"ais,omitempty"`

	Drones *remoteid.JoinerState `json:"drones,omitempty"`
	Clocks []ClockState          `json:"clocks,omitempty"` // by station

	Gate   *ais.GateState `json:"gate,omitempty"`
	Places []PlaceState   `json:"places,omitempty"` // by object
}

// NACpState is the last accuracy category of an aircraft.
type NACpState struct {
	ICAO   modes.ICAO `json:"icao"`
	NACp   uint8      `json:"nacp"`
	TimeMS int64      `json:"time_ms"` // since 1970
}

// Snapshot returns what d remembers. It shares nothing with d.
func (d *Decoder) Snapshot() State {
	st := State{Version: stateVersion, Copies: d.copies.snapshot()}
	for _, name := range d.names {
		s := d.sources[name]
		out := SourceState{Name: name, Format: s.Format, Clocks: s.clockStates()}
		switch {
		case s.modes != nil:
			m := s.modes.Snapshot()
			out.ModeS, out.Merged, out.Heard = &m, s.merged, s.receiverStates()
			for icao, a := range s.accuracy {
				out.Accuracy = append(out.Accuracy, NACpState{icao, a.nacp, a.at})
			}
			slices.SortFunc(out.Accuracy, func(a, b NACpState) int { return cmp.Compare(a.ICAO, b.ICAO) })
		case s.ais != nil:
			m := s.ais.Snapshot()
			out.AIS = &m
		case s.drones != nil:
			m := s.drones.Snapshot()
			out.Drones = &m
		case s.places != nil:
			out.Places = s.places.snapshot()
			if s.gate != nil {
				m := s.gate.Snapshot()
				out.Gate = &m
			}
		case len(out.Clocks) == 0:
			continue // nothing is remembered of it
		}
		st.Sources = append(st.Sources, out)
	}
	return st
}

// Restore replaces what d remembers. What the snapshot holds of feeds that are
// no longer configured, or have another format now, is left out; feeds that it
// does not hold begin anew. On an error d is as it was.
func (d *Decoder) Restore(st State) error {
	if st.Version < oldestVersion || st.Version > stateVersion {
		return fmt.Errorf("restore decoder: version %d, want %d to %d", st.Version, oldestVersion, stateVersion)
	}
	fresh := make(map[string]*source, len(d.sources))
	for name, s := range d.sources {
		fresh[name] = newSource(s.Source)
	}
	for i := range st.Sources {
		in := &st.Sources[i]
		s := fresh[in.Name]
		if s == nil || s.Format != in.Format {
			continue
		}
		if err := s.restore(in); err != nil {
			return fmt.Errorf("restore decoder: feed %s: %w", in.Name, err)
		}
	}
	heard, err := restoreCopies(st.Copies, fresh)
	if err != nil {
		return fmt.Errorf("restore decoder: %w", err)
	}
	d.sources, d.copies = fresh, heard
	return nil
}

func (s *source) restore(in *SourceState) error {
	if len(in.Accuracy) > maxAccuracies {
		return fmt.Errorf("%d accuracies, want at most %d", len(in.Accuracy), maxAccuracies)
	}
	if err := s.restoreClocks(in.Clocks); err != nil {
		return err
	}
	if s.modes != nil {
		s.merged = in.Merged
		if err := s.restoreReceivers(in.Heard); err != nil {
			return err
		}
		for _, a := range in.Accuracy {
			s.accuracy[a.ICAO] = accuracy{a.NACp, a.TimeMS}
		}
		if in.ModeS != nil {
			return s.modes.Restore(*in.ModeS)
		}
	}
	if s.ais != nil && in.AIS != nil {
		return s.ais.Restore(*in.AIS)
	}
	if s.drones != nil && in.Drones != nil {
		return s.drones.Restore(*in.Drones)
	}
	if s.gate != nil && in.Gate != nil {
		if err := s.gate.Restore(*in.Gate); err != nil {
			return err
		}
	}
	if s.places != nil {
		return s.places.restore(in.Places)
	}
	return nil
}
