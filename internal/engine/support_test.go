// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/packs/agreements"
)

// supportRecords are good records about support, to begin from.
func supportRecords() []record.Record {
	ask := &record.SupportAsk{Situation: "disaster", Category: "fuel", Unit: "litre", Amount: 60, From: start, Until: start.Add(time.Hour)}
	match := &record.SupportMatch{Agreement: "ag", Clause: "fuel", Text: "00"}
	return []record.Record{
		{Envelope: record.Envelope{Kind: record.KindSupport}, Support: &record.Support{
			Request: record.Ref{Originator: "jp", ID: record.ID{9}}, Step: "request", Rev: 1, Ask: ask, Match: match,
		}},
		{Envelope: record.Envelope{Kind: record.KindFacility}, Facility: &record.Facility{
			Kind: "port", Name: "p", Cell: &record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 5000},
			Capacities: []record.Capacity{{What: "berth", Count: 3}}, Services: []string{"fuel"}, Contact: "VHF 14",
		}},
	}
}

const fuelText = `version = 1
id = "ag"
citation = "made for a test"
parties = ["jp", "tw"]
from = "2020-01-01"
[title]
en = "t"
ja = "t"
zh-Hant = "t"
[[clause]]
id = "fuel"
citation = "art. 4"
situations = ["disaster"]
categories = ["fuel"]
units = ["litre"]
quota = { amount = 100, period = "day" }
settlement = ["pay"]
settle_days = 30
price = { currency = "JPY", minor_per_unit = 120 }
approvers = ["supervisor"]
`

const registerText = `[[facility]]
id = "p"
kind = "port"
name = "QQPORT"
lat = 24.34
lon = 124.15
services = ["fuel"]
contact = "QQCONTACT"
[facility.capacities]
berth = 5
`

// line joins two whole engines, tw and jp.
type line struct {
	t    testing.TB
	e    map[party.ID]*engine.Engine
	now  time.Time
	held []passing
	raw  map[party.ID][]byte
}

type passing struct {
	from, to party.ID
	lane     record.Lane
	plain    []byte
}

const supportRules = `
[[rule]]
id = "support"
effect = "allow"
to = ["%[1]s"]
kinds = ["support"]
[rule.then]
delay = "0s"
[[rule]]
id = "facility"
effect = "allow"
to = ["%[1]s"]
kinds = ["facility"]
[rule.then]
delay = "0s"
grid = "10km"
fields = ["name", "services"]
`

func supportConfig(t testing.TB, self, other party.ID, agreement string) *engine.Config {
	t.Helper()
	cfg := config(t)
	cfg.Partners = []party.ID{other}
	policy := strings.Replace(policyHead, `party = "tw"`, fmt.Sprintf("party = %q", self), 1) + fmt.Sprintf(supportRules, other)
	cfg.Policy = &engine.Text{Name: "policy.toml", Data: []byte(policy)}
	cfg.Support = &engine.SupportConfig{
		Agreements: []engine.Text{{Name: "ag.toml", Data: []byte(agreement)}}, Register: &engine.Text{Name: "register.toml", Data: []byte(registerText)},
	}
	return cfg
}

func newLine(t testing.TB) *line {
	t.Helper()
	l := &line{t: t, e: make(map[party.ID]*engine.Engine), now: start, raw: make(map[party.ID][]byte)}
	for self, other := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		l.e[self] = engine.New(self, idOf)
		if out := l.step(self, &engine.Input{Config: supportConfig(t, self, other, fuelText)}); out.Reply.Code != "" {
			t.Fatalf("Config refused: %+v", out)
		}
	}
	return l
}

func (l *line) step(self party.ID, in *engine.Input) engine.Outputs {
	l.t.Helper()
	in.At = l.now
	out := l.e[self].Step(l.e[self].Seq()+1, in)
	for _, s := range out.Sealed {
		l.held = append(l.held, passing{self, s.To(), s.Lane(), s.Plain()})
		l.raw[s.To()] = append(l.raw[s.To()], s.Plain()...)
	}
	return out
}

