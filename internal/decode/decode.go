// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package decode turns frames of all feeds into plots and sweeps, and refuses
// what is malformed or cannot be, with a reason from a closed list. The formats
// themselves are decoded by the packages modes, ais, asterix, remoteid and cot, and
// those below them.
//
// It does not track, join measurements of different frames or feeds, choose
// between contradicting ones, or decide what an object is. Time is the frame's.
package decode

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/catcher"
	"github.com/kuroshio-watch/kuroshio/ais/signalk"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/asterix/cat020"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v023"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v026"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

// Sensor is how well a radar measures. A zero leaves it to the tracker's
// configuration.
type Sensor struct {
	SigmaRange   geo.Metres  `cbor:"1,keyasint,omitempty" json:"sigma_range,omitempty"`   // one standard deviation
	SigmaAzimuth geo.Degrees `cbor:"2,keyasint,omitempty" json:"sigma_azimuth,omitempty"` // one standard deviation
}

// Source says what a feed carries.
type Source struct {
	Format   frame.Format `cbor:"1,keyasint" json:"format"`
	Exercise bool         `cbor:"2,keyasint,omitempty" json:"exercise,omitempty"` // everything in it is simulated
	// Receiver is where the feed's one antenna stands; nil when there are many
	// or it is unknown. It bounds what can have been heard, but not of CoT, which
	// comes over networks.
	Receiver *geo.Point `cbor:"3,keyasint,omitempty" json:"receiver,omitempty"`
	// RangeNM is how far the receiver can hear; 0 takes no bound for Mode S and
	// Remote ID and ais.DefaultHorizon for AIS.
	RangeNM float64 `cbor:"4,keyasint,omitempty" json:"range_nm,omitempty"`
	// Sensors are the radars of an ASTERIX feed by their id, "025/010" (SAC and
	// SIC in three digits).
	Sensors map[string]Sensor `cbor:"5,keyasint,omitempty" json:"sensors,omitempty"`
	// Editions are those of an ASTERIX feed's categories: only the category is on
	// the wire. One that is left out is the newest that we have.
	Editions Editions `cbor:"6,keyasint,omitempty" json:"editions,omitempty"`
	// EditionsOf are those of single stations of the feed, by their id, before
	// Editions.
	EditionsOf map[string]Editions `cbor:"7,keyasint,omitempty" json:"editions_of,omitempty"`
	// ClockLimit is how far a clock of the feed may be off before it counts as
	// off; 0 judges none.
	ClockLimit time.Duration `cbor:"8,keyasint,omitempty" json:"clock_limit,omitempty"`
}

// Config lists the feeds by name.
type Config struct {
	Sources map[string]Source
}

// Validate reports the first thing that is wrong with c, feeds in the order of
// their names.
func (c Config) Validate() error {
	for _, name := range c.names() {
		s := c.Sources[name]
		if name == "" {
			return errors.New("decode: feed without a name")
		}
		if err := s.validate(); err != nil {
			return fmt.Errorf("decode: feed %s: %w", name, err)
		}
	}
	return nil
}

