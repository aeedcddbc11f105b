// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

var (
	randomID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	notice   = regexp.MustCompile(`^[a-z]{2,}-[0-9a-f]{8}$`) // how a node calls a partner's notice
	spoken   = regexp.MustCompile(`^[A-Z]-[0-9]{3}$`)
	called   = regexp.MustCompile(`·[0-9a-f]{4}\b`) // how a message calls a partner's object
)

// normaliser replaces what two runs may differ in: random ids, and the spoken
// references made of them, become numbers in the order in which they appear;
// roots, sizes and wall times are blanked.
type normaliser struct{ ids map[string]string }

func (n *normaliser) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if k == "wall_s" || k == "root" {
				v[k] = nil
				continue
			}
			v[k] = n.value(v[k])
		}
	case []any:
		for i := range v {
			v[i] = n.value(v[i])
		}
	case string:
		if randomID.MatchString(v) || notice.MatchString(v) || spoken.MatchString(v) {
			if n.ids[v] == "" {
				n.ids[v] = fmt.Sprintf("random %d", len(n.ids))
			}
			return n.ids[v]
		}
		return called.ReplaceAllString(v, "·")
	}
	return v
}

// normal returns the report with nothing in it that may differ. The journal's
// sizes stay in only where both runs were undisturbed.
func normal(t *testing.T, raw []byte, change func(report map[string]any)) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(v)
	}
	b, err := json.MarshalIndent((&normaliser{make(map[string]string)}).value(v), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTwoRunsDifferOnlyInRandomIDsRootsSizesAndWallTimes plays the same twice.
func TestTwoRunsDifferOnlyInRandomIDsRootsSizesAndWallTimes(t *testing.T) {
	t.Parallel()
	a := of(t, short)
	b, err := play(demo.Config{Scenario: "short"}, 1)
	if err != nil {
		t.Fatalf("%v\n%s", err, logs(b))
	}
	sameReport(t, a.raw, b.raw, linksByTheWallClock)
}

// linksByTheWallClock blanks the size of the audit log. It holds the links' ups
// and downs, and both ends of a line may have dialled at once, or have heard
// nothing for a while on a busy machine.
func linksByTheWallClock(report map[string]any) {
	for _, id := range []party.ID{tw, jp, cell} {
		journal, _ := nodeOf(report, id)["journal"].(map[string]any)
		for _, l := range objects(journal["logs"]) {
			if l["direction"] == "audit" {
				blank(l, "size", "cosigned_size", "checkpoints")
			}
		}
	}
}

// TestNormalReportKeepsWhatMustNotDiffer holds the comparison itself.
func TestNormalReportKeepsWhatMustNotDiffer(t *testing.T) {
	const one = `{"wall_s":1,"a":["00112233445566778899aabbccddeeff","A-123"],"b":"00112233445566778899aabbccddeeff","n":1,"journal":{"root":"x"}}`
	for name, c := range map[string]struct {
		other string
		same  bool
	}{
		"other ids, references, roots and times": {`{"wall_s":2,"a":["ff112233445566778899aabbccddeeff","B-456"],"b":"ff112233445566778899aabbccddeeff","n":1,"journal":{"root":"y"}}`, true},
		"another number":                         {strings.Replace(one, `"n":1`, `"n":2`, 1), false},
		"an id of another object":                {strings.Replace(one, `"b":"00`, `"b":"01`, 1), false},
		"a text that is no id":                   {strings.Replace(one, `A-123`, `A-12`, 1), false},
	} {
		if got := normal(t, []byte(one), nil) == normal(t, []byte(c.other), nil); got != c.same {
			t.Errorf("%s: same = %v, want %v", name, got, c.same)
		}
	}
}

func sameReport(t *testing.T, want, got []byte, change func(map[string]any)) {
	t.Helper()
	if d := cmp.Diff(strings.Split(normal(t, want, change), "\n"), strings.Split(normal(t, got, change), "\n")); d != "" {
		t.Errorf("the reports differ (-first +second):\n%.6000s", d)
	}
}

// nodeOf returns one node's part of a report as JSON holds it.
func nodeOf(report map[string]any, id party.ID) map[string]any {
	nodes, _ := report["nodes"].(map[string]any)
	n, _ := nodes[string(id)].(map[string]any)
	return n
}
