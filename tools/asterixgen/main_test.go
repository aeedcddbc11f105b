// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGeneratedIsCurrent generates every category again and compares it with
// what is checked in, file by file; a file that is left over is a difference.
func TestGeneratedIsCurrent(t *testing.T) {
	defs, err := filepath.Glob("../../asterix/spec/*.def")
	if err != nil || len(defs) < 2 {
		t.Fatalf("tables: %v, %v", defs, err)
	}
	type source struct{ def, profile string }
	dirs := map[string]source{"../../asterix/internal/cat254": {def: "../../asterix/internal/cat254/cat254.def"}}
	for _, def := range defs {
		dir := filepath.Join("../../asterix", strings.TrimSuffix(filepath.Base(def), ".def"))
		if filepath.Base(def) != "cat001.def" {
			dirs[dir] = source{def: def}
			continue
		}
		for _, profile := range []string{"plot", "track"} {
			dirs[dir+profile] = source{def, profile}
		}
	}
	for dir, from := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			out := t.TempDir()
			if err := run(from.def, from.profile, out); err != nil {
				t.Fatal(err)
			}
			want, got := generated(t, out), generated(t, dir)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("run go generate in %s; checked in (-generated +checked in):\n%s", dir, diff)
			}
		})
	}
}

// TestTablesAreCurrent does the same with the texts of the tables.
func TestTablesAreCurrent(t *testing.T) {
	out := t.TempDir()
	if err := runTables("../../asterix/spec", out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(generated(t, out), generated(t, "../../asterix/spec")); diff != "" {
		t.Errorf("run go generate in asterix/spec; checked in (-generated +checked in):\n%s", diff)
	}
	if err := runTables(t.TempDir(), out); err == nil {
		t.Error("a folder without tables was taken")
	}
}

func generated(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = string(b)
	}
	return files
}

// TestRunRefuses holds that no package is written from a table that is wrong.
func TestRunRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"a table that cannot be read": {"item", "parse "},
		"a table with a fault":        {"category 1 1 \"T\"\nuap 010\nitem 010 fixed \"T\"\nA 7 u | d", "lint "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			def := filepath.Join(dir, "x.def")
			if err := os.WriteFile(def, []byte(tt.table), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := run(def, "", dir); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("run: %v, want %s", err, tt.want)
			}
			if files := generated(t, dir); len(files) > 0 {
				t.Errorf("run wrote %d files", len(files))
			}
		})
	}
	if err := run("absent.def", "", t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "open table") {
		t.Errorf("run without a table: %v", err)
	}
}
