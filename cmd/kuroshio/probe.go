// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

type asterixCmd struct {
	Probe probeCmd `cmd:"" help:"Say how many blocks of a recording each edition can read, those of most first."`
}

type probeCmd struct {
	File   string `arg:"" help:"Recording; gzip is unpacked, - is standard input."`
	Format string `default:"asterix" enum:"asterix,pcap" help:"asterix or pcap."`
}

// Run writes one JSON line an edition.
func (c *probeCmd) Run(ctx context.Context, s streams) error {
	var found []dump.Probed
	err := decodeFile(ctx, c.File, s, func(r io.Reader) (err error) {
		found, err = dump.Probe(c.Format, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("probe %s: %w", c.File, err)
	}
	e := json.NewEncoder(s.out)
	for _, p := range found {
		if err := e.Encode(p); err != nil {
			return err
		}
	}
	return nil
}
