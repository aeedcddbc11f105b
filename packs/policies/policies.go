// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package policies holds the shipped release policies as texts. It decides
// nothing: package release reads them.
package policies

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.toml
var shipped embed.FS

// Names returns the names of the shipped policies, sorted.
func Names() []string {
	files, err := fs.Glob(shipped, "*.toml")
	if err != nil {
		return nil // the pattern is good
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".toml")
	}
	return files
}

// Text returns the text of a shipped policy.
func Text(name string) ([]byte, bool) {
	b, err := shipped.ReadFile(name + ".toml")
	return b, err == nil
}
