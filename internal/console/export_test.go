// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"maps"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/openapi"
)

// ParseHash shows the reading of stored hashes to its fuzz target.
func ParseHash(phc string) error {
	_, _, _, err := parseHash(phc)
	return err
}

// MaxTries is the bound that a test holds.
const MaxTries = maxTries

// Routes lists the table of routes as "METHOD path".
func Routes() (list []string) {
	for p, methods := range (&console{}).routeTable() {
		for m := range methods {
			list = append(list, m+" "+p)
		}
	}
	slices.Sort(list)
	return list
}

// Described lists what the description has words for.
func Described() []string { return slices.Sorted(maps.Keys(described())) }

// Types returns the schemas of the description.
func Types() (openapi.Types, map[string]map[string]*openapi.Operation, error) {
	doc, err := (&console{}).document()
	if err != nil {
		return nil, nil, err
	}
	return doc.Components.Schemas, doc.Paths, nil
}

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
