// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// goodFile is a policy whose lines the tests change; line 9 is [[rule]].
const goodFile = `version = 1
party = "tw"
distress = true
[label]
policy = "test"
classification = "releasable"
purpose = "gap-coordination"
retention = "720h"
[[rule]]
id = "gap"
effect = "allow"
to = ["jp"]
kinds = ["track"]
[rule.when]
zones = ["gap_c"]
domain = "air"
identity = ["unknown"]
source = ["radar"]
exercise = true
min_age = "1m"
max_age = "1h"
[rule.then]
grid = "5km"
height_band = "1000ft"
time_bin = "60s"
slot = "30s"
delay = "60s"
fields = ["identity", "height"]
onward = ["cell"]
retention = "1h"
`

func TestParseSaysWhereAndWhat(t *testing.T) {
	if _, err := release.Parse("p.toml", []byte(goodFile), knownZone); err != nil {
		t.Fatalf("Parse of the good file: %v", err)
	}
	line := func(n int) string { return strings.Split(goodFile, "\n")[n-1] }
	tests := map[string]struct {
		line  int // whose text is replaced
		with  string
		where string
		what  string
	}{
		"it handles an unknown key":               {3, `colour = "red"`, "p.toml:3:", "colour"},
		"it handles an unknown key of a rule":     {16, `weapon = "none"`, "p.toml:16:", "weapon"},
		"it handles no TOML":                      {3, `distress = `, "p.toml:3:", "start of value"},
		"it handles a wrong type":                 {1, `version = "one"`, "p.toml:1:", "Version of type int"},
		"it handles no version":                   {1, ``, "p.toml:1:", "version"},
		"it handles a bad party":                  {2, `party = "T W"`, "p.toml:2:", "party"},
		"it handles an incomplete label":          {6, ``, "p.toml:4:", "without a label nothing leaves"},
		"it handles a label without retention":    {8, ``, "p.toml", "retention"},
		"it handles an endless retention":         {8, `retention = "999999h"`, "p.toml:8:", "ten years"},
		"it handles a rule without id":            {10, ``, "p.toml:9:", "id"},
		"it handles a bad id":                     {10, `id = "Gap"`, "p.toml:10:", "letter"},
		"it handles an unknown effect":            {11, `effect = "maybe"`, "p.toml:11:", "allow or deny"},
		"it handles a rule to nobody":             {12, ``, "p.toml:9:", "name the partners"},
		"it handles a rule to oneself":            {12, `to = ["tw"]`, "p.toml:12:", "own party"},
		"it handles a bad partner":                {12, `to = ["J P"]`, "p.toml:12:", "party"},
		"it handles no kind":                      {13, `kinds = []`, "p.toml:13:", "kinds"},
		"it handles an unknown kind":              {13, `kinds = ["weapon"]`, "p.toml:13:", "weapon"},
		"it handles distress as a kind":           {13, `kinds = ["distress"]`, "p.toml:13:", "distress"},
		"it handles an unknown zone":              {15, `zones = ["gap_c", "atlantis"]`, "p.toml:15:", "atlantis"},
		"it handles zones that were emptied":      {15, `zones = []`, "p.toml:15:", "empty list"},
		"it handles identities that were emptied": {17, `identity = []`, "p.toml:17:", "empty list"},
		"it handles sources that were emptied":    {18, `source = []`, "p.toml:18:", "empty list"},
		"it handles an unknown domain":            {16, `domain = "space"`, "p.toml:16:", "air or sea"},
		"it handles a forbidden identity":         {17, `identity = ["hostile"]`, "p.toml:17:", "hostile"},
		"it handles an unknown source":            {18, `source = ["rumour"]`, "p.toml:18:", "rumour"},
		"it handles a bad least age":              {20, `min_age = "-1m"`, "p.toml:20:", "min_age"},
		"it handles a bad greatest age":           {21, `max_age = "old"`, "p.toml:21:", "max_age"},
		"it handles tracks without grid":          {23, ``, "p.toml:9:", "position grid"},
		"it handles a grid without unit":          {23, `grid = "5"`, "p.toml:23:", "whole number"},
		"it handles a grid of nothing":            {23, `grid = "0km"`, "p.toml:23:", "above zero"},
		"it handles a grid too fine":              {23, `grid = "5m"`, "p.toml:23:", "10 m to 500 km"},
		"it handles a grid in feet":               {23, `grid = "500ft"`, "p.toml:23:", "whole number"},
		"it handles a band in metres":             {24, `height_band = "300m"`, "p.toml:24:", "ft"},
		"it handles a band too wide":              {24, `height_band = "9999999ft"`, "p.toml:24:", "100000 ft"},
		"it handles tracks without time bin":      {25, ``, "p.toml:9:", "time bin"},
		"it handles a time bin too fine":          {25, `time_bin = "10ms"`, "p.toml:25:", "1s to 24h"},
		"it handles tracks without slot":          {26, ``, "p.toml:9:", "sending slot"},
		"it handles no delay":                     {27, ``, "p.toml:9:", "say the delay"},
		"it handles a delay past the clock's end": {27, `delay = "2560000h"`, "p.toml:27:", "ten years"},
		"it handles an unknown field":             {28, `fields = ["position"]`, "p.toml:28:", "position"},
		"it handles height without band":          {24, ``, "p.toml:28:", "height band"},
		"it handles a bad onward mark":            {29, `onward = ["?"]`, "p.toml:29:", "party"},
		"it handles a bad rate":                   {30, `rate = "99h"`, "p.toml:30:", "48h"},
		"it handles an area that was emptied":     {30, `area = []`, "p.toml:30:", "empty list"},
		"it handles an unknown area":              {30, `area = ["atlantis"]`, "p.toml:30:", "atlantis"},
		"it handles counts without the count":     {30, `count_only = true`, "p.toml:30:", "field count"},
		"it handles near without a place":         {28, `fields = ["near"]`, "p.toml:28:", "[[place]]"},
		"it handles distress off without reason":  {3, `distress = false`, "p.toml", "say why"},
		"it handles a reason with distress on":    {3, `distress_reason = "none"`, "p.toml:3:", "distress leaves"},
		"it handles words without ours":           {8, "retention = \"1h\"\nhandling = [\"other\"]", "p.toml:9:", "releasable"},
		"it handles a word twice":                 {8, "retention = \"1h\"\nhandling = [\"releasable\", \"releasable\"]", "p.toml:9:", "twice"},
		"it handles a place without position":     {8, "retention = \"1h\"\n[[place]]\nname = \"Keelung\"\nlat = 25.1", "p.toml:10:", "lat and lon"},
		"it handles a place nowhere":              {8, "retention = \"1h\"\n[[place]]\nname = \"Keelung\"\nlat = 95.1\nlon = 1", "p.toml:10:", "no such position"},
		"it handles a place without name":         {8, "retention = \"1h\"\n[[place]]\nlat = 25.1\nlon = 1", "p.toml:9:", "name"},
		"it handles an equivalent to no word":     {8, "retention = \"1h\"\n[[equivalent]]\nparty = \"jp\"\npolicy = \"j\"\nclassification = \"c\"\nours = \"x\"", "p.toml:13:", "ours"},
		"it handles an equivalent of nothing":     {8, "retention = \"1h\"\n[[equivalent]]\nparty = \"jp\"\nours = \"releasable\"", "p.toml:11:", "policy and classification"},
		"it handles no time to keep":              {30, `retention = "0s"`, "p.toml:30:", "above zero"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(goodFile, "\n")
			lines[tt.line-1] = tt.with
			p, err := release.Parse("p.toml", []byte(strings.Join(lines, "\n")), knownZone)
			if !errors.Is(err, release.ErrPolicy) || p != nil {
				t.Fatalf("Parse with %q for %q = %v, %v, want ErrPolicy", tt.with, line(tt.line), p, err)
			}
			if !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), tt.what) {
				t.Errorf("Parse = %v, want it to say %s and %q", err, tt.where, tt.what)
			}
		})
	}
}

