// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package party names who takes part: each party runs one node. It holds no
// keys and no addresses.
package party

import (
	"fmt"
	"regexp"
)

// ID is a party's code word, such as "tw". It is chosen at pairing and carries
// no meaning on the wire beyond telling the parties of one link apart.
type ID string

var pattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,15}$`)

// Parse returns s as an ID: a lower-case letter, then up to 15 lower-case
// letters, digits or hyphens.
func Parse(s string) (ID, error) {
	if !pattern.MatchString(s) {
		return "", fmt.Errorf("party %q: want a lower-case letter, then up to 15 of a-z, 0-9 and -", s)
	}
	return ID(s), nil
}
