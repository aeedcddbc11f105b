// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/web"
)

// books is the store with the keyring that its journals are verified with.
type books struct {
	*store.Store
	keys *keystore.Store
}

// Verify recomputes all logs.
func (b books) Verify(ctx context.Context) (journal.Report, error) {
	return b.Store.Verify(ctx, b.keys)
}

// consoleHandler prepares what the page asks for once and returns the console.
func (n *Node) consoleHandler() (http.Handler, error) {
	zones, err := ZonesBody(n.engCfg.Pack, n.engCfg.Overrides)
	if err != nil {
		return nil, err
	}
	rules, err := json.Marshal(n.loop.eng.Rules()) // the loop does not run yet
	if err != nil {
		return nil, fmt.Errorf("encode rules: %w", err)
	}
	phrases, err := phrasebookBody(n.loop.eng.Phrasebook())
	if err != nil {
		return nil, fmt.Errorf("encode phrasebook: %w", err)
	}
	cfg := console.DefaultConfig()
	cfg.Self, cfg.Name, cfg.Version = party.ID(n.cfg.Node.Party), n.cfg.Node.Name, n.opt.Version
	cfg.Links, cfg.Feeds, cfg.Radars = n, n, n
	cfg.TimeMode, cfg.Partners = n.cfg.Time.Mode, n.cfg.PartnerIDs()
	cfg.Zones, cfg.Rules, cfg.Land = zones, rules, n.land
	cfg.Phrasebook, cfg.Messages = phrases, n
	cfg.Dist, cfg.TLS, cfg.Log, cfg.Now = web.Dist(), n.cfg.Console.Cert != "", n.opt.Log, n.clock.now
	cfg.Support = n
	return console.NewHandler(cfg, n, n.store, n, books{n.store, n.keys})
}

// ZonesBody is what /api/zones answers: all zones and places that are not
// hidden.
func ZonesBody(pack zone.Pack, overrides []zone.Override) (json.RawMessage, error) {
	set, err := zone.Parse(pack)
	if err == nil {
		set, err = set.WithOverrides(overrides)
	}
	if err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	body := console.Zones{
		Version: set.Version(), Zones: []console.Zone{}, Places: []console.Place{}, Sectors: make(map[zone.ID]string),
	}
	for _, z := range set.Zones() {
		if z.Hidden || z.Kind == zone.Baseline || z.Kind == zone.Coast {
			continue
		}
		g, err := set.GeoJSON(z.ID)
		if err != nil {
			return nil, fmt.Errorf("draw zone %s: %w", z.ID, err)
		}
		body.Zones = append(body.Zones, console.Zone{ID: z.ID, Kind: z.Kind, Party: z.Party, Names: z.Names, Version: z.Version, Geometry: g})
	}
	for _, p := range set.Places() {
		if !p.Hidden {
			body.Places = append(body.Places, console.Place{ID: p.ID, Names: p.Names, Kind: p.Kind, Class: p.Class, Lat: p.At.LatDeg, Lon: p.At.LonDeg})
		}
	}
	for _, s := range set.Sectors() {
		body.Sectors[s.Zone] = s.Lead
	}
	return json.Marshal(body)
}
