// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package policies_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
	"github.com/kuroshio-watch/kuroshio/packs/policies"
)

// shipped reads every shipped policy against the zones of the shipped pack.
func shipped(t *testing.T) (map[string]*release.Policy, []zone.ID) {
	t.Helper()
	pack, err := packs.Load(packs.Default)
	if err != nil {
		t.Fatal(err)
	}
	zones, err := zone.Parse(pack.Zones)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]*release.Policy)
	var named []zone.ID
	for _, name := range policies.Names() {
		text, ok := policies.Text(name)
		if !ok {
			t.Fatalf("Text(%q) is not there", name)
		}
		p, err := release.Parse(name, text, func(id zone.ID) bool { _, ok := zones.Zone(id); return ok })
		if err != nil {
			t.Fatal(err)
		}
		list[name] = p
		named = append(named, p.Zones()...)
	}
	slices.Sort(named)
	return list, slices.Compact(named)
}

func TestEveryPolicyIsGood(t *testing.T) {
	list, _ := shipped(t)
	for _, name := range []string{"coast-guard", "demo-cell", "demo-jp", "demo-tw", "distress", "gap-air", "joint-staff", "national-bulletin", "search-and-rescue"} {
		if list[name] == nil {
			t.Errorf("%s is not shipped", name)
		}
	}
	if _, ok := policies.Text("none"); ok {
		t.Error("Text of an unknown name is there")
	}
}

func TestPoliciesDoWhatTheirTextsSay(t *testing.T) {
	list, _ := shipped(t)
	air := release.Facts{Kind: record.KindTrack, Domain: plot.Air, Standard: "suspect", Sources: 1 << plot.Radar, Zones: []zone.ID{"adiz_jp", "gap_c"}, Age: time.Hour}
	sea := air
	sea.Domain = plot.Sea
	as := func(f release.Facts, to party.ID, change func(*release.Facts)) release.Facts {
		f.To = to
		if change != nil {
			change(&f)
		}
		return f
	}
	tests := map[string]struct {
		policy string
		facts  release.Facts
		grid   uint32 // 0: stays home
		delay  time.Duration
		height bool
	}{
		"it handles the neighbour's aircraft":       {"gap-air", as(air, "jp", nil), 5000, time.Minute, true},
		"it handles a pending one":                  {"gap-air", as(air, "jp", func(f *release.Facts) { f.Standard = "pending" }), 5000, time.Minute, true},
		"it handles one far from the gap":           {"gap-air", as(air, "jp", func(f *release.Facts) { f.Zones = nil }), 0, 0, false},
		"it handles one with ADS-B":                 {"gap-air", as(air, "jp", func(f *release.Facts) { f.Sources |= 1 << plot.ADSB }), 0, 0, false},
		"it handles a third party":                  {"gap-air", as(air, "cell", nil), 0, 0, false},
		"it handles vessels in the air's policy":    {"gap-air", as(sea, "jp", nil), 0, 0, false},
		"it handles the daily record":               {"joint-staff", as(air, "tw", nil), 10_000, 24 * time.Hour, false},
		"it handles the daily record of unknowns":   {"joint-staff", as(air, "tw", func(f *release.Facts) { f.Standard = "unknown" }), 0, 0, false},
		"it handles a suspect vessel":               {"coast-guard", as(sea, "jp", nil), 10, 0, false},
		"it handles an unknown vessel by AIS alone": {"coast-guard", as(sea, "jp", func(f *release.Facts) { f.Standard, f.Sources = "unknown", 1<<plot.AIS }), 10, 0, false},
		"it handles a merchant vessel":              {"coast-guard", as(sea, "jp", func(f *release.Facts) { f.Standard = "neutral" }), 10, 0, false},
		"it handles a ship of our own":              {"coast-guard", as(sea, "jp", func(f *release.Facts) { f.Standard = "friend" }), 0, 0, false},
		"it handles a bulletin's single track":      {"national-bulletin", as(air, "jp", nil), 0, 0, false},
		"it handles a case of distress":             {"search-and-rescue", as(air, "jp", func(f *release.Facts) { f.Rescue = true }), 10, 0, true},
		"it handles what is no case":                {"search-and-rescue", as(air, "jp", func(f *release.Facts) { f.Emergency = true }), 0, 0, false},
		"it handles distress alone":                 {"distress", as(air, "jp", func(f *release.Facts) { f.Rescue = true }), 0, 0, false},
		"it handles aircraft in the sea's policy":   {"coast-guard", as(air, "jp", nil), 0, 0, false},
		"it handles the demonstration's neighbour":  {"demo-tw", as(air, "jp", nil), 5000, time.Minute, true},
		"it handles the demonstration's cell":       {"demo-tw", as(air, "cell", nil), 20_000, 5 * time.Minute, false},
		"it handles the demonstration's other side": {"demo-jp", as(air, "tw", nil), 5000, time.Minute, true},
		"it handles the cell itself":                {"demo-cell", as(air, "tw", nil), 0, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := list[tt.policy].Decide(&tt.facts)
			if d.Allow != (tt.grid > 0) || d.Then.GridM != tt.grid || d.Then.Delay != tt.delay || (d.Then.Fields&release.FieldHeight != 0) != tt.height {
				t.Errorf("%s", release.ExplainText(list[tt.policy], &tt.facts))
			}
		})
	}
}

// TestCivilTrafficStaysHome holds of every policy that no track of known
// harmless traffic leaves, whatever else is so, nor any to a stranger. The coast
// guards tell each other of all ships but their own; of a distress case all is
// told.
func TestCivilTrafficStaysHome(t *testing.T) {
	list, named := shipped(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(policies.Names()).Draw(rt, "policy")
		f := release.Facts{
			To: rapid.SampledFrom([]party.ID{"jp", "tw", "cell", "xx"}).Draw(rt, "to"), Kind: record.KindTrack,
			Domain: plot.Domain(rapid.IntRange(0, 2).Draw(rt, "domain")), Standard: rapid.SampledFrom(record.Standards()).Draw(rt, "standard"),
			Sources: rapid.Uint8Range(0, 63).Draw(rt, "sources"), Exercise: rapid.Bool().Draw(rt, "exercise"),
			Emergency: rapid.Bool().Draw(rt, "emergency"), Age: time.Duration(rapid.IntRange(0, 1e5).Draw(rt, "age")) * time.Second,
			Zones: rapid.SliceOfDistinct(rapid.SampledFrom(named), rapid.ID[zone.ID]).Draw(rt, "zones"),
		}
		f.Rescue = name != "search-and-rescue" && rapid.Bool().Draw(rt, "rescue")
		d := list[name].Decide(&f)
		ships := name == "coast-guard" && f.Domain == plot.Sea
		civil := f.Standard == "friend" || f.Standard == "assumed-friend" || f.Standard == "neutral" && !ships
		if d.Allow && (civil || f.To == "xx" || f.To == list[name].Party) {
			rt.Fatalf("%s lets it go:\n%s", name, release.ExplainText(list[name], &f))
		}
		if d.Allow && !ships && (d.Then.GridM < 2000 || d.Then.Bin < time.Minute || d.Then.Delay < time.Minute || d.Then.Slot == 0) {
			rt.Fatalf("%s is too fine or too soon:\n%s", name, release.ExplainText(list[name], &f))
		}
	})
}
