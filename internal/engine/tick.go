// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// frame decodes one frame. Its plots wait for the tick, which takes them in
// order of time whatever order the feeds delivered them in.
func (e *Engine) frame(in *Input, out *Outputs) {
	before := len(e.plots)
	var err error
	e.plots, e.sweeps, err = e.decoder.Decode(in.Frame, e.plots, e.sweeps)
	e.feeds.took(in.Frame, e.now, len(e.plots)-before)
	var refusal *decode.Refusal
	if errors.As(err, &refusal) {
		for _, r := range refusal.All() {
			at := in.Frame.Offset + r.Offset
			e.feeds.refused(in.Frame.Source, RefusedFor{Reason: r.Reason, Offset: at, Count: 1, At: e.now, Item: r.Item})
			out.Refused = append(out.Refused, Refusal{in.Frame.Source, at, r.Reason})
		}
	}
	if len(e.plots) > maxWaiting {
		e.tick(out)
	}
}

// slice is how much time of plots and sweeps is tracked at once, so that a
// long step sees each sweep beside the plots that it made.
const slice = 2 * time.Second

// track hands the waiting plots to the table in order of time and returns what
// changed. Plots from beyond now (a sensor's clock that runs ahead) are taken
// with the rest: their order is what counts.
func (e *Engine) track(now time.Time) []track.Change {
	slices.SortFunc(e.plots, func(a, b plot.Plot) int {
		if plot.Less(&a, &b) {
			return -1
		}
		return 1
	})
	slices.SortStableFunc(e.sweeps, func(a, b plot.Sweep) int { return a.Time.Compare(b.Time) })
	plots, sweeps := e.plots, e.sweeps
	var changes []track.Change
	for len(plots)+len(sweeps) > 0 {
		end := firstTime(plots, sweeps).Truncate(slice).Add(slice)
		n := cut(plots, func(p plot.Plot) bool { return p.Time.Before(end) })
		m := cut(sweeps, func(s plot.Sweep) bool { return s.Time.Before(end) })
		at := end
		if at.After(now) {
			at = now
		}
		changes = append(changes, e.tracks.Update(plots[:n], sweeps[:m], at)...)
		plots, sweeps = plots[n:], sweeps[m:]
	}
	e.plots, e.sweeps = e.plots[:0], e.sweeps[:0]
	return append(changes, e.tracks.Tick(now)...)
}

func firstTime(plots []plot.Plot, sweeps []plot.Sweep) time.Time {
	switch {
	case len(sweeps) == 0 || (len(plots) > 0 && plots[0].Time.Before(sweeps[0].Time)):
		return plots[0].Time
	default:
		return sweeps[0].Time
	}
}

// cut returns how many elements from the start hold.
func cut[T any](list []T, holds func(T) bool) int {
	n := slices.IndexFunc(list, func(v T) bool { return !holds(v) })
	if n < 0 {
		return len(list)
	}
	return n
}

// tick lets time pass: all frames up to now are in, or as many as may wait.
func (e *Engine) tick(out *Outputs) {
	e.feeds.look(e.now)
	e.lookAtClocks()
	changes := e.track(e.now)
	e.lookAtBiases()
	e.forgetLabels()
	e.sweep(out)
	e.book.Follow(changes, e.tracks)
	statements := e.book.Associate(e.tracks.Associations(), e.now, e.tracks)
	e.followMergers()
	e.lookAtActivities()
	for _, a := range e.watch.Observe(e.now, e.tracks, changes) {
		e.raise(a)
	}
	for _, a := range e.watch.Tick(e.now, e.tracks, e.feeds.health(e.cfg.Feeds, e.now), e.openIncidents()) {
		e.raise(a)
	}
	e.followActivities(out)
	e.propose()
	e.identify()
	statements = append(statements, e.book.Statements()...)
	for _, s := range statements {
		said := e.say(s.To, record.KindLink, uint64(s.OwnIncident), s.OwnIncident, record.Record{
			Link: &record.Link{Ours: e.ids(s.To, record.KindIncident, uint64(s.OwnIncident)), Theirs: s.Theirs, Apart: s.Apart},
		}, out)
		if !said {
			e.book.Keep(s)
		}
	}
	outs, notices := e.responses.Tick(e.now, e.leadCases())
	e.notices(notices)
	e.sayAll(outs, out)
	e.tickMessages(out)
	e.book.Prune(e.now)
	e.forgetIncidents()
	e.releaseDue(out)
}

// raise hands an alert to the incidents, unless a partner's own-activity notice
// explains it.
func (e *Engine) raise(a watch.Alert) {
	if !e.activities.Hold(a, e.now) {
		e.book.Raise(a, e.now, e.tracks)
	}
}

