// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// line is the wire between two nodes, which a scenario may cut. It carries what
// it gets and looks at nothing.
type line struct {
	a, b   party.ID
	ln     net.Listener
	target string
	wg     sync.WaitGroup

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]struct{}
}

// openLine listens for a's node and leads to b's.
func openLine(a, b party.ID, target string) (*line, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open line from %s to %s: %w", a, b, err)
	}
	l := &line{a: a, b: b, ln: ln, target: target, conns: make(map[net.Conn]struct{})}
	l.wg.Go(l.accept)
	return l, nil
}

func (l *line) addr() string { return l.ln.Addr().String() }

func (l *line) accept() {
	for {
		in, err := l.ln.Accept()
		if err != nil {
			return // closed
		}
		if out, err := net.Dial("tcp", l.target); err != nil || !l.hold(in, out) {
			_ = in.Close() // nobody there, or the line is cut: the node dials again
			if out != nil {
				_ = out.Close()
			}
		}
	}
}

// hold carries both ways until one of them ends. It reports false where the
// line is cut.
func (l *line) hold(in, out net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return false
	}
	l.conns[in], l.conns[out] = struct{}{}, struct{}{}
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		l.wg.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // the nodes see how it ended
			l.let(in, out)
		})
	}
	return true
}

func (l *line) let(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(l.conns, c)
	}
}

// cut takes the line down or puts it up again, and reports whether that was a
// change.
func (l *line) cut(down bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down == down {
		return false
	}
	l.down = down
	for c := range l.conns {
		_ = c.Close()
	}
	return true
}

func (l *line) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

func (l *line) close() {
	_ = l.ln.Close()
	l.cut(true)
	l.wg.Wait()
}

// joins reports whether the line is between the two.
func (l *line) joins(a, b party.ID) bool { return (l.a == a && l.b == b) || (l.a == b && l.b == a) }

// between returns the line of two parties, nil where there is none.
func (d *Demo) between(a, b party.ID) *line {
	i := slices.IndexFunc(d.lines, func(l *line) bool { return l.joins(a, b) })
	if i < 0 {
		return nil
	}
	return d.lines[i]
}

// cutLines does what the scenario says of the lines by now, and waits until
// both nodes have seen it: what they do then does not hang on chance.
func (d *Demo) cutLines(ctx context.Context, now time.Time) error {
	for _, l := range d.lines {
		down := d.world.Scenario().IsCut(l.a, l.b, now)
		if !l.cut(down) {
			continue
		}
		err := d.surviving(ctx, func(ctx context.Context) error {
			return errors.Join(d.member(l.a).awaitLink(ctx, l.b, !down), d.member(l.b).awaitLink(ctx, l.a, !down))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitStop waits until both nodes have seen that people of one stopped the link
// to the other, or resumed it, as cutLines does.
func (d *Demo) awaitStop(ctx context.Context, id, partner party.ID, stopped bool) error {
	m, o := d.member(id), d.member(partner)
	if m == nil || o == nil || d.cfg.NoLink {
		return nil
	}
	if l := d.between(id, partner); l != nil && l.isDown() && !stopped {
		return nil // it comes up with the line
	}
	if held, err := o.stops(ctx, id); err != nil || held {
		return err // it stays down
	}
	return errors.Join(m.awaitLink(ctx, partner, !stopped), o.awaitLink(ctx, id, !stopped))
}

// stops reports whether the people of a node have stopped its link to a partner.
func (m *member) stops(ctx context.Context, partner party.ID) (bool, error) {
	v, err := m.view(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(v.Links, func(l engine.LinkView) bool {
		return l.Party == partner && l.State == "stopped"
	}), nil
}

// awaitLink waits until the link to a partner is up, or is not. One that people
// have stopped stays so.
func (m *member) awaitLink(ctx context.Context, partner party.ID, up bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		v, err := m.view(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(v.Links, func(l engine.LinkView) bool {
			return l.Party == partner && (l.State == "stopped" || (l.State == "up") == up)
		}) {
			return nil
		}
		if !sleep(ctx, poll) {
			return fmt.Errorf("node %s: the link to %s is not up=%v: %w", m.id, partner, up, ctx.Err())
		}
	}
}
