// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// versions returns what this node speaks with its partners.
func (n *Node) versions() link.Versions {
	return link.Versions{Lowest: max(link.Oldest, n.cfg.Link.MinProtocol), Highest: link.Protocol}
}

// quotas returns the days' shares that the configuration sets.
func quotas(c *config.Config) (all store.Quota, own map[party.ID]store.Quota) {
	own = make(map[party.ID]store.Quota)
	for _, p := range c.Partners {
		if p.Quota != nil {
			own[party.ID(p.ID)] = quota(*p.Quota)
		}
	}
	return quota(c.Link.Quota), own
}

func quota(q config.Quota) store.Quota {
	return store.Quota{
		SentRecords: uint64(q.SentRecords), SentOctets: uint64(q.SentBytes),
		ReceivedRecords: uint64(q.ReceivedRecords), ReceivedOctets: uint64(q.ReceivedBytes),
	}
}

// figuresOf reads what the store counts of a partner. What it can't read now is
// absent.
func (l *loop) figuresOf(ctx context.Context, p party.ID) (f engine.LinkFigures) {
	pr, err := l.store.Pressure(ctx, p)
	_, received, err2 := l.store.Today(ctx, p)
	orders, err3 := l.store.Orders(ctx, p)
	if errors.Join(err, err2, err3) != nil {
		return f
	}
	f.Outbox = &engine.Share{Records: pr.Rows, MaxRecords: pr.MaxRows, Octets: pr.Bytes, MaxOctets: pr.MaxBytes}
	share := func(t store.Traffic) *engine.Share {
		return &engine.Share{Records: t.Records, MaxRecords: t.MaxRecords, Octets: t.Octets, MaxOctets: t.MaxOctets}
	}
	f.Sent, f.Received = share(pr.Today), share(received)
	f.Reopen, f.Agree = orders.Reopen, orders.Agree
	return f
}

// LinkAct does what an administrator asks of the link to a partner. The link
// itself goes on when a person resumes it.
func (n *Node) LinkAct(ctx context.Context, partner party.ID, act string) (code string, err error) {
	k := n.links[partner]
	if k == nil {
		return "no-such-partner", nil
	}
	switch act {
	case console.LinkReopen:
		err = n.store.OrderReopen(ctx, partner)
	case console.LinkAgree:
		err = n.store.OrderAgree(ctx, partner)
	case console.LinkRoll:
		if err = n.keys.Roll(partner); errors.Is(err, keystore.ErrRolling) {
			return "not-now", nil
		}
		k.KeysChanged()
	default:
		return "bad-request", nil
	}
	return "", err
}

// figures adds what the link itself counts.
func (n *Node) figures(p party.ID, s link.Status) *engine.LinkFigures {
	var f engine.LinkFigures
	if all := n.loop.figures.Load(); all != nil {
		f = (*all)[p]
	}
	ours := n.versions()
	f.Version, f.Ours = s.Version, &engine.Versions{Lowest: ours.Lowest, Highest: ours.Highest}
	if s.Partner != (link.Versions{}) {
		f.Theirs = &engine.Versions{Lowest: s.Partner.Lowest, Highest: s.Partner.Highest}
	}
	if s.HasClock {
		sec := s.Clock.Seconds()
		f.ClockSec = &sec
	}
	f.Rolling = n.keys.Rolling(p)
	return &f
}
