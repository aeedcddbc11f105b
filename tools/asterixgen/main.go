// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Command asterixgen writes the package of an ASTERIX category from its table:
// types and conversions, decoder and encoder. It refuses a table that the lint
// of asterix/spec finds fault with. It decodes no data.
//
//	asterixgen -def asterix/spec/cat048.def -out asterix/cat048
//
// With -tables it writes the texts of all tables in a folder as one Go file.
//
//	asterixgen -tables asterix/spec -out asterix/spec
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

func main() {
	def := flag.String("def", "", "table to read")
	out := flag.String("out", ".", "folder of the package to write")
	profile := flag.String("profile", "", "user application profile of a table that has several")
	tables := flag.String("tables", "", "folder of tables to write as Go text")
	flag.Parse()
	write := func() error { return run(*def, *profile, *out) }
	if *tables != "" {
		write = func() error { return runTables(*tables, *out) }
	}
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "asterixgen:", err)
		os.Exit(1)
	}
}

// run writes the files of one category, or of one of its profiles, to the folder
// out.
func run(def, profile, out string) error {
	f, err := os.Open(def)
	if err != nil {
		return fmt.Errorf("open table: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	cat, err := spec.Parse(f)
	if err != nil {
		return fmt.Errorf("parse %s: %w", def, err)
	}
	if errs := spec.Lint(cat); len(errs) > 0 {
		return fmt.Errorf("lint %s: %w", def, errors.Join(errs...))
	}
	name := strings.TrimSuffix(filepath.Base(def), ".def")
	pkg := name
	if profile != "" {
		if cat = cat.Of(profile); cat == nil {
			return fmt.Errorf("table %s has no profile %s", def, profile)
		}
		pkg += profile
	}
	files, err := generate(cat, name, pkg)
	if err != nil {
		return fmt.Errorf("generate from %s: %w", def, err)
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(out, file.name), file.source, 0o644); err != nil {
			return fmt.Errorf("write package: %w", err)
		}
	}
	return nil
}
