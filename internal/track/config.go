// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Sensor is one of our radars. Plots and sweeps find it by Source and ID; an
// empty ID serves every sensor of the source that has no entry of its own.
type Sensor struct {
	Source       string // the feed's name
	ID           string // the sensor within the feed, e.g. "025/010"
	Pos          geo.Point
	Height       geo.Metres // of the antenna above the ellipsoid
	MaxRange     geo.Metres
	Period       time.Duration // of one turn
	SigmaRange   geo.Metres    // one standard deviation; 0 takes 100 m
	SigmaAzimuth geo.Degrees   // one standard deviation; 0 takes 0.12°
	PD           float64       // probability of detection; 0 takes 0.9
	Clutter      float64       // false plots a turn to begin with; 0 takes 5
}

// Receiver is the one antenna of a feed of self-reports.
type Receiver struct {
	Source string // the feed's name
	Pos    geo.Point
}

// highAntenna is what a receiver's height, which no feed tells, is at most.
const highAntenna geo.Metres = 1500

// Config sets up a Table.
type Config struct {
	Sensors     []Sensor
	Receivers   []Receiver // at most 255
	MaxTracks   int
	LostFor     time.Duration // a lost track is kept so long
	History     time.Duration // past positions are kept so long
	HistoryStep time.Duration // spacing of past positions
	Partner     PartnerConfig
}

// PartnerConfig sets up the association of partners' tracks.
type PartnerConfig struct {
	Gate    float64    // standard deviations
	BiasAir geo.Metres // how far apart two parties' tracks of one aircraft lie
	BiasSea geo.Metres
	// AccuracyAir and AccuracySea are one standard deviation, each axis, of a
	// partner's places before its grid and beside what they are off, until
	// differences to ours show it.
	AccuracyAir geo.Metres
	AccuracySea geo.Metres
	MaxCourse   geo.Degrees   // largest difference of course
	Votes       int           // of the last Bins bins to join, and failures to part
	Bins        int           // at most 8
	StaleAfter  time.Duration // at least; three bins if that is longer
	EndedFor    time.Duration // an ended track is kept so long
	ForgetAt    time.Duration // a silent track is kept so long
	MaxTracks   int           // of one partner
}

// DefaultConfig returns a configuration without radars.
func DefaultConfig() Config {
	return Config{
		MaxTracks:   20_000,
		LostFor:     30 * time.Minute,
		History:     30 * time.Minute,
		HistoryStep: 15 * time.Second,
		Partner: PartnerConfig{
			Gate: 2.5,
			// Published tracks of the same flight lie 5 to 10 nm apart.
			BiasAir:     10_000,
			BiasSea:     2_000,
			AccuracyAir: 500,
			AccuracySea: 100,
			MaxCourse:   75,
			Votes:       3,
			Bins:        5,
			StaleAfter:  15 * time.Minute,
			EndedFor:    30 * time.Minute,
			ForgetAt:    6 * time.Hour,
			MaxTracks:   5_000,
		},
	}
}

// bias returns that of a domain in m.
func (p *PartnerConfig) bias(domain string) float64 {
	if domain == plot.Sea.String() {
		return float64(p.BiasSea)
	}
	return float64(p.BiasAir)
}

// accuracy returns that of a domain.
func (p *PartnerConfig) accuracy(domain string) geo.Metres {
	if domain == plot.Sea.String() {
		return p.AccuracySea
	}
	return p.AccuracyAir
}

