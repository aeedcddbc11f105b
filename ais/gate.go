// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// What a [Gate] refuses. A [GateError] is one of them (errors.Is).
var (
	ErrMMSI     = errors.New("identity that no sender can have")
	ErrPosition = errors.New("position that no sender can have")
	ErrHorizon  = errors.New("position beyond the receiver's horizon")
	ErrJump     = errors.New("position too far from the last one")
)

// GateError refuses a message that cannot be true. Its text holds no
// position.
type GateError struct {
	Reason   error // ErrMMSI, ErrPosition, ErrHorizon or ErrJump
	MMSI     MMSI
	Distance geo.Metres // from the receiver or the last position
	Limit    geo.Metres // for Distance; 0 for the other reasons
}

// Error returns the text of the refusal.
func (e *GateError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("check AIS message of %s: %v: %.1f km, at most %.1f km",
			e.MMSI, e.Reason, float64(e.Distance)/1000, float64(e.Limit)/1000)
	}
	return fmt.Sprintf("check AIS message of %s: %v", e.MMSI, e.Reason)
}

// Unwrap returns the reason.
func (e *GateError) Unwrap() error { return e.Reason }

// GateConfig sets the limits of a [Gate].
type GateConfig struct {
	// Receiver and Horizon bound what one receiver can hear. A Horizon of 0
	// means no bound, as for a feed from satellites or of many receivers.
	Receiver geo.Point
	Horizon  geo.Metres
	// MaxSpeed and MaxAircraftSpeed bound how fast a ship and an aircraft in
	// search and rescue get from one position to the next.
	MaxSpeed         geo.Knots
	MaxAircraftSpeed geo.Knots
	// Slack is the distance, and Delay the time, that positions and their
	// times may be wrong by.
	Slack geo.Metres
	Delay time.Duration
	// Reanchor is how many positions in a row, refused as a jump but
	// consistent with each other, are believed after all.
	Reanchor int
	// Forget is how long a last position is held against a sender.
	Forget time.Duration
	// MaxSenders bounds the memory. The one heard longest ago goes first.
	MaxSenders int
	// AllowOddMMSI lets identities pass that fit no class of M.585, such as
	// those of many fishing-net buoys.
	AllowOddMMSI bool
}

// DefaultHorizon is a horizon for one receiver ashore: far ducting, which is
// common over warm sea, included.
const DefaultHorizon geo.Metres = 400_000

// DefaultGateConfig returns limits for any feed, with no receiver.
func DefaultGateConfig() GateConfig {
	return GateConfig{
		MaxSpeed:         100,
		MaxAircraftSpeed: 600,
		Slack:            1000,
		Delay:            10 * time.Second,
		Reanchor:         3,
		Forget:           30 * time.Minute,
		MaxSenders:       20_000,
	}
}

// Validate says what is wrong with the limits.
func (c GateConfig) Validate() error {
	switch {
	case !(c.Horizon >= 0) || c.Horizon > 0 && !c.Receiver.Valid():
		return errors.New("AIS gate: horizon needs a receiver position")
	case !(c.MaxSpeed > 0) || !(c.MaxAircraftSpeed > 0):
		return errors.New("AIS gate: highest speeds must be positive")
	case !(c.Slack >= 0) || c.Delay < 0:
		return errors.New("AIS gate: slack and delay must not be negative")
	case c.Reanchor < 1:
		return errors.New("AIS gate: reanchor must be at least 1")
	case c.Forget <= 0:
		return errors.New("AIS gate: forget must be positive")
	case c.MaxSenders < 1 || c.MaxSenders > 1_000_000:
		return errors.New("AIS gate: senders must be 1 to 1000000")
	}
	return nil
}

// Gate refuses messages that cannot be true: the form of the identity, the
// position as such and as heard from the receiver, and the speed needed to
// come from the last position of the same identity. It does not find a lie
// that keeps to these limits. Its memory is bounded. It is not for use by
// several goroutines at once.
type Gate struct {
	cfg     GateConfig
	index   map[MMSI]int32
	senders []sender // a list by last use runs through them
	newest  int32
	oldest  int32
}

type sender struct {
	mmsi         MMSI
	newer, older int32 // -1 at the ends
	at           time.Time
	pos          geo.Point
	// A place the sender seems to have jumped to, seen this many times.
	candidates  int
	candidateAt time.Time
	candidate   geo.Point
}

// NewGate returns a gate with these limits, which must be valid.
func NewGate(cfg GateConfig) *Gate {
	return &Gate{cfg: cfg, index: make(map[MMSI]int32), newest: -1, oldest: -1}
}

// Check returns a *[GateError] for a message that cannot be true, and takes
// its position as the sender's last one otherwise. Now is the time of the
// message as well as it is known.
func (g *Gate) Check(now time.Time, m *Message) error {
	if err := g.checkMMSI(m); err != nil {
		return err
	}
	if !m.Known(HasRawPosition) {
		return nil
	}
	if err := g.checkPosition(m); err != nil {
		return err
	}
	return g.checkJump(now, m)
}

