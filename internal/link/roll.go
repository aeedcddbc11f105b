// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import "fmt"

// pins tells by which transport keys a connection was made.
type pins struct{ own, theirs [32]byte }

// KeysChanged tells that there may be a rollover to offer.
func (l *Link) KeysChanged() {
	l.mu.Lock()
	s := l.session
	l.mu.Unlock()
	if s == nil {
		return
	}
	s.mu.Lock()
	s.offerDue = true
	s.mu.Unlock()
	s.wake()
}

// offer returns the frame that tells the partner of our new keys, nil when there
// are none.
func (s *session) offer() (*Frame, error) {
	cfg := &s.link.cfg
	signed, err := cfg.Keys.Offer(cfg.Partner)
	if err != nil {
		s.link.problem(ProblemKeys)
		return nil, fmt.Errorf("offer new keys: %w", err)
	}
	if signed == nil {
		return nil, nil
	}
	return &Frame{Roll: &Roll{Signed: signed}}, nil
}

// rolls takes the partner's new keys, and goes over to ours when the partner has
// them. What is not signed by the key that we know is refused and told to a
// person; the link goes on with the keys that it has.
func (c *committer) rolls(roll *Roll, rolled uint64) error {
	cfg := &c.link.cfg
	if roll != nil {
		n, err := cfg.Keys.TakeRoll(cfg.Partner, roll.Signed)
		if err != nil {
			c.link.refuse(RefusedKeys)
			c.link.problem(ProblemRoll)
			return nil
		}
		c.mu.Lock()
		c.rolled = n
		c.mu.Unlock()
		c.wake()
	}
	if rolled == 0 {
		return nil
	}
	if err := cfg.Keys.Promote(cfg.Partner, rolled); err != nil {
		c.link.problem(ProblemKeys)
		return fmt.Errorf("go over to new keys: %w", err)
	}
	return errAgain // with the new keys
}
