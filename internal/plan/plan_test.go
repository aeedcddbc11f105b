// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

var t0 = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// uses knows the zones and rules of one version of everything.
func uses(version string) plan.Uses {
	return plan.Uses{
		Zone: func(id string) (string, bool) {
			return version + "-" + id, strings.HasPrefix(id, "gap") || id == "median"
		},
		Rule: func(id string) (map[string]string, bool) {
			return map[string]string{"after_s": "600", "names": `["a"]`}, id == "C04"
		},
		Phrasebook: "2026-1",
	}
}

const full = `version = 1
party = "%s"

[[plan]]
with = "%s"
comment = "as agreed"
lines = ["median", "gap_n"]
rules = ["C04"]
phrasebook = true
proof = true
[plan.timers]
t1 = "2m"
t2 = "5m"
hotline = "12h"
[[plan.sector]]
zone = "gap_n"
lead = "jp"
[[plan.sector]]
zone = "gap_c"
lead = "tw"
[[plan.broken]]
zone = "gap_n"
lead = "jp"
[[plan.contact]]
from = "00:00"
to = "12:00"
how = "hotline, channel 16"
`

func intent(t testing.TB, text string, self party.ID) plan.Intent {
	t.Helper()
	f, err := plan.Parse("plan.toml", []byte(text), self, uses("v1"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Plans[0]
}

// Each side writes its own file; what is the same in both has the same bytes.
func TestTwoFilesOfOneMeaningGiveTheSameTexts(t *testing.T) {
	tw := intent(t, fmt.Sprintf(full, "tw", "jp"), "tw")
	other := fmt.Sprintf(full, "jp", "tw")
	other = strings.Replace(other, `"median", "gap_n"`, `"gap_n", "median"`, 1)
	other = strings.Replace(other, `comment = "as agreed"`, `comment = "in our own words"`, 1)
	other = strings.Replace(other, `t1 = "2m"`, `t1 = "120s"`, 1)
	jp := intent(t, other, "jp")
	if diff := gocmp.Diff(tw.Texts, jp.Texts); diff != "" {
		t.Errorf("texts differ:\n%s", diff)
	}
	if got := slices.Sorted(maps.Keys(tw.Texts)); len(got) != len(record.PlanParts()) {
		t.Errorf("parts are %q", got)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"an unknown key":      {`proof = true`, "prof = true", `plan.toml:10:1: unknown key plan.prof`},
		"another version":     {`version = 1`, "version = 2", `plan.toml:1: version: want 1`},
		"another party":       {`party = "tw"`, `party = "jp"`, `plan.toml:2: party: the plan is of party "jp", this node is "tw"`},
		"itself":              {`with = "jp"`, `with = "tw"`, `plan.toml:5: plan with "tw": with: a plan is with another party`},
		"no party":            {`with = "jp"`, `with = ""`, `plan.toml:5: plan with "": with: party "": want`},
		"an unknown zone":     {`zone = "gap_c"`, `zone = "sea"`, `plan with "jp": sector: no zone is called "sea"`},
		"a zone twice":        {`zone = "gap_c"`, `zone = "gap_n"`, `sector: gap_n is named twice`},
		"a third party":       {"zone = \"gap_n\"\nlead = \"jp\"\n[[plan.contact", "zone = \"gap_n\"\nlead = \"cell\"\n[[plan.contact", `broken: "cell" leads in gap_n: want "tw" or "jp"`},
		"an unknown line":     {`"median", `, `"line", `, `plan.toml:7: plan with "jp": lines: no zone is called "line"`},
		"an unknown rule":     {`"C04"`, `"Z99"`, `plan.toml:8: plan with "jp": rules: no rule is called "Z99"`},
		"no duration":         {`t1 = "2m"`, `t1 = "soon"`, `timers: "soon" is no duration`},
		"timers out of order": {`t2 = "5m"`, `t2 = "1m"`, `timers: want 10s <= t1 < t2`},
		"a hasty timer":       {`t1 = "2m"`, `t1 = "1s"`, `timers: want 10s <= t1 < t2`},
		"no time of day":      {`from = "00:00"`, `from = "24:00"`, `contact: "24:00": want a time of day`},
		"no way":              {`how = "hotline, channel 16"`, `how = ""`, `contact: how: want a text`},
		"a long comment":      {`"as agreed"`, `"` + strings.Repeat("x", 201) + `"`, `plan.toml:6: plan with "jp": comment: 200 characters at most`},
	} {
		text := strings.Replace(fmt.Sprintf(full, "tw", "jp"), c.from, c.to, 1)
		_, err := plan.Parse("plan.toml", []byte(text), "tw", uses("v1"))
		if !errors.Is(err, plan.ErrFile) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if _, err := plan.Parse("p", []byte(fmt.Sprintf(full, "tw", "jp")), "tw", plan.Uses{Zone: uses("").Zone, Rule: uses("").Rule}); err == nil ||
		!strings.Contains(err.Error(), `p:9: plan with "jp": phrasebook: this node has no phrasebook`) {
		t.Errorf("no phrasebook: %v", err)
	}
	if _, err := plan.Parse("p", []byte("version=1\nparty=\"tw\"\n[[plan]]\nwith=\"jp\"\n"), "tw", uses("")); err == nil {
		t.Error("a plan that declares nothing was taken")
	}
	twice := fmt.Sprintf(full, "tw", "jp")
	twice += twice[strings.Index(twice, "[[plan]]"):]
	if _, err := plan.Parse("p", []byte(twice), "tw", uses("")); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("two plans with one party: %v", err)
	}
}

// side is one party's desk with what it told.
type side struct {
	id   party.ID
	desk *plan.Desk
	said []record.Record
}

func (s *side) say(list ...record.Plan) {
	for i := range list {
		r := record.Record{Plan: &list[i]}
		r.Time = t0
		s.said = append(s.said, r)
	}
}

// declare issues texts at once.
func (s *side) declare(t testing.TB, with party.ID, texts map[string][]byte, now time.Time) {
	t.Helper()
	x, say, err := s.desk.Draft(with, texts, "", false)
	if err != nil {
		t.Fatal(err)
	}
	s.desk.Issue(with, x, now)
	s.say(say...)
}

func (s *side) end(t testing.TB, with party.ID, at, now time.Time) {
	t.Helper()
	m, err := s.desk.Notice(with, at, now)
	if err != nil {
		t.Fatal(err)
	}
	s.desk.End(with, at)
	s.say(m)
}

// hear takes all that another said, in any order.
func (s *side) hear(from *side, order []int, now time.Time) {
	for _, i := range order {
		_ = s.desk.Receive(from.id, &from.said[i], now) // what is stale is told by the state
	}
	s.desk.Settle(now)
}

func pairOf() (*side, *side) {
	return &side{id: "tw", desk: plan.NewDesk()}, &side{id: "jp", desk: plan.NewDesk()}
}

func upTo(n int) []int {
	var l []int
	for i := range n {
		l = append(l, i)
	}
	return l
}

func drawTexts(t *rapid.T, label string) map[string][]byte {
	m := make(map[string][]byte)
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(record.PlanParts()), 1, 4, rapid.ID).Draw(t, label) {
		m[name] = rapid.SliceOfN(rapid.ByteRange(0, 2), 1, 2).Draw(t, label+name)
	}
	return m
}

// The plan is in force exactly while both declare the same bytes, at both
// sides, in whatever order the records come.
func TestInForceIffTheTextsAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := pairOf()
		last := make(map[party.ID]map[string][]byte)
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for _, s := range []*side{a, b} {
				if rapid.Bool().Draw(t, "again") || last[s.id] == nil {
					last[s.id] = drawTexts(t, string(s.id))
					if o := last[map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[s.id]]; o != nil && rapid.Bool().Draw(t, "same") {
						last[s.id] = o
					}
					with := map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[s.id]
					x, say, err := s.desk.Draft(with, last[s.id], "", false)
					if err != nil {
						t.Fatal(err)
					}
					s.desk.Issue(with, x, t0)
					s.say(say...)
				}
			}
		}
		a.hear(b, rapid.Permutation(upTo(len(b.said))).Draw(t, "b to a"), t0)
		b.hear(a, rapid.Permutation(upTo(len(a.said))).Draw(t, "a to b"), t0)
		want := maps.EqualFunc(last["tw"], last["jp"], func(x, y []byte) bool { return string(x) == string(y) })
		_, at := a.desk.InForce("jp")
		_, bt := b.desk.InForce("tw")
		if at != want || bt != want {
			t.Fatalf("in force %v at tw and %v at jp, texts equal %v: %v", at, bt, want, last)
		}
		for _, s := range []*side{a, b} {
			with := map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[s.id]
			p := s.desk.Pair(with)
			equal := true
			for _, part := range plan.Compare(p.Ours, p.Their) {
				equal = equal && part.State == plan.Equal
			}
			if equal != want || (p.State == plan.InForce) != want || (p.State == plan.Mismatch) == want {
				t.Fatalf("%s: state %s, all parts equal %v, want %v", s.id, p.State, equal, want)
			}
		}
	})
}