func (l *line) tick() {
	l.now = l.now.Add(time.Second)
	for _, self := range []party.ID{"jp", "tw"} {
		l.step(self, &engine.Input{Tick: &engine.Tick{}})
	}
}

func (l *line) hand(p passing) engine.Outputs {
	l.t.Helper()
	return l.step(p.to, &engine.Input{Partner: &engine.Partner{From: p.from, Lane: p.lane, Seq: l.e[p.to].Seq(), Body: p.plain}})
}

// flow lets everything through that is on its way.
func (l *line) flow() {
	l.t.Helper()
	for range 4 {
		l.tick()
		for len(l.held) > 0 {
			p := l.held[0]
			l.held = l.held[1:]
			if out := l.hand(p); len(out.Refused) > 0 {
				l.t.Fatalf("%s refused a record of %s: %v", p.to, p.from, out.Refused)
			}
		}
	}
}

func (l *line) do(self party.ID, verb, role, text string, partner party.ID, a engine.SupportArgs) engine.Reply {
	l.t.Helper()
	return l.step(self, &engine.Input{Command: &engine.Command{
		Verb: verb, By: "QQNAME", Role: role, Text: text, Partner: partner, Support: &a, Exercise: true,
	}}).Reply
}

func (l *line) restart() {
	l.t.Helper()
	for self, e := range l.e {
		b, err := e.Snapshot()
		if err != nil {
			l.t.Fatal(err)
		}
		if l.e[self], err = engine.Restore(self, idOf, b); err != nil {
			l.t.Fatal(err)
		}
		again, err := l.e[self].Snapshot()
		if err != nil || !bytes.Equal(b, again) {
			l.t.Fatalf("%s is another after a restart (%v)", self, err)
		}
	}
}

func (l *line) request(self party.ID, n uint64) engine.RequestView {
	l.t.Helper()
	list := l.e[self].View().Support.Requests
	i := slices.IndexFunc(list, func(r engine.RequestView) bool { return r.N == n })
	if i < 0 {
		l.t.Fatalf("%s has no request %d", self, n)
	}
	return list[i]
}

func num(n uint64) *uint64 { return &n }

func askFuel(at time.Time, litres uint64) engine.SupportArgs {
	return engine.SupportArgs{
		Situation: "disaster", Category: "fuel", Unit: "litre", Amount: num(litres), From: at.Format(time.RFC3339),
		Until: at.Add(6 * time.Hour).Format(time.RFC3339), Place: "Ishigaki", Settlement: "pay",
	}
}

