// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"bytes"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// maxAircraft bounds what one feed keeps of aircraft: more than the tracker
// holds tracks. With fewer, a full sky would push each aircraft out before its
// second position comes, and none would be seen.
const maxAircraft = 1 << 15

func modesConfig(s Source) modes.Config {
	cfg := modes.DefaultConfig()
	cfg.MaxAircraft = maxAircraft
	if s.Receiver != nil {
		cfg.HasReceiver, cfg.Receiver = true, modes.Receiver{Pos: *s.Receiver, RangeNM: s.RangeNM}
	}
	return cfg
}

// modeS decodes one frame to one plot. A refused position leaves the rest of
// the plot standing.
func (d *Decoder) modeS(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	r := &d.report
	if err := s.modes.Decode(f.Received, f.Data, r); err != nil {
		return dst, &Refusal{Reason: modesReason(err), Cause: err}
	}
	d.detail.ModeS = r
	s.remember(r)
	p := s.base(f)
	p.Domain, p.Kind = plot.Air, modesKind(r.Source)
	if !r.NonICAO {
		p.Address = uint32(r.ICAO)
		p.Has |= plot.HasAddress
	}
	if r.HasPosition {
		p.Pos, p.SigmaPos = r.Position, s.sigma(r)
		p.Has |= plot.HasPosition
		s.quality(&p, r)
	}
	if r.Has(modes.FieldAltitude) {
		p.Height, p.HeightKind = r.Altitude, plot.Barometric
		if r.AltitudeKind == modes.HeightGNSS {
			p.HeightKind = plot.Geometric
		}
		p.Has |= plot.HasHeight
	}
	if r.Has(modes.FieldSpeed | modes.FieldTrack) {
		p.Speed, p.Course = r.GroundSpeed, r.Track
		p.Has |= plot.HasVelocity
	}
	if r.Has(modes.FieldSquawk) {
		p.ModeA = uint16(r.Squawk)
		p.Has |= plot.HasModeA
	}
	// A callsign inferred from a Comm-B reply is a guess and is left out.
	if r.Has(modes.FieldCallsign) {
		p.Callsign = d.text.text(bytes.TrimRight(r.Callsign[:], " "))
		p.Has |= plot.HasCallsign
	}
	if r.Has(modes.FieldCategory) {
		p.Has, p.Category = p.Has|plot.HasCategory, r.Category
	}
	p.Emergency = emergency(&p) || r.Has(modes.FieldEmergency) &&
		r.Emergency != modes.EmergencyNone && r.Emergency != modes.EmergencyReserved
	if p.Has&plot.HasAddress != 0 {
		d.copies.heard(p.Address, f)
	}
	isCopy := d.copies.take(f, s.Exercise) // the feed's own pairs of positions needed it all the same
	s.count(f, isCopy)
	if !isCopy {
		dst = append(dst, p)
	}
	if reason := modesRefusal(r.Refusal); reason != "" {
		return dst, &Refusal{Reason: reason}
	}
	return dst, nil
}

// modesKind says what made the measurement. A reply that was only overheard is
// the aircraft's own word, as its squitters are.
func modesKind(s modes.Source) plot.Kind {
	switch s {
	case modes.SourceTISB:
		return plot.TISB
	case modes.SourceMLAT:
		return plot.MLAT
	}
	return plot.ADSB
}

// emergency looks at the Mode A code: 7500 unlawful interference, 7600 radio
// failure, 7700 emergency (Annex 10 volume IV, 2.1.4.1).
func emergency(p *plot.Plot) bool {
	return p.Has&plot.HasModeA != 0 && (p.ModeA == 0o7500 || p.ModeA == 0o7600 || p.ModeA == 0o7700)
}

// accuracy is the last NACp of an aircraft. It comes in frames of their own,
// every few seconds, and holds for the positions after it.
type accuracy struct {
	nacp uint8
	at   int64 // ms since 1970
}

const (
	maxAccuracies = maxAircraft
	accuracyFresh = 5 * time.Minute
)

func (s *source) remember(r *modes.Report) {
	if r.NonICAO || !r.Has(modes.FieldNACp) || r.QualityFromTC {
		return
	}
	if _, known := s.accuracy[r.ICAO]; !known && len(s.accuracy) >= maxAccuracies {
		clear(s.accuracy) // they all come again within seconds
	}
	s.accuracy[r.ICAO] = accuracy{r.NACp, r.Time.UnixMilli()}
}

const (
	// toSigma turns a radius that holds 95 % of a circular normal distribution
	// into one standard deviation of each axis.
	toSigma = 2.45
	// containmentToSigma does so for the integrity radius, which the position
	// error exceeds in 1e-5 an hour: a cautious choice, as receivers publish
	// radii far larger than their error.
	containmentToSigma = 5
	minSigma           = geo.Metres(10)
	// unknownSigma stands for an aircraft that told no quality: NACp 7.
	unknownSigma = geo.Metres(185.2 / toSigma)
	maxSigma     = geo.Metres(5000)
)

// sigma returns one standard deviation of a position: from NACp (DO-260B
// table 2-71, estimated position uncertainty at 95 %), else from the radius of
// containment.
func (s *source) sigma(r *modes.Report) geo.Metres {
	if a, ok := s.fresh(r); ok {
		if epu := uncertainty(a.nacp); epu > 0 {
			return min(max(epu/toSigma, minSigma), maxSigma)
		}
	}
	if r.Has(modes.FieldRadius) {
		return min(max(r.ContainmentRadius/containmentToSigma, minSigma), maxSigma)
	}
	return unknownSigma
}

// maxCategory is the greatest category of accuracy or integrity that is assigned.
const maxCategory = 11

// quality adds the categories that a position was told with.
func (s *source) quality(p *plot.Plot, r *modes.Report) {
	if a, ok := s.fresh(r); ok && a.nacp <= maxCategory {
		p.Has, p.NACp = p.Has|plot.HasNACp, a.nacp
	}
	if r.Has(modes.FieldNIC) {
		p.Has, p.NIC = p.Has|plot.HasNIC, r.NIC
	}
}

// fresh returns what an aircraft told of its accuracy, unless it is too old.
func (s *source) fresh(r *modes.Report) (accuracy, bool) {
	a, ok := s.accuracy[r.ICAO]
	return a, ok && !r.NonICAO && r.Time.UnixMilli()-a.at <= accuracyFresh.Milliseconds()
}

// uncertainty returns the bound that NACp stands for, 0 when it is unknown.
func uncertainty(nacp uint8) geo.Metres {
	const nm = geo.MetresPerNauticalMile
	bounds := [...]geo.Metres{0, 10 * nm, 4 * nm, 2 * nm, nm, 0.5 * nm, 0.3 * nm, 0.1 * nm, 0.05 * nm, 30, 10, 3}
	if int(nacp) < len(bounds) {
		return bounds[nacp]
	}
	return 0
}
