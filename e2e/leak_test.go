// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/leaktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// The classes of secrets.
const (
	classKey      = "track key"
	classSensor   = "sensor"
	classCivil    = "civil track"
	classFrame    = "raw frame"
	classPosition = "unrounded position"
)

// TestNothingOfTheOtherSideIsFound opens "every file of each node and the
// decrypted payloads on the link and searches them for the other side's planted
// track keys and sensors, civil tracks that only it received, and unrounded
// positions".
//
// What a node knows without any link, by its own sensors, is no leak: each
// needle is first looked for in the same node of a run without links, and one
// that is found there is left out.
func TestNothingOfTheOtherSideIsFound(t *testing.T) {
	t.Parallel()
	linked, alone := of(t, short), of(t, shortAlone)
	for _, id := range []party.ID{tw, jp, cell} {
		t.Run(string(id), func(t *testing.T) {
			s := secretsFrom(t, linked, id)
			known := s.Known(append(haystack(t, alone, id), centres(t, linked, id)))
			all := haystack(t, linked, id)
			for _, f := range some(s.FindAll(all, known)) {
				t.Errorf("%s holds %s", id, f)
			}
			summary(t, s, known, all, id)
			for w, said := range linked.said {
				if w.to == id {
					tooFine(t, w, said)
				}
			}
		})
	}
}

// TestWhatIsLeakedOnPurposeIsFound plants each kind of secret into copies of
// what the first test searches.
func TestWhatIsLeakedOnPurposeIsFound(t *testing.T) {
	t.Parallel()
	linked, alone := of(t, short), of(t, shortAlone)
	s := secretsFrom(t, linked, jp)
	known := s.Known(append(haystack(t, alone, jp), centres(t, linked, jp)))
	all := haystack(t, linked, jp)
	var copies []leaktest.Hay // one of each kind is enough
	for _, want := range []string{"kuroshio.db", ".tape", "node.log", "record "} {
		i := slices.IndexFunc(all, func(h leaktest.Hay) bool { return strings.Contains(h.Name, want) })
		if i < 0 {
			t.Fatalf("no %s is searched", want)
		}
		copies = append(copies, all[i])
	}
	leaktest.Planted(t, s, known, copies)
}

// TestALeakyPolicyIsFound gives tw a policy that lets civil tracks out, with
// who they are, within 10 m: the search must find it at jp.
func TestALeakyPolicyIsFound(t *testing.T) {
	t.Parallel()
	alone := of(t, shortAlone)
	dir, err := os.MkdirTemp(place.dir, "leaky-")
	if err != nil {
		t.Fatal(err)
	}
	r, err := playIn(dir, demo.Config{Scenario: "short", Until: 7 * time.Minute}, 1, func() error {
		return os.WriteFile(filepath.Join(dir, "nodes", "tw", "policy.toml"), []byte(leaky), 0o600)
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, logs(r))
	}
	s := secretsFrom(t, r, jp)
	finds := s.FindAll(haystack(t, r, jp), s.Known(append(haystack(t, alone, jp), centres(t, r, jp))))
	for _, what := range []string{"EXR901", "f0010c"} {
		if !slices.ContainsFunc(finds, func(f leaktest.Find) bool { return f.Class == classCivil && strings.Contains(f.What, what) }) {
			t.Errorf("%s is told to jp and not found", what)
		}
	}
	fine := false
	for _, b := range r.said[way{tw, jp}] {
		rec, err := record.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		fine = fine || rec.Track != nil && finer(rec.Track, allowed(jp)) != ""
	}
	if !fine {
		t.Error("positions within 10 m are told to jp and not found")
	}
}

const leaky = `version = 1
party = "tw"
distress = true
[label]
policy = "leaky"
classification = "releasable"
purpose = "test"
retention = "1h"
[[rule]]
id = "all"
effect = "allow"
to = ["jp"]
kinds = ["track"]
[rule.then]
grid = "10m"
time_bin = "60s"
slot = "30s"
delay = "60s"
fields = ["identity", "type", "course", "speed", "callsign", "address", "mmsi", "name"]
`

// allowed is what the shipped policies let a party have of an air track.
func allowed(to party.ID) policy {
	if to == cell {
		return policy{grid: 20_000, bin: 10 * time.Minute}
	}
	return policy{grid: 5000, bin: time.Minute, band: 1000, air: true}
}

