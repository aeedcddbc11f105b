// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// maxMeta bounds the description in octets.
const maxMeta = 16 << 20

// meta is what is read of the description: where sensors stand, how they turn
// and how well they measure. A field that is not here cannot have an effect.
type meta struct {
	AssumedAlt *float64 `json:"assumed_alt_m"` // height of aircraft that tell none, m
	Radars     []radar  `json:"radars"`
}

type radar struct {
	ID            string  `json:"id"`
	Lat           float64 `json:"lat"`
	Lon           float64 `json:"lon"`
	AltM          float64 `json:"alt_m"`
	ScanS         float64 `json:"scan_s"`
	PSR           bool    `json:"psr"`
	SSR           bool    `json:"ssr"`
	PSRMax        float64 `json:"psr_max_m"`
	SSRMax        float64 `json:"ssr_max_m"`
	PSRSigma      float64 `json:"psr_sigma_range_m"`
	PSRSigmaAz    float64 `json:"psr_sigma_az_deg"`
	SSRSigma      float64 `json:"ssr_sigma_range_m"`
	SSRSigmaAz    float64 `json:"ssr_sigma_az_deg"`
	Resolution    float64 `json:"psr_resolution_m"`
	ResolutionDeg float64 `json:"psr_resolution_az_deg"`
}

func readMeta(r io.Reader) (*meta, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMeta+1))
	if err != nil {
		return nil, fmt.Errorf("read description: %w", err)
	}
	if len(raw) > maxMeta {
		return nil, fmt.Errorf("read description: longer than %d octets", maxMeta)
	}
	var m meta
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read description: %w", err)
	}
	return &m, nil
}

// selfReports is the sensor of positions that aircraft tell themselves.
const selfReports = "ADSB"

// config returns the tracker's configuration: the same for every description
// but for what it says of the sensors.
func (m *meta) config() mtt.Config {
	cfg := mtt.DefaultConfig()
	cfg.Sensors = []mtt.Sensor{{
		Name: selfReports, SigmaPos: 30, Reference: true, Self: true, PD: 0.95, CoastAfter: 10 * time.Second, LostAfter: 30 * time.Second,
	}}
	for _, r := range m.Radars {
		period := time.Duration(r.ScanS * float64(time.Second))
		s := mtt.Sensor{
			Name: r.ID, Polar: true, Pos: geo.Point{LatDeg: r.Lat, LonDeg: r.Lon}, Height: geo.Metres(r.AltM),
			MaxRange: geo.Metres(max(r.PSRMax, r.SSRMax)), Period: period, SigmaPos: 200,
			SigmaRange: geo.Metres(r.PSRSigma), SigmaAzimuth: geo.Degrees(r.PSRSigmaAz),
			CellRange: geo.Metres(r.Resolution), CellAzimuth: geo.Degrees(r.ResolutionDeg),
			PD: 0.85, Clutter: 20, CoastAfter: period * 5 / 2, LostAfter: max(20*time.Second, 3*period),
		}
		if !r.PSR {
			s.SigmaRange, s.SigmaAzimuth = geo.Metres(r.SSRSigma), geo.Degrees(r.SSRSigmaAz)
		}
		cfg.Sensors = append(cfg.Sensors, s)
	}
	return cfg
}
