// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/modes"
)

// modesFrame is a Mode S frame of a file, or why something there is none.
type modesFrame struct {
	at      time.Time // as the decoder needs it, made up where the file has none
	timed   bool      // at is the file's
	ticks   uint64    // the receiver's counter
	counted bool
	mlat    bool
	n       int
	data    [14]byte
	off     int64  // of what is refused, in octets
	refused string // not empty: no frame, but this
}

// frameSource reads a file frame by frame, until io.EOF.
type frameSource interface{ next(f *modesFrame) error }

// modesLines turns Mode S frames into lines: i counts frames from 0, t is in
// milliseconds since 1970, hex the frame; the other names are those of readsb's
// JSON, alt in ft, gs in kt, track in degrees. An address that is no ICAO
// address has a 1 before it.
type modesLines struct {
	open  func(io.Reader, *modesStats) frameSource
	dec   *modes.Decoder
	rep   modes.Report
	i     int64
	obj   object
	ahead []modesFrame
	stats modesStats
	seen  map[string]bool
}

// modesStats are the counts of a decoder of Mode S.
type modesStats struct {
	Frames    int            `json:"frames"`
	Aircraft  int            `json:"aircraft"`
	DF        map[string]int `json:"df"`
	Positions int            `json:"positions"`
	// NoPosition counts coded positions that gave none, by reason.
	NoPosition map[string]int `json:"no_position"`
	Errors     map[string]int `json:"errors"`
	ModeAC     int            `json:"mode_ac,omitempty"`
	Marks      int            `json:"marks,omitempty"`

	df      [32]int
	reasons map[error]int
}

const (
	// lookAhead is how many frames are read before the first is decoded, to
	// find where the receiver is.
	lookAhead = 20_000
	// maxNames bounds what is remembered of addresses and other names.
	maxNames = 1 << 20
)

func newModes(open func(io.Reader, *modesStats) frameSource) func(Options) (Decoder, error) {
	return func(Options) (Decoder, error) {
		cfg := modes.DefaultConfig()
		cfg.NearOthers = true
		return &modesLines{
			open: open, dec: modes.NewDecoder(cfg), seen: map[string]bool{},
			stats: modesStats{NoPosition: map[string]int{}, Errors: map[string]int{}, reasons: map[error]int{}},
		}, nil
	}
}

