// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

const (
	sectors = 32 // of a turn, as CAT034 sector messages mostly have
	rings   = 16 // of range, for the density of false plots
)

// SensorState is what a Tracker has learnt of a sensor. Times are Unix times
// in ns, 0 for never.
type SensorState struct {
	Name      string
	Heard     int64          // last plot or sweep
	Period    int64          // ns, as sweeps say; 0 when they say nothing
	Swept     [sectors]int64 // when the beam last left each sector
	SweptAt   int64          // last sweep
	SweptTo   float64        // its azimuth in degrees
	Clutter   [rings]float64 // false plots a scan in each ring of range
	ClutterAt [rings]int64
	Bias      BiasState
	Usual     float64 // mean normalised innovation squared of claims, less 2
	Astray    float64 // share of the last claims that a radar saw elsewhere
	Seen      [coverCells]uint8
	Missed    [coverCells]uint8 // turns in which it saw and missed what radars hold, by place
	Hits      [coverCells]uint8
	Gaps      [coverCells]uint8 // turns in which it saw a track, and missed one that it saw again
}

type sensor struct {
	Sensor
	plane geo.Plane
	state SensorState
	slot  int // in the register, or -1
	bias  [nb]float64
	biasP [nb][nb]float64
	jumps uint32    // of state.Bias.Jumps, those that were told
	open  OpenGroup // with a Config.Rollback

	logMiss float64 // logarithm of 1 - PD
	ceiling float64 // tangent of the elevation above which nothing is seen
}

func newSensor(s Sensor) sensor {
	out := sensor{Sensor: s, slot: -1, state: SensorState{Name: s.Name}, logMiss: math.Log(1 - s.PD), ceiling: ceiling(s.MaxElevation)}
	if s.Polar {
		out.plane = geo.NewPlane(s.Pos, s.Height)
	}
	for i := range out.state.Clutter {
		out.state.Clutter[i] = math.Max(leastClutter, s.Clutter/rings)
	}
	return out
}

// period returns the time of a turn in ns.
func (s *sensor) period() int64 {
	if s.state.Period > 0 {
		return s.state.Period
	}
	return int64(s.Period)
}

// ceiling returns the tangent of the elevation above which nothing is seen:
// antennas of surveillance radars give little power above 40 to 45°.
func ceiling(elevation geo.Degrees) float64 {
	if elevation == 0 {
		elevation = 40
	}
	return math.Tan(elevation.Radians())
}

// cell returns the range and the azimuth within which two objects give one
// plot. The accuracy of a radar is about a tenth of its beam and half of its
// range cell.
func (s *sensor) cell() (rng, azi float64) {
	rng, azi = float64(s.CellRange), s.CellAzimuth.Radians()
	if rng == 0 {
		rng = 2 * float64(s.SigmaRange)
	}
	if azi == 0 {
		azi = 8 * s.SigmaAzimuth.Radians()
	}
	return rng, azi
}

const (
	leastClutter  = 0.01 // false plots a scan and ring
	clutterMemory = 20.0 // scans
)

func (s *sensor) ring(r float64) int {
	return max(0, min(rings-1, int(r/float64(s.MaxRange)*rings)))
}

// density returns the expected false plots a scan for each metre of range and
// radian of azimuth.
func (s *sensor) density(r float64) float64 {
	return s.state.Clutter[s.ring(r)] * rings / (float64(s.MaxRange) * 2 * math.Pi)
}

// falsePlot counts a plot that belongs to no track: an exponential mean of
// plots a scan.
func (s *sensor) falsePlot(r float64, at int64) {
	i := s.ring(r)
	memory := clutterMemory * float64(s.period())
	if since := at - s.state.ClutterAt[i]; s.state.ClutterAt[i] != 0 && since > 0 {
		s.state.Clutter[i] *= math.Exp(-float64(since) / memory)
	}
	s.state.ClutterAt[i] = max(s.state.ClutterAt[i], at)
	s.state.Clutter[i] = math.Max(leastClutter, s.state.Clutter[i]+1/clutterMemory)
	s.state.Heard = max(s.state.Heard, at)
}

// Sweep notes that a sensor's beam passed an azimuth. Sectors between two
// sweeps less than a turn and a half apart count as swept in between.
func (t *Tracker) Sweep(sw Sweep) {
	unix := sw.Time.Unix()
	if sw.Sensor < 0 || sw.Sensor >= len(t.sensors) || unix < minUnix || unix > maxUnix || !(sw.Azimuth >= -360 && sw.Azimuth <= 720) {
		return
	}
	if t.logs() {
		t.sweepLogged(sw)
	} else {
		t.swept(sw)
	}
}

// swept takes in a sweep.
func (t *Tracker) swept(sw Sweep) {
	s, at := &t.sensors[sw.Sensor], sw.Time.UnixNano()
	if sw.Period >= 500*time.Millisecond && sw.Period <= time.Minute {
		s.state.Period = int64(sw.Period)
	}
	to := float64(sw.Azimuth.Norm360())
	if since := at - s.state.SweptAt; s.state.SweptAt != 0 && since > 0 && since < s.period()*3/2 {
		turn := math.Mod(to-s.state.SweptTo+360, 360)
		if turn == 0 {
			turn = 360
		}
		for i := range sectors {
			// The beam leaves sector i at its end.
			end := math.Mod(float64(i+1)*360/sectors-s.state.SweptTo+720, 360)
			if end == 0 {
				end = 360
			}
			if end <= turn {
				s.state.Swept[i] = s.state.SweptAt + int64(float64(since)*end/turn)
			}
		}
	}
	if at >= s.state.SweptAt {
		s.state.SweptAt, s.state.SweptTo = at, to
	}
	s.state.Heard = max(s.state.Heard, at)
}

// grace is how long after a sweep a plot may still come in.
const grace = int64(2 * time.Second)

// chance returns the next time after the contact's last chance at which the
// sensor passed the track, once all its plots should have come in. Sensors
// that report their sweeps are believed; of others a turn is expected every
// period as long as anything at all is heard from them.
func (s *sensor) chance(tr *track, c *Contact, now int64) (int64, bool) {
	period := s.period()
	if s.state.SweptAt != 0 && now-s.state.SweptAt < 3*period {
		_, azi := geo.Inverse(s.Pos, tr.pos)
		at := s.state.Swept[int(float64(azi)/360*sectors)%sectors]
		ok := at > c.Chance+period/2 && now >= at+period/8+grace
		return at, ok
	}
	at := c.Chance + period
	ok := now >= at+period/4+grace && s.state.Heard >= at
	return at, ok
}