// One request goes from ask to settlement between two whole engines that are
// started anew after each step. Both hold the same; nobody's name travels.
func TestSupportFromAskToSettlement(t *testing.T) {
	l := newLine(t)
	steps := []struct {
		self       party.ID
		verb, role string
		args       engine.SupportArgs
		code       string
		state      string
	}{
		{"tw", "support-request", engine.Viewer, askFuel(start, 80), "forbidden", ""},
		{"tw", "support-request", engine.Officer, askFuel(start, 80), "", support.Matched},
		{"tw", "support-approve", engine.Supervisor, engine.SupportArgs{Request: 1}, "not-now", support.Matched},
		{"jp", "support-approve", engine.Officer, engine.SupportArgs{Request: 1}, "not-approver", support.Matched},
		{"jp", "support-approve", engine.Supervisor, engine.SupportArgs{Request: 2}, "no-such-request", support.Matched},
		{"jp", "support-offer", engine.Officer, engine.SupportArgs{Request: 1}, "not-now", support.Matched},
		{"jp", "support-approve", engine.Supervisor, engine.SupportArgs{Request: 1, Amount: num(81)}, "bad-amount", support.Matched},
		{"jp", "support-approve", engine.Supervisor, engine.SupportArgs{Request: 1}, "", support.Approved},
		{"jp", "support-offer", engine.Officer, engine.SupportArgs{Request: 1, Price: 119, Currency: "JPY"}, "bad-price", support.Approved},
		{"jp", "support-offer", engine.Officer, engine.SupportArgs{Request: 1, Amount: num(60)}, "", support.Offered},
		{"tw", "support-accept", engine.Officer, engine.SupportArgs{Request: 1}, "", support.Accepted},
		{"jp", "support-deliver", engine.Officer, engine.SupportArgs{Request: 1, Amount: num(61)}, "bad-amount", support.Accepted},
		{"jp", "support-deliver", engine.Officer, engine.SupportArgs{Request: 1, Amount: num(60)}, "", support.Delivered},
		{"tw", "support-confirm", engine.Officer, engine.SupportArgs{Request: 1, Entry: 1}, "bad-amount", support.Delivered},
		{"tw", "support-confirm", engine.Officer, engine.SupportArgs{Request: 1, Entry: 1, Amount: num(50)}, "", support.Delivered},
		{"jp", "support-agree", engine.Officer, engine.SupportArgs{Request: 1, Entry: 1}, "", support.Settling},
		{"tw", "support-settle", engine.Officer, engine.SupportArgs{Request: 1, Amount: num(6001)}, "bad-amount", support.Settling},
		{"tw", "support-settle", engine.Officer, engine.SupportArgs{Request: 1, Amount: num(6000)}, "", support.Settling},
		{"jp", "support-confirm", engine.Officer, engine.SupportArgs{Request: 1, Entry: 1, Amount: num(6000)}, "", support.Settled},
		{"tw", "support-repeat", engine.Officer, engine.SupportArgs{Request: 1}, "", support.Settled},
	}
	for i, s := range steps {
		partner := party.ID("")
		if s.verb == "support-request" {
			partner = "jp"
		}
		if got := l.do(s.self, s.verb, s.role, "", partner, s.args).Code; got != s.code {
			t.Fatalf("step %d, %s of %s = %q, want %q", i, s.verb, s.self, got, s.code)
		}
		l.flow()
		l.restart()
		if s.state == "" {
			continue
		}
		if a, b := l.request("tw", 1).State, l.request("jp", 1).State; a != s.state || b != s.state {
			t.Fatalf("step %d: state %q at tw, %q at jp; want %q", i, a, b, s.state)
		}
	}
	a, b := l.e["tw"].View().Support.Accounts, l.e["jp"].View().Support.Accounts
	if d := cmp.Diff(a, b, cmpopts.IgnoreFields(support.Line{}, "Number")); d != "" || len(a) != 1 || a[0].Balance != 0 || len(a[0].Lines) != 2 {
		t.Errorf("ledgers differ or are wrong: %s\n%+v", d, a)
	}
	if r := l.request("jp", 1); r.Citation != "art. 4" || len(r.Acts) != 5 || r.Acts[0].By != "QQNAME" || r.Delivered != 50 || r.Owed != 6000 || r.Paid != 6000 {
		t.Errorf("the giving party sees %+v", r)
	}
	for to, raw := range l.raw {
		if bytes.Contains(raw, []byte("QQNAME")) {
			t.Errorf("%s was told a name", to)
		}
	}
}

