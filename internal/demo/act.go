// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// pendingAct is what a person will do, and since when its condition holds.
type pendingAct struct {
	sim.Act
	held time.Time
	sent engine.Command // the last that was sent and not answered
	done bool
	code string // how the node answered, "" for done
}

// act does what the scenario says that people do by now, through the nodes'
// HTTP API. It reports whether anything was done.
func (d *Demo) act(ctx context.Context, now time.Time) (did bool, err error) {
	views := make(map[party.ID]*engine.View)
	for i := range d.acts {
		a := &d.acts[i]
		if a.done {
			continue
		}
		ready, err := d.ready(ctx, a, now, views)
		if err != nil {
			return did, err
		}
		if !ready {
			continue
		}
		ok, err := d.perform(ctx, a, now, views)
		if err != nil {
			return did, fmt.Errorf("act of line %d: %w", a.Line, err)
		}
		did = did || ok
	}
	return did, nil
}

// look returns the picture of a party, read once in a step.
func (d *Demo) look(ctx context.Context, id party.ID, views map[party.ID]*engine.View) (*engine.View, error) {
	if v := views[id]; v != nil {
		return v, nil
	}
	m := d.member(id)
	if m == nil {
		return nil, fmt.Errorf("the scenario names the party %q, which has no node", id)
	}
	v, err := m.view(ctx)
	views[id] = v
	return v, err
}

func (d *Demo) ready(ctx context.Context, a *pendingAct, now time.Time, views map[party.ID]*engine.View) (bool, error) {
	if a.When.Condition == (sim.Condition{}) {
		return !a.When.At.After(now), nil
	}
	if a.held.IsZero() {
		v, err := d.look(ctx, a.When.Condition.Party, views)
		if err != nil {
			return false, err
		}
		if !d.holds(a, v, now) {
			return false, nil
		}
		a.held = now
	}
	return !a.held.Add(a.When.Delay).After(now), nil
}

// holds reports whether a condition holds in a picture. Conditions are about
// the act's object where it has one.
func (d *Demo) holds(a *pendingAct, v *engine.View, now time.Time) bool {
	c := a.When.Condition
	if c.Subject == "link" {
		return slices.ContainsFunc(v.Links, func(l engine.LinkView) bool { return l.State == c.State })
	}
	if c.Subject == "track" {
		t := d.trackOf(a, v, now)
		return t != nil && t.State == c.State
	}
	for i := range v.Incidents {
		if inc := &v.Incidents[i]; d.about(a, inc, v, now) && incidentHolds(c, inc) {
			return true
		}
	}
	return false
}

func incidentHolds(c sim.Condition, inc *engine.IncidentView) bool {
	switch c.Subject + "." + c.State {
	case "incident.open":
		return inc.State == "open" && len(inc.Tracks) > 0
	case "incident.joint":
		return inc.State == "open" && len(inc.Tracks) > 0 && len(inc.Partners) > 0
	case "incident.acknowledged":
		return inc.Alarm == "acknowledged"
	case "incident.closed":
		return inc.State == "closed"
	case "identity.partner":
		return slices.ContainsFunc(inc.Identities, func(i engine.IdentityView) bool { return i.Party != c.Party && i.Type != "" })
	case "lead.proposed":
		return inc.Lead.State == "proposed" && !inc.Lead.ByUs
	case "lead.confirmed":
		return inc.Lead.State == "confirmed"
	case "lead.rejected":
		return slices.ContainsFunc(inc.Events, func(e engine.EventView) bool { return e.Kind == "lead-rejected" })
	}
	return false
}

// about reports whether an incident is about the act's object: it holds the
// track nearest to where the object is. At the party of the condition the
// object may be another line of the same aircraft, so any incident with a
// track fits where the parties differ.
func (d *Demo) about(a *pendingAct, inc *engine.IncidentView, v *engine.View, now time.Time) bool {
	if a.Object == "" || v.Party != a.Party {
		return true
	}
	t := d.trackOf(a, v, now)
	if t != nil && t.Incident != 0 {
		return t.Incident == inc.N
	}
	return len(inc.Tracks) > 0
}

// nearEnough is how far a track may be from the object that it follows.
const nearEnough = 15_000

