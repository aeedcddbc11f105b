// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
)

// fakeFeeds answers as a test tells it to.
type fakeFeeds struct {
	got    []console.FeedRequest
	result console.FeedResult
	code   string
	err    error
}

func (f *fakeFeeds) FeedList() []console.FeedStatus {
	return []console.FeedStatus{{Name: "a", Refused: []console.FeedRefusal{}}}
}

func (f *fakeFeeds) FeedAct(_ context.Context, r *console.FeedRequest) (console.FeedResult, string, error) {
	f.got = append(f.got, *r)
	return f.result, f.code, f.err
}

// TestFeedActsAreAudited does each act, and one that is refused, one that fails
// and one that does not exist.
func TestFeedActsAreAudited(t *testing.T) {
	for _, act := range []string{console.FeedAdd, console.FeedPause, console.FeedResume, console.FeedSecret, console.FeedRemove, console.FeedTest} {
		d := newDesk(t)
		w := d.post("/api/feeds", `{"name":"a","act":"`+act+`","feed":{"kind":"cot-udp","addr":"127.0.0.1:1","stale_s":60},"secrets":{"password":"hush"}}`, d.login("administrator"))
		wantCode(t, act, w, http.StatusOK, "")
		if g := d.feeds.got; len(g) != 1 || g[0].Act != act || g[0].Name != "a" || g[0].Feed.StaleS != 60 || g[0].Secrets.Password != "hush" {
			t.Errorf("%s: the node was asked %+v", act, g)
		}
		if l := d.journal.acts(); l[len(l)-1] != "administrator feed-"+act+" a" {
			t.Errorf("%s is not audited: %v", act, l)
		}
	}
	d := newDesk(t)
	admin := d.login("administrator")
	d.feeds.code, d.feeds.result = "bad-request", console.FeedResult{Key: "addr", What: "names no host"}
	w := d.post("/api/feeds", `{"name":"a","act":"add"}`, admin)
	if b := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(b, "names no host") {
		t.Errorf("a wrong feed: %d %s", w.Code, b)
	}
	d.feeds.code = "name-taken"
	wantCode(t, "a second of a name", d.post("/api/feeds", `{"name":"a","act":"add"}`, admin), http.StatusConflict, "name-taken")
	d.feeds.code, d.feeds.err = "", errSecret
	wantCode(t, "a full disk", d.post("/api/feeds", `{"name":"a","act":"pause"}`, admin), http.StatusServiceUnavailable, "store-failed")
	d.feeds.code, d.feeds.err = "feed-configured", nil
	wantCode(t, "a feed of the file", d.post("/api/feeds", `{"name":"a","act":"remove"}`, admin), http.StatusConflict, "feed-configured")
	before := len(d.feeds.got)
	wantCode(t, "an act of no name", d.post("/api/feeds", `{"name":"a","act":"fly"}`, admin), http.StatusBadRequest, "bad-request")
	if l := d.journal.acts(); len(d.feeds.got) != before || strings.HasPrefix(l[len(l)-1], "administrator feed-") {
		t.Errorf("what was not done is audited, or was asked for: %v", l)
	}
}

func TestRegistration(t *testing.T) {
	d := newDesk(t)
	c := d.login("administrator")
	if w := d.get("/api/registration", c); w.Body.String() != "[]" {
		t.Errorf("without radars: %s", w.Body)
	}
	d.node.radars = []engine.RegistrationView{{Source: "north", Bias: &engine.BiasView{AzimuthDeg: 0.2}, Sights: 7, History: []engine.RegistrationPast{}}}
	if l := in[[]engine.RegistrationView](t, d.get("/api/registration", c)); len(l) != 1 || l[0].Source != "north" || l[0].Bias.AzimuthDeg != 0.2 || l[0].Sights != 7 {
		t.Errorf("got %+v", l)
	}
	d.node.err = errSecret
	wantCode(t, "a node that stops", d.get("/api/registration", c), http.StatusServiceUnavailable, "stopping")
	none := newDesk(t, func(cfg *console.Config) { cfg.Radars = nil })
	if w := none.get("/api/registration", none.login("supervisor")); w.Body.String() != "[]" {
		t.Errorf("of a node without radars: %s", w.Body)
	}
}
