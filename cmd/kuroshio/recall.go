// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/kuroshio-watch/kuroshio/internal/call"
)

// nodeSession is a session with the node of a configuration.
type nodeSession struct {
	session
	Config string `short:"c" type:"path" help:"Configuration file of the node: its console is called, not --url."`
}

// with is session.with; the configuration says where the console is.
func (c *nodeSession) with(ctx context.Context, s streams, do func(*call.Client) (json.RawMessage, error)) error {
	if c.Config != "" {
		cfg, err := configFlag{c.Config}.read()
		if err != nil {
			return err
		}
		if cfg.Console.Listen == "" {
			return fmt.Errorf("%s: the node has no console", c.Config)
		}
		scheme := "http"
		if cfg.Console.Cert != "" {
			scheme = "https"
		}
		c.URL = scheme + "://" + cfg.Console.Listen
	}
	return c.session.with(ctx, s, do)
}

type stopCmd struct {
	nodeSession
	Partner string `arg:"" optional:"" help:"The partner."`
	All     bool   `help:"Every partner at once."`
}

// Run stops release and prints the open distress cases that it concerns.
func (c *stopCmd) Run(ctx context.Context, s streams) error {
	if (c.Partner == "") != c.All {
		return errors.New("stop: name a partner, or --all")
	}
	body := map[string]any{"verb": "stop-all"}
	if !c.All {
		body = map[string]any{"verb": "stop", "partner": c.Partner}
	}
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) { return k.Post(ctx, "/api/command", body) })
}

type peerViewCmd struct {
	nodeSession
	Partner string `arg:"" help:"The partner."`
}

// Run prints what the partner holds.
func (c *peerViewCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) {
		return k.Get(ctx, "/api/peer-view?party="+url.QueryEscape(c.Partner))
	})
}

type recallCmd struct {
	nodeSession
	Partner string   `arg:"" help:"The partner."`
	Reason  string   `required:"" help:"Why; it stays home."`
	Record  []string `help:"Id of a record that the partner holds, as peer-view prints it; may be repeated."`
	Rule    string   `help:"Everything that this rule released."`
	From    string   `help:"Everything that left from this time on, RFC 3339; with --to."`
	To      string   `help:"And before this one."`
	All     bool     `help:"Everything."`
}

// Run takes back what the partner was told.
func (c *recallCmd) Run(ctx context.Context, s streams) error {
	args := map[string]any{}
	for name, v := range map[string]string{"rule": c.Rule, "from": c.From, "to": c.To} {
		if v != "" {
			args[name] = v
		}
	}
	if len(c.Record) > 0 {
		args["records"] = c.Record
	}
	if c.All {
		args["all"] = true
	}
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) {
		return k.Post(ctx, "/api/command", map[string]any{"verb": "recall", "partner": c.Partner, "text": c.Reason, "recall": args})
	})
}
