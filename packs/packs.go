// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package packs carries the data packs that are shipped with the program, and
// reads others from a folder. It does not interpret them: package zone does.
//
// The outlines of the shipped pack are approximate, from public sources that
// each zone names. Official base points must replace them before real use.
package packs

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

//go:embed taiwan-ryukyu
var shipped embed.FS

// Default is the name of the pack that is used when none is named.
const Default = "taiwan-ryukyu"

// ErrUnknown says that no pack of that name is shipped.
var ErrUnknown = errors.New("no such pack is shipped")

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// Pack is what a pack's folder holds.
type Pack struct {
	// Zones is what package zone parses.
	Zones zone.Pack
	// Land is the base map for the console, GeoJSON; nil if there is none.
	Land []byte
	// Rules is the default of the alert rules; nil if there are none.
	Rules []byte
}

// Files of a pack that package zone does not read.
const (
	landName  = "land.json"
	rulesName = "rules.json"
)

// Names returns the names of the shipped packs, sorted.
func Names() []string {
	entries, err := fs.ReadDir(shipped, ".")
	if err != nil {
		return nil // the root of an embedded file system can be read
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Load returns a shipped pack, or an error that is ErrUnknown.
func Load(name string) (Pack, error) {
	if !namePattern.MatchString(name) {
		return Pack{}, fmt.Errorf("load pack %q: %w", name, ErrUnknown)
	}
	sub, err := fs.Sub(shipped, name)
	if err != nil {
		return Pack{}, fmt.Errorf("load pack %q: %w", name, err)
	}
	if _, err := fs.Stat(sub, "."); errors.Is(err, fs.ErrNotExist) {
		return Pack{}, fmt.Errorf("load pack %q: %w", name, ErrUnknown)
	}
	return Read(sub)
}

// Read returns the pack in a folder, such as os.DirFS gives. Only the files
// that its manifest lists, the base map and the rules are read.
func Read(folder fs.FS) (Pack, error) {
	data, err := fs.ReadFile(folder, zone.ManifestName)
	if err != nil {
		return Pack{}, fmt.Errorf("read pack: %w", err)
	}
	m, err := zone.ParseManifest(data)
	if err != nil {
		return Pack{}, fmt.Errorf("read pack: %w", err)
	}
	p := Pack{Zones: zone.Pack{Files: []zone.File{{Name: zone.ManifestName, Data: data}}}}
	for _, name := range m.Files() {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return Pack{}, fmt.Errorf("read pack %s: %w", m.Name, err)
		}
		p.Zones.Files = append(p.Zones.Files, zone.File{Name: name, Data: data})
	}
	if p.Land, err = optional(folder, landName); err != nil {
		return Pack{}, fmt.Errorf("read pack %s: %w", m.Name, err)
	}
	if p.Rules, err = optional(folder, rulesName); err != nil {
		return Pack{}, fmt.Errorf("read pack %s: %w", m.Name, err)
	}
	return p, nil
}

func optional(folder fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