func (e *Engine) openIncidents() []watch.OpenIncident {
	var list []watch.OpenIncident
	for _, inc := range e.book.Open() {
		list = append(list, watch.OpenIncident{
			Number: uint32(inc.Number), Opened: inc.Entered, Exercise: inc.Exercise,
			HasLead: e.responses.HasLead(uint32(inc.Number)), TwoLead: e.responses.TwoLead(uint32(inc.Number)),
		})
	}
	return list
}

// propose sets the identities that a machine may set: pending, unknown,
// neutral.
func (e *Engine) propose() {
	for _, p := range e.watch.Proposals() {
		t, ok := e.tracks.Get(p.Track)
		if !ok || t.Identity.By != "" {
			continue
		}
		_ = e.tracks.SetIdentity(p.Track, track.Identity{Standard: p.Standard, At: e.now}) // it exists
	}
}

// identify keeps our identity of each open incident's object, and by which
// sensors it was seen, also after its track is gone. A person's word stands
// over the machine's.
func (e *Engine) identify() {
	for _, inc := range e.book.Open() {
		for _, n := range inc.Tracks {
			t, ok := e.tracks.Get(n)
			if !ok {
				continue
			}
			if t.Sources != 0 {
				e.sensors[inc.Number] |= t.Sources
			}
			if t.Identity.Standard == "" {
				continue
			}
			have, had := e.identities[inc.Number]
			if had && have.ByPerson && t.Identity.By == "" {
				continue
			}
			id := release.CaseIdentity{At: t.Identity.At, ByPerson: t.Identity.By != "", By: t.Identity.By}
			id.Standard, id.Type, id.Presumed = t.Identity.Standard, t.Identity.Type, t.Identity.Presumed
			e.identities[inc.Number] = id
		}
	}
}

// followMergers hands what is kept of an incident (lead, postures, identity,
// sensors) to the one that it became part of, whoever merged them.
func (e *Engine) followMergers() {
	for _, m := range e.book.Mergers() {
		e.responses.Merge(uint32(m.Into), uint32(m.From))
		e.searches.Merge(uint32(m.Into), uint32(m.From))
		if id, ok := e.identities[m.From]; ok {
			have, had := e.identities[m.Into]
			if !had || (id.ByPerson && !have.ByPerson) {
				e.identities[m.Into] = id
			}
			delete(e.identities, m.From)
		}
		if bits, ok := e.sensors[m.From]; ok {
			e.sensors[m.Into] |= bits
			delete(e.sensors, m.From)
		}
	}
}

// forgetIncidents drops what is kept of incidents that the book has forgotten.
func (e *Engine) forgetIncidents() {
	maps.DeleteFunc(e.identities, func(n incident.Number, _ release.CaseIdentity) bool { return !e.holds(n) })
	maps.DeleteFunc(e.sensors, func(n incident.Number, _ uint8) bool { return !e.holds(n) })
	e.responses.Keep(func(n uint32) bool { return e.holds(incident.Number(n)) })
	e.searches.Keep(func(n uint32) bool { return e.holds(incident.Number(n)) })
}

func (e *Engine) holds(n incident.Number) bool {
	_, ok := e.book.Resolve(n)
	return ok
}

// releaseDue puts what the policy allows to the pending releases and takes out
// what is due.
func (e *Engine) releaseDue(out *Outputs) {
	src := e.sources()
	e.release.Observe(e.now, src)
	sealed, entries := e.release.Due(e.now, src)
	e.recallsLeft(sealed)
	out.Sealed = append(out.Sealed, sealed...)
	for _, en := range entries {
		if en.Kind == record.KindMessage {
			e.messages.Left(en.Number, en.Reason == release.AllowedByRule, e.now)
		}
		out.Audit = append(out.Audit, Audit{
			At: e.now, Actor: "node", Act: "release-" + en.Reason.String(),
			Detail: fmt.Sprintf("%s %d to %s by %v", en.Kind, en.Number, en.To, en.Rules),
		})
	}
}

func (e *Engine) sources() release.Sources {
	return release.Sources{Tracks: e.tracks, Zones: e.zones, Cases: e.cases(), Facilities: e.register}
}

// notices writes what the dialogue did into the incidents' time lines.
func (e *Engine) notices(list []response.Notice) {
	for _, n := range list {
		from := n.From
		if from == "" {
			from = e.self
		}
		e.enter(incident.Number(n.Incident), incident.Event{Kind: n.Kind, Text: noticeText(n), By: n.By, Originators: []party.ID{from}})
	}
}

// enter adds an event to an incident's time line. The number is one that the
// book gave; an incident that was pruned meanwhile has no time line to add to.
func (e *Engine) enter(n incident.Number, ev incident.Event) {
	ev.At = e.now
	_ = e.book.Enter(n, ev, e.now)
}

func noticeText(n response.Notice) string {
	if n.Text != "" {
		return n.Text
	}
	return string(n.Lead)
}