// Validate reports the first thing that is wrong with c.
func (c Config) Validate() error {
	p := c.Partner
	switch {
	case c.History < time.Minute || c.History > 24*time.Hour:
		return errors.New("track: history is not between a minute and a day")
	case c.HistoryStep < time.Second || c.HistoryStep > c.History:
		return errors.New("track: spacing of the history out of range")
	case !(p.Gate > 0 && p.Gate < 100) || !(p.BiasAir >= 0 && p.BiasAir < 1e6) || !(p.BiasSea >= 0 && p.BiasSea < 1e6):
		return errors.New("track: partner gate or bias out of range")
	case !(p.AccuracyAir > 0 && p.AccuracyAir < 1e6) || !(p.AccuracySea > 0 && p.AccuracySea < 1e6):
		return errors.New("track: partner accuracy out of range")
	case !(p.MaxCourse > 0 && p.MaxCourse <= 180):
		return errors.New("track: partner course difference out of range")
	case p.Bins < 1 || p.Bins > 8 || p.Votes < 1 || p.Votes > p.Bins:
		return errors.New("track: partner votes out of range")
	case p.StaleAfter <= 0 || p.EndedFor <= 0 || p.ForgetAt < p.StaleAfter || p.MaxTracks < 1:
		return errors.New("track: partner limits out of range")
	}
	_, _, err := c.tracker()
	return err
}

// sensorKey finds a radar.
type sensorKey struct{ source, id string }

// tracker returns the configuration of the tracker beneath and the index of
// each radar in it. The first sensors are those of kinds that tell positions:
// sensor index is plot.Kind - 1.
func (c Config) tracker() (mtt.Config, map[sensorKey]int, error) {
	m := mtt.DefaultConfig()
	m.MaxTracks, m.LostFor = c.MaxTracks, c.LostFor
	for _, r := range c.Receivers {
		m.Receivers = append(m.Receivers, mtt.Receiver{Pos: r.Pos, Height: highAntenna})
	}
	for _, k := range plot.Kinds() {
		s := mtt.Sensor{Name: "kind:" + k.String(), PD: 0.9, SigmaPos: 50, CoastAfter: 30 * time.Second, LostAfter: 90 * time.Second}
		switch k {
		case plot.ADSB, plot.AIS, plot.RemoteID, plot.CoT:
			s.Self = true
		}
		switch k {
		case plot.ADSB:
			s.SigmaPos, s.CoastAfter, s.LostAfter, s.Reference = 30, 15*time.Second, 60*time.Second, true
		case plot.AIS:
			// Vessels at anchor report every three minutes (ITU-R M.1371-5, table 1).
			s.SigmaPos, s.CoastAfter, s.LostAfter = 15, 7*time.Minute, 20*time.Minute
		case plot.CoT:
			// Clients on a mesh report about once a minute while they stand still.
			s.CoastAfter, s.LostAfter = 2*time.Minute, 5*time.Minute
		}
		m.Sensors = append(m.Sensors, s)
	}
	index := make(map[sensorKey]int)
	for _, s := range c.Sensors {
		key := sensorKey{s.Source, s.ID}
		if _, double := index[key]; double {
			return m, nil, fmt.Errorf("track: sensor %s %q is listed twice", s.Source, s.ID)
		}
		index[key] = len(m.Sensors)
		m.Sensors = append(m.Sensors, s.mtt())
	}
	if err := m.Validate(); err != nil {
		return m, nil, fmt.Errorf("track: %w", err)
	}
	return m, index, nil
}

func (s Sensor) mtt() mtt.Sensor {
	return mtt.Sensor{
		Name: "radar:" + s.Source + "/" + s.ID, Polar: true,
		Pos: s.Pos, Height: s.Height, MaxRange: s.MaxRange, Period: s.Period,
		SigmaRange:   cmpOr(s.SigmaRange, 100),
		SigmaAzimuth: cmpOr(s.SigmaAzimuth, 0.12),
		SigmaPos:     200,
		PD:           cmpOr(s.PD, 0.9),
		Clutter:      cmpOr(s.Clutter, 5),
		CoastAfter:   s.Period * 5 / 2,
		LostAfter:    max(time.Minute, 6*s.Period),
	}
}

func cmpOr[T ~float64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// hears returns the receiver of each source as measurements name it.
func (c Config) hears() map[string]uint8 {
	out := make(map[string]uint8, len(c.Receivers))
	for i, r := range c.Receivers {
		out[r.Source] = uint8(i + 1) // at most 255, as the tracker's Validate holds
	}
	return out
}
