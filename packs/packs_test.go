// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package packs_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
)

func TestEveryShippedPackParses(t *testing.T) {
	names := packs.Names()
	if !slices.Contains(names, packs.Default) {
		t.Fatalf("packs %v, want %s among them", names, packs.Default)
	}
	for _, name := range names {
		p, err := packs.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		set, err := zone.Parse(p.Zones)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if set.Name() != name {
			t.Errorf("the pack in folder %s is named %s", name, set.Name())
		}
		var land struct {
			Type     string
			Features []struct {
				Geometry struct {
					Type        string
					Coordinates [][][2]float64
				}
			}
		}
		if err := json.Unmarshal(p.Land, &land); err != nil || land.Type != "FeatureCollection" || len(land.Features) < 200 {
			t.Errorf("%s: land: %s of %d features, %v", name, land.Type, len(land.Features), err)
		}
		for i, f := range land.Features {
			if ring := f.Geometry.Coordinates[0]; f.Geometry.Type != "Polygon" || len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				t.Errorf("%s: land %d is no polygon", name, i+1)
			}
		}
		if len(p.Land) > 350<<10 {
			t.Errorf("%s: land is %d octets, more than 350 KiB", name, len(p.Land))
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, name := range []string{"", "nowhere", "../packs", "taiwan-ryukyu/", ".", "Taiwan"} {
		if _, err := packs.Load(name); !errors.Is(err, packs.ErrUnknown) {
			t.Errorf("Load(%q) = %v, want ErrUnknown", name, err)
		}
	}
}

func TestReadFolder(t *testing.T) {
	manifest := &fstest.MapFile{Data: []byte(`{"name":"own","version":"2","zones":["z.json"],"sectors":"s.json"}`)}
	empty := &fstest.MapFile{Data: []byte(`{"type":"FeatureCollection","features":[]}`)}
	table := &fstest.MapFile{Data: []byte(`{"sectors":[]}`)}
	folder := fstest.MapFS{"pack.json": manifest, "z.json": empty, "s.json": table, "notes.txt": empty}
	p, err := packs.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Zones.Files) != 3 || p.Land != nil || p.Rules != nil {
		t.Errorf("read %d files, land %v, rules %v", len(p.Zones.Files), p.Land, p.Rules)
	}
	set, err := zone.Parse(p.Zones)
	if err != nil || set.Name() != "own" {
		t.Errorf("Parse = %v", err)
	}
	delete(folder, "s.json")
	if _, err := packs.Read(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is listed but missing: %v", err)
	}
	delete(folder, "pack.json")
	if _, err := packs.Read(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
	folder["pack.json"] = &fstest.MapFile{Data: []byte(`{`)}
	if _, err := packs.Read(folder); err == nil {
		t.Error("a broken manifest is taken")
	}
	folder["pack.json"] = &fstest.MapFile{Data: []byte(`{"name":"own","version":"2","zones":["../z.json"]}`)}
	if _, err := packs.Read(folder); err == nil {
		t.Error("a file outside the folder is read")
	}
}
