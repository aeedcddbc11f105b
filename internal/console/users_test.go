// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// shownUser is a person as the administrator's page gets it.
type shownUser struct {
	Name, Role, Lang string
	Disabled         bool
}

func TestUsersAreListedWithoutHashes(t *testing.T) {
	d := newDesk(t)
	w := d.get("/api/users", d.login("administrator"))
	l := in[[]shownUser](t, w)
	if len(l) != 5 || l[0] != (shownUser{"administrator", "administrator", "ja", false}) {
		t.Errorf("got %+v", l)
	}
	if strings.Contains(w.Body.String(), "argon2") {
		t.Errorf("a hash is shown: %s", w.Body)
	}
}

func TestPutUser(t *testing.T) {
	tests := map[string]struct {
		body   string
		status int
		code   string
		want   *store.User // without hash
	}{
		"a new person":               {`{"name":"王小明","role":"officer","password":"tide and wind 5"}`, 200, "", &store.User{Name: "王小明", Role: "officer", Lang: "en"}},
		"a new person with language": {`{"name":"b.c","role":"viewer","password":"tide and wind 5","lang":"zh-Hant","disabled":true}`, 200, "", &store.User{Name: "b.c", Role: "viewer", Lang: "zh-Hant", Disabled: true}},
		"another role":               {`{"name":"officer","role":"supervisor"}`, 200, "", &store.User{Name: "officer", Role: "supervisor", Lang: "ja"}},
		"a person disabled":          {`{"name":"officer","disabled":true}`, 200, "", &store.User{Name: "officer", Role: "officer", Lang: "ja", Disabled: true}},
		"another password":           {`{"name":"officer","password":"tide and wind 5"}`, 200, "", &store.User{Name: "officer", Role: "officer", Lang: "ja"}},
		"nothing new":                {`{"name":"officer"}`, 200, "", &store.User{Name: "officer", Role: "officer", Lang: "ja"}},
		"no name":                    {`{"role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a name with a line end":     {`{"name":"a\nb","role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a name that turns the line": {`{"name":"a\u202eb","role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a name with blanks around":  {`{"name":" a ","role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a name too long":            {`{"name":"` + strings.Repeat("a", 41) + `","role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"the node's own name":        {`{"name":"Node","role":"officer","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a role that is not":         {`{"name":"a","role":"admiral","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"no role":                    {`{"name":"a","password":"tide and wind 5"}`, 400, "bad-request", nil},
		"a language that is not":     {`{"name":"a","role":"officer","password":"tide and wind 5","lang":"fr"}`, 400, "bad-request", nil},
		"a weak password":            {`{"name":"a","role":"officer","password":"tide"}`, 400, "weak-password", nil},
		"no password":                {`{"name":"a","role":"officer"}`, 400, "weak-password", nil},
		"a name like another's":      {`{"name":"OFFICER","role":"officer","password":"tide and wind 5"}`, 409, "name-taken", nil},
		"the own role":               {`{"name":"administrator","role":"viewer"}`, 409, "not-now", nil},
		"the own person disabled":    {`{"name":"administrator","disabled":true}`, 409, "not-now", nil},
		"an unknown field":           {`{"name":"officer","hash":"x"}`, 400, "bad-request", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			before := d.users.m["officer"].Hash
			w := d.post("/api/users", tt.body, d.login("administrator"))
			wantCode(t, "answer", w, tt.status, tt.code)
			if tt.want == nil {
				if len(d.users.m) != 5 || len(d.journal.acts()) != 1 {
					t.Errorf("something has changed: %v", d.journal.acts())
				}
				return
			}
			got := d.users.m[tt.want.Name]
			if changed := got.Hash != before; changed != strings.Contains(tt.body, "password") {
				t.Errorf("hash changed: %v", changed)
			}
			got.Hash = ""
			if got != *tt.want {
				t.Errorf("got %+v, want %+v", got, *tt.want)
			}
			acts := d.journal.acts()
			if last := acts[len(acts)-1]; !strings.HasPrefix(last, "administrator user-") || !strings.HasSuffix(last, " "+tt.want.Name) {
				t.Errorf("audited %q", last)
			}
			if strings.Contains(w.Body.String(), "argon2") {
				t.Errorf("a hash is shown: %s", w.Body)
			}
		})
	}
}

func TestNewPersonLogsIn(t *testing.T) {
	d := newDesk(t)
	admin := d.login("administrator")
	d.post("/api/users", `{"name":"new","role":"officer","password":"tide and wind 5"}`, admin)
	status, _, first := d.tryLogin("new", "tide and wind 5", "")
	if status != 200 {
		t.Fatalf("login: %d", status)
	}
	d.post("/api/users", `{"name":"new","password":"another tide 66"}`, admin)
	wantCode(t, "old session", d.get("/api/me", first), http.StatusUnauthorized, "unauthenticated")
	if status, _, _ := d.tryLogin("new", "tide and wind 5", ""); status != 401 {
		t.Errorf("old password: %d", status)
	}
	if status, _, _ := d.tryLogin("new", "another tide 66", ""); status != 200 {
		t.Errorf("new password: %d", status)
	}
}

// TestNoChangeGoesUnseen: where the audit log cannot be written nobody is
// changed.
func TestNoChangeGoesUnseen(t *testing.T) {
	d := newDesk(t)
	admin := d.login("administrator")
	d.journal.err = errSecret
	w := d.post("/api/users", `{"name":"officer","role":"supervisor"}`, admin)
	wantCode(t, "answer", w, http.StatusServiceUnavailable, "store-failed")
	if d.users.m["officer"].Role != "officer" {
		t.Error("the role has changed")
	}
	d.journal.err, d.users.putErr = nil, errSecret
	w = d.post("/api/users", `{"name":"officer","role":"supervisor"}`, admin)
	wantCode(t, "answer", w, http.StatusServiceUnavailable, "store-failed")
}

func TestLanguage(t *testing.T) {
	d := newDesk(t)
	c := d.login("officer")
	for _, lang := range []string{"zh-Hant", "ja", "en"} {
		w := d.post("/api/lang", `{"lang":"`+lang+`"}`, c)
		wantCode(t, lang, w, http.StatusOK, "")
		if got := in[shownUser](t, d.get("/api/me", c)); got.Lang != lang || got.Name != "officer" {
			t.Errorf("me: %+v, want %s", got, lang)
		}
	}
	for _, lang := range []string{"", "fr", "EN", "zh"} {
		wantCode(t, lang, d.post("/api/lang", `{"lang":"`+lang+`"}`, c), http.StatusBadRequest, "bad-request")
	}
	d.users.change("officer", func(u *store.User) { u.Role = "supervisor" })
	d.post("/api/lang", `{"lang":"ja"}`, c)
	if u := d.users.m["officer"]; u.Role != "supervisor" || u.Lang != "ja" {
		t.Errorf("the language has undone another change: %+v", u)
	}
	d.users.putErr = errSecret
	wantCode(t, "full disk", d.post("/api/lang", `{"lang":"en"}`, c), http.StatusServiceUnavailable, "store-failed")
}

func TestAudit(t *testing.T) {
	d := newDesk(t)
	c := d.login("auditor")
	d.journal.entries = nil
	for range 600 {
		d.journal.entries = append(d.journal.entries, store.AuditEntry{By: "officer", Act: "act-log", Role: "officer", Partner: "jp", Text: "done"})
	}
	type item struct {
		N                  uint64
		Actor, Act, Detail string
	}
	l := in[[]item](t, d.get("/api/audit", c))
	if len(l) != 500 || l[0] != (item{1, "officer", "act-log", "officer · jp · done"}) || l[499].N != 500 {
		t.Errorf("first page: %d entries, first %+v", len(l), l[0])
	}
	l = in[[]item](t, d.get("/api/audit?after=500", c))
	if len(l) != 100 || l[0].N != 501 || l[99].N != 600 {
		t.Errorf("second page: %d entries", len(l))
	}
	if w := d.get("/api/audit?after=600", c); w.Body.String() != "[]" {
		t.Errorf("beyond the end: %s", w.Body)
	}
	for _, after := range []string{"-1", "x", "1e3", "99999999999999999999"} {
		wantCode(t, after, d.get("/api/audit?after="+after, c), http.StatusBadRequest, "bad-request")
	}
	d.journal.err = errSecret
	wantCode(t, "store", d.get("/api/audit", c), http.StatusServiceUnavailable, "store-failed")
	wantCode(t, "store", d.get("/api/journal", c), http.StatusServiceUnavailable, "store-failed")
}

func TestForbiddenActsAreAudited(t *testing.T) {
	d := newDesk(t)
	d.post("/api/command", `{"verb":"stop","partner":"jp"}`, d.login("officer"))
	if got, want := d.journal.acts(), []string{"officer login", "officer act-stop"}; !slices.Equal(got, want) {
		t.Errorf("audited %v, want %v", got, want)
	}
}