// trackOf returns the track that follows the act's object, nil where there is
// none.
func (d *Demo) trackOf(a *pendingAct, v *engine.View, now time.Time) *engine.TrackView {
	o := d.world.Scenario().Object(a.Object)
	if o == nil {
		return nil
	}
	truth, ok := o.Truth(now)
	if !ok {
		return nil
	}
	var best *engine.TrackView
	nearest := geo.Metres(nearEnough)
	for i := range v.Tracks {
		t := &v.Tracks[i]
		if dist, _ := geo.Inverse(truth.Pos, t.Pos); dist < nearest && t.State != "tentative" {
			best, nearest = t, dist
		}
	}
	return best
}

// perform does one act. It reports false, and leaves the act for the next
// step, while the track or the incident that it needs is not there.
func (d *Demo) perform(ctx context.Context, a *pendingAct, now time.Time, views map[party.ID]*engine.View) (bool, error) {
	v, err := d.look(ctx, a.Party, views)
	if err != nil {
		return false, err
	}
	if a.sent.Verb != "" { // the node died before it answered
		done, err := d.took(ctx, a, v.Now)
		if err != nil {
			return false, err
		}
		if done {
			a.done, a.code = true, ""
			return true, d.awaitEffect(ctx, a.Party, &a.sent)
		}
	}
	cmd, ok, err := d.commandOf(a, v, now)
	if err != nil || !ok {
		return false, err
	}
	c, err := d.member(a.Party).login(ctx, a.Login)
	if err != nil {
		return false, err
	}
	a.sent = cmd
	err = c.post(ctx, "/api/command", cmd, nil)
	var refused *apiError
	if errors.As(err, &refused) {
		a.code, a.sent = refused.Code, engine.Command{}
		return false, nil // what it needs may still be on its way; the report says why it was never done
	}
	a.done, a.code = err == nil, ""
	delete(views, a.Party)
	if err == nil {
		err = d.awaitEffect(ctx, a.Party, &cmd)
	}
	return err == nil, err
}

// awaitEffect waits until both nodes have seen what a command does to the link
// between them.
func (d *Demo) awaitEffect(ctx context.Context, id party.ID, cmd *engine.Command) error {
	if cmd.Verb != "stop" && cmd.Verb != "resume" {
		return nil
	}
	return d.awaitStop(ctx, id, cmd.Partner, cmd.Verb == "stop")
}

// commandOf makes the command of an act. It reports false while the track or
// the incident that it needs is not there.
func (d *Demo) commandOf(a *pendingAct, v *engine.View, now time.Time) (cmd engine.Command, ok bool, err error) {
	var track, incident uint32
	if t := d.trackOf(a, v, now); t != nil {
		track, incident = t.N, t.Incident
	}
	if incident == 0 && a.Verb != "identify" {
		incident = d.incidentFor(a, v, now)
	}
	if track == 0 && (a.Verb == "identify" || a.Needs("$track")) || incident == 0 && (needsIncident(a.Verb) || a.Needs("$incident")) {
		return cmd, false, nil
	}
	if cmd, err = a.Command(track, incident); err != nil {
		return cmd, false, err
	}
	cmd.Exercise, cmd.Desk = true, a.Login
	if a.Object != "" || needsIncident(a.Verb) {
		cmd.Track, cmd.Incident = track, incident
	}
	if a.Verb == "open" && track != 0 {
		cmd.Tracks = []uint32{track} // a report by hand about what is seen
	}
	return cmd, true, nil
}

func needsIncident(verb string) bool {
	return slices.Contains([]string{
		"acknowledge", "take", "propose", "accept", "reject", "posture", "close", "reopen", "search-area", "search-state",
		"notify", "standby", "counter", "cancel", "assume", "voice", "countersign",
	}, verb)
}

// incidentFor returns the incident that the act is about.
func (d *Demo) incidentFor(a *pendingAct, v *engine.View, now time.Time) uint32 {
	for i := range v.Incidents {
		inc := &v.Incidents[i]
		if inc.State == "open" && len(inc.Tracks) > 0 && d.about(a, inc, v, now) {
			return inc.N
		}
	}
	return 0
}

// dialogueOpen reports whether a lead dialogue waits for a person somewhere.
func (d *Demo) dialogueOpen() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, m := range d.nodes {
		v, err := m.view(ctx)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(v.Incidents, func(i engine.IncidentView) bool { return i.State == "open" && i.Lead.State == "proposed" }) {
			return true
		}
	}
	return false
}
