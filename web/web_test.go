// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/mtt"
	"github.com/kuroshio-watch/kuroshio/web"
)

// The page must work under a policy that allows no inline script or style and
// nothing from elsewhere.
func TestDist(t *testing.T) {
	dist := web.Dist()
	index, err := fs.ReadFile(dist, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	html := string(index)
	for _, bad := range []string{"http://", "https://", "<style", " style=", " onload="} {
		if strings.Contains(html, bad) {
			t.Errorf("index.html has %q", bad)
		}
	}
	if regexp.MustCompile(`<script(?:[^>]*)>[^<]`).MatchString(html) {
		t.Error("index.html has an inline script")
	}
	refs := regexp.MustCompile(`(?:src|href)="\./([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(refs) < 3 {
		t.Fatalf("index.html names %d files, want its icon, script and style", len(refs))
	}
	for _, r := range refs {
		if _, err := fs.Stat(dist, r[1]); err != nil {
			t.Errorf("index.html names a missing file: %v", err)
		}
	}
	hashed := regexp.MustCompile(`^[A-Za-z0-9_]+-[A-Za-z0-9_-]{8}\.(js|css)$`)
	files, err := fs.Glob(dist, "assets/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !hashed.MatchString(path.Base(f)) {
			t.Errorf("%s has no hash in its name", f)
		}
	}
}

// Each code that the node can show a person has a text in each language.
func TestMessagesCoverTheNodesWords(t *testing.T) {
	groups := map[string][]string{
		"identity": record.Standards(),
		"posture":  record.Postures(),
		"outcome":  append(incident.Outcomes(), incident.Merged, incident.EventRecalled, incident.EventExpired),
		"role":     engine.Roles(),
		"field":    release.FieldNames(),
		"source":   sourceNames(),
		"alarm": {
			string(incident.Unacknowledged), string(incident.Acknowledged), string(incident.Returned), string(incident.Normal),
		},
		"event": {
			incident.EventAlert, incident.EventOpened, incident.EventAcknowledged, incident.EventMerged, incident.EventSplit,
			incident.EventClosed, incident.EventReopened, incident.EventSector, incident.EventNote, incident.EventIdentity, incident.EventDistress,
			incident.EventAssociated, incident.EventPartner, incident.EventPartnerState, incident.EventLinked, incident.EventApart,
			incident.EventDisputed, "posture", "lead-taken", "lead-proposed", "lead-accepted", "lead-confirmed", "lead-rejected",
			"lead-timeout", "lead-alarm", "lead-notified", "lead-standby", "lead-countered", "lead-cancelled", "lead-assumed", "lead-voice",
			"lead-countersigned", "lead-refused", "lead-told", "lead-means", "lead-yielded", "lead-two", "lead-released", "lead-table",
			"lead-table-ended", incident.EventRecalled, incident.EventExpired, "distress-pass", "distress-hold",
			"activity-match", "search-area",
		},
		"reason": {
			release.NoPolicy.String(), release.NoRule.String(), release.DeniedByRule.String(), release.NoFields.String(),
			release.AllowedByRule.String(), release.Distress.String(), release.Failed.String(), release.Full.String(), release.Superseded.String(),
			release.NotOurs.String(), release.OutsideArea.String(), release.CountsOnly.String(),
			release.Control.String(), release.Recalled.String(), release.Discarded.String(),
		},
		"plan-state":    {plan.None, plan.Ours, plan.Theirs, plan.Mismatch, plan.InForce, plan.Ended},
		"plan-part":     record.PlanParts(),
		"plan-mark":     {plan.Equal, plan.Different, plan.OnlyOurs, plan.OnlyTheirs},
		"activity.kind": record.ActivityKinds(), "activity.state": append(record.ActivityStates(), "expired"),
		"activity.what": activity.Whats(), "activity.mismatch": activity.Mismatches(), "activity.told": {"told", "waiting", "withheld"},
		"search.state": record.SearchStates(), "search.object": record.SearchObjects(), "search.pattern": record.SearchPatterns(),
		"alarm-rule":             {"link", "store", "journal", "outbox", "plan-mismatch", "plan-ended", "recall", "stop-case", "support", "activity-overlap", "activity-mismatch"},
		"flag":                   {"same-address", "doubted"},
		"doubt":                  mtt.AllReasons.Names(nil),
		"class":                  classNames(),
		"link":                   {"up", "degraded", "down", "stopped"},
		"feed-reason":            slices.Concat(feed.Reasons(), decode.Reasons()),
		"errors":                 append(errorCodes(t), "no-answer", "bad-answer"), // the page says the last two itself
		"support.situation-word": record.SupportSituations(), "support.category-word": record.SupportCategories(),
		"support.unit-word": record.SupportUnits(), "support.settlement-word": record.SupportSettlements(),
		"support.condition": record.SupportConditions(), "support.step": record.SupportSteps(), "support.state-word": support.States(),
		"support.civil": support.CivilWays(), "support.facility": record.FacilityKinds(), "support.capacity": record.FacilityCapacities(),
	}
	for group, more := range map[string][]string{
		"mstate":     {message.Queued, message.Sent, message.Received, message.Read, message.Withheld},
		"precedence": record.Precedences(),
		"desk":       record.Desks(),
		"pgroup":     message.Groups(),
		"ptype":      message.Types(),
		"alarm-rule": {"message", "message-unread", "message-withheld", "no-duff", "hotline"},
		"event":      {"no-duff"},
	} {
		groups[group] = append(groups[group], more...)
	}
	for _, lang := range []string{"en", "zh-Hant", "ja"} {
		b, err := os.ReadFile("messages/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		for group, words := range groups {
			for _, w := range words {
				if texts[group+"."+w] == "" {
					t.Errorf("%s: no text for %s.%s", lang, group, w)
				}
			}
		}
	}
}

// sourceNames returns the kinds of sources that a track can have.
func sourceNames() []string {
	var out []string
	for _, k := range plot.Kinds() {
		out = append(out, k.String())
	}
	return out
}

// classNames returns the classes that a track can have.
func classNames() []string {
	var out []string
	for c := mtt.Aircraft; c <= mtt.Vessel; c++ {
		out = append(out, c.String())
	}
	return out
}

// The console greys what a role may not do by the same lists as the node's.
func TestWordListsAreTheNodes(t *testing.T) {
	src, err := os.ReadFile("src/lib/words.ts")
	if err != nil {
		t.Fatal(err)
	}
	supervisor := engine.Verbs(engine.Supervisor)
	officer := engine.Verbs(engine.Officer)
	for name, want := range map[string][]string{
		"ACTIVITY_KINDS": record.ActivityKinds(), "SEARCH_OBJECTS": record.SearchObjects(), "SEARCH_PATTERNS": record.SearchPatterns(),
		"STANDARDS": record.Standards(), "POSTURES": record.Postures(), "OUTCOMES": incident.Outcomes(), "ROLES": engine.Roles(),
		"SITUATIONS": record.SupportSituations(), "CATEGORIES": record.SupportCategories(), "UNITS": record.SupportUnits(),
		"SETTLEMENTS":   record.SupportSettlements(),
		"OFFICER_VERBS": officer, "SUPERVISOR_VERBS": supervisor[len(officer):],
	} {
		m := regexp.MustCompile(`(?s)const ` + name + ` = \[(.*?)\]`).FindSubmatch(src)
		if m == nil {
			t.Errorf("words.ts has no %s", name)
			continue
		}
		var got []string
		for _, q := range regexp.MustCompile(`'([^']*)'`).FindAllSubmatch(m[1], -1) {
			got = append(got, string(q[1]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// No word for an enemy is anywhere in the console's sources or texts; the
// library's fill of that name is set in one place.
func TestNoWordForAnEnemy(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "node_modules" || d.Name() == "dist" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // a link to it
		}
		if d.IsDir() {
			return nil
		}
		if p == "src/map/symbols.ts" || p == "web_test.go" || p == "package-lock.json" {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if m := regexp.MustCompile(`(?i)hostile|enemy|敵|敌`).Find(b); m != nil {
			t.Errorf("%s has %q", p, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A colour or size that nobody defined falls back to something else in silence.
func TestEveryStyleVariableIsDefined(t *testing.T) {
	used, defined := make(map[string]string), make(map[string]bool)
	err := fs.WalkDir(os.DirFS("src"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile("src/" + p)
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`var\((--[a-z0-9-]+)`).FindAllSubmatch(b, -1) {
			used[string(m[1])] = p
		}
		for _, m := range regexp.MustCompile(`(--[a-z0-9-]+):`).FindAllSubmatch(b, -1) {
			defined[string(m[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 10 {
		t.Fatalf("only %d variables are used: the search finds nothing", len(used))
	}
	for name, where := range used {
		if !defined[name] {
			t.Errorf("%s uses %s, which nobody defines", where, name)
		}
	}
}

// TestFormOffersEveryFeed holds the kinds of the console's form against those of
// a feed that can be added: over the network, none of a file, device or pipe.
func TestFormOffersEveryFeed(t *testing.T) {
	b, err := os.ReadFile("src/lib/feed-kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var offered map[feed.Transport][]feed.Content
	if err := json.Unmarshal(b, &offered); err != nil {
		t.Fatal(err)
	}
	want := make(map[feed.Transport][]feed.Content)
	for _, k := range feed.Kinds() {
		if tr := k.Transport(); !tr.Once() && tr != feed.Stdin && tr != feed.Serial {
			want[tr] = append(want[tr], k.Content())
		}
	}
	if !maps.EqualFunc(offered, want, slices.Equal) {
		t.Errorf("the form offers %v, want %v", offered, want)
	}
}
