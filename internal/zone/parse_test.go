// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone_test

import (
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

const (
	manifest = `{"name":"test","version":"1","zones":["z.json"]}`
	head     = "{\"type\":\"FeatureCollection\",\"features\":[\n"
	tail     = "\n]}"
	names3   = `"names":{"en":"A","zh-Hant":"甲","ja":"甲"}`
	square   = `"geometry":{"type":"Polygon","coordinates":[[[121,24],[122,24],[122,25],[121,25],[121,24]]]}`
	good     = `{"type":"Feature","properties":{"id":"a","kind":"adiz",` + names3 + `},` + square + `}`
)

func pack(files ...string) zone.Pack {
	var p zone.Pack
	for i := 0; i+1 < len(files); i += 2 {
		p.Files = append(p.Files, zone.File{Name: files[i], Data: []byte(files[i+1])})
	}
	return p
}

func one(features ...string) zone.Pack {
	return pack("pack.json", manifest, "z.json", head+strings.Join(features, ",\n")+tail)
}

func TestParse(t *testing.T) {
	point := `{"type":"Feature","properties":{"id":"p","kind":"place","class":"city",` + names3 + `},"geometry":{"type":"Point","coordinates":[121.5,25]}}`
	sea := `{"type":"Feature","properties":{"id":"s","kind":"territorial_sea",` + names3 + `,"nm":12,"from":["a"]},"geometry":null}`
	line := `{"type":"Feature","properties":{"id":"g","kind":"gate",` + names3 + `,"left_to_right":"in","right_to_left":"out"},"geometry":{"type":"LineString","coordinates":[[121,23],[122,23]]}}`
	p := one(point, good, sea, line)
	p.Files[0].Data = []byte(`{"name":"test","version":"1","zones":["z.json"],"sectors":"s.json"}`)
	p.Files = append(p.Files, zone.File{Name: "s.json", Data: []byte(`{"sectors":[{"zone":"a","lead":"jp"}]}`)})
	set, err := zone.Parse(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Zones()) != 3 || len(set.Places()) != 1 || len(set.Sectors()) != 1 || set.Name() != "test" {
		t.Errorf("got %d zones, %d places, %d sectors of %q", len(set.Zones()), len(set.Places()), len(set.Sectors()), set.Name())
	}
	if raw, err := set.GeoJSON("s"); err != nil || string(raw) != "null" {
		t.Errorf("geometry of a zone without a drawing: %s, %v", raw, err)
	}
	if _, err := set.GeoJSON("nowhere"); err == nil {
		t.Error("a zone that does not exist has a geometry")
	}
}

func TestGeoJSONKeepsHoles(t *testing.T) {
	hole := strings.Replace(good, "[121,24]]]}", "[121,24]],[[121.2,24.2],[121.2,24.8],[121.8,24.8],[121.8,24.2],[121.2,24.2]]]}", 1)
	set, err := zone.Parse(one(hole))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := set.GeoJSON("a")
	want := `{"type":"MultiPolygon","coordinates":[[[[121,24],[122,24],[122,25],[121,25],[121,24]],[[121.2,24.2],[121.2,24.8],[121.8,24.8],[121.8,24.2],[121.2,24.2]]]]}`
	if err != nil || string(raw) != want {
		t.Errorf("GeoJSON = %s, %v, want %s", raw, err, want)
	}
	if set.Contains("a", at(24.5, 121.5)) || !set.Contains("a", at(24.1, 121.5)) {
		t.Error("the hole is not one")
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(old, replacement string) zone.Pack {
		bad := strings.Replace(good, old, replacement, 1)
		if bad == good {
			t.Fatalf("%q is not in the sample", old)
		}
		return one(strings.Replace(good, `"a"`, `"b"`, 1), bad)
	}
	geometry := func(g string) zone.Pack { return with(square, `"geometry":`+g) }
	polygon := func(c string) zone.Pack { return geometry(`{"type":"Polygon","coordinates":` + c + `}`) }
	tests := map[string]struct {
		pack zone.Pack
		want string // part of the error
	}{
		"no manifest":               {pack("z.json", head+good+tail), "pack.json: the file is missing"},
		"a broken manifest":         {pack("pack.json", "{\n\"name\":}"), "pack.json:2: invalid character"},
		"a manifest with a typo":    {pack("pack.json", `{"name":"x","version":"1","zone":[]}`), `pack.json:1: json: unknown field "zone"`},
		"a manifest of nothing":     {pack("pack.json", `{"name":"x","version":"1","zones":[]}`), "pack.json: no file of zones"},
		"a bad pack name":           {pack("pack.json", `{"name":"X Y","version":"1","zones":["z.json"]}`, "z.json", head+tail), "pack.json: pack name"},
		"a file that is missing":    {pack("pack.json", manifest), "z.json: the file is listed but missing"},
		"a file that is not listed": {pack("pack.json", manifest, "z.json", head+tail, "extra.json", ""), "extra.json: the file is not listed"},
		"a file twice":              {pack("pack.json", manifest, "z.json", head+tail, "z.json", head+tail), "z.json: the file is in the pack twice"},
		"two collections":           {pack("pack.json", manifest, "z.json", head+tail+"\n"+head+tail), "z.json:3: there is more"},
		"another kind of file":      {pack("pack.json", manifest, "z.json", `{"type":"Topology","features":[]}`), "want FeatureCollection"},
		"a syntax error":            {pack("pack.json", manifest, "z.json", head+good+",\n{]"), "z.json:3: invalid character"},
		"an unknown property":       {with(`"kind"`, `"colour":"red","kind"`), `z.json:3: feature 2 : json: unknown field "colour"`},
		"an unknown member":         {with(`"type":"Feature"`, `"bbox":[],"type":"Feature"`), `z.json:3: feature 2 : json: unknown field "bbox"`},
		"no feature":                {with(`"type":"Feature"`, `"type":"Fixture"`), "z.json:3: feature 2 a: type"},
		"an ID twice":               {one(good, good), "z.json:3: a: the ID is used already at z.json:2"},
		"an ID with a blank":        {with(`"a"`, `"a b"`), `z.json:3: a b: the ID is not a word`},
		"no ID":                     {with(`"id":"a",`, ``), "z.json:3: : the ID is not a word"},
		"no kind":                   {with(`"adiz"`, `""`), "z.json:3: a: kind"},
		"a party with capitals":     {with(`"kind"`, `"party":"JP","kind"`), "z.json:3: a: party"},
		"a language missing":        {with(`,"ja":"甲"`, ``), `z.json:3: a: there is no name in language "ja"`},
		"a language too many":       {with(`"ja":"甲"`, `"ja":"甲","fr":"A"`), `z.json:3: a: name in language "fr"`},
		"no geometry":               {geometry("null"), "z.json:3: a: a zone is an area or a line"},
		"a curve":                   {geometry(`{"type":"Circle","coordinates":[]}`), `z.json:3: feature 2 a: geometry is "Circle"`},
		"a ring of two":             {polygon(`[[[121,24],[122,24],[121,24]]]`), "z.json:3: a: ring 1: a ring needs four"},
		"an open ring":              {polygon(`[[[121,24],[122,24],[122,25],[121,25]]]`), "z.json:3: a: ring 1: a ring needs four"},
		"a repeated vertex":         {polygon(`[[[121,24],[122,24],[122,24],[122,25],[121,24]]]`), "a vertex is repeated"},
		"a bow tie":                 {polygon(`[[[121,24],[122,25],[122,24],[121,25],[121,24]]]`), "ring 1: edge 1 crosses edge 3"},
		"latitude first":            {polygon(`[[[24,121],[24,122],[25,122],[24,121]]]`), "position 1 is not longitude and latitude"},
		"a height":                  {polygon(`[[[121,24,0],[122,24,0],[122,25,0],[121,24,0]]]`), "position 1 has 3 numbers"},
		"a null for a number":       {polygon(`[[[121,null],[122,24],[122,25],[121,24]]]`), "a coordinate is null"},
		"a text for a number":       {polygon(`[[["121",24]]]`), "z.json:3: feature 2 a: json: cannot unmarshal string"},
		"a number past all":         {polygon(`[[[1e999,24]]]`), "z.json:3: feature 2"},
		"a cap on the pole":         {polygon(`[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]`), "ring 1: the ring goes around a pole"},
		"a vertex at the pole":      {polygon(`[[[0,89.5],[5,89.5],[5,89],[0,89.5]]]`), "beyond 89 degrees"},
		"an edge over an ocean":     {polygon(`[[[121,24],[160,24],[160,25],[121,24]]]`), "longer than 2000 km"},
		"a line of one":             {geometry(`{"type":"LineString","coordinates":[[121,24]]}`), "a line needs two"},
		"an area with ways":         {with(`"kind"`, `"left_to_right":"in","right_to_left":"out","kind"`), "only a line has ways"},
		"one way alone":             {with(`"kind":"adiz",`+names3+`},`+square, `"left_to_right":"in","kind":"gate",`+names3+`},"geometry":{"type":"LineString","coordinates":[[121,24],[122,24]]}`), "ways over the line"},
		"a distance from nothing":   {with(`"kind"`, `"nm":12,"kind"`), "a distance needs zones to measure from"},
		"a distance from nowhere":   {with(`"kind"`, `"nm":12,"from":["x"],"kind"`), `zone "x" to measure from is not in the pack`},
		"a distance from another":   {with(`"kind"`, `"nm":12,"from":["a"],"kind"`), "is itself a distance"},
		"a distance too far":        {with(`"kind"`, `"nm":5000,"from":["b"],"kind"`), "not within 0 to 500"},
		"a negative distance":       {with(`"kind"`, `"nm":-1,"kind"`), "not within 0 to 500"},
		"a zone with a class":       {with(`"kind"`, `"class":"city","kind"`), "only a place has a class"},
		"a place with ways":         {with(`"kind":"adiz",`+names3+`},`+square, `"nm":3,"kind":"place",`+names3+`},"geometry":{"type":"Point","coordinates":[121,24]}`), "a place has no distance"},
		"a negative precision":      {with(`"kind"`, `"precision_m":-1,"kind"`), "precision_m is negative"},
		"a lead for a line": {
			pack("pack.json", `{"name":"t","version":"1","zones":["z.json"],"sectors":"s.json"}`, "z.json",
				head+`{"type":"Feature","properties":{"id":"l","kind":"x",`+names3+`},"geometry":{"type":"LineString","coordinates":[[121,24],[122,24]]}}`+tail,
				"s.json", `{"sectors":[{"zone":"l","lead":"jp"}]}`), "z.json:2: l: the lead table names a zone that is not an area",
		},
		"a lead for nowhere": {
			pack("pack.json", `{"name":"t","version":"1","zones":["z.json"],"sectors":"s.json"}`, "z.json", head+good+tail,
				"s.json", `{"sectors":[{"zone":"x","lead":"jp"}]}`), "s.json: x: the lead table names a zone that is not in the pack",
		},
		"a lead without a party": {
			pack("pack.json", `{"name":"t","version":"1","zones":["z.json"],"sectors":"s.json"}`, "z.json", head+good+tail,
				"s.json", `{"sectors":[{"zone":"a","lead":""}]}`), "is not a party",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := zone.Parse(test.pack)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
	if _, err := zone.Parse(one(good)); err != nil {
		t.Errorf("the sample that the others spoil: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(manifest), []byte(head+good+tail))
	f.Add([]byte(manifest), []byte(head+strings.Replace(good, "[121,24]]]", "[121,24],[null]]]", 1)+tail))
	f.Add([]byte(`{"name":"t","version":"1","zones":["z.json"],"sectors":"pack.json"}`), []byte(head+tail))
	f.Add([]byte(manifest), []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"s","kind":"x","nm":12,"from":["s"]},"geometry":null}]}`))
	f.Add([]byte(manifest), []byte(head+`{"type":"Feature","properties":{"id":"m","kind":"x",`+names3+`},"geometry":{"type":"MultiPolygon","coordinates":[[[[179,10],[-179,10],[-179,11],[179,10]]],[]]}}`+tail))
	f.Fuzz(func(t *testing.T, manifest, zones []byte) {
		set, err := zone.Parse(zone.Pack{Files: []zone.File{{Name: "pack.json", Data: manifest}, {Name: "z.json", Data: zones}}})
		if err != nil {
			if set != nil || err.Error() == "" {
				t.Fatalf("error %v comes with a set", err)
			}
			return
		}
		p, q := at(24.5, 121.5), at(24.6, -179.9)
		set.At(p, nil)
		set.Crossings(p, at(23, 122), nil)
		for _, z := range set.Zones() {
			set.Contains(z.ID, q)
			if d, ok := set.Distance(z.ID, p); !ok || !(d >= 0) {
				t.Fatalf("Distance(%s) = %v, %v", z.ID, d, ok)
			}
			if _, err := set.GeoJSON(z.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}