func knownZone(id zone.ID) bool { return strings.HasPrefix(string(id), "gap_") }

func TestParseBoundsThePolicy(t *testing.T) {
	long := func(n int, zones, to string) string {
		text := head
		for i := range n {
			z := zones
			if z == "?" {
				z = fmt.Sprintf("gap_%d_a gap_%d_b", i, i)
			}
			p := to
			if p == "?" {
				p = fmt.Sprintf("p%d", i)
			}
			text += ruleText(fmt.Sprintf("r%d", i), "allow", p, "track", "zones = ["+quoted(z)+"]", gapTerms.text())
		}
		return text
	}
	twice := head + strings.Repeat(ruleText("same", "deny", "jp", "track", "", ""), 2)
	tests := map[string]struct{ text, what string }{
		"it handles 64 rules":       {long(64, "gap_c", "jp"), ""},
		"it handles 65 rules":       {long(65, "gap_c", "jp"), "at most 64"},
		"it handles 64 zones":       {long(32, "?", "jp"), ""},
		"it handles 66 zones":       {long(33, "?", "jp"), "more than 64 zones"},
		"it handles 32 parties":     {long(32, "gap_c", "?"), ""},
		"it handles 33 parties":     {long(33, "gap_c", "?"), "more than 32 parties"},
		"it handles the same twice": {twice, `test.toml:18: rule "same": id: stands twice`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := release.Parse("test.toml", []byte(tt.text), nil)
			if (err == nil) != (tt.what == "") || (err != nil && !strings.Contains(err.Error(), tt.what)) {
				t.Errorf("Parse = %v, want %q", err, tt.what)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add([]byte(head))
	f.Add([]byte(twentyRules()))
	f.Add([]byte("version = 1\n[[rule]]\nid = \"x\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := release.Parse("fuzz.toml", b, nil)
		if err != nil {
			if !errors.Is(err, release.ErrPolicy) {
				t.Fatalf("Parse = %v, want ErrPolicy", err)
			}
			return
		}
		// A policy that was taken decides, and what it allows of a track is coarse.
		for _, kind := range []record.Kind{record.KindTrack, record.KindIncident, record.KindPosture} {
			facts := release.Facts{To: "jp", Kind: kind, Domain: plot.Air, Standard: "unknown", Sources: 1 << plot.Radar, Zones: p.Zones()}
			d := p.Decide(&facts)
			if d.Allow && kind != record.KindPosture && (d.Then.Bin <= 0 || (kind == record.KindTrack && d.Then.GridM == 0)) {
				t.Fatalf("%s allowed without grid or bin: %+v", kind, d.Then)
			}
			if d.Allow && d.Then.Retention <= 0 {
				t.Fatalf("allowed without retention: %+v", d.Then)
			}
		}
	})
}
