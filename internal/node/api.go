// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// received tells the loop that a partner's records have come in.
func (l *loop) received() {
	select {
	case l.inbox <- struct{}{}:
	default: // told already
	}
}

// tell hands an event to the loop. It waits for room, but not for a loop that
// has ended.
func (l *loop) tell(ev engine.Event) {
	select {
	case l.events <- ev:
	case <-l.done:
	}
}

// ask runs fn on the loop's goroutine, which owns the engine.
func (l *loop) ask(ctx context.Context, fn func(*engine.Engine)) error {
	q := query{run: fn, done: make(chan struct{})}
	select {
	case l.queries <- q:
	case <-l.done:
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-q.done:
		return nil
	case <-l.done:
		return errStopping
	}
}

// View returns the published picture with the links' own figures; nil before
// the first.
func (n *Node) View() *engine.View {
	v := n.loop.view.Load()
	if v == nil {
		return nil
	}
	c := *v
	c.Links = make([]engine.LinkView, len(v.Links))
	for i, l := range v.Links {
		if k := n.links[l.Party]; k != nil {
			l = n.withStatus(l, k.Status())
		}
		c.Links[i] = l
	}
	return &c
}

func (n *Node) withStatus(l engine.LinkView, s link.Status) engine.LinkView {
	l.Figures = n.figures(l.Party, s)
	l.RTTMillis = float64(s.RTT.Microseconds()) / 1000
	l.Queued, l.Sent = s.Queued, s.Sent
	if s.State == link.Stopped && l.State != string(link.Stopped) { // the engine could not be told yet
		l.State, l.Since = string(s.State), s.Since
	}
	if !s.LastHeard.IsZero() {
		at := s.LastHeard
		l.LastHeard = &at
	}
	return l
}

// Changed returns a channel that is closed when there is a newer picture.
func (n *Node) Changed() <-chan struct{} { return n.loop.changed.next() }

// Command does what a person asks and returns once it is committed. A stop
// closes the link at once, before anything else, whatever state the store is
// in.
func (n *Node) Command(ctx context.Context, c engine.Command) (engine.Reply, error) {
	stops := n.loop.stops(&c)
	for _, p := range stops {
		n.loop.stopping[p].Add(1)
	}
	for _, p := range stops {
		n.loop.stop(p)
	}
	r := commandRequest{cmd: c, reply: make(chan engine.Reply, 1)}
	select {
	case n.loop.commands <- r:
	case <-n.loop.done:
		n.loop.stopTaken(&c)
		return engine.Reply{}, errStopping
	case <-ctx.Done():
		n.loop.stopTaken(&c)
		return engine.Reply{}, ctx.Err()
	}
	select {
	case reply := <-r.reply:
		return reply, nil
	case <-n.loop.done:
		return engine.Reply{}, errStopping
	case <-ctx.Done():
		return engine.Reply{}, ctx.Err()
	}
}

// Explain says what of a track, or of an incident, goes to whom and why.
func (n *Node) Explain(ctx context.Context, trackNumber, incidentNumber uint32) (list []release.Explanation, ok bool, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) {
		if trackNumber != 0 {
			list, ok = e.ExplainTrack(track.Number(trackNumber))
			return
		}
		list, ok = e.ExplainIncident(incident.Number(incidentNumber))
	})
	return list, ok, err
}

// PartnerView returns what a partner was told last.
func (n *Node) PartnerView(ctx context.Context, to party.ID) (list []record.Record, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.PartnerRecords(to) })
	return list, err
}

// ReleaseStats returns what each rule released and withheld.
func (n *Node) ReleaseStats(ctx context.Context) (list []release.Stat, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.ReleaseStats() })
	return list, err
}

// Registration returns what is known of the biases of the radars.
func (n *Node) Registration(ctx context.Context) (list []engine.RegistrationView, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.Registration() })
	return list, err
}

// step is the conductor's step.
func (n *Node) step(ctx context.Context, req StepRequest) (StepReply, error) {
	r := stepRequest{StepRequest: req, ctx: ctx, done: make(chan stepResult, 1)}
	select {
	case n.loop.steps <- r:
	case <-n.loop.done:
		return StepReply{}, errStopping
	case <-ctx.Done():
		return StepReply{}, ctx.Err()
	}
	select {
	case res := <-r.done:
		return res.reply, res.err
	case <-n.loop.done:
		return StepReply{}, errStopping
	}
}

// status tells what is on the tape, so that a conductor can send again what a
// node that died had not taped.
func (n *Node) status(ctx context.Context) (reply StepReply, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) {
		reply = StepReply{Seq: e.Seq(), Now: e.Now(), Taped: e.LastSeqs()}
	})
	return reply, err
}

// flush opens the gates until every link that is up has sent all it has and
// holds the receipts, and names those that are down. One that breaks on the way
// is waited for.
func (n *Node) flush(ctx context.Context) (down []party.ID, err error) {
	for id, k := range n.links {
		switch k.Status().State {
		case link.Stopped:
			continue
		case link.Down:
			down = append(down, id)
			continue
		}
		n.gates[id].open.Store(true)
		k.Notify()
	}
	slices.Sort(down)
	defer func() {
		for _, g := range n.gates {
			g.open.Store(false)
		}
	}()
	for id, k := range n.links {
		if !n.gates[id].open.Load() {
			continue
		}
		if err := k.Quiet(ctx); err != nil {
			return nil, fmt.Errorf("link to %s: %w", id, err)
		}
	}
	return down, nil
}
