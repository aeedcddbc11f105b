// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
)

type journalCmd struct {
	Verify journalVerifyCmd `cmd:"" help:"Recompute every log and compare it with the checkpoints and receipts."`
	Prove  journalProveCmd  `cmd:"" help:"Write the proof of a record for a third person, where both parties declared that it may be."`
	Check  journalCheckCmd  `cmd:"" help:"Check a proof with two public keys alone."`
	Keys   journalKeysCmd   `cmd:"" help:"Print the public journal keys of a pair."`
	Reopen journalReopenCmd `cmd:"" help:"Let our log towards a partner begin anew, after an old backup was restored."`
	Agree  journalAgreeCmd  `cmd:"" help:"Agree that a partner which restored an old backup begins its log anew."`
}

type journalVerifyCmd struct {
	configFlag
	JSON bool `help:"Print the report as JSON."`
}

// errNotVerified makes the command end with status 1.
var errNotVerified = errors.New("a journal does not verify")

// Run verifies the journals of a node.
func (c *journalVerifyCmd) Run(ctx context.Context, s streams) error {
	return c.withKeys(ctx, s, func(keys *keystore.Store, st *store.Store) error {
		rep, err := st.Verify(ctx, keys)
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(s.out, rep); err != nil {
				return err
			}
		} else {
			if len(rep.Logs) == 0 {
				fmt.Fprintln(s.out, "no journal has an entry yet")
			}
			for _, l := range rep.Logs {
				state := "verified"
				if !l.Verified {
					state = "NOT VERIFIED: " + strings.Join(l.Problems, "; ")
				}
				name := string(l.Direction)
				if l.Partner != "" {
					name = string(l.Partner) + " " + name
				}
				if l.Ended > 0 {
					name = fmt.Sprintf("%s/%d", name, l.Ended)
					state += ", ended"
				}
				fmt.Fprintf(s.out, "%-16s %8d entries, %8d receipted  %s\n", name, l.Size, l.CosignedSize, state)
				for _, n := range l.Notes {
					fmt.Fprintf(s.out, "%16s %s\n", "", n)
				}
			}
		}
		if !rep.Verified {
			return errNotVerified
		}
		return nil
	})
}

type policyCmd struct {
	Check    policyCheckCmd    `cmd:"" help:"Read a policy and say what is wrong."`
	Explain  policyExplainCmd  `cmd:"" help:"Say what a policy does with a case."`
	DryRun   policyDryRunCmd   `cmd:"" help:"Say what a changed policy would have released over an hour or a day of the past, and the reverse."`
	Versions policyVersionsCmd `cmd:"" help:"List the versions of a node's policy and check their signatures."`
}

type policyFile struct {
	File string `arg:"" type:"path" help:"Policy file."`
	Pack string `default:"taiwan-ryukyu" help:"Zone pack that the policy's zones are in."`
}

// parse reads the policy against the pack's zones.
func (f policyFile) parse() (*release.Policy, error) {
	b, err := os.ReadFile(f.File)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	p, err := packs.Load(f.Pack)
	if err != nil {
		return nil, err
	}
	zones, err := zone.Parse(p.Zones)
	if err != nil {
		return nil, err
	}
	return release.Parse(f.File, b, func(id zone.ID) bool { _, ok := zones.Zone(id); return ok })
}

type policyCheckCmd struct{ policyFile }

// Run checks a policy.
func (c *policyCheckCmd) Run(s streams) error {
	p, err := c.parse()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: good: policy %s of %s\n", c.File, p.ID(), p.Party)
	return nil
}

type policyExplainCmd struct {
	policyFile
	To        string        `required:"" help:"Partner."`
	Kind      string        `default:"track" help:"Kind of record, as policies write it."`
	Domain    string        `default:"air" enum:"air,sea" help:"air or sea."`
	Identity  string        `default:"unknown" help:"Standard identity."`
	Zone      []string      `help:"Zones that it is in."`
	Source    []string      `default:"radar" help:"Kinds of sensors that saw it."`
	Age       time.Duration `default:"10m" help:"How long it has been held."`
	Exercise  bool          `help:"It is an exercise."`
	Emergency bool          `help:"It shows an emergency code."`
	Rescue    bool          `help:"It is part of a distress case."`
}

// Run explains one decision.
func (c *policyExplainCmd) Run(s streams) error {
	p, err := c.parse()
	if err != nil {
		return err
	}
	f := release.Facts{To: party.ID(c.To), Standard: c.Identity, Exercise: c.Exercise, Emergency: c.Emergency, Rescue: c.Rescue, Age: c.Age}
	for _, k := range release.RuleKinds() {
		if k.String() == c.Kind {
			f.Kind = k
		}
	}
	if f.Kind == 0 {
		return fmt.Errorf("no kind of record is called %q", c.Kind)
	}
	for _, d := range []plot.Domain{plot.Air, plot.Sea} {
		if d.String() == c.Domain {
			f.Domain = d
		}
	}
	for _, k := range plot.Kinds() {
		for _, name := range c.Source {
			if k.String() == name {
				f.Sources |= 1 << k
			}
		}
	}
	for _, z := range c.Zone {
		f.Zones = append(f.Zones, zone.ID(z))
	}
	d := p.Decide(&f)
	if !d.Allow {
		fmt.Fprintf(s.out, "withheld: %s %s\n", d.Reason, strings.Join(p.Rules(d), ", "))
		return nil
	}
	v := p.View(d.Then)
	fmt.Fprintf(s.out, "released to %s by %s\n  position grid  %d m\n  height band    %d ft\n  time bin       %g s\n  sending slot   %g s\n  delay          %g s\n  retention      %g h\n  fields         %s\n  onward to      %v\n",
		c.To, strings.Join(p.Rules(d), ", "), v.GridM, v.HeightBandFt, v.TimeBinS, v.SlotS, v.DelayS, v.RetentionS/3600, strings.Join(v.Fields, ", "), v.Onward)
	if v.RateS > 0 {
		fmt.Fprintf(s.out, "  one report each %g s\n", v.RateS)
	}
	if v.Area != nil {
		fmt.Fprintf(s.out, "  cut to         %s\n", strings.Join(v.Area, ", "))
	}
	if v.CountOnly {
		fmt.Fprintln(s.out, "  count only")
	}
	return nil
}
