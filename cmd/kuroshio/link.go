// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// partnerArg is a command about the link to one partner. It may be given beside
// a node that runs.
type partnerArg struct {
	configFlag
	Partner string `arg:"" help:"Code word of the partner."`
}

// act does something about a partner that is paired and writes it to the audit
// log.
func (c *partnerArg) act(ctx context.Context, s streams, name string, do func(*keystore.Store, *store.Store, party.ID) error) error {
	id := party.ID(c.Partner)
	return c.withKeys(ctx, s, func(keys *keystore.Store, st *store.Store) error {
		if _, paired := keys.Pin(id); !paired {
			return fmt.Errorf("no keys were made for %q; paired are: %v", c.Partner, keys.Partners())
		}
		if err := do(keys, st, id); err != nil {
			return err
		}
		return st.Audit(ctx, store.AuditEntry{At: time.Now(), By: "command line", Role: engine.Administrator, Act: "link-" + name, Partner: id})
	})
}

type journalReopenCmd struct{ partnerArg }

// Run lets our log towards the partner begin anew, after an old backup was
// restored.
func (c *journalReopenCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, s, "reopen", func(_ *keystore.Store, st *store.Store, id party.ID) error {
		if err := st.OrderReopen(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Our log towards %[1]s begins anew at the next session and quotes what %[1]s has cosigned last.\n"+
			"There a person must agree: kuroshio journal agree <our code word>. Then resume the link at both consoles.\n", id)
		return nil
	})
}

type journalAgreeCmd struct{ partnerArg }

// Run lets the partner begin its log anew, once.
func (c *journalAgreeCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, s, "agree", func(_ *keystore.Store, st *store.Store, id party.ID) error {
		if err := st.OrderAgree(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s may begin its log anew, once. What we hold of the old one stays. Resume the link at both consoles.\n", id)
		return nil
	})
}

type keysCmd struct {
	Roll keysRollCmd `cmd:"" help:"Make new keys for a partner; they come into use as soon as the partner has them."`
	List keysListCmd `cmd:"" help:"List the partners that we have keys for."`
}

type keysRollCmd struct{ partnerArg }

// Run offers new keys to the partner. A running node does so within a second,
// one that is stopped at its next session.
func (c *keysRollCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, s, "roll", func(keys *keystore.Store, _ *store.Store, id party.ID) error {
		if err := keys.Roll(id); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "New keys for %[1]s are made and signed by the old ones. They come into use, and the old ones are destroyed, when %[1]s has them.\n", id)
		return nil
	})
}

type keysListCmd struct{ configFlag }

// Run lists the partners with the pins of both sides.
func (c *keysListCmd) Run(s streams) error {
	_, keys, err := c.keys(s)
	if err != nil {
		return err
	}
	for _, id := range keys.Partners() {
		certs, err := keys.Certificates(id)
		if err != nil {
			return err
		}
		state := "in use"
		switch {
		case keys.Rolling(id):
			state = "new keys are offered, the partner does not have them yet"
		case len(certs) > 1:
			state = "new keys are in use, the old ones end with the next session"
		case len(keys.Pins(id)) > 1:
			state = "in use; the partner goes over to new ones of its own"
		}
		own := keystore.PinOf(certs[0].Leaf)
		theirs := keys.Pins(id)[0]
		fmt.Fprintf(s.out, "%-8s ours %x  theirs %x  %s\n", id, own[:8], theirs[:8], state)
	}
	return nil
}