func (g *Gate) checkMMSI(m *Message) error {
	refuse := false
	switch m.MMSI.Class() {
	case ClassGroup:
		refuse = !g.cfg.AllowOddMMSI
	case ClassOdd:
		refuse = !g.cfg.AllowOddMMSI || m.MMSI == 0 || m.MMSI > 999_999_999
	}
	if refuse {
		return &GateError{Reason: ErrMMSI, MMSI: m.MMSI}
	}
	return nil
}

// checkPosition also refuses 0 N 0 E and the poles: what receivers without a
// fix send.
func (g *Gate) checkPosition(m *Message) error {
	if !m.Known(HasPosition) || m.LatRaw == 0 && m.LonRaw == 0 || math.Abs(m.Position.LatDeg) == 90 {
		return &GateError{Reason: ErrPosition, MMSI: m.MMSI}
	}
	if g.cfg.Horizon > 0 {
		if d := distance(g.cfg.Receiver, m.Position); d > g.cfg.Horizon {
			return &GateError{Reason: ErrHorizon, MMSI: m.MMSI, Distance: d, Limit: g.cfg.Horizon}
		}
	}
	return nil
}

func (g *Gate) checkJump(now time.Time, m *Message) error {
	now = now.Round(0).UTC() // as a snapshot keeps it
	i, known := g.index[m.MMSI]
	if !known {
		g.add(now, m)
		return nil
	}
	g.touch(i)
	s := &g.senders[i]
	d, limit := distance(s.pos, m.Position), g.reach(m, now.Sub(s.at))
	if d <= limit || now.Sub(s.at) > g.cfg.Forget {
		s.candidates = 0
		if !now.Before(s.at) { // a late message does not move it back
			s.at, s.pos = now, m.Position
		}
		return nil
	}
	if s.candidates > 0 && distance(s.candidate, m.Position) <= g.reach(m, now.Sub(s.candidateAt)) {
		s.candidates++
	} else {
		s.candidates = 1
	}
	if s.candidates >= g.cfg.Reanchor {
		s.candidates = 0
		s.at, s.pos = now, m.Position
		return nil
	}
	s.candidateAt, s.candidate = now, m.Position
	return &GateError{Reason: ErrJump, MMSI: m.MMSI, Distance: d, Limit: limit}
}

// reach returns how far a sender may come in d.
func (g *Gate) reach(m *Message, d time.Duration) geo.Metres {
	v := g.cfg.MaxSpeed
	if m.Type == 9 || m.MMSI.Class() == ClassSARAircraft {
		v = g.cfg.MaxAircraftSpeed
	}
	slack := g.cfg.Slack
	if m.Type == 27 {
		slack += 200 // 1/10 minute
	}
	return slack + geo.Metres(float64(v.MetresPerSecond())*(d.Abs()+g.cfg.Delay).Seconds())
}

func (g *Gate) add(now time.Time, m *Message) {
	i := int32(len(g.senders))
	if len(g.senders) >= g.cfg.MaxSenders {
		i = g.oldest
		g.unlink(i)
		delete(g.index, g.senders[i].mmsi)
	} else {
		g.senders = append(g.senders, sender{})
	}
	g.senders[i] = sender{mmsi: m.MMSI, at: now, pos: m.Position}
	g.index[m.MMSI] = i
	g.link(i)
}

func (g *Gate) touch(i int32) {
	if g.newest != i {
		g.unlink(i)
		g.link(i)
	}
}

func (g *Gate) link(i int32) {
	g.senders[i].newer, g.senders[i].older = -1, g.newest
	if g.newest >= 0 {
		g.senders[g.newest].newer = i
	} else {
		g.oldest = i
	}
	g.newest = i
}

func (g *Gate) unlink(i int32) {
	s := &g.senders[i]
	if s.newer >= 0 {
		g.senders[s.newer].older = s.older
	} else {
		g.newest = s.older
	}
	if s.older >= 0 {
		g.senders[s.older].newer = s.newer
	} else {
		g.oldest = s.newer
	}
}

// distance is the great-circle distance on a sphere, right to 0.6 %: enough
// for limits that are round figures, and cheaper than the geodesic of geo.
func distance(a, b geo.Point) geo.Metres {
	const radius = 6_371_008.8
	lat1, lat2 := geo.Degrees(a.LatDeg).Radians(), geo.Degrees(b.LatDeg).Radians()
	s1 := math.Sin((lat2 - lat1) / 2)
	s2 := math.Sin(geo.Degrees(b.LonDeg-a.LonDeg).Radians() / 2)
	h := s1*s1 + math.Cos(lat1)*math.Cos(lat2)*s2*s2
	return geo.Metres(2 * radius * math.Asin(math.Sqrt(math.Min(h, 1))))
}