// tooFine fails the test where a record that crossed is finer than the policy.
func tooFine(t *testing.T, w way, said [][]byte) {
	t.Helper()
	tracks := 0
	for _, b := range said {
		rec, err := record.Decode(b)
		if err != nil {
			t.Fatalf("%s to %s: %v", w.from, w.to, err)
		}
		if rec.Track == nil {
			continue
		}
		tracks++
		if problem := finer(rec.Track, allowed(w.to)); problem != "" && !rec.Track.Ended {
			t.Errorf("%s tells %s %s: %+v", w.from, w.to, problem, rec.Track)
		}
	}
	if tracks == 0 && w.from != cell {
		t.Errorf("%s told %s of no track: nothing was checked", w.from, w.to)
	}
}

// secretsFrom collects what the other two parties must not let a party have.
func secretsFrom(t *testing.T, r *run, to party.ID) *leaktest.Searcher {
	t.Helper()
	s := leaktest.New()
	world, err := sim.Open(scenarios.FS, "short.scenario")
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []party.ID{tw, jp} {
		if from == to {
			continue
		}
		addSensors(s, world.Scenario(), from)
		addCivil(s, world.Scenario(), from, to)
		addKeys(t, s, r, from, to)
		addPositions(t, s, r, from)
	}
	addFrames(s, world, to)
	return s
}

func addSensors(s *leaktest.Searcher, sc *sim.Scenario, of party.ID) {
	for i := range sc.Sensors {
		x := &sc.Sensors[i]
		if x.Party != of {
			continue
		}
		s.AddText(classSensor, x.ID, x.ID)
		s.AddText(classSensor, x.ID+", its SAC/SIC", fmt.Sprintf("%03d/%03d", x.Source.SAC, x.Source.SIC))
		s.AddText(classSensor, x.ID+", its SAC/SIC", fmt.Sprintf(`"sac":%d,"sic":%d`, x.Source.SAC, x.Source.SIC))
		addSite(s, x.ID, x.Site.LatDeg, x.Site.LonDeg)
	}
	for i := range sc.Receivers {
		if x := &sc.Receivers[i]; x.Party == of {
			s.AddText(classSensor, x.ID, x.ID)
			addSite(s, x.ID, x.Site.LatDeg, x.Site.LonDeg)
		}
	}
}

// addSite adds where a sensor stands. Sites are round numbers: only both
// together are told from others.
func addSite(s *leaktest.Searcher, id string, lat, lon float64) {
	a, o := strconv.FormatFloat(lat, 'f', -1, 64), strconv.FormatFloat(lon, 'f', -1, 64)
	for _, join := range []string{a + "," + o, a + ", " + o, a + " " + o, o + "," + a, `"lat":` + a + `,"lon":` + o, "lat = " + a + "\nlon = " + o, "lat = " + a + ", lon = " + o} {
		s.Add(leaktest.Needle{Class: classSensor, How: "site, text", What: id, Bytes: []byte(join), Edge: leaktest.Digits})
	}
	s.Add(leaktest.Needle{Class: classSensor, How: "site, float64 big-endian", What: id, Bytes: floats(lat, lon, false)})
	s.Add(leaktest.Needle{Class: classSensor, How: "site, float64 little-endian", What: id, Bytes: floats(lat, lon, true)})
}

func floats(lat, lon float64, little bool) []byte {
	one := leaktest.New()
	one.AddFloat("", "", lat)
	two := leaktest.New()
	two.AddFloat("", "", lon)
	i := 0
	if little {
		i = 1
	}
	return slices.Concat(one.Needles()[i].Bytes, two.Needles()[i].Bytes)
}

// addCivil adds who the traffic is that only one side could receive.
func addCivil(s *leaktest.Searcher, sc *sim.Scenario, of, not party.ID) {
	for i := range sc.Objects {
		o := &sc.Objects[i]
		if !o.SeenBy(of) || o.SeenBy(not) {
			continue
		}
		if o.Callsign != "" {
			s.AddText(classCivil, o.Callsign, o.Callsign)
		}
		if o.Name != "" {
			s.AddText(classCivil, o.Name, o.Name)
		}
		if o.Address != 0 {
			s.AddNumber(classCivil, fmt.Sprintf("address %06x", uint32(o.Address)), uint32(o.Address))
		}
		if o.MMSI != 0 {
			s.AddNumber(classCivil, fmt.Sprintf("MMSI %d", o.MMSI), uint32(o.MMSI))
		}
	}
}