// Decode implements Decoder.
func (l *modesLines) Decode(r io.Reader, out *Out) error {
	src := l.open(r, &l.stats)
	l.ahead = l.ahead[:0]
	var err error
	for len(l.ahead) < lookAhead && err == nil {
		l.ahead = append(l.ahead, modesFrame{})
		err = src.next(&l.ahead[len(l.ahead)-1])
	}
	if err != nil {
		l.ahead = l.ahead[:len(l.ahead)-1]
	}
	l.findReceiver()
	for i := range l.ahead {
		if err := l.frame(&l.ahead[i], out); err != nil {
			return err
		}
	}
	var f modesFrame
	for err == nil {
		if err = src.next(&f); err == nil {
			if err := l.frame(&f, out); err != nil {
				return err
			}
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("read frames: %w", err)
}

// findReceiver decodes the first frames for the place of some aircraft.
func (l *modesLines) findReceiver() {
	d := modes.NewDecoder(modes.DefaultConfig())
	for i := range l.ahead {
		f := &l.ahead[i]
		if f.refused != "" || d.Decode(f.at, f.data[:f.n], &l.rep) != nil {
			continue
		}
		if l.rep.HasPosition && !l.rep.CPR.Surface && l.rep.Trust >= 2 {
			l.dec.HeardNear(l.rep.Position)
			return
		}
	}
}

func (l *modesLines) frame(f *modesFrame, out *Out) error {
	if f.refused != "" {
		l.stats.Errors[f.refused]++
		l.obj.begin()
		l.obj.int("i", l.i)
		l.obj.int("off", f.off)
		l.obj.text("error", f.refused)
		return out.Refused(l.obj.end())
	}
	decode := l.dec.Decode
	if f.mlat {
		decode = l.dec.DecodeMLAT
	}
	err := decode(f.at, f.data[:f.n], &l.rep)
	l.obj.begin()
	l.obj.int("i", l.i)
	l.i++
	l.stats.Frames++
	if f.timed {
		l.obj.int("t", f.at.UnixMilli())
	}
	if f.counted {
		l.obj.int("ticks", int64(f.ticks))
	}
	l.obj.upperOctets("hex", f.data[:f.n])
	if err != nil {
		l.stats.reasons[err]++
		l.obj.text("error", reasonOf(err))
		return out.Refused(l.obj.end())
	}
	l.count()
	if !out.Wants() {
		return out.Line(nil)
	}
	l.fields()
	return out.Line(l.obj.end())
}

// reasonOf is the text of a refusal without the name of the package.
func reasonOf(err error) string { return strings.TrimPrefix(err.Error(), "modes: ") }

func (l *modesLines) count() {
	r := &l.rep
	l.stats.df[r.DF&31]++
	if r.HasPosition {
		l.stats.Positions++
	}
	if r.Refusal != modes.RefusedNot {
		l.stats.NoPosition[r.Refusal.String()]++
	}
	var name [7]byte
	addr := appendAddress(name[:0], r)
	if !l.seen[string(addr)] && len(l.seen) < maxNames {
		l.seen[string(addr)] = true
	}
}

func appendAddress(dst []byte, r *modes.Report) []byte {
	const digits = "0123456789abcdef"
	if r.NonICAO {
		dst = append(dst, '1')
	}
	for shift := 20; shift >= 0; shift -= 4 {
		dst = append(dst, digits[r.ICAO>>shift&15])
	}
	return dst
}

// fields writes what the frame says.
func (l *modesLines) fields() {
	o, r := &l.obj, &l.rep
	o.int("df", int64(r.DF))
	o.key("icao")
	o.b = append(appendAddress(append(o.b, '"'), r), '"')
	o.text("src", r.Source.String())
	if r.Has(modes.FieldTC) {
		o.int("tc", int64(r.TC))
	}
	if r.Has(modes.FieldAltitude) {
		key := "alt"
		if r.AltitudeKind == modes.HeightGNSS {
			key = "alt_geom"
		}
		o.int(key, int64(r.Altitude))
	}
	if r.Has(modes.FieldGround) {
		o.bool("ground", r.OnGround)
	}
	if r.Has(modes.FieldSquawk) {
		o.text("squawk", r.Squawk.String())
	}
	if r.Has(modes.FieldEmergency) && r.Emergency != modes.EmergencyNone {
		o.int("emergency", int64(r.Emergency))
	}
	if c := r.CallsignText(); c != "" {
		o.text("callsign", c)
	}
	if r.Has(modes.FieldCategory) {
		o.upperOctets("cat", []byte{r.Category})
	}
	l.motion()
	if r.HasPosition {
		o.float("lat", r.Position.LatDeg, 6)
		o.float("lon", r.Position.LonDeg, 6)
		o.int("trust", int64(r.Trust))
	} else if r.Refusal != modes.RefusedNot {
		o.text("no_position", r.Refusal.String())
	}
	l.quality()
	l.hint()
}

// hint writes what a Comm-B reply seems to say, under keys that no report has.
func (l *modesLines) hint() {
	o, h := &l.obj, &l.rep.Hint
	if h.Register == 0 {
		return
	}
	o.text("bds", fmt.Sprintf("%d,%d", h.Register>>4, h.Register&15))
	for _, v := range [...]struct {
		field  modes.HintField
		key    string
		v      float64
		digits int
	}{
		{modes.HintSelectedAltitude, "hint_alt_selected", float64(h.SelectedAltitude), 0},
		{modes.HintFMSAltitude, "hint_alt_fms", float64(h.FMSAltitude), 0},
		{modes.HintPressure, "hint_qnh", h.PressureHPa, 1},
		{modes.HintRoll, "hint_roll", float64(h.Roll), 2},
		{modes.HintTrack, "hint_track", float64(h.Track), 2},
		{modes.HintTrackRate, "hint_track_rate", h.TrackRate, 2},
		{modes.HintGroundSpeed, "hint_gs", float64(h.GroundSpeed), 0},
		{modes.HintTAS, "hint_tas", float64(h.TAS), 0},
		{modes.HintHeading, "hint_heading", float64(h.Heading), 2},
		{modes.HintIAS, "hint_ias", float64(h.IAS), 0},
		{modes.HintMach, "hint_mach", h.Mach, 3},
		{modes.HintBaroRate, "hint_baro_rate", float64(h.BaroRate), 0},
		{modes.HintInertialRate, "hint_inertial_rate", float64(h.InertialRate), 0},
		{modes.HintWind, "hint_wind", float64(h.WindSpeed), 0},
		{modes.HintWind, "hint_wind_from", float64(h.WindFrom), 0},
		{modes.HintTemperature, "hint_oat", h.TemperatureC, 2},
	} {
		if h.Known(v.field) {
			o.float(v.key, v.v, v.digits)
		}
	}
}

func (l *modesLines) motion() {
	o, r := &l.obj, &l.rep
	if r.Has(modes.FieldSpeed) {
		o.float("gs", float64(r.GroundSpeed), 3)
	}
	if r.Has(modes.FieldTrack) {
		o.float("track", float64(r.Track), 2)
	}
	if r.Has(modes.FieldHeading) {
		o.float("heading", float64(r.Heading), 2)
	}
	if r.Has(modes.FieldIAS) {
		o.float("ias", float64(r.Airspeed), 0)
	}
	if r.Has(modes.FieldTAS) {
		o.float("tas", float64(r.Airspeed), 0)
	}
	if r.Has(modes.FieldVerticalRate) {
		key := "baro_rate"
		if r.VerticalRateKind == modes.HeightGNSS {
			key = "geom_rate"
		}
		o.int(key, int64(r.VerticalRateFPM))
	}
	if r.Has(modes.FieldGNSSDelta) {
		o.int("geom_minus_baro", int64(r.GNSSDelta))
	}
}

func (l *modesLines) quality() {
	o, r := &l.obj, &l.rep
	for _, q := range [...]struct {
		field modes.Field
		key   string
		v     uint8
	}{
		{modes.FieldVersion, "ver", r.Version},
		{modes.FieldNIC, "nic", r.NIC},
		{modes.FieldNACp, "nac_p", r.NACp},
		{modes.FieldNACv, "nac_v", r.NACv},
		{modes.FieldSIL, "sil", r.SIL},
	} {
		if r.Has(q.field) {
			o.int(q.key, int64(q.v))
		}
	}
	if r.Has(modes.FieldRadius) {
		o.float("rc", float64(r.ContainmentRadius), 1)
	}
}

// Stats implements Decoder.
func (l *modesLines) Stats() any {
	s := &l.stats
	s.Aircraft, s.DF = len(l.seen), map[string]int{}
	for df, n := range s.df {
		if n > 0 {
			s.DF[fmt.Sprint(df)] = n
		}
	}
	errs := map[string]int{}
	for k, v := range s.Errors {
		errs[k] = v
	}
	for err, n := range s.reasons {
		errs[reasonOf(err)] += n
	}
	out := *s
	out.Errors = errs
	return &out
}
