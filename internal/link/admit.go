// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"net"
)

// accept works a stream that the partner opened: it reads the partner's Hello,
// decides whether this session shall be the one, and works it to its end.
func (l *Link) accept(ctx context.Context, st stream, conn net.Conn, keys pins) error {
	l.mu.Lock()
	if !l.running || l.halted {
		l.mu.Unlock()
		return ErrStopped
	}
	l.accepts++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.accepts--
		l.changedLocked()
		l.mu.Unlock()
	}()
	f, err := l.receiveHello(st, conn)
	if err != nil {
		return err
	}
	if f.Hello == nil {
		l.refuse(RefusedOrder)
		return errOrder
	}
	version, ok := l.agree(f.Hello)
	if !ok {
		return send(st, l.refuseVersion())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := l.newSession(st, conn, *f.Hello, cancel)
	s.version, s.pins = version, keys
	if !l.admit(s, false) {
		l.mu.Lock()
		above := max(l.number, f.Hello.Session)
		l.mu.Unlock()
		return send(st, &Frame{Stop: &Stop{Reason: StopBusy, Session: above}})
	}
	ours, err := l.hello(ctx, s.number)
	if err == nil {
		err = send(st, ours)
	}
	if err != nil {
		l.finish(s, err)
		return err
	}
	return s.work(ctx)
}

// admit makes s the one live session, unless another has precedence. An older
// session is ended first, so that two never commit at the same time.
//
// A higher number has precedence: whoever dials anew has given the old session
// up. When both dial at once their numbers are equal; then the session that the
// lower party id dialled is kept.
func (l *Link) admit(s *session, dialled bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.halted || !l.running:
			return false
		case dialled && l.dialling != s.number:
			return false // given up meanwhile
		case l.session != nil && s.number <= l.session.number:
			return false
		case !dialled && l.dialling > s.number:
			return false
		case !dialled && l.dialling == s.number && l.cfg.Self < l.cfg.Partner:
			return false // ours is kept
		}
		if !dialled && l.giveUp != nil {
			l.giveUp()
			l.dialling = 0
		}
		old := l.session
		if old == nil {
			break
		}
		old.end()
		l.mu.Unlock()
		<-old.done
		l.mu.Lock()
	}
	l.number = max(l.number, s.number)
	l.session = s
	return true
}

// end makes a session give up.
func (s *session) end() {
	s.cancel()
	kill(s.conn)
}

// work runs an admitted session and clears up behind it.
func (s *session) work(ctx context.Context) error {
	err := s.run(ctx)
	s.link.finish(s, err)
	return err
}

// finish notes that an admitted session is over.
func (l *Link) finish(s *session, err error) {
	var h *haltError
	if errors.As(err, &h) {
		l.halt(h.problem)
	}
	_ = s.conn.Close() // over
	l.mu.Lock()
	l.session = nil
	l.setStateLocked(Down)
	l.mu.Unlock()
	close(s.done)
}
