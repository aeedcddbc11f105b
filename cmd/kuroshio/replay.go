// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
)

type replayCmd struct {
	Feed    []string `required:"" sep:"none" help:"KIND:FILE[?KEY=VALUE&…], several times; KIND is beast, avr, tsv, nmea, asterix or pcap; gzip by name."`
	Speed   string   `default:"max" help:"Recorded seconds a second, or max."`
	Tracks  string   `help:"Write the tracks there as JSON lines (docs/tracks-jsonl.md); - is standard output."`
	Detail  bool     `help:"Write a line for each plot, AIS message and refusal too."`
	Pack    string   `help:"Zone pack; the default one where none is named."`
	Console string   `help:"Address of a console to watch with, such as 127.0.0.1:8470."`
}

// Run replays recordings.
func (c *replayCmd) Run(ctx context.Context, s streams) (err error) {
	feeds, err := replay.ParseFeeds(c.Feed)
	if err != nil {
		return err
	}
	cfg := replay.Config{Feeds: feeds, Detail: c.Detail}
	if c.Speed != "max" {
		if cfg.Speed, err = strconv.ParseFloat(c.Speed, 64); err != nil || !(cfg.Speed > 0) {
			return fmt.Errorf("--speed %s: want a number above 0, or max", c.Speed)
		}
	}
	eng, err := replay.NewEngine(party.ID("replay"), c.Pack, feeds)
	if err != nil {
		return err
	}
	cfg.Stepper = eng
	if c.Tracks != "" {
		out, done, err := create(c.Tracks, s.out)
		if err != nil {
			return err
		}
		cfg.Tracks = out
		defer func() { err = errors.Join(err, done()) }()
	}
	if c.Console != "" {
		stage, err := newStage(eng, c.Console, s)
		if err != nil {
			return err
		}
		cfg.Stepper = stage
		defer func() { err = errors.Join(err, stage.close(ctx)) }()
	}
	stats, err := replay.Run(ctx, cfg)
	if err != nil {
		return err
	}
	return printStats(s.err, stats)
}

// create opens a file for writing; "-" is standard output.
func create(path string, stdout io.Writer) (io.Writer, func() error, error) {
	if path == "-" {
		return stdout, func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("write tracks: %w", err)
	}
	return f, f.Close, nil
}

func printStats(w io.Writer, st *replay.Stats) error {
	fmt.Fprintf(w, "%s to %s\n", st.First.Format("2006-01-02T15:04:05Z"), st.Last.Format("2006-01-02T15:04:05Z"))
	for _, feed := range slices.Sorted(maps.Keys(st.Frames)) {
		fmt.Fprintf(w, "%-12s %d frames, %d plots\n", feed, st.Frames[feed], st.Plots[feed])
	}
	for _, r := range st.Refused {
		fmt.Fprintf(w, "%-12s refused %d: %s (last at octet %d)\n", r.Feed, r.Count, r.Reason, r.Offset)
	}
	return nil
}
