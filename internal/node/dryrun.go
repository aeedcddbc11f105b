// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// past is what a node keeps of what has been: its tape, and the snapshots from
// which the tape can be read on.
type past struct {
	self  party.ID
	ids   engine.IDs
	tape  *tape.Tape
	store *store.Store
}

// dryRun steps the past between two times under each of two policies.
func (p *past) dryRun(ctx context.Context, present, changed *engine.Text, from, to time.Time) (engine.DryResult, error) {
	n, snapshot, err := p.store.SnapshotAt(ctx, from)
	switch {
	case errors.Is(err, store.ErrNotFound) && p.tape.First() == 1:
		n, snapshot = 0, nil
	case errors.Is(err, store.ErrNotFound), err == nil && n+1 < p.tape.First():
		return engine.DryResult{}, fmt.Errorf("dry run from %s: %w", from.Format(time.RFC3339), engine.ErrPast)
	case err != nil:
		return engine.DryResult{}, err
	}
	d, err := engine.NewDryRun(p.self, p.ids, snapshot, present, changed, from, to)
	if err != nil {
		return engine.DryResult{}, err
	}
	err = p.tape.Read(n+1, func(i uint64, b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		in, err := engine.UnmarshalInput(b)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if !in.At.Before(to) {
			return errEnough
		}
		if in.Partner != nil {
			if in.Partner.Body, _, err = p.store.Body(ctx, in.Partner.From, in.Partner.Lane, in.Partner.Seq); err != nil {
				return err
			}
		}
		d.Step(i, in)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return engine.DryResult{}, fmt.Errorf("dry run: %w", err)
	}
	return d.Result(), nil
}

// errEnough ends the reading of a tape.
var errEnough = errors.New("enough")

// changedPolicy checks a changed policy against all else that is configured.
func changedPolicy(c engine.Config, self party.ID, name, text string) (*engine.Text, error) {
	c.Policy = &engine.Text{Name: name, Data: []byte(text)}
	if err := c.Check(self); err != nil {
		return nil, err
	}
	return c.Policy, nil
}

// DryRun says what a changed policy would have released between two times that
// the present one does not, and the reverse.
func (n *Node) DryRun(ctx context.Context, text string, from, to time.Time) (engine.DryResult, error) {
	self := party.ID(n.cfg.Node.Party)
	changed, err := changedPolicy(*n.engCfg, self, "policy", text)
	if err != nil {
		return engine.DryResult{}, err
	}
	text, _, err = n.PolicyText(ctx)
	if err != nil {
		return engine.DryResult{}, err
	}
	var present *engine.Text
	if text != "" {
		present = &engine.Text{Name: "policy", Data: []byte(text)}
	}
	p := past{self: self, ids: n.ids, tape: n.tape, store: n.store}
	return p.dryRun(ctx, present, changed, from, to)
}

// DryRun is Node.DryRun for a node that does not run. name is the changed
// policy's file, for errors.
func DryRun(ctx context.Context, cfg *config.Config, passphrase []byte, name, text string, from, to time.Time) (res engine.DryResult, err error) {
	self := party.ID(cfg.Node.Party)
	ec, _, err := Assemble(cfg)
	if err != nil {
		return res, err
	}
	changed, err := changedPolicy(*ec, self, name, text)
	if err != nil {
		return res, err
	}
	keys, err := keystore.Open(cfg.Keystore.Dir, passphrase)
	if err != nil {
		return res, err
	}
	present, err := lastPolicy(cfg.Node.Data, self, keys, ec.Policy)
	if err != nil {
		return res, err
	}
	sc := store.DefaultConfig()
	sc.Witness = keys
	if sc.Audit, err = keys.AuditSigner(); err != nil {
		return res, err
	}
	p := past{self: self, ids: func(to party.ID, kind record.Kind, number uint64) record.ID {
		id, err := keys.ID(to, kind, number)
		if err != nil {
			return record.ID{}
		}
		return id
	}}
	if p.store, err = store.Open(ctx, cfg.Node.Data, keys, sc); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, p.store.Close()) }()
	if p.tape, err = tape.Open(filepath.Join(cfg.Node.Data, "tape"), tape.DefaultConfig()); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, p.tape.Close()) }()
	return p.dryRun(ctx, present, changed, from, to)
}

// lastPolicy returns the version that came in force last, else the file's.
func lastPolicy(data string, self party.ID, keys *keystore.Store, file *engine.Text) (*engine.Text, error) {
	verifier, err := keys.PolicyVerifier()
	if err != nil {
		return nil, err
	}
	list, err := PolicyVersions(data, self, verifier)
	if err != nil || len(list) == 0 {
		return file, err
	}
	return &engine.Text{Name: "policy", Data: []byte(list[len(list)-1].Text)}, nil
}
