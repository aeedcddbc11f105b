// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
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
		UID: cot.Text(uid), Type: cot.Text("a-f-S"), How: cot.Text("m-g"), Time: now, Start: now, Stale: now.Add(time.Minute),
		Has: cot.HasPosition, Position: geo.Point{LatDeg: 24.4, LonDeg: 122.9}, Callsign: cot.Text(uid),
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

// TestFeedsOfPrograms takes what other programs hold of aircraft and ships: it
// is taped record by record, and what is told again makes no second plot, also
// after a restart.
func TestFeedsOfPrograms(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	now := time.Now().UTC()
	aircraft := []string{
		`"hex":"899001","type":"adsb_icao","lat":24.4,"lon":122.9,"seen_pos":0.5,"seen":0.5}`,
		`"hex":"899002","type":"mlat","mlat":["lat","lon"],"lat":24.5,"lon":122.8,"seen_pos":1,"seen":0.1}`,
	}
	clock := fmt.Sprintf(`"now":%d.25`, now.Unix())
	path := filepath.Join(r.dir, "aircraft.json")
	if err := os.WriteFile(path, []byte("{"+clock+`, "aircraft":[{`+strings.Join(aircraft, ",\n{")+"]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	ships := freeTCP(t)
	r.cfg.Feeds = []config.Feed{
		{Name: "states", Kind: "readsb-file", Path: path},
		{Name: "ships", Kind: "signalk-tcp-server", Addr: ships},
	}
	delta := `{"context":"vessels.urn:mrn:imo:mmsi:416000123","updates":[{"timestamp":"` + now.Format(time.RFC3339) +
		`","values":[{"path":"navigation.position","value":{"latitude":24.25,"longitude":122.5}}]}]}`
	for run := range uint64(2) {
		r.open(t)
		if _, err := dialUntilThere(t, ships).Write([]byte(delta + "\n")); err != nil {
			t.Fatal(err)
		}
		r.await(t, "all taken", func(v *engine.View) bool {
			return feedNamed(v, "states").Plots == 2 && feedNamed(v, "ships").Frames == run+1
		})
		if f := feedNamed(r.n.View(), "ships"); f.Plots != 1 || len(f.Refused) > 0 {
			t.Errorf("run %d: %+v, want one plot of what is told twice", run, f)
		}
		if err := r.halt(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"{" + clock + "," + aircraft[0], "{" + clock + "," + aircraft[1]}, r.tapedOf(t, "states")); diff != "" {
		t.Errorf("taped (-sent +taped):\n%s", diff)
	}
	if diff := cmp.Diff([]string{delta, delta}, r.tapedOf(t, "ships")); diff != "" {
		t.Errorf("taped (-sent +taped):\n%s", diff)
	}
}

// feedDo does an act on a feed, which must end with code. A node that has just
// answered may not have its feeds yet.
func (r *rig) feedDo(t testing.TB, code string, req console.FeedRequest) console.FeedResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	res, got, err := r.n.FeedAct(ctx, &req)
	for got == "not-now" && ctx.Err() == nil {
		res, got, err = r.n.FeedAct(ctx, &req)
	}
	if err != nil || got != code {
		t.Fatalf("%s of feed %s: %+v, code %q, %v; want code %q", req.Act, req.Name, res, got, err, code)
	}
	return res
}

// TestFeedsWithoutARestart adds a feed, pauses it and lets it go on, before and
// after a restart, and tests it and one that is not there yet.
func TestFeedsWithoutARestart(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	addr := freeTCP(t)
	settings := &console.FeedSettings{Kind: "cot-tcp-server", Addr: addr, StaleS: 600}
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "add", Feed: settings})
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	nobody := &console.FeedRequest{Name: "other", Act: "test", Feed: &console.FeedSettings{Kind: "nmea-tcp", Addr: freeTCP(t)}}
	if res, code, err := r.n.FeedAct(short, nobody); err != nil || code != "" || res.Test.Up || res.Test.Frames > 0 {
		t.Errorf("a test of nobody: %+v, %q, %v", res.Test, code, err)
	}
	r.feedDo(t, "name-taken", console.FeedRequest{Name: "mesh", Act: "add", Feed: settings})
	r.feedDo(t, "not-found", console.FeedRequest{Name: "none", Act: "pause"})
	say := func(text string) {
		t.Helper()
		c := dialUntilThere(t, addr)
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	plots := func(n uint64) func(*engine.View) bool {
		return func(v *engine.View) bool { return feedNamed(v, "mesh").Plots == n }
	}
	say(report(t, "ONE"))
	r.await(t, "one taken", plots(1))

	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "pause"})
	if l := r.n.FeedList(); len(l) != 1 || !l[0].Paused || !l[0].Added || l[0].Up || l[0].Frames != 1 || l[0].Rate == 0 {
		t.Errorf("paused: %+v", l)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("a paused feed listens")
	}
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
	if l := r.listed(t, 1); !l[0].Paused || !l[0].Added {
		t.Errorf("after a restart: %+v", l)
	}
	r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "resume"})
	say(report(t, "TWO"))
	r.await(t, "two taken", plots(2))
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
	say(report(t, "THREE"))
	r.await(t, "three taken", plots(3))
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.tapedOf(t, "mesh")); n != 3 {
		t.Errorf("%d taped, want 3", n)
	}
}

