// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// plain is a rule as a reader of the file would apply it.
type plain struct {
	id               string
	deny             bool
	to, kinds, zones []string
	identity, source []string
	domain           string
	exercise         string // "", "true", "false"
	emergency        bool
	minAge, maxAge   time.Duration
	terms            terms
	band             int
	fields, onward   []string
	rate             time.Duration
	area             []string // nil: not cut
	countOnly        bool
	retention        time.Duration
}

func some(rt *rapid.T, label string, of []string, least int) []string {
	list := rapid.SliceOfNDistinct(rapid.SampledFrom(of), least, len(of), rapid.ID[string]).Draw(rt, label)
	slices.Sort(list)
	return list
}

func drawPlain(rt *rapid.T, i int) plain {
	r := plain{
		id: fmt.Sprintf("r%d", i), deny: rapid.IntRange(0, 9).Draw(rt, "deny") == 9,
		to: []string{"cell", "jp"}, kinds: []string{"incident", "posture", "track"},
		terms: drawTerms(rt, ""), band: rapid.SampledFrom([]int{0, 1000, 5000}).Draw(rt, "band"),
		onward: some(rt, "onward", []string{"jp", "cell", "cn"}, 0), retention: time.Duration(rapid.IntRange(1, 3).Draw(rt, "retention")) * time.Hour,
	}
	if rapid.IntRange(0, 3).Draw(rt, "narrow") == 3 { // most rules meet, so that they combine
		r.to, r.kinds = some(rt, "to", r.to, 1), some(rt, "kinds", r.kinds, 1)
		r.domain = rapid.SampledFrom([]string{"", "air", "sea"}).Draw(rt, "domain")
		r.exercise = rapid.SampledFrom([]string{"", "", "true", "false"}).Draw(rt, "exercise")
		r.emergency = rapid.IntRange(0, 5).Draw(rt, "emergency") == 0
		r.minAge = time.Duration(rapid.IntRange(0, 1).Draw(rt, "min age")) * time.Minute
		r.maxAge = time.Duration(rapid.IntRange(0, 1).Draw(rt, "max age")) * time.Hour
		r.zones = some(rt, "zones", []string{"gap_n", "gap_c", "gap_s"}, 0)
		r.identity = some(rt, "identity", []string{"unknown", "suspect", "friend"}, 0)
		r.source = some(rt, "source", []string{"radar", "adsb", "ais"}, 0)
	}
	names := []string{"identity", "type", "course", "zone", "count"}
	if r.band > 0 {
		names = append(names, "height")
	}
	r.fields = some(rt, "fields", names, 0)
	r.rate = time.Duration(rapid.IntRange(0, 2).Draw(rt, "rate")) * time.Hour
	if rapid.IntRange(0, 3).Draw(rt, "cut") == 3 {
		r.area = some(rt, "area", []string{"gap_n", "gap_c", "gap_s"}, 1)
	}
	r.countOnly = slices.Contains(r.fields, "count") && rapid.IntRange(0, 3).Draw(rt, "count only") == 3
	return r
}

func (r plain) text() string {
	effect := "allow"
	if r.deny {
		effect = "deny"
	}
	list := func(l []string) string { return "[" + quoted(strings.Join(l, " ")) + "]" }
	when := fmt.Sprintf("emergency = %t\nmin_age = %q\n", r.emergency, r.minAge)
	for _, l := range []struct {
		key  string
		list []string
	}{{"zones", r.zones}, {"identity", r.identity}, {"source", r.source}} {
		if len(l.list) > 0 {
			when += l.key + " = " + list(l.list) + "\n"
		}
	}
	if r.domain != "" {
		when += fmt.Sprintf("domain = %q\n", r.domain)
	}
	if r.exercise != "" {
		when += "exercise = " + r.exercise + "\n"
	}
	if r.maxAge > 0 {
		when += fmt.Sprintf("max_age = %q\n", r.maxAge)
	}
	then := fmt.Sprintf("grid = \"%dm\"\ntime_bin = %q\nslot = %q\ndelay = %q\nfields = %s\nonward = %s\nretention = %q\n",
		r.terms.grid, r.terms.bin, r.terms.slot, r.terms.delay, list(r.fields), list(r.onward), r.retention)
	if r.area != nil {
		then += "area = " + list(r.area) + "\n"
	}
	then += fmt.Sprintf("rate = %q\ncount_only = %t\n", r.rate, r.countOnly)
	if r.band > 0 {
		then += fmt.Sprintf("height_band = \"%dft\"\n", r.band)
	}
	return ruleText(r.id, effect, strings.Join(r.to, " "), strings.Join(r.kinds, " "), when, then)
}

