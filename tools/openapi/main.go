// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Command openapi writes docs/protocol/openapi.json, the description of the
// console's API, from its table of routes and its Go types. It describes
// nothing by itself.
package main

import (
	"fmt"
	"os"

	"github.com/kuroshio-watch/kuroshio/internal/console"
)

//go:generate go run . ../../docs/protocol/openapi.json

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "openapi: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: openapi FILE")
	}
	b, err := console.Description()
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], b, 0o644) //nolint:gosec // a public file
}