// addKeys adds the ids under which the third party, and no other, knows a
// party's tracks and incidents: what is made for one link is nobody else's.
func addKeys(t *testing.T, s *leaktest.Searcher, r *run, of, not party.ID) {
	t.Helper()
	keys := keysOf(t, r, of)
	defer keys.Close() //nolint:errcheck // read only
	var most uint32
	for _, v := range r.views[of] {
		for i := range v.Tracks {
			most = max(most, v.Tracks[i].N)
		}
	}
	for _, to := range keys.Partners() {
		if to == not {
			continue
		}
		for _, kind := range []record.Kind{record.KindTrack, record.KindIncident} {
			for n := uint64(1); n <= uint64(most); n++ {
				id, err := keys.ID(to, kind, n)
				if err != nil {
					t.Fatal(err)
				}
				s.AddBytes(classKey, fmt.Sprintf("%s's %s %d as %s knows it", of, kind, n, to), id[:])
			}
		}
	}
}

// addPositions adds where a party's own sensors had its tracks, as its console
// showed them, and every number that its engine keeps with five decimals or
// more.
func addPositions(t *testing.T, s *leaktest.Searcher, r *run, of party.ID) {
	t.Helper()
	for _, v := range r.views[of] {
		for i := range v.Tracks {
			p := v.Tracks[i].Pos
			if leaktest.Precise(strconv.FormatFloat(p.LatDeg, 'f', -1, 64)) && leaktest.Precise(strconv.FormatFloat(p.LonDeg, 'f', -1, 64)) {
				s.AddPosition(classPosition, fmt.Sprintf("%s's track %d at %s", of, v.Tracks[i].N, v.Tracks[i].Time.Format(time.TimeOnly)), p.LatDeg, p.LonDeg)
			}
		}
	}
	var snapshot struct {
		State json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(snapshotOf(t, r, of), &snapshot); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(snapshot.State))
	d.UseNumber()
	for {
		tok, err := d.Token()
		if err != nil {
			break // its end
		}
		n, ok := tok.(json.Number)
		if _, decimals, _ := strings.Cut(n.String(), "."); !ok || len(decimals) < 5 {
			continue
		}
		if x, err := n.Float64(); err == nil && math.Abs(x) > 1 {
			s.AddFloat(classPosition, string(of)+"'s engine, "+n.String(), x)
		}
	}
}

// addFrames adds what the others' feeds sent.
func addFrames(s *leaktest.Searcher, world *sim.World, to party.ID) {
	const start = 9 // octets of a Beast message before the frame: escape, type, time mark, signal
	world.Until(world.Scenario().End, func(e sim.Emission) {
		b := bytes.TrimSpace(e.Bytes)
		if e.Kind == sim.TCPBeast {
			b = b[min(start, len(b)):]
		}
		if e.Party == to || len(b) < 12 {
			return
		}
		s.Add(leaktest.Needle{Class: classFrame, How: "octets", What: e.Feed, Bytes: bytes.Clone(b[len(b)-12:])})
	})
}

// haystack is everything that a node holds at the end: its files, what is in
// its store with the keys of its keystore, and what its console showed.
func haystack(t *testing.T, r *run, id party.ID) []leaktest.Hay {
	t.Helper()
	var all []leaktest.Hay
	err := filepath.WalkDir(filepath.Join(r.dir, string(id)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(r.dir, path)
		all = append(all, leaktest.Hay{Name: "file " + rel, Bytes: b})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, leaktest.Hay{Name: "snapshot", Bytes: snapshotOf(t, r, id)})
	all = append(all, received(t, r, id)...)
	for w, said := range r.said {
		for i, b := range said {
			if w.to == id {
				all = append(all, payload(fmt.Sprintf("record %d said by %s", i+1, w.from), b)...)
			}
		}
	}
	for _, v := range r.views[id] {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, leaktest.Hay{Name: "picture at " + v.Now.Format(time.TimeOnly), Bytes: b})
	}
	return all
}