func TestSupportThatNoAgreementCovers(t *testing.T) {
	l := newLine(t)
	a := askFuel(start, 10)
	a.Situation = "routine"
	m, code := l.e["tw"].MatchSupport("jp", a, true)
	if code != "" || m.Allowed || m.Agreement != "ag" || m.Clause.ID != "fuel" || !slices.Equal(m.Failed, []string{"situation"}) || m.Civil != "ship-supplier" {
		t.Errorf("MatchSupport = %+v, %q", m, code)
	}
	if r := l.do("tw", "support-request", engine.Officer, "", "jp", a); r.Code != "" || r.Request != 1 {
		t.Fatalf("support-request = %+v", r)
	}
	l.flow()
	for _, self := range []party.ID{"tw", "jp"} {
		r := l.request(self, 1)
		if r.State != support.NotCovered || r.Civil != "ship-supplier" || !slices.Equal(r.TheirMatch.Failed, []string{"situation"}) {
			t.Errorf("%s sees %+v", self, r)
		}
	}
	if got := l.do("jp", "support-approve", engine.Supervisor, "", "", engine.SupportArgs{Request: 1}).Code; got != "not-now" {
		t.Errorf("approval without clause = %q", got)
	}
	if got := l.do("jp", "support-decline", engine.Officer, "no ship", "", engine.SupportArgs{Request: 1}).Code; got != "" {
		t.Errorf("support-decline = %q", got)
	}
	l.flow()
	if r := l.request("tw", 1); r.State != support.Declined || r.EndedBy != "jp" || r.Reason != "no ship" {
		t.Errorf("after the refusal: %+v", r)
	}
	for name, change := range map[string]func(*engine.SupportArgs){
		"ammunition":  func(a *engine.SupportArgs) { a.Category = "ammunition" },
		"no category": func(a *engine.SupportArgs) { a.Category = "" },
		"no amount":   func(a *engine.SupportArgs) { a.Amount = nil },
		"no time":     func(a *engine.SupportArgs) { a.From = "soon" },
		"a long one":  func(a *engine.SupportArgs) { a.Place = strings.Repeat("x", 201) },
	} {
		a := askFuel(start, 10)
		change(&a)
		if r := l.do("tw", "support-request", engine.Officer, "", "jp", a); r.Code == "" {
			t.Errorf("a request with %s was taken", name)
		}
	}
	if n := len(l.e["tw"].View().Support.Requests); n != 1 {
		t.Errorf("%d requests stand, want 1", n)
	}
}

// What the policy withholds did not happen, and the person is told.
func TestSupportThatThePolicyWithholds(t *testing.T) {
	f := newFloor(t, policyHead+policyRule("pictures", both, `"track"`, ""))
	a := askFuel(f.now, 10)
	if r := f.try(engine.Command{Verb: "support-request", Partner: "jp", Support: &a}); r.Code != "withheld" {
		t.Fatalf("support-request = %+v, want withheld", r)
	}
	if n := len(f.e.View().Support.Requests); n != 0 {
		t.Errorf("%d requests stand", n)
	}
	r := f.from("jp", record.KindSupport, 1)
	r.Support = supportRecords()[0].Support
	f.must("jp", r)
	if v := f.e.View().Support.Requests; len(v) != 1 || !v[0].Unsent {
		t.Errorf("the answer of our node was withheld and it is not shown: %+v", v)
	}
	f.pass(time.Minute)
	if n := len(f.kinds("jp", record.KindSupport)) + len(f.kinds("cell", record.KindSupport)); n != 0 {
		t.Errorf("%d records left", n)
	}
}

// A request is between two: the third party is told nothing of it.
func TestSupportReachesNoThirdParty(t *testing.T) {
	f := newFloor(t, openPolicy())
	a := askFuel(f.now, 10)
	f.do(engine.Command{Verb: "support-request", Partner: "jp", Support: &a, Text: "note"})
	r := f.from("jp", record.KindSupport, 2)
	r.Support = supportRecords()[0].Support
	f.must("jp", r)
	p := f.from("jp", record.KindFacility, 3)
	p.Facility = supportRecords()[1].Facility
	f.must("jp", p)
	f.pass(5 * time.Minute)
	if len(f.kinds("jp", record.KindSupport)) != 2 {
		t.Fatal("jp was told too little: the test shows nothing")
	}
	if len(f.sent["cell"]) != 0 {
		t.Errorf("cell was told %+v", f.sent["cell"][0])
	}
}