func (c Config) names() []string {
	names := make([]string, 0, len(c.Sources))
	for name := range c.Sources {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s Source) validate() error {
	if s.Format < frame.ModeS || s.Format > frame.SignalK {
		return errors.New("format is unknown")
	}
	if s.Receiver != nil && !s.Receiver.Valid() {
		return errors.New("receiver is not on the globe")
	}
	if !(s.RangeNM >= 0 && s.RangeNM <= 10_000) {
		return errors.New("range is not between 0 and 10000 NM")
	}
	for id, x := range s.Sensors {
		if !(x.SigmaRange >= 0 && x.SigmaRange <= 1e5) || !(x.SigmaAzimuth >= 0 && x.SigmaAzimuth <= 10) {
			return fmt.Errorf("sensor %s: standard deviation out of range", id)
		}
	}
	if s.ClockLimit < 0 || s.ClockLimit > maxTargetLate {
		return errors.New("limit of the clocks is not between 0 and 10 minutes")
	}
	if what := s.badEdition(); what != "" {
		return errors.New(what)
	}
	return nil
}

// Decoder decodes the frames of one node. It is deterministic, bounded, and
// not safe for concurrent use.
type Decoder struct {
	sources map[string]*source
	names   []string // sorted
	text    interner

	rec48    cat048.Record
	rec34    cat034.Record
	rec1     cat001.Record
	rec2     cat002.Record
	rec10    cat010.Record
	rec20    cat020.Record
	rec21    cat021.Record
	rec21old cat021.Edition21 // into rec21
	rec21v6  cat021v026.Record
	rec21v3  cat021v023.Record
	taken    taken
	copies   *copies
	detail   Detail
	report   modes.Report
	vessel   ais.Message
	drone    [remoteid.MaxPack]remoteid.Message
	line     sbs.Message
	beacon   remoteid.Beacon
	told     readsb.Aircraft
	caught   catcher.Report
	delta    signalk.Update
	event    cot.Reader
}

// source is one feed. Of the decoders the one of its format is set.
type source struct {
	Source
	modes    *modes.Decoder
	merged   uint64               // copies of what other receivers brought
	tally    map[uint64]*Receiver // of Mode S, by the stream's identifier
	accuracy map[modes.ICAO]accuracy
	ais      *ais.Decoder
	ids      map[asterix.Source]string // a cache of the sensors' names
	clocks   map[string]*clock         // by station; at most maxClocks
	drones   *remoteid.Joiner
	gate     *ais.Gate // of vessels that another program tells of
	places   *places   // what other programs said last
}

// Detail is the whole message behind the last decoded frame, for those who
// show or compare more than a plot holds. It is good until the next Decode;
// both are nil when the frame held no complete message.
type Detail struct {
	ModeS *modes.Report
	AIS   *ais.Message
}

// New returns a Decoder that knows the feeds of cfg.
func New(cfg Config) (*Decoder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d := &Decoder{sources: make(map[string]*source, len(cfg.Sources)), names: cfg.names(), text: make(interner), copies: newCopies()}
	d.rec21old.Record = &d.rec21
	for _, name := range d.names {
		d.sources[name] = newSource(cfg.Sources[name])
	}
	return d, nil
}

func newSource(cfg Source) *source {
	s := &source{Source: cfg, clocks: make(map[string]*clock)}
	switch cfg.Format {
	case frame.ModeS:
		s.modes = modes.NewDecoder(modesConfig(cfg))
		s.accuracy = make(map[modes.ICAO]accuracy)
		s.tally = make(map[uint64]*Receiver)
	case frame.NMEA, frame.Catcher:
		s.ais = ais.NewDecoder(gateConfig(cfg))
	case frame.SBS, frame.Readsb:
		s.places = newPlaces()
	case frame.SignalK:
		s.gate, s.places = ais.NewGate(gateConfig(cfg)), newPlaces()
	case frame.ASTERIX:
		s.ids = make(map[asterix.Source]string)
	case frame.RemoteID:
		s.drones = remoteid.NewJoiner(droneHold, maxDrones)
	}
	return s
}

// Decode appends the plots and sweeps of f to dst and sweeps. The error is a
// *Refusal, whose All lists everything that was refused; what else the frame held is returned beside it, so that one bad
// block does not spoil a datagram. A frame that is sound but tells no
// measurement gives nothing at all.
func (d *Decoder) Decode(f *frame.Frame, dst []plot.Plot, sweeps []plot.Sweep) ([]plot.Plot, []plot.Sweep, error) {
	d.detail = Detail{}
	s := d.sources[f.Source]
	switch {
	case s == nil:
		return dst, sweeps, &Refusal{Reason: UnknownFeed}
	case s.Format != f.Format:
		return dst, sweeps, &Refusal{Reason: WrongFormat}
	}
	var r *Refusal
	switch f.Format {
	case frame.ModeS:
		dst, r = d.modeS(s, f, dst)
	case frame.NMEA:
		dst, r = d.nmea(s, f, dst)
	case frame.ASTERIX:
		dst, sweeps, r = d.asterix(s, f, dst, sweeps)
	case frame.RemoteID:
		dst, r = d.remoteID(s, f, dst)
	case frame.CoT:
		dst, r = d.cot(s, f, dst)
	case frame.SBS:
		dst, r = d.sbs(s, f, dst)
	case frame.Readsb:
		dst, r = d.readsb(s, f, dst)
	case frame.Catcher:
		dst, r = d.catcher(s, f, dst)
	case frame.SignalK:
		dst, r = d.signalK(s, f, dst)
	}
	if r != nil {
		return dst, sweeps, r
	}
	return dst, sweeps, nil
}

// Detail returns the whole message behind the last frame.
func (d *Decoder) Detail() Detail { return d.detail }

// base returns a plot with what every plot of f has in common.
func (s *source) base(f *frame.Frame) plot.Plot {
	received := f.Received.UTC()
	return plot.Plot{Time: received, Received: received, Source: f.Source, Seq: f.Seq, Exercise: s.Exercise}
}

// interner gives out one copy of texts that come again and again. It is a
// cache: losing it changes nothing.
type interner map[string]string

const maxTexts = 8192

func (in interner) text(b []byte) string {
	if s, ok := in[string(b)]; ok {
		return s
	}
	if len(in) >= maxTexts {
		clear(in)
	}
	s := strings.Clone(string(b))
	in[s] = s
	return s
}
