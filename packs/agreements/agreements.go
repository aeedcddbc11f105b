// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package agreements holds the shipped agreements and registers as texts: the
// invented ones of the demonstration, and the published list of categories. It
// decides nothing: package support reads them.
package agreements

import "embed"

//go:embed *.toml
var shipped embed.FS

// Text returns a shipped text by its name, without ".toml".
func Text(name string) ([]byte, bool) {
	b, err := shipped.ReadFile(name + ".toml")
	return b, err == nil
}
