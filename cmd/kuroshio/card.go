// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

type cardCmd struct {
	configFlag
	Partner string `arg:"" help:"Code word of the partner."`
	Date    string `help:"Day (UTC) of the challenges, as 2006-01-02; today where it is left out."`
	Lang    string `default:"en" enum:"zh-Hant,ja,en" help:"Language of the card's own texts."`
	HTML    bool   `name:"html" help:"Write a page to print instead of text."`
}

// Run prints the card. Both partners print the same challenges for the same day.
func (c *cardCmd) Run(s streams) error {
	day := time.Now()
	if c.Date != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, c.Date); err != nil {
			return fmt.Errorf("--date %q: want a day as 2006-01-02", c.Date)
		}
	}
	cfg, pass, err := c.load(s)
	if err != nil {
		return err
	}
	if !slices.Contains(cfg.PartnerIDs(), party.ID(c.Partner)) {
		return fmt.Errorf("%s names no partner %q", c.Config, c.Partner)
	}
	eng, _, err := node.Assemble(cfg)
	if err != nil {
		return err
	}
	keys, err := keystore.Open(cfg.Keystore.Dir, pass)
	if err != nil {
		return err
	}
	k, err := node.FallbackCard(cfg, eng, keys, party.ID(c.Partner), day)
	if err != nil {
		return err
	}
	if c.HTML {
		return k.HTML(s.out, c.Lang)
	}
	return k.Text(s.out, c.Lang)
}
