// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

const fresh = "hush-anew-51d0" // stands nowhere else

// awaitGreeting waits for one who dials and says text. A dial of before may
// still wait to be heard.
func awaitGreeting(t testing.TB, l net.Listener, text string) {
	t.Helper()
	var said []byte
	for range 20 {
		if said = greeting(t, l); bytes.Contains(said, []byte(text)) {
			return
		}
	}
	t.Fatalf("the broker hears %q, want %q in it", said, text)
}

// TestChangedSecret gives a feed another password: it goes to the broker, also
// after a restart, and the old one is nowhere. What is refused changes nothing.
func TestChangedSecret(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.cfg.Feeds = []config.Feed{{Name: "fixed", Kind: "cot-udp", Addr: "127.0.0.1:0"}}
	r.open(t)
	l := loopback(t)
	settings := &console.FeedSettings{Kind: "nmea-mqtt", Addr: "mqtt://" + l.Addr().String(), Topics: []string{"ais/+"}, User: "node"}
	r.feedDo(t, "", console.FeedRequest{Name: "broker", Act: "add", Feed: settings, Secrets: &console.FeedSecrets{Password: hush}})
	awaitGreeting(t, l, hush)
	change := func(code, name string, s *console.FeedSecrets) console.FeedResult {
		t.Helper()
		return r.feedDo(t, code, console.FeedRequest{Name: name, Act: "secret", Secrets: s})
	}
	for name, tt := range map[string]struct {
		secrets *console.FeedSecrets
		key     string
	}{
		"none":                    {nil, "secrets"},
		"empty ones":              {&console.FeedSecrets{}, "secrets"},
		"a password of two lines": {&console.FeedSecrets{Password: fresh + "\nx"}, "secrets"},
		"a key of no certificate": {&console.FeedSecrets{Key: fresh}, "cert"},
	} {
		if res := change("bad-request", "broker", tt.secrets); res.Key != tt.key {
			t.Errorf("%s: %+v, want key %q", name, res, tt.key)
		}
	}
	change("feed-configured", "fixed", &console.FeedSecrets{Password: fresh})
	change("not-found", "none", &console.FeedSecrets{Password: fresh})
	if list := holding(t, r.dir, fresh); len(list) > 0 {
		t.Errorf("a refused secret stands in %v", list)
	}
	awaitGreeting(t, l, hush)

	change("", "broker", &console.FeedSecrets{Password: fresh})
	awaitGreeting(t, l, fresh)
	for range 3 {
		if said := greeting(t, l); !bytes.Contains(said, []byte(fresh)) {
			t.Errorf("after the change the broker hears %q", said)
		}
	}
	r.feedDo(t, "", console.FeedRequest{Name: "broker", Act: "pause"})
	change("", "broker", &console.FeedSecrets{Password: hush})
	change("", "broker", &console.FeedSecrets{Password: fresh})
	if f := r.n.FeedList()[1]; !f.Paused {
		t.Errorf("a change let a paused feed go on: %+v", f)
	}
	r.feedDo(t, "", console.FeedRequest{Name: "broker", Act: "resume"})
	awaitGreeting(t, l, fresh)
	list, err := json.Marshal(r.n.FeedList())
	if err != nil {
		t.Fatal(err)
	}
	view, err := json.Marshal(r.n.View())
	if err != nil {
		t.Fatal(err)
	}
	_, metrics := r.get(t, "/metrics")
	for where, text := range map[string]string{"list": string(list), "picture": string(view), "metrics": metrics, "log": r.log.String()} {
		if text == "" || strings.Contains(text, hush) || strings.Contains(text, fresh) {
			t.Errorf("%s is empty or holds a password", where)
		}
	}
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if list := holding(t, r.dir, hush); len(list) > 0 {
		t.Errorf("the old password stands in %v", list)
	}
	if list := holding(t, r.cfg.Node.Data, fresh); len(list) != 1 || filepath.Dir(list[0]) != "feed-secrets" {
		t.Errorf("the password stands in %v", list)
	}
	r.open(t)
	if said := greeting(t, l); !bytes.Contains(said, []byte(fresh)) {
		t.Errorf("after a restart the broker hears %q", said)
	}
}