// A plan ends at its date on both clocks, and no moment before, whoever ends it
// and in whatever order that is told.
func TestAPlanEndsExactlyAtItsDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := pairOf()
		texts := drawTexts(t, "texts")
		x, say, err := a.desk.Draft("jp", texts, "", false)
		if err != nil {
			t.Fatal(err)
		}
		a.desk.Issue("jp", x, t0)
		a.say(say...)
		x, say, err = b.desk.Draft("tw", texts, "", false)
		if err != nil {
			t.Fatal(err)
		}
		b.desk.Issue("tw", x, t0)
		b.say(say...)
		at := t0.Add(time.Duration(rapid.IntRange(1, 1000).Draw(t, "ends")) * time.Second)
		ends := at
		for range rapid.IntRange(1, 2).Draw(t, "notices") {
			m, err := a.desk.Notice("jp", at, t0)
			if err != nil {
				t.Fatal(err)
			}
			a.desk.End("jp", at)
			a.say(m)
			ends = at
			at = at.Add(-time.Millisecond)
		}
		a.hear(b, rapid.Permutation(upTo(len(b.said))).Draw(t, "b to a"), t0)
		b.hear(a, rapid.Permutation(upTo(len(a.said))).Draw(t, "a to b"), t0)
		for _, c := range []struct {
			now  time.Time
			want bool
		}{{ends.Add(-time.Nanosecond), true}, {ends, false}, {ends.Add(time.Hour), false}} {
			for _, s := range []*side{a, b} {
				with := map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[s.id]
				if before := s.desk.Pair(with).State; s.desk.Due(c.now) != (before == plan.InForce && !c.want) {
					t.Fatalf("%s at %v of %v: due %v, state %s", s.id, c.now, ends, s.desk.Due(c.now), before)
				}
				n := s.desk.Settle(c.now)
				if _, is := s.desk.InForce(with); is != c.want {
					t.Fatalf("%s at %v of %v: in force %v, want %v", s.id, c.now, ends, is, c.want)
				}
				if c.now.Equal(ends) != (len(n) == 1 && n[0].State == plan.Ended && n[0].Before == plan.InForce) || len(n) > 1 {
					t.Fatalf("%s at %v of %v: notices %+v", s.id, c.now, ends, n)
				}
			}
		}
	})
}

