// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package plans holds the invented joint plans of the demonstration as texts. It
// decides nothing: package plan reads them.
package plans

import "embed"

//go:embed *.toml
var shipped embed.FS

// Text returns a shipped text by its name, without ".toml".
func Text(name string) ([]byte, bool) {
	b, err := shipped.ReadFile(name + ".toml")
	return b, err == nil
}
