// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

type policyDryRunCmd struct {
	configFlag
	File    string        `arg:"" type:"existingfile" help:"The changed policy."`
	From    string        `required:"" help:"From when, RFC 3339, as 2026-11-28T06:00:00Z."`
	For     time.Duration `default:"1h" help:"How long, up to 24h."`
	GeoJSON string        `name:"geojson" type:"path" help:"Write the cells that differ to this file."`
	JSON    bool          `help:"Print the whole result as JSON."`
}

// Run compares a changed policy with the present one over the past of a node
// that does not run. At a running node a supervisor asks at the console.
func (c *policyDryRunCmd) Run(ctx context.Context, s streams) error {
	from, err := time.Parse(time.RFC3339, c.From)
	if err != nil {
		return fmt.Errorf("read --from: %w", err)
	}
	if c.For <= 0 || c.For > 24*time.Hour {
		return fmt.Errorf("--for %s: want up to 24h", c.For)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	cfg, pass, err := c.load(s)
	if err != nil {
		return err
	}
	res, err := node.DryRun(ctx, cfg, pass, c.File, string(text), from, from.Add(c.For))
	if err != nil {
		return err
	}
	if c.GeoJSON != "" {
		b, err := json.Marshal(res.GeoJSON())
		if err == nil {
			err = os.WriteFile(c.GeoJSON, b, 0o600)
		}
		if err != nil {
			return fmt.Errorf("write GeoJSON: %w", err)
		}
	}
	if c.JSON {
		return printJSON(s.out, res)
	}
	printDryRun(s.out, &res)
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printDryRun prints the sums and the rows as a table.
func printDryRun(w io.Writer, r *engine.DryResult) {
	fmt.Fprintf(w, "%s to %s, %d inputs: present %s, changed %s\n\n", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), r.Inputs, r.Present, r.Changed)
	fmt.Fprintf(w, "%-16s %-14s %8s %13s %13s\n", "to", "kind", "same", "present only", "changed only")
	for _, s := range r.Sums {
		fmt.Fprintf(w, "%-16s %-14s %8d %13d %13d\n", s.To, s.Kind, s.Same, s.Present, s.Changed)
	}
	if len(r.Rows) == 0 {
		fmt.Fprintln(w, "\nno difference")
		return
	}
	fmt.Fprintf(w, "\n%-8s %-20s %-16s %-14s %8s  %s\n", "only", "leaves", "to", "kind", "number", "what")
	for i := range r.Rows {
		row := &r.Rows[i]
		fmt.Fprintf(w, "%-8s %-20s %-16s %-14s %8d  %s\n", row.Only, row.At.Format(time.RFC3339), row.To, row.Kind, row.Number, dryWords(row))
	}
	if r.LeftOff > 0 {
		fmt.Fprintf(w, "%d rows more\n", r.LeftOff)
	}
}

// dryWords says in short what a row tells.
func dryWords(r *engine.DryRow) string {
	switch rec := &r.Record; {
	case rec.Track != nil:
		t := rec.Track
		return fmt.Sprintf("%s %.5f %.5f within %d m, %s + %s", t.Domain, float64(t.Cell.LatE5)/1e5, float64(t.Cell.LonE5)/1e5, t.Cell.GridM, t.Bin.Start.Format("15:04:05"), t.Bin.Width)
	case rec.Incident != nil:
		return fmt.Sprintf("%s, %d events, %d tracks", rec.Incident.State, len(rec.Incident.Events), len(rec.Incident.Tracks))
	case rec.Posture != nil:
		return rec.Posture.Posture
	case rec.Dialogue != nil:
		return rec.Dialogue.Step
	}
	return ""
}

// errNotSigned makes the command end with status 1.
var errNotSigned = errors.New("a version is not as the policy key signed it")

type policyVersionsCmd struct {
	configFlag
	JSON bool `help:"Print texts and notes too, as JSON."`
}

// Run lists the versions of a node's policy and checks their signatures.
func (c *policyVersionsCmd) Run(s streams) error {
	cfg, keys, err := c.keys(s)
	if err != nil {
		return err
	}
	verifier, err := keys.PolicyVerifier()
	if err != nil {
		return err
	}
	list, err := node.PolicyVersions(cfg.Node.Data, party.ID(cfg.Node.Party), verifier)
	if err != nil {
		return err
	}
	good := true
	for _, v := range list {
		good = good && v.Signed
	}
	if c.JSON {
		type whole struct {
			engine.KeptPolicy
			Text string `json:"text"`
		}
		all := []whole{}
		for _, v := range list {
			all = append(all, whole{v, v.Text})
		}
		if err := printJSON(s.out, all); err != nil {
			return err
		}
	} else {
		printVersions(s.out, list)
	}
	if !good {
		return errNotSigned
	}
	return nil
}

func printVersions(w io.Writer, list []engine.KeptPolicy) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no policy has come in force yet")
	}
	for _, v := range list {
		state := "signed"
		if !v.Signed {
			state = "NOT SIGNED"
		}
		who := "by " + v.By
		if v.Second != "" {
			who += ", activated by " + v.Second
		}
		if !v.Distress {
			who += "; distress off: " + v.WhyNot
		}
		fmt.Fprintf(w, "%4d  %-14s %s  %-10s  %s  %s\n", v.Number, v.Policy, v.At.UTC().Format(time.RFC3339), state, v.SHA256[:min(16, len(v.SHA256))], who)
	}
}