func TestEachStepOfAPlan(t *testing.T) {
	tw, jp := pairOf()
	texts := intent(t, fmt.Sprintf(full, "tw", "jp"), "tw").Texts
	state := func(want string) {
		t.Helper()
		tw.desk.Settle(t0)
		if got := tw.desk.Pair("jp").State; got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
	state(plan.None)
	if _, err := tw.desk.Notice("jp", t0, t0); !errors.Is(err, plan.ErrNone) {
		t.Errorf("end of nothing: %v", err)
	}
	if _, _, err := tw.desk.Draft("jp", nil, "", false); !errors.Is(err, plan.ErrNone) {
		t.Errorf("declaration of nothing: %v", err)
	}
	tw.declare(t, "jp", texts, t0)
	state(plan.Ours)
	jp.declare(t, "tw", texts, t0)
	for i := range jp.said { // until the last part is here, nothing is declared
		state(plan.Ours)
		if err := tw.desk.Receive("jp", &jp.said[i], t0); err != nil {
			t.Fatal(err)
		}
	}
	state(plan.InForce)
	for i := range jp.said {
		if err := tw.desk.Receive("jp", &jp.said[i], t0); !errors.Is(err, plan.ErrStale) {
			t.Errorf("a record said before: %v", err)
		}
	}
	terms, ok := tw.desk.InForce("jp")
	if !ok || terms.Timers.T1 != 2*time.Minute || len(terms.Sectors) != 2 || !*terms.Proof {
		t.Errorf("terms in force: %+v %v", terms, ok)
	}
	// Another version of a zone is another plan, and the old one stands until the new one is whole.
	other, err := plan.Parse("p", []byte(fmt.Sprintf(full, "jp", "tw")), "jp", uses("v2"))
	if err != nil {
		t.Fatal(err)
	}
	jp.said = nil
	jp.declare(t, "tw", other.Plans[0].Texts, t0)
	tw.hear(jp, upTo(len(jp.said)-1), t0)
	state(plan.InForce)
	tw.hear(jp, []int{len(jp.said) - 1}, t0)
	state(plan.Mismatch)
	p := tw.desk.Pair("jp")
	different := []string{}
	for _, part := range plan.Compare(p.Ours, p.Their) {
		if part.State != plan.Equal {
			different = append(different, part.Name)
		}
	}
	if diff := gocmp.Diff([]string{"sectors", "lines", "broken-line"}, different); diff != "" {
		t.Errorf("different parts:\n%s", diff)
	}
	// The partner ends its own: ours stands alone.
	jp.end(t, "tw", t0, t0)
	tw.hear(jp, upTo(len(jp.said)), t0)
	state(plan.Ours)
	if tw.desk.Keep(func(party.ID) bool { return false }); tw.desk.Pair("jp").State != plan.None {
		t.Error("a partner that is gone is still known")
	}
}

func TestWrongRecordsAreRefused(t *testing.T) {
	tw, jp := pairOf()
	jp.declare(t, "tw", map[string][]byte{"proof": {0xf5}, "timers": {0xa0}}, t0)
	forged := jp.said[1]
	f := *forged.Plan
	f.Text = []byte{0xf4}
	forged.Plan = &f
	if err := tw.desk.Receive("jp", &jp.said[0], t0); err != nil {
		t.Fatal(err)
	}
	if err := tw.desk.Receive("jp", &forged, t0); !errors.Is(err, plan.ErrPart) {
		t.Errorf("a text that was not declared: %v", err)
	}
	marked := jp.said[1]
	marked.Exercise = true
	if err := tw.desk.Receive("jp", &marked, t0); !errors.Is(err, plan.ErrExercise) {
		t.Errorf("a part marked as exercise: %v", err)
	}
	// A text that came before its declaration counts for nothing when it does not fit.
	tw = &side{id: "tw", desk: plan.NewDesk()}
	for _, r := range []*record.Record{&forged, &jp.said[0], &jp.said[2]} {
		if err := tw.desk.Receive("jp", r, t0); err != nil {
			t.Fatal(err)
		}
	}
	if tw.desk.Pair("jp").Their != nil {
		t.Error("a declaration with a forged part is whole")
	}
	if err := tw.desk.Receive("jp", &jp.said[1], t0); err != nil || tw.desk.Pair("jp").Their == nil {
		t.Errorf("the right part: %v", err)
	}
	old := jp.said[0]
	o := *old.Plan
	o.Number = 0
	old.Plan = &o
	if err := tw.desk.Receive("jp", &old, t0); !errors.Is(err, plan.ErrStale) {
		t.Errorf("an older declaration: %v", err)
	}
}

// An exercise's plan is no plan for the real.
func TestExerciseAndLiveNeverMatch(t *testing.T) {
	tw, jp := pairOf()
	texts := map[string][]byte{"proof": {0xf5}}
	jp.declare(t, "tw", texts, t0)
	x, _, err := tw.desk.Draft("jp", texts, "", true)
	if err != nil {
		t.Fatal(err)
	}
	tw.desk.Issue("jp", x, t0)
	tw.hear(jp, upTo(len(jp.said)), t0)
	if got := tw.desk.Pair("jp").State; got != plan.Mismatch {
		t.Errorf("state %s", got)
	}
}

// A part in a form of another edition is shown as different and harms nothing.
func TestUnreadablePartsAreNotDeclared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := make(map[string][]byte)
		for _, name := range record.PlanParts() {
			texts[name] = rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, name)
		}
		terms := plan.ReadTerms(texts)
		again, err := terms.Texts()
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range again {
			if string(b) != string(texts[name]) {
				t.Fatalf("%s was read as %x, written %x", name, b, texts[name])
			}
		}
	})
	good := intent(t, fmt.Sprintf(full, "tw", "jp"), "tw").Texts
	terms := plan.ReadTerms(good)
	again, err := terms.Texts()
	if diff := gocmp.Diff(good, again); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestPartsAreShownSideBySide(t *testing.T) {
	a := &plan.Terms{Phrasebook: "1", Sectors: []plan.Lead{{"gap_c", "v1", "tw"}, {"gap_n", "v1", "jp"}}}
	b := &plan.Terms{Phrasebook: "2", Sectors: []plan.Lead{{"gap_c", "v1", "tw"}, {"gap_s", "v1", "tw"}}, Timers: &plan.Timers{T1: time.Minute, T2: time.Hour}}
	d := func(terms *plan.Terms) *plan.Declaration {
		texts, err := terms.Texts()
		if err != nil {
			t.Fatal(err)
		}
		return &plan.Declaration{Texts: texts}
	}
	want := []plan.Part{
		{Name: "sectors", State: plan.Different, Rows: []plan.Row{
			{Key: "gap_c", Ours: "tw · v1", Theirs: "tw · v1", Equal: true}, {Key: "gap_n", Ours: "jp · v1"}, {Key: "gap_s", Theirs: "tw · v1"},
		}},
		{Name: "timers", State: plan.OnlyTheirs, Rows: []plan.Row{{Key: "hotline", Theirs: "0s"}, {Key: "t1", Theirs: "1m0s"}, {Key: "t2", Theirs: "1h0m0s"}}},
		{Name: "phrasebook", State: plan.Different, Rows: []plan.Row{{Key: "edition", Ours: "1", Theirs: "2"}}},
	}
	if diff := gocmp.Diff(want, plan.Compare(d(a), d(b))); diff != "" {
		t.Error(diff)
	}
	if got := plan.Compare(d(a), nil); len(got) != 2 || got[0].State != plan.OnlyOurs {
		t.Errorf("alone: %+v", got)
	}
}

