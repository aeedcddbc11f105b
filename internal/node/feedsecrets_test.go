// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
)

const hush = "hush-7f3a9c" // stands nowhere else

// greeting returns what the next who dials says first.
func greeting(t testing.TB, l net.Listener) []byte {
	t.Helper()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 512)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// holding lists the files of a folder that hold a text.
func holding(t testing.TB, dir, text string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			list = append(list, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFeedWithASecret adds a feed of a broker that asks for a password. It goes
// to the broker, also after a restart, and to one file.
func TestFeedWithASecret(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	l := loopback(t)
	settings := &console.FeedSettings{
		Kind: "nmea-mqtt", Addr: "mqtt://" + l.Addr().String(), Topics: []string{"ais/+"}, QoS: 1, ClientID: "floor-1", User: "node",
	}
	req := console.FeedRequest{Name: "broker", Act: "add", Feed: settings, Secrets: &console.FeedSecrets{Password: hush}}
	r.feedDo(t, "", req)
	if said := greeting(t, l); !bytes.Contains(said, []byte(hush)) || !bytes.Contains(said, []byte("floor-1")) || !bytes.Contains(said, []byte("node")) {
		t.Errorf("the broker hears %q", said)
	}
	r.feedDo(t, "name-taken", console.FeedRequest{Name: "broker", Act: "add", Feed: settings, Secrets: &console.FeedSecrets{Password: "another"}})
	if b, err := json.Marshal(r.n.FeedList()); err != nil || bytes.Contains(b, []byte(hush)) {
		t.Errorf("the list is %s, %v", b, err)
	}
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	only := filepath.Join("feed-secrets", "broker.password")
	if list := holding(t, r.cfg.Node.Data, hush); len(list) != 1 || list[0] != only {
		t.Errorf("the password stands in %v, want %s alone", list, only)
	}
	for path, want := range map[string]fs.FileMode{only: 0o600, "feed-secrets": 0o700} {
		if info, err := os.Stat(filepath.Join(r.cfg.Node.Data, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info, err, want)
		}
	}
	r.open(t)
	if said := greeting(t, l); !bytes.Contains(said, []byte(hush)) {
		t.Errorf("after a restart the broker hears %q", said)
	}
	if list := holding(t, r.dir, "another"); len(list) > 0 {
		t.Errorf("a refused password stands in %v", list)
	}
}

// TestSecretsOfNoFeed leaves nothing behind of a trial and of what is refused,
// and takes no secret that a feed could not use.
func TestSecretsOfNoFeed(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	l := loopback(t)
	heard := make(chan []byte, 1)
	go func() { heard <- greeting(t, l) }()
	web := &console.FeedSettings{Kind: "nmea-http", Addr: "http://" + l.Addr().String(), EveryS: 1}
	r.feedDo(t, "", console.FeedRequest{Name: "web", Act: "test", Feed: web, Secrets: &console.FeedSecrets{Password: hush}})
	if said := <-heard; !bytes.Contains(said, []byte("Bearer "+hush)) {
		t.Errorf("who is asked hears %q", said)
	}
	far := &console.FeedSettings{Kind: "nmea-http", Addr: "http://192.0.2.1/", EveryS: 1}
	tls := &console.FeedSettings{Kind: "nmea-tls", Addr: "127.0.0.1:1"}
	for name, tt := range map[string]struct {
		name    string
		feed    *console.FeedSettings
		secrets console.FeedSecrets
		key     string
	}{
		"a password in the clear":    {"a", far, console.FeedSecrets{Password: hush}, "addr"},
		"a password where none goes": {"a", tls, console.FeedSecrets{Password: hush}, "password"},
		"a password of two lines":    {"a", web, console.FeedSecrets{Password: hush + "\nx"}, "secrets"},
		"a certificate alone":        {"a", tls, console.FeedSecrets{Cert: hush}, "cert"},
		"what is no certificate":     {"a", tls, console.FeedSecrets{CA: hush}, "secrets"},
		"a name that is a path":      {"../a", web, console.FeedSecrets{Password: hush}, "name"},
	} {
		for _, act := range []string{"add", "test"} {
			res := r.feedDo(t, "bad-request", console.FeedRequest{Name: tt.name, Act: act, Feed: tt.feed, Secrets: &tt.secrets})
			if res.Key != tt.key || res.What == "" || strings.Contains(res.What, hush) {
				t.Errorf("%s of %s: %+v, want key %q", act, name, res, tt.key)
			}
		}
	}
	if list := holding(t, r.dir, hush); len(list) > 0 {
		t.Errorf("the secret stands in %v", list)
	}
}