// centres is hay with the places that a party was rightly told: the centres of
// the grid's cells. A position of a track can be such a centre by chance.
func centres(t *testing.T, r *run, id party.ID) leaktest.Hay {
	t.Helper()
	h := leaktest.Hay{Name: "centres of cells"}
	for w, said := range r.said {
		for _, b := range said {
			rec, err := record.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if w.to != id || rec.Track == nil {
				continue
			}
			for _, e5 := range []int32{rec.Track.Cell.LatE5, rec.Track.Cell.LonE5} {
				x := float64(e5) / 1e5
				h.Bytes = strconv.AppendFloat(append(h.Bytes, ' '), x, 'f', -1, 64)
				h.Bytes = append(append(h.Bytes, ' '), floats(x, x, false)...)
				h.Bytes = append(append(h.Bytes, ' '), floats(x, x, true)...)
				h.Bytes = append(append(h.Bytes, ' '), leaktest.CBORInt(e5)...)
				h.Bytes = strconv.AppendInt(append(h.Bytes, ' '), int64(e5), 10)
			}
		}
	}
	return h
}

// payload is a decrypted record as it crossed, and as people read it.
func payload(name string, b []byte) []leaktest.Hay {
	list := []leaktest.Hay{{Name: name, Bytes: b, Payload: true}}
	if rec, err := record.Decode(b); err == nil {
		if text, err := json.Marshal(rec); err == nil {
			list = append(list, leaktest.Hay{Name: name + ", as JSON", Bytes: text})
		}
	}
	return list
}

func keysOf(t *testing.T, r *run, id party.ID) *keystore.Store {
	t.Helper()
	pass, err := os.ReadFile(filepath.Join(r.dir, string(id), "passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keystore.Open(filepath.Join(r.dir, string(id), "keystore"), pass)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// withStore opens a copy of a node's store with the keys of its keystore.
func withStore(t *testing.T, r *run, id party.ID, do func(context.Context, *store.Store) error) {
	t.Helper()
	keys := keysOf(t, r, id)
	defer keys.Close() //nolint:errcheck // read only
	dir := t.TempDir()
	b, err := os.ReadFile(filepath.Join(r.dir, string(id), "data", store.File))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, store.File), b, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := timeLimit(t)
	st, err := store.Open(ctx, dir, keys, store.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(ctx, st), st.Close()); err != nil {
		t.Fatal(err)
	}
}

func snapshotOf(t *testing.T, r *run, id party.ID) (body []byte) {
	t.Helper()
	withStore(t, r, id, func(ctx context.Context, st *store.Store) (err error) {
		_, _, body, err = st.Snapshot(ctx)
		return err
	})
	return body
}

// received decrypts every record that a node has kept of its partners.
func received(t *testing.T, r *run, id party.ID) (all []leaktest.Hay) {
	t.Helper()
	withStore(t, r, id, func(ctx context.Context, st *store.Store) error {
		stats, err := st.Stats(ctx)
		if err != nil {
			return err
		}
		for _, p := range stats.Partners {
			for lane, n := range map[record.Lane]uint64{record.LaneRecord: p.Received, record.LaneState: p.ReceivedStates} {
				for seq := uint64(1); seq <= n; seq++ {
					b, ok, err := st.Body(ctx, p.Partner, lane, seq)
					if err != nil {
						return err
					}
					if ok {
						all = append(all, payload(fmt.Sprintf("record %d of lane %d from %s", seq, lane, p.Partner), b)...)
					}
				}
			}
		}
		return nil
	})
	return all
}

// some returns the first finds of each class, so that a failure can be read.
func some(finds []leaktest.Find) []leaktest.Find {
	var list []leaktest.Find
	count := make(map[string]int)
	for _, f := range finds {
		if count[f.Class]++; count[f.Class] <= 5 {
			list = append(list, f)
		}
	}
	return list
}

// summary fails the test where a class has nothing left to search for, or
// nothing was searched.
func summary(t *testing.T, s *leaktest.Searcher, known map[int32]bool, all []leaktest.Hay, id party.ID) {
	t.Helper()
	left := make(map[string]int)
	for k := range s.Needles() {
		if !known[int32(k)] { //nolint:gosec // some ten thousand
			left[s.Needles()[k].Class]++
		}
	}
	for class, least := range map[string]int{classKey: 20, classSensor: 20, classCivil: 30, classFrame: 1000, classPosition: 1000} {
		if left[class] < least {
			t.Errorf("%s: only %d needles of class %s", id, left[class], class)
		}
	}
	octets, records := 0, 0
	for i := range all {
		octets += len(all[i].Bytes)
		if all[i].Payload {
			records++
		}
	}
	if records < 20 {
		t.Errorf("%s: only %d decrypted records", id, records)
	}
	t.Logf("%s: needles %v (%d known by itself left out), searched %d things, %d decrypted records, %d octets", id, left, len(known), len(all), records, octets)
}
