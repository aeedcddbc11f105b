// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

// ParseHash shows the reading of stored hashes to its fuzz target.
func ParseHash(phc string) error {
	_, _, _, err := parseHash(phc)
	return err
}

// MaxTries is the bound that a test holds.
const MaxTries = maxTries

// Throttle shows the counting of failed logins.
type Throttle = throttle

// NewThrottle returns an empty one.
var NewThrottle = newThrottle

// Begin shows begin and returns whether the attempt passes.
func (t *throttle) Begin(name, address string) bool { return t.begin(name, address) == 0 }

// Len returns how many entries it holds.
func (t *throttle) Len() int { return len(t.m) }

// AddressOf shows addressOf.
var AddressOf = addressOf
