// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/tape"
	"github.com/kuroshio-watch/kuroshio/internal/tape/reel"
)

type tapeCmd struct {
	Cat   tapeCatCmd   `cmd:"" help:"Print entries as JSON lines. Of a partner's record the tape holds the reference alone."`
	Cut   tapeCutCmd   `cmd:"" help:"Write a part of a tape to another folder; entries keep their numbers."`
	Merge tapeMergeCmd `cmd:"" help:"Join parts of one tape, or the frames of several."`
	Info  tapeInfoCmd  `cmd:"" help:"Count what is on a tape and check every entry and every seal."`
}

// tapeFlag names a tape. A node may be writing it.
type tapeFlag struct {
	configFlag
	Tape string `type:"path" help:"Folder of the tape, in place of the node's."`
}

func (f tapeFlag) open() (*tape.Reader, error) {
	if f.Tape != "" {
		return tape.OpenReader(f.Tape)
	}
	cfg, err := f.read()
	if err != nil {
		return nil, err
	}
	return tape.OpenReader(filepath.Join(cfg.Node.Data, "tape"))
}

// spanFlags choose a part of a tape.
type spanFlags struct {
	From  uint64    `help:"First entry's number."`
	To    uint64    `help:"Last entry's number."`
	Since time.Time `help:"Time from which on, such as 2026-03-01T00:00:00Z."`
	Until time.Time `help:"Time before which."`
}

func (f spanFlags) span() reel.Span { return reel.Span(f) }

type tapeCatCmd struct {
	tapeFlag
	spanFlags
	Kind []string `help:"Only these: frame, partner, command, config, event, tick."`
	Feed []string `help:"Only what these feeds gave."`
}

// Run prints entries.
func (c *tapeCatCmd) Run(s streams) error {
	r, err := c.open()
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(s.out, 64<<10)
	err = reel.Cat(w, r, reel.Filter{Span: c.span(), Kinds: c.Kind, Feeds: c.Feed})
	return errors.Join(err, w.Flush())
}

type tapeCutCmd struct {
	tapeFlag
	spanFlags
	Out string `required:"" type:"path" help:"Folder to write to, empty or missing."`
}

// Run cuts a part out.
func (c *tapeCutCmd) Run(s streams) error {
	r, err := c.open()
	if err != nil {
		return err
	}
	n, err := reel.Cut(c.Out, r, c.span())
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d entries in %s\n", n, c.Out)
	return nil
}

type tapeMergeCmd struct {
	Tapes  []string `arg:"" type:"path" help:"Folders of the tapes."`
	Frames bool     `help:"Take the frames of tapes of several nodes, by time, numbered anew."`
	Out    string   `required:"" type:"path" help:"Folder to write to, empty or missing."`
}

// Run joins tapes.
func (c *tapeMergeCmd) Run(s streams) error {
	var tapes []*tape.Reader
	for _, dir := range c.Tapes {
		r, err := tape.OpenReader(dir)
		if err != nil {
			return err
		}
		tapes = append(tapes, r)
	}
	join := reel.Join
	if c.Frames {
		join = reel.Frames
	}
	n, err := join(c.Out, tapes)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d entries in %s\n", n, c.Out)
	return nil
}

type tapeInfoCmd struct {
	tapeFlag
	JSON bool `help:"Print it as JSON."`
}

// errTapeDamaged makes the command end with status 1.
var errTapeDamaged = errors.New("the tape is damaged")

// Run says what is on a tape.
func (c *tapeInfoCmd) Run(s streams) error {
	r, err := c.open()
	if err != nil {
		return err
	}
	info := reel.Look(r)
	if c.JSON {
		if err := printJSON(s.out, info); err != nil {
			return err
		}
	} else {
		printTape(s, info)
	}
	if !info.Good {
		return errTapeDamaged
	}
	return nil
}

func printTape(s streams, info *reel.Info) {
	fmt.Fprintf(s.out, "entries %d to %d, %d octets\n", info.First, info.Last, info.Octets)
	if info.Torn > 0 {
		fmt.Fprintf(s.out, "%d octets follow the last whole entry: a write that goes on, or that a crash cut off\n", info.Torn)
	}
	for _, g := range info.Segments {
		state := "open"
		switch {
		case g.Problem != "":
			state = "DAMAGED: " + g.Problem
		case g.Sealed:
			state = "sealed, good"
		case g.Last != info.Last:
			state = "not sealed"
		}
		span := ""
		if !g.From.IsZero() {
			span = g.From.Format(time.RFC3339) + " to " + g.To.Format(time.RFC3339)
		}
		fmt.Fprintf(s.out, "%s %10d entries %12d octets  %-44s %s\n", g.Name, g.Last+1-g.First, g.Octets, span, state)
	}
	for _, k := range slices.Sorted(maps.Keys(info.Kinds)) {
		fmt.Fprintf(s.out, "%-12s %d\n", k, info.Kinds[k])
	}
	for _, f := range slices.Sorted(maps.Keys(info.Feeds)) {
		fmt.Fprintf(s.out, "feed %-12s %d frames\n", f, info.Feeds[f])
	}
}
