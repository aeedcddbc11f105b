// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

func ExampleDescribe() {
	p, err := release.Parse("gap.toml", []byte(goodFile), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, text, _ := strings.Cut(release.Describe(p), "\n") // the first line holds the file's hash
	fmt.Print(text)
	// Output:
	// label: test, releasable, for gap-coordination, to be kept 720h
	// distress: leaves without a rule
	// rules: 1; what none allows stays home, and one that denies wins
	//
	// gap: allow track to jp
	//   when domain air; identity unknown; zone gap_c; source radar; exercise; age at least 1m; age at most 1h
	//   then position grid 5000 m; height band 1000 ft; time bin 1m; sending slot 30s; delay 1m; to be kept 1h; fields identity, height; may be passed on to cell
}

func ExampleExplainText() {
	p, err := release.Parse("gap.toml", []byte(pictureRule(gapTerms)+ruleText("known", "deny", "jp", "track", `identity = ["friend"]`, "")), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := release.Facts{
		To: "jp", Kind: record.KindTrack, Domain: plot.Air, Standard: "unknown", Sources: 1 << plot.Radar,
		Zones: []zone.ID{"gap_c"}, Age: 10 * time.Minute,
	}
	fmt.Print(release.ExplainText(p, &f))
	f.Standard = "friend"
	fmt.Print(release.ExplainText(p, &f))
	// Output:
	// case: track to jp; air; identity unknown; seen by radar; in gap_c; age 10m; live
	//   picture (allow) matches
	//   known (deny) does not match: identity
	// decision: leaves by picture
	//   position grid 5000 m
	//   height band 1000 ft
	//   time bin 1m
	//   sending slot 30s
	//   delay 1m
	//   to be kept 720h
	//   fields identity, type, course, speed, height, callsign, zone, rule, count
	//   not to be passed on
	// case: track to jp; air; identity friend; seen by radar; in gap_c; age 10m; live
	//   picture (allow) matches
	//   known (deny) matches
	// decision: stays home (denied) by known
}

func TestWordsAreThereWithoutAPolicy(t *testing.T) {
	f := release.Facts{To: "jp", Kind: record.KindTrack}
	if got := release.ExplainText(nil, &f); !strings.Contains(got, "stays home (no-policy)") {
		t.Errorf("ExplainText(nil) = %q", got)
	}
	if got := release.Describe(nil); !strings.Contains(got, "nothing leaves but distress") {
		t.Errorf("Describe(nil) = %q", got)
	}
}

// TestExplanationAgreesWithDecision holds that a rule is said to match if and
// only if it does.
func TestExplanationAgreesWithDecision(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rules []plain
		text := head
		for i := range rapid.IntRange(0, 6).Draw(rt, "rules") {
			rules = append(rules, drawPlain(rt, i))
			text += rules[i].text()
		}
		p := policy(rt, text)
		f := drawFacts(rt)
		lines := strings.Split(release.ExplainText(p, &f), "\n")
		for _, r := range rules {
			effect := "allow"
			if r.deny {
				effect = "deny"
			}
			if said := slices.Contains(lines, fmt.Sprintf("  %s (%s) matches", r.id, effect)); said != r.matches(&f) {
				rt.Fatalf("rule %s: said to match %t, but it is %t", r.id, said, r.matches(&f))
			}
		}
		d := p.Decide(&f)
		if leaves := strings.Contains(strings.Join(lines, "\n"), "decision: leaves by "); leaves != d.Allow {
			rt.Fatalf("said to leave %t, but Allow is %t", leaves, d.Allow)
		}
	})
}
