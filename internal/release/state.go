// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// State is a Desk as a snapshot holds it. The policy is configuration and not
// part of it.
type State struct {
	Pendings []pending             `json:"pendings"`
	Objects  map[party.ID][]object `json:"objects"`
	Stats    []Stat                `json:"stats"`
	Frozen   []party.ID            `json:"frozen"`
	Told     map[party.ID][]Told   `json:"told"`
	Unlisted map[party.ID]uint64   `json:"unlisted"`
	NextID   uint64                `json:"next_id"`
	Records  uint64                `json:"records"`
	Checked  time.Time             `json:"checked"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{
		Pendings: append([]pending{}, d.pendings...), Objects: make(map[party.ID][]object), Stats: d.Stats(),
		Frozen: slices.Sorted(maps.Keys(d.frozen)), NextID: d.nextID, Records: d.records, Checked: d.checked,
		Told: make(map[party.ID][]Told), Unlisted: maps.Clone(d.unlisted),
	}
	for to, list := range d.left {
		s.Told[to] = slices.Clone(list)
	}
	for to, m := range d.objects {
		for _, key := range sortedKeys(m) {
			o := *m[key]
			o.Told = slices.Clone(o.Told)
			s.Objects[to] = append(s.Objects[to], o)
		}
	}
	return s
}

// Restore takes the state over. Partners that are gone are left out.
func (d *Desk) Restore(s State) {
	fresh := NewDesk(d.cfg)
	fresh.policy = d.policy
	for _, p := range s.Pendings {
		if fresh.objects[p.To] != nil {
			fresh.pendings = append(fresh.pendings, p)
			fresh.waiting[p.To]++
		}
	}
	fresh.nextID, fresh.records, fresh.checked = s.NextID, s.Records, s.Checked
	for to, list := range s.Objects {
		if fresh.objects[to] == nil {
			continue
		}
		for _, o := range list {
			o.Told = slices.Clone(o.Told)
			fresh.objects[to][objectKey{o.Kind, o.Number}] = &o
		}
	}
	for to, list := range s.Told {
		if fresh.objects[to] != nil {
			fresh.left[to] = slices.Clone(list)
		}
	}
	for to, n := range s.Unlisted {
		if fresh.objects[to] != nil {
			fresh.unlisted[to] = n
		}
	}
	for _, st := range s.Stats {
		fresh.stats[statKey{st.To, st.Rule}] = &st
	}
	for _, p := range s.Frozen {
		fresh.frozen[p] = true
	}
	*d = *fresh
}

// Explanation says what of one thing goes to one partner and why, or why not.
type Explanation struct {
	To          party.ID         `json:"to"`
	Allow       bool             `json:"allow"`
	Rules       []string         `json:"rules"`
	Reason      string           `json:"reason"`
	Obligations *ObligationsView `json:"obligations,omitempty"`
	Zones       []string         `json:"zones,omitempty"`
	Due         *time.Time       `json:"due,omitempty"` // of the next report
	Last        *record.Record   `json:"last,omitempty"`
	Stopped     bool             `json:"stopped,omitempty"`
}

// ObligationsView is Obligations in units for people.
type ObligationsView struct {
	GridM        uint32     `json:"grid_m"`
	HeightBandFt uint32     `json:"height_band_ft"`
	TimeBinS     float64    `json:"time_bin_s"`
	SlotS        float64    `json:"slot_s"`
	DelayS       float64    `json:"delay_s"`
	RetentionS   float64    `json:"retention_s"`
	RateS        float64    `json:"rate_s,omitempty"`
	Area         []string   `json:"area,omitempty"`
	CountOnly    bool       `json:"count_only,omitempty"`
	Fields       []string   `json:"fields"`
	Onward       []party.ID `json:"onward"`
}

// ExplainTrack says for each partner what the policy says of a track, which may
// be one of a distress case, and what the partner was told last.
func (d *Desk) ExplainTrack(n track.Number, f Facts, cases []Case) []Explanation {
	src := Sources{Cases: cases}
	var list []Explanation
	for _, to := range d.cfg.Partners {
		f.To, f.Kind, f.Rescue = to, record.KindTrack, src.rescued(d.cfg.Self, to)[n]
		list = append(list, d.explain(uint64(n), &f, d.policy.Decide(&f)))
	}
	return list
}

// ExplainCase is ExplainTrack for an incident.
func (d *Desk) ExplainCase(now time.Time, c *Case) []Explanation {
	var list []Explanation
	for _, to := range d.cfg.Partners {
		f, ours := d.caseFacts(now, to, c)
		dec := d.policy.Decide(&f)
		if !ours {
			dec = Decision{Reason: NotOurs}
		}
		list = append(list, d.explain(c.Number, &f, dec))
	}
	return list
}

func (d *Desk) explain(number uint64, f *Facts, dec Decision) Explanation {
	e := Explanation{
		To: f.To, Allow: dec.Allow, Rules: d.policy.Rules(dec), Reason: dec.Reason.String(),
		Zones: zonesOf(f.Zones), Stopped: d.frozen[f.To],
	}
	if dec.Allow {
		e.Obligations = d.policy.View(dec.Then)
	}
	if o := d.objects[f.To][objectKey{f.Kind, number}]; o != nil && !o.Recalled {
		e.Last = o.Last
	}
	for i := range d.pendings {
		if p := &d.pendings[i]; p.To == f.To && p.Kind == f.Kind && p.Number == number {
			due := p.Due
			e.Due = &due
			break
		}
	}
	return e
}

// View returns obligations in units for people.
func (p *Policy) View(o Obligations) *ObligationsView {
	return &ObligationsView{
		GridM: o.GridM, HeightBandFt: o.BandFt, TimeBinS: o.Bin.Seconds(), SlotS: o.Slot.Seconds(), DelayS: o.Delay.Seconds(),
		RetentionS: o.Retention.Seconds(), RateS: o.Rate.Seconds(), Area: p.zoneNames(o.area), CountOnly: o.CountOnly,
		Fields: o.Fields.Names(), Onward: p.Onward(o),
	}
}