func TestAWaitingRequestIsAnAlarm(t *testing.T) {
	l := newLine(t)
	alarm := func() string {
		for _, a := range l.e["jp"].View().Alarms {
			if a.Key == "support/tw" {
				return a.State
			}
		}
		return ""
	}
	l.do("tw", "support-request", engine.Officer, "", "jp", askFuel(start, 10))
	l.flow()
	if alarm() != "unacknowledged" {
		t.Fatalf("a request waits and the alarm is %q", alarm())
	}
	l.step("jp", &engine.Input{Command: &engine.Command{Verb: "acknowledge-alarm", Alarm: "support/tw", By: "x", Role: engine.Officer}})
	l.do("tw", "support-request", engine.Officer, "", "jp", askFuel(start, 10))
	l.flow()
	if alarm() != "unacknowledged" {
		t.Errorf("another request waits and the alarm is %q", alarm())
	}
	for n := uint64(1); n <= 2; n++ {
		l.do("jp", "support-decline", engine.Officer, "no", "", engine.SupportArgs{Request: n})
	}
	if alarm() != "returned" {
		t.Errorf("nothing waits and the alarm is %q", alarm())
	}
}

func TestOurRegisterIsReleasedAndThePartnersIsShown(t *testing.T) {
	l := newLine(t)
	l.flow()
	l.restart()
	for self, other := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		v := l.e[self].View().Support
		if len(v.Facilities) != 1 || v.Facilities[0].Contact != "QQCONTACT" || !slices.Equal(v.Facilities[0].Released, []party.ID{other}) {
			t.Errorf("%s's own register: %+v", self, v.Facilities)
		}
		if len(v.Partners) != 1 {
			t.Fatalf("%s sees %d facilities of the partner", self, len(v.Partners))
		}
		p := v.Partners[0]
		if p.Party != other || p.Body.Name != "QQPORT" || p.Body.Contact != "" || p.Body.Capacities != nil || p.Body.Cell.GridM != 10_000 || !p.Label.Valid() {
			t.Errorf("%s sees %+v", self, p)
		}
		if bytes.Contains(l.raw[self], []byte("QQCONTACT")) {
			t.Errorf("%s was told the contact, which no rule lets go", self)
		}
	}
	// It leaves the register.
	cfg := supportConfig(t, "jp", "tw", fuelText)
	cfg.Support.Register = nil
	l.step("jp", &engine.Input{Config: cfg})
	l.flow()
	if v := l.e["tw"].View().Support.Partners; len(v) != 0 {
		t.Errorf("tw still sees %+v", v)
	}
	// And its retention ends.
	l.now = l.now.Add(25 * time.Hour)
	l.tick()
	if v := l.e["jp"].View().Support.Partners; len(v) != 0 {
		t.Errorf("jp keeps %+v beyond its retention", v)
	}
}

func TestHostileFacilities(t *testing.T) {
	f := newFloor(t, openPolicy())
	port := func(n uint64, epoch uint32) *record.Record {
		r := f.from("jp", record.KindFacility, n)
		r.Epoch, r.Facility = epoch, &record.Facility{Kind: "port", Name: fmt.Sprint(epoch)}
		return r
	}
	f.must("jp", port(1, 5))
	if why := f.take("jp", port(1, 5)); why != "stale" {
		t.Errorf("the same again = %q", why)
	}
	if why := f.take("jp", port(1, 4)); why != "stale" {
		t.Errorf("an older one = %q", why)
	}
	mixed := port(1, 6)
	mixed.Exercise = true
	if why := f.take("jp", mixed); why != "exercise" {
		t.Errorf("an exercise over a live one = %q", why)
	}
	for n := uint64(2); n <= 300; n++ {
		f.must("jp", port(n, 1))
	}
	if why := f.take("jp", port(301, 1)); why != "flood" {
		t.Errorf("one more than the share = %q", why)
	}
	f.must("cell", func() *record.Record {
		r := f.from("cell", record.KindFacility, 1)
		r.Facility = &record.Facility{Kind: "depot"}
		return r
	}())
	gone := port(1, 7)
	gone.Facility.Gone = true
	f.must("jp", gone)
	f.must("jp", port(301, 1))
	ahead := f.from("jp", record.KindSupport, 1)
	ahead.Support = supportRecords()[0].Support
	ahead.Support.Stated = []record.SupportEntry{{N: 1, Amount: 1, At: f.now.Add(2 * time.Hour)}}
	if why := f.take("jp", ahead); why != "time" {
		t.Errorf("a settlement in two hours = %q", why)
	}
}

