// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// bulletins maps the publishers of the folder's reference points to parties.
var bulletins = map[string]string{"js": "jp", "mnd": "tw"}

// places writes the named positions; those without an ID get one from the
// English name.
func (b *builder) places() error {
	for _, source := range []struct{ from, to, kind, prefix string }{
		{"places.geojson", "places.json", "place", "place_"},
		{"reference_points.geojson", "reference_points.json", "reference_point", "ref_"},
		{"islands.geojson", "islands.json", "island", ""},
		{"airports.geojson", "airports.json", "airport", ""},
	} {
		in, err := b.read(source.from)
		if err != nil {
			return err
		}
		var list []outFeature
		for i := range in {
			p, g := in[i].out()
			if p.Kind != source.kind {
				p.Kind, p.Class = source.kind, p.Kind
			}
			if p.ID == "" {
				p.ID = source.prefix + word(p.Names["en"])
			}
			if party := bulletins[in[i].Properties.UsedBy]; party != "" {
				p.Party = party
				p.ID = source.prefix + party + "_" + word(p.Names["en"])
			}
			list = append(list, outFeature{Properties: p, Geometry: &g})
		}
		if err := b.zones(source.to, list); err != nil {
			return err
		}
	}
	return nil
}

// word makes a name fit for an ID.
func word(name string) string {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(parts, "_")
}