// loopback listens on a free port until the test ends.
func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestTrialCountsForNobody tests a sender that says good and bad things.
func TestTrialCountsForNobody(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	l := loopback(t)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Write([]byte(strings.Repeat(report(t, "ONE"), 90) + "noise" + strings.Repeat("<event/>", 10)))
	}()
	res := r.feedDo(t, "", console.FeedRequest{Name: "mesh", Act: "test", Feed: &console.FeedSettings{Kind: "cot-tcp", Addr: l.Addr().String()}})
	want := &console.FeedTrial{Up: true, Frames: 100, Plots: 90, Refused: []console.FeedRefusal{{Reason: "cot-framing", Count: 1}, {Reason: "cot-value", Count: 10}}}
	if diff := cmp.Diff(want, res.Test, cmpopts.IgnoreFields(console.FeedRefusal{}, "Offset")); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if v := r.n.View(); len(v.Feeds) != 0 || len(r.n.FeedList()) != 0 {
		t.Errorf("a test left %+v behind", v.Feeds)
	}
}

// TestTrialSuggestsEditions tests a radar feed that two editions of a category
// can read, and ten layouts of another cannot.
func TestTrialSuggestsEditions(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	path := filepath.Join(r.dir, "blocks.ast")
	// CAT021 2.x: source, descriptor, track number. In 0.2x the third is a time.
	block := []byte{21, 0, 3 + 6, 0xE0, 25, 10, 0x00, 0x0A, 0xD8}
	if err := os.WriteFile(path, bytes.Repeat(block, 20), 0o600); err != nil {
		t.Fatal(err)
	}
	r.cfg.Feeds = append(r.cfg.Feeds, config.Feed{Name: "station", Kind: "asterix-file", Path: path})
	r.open(t)
	res := r.feedDo(t, "", console.FeedRequest{Name: "station", Act: "test"})
	if len(res.Test.Editions) == 0 {
		t.Fatalf("found %+v, want editions", res.Test)
	}
	whole := make(map[string]int)
	for _, e := range res.Test.Editions {
		if e.Category != 21 || e.Blocks != 20 {
			t.Errorf("edition %+v, want one of 20 blocks", e)
		}
		whole[e.Edition] = e.Whole
	}
	if whole["2.7"] != 20 || whole["0.23"] != 0 || whole["0.26"] != 0 || res.Test.Editions[0].Whole != 20 {
		t.Errorf("editions %+v, want 2.x first", res.Test.Editions)
	}
}

