// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

func TestConfigurationKnowsTheVersionsOfTheLink(t *testing.T) {
	if config.MaxProtocol != link.Protocol || config.Default().Link.MinProtocol != link.Oldest {
		t.Errorf("configuration allows a floor of %d to %d, the link speaks %d to %d",
			config.Default().Link.MinProtocol, config.MaxProtocol, link.Oldest, link.Protocol)
	}
}

const adminPassword = "kelp forest 27"

// linked opens two nodes that are paired, with an administrator at each.
func linked(t *testing.T, change func(tw, jp *rig)) (tw, jp *rig) {
	t.Helper()
	tw, jp = newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	if change != nil {
		change(tw, jp)
	}
	for _, r := range []*rig{jp, tw} {
		r.people(t, adminPassword, engine.Administrator, engine.Officer)
		r.open(t)
	}
	tw.await(t, "linked", linkIs("up"))
	return tw, jp
}

func (r *rig) order(t *testing.T, partner party.ID, act string) {
	t.Helper()
	body := map[string]string{"party": string(partner), "act": act}
	if status := r.login(t, engine.Officer, adminPassword).post("/api/link", body, nil); status != http.StatusForbidden {
		t.Errorf("an officer orders %s: status %d", act, status)
	}
	if status := r.login(t, engine.Administrator, adminPassword).post("/api/link", body, nil); status != http.StatusOK {
		t.Fatalf("order %s: status %d", act, status)
	}
}

func linkHas(state, problem string) func(*engine.View) bool {
	return func(v *engine.View) bool {
		return len(v.Links) > 0 && v.Links[0].State == state && v.Links[0].Problem == problem
	}
}

// verifies stops the nodes and recomputes their journals; it returns how many
// logs have ended.
func verifies(t *testing.T, rigs ...*rig) map[string]int {
	t.Helper()
	ended := make(map[string]int)
	for _, r := range rigs {
		if err := r.halt(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	for _, r := range rigs {
		r.inspect(t, func(keys *keystore.Store, st *store.Store) {
			rep, err := st.Verify(t.Context(), keys)
			if err != nil || !rep.Verified {
				t.Errorf("journal of %s: %+v, %v", r.cfg.Node.Party, rep, err)
			}
			for _, l := range rep.Logs {
				if l.Ended > 0 {
					ended[r.cfg.Node.Party]++
				}
			}
		})
	}
	return ended
}

func TestARestoredBackupGoesOnWhenTwoAdministratorsAgree(t *testing.T) {
	tw, jp := linked(t, nil)
	tw.must(t, engine.Officer, distress("first boat"))
	jp.await(t, "told of the first boat", heardOf("first boat"))
	if err := tw.halt(); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(kept, os.DirFS(tw.cfg.Node.Data)); err != nil {
		t.Fatal(err)
	}
	tw.open(t)
	tw.must(t, engine.Officer, distress("second boat"))
	jp.await(t, "told of the second boat", heardOf("second boat"))
	tw.await(t, "receipted", func(v *engine.View) bool { return v.Links[0].Sent > 0 && v.Links[0].Queued == 0 })
	if err := tw.halt(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(tw.cfg.Node.Data), os.CopyFS(tw.cfg.Node.Data, os.DirFS(kept)), tighten(tw.cfg.Node.Data), os.Chmod(tw.cfg.Node.Data, 0o700)); err != nil {
		t.Fatal(err)
	}

	tw.open(t)
	tw.await(t, "stopped: its journal is behind the witness", linkHas("stopped", "backup"))
	tw.order(t, "jp", "reopen")
	tw.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: "jp"})
	jp.await(t, "stopped: somebody must agree", linkHas("stopped", "reopen"))
	tw.await(t, "stopped: the partner has to agree", linkHas("stopped", "partner"))
	jp.order(t, "tw", "agree")
	for r, other := range map[*rig]party.ID{jp: "tw", tw: "jp"} {
		r.must(t, engine.Supervisor, engine.Command{Verb: "resume", Partner: other})
	}
	tw.await(t, "linked", linkHas("up", ""))
	tw.must(t, engine.Officer, distress("third boat"))
	jp.await(t, "told of the third boat", heardOf("third boat"))
	if !heardOf("second boat")(jp.n.View()) {
		t.Error("jp has lost what it was told before")
	}
	lat, lon := place(24.5, 122.7)
	jp.must(t, engine.Officer, engine.Command{Verb: "distress", Partner: "tw", Lat: lat, Lon: lon, Text: "boat of jp", Contact: "channel 16"})
	tw.await(t, "told by jp", heardOf("boat of jp"))
	if ended := verifies(t, tw, jp); ended["tw"] != 2 || ended["jp"] != 1 {
		t.Errorf("ended logs %v, want the sent one and the audit log at tw, the received one at jp", ended)
	}
	jp.open(t) // its tape names records of both epochs
	if v := jp.n.View(); !heardOf("first boat")(v) || !heardOf("third boat")(v) {
		t.Error("a restart forgot what was told")
	}
}