func TestAWrongAgreementIsRefusedWithItsLine(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*engine.SupportConfig)
		want   string
	}{
		"ammunition": {func(c *engine.SupportConfig) {
			c.Agreements[0].Data = []byte(strings.Replace(fuelText, `["fuel"]`, `["ammunition"]`, 1))
		}, `ag.toml:14: clause.categories: "ammunition"`},
		"one between others": {func(c *engine.SupportConfig) {
			c.Agreements[0].Data = []byte(strings.Replace(fuelText, `["jp", "tw"]`, `["jp", "us"]`, 1))
		}, "no party of agreement"},
		"one twice":       {func(c *engine.SupportConfig) { c.Agreements = append(c.Agreements, c.Agreements[0]) }, "stands twice"},
		"too many":        {func(c *engine.SupportConfig) { c.Agreements = make([]engine.Text, 33) }, "at most 32"},
		"a bad register":  {func(c *engine.SupportConfig) { c.Register.Data = []byte("[[facility]]\nid = \"X\"\n") }, "register.toml:2: facility.id"},
		"the shipped one": {func(c *engine.SupportConfig) { c.Agreements[0].Data, _ = agreements.Text("demo-tw-jp") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := supportConfig(t, "tw", "jp", fuelText)
			tt.change(cfg.Support)
			err := cfg.Check("tw")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}

// Requests race for one day's quota between two whole engines over a line that
// loses, doubles and reorders: at no moment has the giving party promised more
// than the quota, and once the line is quiet both hold the same.
func TestEnginesNeverOverdrawAQuota(t *testing.T) {
	l := newLine(t)
	l.flow()
	fresh := make(map[party.ID][]byte)
	for self, e := range l.e {
		b, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		fresh[self] = b
	}
	runs, granted, done := 0, 0, make(map[string]int)
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs%20 == 0 { // requests of many days make every step slow
			for self, b := range fresh {
				e, err := engine.Restore(self, idOf, b)
				if err != nil {
					rt.Fatal(err)
				}
				l.e[self] = e
			}
			l.held = nil
		}
		day := l.now.Truncate(24 * time.Hour).Add(48 * time.Hour)
		l.now = day
		draw := func(n int, label string) int {
			list := make([]int, n)
			for i := range list {
				list[i] = i
			}
			return rapid.SampledFrom(list).Draw(rt, label)
		}
		mine := func(self party.ID) (list []engine.RequestView) {
			for _, r := range l.e[self].View().Support.Requests {
				if r.Ask.From.Equal(day) {
					list = append(list, r)
				}
			}
			return list
		}
		act := func(self, verb string, a engine.SupportArgs) {
			id, partner := party.ID(self), party.ID("")
			if verb == "support-request" {
				partner = map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[id]
			}
			if l.do(id, verb, engine.Supervisor, "", partner, a).Code == "" {
				done[verb]++
			}
		}
		for _, self := range []string{"tw", "tw", "jp", "jp"} { // they cross
			act(self, "support-request", askFuel(day, uint64(30+20*draw(3, "litres"))))
		}
		for range 40 {
			l.tick()
			if len(l.held) > 0 && draw(3, "deliver") > 0 {
				i := draw(len(l.held), "which")
				p := l.held[i]
				switch draw(8, "weather") {
				case 0:
					l.held = slices.Delete(l.held, i, i+1) // lost
					continue
				case 1: // comes twice
				default:
					l.held = slices.Delete(l.held, i, i+1)
				}
				l.hand(p)
			} else {
				self := []string{"tw", "jp"}[draw(2, "who")]
				if list := mine(party.ID(self)); len(list) > 0 {
					r := list[draw(len(list), "request")]
					ends := draw(10, "ends") == 0 // seldom, else nothing gets far
					can := slices.DeleteFunc(slices.Clone(r.Can), func(s string) bool { return s == "repeat" || (!ends && (s == "cancel" || s == "decline")) })
					if len(can) > 0 {
						step := can[draw(len(can), "step")]
						a := engine.SupportArgs{Request: r.N}
						if step == "deliver" {
							a.Amount = num(r.Offer.Amount)
						}
						act(self, "support-"+step, a)
					}
				}
			}
			for _, self := range []party.ID{"tw", "jp"} {
				var promised uint64
				for _, r := range mine(self) {
					if !r.Ours && r.Approval != nil && r.State != support.Cancelled && r.State != support.Declined {
						n := r.Approval.Amount
						if r.Offer != nil {
							n = r.Offer.Amount
						}
						promised += n
					}
				}
				if promised > 100 {
					rt.Fatalf("%s promised %d of 100", self, promised)
				}
				if promised > 0 {
					granted++
				}
			}
		}
		for range 2 {
			for _, self := range []party.ID{"tw", "jp"} {
				for _, r := range mine(self) {
					act(string(self), "support-repeat", engine.SupportArgs{Request: r.N})
				}
			}
			for range 3 {
				l.tick()
				for len(l.held) > 0 {
					p := l.held[0]
					l.held = l.held[1:]
					l.hand(p) // what was overtaken is refused
				}
			}
		}
		states := func(self party.ID) map[record.ID]string {
			m := make(map[record.ID]string)
			for _, r := range mine(self) {
				m[r.ID] = r.State
			}
			return m
		}
		if d := cmp.Diff(states("tw"), states("jp")); d != "" {
			rt.Fatalf("states differ: %s", d)
		}
		a, b := l.e["tw"].View().Support.Accounts, l.e["jp"].View().Support.Accounts
		if d := cmp.Diff(a, b, cmpopts.IgnoreFields(support.Line{}, "Number")); d != "" {
			rt.Fatalf("ledgers differ: %s", d)
		}
		for _, self := range []party.ID{"tw", "jp"} { // so that the next day has room
			for _, r := range mine(self) {
				act(string(self), "support-cancel", engine.SupportArgs{Request: r.N})
				act(string(self), "support-decline", engine.SupportArgs{Request: r.N})
			}
		}
		l.held = nil
	})
	t.Logf("acts done %v, moments with something promised %d", done, granted)
}