// TestWhatCannotBeAdded refuses what names a file of this machine, and what is
// wrong by itself.
func TestWhatCannotBeAdded(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	for name, tt := range map[string]struct {
		name string
		feed *console.FeedSettings
		key  string
	}{
		"nothing":          {"a", nil, "feed"},
		"a file":           {"a", &console.FeedSettings{Kind: "nmea-file", Addr: "/etc/passwd"}, "kind"},
		"a recording":      {"a", &console.FeedSettings{Kind: "nmea-pcap"}, "kind"},
		"a pipe":           {"a", &console.FeedSettings{Kind: "nmea-stdin"}, "kind"},
		"a device":         {"a", &console.FeedSettings{Kind: "nmea-serial"}, "kind"},
		"no certificate":   {"a", &console.FeedSettings{Kind: "nmea-tls-server", Addr: "127.0.0.1:1"}, "cert"},
		"no topics":        {"a", &console.FeedSettings{Kind: "nmea-mqtt", Addr: "mqtt://127.0.0.1:1"}, "topics"},
		"a radar of AIS":   {"a", &console.FeedSettings{Kind: "nmea-udp", Addr: "127.0.0.1:1", Sensors: []console.FeedSensor{north}}, "sensors"},
		"a radar of none":  {"a", &console.FeedSettings{Kind: "asterix-udp", Addr: "127.0.0.1:1", Sensors: []console.FeedSensor{{ID: "025/010"}}}, "sensors"},
		"a radar twice":    {"a", &console.FeedSettings{Kind: "asterix-udp", Addr: "127.0.0.1:1", Sensors: []console.FeedSensor{north, north}}, "sensors"},
		"a lax clock":      {"a", &console.FeedSettings{Kind: "nmea-udp", Addr: "127.0.0.1:1", ClockLimitS: new(601.)}, "clock_limit"},
		"a clock before":   {"a", &console.FeedSettings{Kind: "nmea-udp", Addr: "127.0.0.1:1", ClockLimitS: new(-1.)}, "clock_limit"},
		"a clock of none":  {"a", &console.FeedSettings{Kind: "beast-udp", Addr: "127.0.0.1:1", ClockLimitS: new(1.)}, "clock_limit"},
		"no edition":       {"a", &console.FeedSettings{Kind: "asterix-udp", Addr: "127.0.0.1:1", Editions: map[string]string{"021": "9"}}, "editions"},
		"a kind of none":   {"a", &console.FeedSettings{Kind: "fax-udp", Addr: "127.0.0.1:1"}, "kind"},
		"a bad name":       {"../a", &console.FeedSettings{Kind: "cot-udp", Addr: "127.0.0.1:1"}, "name"},
		"a file by URL":    {"a", &console.FeedSettings{Kind: "cot-http", Addr: "file:///etc/passwd", EveryS: 5}, "addr"},
		"every interface":  {"a", &console.FeedSettings{Kind: "cot-udp", Addr: ":1"}, "addr"},
		"an antenna above": {"a", &console.FeedSettings{Kind: "beast-tcp", Addr: "127.0.0.1:1", Receiver: &console.FeedReceiver{Lat: 91, RangeNM: 1}}, "receiver"},
	} {
		for _, act := range []string{"add", "test"} {
			if act == "test" && tt.feed == nil {
				continue
			}
			if res := r.feedDo(t, "bad-request", console.FeedRequest{Name: tt.name, Act: act, Feed: tt.feed}); res.Key != tt.key || res.What == "" {
				t.Errorf("%s of %s: %+v, want key %q", act, name, res, tt.key)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(r.cfg.Node.Data, "feeds.json")); !os.IsNotExist(err) {
		t.Errorf("a refused feed is kept: %v", err)
	}
}

// north is a radar near where the tests' objects are.
var north = console.FeedSensor{ID: "025/010", Lat: 24.5, Lon: 122, HeightM: 200, RangeNM: 200, PeriodS: 4, SigmaRangeM: 80, SigmaAzimuth: 0.08}

// turns are a radar's reports of an aircraft in its last n turns before now.
func turns(t testing.TB, n int) (b []byte) {
	t.Helper()
	midnight := time.Now().UTC().Truncate(24 * time.Hour)
	for i := n - 1; i >= 0; i-- {
		at := time.Now().UTC().Add(time.Duration(-4*i) * time.Second)
		r := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040 | cat048.Item220 | cat048.Item090}
		r.I010 = cat048.I010{SAC: 25, SIC: 10}
		r.I140 = cat048.I140(uint32(at.Sub(midnight).Seconds()*128) % (86400 * 128))
		r.I020.TYP, r.I220, r.I090.FL = uint8(cat048.ModeSRollCall), 0x899123, 1320
		r.I040 = cat048.I040{RHO: uint16(60*256 - 20*i), THETA: 0x4000}
		raw, err := r.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		block, err := asterix.AppendBlock(nil, cat048.Category, raw)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, block...)
	}
	return b
}

// TestRadarWithoutARestart adds a radar with its place: its reports make a track,
// also after a restart.
func TestRadarWithoutARestart(t *testing.T) {
	r := newRig(t, "tw", t.TempDir())
	r.open(t)
	addr := freeTCP(t)
	settings := &console.FeedSettings{Kind: "asterix-tcp-server", Addr: addr, Sensors: []console.FeedSensor{north}}
	r.feedDo(t, "", console.FeedRequest{Name: "radar", Act: "add", Feed: settings})
	if _, err := dialUntilThere(t, addr).Write(turns(t, 8)); err != nil {
		t.Fatal(err)
	}
	r.await(t, "a track", func(v *engine.View) bool { return len(v.Tracks) == 1 && feedNamed(v, "radar").Plots == 8 })
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
	if _, err := dialUntilThere(t, addr).Write(turns(t, 8)); err != nil {
		t.Fatal(err)
	}
	r.await(t, "plots of the track after a restart", func(v *engine.View) bool {
		return slices.ContainsFunc(v.Tracks, func(tr engine.TrackView) bool { return tr.Plots > 8 })
	})
}

// TestAddedFeedsAreChecked does not start on a file that somebody has changed.
func TestAddedFeedsAreChecked(t *testing.T) {
	mesh := config.Feed{Name: "mesh", Kind: "cot-udp", Addr: "127.0.0.1:0"}
	for text, want := range map[string]string{
		"{": "read added feeds: ",
		`{"added":[{"name":"a","kind":"nmea-file"}]}`:                       "feeds.json: feed a: kind: files, ",
		`{"added":[{"name":"mesh","kind":"cot-udp","addr":"127.0.0.1:0"}]}`: "feeds.json: feed mesh stands in the configuration file too",
	} {
		r := newRig(t, "tw", t.TempDir())
		r.cfg.Feeds = []config.Feed{mesh}
		if err := os.MkdirAll(r.cfg.Node.Data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.cfg.Node.Data, "feeds.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.tryOpen(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open on %s = %v, want %q in it", text, err, want)
		}
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
