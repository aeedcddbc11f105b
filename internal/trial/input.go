// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Reasons why a line is refused: a closed list. Beside them stand the words of
// mtt.Verdict for measurements that the tracker refused.
const (
	ReasonNotJSON       = "not-json"
	ReasonNoTime        = "no-time"
	ReasonUnknownSensor = "unknown-sensor"
	ReasonNoPlace       = "no-place"
	ReasonOutOfRange    = "out-of-range"
)

// Reasons returns the reasons of this package.
func Reasons() []string {
	return []string{ReasonNotJSON, ReasonNoTime, ReasonUnknownSensor, ReasonNoPlace, ReasonOutOfRange}
}

// maxLine bounds a line in octets.
const maxLine = 1 << 20

// line is one measurement as files hold it.
type line struct {
	T      *float64 `json:"t"`
	RX     *float64 `json:"rx"`
	Sensor string   `json:"sensor"`
	Kind   string   `json:"kind"`
	Rho    *float64 `json:"rho_m"`
	Az     *float64 `json:"az_deg"`
	ModeC  *float64 `json:"modec_ft"`
	ModeA  string   `json:"mode3a"`
	ICAO   string   `json:"icao"`
	Lat    *float64 `json:"lat"`
	Lon    *float64 `json:"lon"`
	Alt    *float64 `json:"alt_ft"`
	VE     *float64 `json:"ve"`
	VN     *float64 `json:"vn"`
	NACp   *int     `json:"nacp"`

	Emitter string `json:"emitter"` // category of ADS-B that goes with the address, as "B2"
	MMSI    uint32 `json:"mmsi"`    // of a vessel's own report
	Domain  string `json:"domain"`  // "unknown" for what may be a vessel
}

// timed is a measurement and when it counts, in Unix ns.
type timed struct {
	mtt.Measurement
	counts int64
}

// readAll reads all inputs and sorts them by when they count. Lines that
// cannot be used are counted and left out.
func readAll(cfg *Config, m *meta, st *Stats) ([]timed, error) {
	var out []timed
	sensors := map[string]int{selfReports: 0}
	for i := range m.Radars {
		sensors[m.Radars[i].ID] = i + 1
	}
	for _, in := range cfg.Inputs {
		r, err := unpacked(in)
		if err != nil {
			return nil, err
		}
		sc := bufio.NewScanner(r)
		sc.Buffer(make([]byte, 1<<16), maxLine)
		for sc.Scan() {
			if len(bytes.TrimSpace(sc.Bytes())) == 0 {
				continue
			}
			x, reason := parse(sc.Bytes(), cfg, m, sensors)
			if reason != "" {
				st.Refused[reason]++
				continue
			}
			out = append(out, x)
		}
		if err := sc.Err(); err != nil {
			return nil, fmt.Errorf("read measurements: %w", err)
		}
	}
	st.Measurements = len(out)
	slices.SortStableFunc(out, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.counts, b.counts), a.Time.Compare(b.Time))
	})
	return out, nil
}

// unpacked reads gzip where the input begins as that does.
func unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	return z, nil
}

// parse returns a measurement or the reason why the line is none.
func parse(raw []byte, cfg *Config, m *meta, sensors map[string]int) (timed, string) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return timed{}, ReasonNotJSON
	}
	counts := l.T
	if cfg.Arrival {
		counts = l.RX
	}
	if l.T == nil || counts == nil {
		return timed{}, ReasonNoTime
	}
	if !inTime(*l.T) || !inTime(*counts) {
		return timed{}, ReasonOutOfRange
	}
	sensor, ok := sensors[l.Sensor]
	if !ok {
		return timed{}, ReasonUnknownSensor
	}
	out := timed{mtt.Measurement{Time: time.Unix(0, nanoseconds(*l.T)).UTC(), Sensor: sensor, Domain: mtt.Air}, nanoseconds(*counts)}
	switch {
	case l.MMSI != 0:
		out.Domain = mtt.Sea
	case l.Domain == "unknown":
		out.Domain = 0
	}
	reason := ReasonNoPlace
	switch {
	case sensor > 0 && l.Rho != nil && l.Az != nil:
		reason = l.polar(&out.Measurement, &m.Radars[sensor-1])
	case sensor == 0 && l.Lat != nil && l.Lon != nil:
		reason = l.position(&out.Measurement)
	}
	if reason == "" && !cfg.HideIdentity {
		l.identify(&out.Measurement)
	}
	return out, reason
}