// A recalled request is gone where nothing rests on it. Where an amount was
// reserved the record is sealed, and the receipt says so.
func TestSupportIsRecalled(t *testing.T) {
	for name, approved := range map[string]bool{"nothing rests on it": false, "an approval rests on it": true} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			l.do("tw", "support-request", engine.Officer, "QQNOTE", "jp", askFuel(start, 10))
			l.flow()
			if approved {
				if r := l.do("jp", "support-approve", engine.Supervisor, "", "", engine.SupportArgs{Request: 1}); r.Code != "" {
					t.Fatal(r.Code)
				}
				l.flow()
			}
			out := l.step("tw", &engine.Input{Command: &engine.Command{
				Verb: "recall", By: "x", Role: engine.Supervisor, Partner: "jp", Text: "in error", Recall: &engine.RecallArgs{Rule: "support"},
			}})
			if out.Reply.Code != "" {
				t.Fatalf("recall = %+v", out.Reply)
			}
			l.flow()
			b, err := l.e["jp"].Snapshot()
			if err != nil || bytes.Contains(b, []byte("QQNOTE")) {
				t.Errorf("jp still holds what was taken back (%v)", err)
			}
			if n := len(l.e["jp"].View().Support.Requests); (n == 1) != approved {
				t.Errorf("jp holds %d requests", n)
			}
			recalls := l.e["tw"].View().Recalls
			if len(recalls) != 1 || recalls[0].Missing != 0 || (recalls[0].Kept > 0) != approved {
				t.Errorf("the receipt says %+v", recalls)
			}
		})
	}
}
