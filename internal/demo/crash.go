// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// Deaths returns the scenario times at which each node died as KillAt says.
func (d *Demo) Deaths() map[party.ID][]time.Time {
	deaths := make(map[party.ID][]time.Time)
	for _, m := range d.nodes {
		deaths[m.id] = m.deaths
	}
	return deaths
}

// surviving runs do, and, each time that a node that is to die has died by its
// end, makes that node whole and runs do again. What do has done it must not do
// twice.
func (d *Demo) surviving(ctx context.Context, do func(context.Context) error) error {
	for {
		err := do(ctx)
		dead := d.dead(err != nil)
		if len(dead) == 0 {
			return err
		}
		if err := d.repair(ctx, dead); err != nil {
			return err
		}
	}
}

// deathLimit is how long after an error a node that died may seem to live.
const deathLimit = time.Second

// dead returns the nodes that have died as KillAt says. With wait it gives
// those a moment whose process has yet to end.
func (d *Demo) dead(wait bool) []*member {
	for limit := time.Now().Add(deathLimit); ; {
		var dead []*member
		mortal := false
		for _, m := range d.nodes {
			if len(m.kills) == 0 || m.proc == nil {
				continue
			}
			mortal = true
			select {
			case <-m.proc.done:
				dead = append(dead, m)
			default:
			}
		}
		if len(dead) > 0 || !mortal || !wait || time.Now().After(limit) {
			return dead
		}
		time.Sleep(poll / 10)
	}
}

// dies reports whether a node that is to die has died, and gives it a moment
// to.
func (m *member) dies() bool {
	if len(m.kills) == 0 {
		return false
	}
	late := time.NewTimer(deathLimit)
	defer late.Stop()
	select {
	case <-m.proc.done:
		return true
	case <-late.C:
		return false
	}
}

// untilDeath returns a context that ends when a node that is to die does.
func (d *Demo) untilDeath(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	for _, m := range d.nodes {
		if len(m.kills) > 0 {
			go func(done <-chan struct{}) {
				select {
				case <-done:
					cancel()
				case <-ctx.Done():
				}
			}(m.proc.done)
		}
	}
	return ctx, cancel
}

// repair starts the dead nodes again, and those that die in their start, until
// all nodes live and are linked.
func (d *Demo) repair(ctx context.Context, dead []*member) error {
	for len(dead) > 0 {
		for _, m := range dead {
			if err := d.revive(ctx, m); err != nil && !m.dies() {
				return fmt.Errorf("start node %s again: %w", m.id, err)
			}
		}
		dead = d.dead(false)
		if len(dead) > 0 {
			continue
		}
		err := d.awaitLinksOnce(ctx)
		if dead = d.dead(err != nil); len(dead) == 0 && err != nil {
			return err
		}
	}
	return nil
}

// revive starts a node that died and sends again what its tape lacks of this
// step.
func (d *Demo) revive(ctx context.Context, m *member) error {
	m.deaths = append(m.deaths, d.world.Now())
	m.kills = m.kills[1:]
	m.session = make(map[string]*client)
	if err := m.proc.log.Close(); err != nil {
		return err
	}
	if err := d.launch(m); err != nil {
		return err
	}
	if err := m.awaitHealthy(ctx); err != nil {
		return err
	}
	status, err := m.status(ctx)
	if err != nil {
		return err
	}
	for _, f := range d.world.Scenario().Feeds() {
		if f.Party == m.id {
			if err := d.connected(ctx, f); err != nil {
				return err
			}
		}
	}
	if err := m.awaitFeeds(ctx, d.feedsOf(m.id)); err != nil {
		return err
	}
	for _, f := range d.sent {
		if f.Party != m.id {
			continue
		}
		have := 0
		if taped := status.Taped[f.Feed]; taped > f.before {
			have = int(taped - f.before) //nolint:gosec // frames of one step
		}
		if err := d.sendAlive(ctx, m, f.After(have)); err != nil {
			return err
		}
	}
	return nil
}

// awaitLinks waits until all links are up at both ends.
func (d *Demo) awaitLinks(ctx context.Context) error { return d.surviving(ctx, d.awaitLinksOnce) }

func (d *Demo) awaitLinksOnce(ctx context.Context) error {
	ctx, cancel := d.untilDeath(ctx)
	defer cancel()
	return d.each(func(m *member) error { return d.awaitLinksOf(ctx, m) })
}

// connected waits until a node that is alive has connected to its feed.
func (d *Demo) connected(ctx context.Context, f sim.Feed) error {
	ctx, cancel := d.untilDeath(ctx)
	defer cancel()
	err := d.sender.Connected(ctx, f.ID)
	if err != nil && len(d.dead(false)) > 0 {
		return nil // the next step finds it
	}
	return err
}

// send sends an emission. To a node that has died it is lost: it is sent again
// when the node is revived.
func (d *Demo) send(ctx context.Context, e sim.Emission) error {
	m := d.member(e.Party)
	if m == nil || len(m.kills) == 0 {
		return d.sender.Send(ctx, e)
	}
	err := d.sendAlive(ctx, m, e)
	if err != nil && m.dies() {
		return nil
	}
	return err
}

// sendAlive sends an emission as long as the node lives: a stream would wait for
// the next one.
func (d *Demo) sendAlive(ctx context.Context, m *member, e sim.Emission) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(m.proc.life, cancel)
	defer stop()
	if m.proc.life.Err() != nil {
		return errors.New("node has died")
	}
	return d.sender.Send(ctx, e)
}

// took reports whether the audit log shows that an act, whose answer was lost
// with the node that gave it, was done at the time that the node now has.
func (d *Demo) took(ctx context.Context, a *pendingAct, now time.Time) (bool, error) {
	c, err := d.member(a.Party).login(ctx, engine.Auditor)
	if err != nil {
		return false, err
	}
	about := fmt.Sprintf("incident %d track %d ", a.sent.Incident, a.sent.Track)
	for after := uint64(0); ; {
		var page []auditEntry
		if err := c.get(ctx, fmt.Sprintf("/api/audit?after=%d", after), &page); err != nil || len(page) == 0 {
			return false, err
		}
		after = page[len(page)-1].N
		if slices.ContainsFunc(page, func(e auditEntry) bool {
			return e.At.Equal(now) && e.Actor == a.Login && e.Act == "act-"+a.sent.Verb &&
				strings.HasPrefix(e.Detail, about) && strings.HasSuffix(e.Detail, ": done")
		}) {
			return true, nil
		}
	}
}

// auditEntry is what a node answers of its audit log.
type auditEntry struct {
	N      uint64    `json:"n"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Act    string    `json:"act"`
	Detail string    `json:"detail"`
}
