// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// TestLoadIsTheTable holds that every table is compiled in as it is, under each
// of its editions.
func TestLoadIsTheTable(t *testing.T) {
	paths, err := filepath.Glob("*.def")
	if err != nil || len(paths) < 2 {
		t.Fatalf("tables: %v, %v", paths, err)
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := spec.Parse(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, edition := range slices.Concat([]string{want.Edition}, want.Reads, want.Shows) {
			if want.Expansion && edition != want.Edition {
				continue // no program asks for it
			}
			got, err := spec.Load(want.Number, edition)
			if want.Expansion {
				got, err = spec.LoadExpansion(want.Number)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Edition != edition {
				t.Errorf("%s: edition %s, want %s", p, got.Edition, edition)
			}
			lines := cmpopts.IgnoreFields(spec.Category{}, "Edition")
			rational := cmp.Comparer(func(a, b spec.Field) bool {
				a.Line, b.Line = 0, 0
				return sameRat(a.LSB, b.LSB) && sameRat(a.Limit, b.Limit) && a.Name == b.Name && a.Bits == b.Bits && a.Kind == b.Kind
			})
			want := want
			if edition != want.Edition {
				want = want.At(edition)
			}
			if diff := cmp.Diff(want, got, lines, rational, cmpopts.IgnoreFields(spec.Item{}, "Line")); diff != "" {
				t.Errorf("run go generate in asterix/spec; %s (-table +compiled in):\n%s", p, diff)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	var none *spec.NoTableError
	if _, err := spec.Load(254, ""); !errors.As(err, &none) || none.Edition != "" {
		t.Errorf("Load of a category without a table: %v", err)
	}
	if _, err := spec.Load(48, "9.9"); !errors.As(err, &none) || none.Edition != "9.9" || len(none.Editions) < 2 {
		t.Errorf("Load of an unknown edition: %v", err)
	}
	if c, err := spec.Load(48, ""); err != nil || c.Edition != spec.Editions(48)[0] {
		t.Errorf("Load of the default: %v, %v", c, err)
	}
	if c, err := spec.Load(21, "2.1"); err != nil || c.Edition != "2.1" || !slices.Contains(spec.Editions(21), "2.1") {
		t.Errorf("Load of an edition that is laid out in another way: %v, %v of %v", c, err, spec.Editions(21))
	}
	if got := spec.Categories(); len(got) < 2 || got[0] >= got[1] {
		t.Errorf("Categories = %v", got)
	}
}

func sameRat(a, b *big.Rat) bool {
	return a == b || a != nil && b != nil && a.Cmp(b) == 0
}