func (r plain) matches(f *release.Facts) bool {
	meets := func(want []string, have ...string) bool {
		return len(want) == 0 || slices.ContainsFunc(have, func(h string) bool { return slices.Contains(want, h) })
	}
	var zones, sources []string
	for _, z := range f.Zones {
		zones = append(zones, string(z))
	}
	for k := plot.Radar; k <= plot.AIS; k++ {
		if f.Sources&(1<<k) != 0 {
			sources = append(sources, k.String())
		}
	}
	return slices.Contains(r.to, string(f.To)) && slices.Contains(r.kinds, f.Kind.String()) && meets(r.zones, zones...) &&
		meets(r.identity, f.Standard) && meets(r.source, sources...) && (r.domain == "" || r.domain == f.Domain.String()) &&
		(r.exercise == "" || r.exercise == fmt.Sprint(f.Exercise)) && (!r.emergency || f.Emergency) &&
		f.Age >= r.minAge && (r.maxAge == 0 || f.Age <= r.maxAge)
}

func drawFacts(rt *rapid.T) release.Facts {
	f := release.Facts{
		To:   rapid.SampledFrom([]party.ID{"jp", "cell", "cn"}).Draw(rt, "to"),
		Kind: rapid.SampledFrom([]record.Kind{record.KindTrack, record.KindIncident, record.KindPosture, record.KindLink}).Draw(rt, "kind"),
		// The zero Domain and the empty Standard are unknown.
		Domain:   plot.Domain(rapid.IntRange(0, 2).Draw(rt, "domain")),
		Standard: rapid.SampledFrom([]string{"", "unknown", "suspect", "friend", "neutral"}).Draw(rt, "standard"),
		Exercise: rapid.Bool().Draw(rt, "exercise"), Emergency: rapid.Bool().Draw(rt, "emergency"),
		Age: time.Duration(rapid.IntRange(0, 7200).Draw(rt, "age")) * time.Second,
	}
	for _, z := range some(rt, "in zones", []string{"gap_n", "gap_c", "gap_s", "elsewhere"}, 0) {
		f.Zones = append(f.Zones, zone.ID(z))
	}
	for k := plot.Radar; k <= plot.AIS; k++ {
		if rapid.Bool().Draw(rt, "seen by "+k.String()) {
			f.Sources |= 1 << k
		}
	}
	return f
}