// A desk goes on from its snapshot as if nothing had happened, at any point.
func TestASnapshotGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := pairOf()
		for i := range rapid.IntRange(1, 3).Draw(t, "declarations") {
			x, say, err := b.desk.Draft("tw", drawTexts(t, "b"), fmt.Sprint(i), false)
			if err != nil {
				t.Fatal(err)
			}
			b.desk.Issue("tw", x, t0)
			b.say(say...)
		}
		x, _, err := a.desk.Draft("jp", drawTexts(t, "a"), "", false)
		if err != nil {
			t.Fatal(err)
		}
		a.desk.Issue("jp", x, t0)
		a.desk.End("jp", t0.Add(time.Minute))
		cut := rapid.IntRange(0, len(b.said)).Draw(t, "cut")
		a.hear(b, upTo(cut), t0)
		saved, err := json.Marshal(a.desk.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var s plan.State
		if err := json.Unmarshal(saved, &s); err != nil {
			t.Fatal(err)
		}
		again := &side{id: "tw", desk: plan.NewDesk()}
		again.desk.Restore(s)
		rest := upTo(len(b.said))[cut:]
		a.hear(b, rest, t0.Add(time.Hour))
		again.hear(b, rest, t0.Add(time.Hour))
		if diff := gocmp.Diff(a.desk.Snapshot(), again.desk.Snapshot()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// The example of the operator's guide is a plan file.
func TestTheGuidesExampleIsAPlan(t *testing.T) {
	b, err := os.ReadFile("../../docs/operator/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "## The joint plan")
	_, text, _ = strings.Cut(text, "```toml\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("the guide has no example")
	}
	all := plan.Uses{
		Zone:       func(string) (string, bool) { return "v", true },
		Rule:       func(string) (map[string]string, bool) { return map[string]string{"p": "1"}, true },
		Phrasebook: "2026-1",
	}
	f, err := plan.Parse("guide.md", []byte(text), "tw", all)
	if err != nil || len(f.Plans) != 1 || len(f.Plans[0].Texts) != len(record.PlanParts()) {
		t.Errorf("the example gives %+v, %v", f, err)
	}
}
