// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// person is one session at a node's console.
type person struct {
	t    *testing.T
	base string
	http *http.Client
}

func (r *rig) people(t *testing.T, password string, roles ...string) {
	t.Helper()
	hash, err := console.HashParams{MemoryKiB: 8, Passes: 1, Lanes: 1}.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	r.inspect(t, func(_ *keystore.Store, st *store.Store) {
		for _, role := range roles {
			if err := st.PutUser(t.Context(), store.User{Name: role, Role: role, Hash: hash, Lang: "en"}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func (r *rig) login(t *testing.T, name, password string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, base: "http://" + r.cfg.Console.Listen, http: &http.Client{Jar: jar, Timeout: patience}}
	if status := p.post("/api/login", map[string]string{"name": name, "password": password}, nil); status != http.StatusOK {
		t.Fatalf("login of %s: status %d", name, status)
	}
	return p
}

func (p *person) post(path string, body, reply any) int {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Kuroshio", "1")
	return p.send(req, reply)
}

func (p *person) get(path string, reply any) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.send(req, reply)
}

func (p *person) send(req *http.Request, reply any) int {
	p.t.Helper()
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if text, ok := reply.(*string); ok { // refusals too
		*text = string(b)
		return resp.StatusCode
	}
	if reply != nil && resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(b, reply); err != nil {
			p.t.Fatalf("%s: %v in %.200s", req.URL.Path, err, b)
		}
	}
	return resp.StatusCode
}

func place(lat, lon float64) (a, b *float64) { return &lat, &lon }

func TestANodeWithoutAnyFeedStartsAndIsUseful(t *testing.T) {
	const password = "seven kelp forests"
	r := newRig(t, "tw", t.TempDir())
	r.people(t, password, engine.Officer, engine.Viewer)
	r.open(t)
	o := r.login(t, engine.Officer, password)
	var done struct {
		OK       bool   `json:"ok"`
		Incident uint32 `json:"incident"`
		Entry    uint64 `json:"entry"`
	}
	for _, c := range []string{
		`{"verb":"open","text":"telephone: low aircraft off Suao","domain":"air","lat":24.61,"lon":122.13,"desk":"air"}`,
		`{"verb":"take","incident":1}`,
		`{"verb":"posture","incident":1,"posture":"going-to-look"}`,
		`{"verb":"log","text":"called the coast guard","desk":"air"}`,
		`{"verb":"strike","entry":2,"text":"it was the harbour"}`,
		`{"verb":"close","incident":1,"outcome":"identified","text":"a crop duster"}`,
		`{"verb":"reopen","incident":1}`,
	} {
		if status := o.post("/api/command", json.RawMessage(c), &done); status != http.StatusOK || !done.OK {
			t.Fatalf("%s: status %d, %+v", c, status, done)
		}
	}
	var v engine.View
	if status := r.login(t, engine.Viewer, password).get("/api/picture", &v); status != http.StatusOK {
		t.Fatalf("picture: status %d", status)
	}
	if len(v.Incidents) != 1 || v.Incidents[0].State != "open" || v.Incidents[0].Lead.Holder != "tw" || !v.Incidents[0].ByHand {
		t.Errorf("incidents = %+v, want the one opened by hand, led by tw", v.Incidents)
	}
	if len(v.Log) != 2 || v.Log[1].Struck == "" {
		t.Errorf("watch log = %+v, want two entries, the second struck through", v.Log)
	}
	if status := r.login(t, engine.Viewer, password).post("/api/command", json.RawMessage(`{"verb":"log","text":"x"}`), nil); status != http.StatusForbidden {
		t.Errorf("a viewer's entry: status %d, want 403", status)
	}
	if status, body := r.get(t, "/healthz"); status != http.StatusOK || !strings.Contains(body, `"ok":true`) {
		t.Errorf("/healthz = %d %s", status, body)
	}
	if _, body := r.get(t, "/metrics"); !strings.Contains(body, "kuroshio_store_ok 1") || !strings.Contains(body, "kuroshio_incidents_open 1") || !strings.Contains(body, "kuroshio_radars_left_out 0") {
		t.Errorf("/metrics lacks store_ok 1, incidents_open 1 or radars_left_out 0:\n%s", body)
	}
	begun := time.Now()
	if err := r.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("stop took %s, want at most 5 s", took)
	}
	ownerOnly(t, r.dir)
	quiet(t, r.log.String(), password, passphrase, "24.61", "122.13", "Suao", "crop duster", "harbour")

	r.open(t) // and it goes on where it was
	v = *r.await(t, "back", func(v *engine.View) bool { return len(v.Incidents) == 1 })
	if len(v.Log) != 2 || v.Incidents[0].Lead.Holder != "tw" {
		t.Errorf("after a restart: %+v", v)
	}
}

// ownerOnly holds that nobody but the owner may read what is in the folder.
func ownerOnly(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o: others may read it", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quiet holds that the log says none of the words.
func quiet(t *testing.T, log string, words ...string) {
	t.Helper()
	if !strings.Contains(log, "node runs") {
		t.Errorf("the log does not say that the node runs:\n%s", log)
	}
	for _, w := range words {
		if strings.Contains(log, w) {
			t.Errorf("the log holds %q", w)
		}
	}
}

func TestAFullDiskStopsIntakeWithAnAlarmAndRecovers(t *testing.T) {
	disk := newFullDisk()
	tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	tw.faults = disk
	jp.open(t)
	tw.open(t)
	tw.await(t, "linked", linkIs("up"))
	tw.must(t, engine.Officer, engine.Command{Verb: "log", Text: "before the disk is full"})

	disk.on.Store(true)
	disk.await(t, 1)
	v := tw.await(t, "showing the problem", func(v *engine.View) bool { return v.StoreProblem == "store-failed" })
	if status, body := tw.get(t, "/healthz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "store-failed") {
		t.Errorf("/healthz = %d %s, want 503", status, body)
	}
	if _, body := tw.get(t, "/metrics"); !strings.Contains(body, "kuroshio_store_ok 0") {
		t.Errorf("/metrics lacks store_ok 0")
	}
	seq := v.Seq
	if r := tw.do(t, engine.Officer, engine.Command{Verb: "log", Text: "refused"}); r.Code != "store-failed" {
		t.Errorf("an entry on a full disk = %q, want store-failed", r.Code)
	}
	if _, err := tw.n.ReleaseStats(t.Context()); err != nil {
		t.Errorf("a question while the disk is full: %v", err)
	}
	// A stop closes the link although it can't be written down.
	if r := tw.do(t, engine.Supervisor, engine.Command{Verb: "stop", Partner: "jp"}); r.Code != "store-failed" {
		t.Errorf("a stop on a full disk = %q, want store-failed", r.Code)
	}
	if s := tw.n.View().Links[0].State; s != "stopped" {
		t.Errorf("link after a stop on a full disk is %q, want stopped", s)
	}
	jp.await(t, "cut off", linkIs("down"))
	disk.await(t, 8) // more than a second
	if v := tw.n.View(); v.Seq > seq+1 {
		t.Errorf("the node stepped from %d to %d on a full disk", seq, v.Seq)
	}

	disk.on.Store(false)
	v = tw.await(t, "well again", func(v *engine.View) bool {
		return v.StoreProblem == "" && len(v.Alarms) > 0 && v.Links[0].State == "stopped"
	})
	for _, a := range v.Alarms {
		if a.Rule == "store" && a.State != "returned" {
			t.Errorf("alarm of the store is %q, want returned: nobody has acknowledged it", a.State)
		}
	}
	tw.must(t, engine.Officer, engine.Command{Verb: "log", Text: "after"})
	if status, _ := tw.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz after = %d, want 200", status)
	}
	texts := func(v *engine.View) (s string) {
		for _, l := range v.Log {
			s += l.Text + "|"
		}
		return s
	}
	if got := texts(tw.n.View()); got != "before the disk is full|after|" {
		t.Errorf("watch log = %q", got)
	}
	if err := tw.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if acts := tw.acts(t); acts["act-stop"] != 1 || acts["act-log"] != 2 {
		t.Errorf("audit log counts %v, want the stop once and two entries of the watch log", acts)
	}
	tw.open(t) // the stop is on record
	v = tw.await(t, "back", func(v *engine.View) bool { return len(v.Log) == 2 })
	if v.Links[0].State != "stopped" {
		t.Errorf("link after a restart is %q, want stopped", v.Links[0].State)
	}
	tw.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp"})
	tw.await(t, "linked again", linkIs("up"))
}

// A node that is stopped while its disk is full keeps what is on its tape.
func TestAStopOnAFullDiskLosesNothing(t *testing.T) {
	for _, op := range []string{"append", "commit"} {
		t.Run(op, func(t *testing.T) {
			disk := newFullDisk()
			r := newRig(t, "tw", t.TempDir())
			r.faults = onlyOp{disk, op}
			r.open(t)
			r.must(t, engine.Officer, engine.Command{Verb: "log", Text: "kept"})
			disk.on.Store(true)
			disk.await(t, 2)
			begun := time.Now()
			if err := r.halt(); err != nil {
				t.Errorf("stop: %v", err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("stop took %s, want at most 5 s", took)
			}
			disk.on.Store(false)
			r.open(t)
			v := r.await(t, "back", func(v *engine.View) bool { return true })
			if len(v.Log) != 1 || v.Log[0].Text != "kept" {
				t.Errorf("watch log = %+v, want what was acknowledged", v.Log)
			}
		})
	}
}

// acts counts the entries of the audit log by act.
func (r *rig) acts(t *testing.T) map[string]int {
	t.Helper()
	acts := make(map[string]int)
	r.inspect(t, func(_ *keystore.Store, st *store.Store) {
		list, _, err := st.AuditLog(t.Context(), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			acts[a.Act]++
		}
	})
	return acts
}

// What is on the tape and could not be committed before a stop is committed at
// the next start, also when the disk works again while the node stops.
func TestAnActThatWasOnlyTapedIsCommittedAtTheNextStart(t *testing.T) {
	for range 10 {
		if actOnlyTaped(t) {
			return
		}
	}
	t.Error("a tick always came before the act")
}

// actOnlyTaped reports false when a tick came first, so that the act was not
// taped at all.
func actOnlyTaped(t *testing.T) bool {
	t.Helper()
	r := newRig(t, "tw", t.TempDir())
	late := &lateDisk{failed: make(chan struct{}, 1)}
	r.faults = late
	r.open(t)
	seen := r.n.View().Seq
	r.await(t, "just ticked", func(v *engine.View) bool { return v.Seq > seen }) // the next tick is a second away
	late.armed.Store(true)
	answered := make(chan engine.Reply, 1)
	n := r.n
	go func() {
		reply, _ := n.Command(t.Context(), engine.Command{Verb: "log", Text: "taped", By: "wang", Role: engine.Officer})
		answered <- reply
	}()
	<-late.failed
	late.stopping.Store(true)
	if err := r.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	reply := <-answered
	late.armed.Store(false)
	r.open(t)
	switch v := r.await(t, "back", func(*engine.View) bool { return true }); {
	case len(v.Log) == 0 && (reply.Code == "store-failed" || reply.Code == ""):
		return false
	case len(v.Log) != 1 || (reply.Code != "stopping" && reply.Code != ""): // "": the loop had ended before its answer was read
		t.Errorf("watch log = %+v after the answer %q, want the taped entry and stopping", v.Log, reply.Code)
	}
	if err := r.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if acts := r.acts(t); acts["act-log"] != 1 {
		t.Errorf("audit log counts %v, want the taped act once", acts)
	}
	return true
}

// lateDisk fails commits from when it is armed; in a stop it works again from
// the first write to the tape on.
type lateDisk struct {
	armed, stopping atomic.Bool
	failed          chan struct{}
}

// BeforeWrite implements node.Faults.
func (d *lateDisk) BeforeWrite(op string) error {
	switch {
	case !d.armed.Load():
		return nil
	case op == "append" && d.stopping.Load():
		d.armed.Store(false)
	case op == "commit":
		select {
		case d.failed <- struct{}{}:
		default:
		}
		return errDisk
	}
	return nil
}

// onlyOp passes one kind of write to the disk.
type onlyOp struct {
	*fullDisk
	op string
}

// BeforeWrite implements node.Faults.
func (o onlyOp) BeforeWrite(op string) error {
	if op != o.op {
		return nil
	}
	return o.fullDisk.BeforeWrite(op)
}

func TestANodeThatCannotWriteDoesNotStart(t *testing.T) {
	disk := newFullDisk()
	disk.on.Store(true)
	r := newRig(t, "tw", t.TempDir())
	r.faults = onlyOp{disk, "append"}
	if err := r.tryOpen(t); err == nil || !strings.Contains(err.Error(), errDisk.Error()) {
		t.Errorf("Open on a full disk = %v, want %v", err, errDisk)
	}
	disk.on.Store(false)
	r.open(t)
	r.must(t, engine.Officer, engine.Command{Verb: "log", Text: "now it works"})
}

func distress(text string) engine.Command {
	lat, lon := place(24.5, 122.7)
	return engine.Command{Verb: "distress", Partner: "jp", Lat: lat, Lon: lon, Text: text, Contact: "channel 16"}
}

func heardOf(text string) func(*engine.View) bool {
	return func(v *engine.View) bool {
		for i := range v.Incidents {
			for _, e := range v.Incidents[i].Events {
				if strings.Contains(e.Text, text) {
					return true
				}
			}
		}
		return false
	}
}

func TestNothingLeavesAfterAStopAndThePartnerCannotComeBack(t *testing.T) {
	for _, dialler := range []string{"we dial", "the partner dials"} {
		t.Run(dialler, func(t *testing.T) {
			tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
			pair(t, tw, jp)
			var ours *linktest.Flow
			if dialler == "we dial" {
				jp.cfg.Link.Listen = freeTCP(t)
				line := linktest.NewProxy(t, jp.cfg.Link.Listen)
				connect(t, tw, jp, line)
				ours = line.ToTarget()
			} else {
				tw.cfg.Link.Listen = freeTCP(t)
				line := linktest.NewProxy(t, tw.cfg.Link.Listen)
				connect(t, jp, tw, line)
				ours = line.ToDialler()
			}
			jp.open(t)
			tw.open(t)
			tw.await(t, "linked", linkIs("up"))
			tw.must(t, engine.Officer, distress("first boat"))
			jp.await(t, "told of the first boat", heardOf("first boat"))

			asked := time.Now()
			tw.must(t, engine.Supervisor, engine.Command{Verb: "stop", Partner: "jp"})
			if r := tw.do(t, engine.Officer, distress("second boat")); r.Code != "pass-by-voice" {
				t.Errorf("distress on a stopped link = %q, want pass-by-voice", r.Code)
			}
			silent(t, tw, ours, asked)
			jp.await(t, "cut off", linkIs("down"))
			if heardOf("second boat")(jp.n.View()) {
				t.Error("the second boat left after the stop")
			}

			if r := tw.do(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp"}); r.Code != "pending-undecided" {
				t.Errorf("resume without a word on what waits = %q", r.Code)
			}
			tw.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp", Recall: &engine.RecallArgs{Pending: "release"}})
			jp.await(t, "told of the second boat", heardOf("second boat"))
			tw.await(t, "linked again", linkIs("up"))

			unpaired := time.Now()
			keys, err := keystore.Open(tw.cfg.Keystore.Dir, []byte(passphrase)) // as `kuroshio unpair` does, in a process of its own
			if err != nil {
				t.Fatal(err)
			}
			if err := keys.Forget("jp"); err != nil {
				t.Fatal(err)
			}
			tw.await(t, "unpaired", linkIs("stopped"))
			if took := time.Since(unpaired); took > 10*time.Second {
				t.Errorf("the node noticed the unpairing after %s", took)
			}
			tw.do(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp"}) // not even then
			tw.do(t, engine.Officer, distress("third boat"))
			tw.must(t, engine.Officer, engine.Command{Verb: "log", Text: "the store still takes commits"})
			seen := jp.n.View().Now
			v := jp.await(t, "two seconds on", func(v *engine.View) bool { return v.Now.After(seen.Add(2 * time.Second)) })
			if v.Links[0].State == "up" || heardOf("third boat")(v) {
				t.Errorf("the partner came back after the unpairing: link %q", v.Links[0].State)
			}
		})
	}
}

// silent holds that nothing left later than 100 ms after the stop, until two
// seconds of the node's time have passed.
func silent(t *testing.T, r *rig, flow *linktest.Flow, asked time.Time) {
	t.Helper()
	r.await(t, "stopped for two seconds", func(v *engine.View) bool { return v.Now.After(asked.Add(2 * time.Second)) })
	if last := flow.Last(); last.After(asked.Add(100 * time.Millisecond)) {
		t.Errorf("an octet left %s after the stop, want at most 100 ms", last.Sub(asked))
	}
}

func TestARestoredNodeTakesWhatCameInBeforeItStopped(t *testing.T) {
	disk := newFullDisk()
	tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	jp.faults = onlyOp{disk, "append"} // the tape fails, the inbox works
	jp.open(t)
	tw.open(t)
	tw.await(t, "linked", linkIs("up"))
	disk.on.Store(true)
	disk.await(t, 1)
	tw.must(t, engine.Officer, distress("a boat in the night"))
	tw.await(t, "receipted", func(v *engine.View) bool { return v.Links[0].Sent > 0 && v.Links[0].Queued == 0 })
	if err := jp.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	disk.on.Store(false)
	if err := tw.halt(); err != nil {
		t.Errorf("stop: %v", err)
	}
	jp.open(t) // its partner is away: nothing wakes the inbox but the start
	jp.await(t, "told of the boat", heardOf("a boat in the night"))
}

// More than one batch waits in the inbox at the start: all of it is taken. It
// is a flood of distress calls besides: what nobody could work is refused and
// counted.
func TestABacklogInTheInboxIsTakenWhole(t *testing.T) {
	const flood = 5000
	r := newRig(t, "jp", t.TempDir())
	pair(t, r, newRig(t, "tw", t.TempDir()))
	r.cfg.Link.Listen, r.cfg.Partners = freeTCP(t), []config.Partner{{ID: "tw"}}
	r.inspect(t, func(_ *keystore.Store, st *store.Store) {
		var items []record.Item
		for i := range uint64(flood) {
			items = append(items, forged(t, i+1))
		}
		if _, err := st.TakeRecords(t.Context(), "tw", 1, items); err != nil {
			t.Fatal(err)
		}
	})
	r.open(t)
	v := r.await(t, "through with the backlog", func(v *engine.View) bool { return v.Links[0].Received == flood })
	if n := uint64(len(v.Incidents)); n == 0 || n+v.Links[0].Refused != flood {
		t.Errorf("%d incidents and %d records refused, want %d together", n, v.Links[0].Refused, flood)
	}
}

// forged is a distress record as a partner seals it.
func forged(t *testing.T, seq uint64) record.Item {
	t.Helper()
	object := record.ID{1, byte(seq >> 8), byte(seq)}
	header, err := record.EncodeHeader(record.Header{
		Version: record.Protocol, Lane: record.LaneRecord, Kind: record.KindDistress, Object: object, LogEpoch: 1, Seq: seq,
	})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := record.Encode(&record.Record{
		Envelope: record.Envelope{
			Version: record.Protocol, Kind: record.KindDistress, ID: object, Object: object, Originator: "tw", Time: time.Now().UTC(),
			Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour},
		},
		Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.7, Nature: fmt.Sprintf("boat %d", seq)},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte{byte(seq)}, 32)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return record.Item{Seq: seq, Header: header, Key: key, Ciphertext: gcm.Seal(nil, make([]byte, gcm.NonceSize()), plain, header)}
}

func TestAWrongConfigurationStopsTheNode(t *testing.T) {
	tests := map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"it handles an unknown pack":  {func(c *config.Config) { c.Zones.Pack = "atlantis" }, "atlantis"},
		"it handles a missing policy": {func(c *config.Config) { c.Policy.File = "/nowhere/policy.toml" }, "/nowhere/policy.toml"},
		"it handles missing plans":    {func(c *config.Config) { c.Watch.Plans = "/nowhere/plans.csv" }, "/nowhere/plans.csv"},
		"it handles an unknown zone":  {func(c *config.Config) { c.Watch.ADIZ = []string{"adiz_xx"} }, `watch.adiz: no zone is called "adiz_xx"`},
		"it handles an unknown zone to rename": {func(c *config.Config) {
			c.Zones.Overrides = []config.ZoneOverride{{ID: "nowhere", Hide: true}}
		}, "nowhere"},
		"it handles an address in use": {func(c *config.Config) { c.Console.Listen = c.Admin.Listen }, "open admin"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "tw", t.TempDir())
			tt.change(r.cfg)
			err := r.tryOpen(t)
			if err == nil {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				select {
				case err = <-r.done:
					r.n = nil
				case <-ctx.Done():
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("start = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