// both returns what stands in both lists, in the order of the first.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// TestDecideAgreesWithAPlainReading compares with the table read line by line:
// deny wins, no permit is a denial, several permits give the strictest of each.
func TestDecideAgreesWithAPlainReading(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rules []plain
		text := head
		for i := range rapid.IntRange(0, 8).Draw(rt, "rules") {
			rules = append(rules, drawPlain(rt, i))
			text += rules[i].text()
		}
		p := policy(rt, text)
		f := drawFacts(rt)
		got := p.Decide(&f)
		var allow, deny []string
		var sum plain
		for _, r := range rules {
			switch {
			case !r.matches(&f):
			case r.deny:
				deny = append(deny, r.id)
			case len(allow) == 0:
				allow, sum = append(allow, r.id), r
			default:
				allow = append(allow, r.id)
				sum.terms = terms{max(sum.terms.grid, r.terms.grid), max(sum.terms.bin, r.terms.bin), max(sum.terms.slot, r.terms.slot), max(sum.terms.delay, r.terms.delay)}
				sum.rate, sum.countOnly = max(sum.rate, r.rate), sum.countOnly || r.countOnly
				switch {
				case sum.area == nil:
					sum.area = r.area
				case r.area != nil:
					sum.area = append([]string{}, both(sum.area, r.area)...)
				}
				sum.fields, sum.onward, sum.retention = both(sum.fields, r.fields), both(sum.onward, r.onward), min(sum.retention, r.retention)
				if sum.band = max(sum.band, r.band) * min(1, sum.band, r.band); sum.band == 0 {
					sum.fields = both(sum.fields, []string{"identity", "type", "course", "zone", "count"})
				}
			}
		}
		if len(deny) > 0 || len(allow) == 0 {
			if got.Allow || (len(deny) > 0 && !cmp.Equal(p.Rules(got), deny)) || (len(rules) > 0 && len(deny) == 0 && got.Reason != release.NoRule) {
				rt.Fatalf("Decide = %+v by %v, want a denial by %v", got, p.Rules(got), deny)
			}
			return
		}
		inside := sum.area == nil || slices.ContainsFunc(f.Zones, func(z zone.ID) bool { return slices.Contains(sum.area, string(z)) })
		switch pictured := f.Kind == record.KindTrack || f.Kind == record.KindIncident; {
		case f.Kind == record.KindTrack && sum.countOnly:
			if got.Allow || got.Reason != release.CountsOnly {
				rt.Fatalf("Decide = %+v, want counts only", got)
			}
			return
		case pictured && !inside:
			if got.Allow || got.Reason != release.OutsideArea {
				rt.Fatalf("Decide = %+v, want outside of %v", got, sum.area)
			}
			return
		}
		if !got.Allow || !cmp.Equal(p.Rules(got), allow) {
			rt.Fatalf("Decide = %+v by %v, want a permit by %v", got, p.Rules(got), allow)
		}
		o := got.Then
		if have := (terms{o.GridM, o.Bin, o.Slot, o.Delay}); have != sum.terms || int(o.BandFt) != sum.band || o.Retention != sum.retention {
			rt.Fatalf("obligations = %+v, want %+v", o, sum)
		}
		v := p.View(o)
		if o.Rate != sum.rate || o.CountOnly != sum.countOnly || !sameSet(v.Area, sum.area) {
			rt.Fatalf("rate %v count only %t area %v, want %v %t %v", o.Rate, o.CountOnly, v.Area, sum.rate, sum.countOnly, sum.area)
		}
		onward := []string{}
		for _, id := range p.Onward(o) {
			onward = append(onward, string(id))
		}
		slices.Sort(onward)
		if !cmp.Equal(onward, append([]string{}, sum.onward...)) || !sameSet(o.Fields.Names(), sum.fields) {
			rt.Fatalf("fields %v onward %v, want %v %v", o.Fields.Names(), onward, sum.fields, sum.onward)
		}
	})
}

func sameSet(a, b []string) bool { return len(a) == len(b) && len(both(a, b)) == len(a) }

func TestZeroValuesDeny(t *testing.T) {
	f := release.Facts{To: "jp", Kind: record.KindTrack}
	for name, p := range map[string]*release.Policy{"it handles nil": nil, "it handles the zero Policy": {}} {
		if d := p.Decide(&f); d.Allow || d.Reason != release.NoPolicy {
			t.Errorf("%s: Decide = %+v, want a denial for want of a policy", name, d)
		}
	}
	if (release.Decision{}).Allow {
		t.Error("the zero Decision is a permit")
	}
}