func TestALostNodeIsPairedAnewAndTheOldJournalIsKept(t *testing.T) {
	tw, jp := linked(t, nil)
	tw.must(t, engine.Officer, distress("first boat"))
	jp.await(t, "told of the first boat", heardOf("first boat"))
	for _, r := range []*rig{tw, jp} {
		if err := r.halt(); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := keystore.Open(jp.cfg.Keystore.Dir, []byte(passphrase)) // `kuroshio unpair tw`
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(keys.Forget("tw"), keys.Close()); err != nil {
		t.Fatal(err)
	}
	tw = newRig(t, "tw", t.TempDir()) // another machine
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	jp.open(t)
	tw.open(t)
	tw.await(t, "linked", linkHas("up", ""))
	tw.must(t, engine.Officer, distress("boat after the loss"))
	jp.await(t, "told by the new node", heardOf("boat after the loss"))
	if ended := verifies(t, tw, jp); ended["tw"] != 0 || ended["jp"] == 0 {
		t.Errorf("ended logs %v, want those of the old pairing at jp", ended)
	}
}

func TestKeysRollOverByTheAPI(t *testing.T) {
	tw, jp := linked(t, nil)
	pins := func() [][32]byte {
		k, err := keystore.Open(jp.cfg.Keystore.Dir, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close() //nolint:errcheck // only read
		return k.Pins("tw")
	}
	old := pins()
	tw.order(t, "jp", "roll")
	limit := time.Now().Add(patience)
	for now := pins(); len(now) != 1 || now[0] == old[0]; now = pins() {
		if time.Now().After(limit) {
			t.Fatal("jp never went over to the new key")
		}
	}
	tw.await(t, "done", func(v *engine.View) bool { return linkHas("up", "")(v) && !v.Links[0].Figures.Rolling })
	tw.must(t, engine.Officer, distress("a boat"))
	jp.await(t, "told of the boat", heardOf("a boat"))
	verifies(t, tw, jp)
}

// TestPressureIsShownAndReleaseWaitsBeforeAnythingIsLost fills an outbox, and a
// day: people see it, what they say waits at home, and nothing is lost.
func TestPressureIsShownAndReleaseWaitsBeforeAnythingIsLost(t *testing.T) {
	const boats = 120
	outbox := func(v *engine.View) bool {
		for _, a := range v.Alarms {
			if a.Rule == "outbox" && a.Subject == "jp" && a.State != string(incident.Returned) {
				return true
			}
		}
		return false
	}
	fill := func(t *testing.T, tw *rig) (byVoice int) {
		t.Helper()
		for i := range boats {
			if i == 95 { // the house is kept twice a second
				tw.await(t, "under pressure", func(v *engine.View) bool { return v.Links[0].Held })
			}
			switch r := tw.do(t, engine.Officer, distress(fmt.Sprintf("boat %d", i))); r.Code {
			case "":
			case "pass-by-voice":
				byVoice++
			default:
				t.Fatalf("boat %d: %q", i, r.Code)
			}
		}
		return byVoice
	}
	t.Run("an outbox", func(t *testing.T) {
		var line *linktest.Proxy
		tw, jp := linked(t, func(tw, jp *rig) {
			line = linktest.NewProxy(t, jp.cfg.Link.Listen)
			connect(t, tw, jp, line)
			tw.cfg.Link.MaxRecords = 100
		})
		line.Cut()
		tw.await(t, "cut off", linkIs("down"))
		if n := fill(t, tw); n < boats-100 {
			t.Errorf("officers were told %d times to pass a boat by voice, want at least %d", n, boats-100)
		}
		v := tw.await(t, "alarmed", outbox)
		if f := v.Links[0].Figures; f.Outbox.Records < 90 || f.Outbox.Records > 110 || f.Outbox.MaxRecords != 100 || v.StoreProblem != "" {
			t.Errorf("outbox %+v, store problem %q", f.Outbox, v.StoreProblem)
		}
		line.Heal()
		jp.await(t, "told of every boat", func(v *engine.View) bool { return len(v.Incidents) == boats })
		tw.await(t, "free again", func(v *engine.View) bool { return !v.Links[0].Held && !outbox(v) })
	})
	t.Run("a day", func(t *testing.T) {
		tw, jp := linked(t, func(tw, _ *rig) {
			tw.cfg.Partners[0].Quota = &config.Quota{SentRecords: 100}
		})
		fill(t, tw)
		v := tw.await(t, "alarmed", outbox)
		sent := v.Links[0].Figures.Sent
		if sent.Records < 90 || sent.Records > 110 || sent.MaxRecords != 100 {
			t.Errorf("sent today %+v", sent)
		}
		if n := len(jp.n.View().Incidents); n > int(sent.Records) {
			t.Errorf("jp knows of %d boats, %d records left", n, sent.Records)
		}
	})
}

// TestALinkThatIsUpWhileTheOtherEngineHangsIsAlarmed lets the tape of one node
// fail: its line answers, its engine does not.
func TestALinkThatIsUpWhileTheOtherEngineHangsIsAlarmed(t *testing.T) {
	disk := newFullDisk()
	flow := func(state string) func(*engine.View) bool {
		return func(v *engine.View) bool { return v.Links[0].State == "up" && v.Links[0].Flow == state }
	}
	alarmed := func(v *engine.View) bool {
		for _, a := range v.Alarms {
			if a.Rule == "flow" && a.Subject == "jp" && a.State != string(incident.Returned) {
				return true
			}
		}
		return false
	}
	tw, jp := linked(t, func(tw, jp *rig) {
		jp.faults = onlyOp{disk, "append"}
		tw.cfg.Link.Heartbeat, jp.cfg.Link.Heartbeat = config.Duration(time.Second), config.Duration(time.Second)
	})
	disk.on.Store(true)
	disk.await(t, 1)
	v := tw.await(t, "told that nothing flows", func(v *engine.View) bool { return alarmed(v) && v.Links[0].State == "up" })
	if f := v.Links[0].Flow; f != "silent" && f != "stuck" {
		t.Errorf("flow %q", f)
	}
	disk.on.Store(false)
	tw.await(t, "told that it flows again", func(v *engine.View) bool { return flow("ok")(v) && !alarmed(v) })
	_ = jp
}
