// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
	"github.com/kuroshio-watch/kuroshio/packs/phrasebook"
)

// Assemble reads what the configuration names (the zone pack, rules, plans and
// the policy) and returns the engine's configuration and the base map. It
// checks all of it: a wrong file stops the node here, with file, line and what
// is wrong.
func Assemble(c *config.Config) (*engine.Config, []byte, error) {
	pack, err := loadPack(c.Zones.Pack)
	if err != nil {
		return nil, nil, err
	}
	e := &engine.Config{
		Partners: c.PartnerIDs(), Pack: pack.Zones, Rules: engine.Text{Name: c.Zones.Pack + "/rules.json", Data: pack.Rules},
		T1: time.Duration(c.Response.T1), T2: time.Duration(c.Response.T2),
	}
	e.Phrasebook = &engine.Text{Name: phrasebook.Name, Data: phrasebook.Text()}
	if c.Message.Phrasebook != "" {
		if e.Phrasebook, err = readText(c.Message.Phrasebook); err != nil {
			return nil, nil, err
		}
	}
	e.Hotline = engine.HotlineConfig{Every: time.Duration(c.Message.HotlineEvery), Auto: c.Message.HotlineAuto}
	for _, o := range c.Zones.Overrides {
		e.Overrides = append(e.Overrides, zone.Override{ID: zone.ID(o.ID), Names: o.Names, Hide: o.Hide})
	}
	if c.Watch.Rules != "" {
		t, err := readText(c.Watch.Rules)
		if err != nil {
			return nil, nil, err
		}
		e.Rules = *t
	}
	if c.Watch.Plans != "" {
		if e.Plans, err = readText(c.Watch.Plans); err != nil {
			return nil, nil, err
		}
	}
	e.TwoPersons, e.NoHold = c.Policy.TwoPersons, !c.Watch.NoticesHold
	if c.Policy.File != "" {
		if e.Policy, err = readText(c.Policy.File); err != nil {
			return nil, nil, err
		}
	}
	if c.Plan.File != "" {
		if e.Joint, err = readText(c.Plan.File); err != nil {
			return nil, nil, err
		}
	}
	if e.Support, err = supportTexts(&c.Support); err != nil {
		return nil, nil, err
	}
	if len(c.Watch.ADIZ) > 0 {
		e.ADIZ = zone.ID(c.Watch.ADIZ[0])
	}
	for i := range c.Feeds {
		if _, err := feedSettings(&c.Feeds[i], strings.NewReader("")); err != nil {
			return nil, nil, err
		}
	}
	e.Feeds, e.Sensors = feedConfigs(c), sensorConfigs(c)
	if err := e.Check(party.ID(c.Node.Party)); err != nil {
		return nil, nil, err
	}
	if b, err := engine.MarshalInput(&engine.Input{Config: e}); err != nil || len(b) > tape.MaxBody {
		return nil, nil, errors.Join(fmt.Errorf("zones, rules, plans, policy and agreements are %d octets together, at most %d fit the tape: shorten %s", len(b), tape.MaxBody, c.Watch.Plans), err)
	}
	return e, pack.Land, nil
}

// loadPack returns a shipped pack, or the one in a folder where the name is a
// path.
func loadPack(name string) (packs.Pack, error) {
	if strings.ContainsRune(name, filepath.Separator) || strings.HasPrefix(name, ".") {
		return packs.Read(os.DirFS(name))
	}
	return packs.Load(name)
}

// supportTexts reads the agreements and the register; nil where there are none.
func supportTexts(c *config.Support) (*engine.SupportConfig, error) {
	if len(c.Agreements) == 0 && c.Register == "" {
		return nil, nil
	}
	var s engine.SupportConfig
	for _, path := range c.Agreements {
		t, err := readText(path)
		if err != nil {
			return nil, err
		}
		s.Agreements = append(s.Agreements, *t)
	}
	if c.Register != "" {
		t, err := readText(c.Register)
		if err != nil {
			return nil, err
		}
		s.Register = t
	}
	return &s, nil
}

func readText(path string) (*engine.Text, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return &engine.Text{Name: path, Data: b}, nil
}

func feedConfigs(c *config.Config) []engine.FeedConfig {
	var list []engine.FeedConfig
	for _, f := range c.Feeds {
		src := decode.Source{Format: feed.Kind(f.Kind).Format(), Exercise: f.Exercise}
		if f.Receiver != nil {
			src.Receiver = &geo.Point{LatDeg: f.Receiver.Lat, LonDeg: f.Receiver.Lon}
			src.RangeNM = f.Receiver.RangeNM
		}
		if c.Time.Mode != "stepped" { // a conductor's time says nothing of a station's clock
			src.ClockLimit = f.Clocks()
		}
		src.Editions, _ = config.Editions(f.Editions) // Feed.Problem has read them
		for id, m := range f.EditionOf {
			if src.EditionsOf == nil {
				src.EditionsOf = make(map[string]decode.Editions)
			}
			src.EditionsOf[id], _ = config.Editions(m)
		}
		for _, s := range c.Sensors {
			if s.Feed != f.Name {
				continue
			}
			if src.Sensors == nil {
				src.Sensors = make(map[string]decode.Sensor)
			}
			src.Sensors[s.ID] = decode.Sensor{SigmaRange: geo.Metres(s.SigmaRangeM), SigmaAzimuth: geo.Degrees(s.SigmaAzimuth)}
		}
		list = append(list, engine.FeedConfig{Name: f.Name, Kind: f.Kind, Source: src})
	}
	return list
}

func sensorConfigs(c *config.Config) []track.Sensor {
	var list []track.Sensor
	for _, s := range c.Sensors {
		list = append(list, track.Sensor{
			Source: s.Feed, ID: s.ID, Pos: s.Point(), Height: geo.Metres(s.HeightM), MaxRange: geo.FromNM(s.RangeNM),
			Period: time.Duration(s.Period), SigmaRange: geo.Metres(s.SigmaRangeM), SigmaAzimuth: geo.Degrees(s.SigmaAzimuth),
		})
	}
	return list
}
