// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/card"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// FallbackCard puts the card of one partner and one day together. The secret of
// its challenges goes from the keystore to the card and nowhere else.
func FallbackCard(c *config.Config, e *engine.Config, keys *keystore.Store, partner party.ID, day time.Time) (*card.Card, error) {
	book, err := message.Parse(e.Phrasebook.Name, e.Phrasebook.Data)
	if err != nil {
		return nil, err
	}
	set, err := zone.Parse(e.Pack)
	if err == nil {
		set, err = set.WithOverrides(e.Overrides)
	}
	if err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	k := &card.Card{
		Self: party.ID(c.Node.Party), Partner: partner, Name: c.Node.Name, Date: day, Zones: set.Version(),
		Edition: book.Edition(), Phrases: book.Phrases(),
	}
	for _, s := range set.Sectors() {
		row := card.Sector{Zone: string(s.Zone), Lead: party.ID(s.Lead)}
		if z, ok := set.Zone(s.Zone); ok {
			row.Names = z.Names
		}
		k.Sectors = append(k.Sectors, row)
	}
	for _, ct := range c.Contacts {
		if id := party.ID(ct.Party); id == partner || id == k.Self {
			k.Contacts = append(k.Contacts, card.Contact{Party: id, Desk: ct.Desk, Text: ct.Text})
		}
	}
	secret, err := keys.CardSecret(partner)
	switch {
	case errors.Is(err, keystore.ErrNoCard):
		return k, nil // the card says so
	case err != nil:
		return nil, err
	}
	defer clear(secret)
	grids, err := message.Challenges(secret, k.Self, partner, day)
	if err != nil {
		return nil, err
	}
	k.Grids = &grids
	return k, nil
}

// Card writes the fallback card of a partner and a day as a page.
func (n *Node) Card(_ context.Context, partner party.ID, day time.Time, lang string) ([]byte, error) {
	k, err := FallbackCard(n.cfg, n.engCfg, n.keys, partner, day)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := k.HTML(&b, lang); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Messages returns the messages with a partner, or all where with is "".
func (n *Node) Messages(ctx context.Context, with party.ID) (list []engine.MessageView, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.Messages(with) })
	return list, err
}

// phrasebookBody is what /api/phrasebook answers.
func phrasebookBody(b *message.Book) (json.RawMessage, error) {
	return json.Marshal(console.Phrasebook{
		Edition: b.Edition(), Groups: message.Groups(), Phrases: b.Phrases(), Handlings: message.Handlings(), Desks: record.Desks(),
	})
}
