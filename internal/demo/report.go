// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// Report is what a headless run leaves. Two runs differ only in random ids,
// key ids, roots, sizes and wall times.
type Report struct {
	Scenario string                   `json:"scenario"`
	Exercise bool                     `json:"exercise"`
	Start    time.Time                `json:"start"`
	End      time.Time                `json:"end"`
	Steps    int                      `json:"steps"`
	WallS    float64                  `json:"wall_s"`
	Frames   map[string]uint64        `json:"frames"` // by feed
	Acts     []ActReport              `json:"acts"`
	Nodes    map[party.ID]*NodeReport `json:"nodes"`
}

// ActReport is what became of one act of the scenario.
type ActReport struct {
	Line  int      `json:"line"`
	Party party.ID `json:"party"`
	Verb  string   `json:"verb"`
	Done  bool     `json:"done"`
	Code  string   `json:"code,omitempty"`
}

// NodeReport is one node's end.
type NodeReport struct {
	Tracks        []engine.TrackView    `json:"tracks"`
	PartnerTracks []engine.PartnerView  `json:"partner_tracks"`
	Incidents     []engine.IncidentView `json:"incidents"`
	Alarms        []engine.AlarmView    `json:"alarms"`
	Released      []release.Stat        `json:"released"` // to whom, under which rule, and what each withheld
	Journal       journal.Report        `json:"journal"`
	Feeds         []engine.FeedView     `json:"feeds"`
	Links         []engine.LinkView     `json:"links"`
	OutOfService  []engine.OutOfService `json:"out_of_service"`
	Messages      []engine.MessageView  `json:"messages"`
	Activity      engine.ActivityView   `json:"activity"`
	Support       engine.SupportView    `json:"support"`
	Recalls       []engine.RecallView   `json:"recalls"`
	Plans         []engine.PlanView     `json:"plans"`
}

// report reads every node's end through its API and writes the file.
func (d *Demo) report(ctx context.Context) error {
	r, err := d.Collect(ctx)
	if err != nil {
		return err
	}
	for id, n := range r.Nodes {
		fmt.Fprintf(d.cfg.Out, "%-5s %d tracks, %d partner tracks, %d incidents, journal verified: %v\n",
			id, len(n.Tracks), len(n.PartnerTracks), len(n.Incidents), n.Journal.Verified)
	}
	fmt.Fprintf(d.cfg.Out, "%d steps of scenario time in %.1f s\n", r.Steps, r.WallS)
	if d.cfg.Report == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if err := os.WriteFile(d.cfg.Report, append(b, '\n'), fileMode); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Collect reads the end of every node.
func (d *Demo) Collect(ctx context.Context) (*Report, error) {
	sc := d.world.Scenario()
	r := &Report{
		Scenario: sc.Name, Exercise: true, Start: sc.Start, End: d.world.Now(), Steps: d.steps,
		WallS: time.Since(d.started).Seconds(), Frames: make(map[string]uint64), Nodes: make(map[party.ID]*NodeReport),
		Acts: []ActReport{},
	}
	for _, f := range sc.Feeds() {
		r.Frames[f.ID] = d.expect[string(f.Party)][f.ID] // what was sent again counts once
	}
	for _, a := range d.acts {
		r.Acts = append(r.Acts, ActReport{Line: a.Line, Party: a.Party, Verb: a.Verb, Done: a.done, Code: a.code})
	}
	for _, m := range d.nodes {
		n, err := m.report(ctx)
		if err != nil {
			return nil, fmt.Errorf("report of %s: %w", m.id, err)
		}
		r.Nodes[m.id] = n
	}
	return r, nil
}

func (m *member) report(ctx context.Context) (*NodeReport, error) {
	v, err := m.view(ctx)
	if err != nil {
		return nil, err
	}
	n := &NodeReport{
		Tracks: v.Tracks, PartnerTracks: v.PartnerTracks, Incidents: v.Incidents, Alarms: v.Alarms, Feeds: v.Feeds, Links: v.Links, OutOfService: v.OutOfService,
		Activity: v.Activity, Support: v.Support, Recalls: v.Recalls, Plans: v.Plans,
	}
	c, err := m.login(ctx, engine.Auditor)
	if err != nil {
		return nil, err
	}
	if err := c.get(ctx, "/api/journal", &n.Journal); err != nil {
		return nil, err
	}
	if err := c.get(ctx, "/api/release-stats", &n.Released); err != nil {
		return nil, err
	}
	if err := c.get(ctx, "/api/messages", &n.Messages); err != nil {
		return nil, err
	}
	for i := range n.Links { // wall-clock figures are no part of the outcome
		n.Links[i].RTTMillis, n.Links[i].LastHeard = 0, nil
	}
	return n, nil
}

// Console is where people of one node log in.
type Console struct {
	Party  party.ID
	URL    string
	Admin  string            // URL of /metrics and /healthz
	Logins map[string]string // name → password
}

// Consoles returns the consoles of all nodes.
func (d *Demo) Consoles() []Console {
	var list []Console
	for _, m := range d.nodes {
		list = append(list, Console{Party: m.id, URL: "http://" + m.console + "/", Admin: "http://" + m.admin, Logins: maps.Clone(m.logins)})
	}
	return list
}

// Get reads what a node's console API answers to one of its people.
func (d *Demo) Get(ctx context.Context, id party.ID, login, path string, answer any) error {
	m := d.member(id)
	if m == nil {
		return fmt.Errorf("no node of party %q", id)
	}
	c, err := m.login(ctx, login)
	if err != nil {
		return err
	}
	return c.get(ctx, path, answer)
}

// welcome is one screen of text: where to look and at what.
func (d *Demo) welcome() {
	w := d.cfg.Out
	sc := d.world.Scenario()
	fmt.Fprintf(w, "\nKuroshio demonstration (EXERCISE): %s\nFolder of the nodes: %s\n\n", sc.Title, d.dir)
	for _, m := range d.nodes {
		fmt.Fprintf(w, "  %-4s  http://%s/   login: officer / %s   (supervisor / %s)\n", m.id, m.console, m.logins[engine.Officer], m.logins[engine.Supervisor])
	}
	fmt.Fprintf(w, "\nOpen tw and jp side by side. Scenario time runs at x%g from %s.\n", d.cfg.Speed, sc.Start.Add(d.cfg.At).Format("15:04Z"))
	if sc.Name == published {
		fmt.Fprint(w, whatToLookAt)
	}
	fmt.Fprint(w, "\nEverything is marked EXERCISE; what is a fact and what is invented stands in the scenario.\nCtrl-C stops all nodes.\n\n")
}

// published is the scenario of a published day.
const published = "2023-08-28"

const whatToLookAt = `
  00:30Z  tw alone holds an unknown slow aircraft in the north. Acknowledge the incident,
          select the track and identify it: suspect, type BZK-005.
  00:48Z  jp holds it too, as unknown. Each node shows ONE incident with both identities side
          by side and a spoken reference that is the same on both. cell sees it later and coarser.
          At tw, propose that tw leads: time runs at x1 until jp accepts. State a posture.
          Look at what is released of the track and why, and at the partner's view.
  02:26Z  It passes the Taiwan-Yonaguni gate: both time lines show it.
  02:32Z  The second act, yours to play: a phrase that the other side reads in its language; own
          activities that overlap; a counter-offer while the line is down (03:00Z to 03:05Z); fuel
          that an agreement allows; a recall with its receipt; a stop. --headless plays it.
  04:28Z  jp loses it in the south. tw holds it through the Bashi Channel, home at 07:40Z.
`