func inTime(t float64) bool { return t >= 0 && t < 1<<33 }

// nanoseconds rounds to microseconds: a float64 of Unix seconds holds no more.
func nanoseconds(t float64) int64 { return int64(math.Round(t*1e6)) * 1000 }

func (l *line) polar(out *mtt.Measurement, r *radar) string {
	if !(*l.Rho > 0 && *l.Rho < 2e6) || !(*l.Az >= -360 && *l.Az <= 720) {
		return ReasonOutOfRange
	}
	out.Has |= mtt.HasPolar
	out.Range, out.Azimuth = geo.Metres(*l.Rho), geo.Degrees(*l.Az)
	if l.ModeC != nil {
		out.Has, out.Height = out.Has|mtt.HasHeight, metresOf(*l.ModeC)
		out.SigmaHeight = metresOf(pressureStep) * 0.6
	}
	if l.Kind != "psr" && r.SSRSigma > 0 {
		out.SigmaRange, out.SigmaAzimuth = geo.Metres(r.SSRSigma), geo.Degrees(r.SSRSigmaAz)
	}
	return ""
}

// pressureStep is the step of an encoded height in feet.
const pressureStep = 25

func (l *line) position(out *mtt.Measurement) string {
	p := geo.Point{LatDeg: *l.Lat, LonDeg: *l.Lon}
	if !p.Valid() {
		return ReasonOutOfRange
	}
	out.Has, out.Pos = out.Has|mtt.HasPosition, p
	if l.NACp != nil {
		out.SigmaPos = accuracy(*l.NACp)
		if *l.NACp >= 0 && *l.NACp <= maxNACp {
			out.Has, out.NACp = out.Has|mtt.HasNACp, uint8(*l.NACp)
		}
	}
	if l.Alt != nil {
		out.Has, out.Height = out.Has|mtt.HasHeight, metresOf(*l.Alt)
		out.SigmaHeight = metresOf(pressureStep) * 0.6
	}
	if l.VE != nil && l.VN != nil {
		out.Has |= mtt.HasVelocity
		out.Speed = geo.MetresPerSecond(math.Hypot(*l.VE, *l.VN))
		out.Course = geo.Degrees(math.Atan2(*l.VE, *l.VN) * 180 / math.Pi)
	}
	return ""
}

// maxNACp is the greatest category of accuracy that means something.
const maxNACp = 11

// accuracy returns one standard deviation of each axis: the estimated position
// uncertainty (95 %) of a navigation accuracy category (DO-260B, table
// 2-70) over 2.45.
func accuracy(nacp int) geo.Metres {
	epu := [...]geo.Metres{0, 18_520, 7408, 3704, 1852, 926, 555.6, 185.2, 92.6, 30, 10, 3}
	if nacp < 1 || nacp >= len(epu) {
		return 0
	}
	return epu[nacp] / 2.45
}

// identify reads address, code and category; what cannot be read is left out.
func (l *line) identify(out *mtt.Measurement) {
	if a, err := strconv.ParseUint(l.ICAO, 16, 24); err == nil && a > 0 && a < 0xFFFFFF {
		out.Has, out.Address = out.Has|mtt.HasAddress, uint32(a)
	}
	if c, err := strconv.ParseUint(l.Emitter, 16, 8); err == nil {
		out.Class = mtt.OfEmitter(uint8(c))
	}
	if l.MMSI != 0 {
		out.Has, out.MMSI, out.Class = out.Has|mtt.HasMMSI, l.MMSI, mtt.OfVessel(l.MMSI, out.Domain)
	}
	if out.Class != 0 {
		out.Has |= mtt.HasClass
	}
	// Codes that end in 00 are shared by many.
	if a, err := strconv.ParseUint(l.ModeA, 8, 12); err == nil && !strings.HasSuffix(l.ModeA, "00") {
		out.Has, out.ModeA = out.Has|mtt.HasModeA, uint16(a)
	}
}
