// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package web carries the built console, which package console serves. The
// sources are in src and are built with npm into dist, which is checked in so
// that a node can be built with Go alone. The package serves nothing itself.
package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed messages/*.json
var messages embed.FS

// Texts returns the console's texts in a language by key, such as
// "errors.forbidden": for those who read answers without the page.
func Texts(lang string) (map[string]string, error) {
	b, err := messages.ReadFile("messages/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("read texts of %s: %w", lang, err)
	}
	return m, nil
}

// Dist returns the files of the built console: index.html, and below assets
// files whose names carry a hash of their content, so that they may be kept
// for ever.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path: a bug in this file
	}
	return sub
}