func ExamplePolicy_Decide() {
	p, err := release.Parse("gap.toml", []byte(pictureRule(gapTerms)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := release.Facts{To: "jp", Kind: record.KindTrack, Domain: plot.Air, Standard: "unknown"}
	d := p.Decide(&f)
	fmt.Println(d.Allow, d.Reason, p.Rules(d), d.Then.GridM, "m", d.Then.Delay)
	f.To = "cell"
	d = p.Decide(&f)
	fmt.Println(d.Allow, d.Reason)
	// Output:
	// true allowed [picture] 5000 m 1m0s
	// false no-rule
}

// twentyRules is a policy as long as a real one gets.
func twentyRules() string {
	text := head
	for i := range 20 {
		effect, when := "allow", fmt.Sprintf("domain = \"air\"\nidentity = [\"unknown\", \"suspect\"]\nzones = [\"gap_n\", \"gap_c\", \"gap_s\", \"zone_%d\"]", i)
		if i%5 == 0 {
			effect = "deny"
			when = `identity = ["friend", "neutral"]`
		}
		text += ruleText(fmt.Sprintf("rule-%d", i), effect, "jp cell", "track incident", when, gapTerms.text())
	}
	return text
}

func BenchmarkDecide(b *testing.B) {
	p := policy(b, twentyRules())
	f := release.Facts{To: "jp", Kind: record.KindTrack, Domain: plot.Air, Standard: "suspect", Sources: 1 << plot.Radar, Zones: []zone.ID{"adiz_tw", "fir_rcaa", "gap_c", "zone_19"}}
	b.ReportAllocs()
	for b.Loop() {
		if d := p.Decide(&f); !d.Allow {
			b.Fatal("denied")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}

func BenchmarkObserve(b *testing.B) {
	var text strings.Builder
	text.WriteString(head)
	for _, to := range []string{"aa", "bb", "cc"} {
		text.WriteString(ruleText("to-"+to, "allow", to, "track", `zones = ["gap_c"]`, gapTerms.text()))
	}
	d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"aa", "bb", "cc"}, IDs: ids})
	d.SetPolicy(policy(b, text.String()))
	pic := &picture{zones: func(geo.Point) []zone.ID { return []zone.ID{"adiz_tw", "gap_c"} }}
	for n := range 1000 {
		pic.tracks = append(pic.tracks, airTrack(track.Number(n+1), geo.Point{LatDeg: 20 + float64(n)/200, LonDeg: 122}))
	}
	pic.at = func(n track.Number, _ time.Time) (geo.Point, bool) { return pic.tracks[n-1].Pos, true }
	now := start
	reports := 0
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		d.Observe(now, pic.sources())
		out, _ := d.Due(now, pic.sources())
		reports += len(out)
	}
	b.ReportMetric(float64(reports)/b.Elapsed().Seconds(), "reports/s")
}

// TestEachConditionCounts meets and misses every condition of a rule, one at a
// time.
func TestEachConditionCounts(t *testing.T) {
	good := release.Facts{
		To: "jp", Kind: record.KindTrack, Domain: plot.Air, Standard: "unknown", Sources: 1<<plot.Radar | 1<<plot.ADSB,
		Zones: []zone.ID{"elsewhere", "gap_c"}, Exercise: true, Emergency: true, Rescue: true, Age: time.Hour,
	}
	tests := map[string]struct {
		when string
		miss func(*release.Facts)
	}{
		"it handles partner":   {"", func(f *release.Facts) { f.To = "cell" }},
		"it handles kind":      {"", func(f *release.Facts) { f.Kind = record.KindIncident }},
		"it handles zones":     {`zones = ["gap_n", "gap_c"]`, func(f *release.Facts) { f.Zones = f.Zones[:1] }},
		"it handles domain":    {`domain = "air"`, func(f *release.Facts) { f.Domain = 0 }},
		"it handles identity":  {`identity = ["suspect", "unknown"]`, func(f *release.Facts) { f.Standard = "" }},
		"it handles source":    {`source = ["adsb", "ais"]`, func(f *release.Facts) { f.Sources = 1 << plot.Radar }},
		"it handles exercise":  {`exercise = true`, func(f *release.Facts) { f.Exercise = false }},
		"it handles emergency": {`emergency = true`, func(f *release.Facts) { f.Emergency = false }},
		"it handles rescue":    {`rescue = true`, func(f *release.Facts) { f.Rescue = false }},
		"it handles min_age":   {`min_age = "1h"`, func(f *release.Facts) { f.Age-- }},
		"it handles max_age":   {`max_age = "1h"`, func(f *release.Facts) { f.Age++ }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := policy(t, head+ruleText("one", "allow", "jp", "track", tt.when, gapTerms.text()))
			f := good
			if d := p.Decide(&f); !d.Allow {
				t.Errorf("a case that meets %q: %+v, want a permit", tt.when, d)
			}
			tt.miss(&f)
			if d := p.Decide(&f); d.Allow || d.Reason != release.NoRule {
				t.Errorf("a case that misses %q: %+v, want no rule", tt.when, d)
			}
		})
	}
	live := policy(t, head+ruleText("live", "allow", "jp", "track", "exercise = false", gapTerms.text()))
	if d := live.Decide(&good); d.Allow {
		t.Error("an exercise passed a rule for what is live")
	}
}