// TestSecretsOfDeadActs removes at its start what a node left that died in the
// middle of a change or a test, and keeps what a feed names.
func TestSecretsOfDeadActs(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	l := loopback(t)
	settings := &console.FeedSettings{Kind: "nmea-mqtt", Addr: "mqtt://" + l.Addr().String(), Topics: []string{"ais/+"}, User: "node"}
	r.feedDo(t, "", console.FeedRequest{Name: "broker", Act: "add", Feed: settings, Secrets: &console.FeedSecrets{Password: hush}})
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"feed-secrets/broker.1.password", "feed-secrets/gone.key", "feed-trial-77/new.password"} {
		path = filepath.Join(r.cfg.Node.Data, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(fresh), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.open(t)
	if list := holding(t, r.dir, fresh); len(list) > 0 {
		t.Errorf("secrets of no feed stand in %v", list)
	}
	awaitGreeting(t, l, hush)
}

// listed returns the feeds once there are n: a node that has just started may not
// have them yet.
func (r *rig) listed(t testing.TB, n int) (list []console.FeedStatus) {
	t.Helper()
	r.await(t, fmt.Sprintf("%d feeds listed", n), func(*engine.View) bool {
		list = r.n.FeedList()
		return len(list) == n
	})
	return list
}

// again steps the whole tape of a node that has stopped, and returns the engine.
func (r *rig) again(t testing.TB) *engine.Engine {
	t.Helper()
	e := engine.New(party.ID(r.cfg.Node.Party), func(party.ID, record.Kind, uint64) record.ID { return record.ID{} })
	rd, err := tape.OpenReader(filepath.Join(r.cfg.Node.Data, "tape"))
	if err != nil {
		t.Fatal(err)
	}
	err = rd.Read(rd.First(), func(n uint64, b []byte) error {
		in, err := engine.UnmarshalInput(b)
		if err == nil {
			e.Step(n, in)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sameAgain holds the tape of a node that has stopped against its snapshot.
func (r *rig) sameAgain(t testing.TB) {
	t.Helper()
	want, err := r.again(t).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r.inspect(t, func(_ *keystore.Store, st *store.Store) {
		if _, _, body, err := st.Snapshot(t.Context()); err != nil || !bytes.Equal(body, want) {
			t.Errorf("the tape again gives another state than the node had: %v", err)
		}
	})
}

// TestRemovedFeed removes a feed with its secrets and its radars. It stays so
// after a restart; its record stays on the tape, which gives the same again; and
// a feed of its name goes on counting.
func TestRemovedFeed(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.cfg.Feeds = []config.Feed{{Name: "fixed", Kind: "cot-udp", Addr: "127.0.0.1:0"}}
	r.open(t)
	addr, mesh := freeTCP(t), freeTCP(t)
	radar := &console.FeedSettings{Kind: "asterix-tcp-server", Addr: addr, Sensors: []console.FeedSensor{north}}
	r.feedDo(t, "", console.FeedRequest{Name: "radar", Act: "add", Feed: radar})
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "add", Feed: &console.FeedSettings{Kind: "cot-tcp-server", Addr: mesh}})
	if _, err := dialUntilThere(t, addr).Write(turns(t, 8)); err != nil {
		t.Fatal(err)
	}
	r.await(t, "a track", func(v *engine.View) bool { return len(v.Tracks) == 1 && feedNamed(v, "radar").Plots == 8 })
	if l, err := r.n.Registration(t.Context()); err != nil || len(l) != 1 {
		t.Fatalf("registered %+v, %v", l, err)
	}
	r.feedDo(t, "feed-configured", console.FeedRequest{Name: "fixed", Act: "remove"})
	r.feedDo(t, "", console.FeedRequest{Name: "radar", Act: "pause"})
	r.feedDo(t, "", console.FeedRequest{Name: "radar", Act: "remove"})
	r.feedDo(t, "not-found", console.FeedRequest{Name: "radar", Act: "remove"})
	gone := func() {
		t.Helper()
		names := func() (list []string) {
			for _, f := range r.listed(t, 2) {
				list = append(list, f.Name)
			}
			for _, f := range r.n.View().Feeds {
				list = append(list, f.Name)
			}
			return list
		}()
		if diff := cmp.Diff([]string{"fixed", "mesh", "fixed", "mesh"}, names); diff != "" {
			t.Errorf("listed and shown (-want +got):\n%s", diff)
		}
		if l, err := r.n.Registration(t.Context()); err != nil || len(l) > 0 {
			t.Errorf("registered %+v, %v", l, err)
		}
	}
	gone()
	if v := r.n.View(); len(v.Tracks) != 1 {
		t.Errorf("%d tracks: what it fed must age, not vanish", len(v.Tracks))
	}
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	taped := r.tapedOf(t, "radar")
	if len(taped) != 8 {
		t.Errorf("%d of its frames on the tape, want 8", len(taped))
	}
	r.sameAgain(t)
	r.open(t)
	gone()

	other := freeTCP(t)
	r.feedDo(t, "", console.FeedRequest{Name: "radar", Act: "add", Feed: &console.FeedSettings{Kind: "cot-tcp-server", Addr: other}})
	if f := r.n.FeedList()[2]; f.Paused || !f.Added {
		t.Errorf("a feed of the name is %+v", f)
	}
	if _, err := dialUntilThere(t, other).Write([]byte(report(t, "ONE"))); err != nil {
		t.Fatal(err)
	}
	r.await(t, "a report", func(v *engine.View) bool { return feedNamed(v, "radar").Plots == 1 })
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if n := r.again(t).LastSeqs()["radar"]; n != 9 {
		t.Errorf("its last frame has number %d, want 9: no number comes twice", n)
	}
	r.sameAgain(t)
	r.open(t)
	if f := r.listed(t, 3)[2]; f.Paused {
		t.Errorf("a feed of the name of one that was paused is %+v", f)
	}
}

// TestRemovedWhatWaited takes, in stepped time, what a feed gave before it was
// removed, and lets the others wait for the step.
func TestRemovedWhatWaited(t *testing.T) {
	r := newRig(t, "tw", t.TempDir()).stepped(t, time.Now().UTC().Truncate(time.Second))
	r.open(t)
	for _, name := range []string{"mesh", "other"} {
		addr := freeTCP(t)
		r.feedDo(t, "", console.FeedRequest{Name: name, Act: "add", Feed: &console.FeedSettings{Kind: "cot-tcp-server", Addr: addr}})
		if _, err := dialUntilThere(t, addr).Write([]byte(report(t, "ONE"))); err != nil {
			t.Fatal(err)
		}
	}
	r.await(t, "one received of each", func(*engine.View) bool {
		return !slices.ContainsFunc(r.n.FeedList(), func(f console.FeedStatus) bool { return f.Frames != 1 })
	})
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "remove"})
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if n, m := len(r.tapedOf(t, "mesh")), len(r.tapedOf(t, "other")); n != 1 || m != 0 {
		t.Errorf("%d and %d frames on the tape, want the removed feed's alone", n, m)
	}
	if l := r.again(t).LastSeqs(); len(l) != 1 {
		t.Errorf("the engine knows %v, want the other alone", l)
	}
}

// TestRemovalThatFails cannot keep the list of feeds: the feed goes on.
func TestRemovalThatFails(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	addr := freeTCP(t)
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "add", Feed: &console.FeedSettings{Kind: "cot-tcp-server", Addr: addr}})
	path := filepath.Join(r.cfg.Node.Data, "feeds.json")
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "in the way"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, code, err := r.n.FeedAct(t.Context(), &console.FeedRequest{Name: "mesh", Act: "remove"}); err == nil {
		t.Errorf("removed where nothing can be kept: code %q", code)
	}
	if _, err := dialUntilThere(t, addr).Write([]byte(report(t, "ONE"))); err != nil {
		t.Fatal(err)
	}
	r.await(t, "a report", func(v *engine.View) bool { return feedNamed(v, "mesh").Plots == 1 })
	if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, kept, 0o600)); err != nil {
		t.Fatal(err)
	}
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "remove"})
	if l := r.n.FeedList(); len(l) > 0 {
		t.Errorf("after the removal: %+v", l)
	}
}
