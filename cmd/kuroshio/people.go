// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// userCmd works on the store while the node is stopped; a running node's
// administrator does the same in the console.
type userCmd struct {
	Add  userAddCmd  `cmd:"" help:"Add a person, or set a new role or password."`
	List userListCmd `cmd:"" help:"List the people."`
}

type userAddCmd struct {
	configFlag
	Name string `arg:"" help:"Login name."`
	Role string `default:"officer" help:"viewer, officer, supervisor, administrator or auditor."`
	Lang string `default:"en" enum:"en,zh-Hant,ja" help:"Language of the console: en, zh-Hant or ja."`
}

// Run adds one person; the password is read from standard input.
func (c *userAddCmd) Run(ctx context.Context, s streams) error {
	if !slices.Contains(engine.Roles(), c.Role) {
		return fmt.Errorf("--role %s: want one of %s", c.Role, strings.Join(engine.Roles(), ", "))
	}
	return c.withStore(ctx, s, func(st *store.Store) error {
		fmt.Fprintf(s.err, "Password for %s: ", c.Name)
		line, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil && line == "" {
			return errors.New("read password: none was given")
		}
		password := strings.TrimRight(line, "\r\n")
		if err := console.CheckPassword(c.Name, password); err != nil {
			return err
		}
		hash, err := console.HashPassword(password)
		if err != nil {
			return err
		}
		if err := st.PutUser(ctx, store.User{Name: c.Name, Role: c.Role, Hash: hash, Lang: c.Lang}); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s may log in as %s\n", c.Name, c.Role)
		return nil
	})
}

type userListCmd struct{ configFlag }

// Run lists the people.
func (c *userListCmd) Run(ctx context.Context, s streams) error {
	return c.withStore(ctx, s, func(st *store.Store) error {
		users, err := st.Users(ctx)
		if err != nil {
			return err
		}
		for _, u := range users {
			state := ""
			if u.Disabled {
				state = " (disabled)"
			}
			fmt.Fprintf(s.out, "%-20s %-14s %s%s\n", u.Name, u.Role, u.Lang, state)
		}
		return nil
	})
}

// withStore opens keystore and store of a node that does not run.
func (f configFlag) withStore(ctx context.Context, s streams, do func(*store.Store) error) error {
	return f.withKeys(ctx, s, func(_ *keystore.Store, st *store.Store) error { return do(st) })
}

func (f configFlag) withKeys(ctx context.Context, s streams, do func(*keystore.Store, *store.Store) error) error {
	cfg, pass, err := f.load(s)
	if err != nil {
		return err
	}
	keys, err := keystore.Open(cfg.Keystore.Dir, pass)
	if err != nil {
		return err
	}
	sc := store.DefaultConfig()
	sc.Witness = keys
	if sc.Audit, err = keys.AuditSigner(); err != nil {
		return err
	}
	st, err := store.Open(ctx, cfg.Node.Data, keys, sc)
	if err != nil {
		return err
	}
	return errors.Join(do(keys, st), st.Close())
}
