// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

// beacons is what a receiver of Remote ID writes down of n drones.
func beacons(t testing.TB, n int) (lines []string) {
	t.Helper()
	for i := range n {
		b, err := remoteid.EncodePack(nil, []remoteid.Message{
			{Type: remoteid.TypeBasicID, IDType: remoteid.IDSerial, ID: remoteid.NewText(fmt.Sprintf("SERIAL%d", i))},
			{Type: remoteid.TypeLocation, Has: remoteid.HasPosition, Position: geo.Point{LatDeg: 24.4, LonDeg: 122.9 + 0.1*float64(i)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf(`{"mac":"903ae65bc8%02x","counter":1,"hex":"%x"}`, i, b))
	}
	return lines
}

// report is a device's own report, made now.
func report(t testing.TB, uid string) string {
	t.Helper()
	now := time.Now().UTC()
	b, err := cot.AppendXML(nil, &cot.Event{
		UID: uid, Type: "a-f-S", How: "m-g", Time: now, Start: now, Stale: now.Add(time.Minute),
		Has: cot.HasPosition, Position: geo.Point{LatDeg: 24.4, LonDeg: 122.9}, Callsign: uid,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func feedNamed(v *engine.View, name string) engine.FeedView {
	i := slices.IndexFunc(v.Feeds, func(f engine.FeedView) bool { return f.Name == name })
	if i < 0 {
		return engine.FeedView{}
	}
	return v.Feeds[i]
}

// dialUntilThere dials what a node is about to listen on.
func dialUntilThere(t testing.TB, addr string) net.Conn {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// tapedOf returns the data of a feed's frames on the tape of a node that has
// stopped.
func (r *rig) tapedOf(t testing.TB, source string) (list []string) {
	t.Helper()
	rd, err := tape.OpenReader(filepath.Join(r.cfg.Node.Data, "tape"))
	if err != nil {
		t.Fatal(err)
	}
	err = rd.Read(rd.First(), func(_ uint64, b []byte) error {
		in, err := engine.UnmarshalInput(b)
		if err == nil && in.Frame != nil && in.Frame.Source == source {
			list = append(list, string(in.Frame.Data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFeedsOfEachContent takes what senders bring and what a file holds: it is
// taped as it came, decoded, and after a restart a file goes on where it was.
func TestFeedsOfEachContent(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	log := filepath.Join(r.dir, "beacons.jsonl")
	lines := beacons(t, 3)
	if err := os.WriteFile(log, []byte(strings.Join(lines[:2], "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mesh := freeTCP(t)
	r.cfg.Feeds = []config.Feed{
		{Name: "drones", Kind: "remoteid-file", Path: log, Follow: true},
		{Name: "mesh", Kind: "cot-tcp-server", Addr: mesh},
	}
	r.open(t)
	c := dialUntilThere(t, mesh)
	one := report(t, "ONE")
	if _, err := c.Write([]byte(one + "noise" + one)); err != nil {
		t.Fatal(err)
	}
	r.await(t, "both taken", func(v *engine.View) bool {
		m := feedNamed(v, "mesh")
		return feedNamed(v, "drones").Plots == 2 && m.Plots == 2 && len(m.Refused) == 1 && m.Refused[0].Reason == "cot-framing"
	})
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines[:2], r.tapedOf(t, "drones")); diff != "" {
		t.Errorf("taped (-sent +taped):\n%s", diff)
	}
	if diff := cmp.Diff([]string{one, one}, r.tapedOf(t, "mesh")); diff != "" {
		t.Errorf("taped (-sent +taped):\n%s", diff)
	}

	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(lines[2] + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
	r.await(t, "the new line taken", func(v *engine.View) bool { return feedNamed(v, "drones").Plots == 3 })
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, r.tapedOf(t, "drones")); diff != "" {
		t.Errorf("taped after a restart (-sent +taped):\n%s", diff)
	}
}

// TestFilesOfFeedsAreRead names what is wrong with them before anything starts.
func TestFilesOfFeedsAreRead(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	for name, tt := range map[string]struct {
		f    config.Feed
		want string
	}{
		"no authorities": {config.Feed{Kind: "nmea-tls", Addr: "127.0.0.1:1", CA: empty}, "feed a: read authorities: " + empty + " holds no certificate"},
		"no file of CA":  {config.Feed{Kind: "nmea-tls", Addr: "127.0.0.1:1", CA: none}, "feed a: read authorities: open "},
		"no certificate": {config.Feed{Kind: "nmea-tls-server", Addr: "127.0.0.1:1", Cert: none, Key: none}, "feed a: read certificate: open "},
		"no password":    {config.Feed{Kind: "nmea-http", Addr: "https://127.0.0.1/", Every: config.Duration(time.Second), PasswordFile: empty}, "feed a: read password: " + empty + ": want one line of text"},
	} {
		r := newRig(t, "tw", t.TempDir())
		tt.f.Name = "a"
		r.cfg.Feeds = []config.Feed{tt.f}
		if err := r.tryOpen(t); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: open = %v, want prefix %q", name, err, tt.want)
		}
	}
}
