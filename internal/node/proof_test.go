// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// plan gives the rig a plan file and a policy that lets it out.
func (r *rig) plan(t testing.TB, with string, proof bool) *rig {
	t.Helper()
	r.policy(t, []byte(fmt.Sprintf("version = 1\nparty = %q\n[label]\npolicy = \"p\"\nclassification = \"c\"\npurpose = \"u\"\nretention = \"24h\"\n"+
		"[[rule]]\nid = \"say\"\neffect = \"allow\"\nto = [%q]\nkinds = [\"plan\"]\n[rule.then]\ndelay = \"0s\"\n", r.cfg.Node.Party, with)))
	r.cfg.Plan = config.Plan{File: filepath.Join(r.dir, "plan.toml")}
	text := fmt.Sprintf("version = 1\nparty = %q\n[[plan]]\nwith = %q\nproof = %v\n", r.cfg.Node.Party, with, proof)
	if err := os.WriteFile(r.cfg.Plan.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) prove(t testing.TB, name string, content bool) (*journal.Proof, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, code, err := r.n.Prove(ctx, name, content)
	if err != nil {
		t.Fatal(err)
	}
	return p, code
}

func planIs(state string) func(*engine.View) bool {
	return func(v *engine.View) bool { return len(v.Plans) > 0 && v.Plans[0].State == state }
}

// journalKeys reads the public keys of a stopped node's pair: its own, the
// partner's.
func (r *rig) journalKeys(t testing.TB, partner party.ID) (own, theirs note.Verifiers) {
	t.Helper()
	r.inspect(t, func(keys *keystore.Store, _ *store.Store) {
		a, b, err := keys.JournalKeys(partner)
		if err != nil {
			t.Fatal(err)
		}
		for i, list := range [][]string{a, b} {
			v, err := note.NewVerifier(list[0])
			if err != nil {
				t.Fatal(err)
			}
			*[]*note.Verifiers{&own, &theirs}[i] = note.VerifierList(v)
		}
	})
	return own, theirs
}

// Two nodes declare that records may be proved; from then on they may, from
// either side and with the public keys alone, and no longer once it has ended.
func TestAProofNeedsBothDeclarations(t *testing.T) {
	for _, agreed := range []bool{true, false} {
		t.Run(fmt.Sprintf("both allow %v", agreed), func(t *testing.T) {
			tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
			pair(t, tw, jp)
			connect(t, tw, jp, nil)
			tw.plan(t, "jp", agreed).open(t)
			jp.plan(t, "tw", agreed).open(t)
			tw.await(t, "linked", linkIs("up"))
			tw.must(t, engine.Officer, distress("before the plan"))
			jp.await(t, "told of the first boat", heardOf("before the plan"))
			if _, code := tw.prove(t, "jp/sent/1", true); code != "no-plan-in-force" {
				t.Errorf("without a plan: %q", code)
			}
			tw.must(t, engine.Supervisor, engine.Command{Verb: "plan-declare", Partner: "jp"})
			jp.must(t, engine.Supervisor, engine.Command{Verb: "plan-declare", Partner: "tw"})
			began := *tw.await(t, "in force", planIs("in-force")).Plans[0].Since
			other := *jp.await(t, "in force", planIs("in-force")).Plans[0].Since
			if other.After(began) {
				began = other
			}
			tw.await(t, "past the second of the declaration", func(v *engine.View) bool { return v.Now.After(began.Add(time.Second)) })
			tw.must(t, engine.Officer, distress("under the plan"))
			jp.await(t, "told of the second boat", heardOf("under the plan"))
			for _, bad := range []string{"", "jp/sent/0", "jp/sent/99", "jp/lost/1", "cell/sent/1", strings.Repeat("0", 32)} {
				if _, code := tw.prove(t, bad, true); code != "no-such-record" {
					t.Errorf("record %q: %q", bad, code)
				}
			}
			if _, code := tw.prove(t, "jp/sent/1", true); code != "no-proof-agreed" {
				t.Errorf("a record from before the plan: %q", code)
			}
			last := fmt.Sprintf("jp/sent/%d", 4) // the distress, declare and part, the distress
			if !agreed {
				if _, code := tw.prove(t, last, false); code != "no-proof-agreed" {
					t.Errorf("without proof declared: %q", code)
				}
				tw.unprovable(t, "jp", 1, 2, 3, 4)
				return
			}
			file := tw.awaitProof(t, last)
			_, code := jp.prove(t, "tw/received/4", false)
			if code != "" {
				t.Errorf("by the receiver: %q", code)
			}
			jp.must(t, engine.Supervisor, engine.Command{Verb: "plan-end", Partner: "tw"})
			tw.await(t, "ended", planIs("ended"))
			if _, code := tw.prove(t, last, false); code != "no-plan-in-force" {
				t.Errorf("after the end: %q", code)
			}
			tw.unprovable(t, "jp", 1)
			sender, receiver := tw.journalKeys(t, "jp")
			got, err := file.Check(sender, receiver)
			if err != nil || got.Record.Distress == nil || got.Record.Distress.Nature != "under the plan" {
				t.Errorf("the proof: %+v, %v", got, err)
			}
			if _, err := file.Check(receiver, sender); err == nil {
				t.Error("the proof holds with the keys the wrong way round")
			}
		})
	}
}

// unprovable stops the node and fails when there is anything to prove these
// records with, whatever a program thinks of it: nobody has signed them, and the
// receipts open with no public key.
func (r *rig) unprovable(t testing.TB, partner party.ID, list ...uint64) {
	t.Helper()
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.inspect(t, func(keys *keystore.Store, st *store.Store) {
		for _, seq := range list {
			if _, err := st.Prove(t.Context(), partner, journal.Sent, seq, true); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("record %d: %v, want nothing to prove it with", seq, err)
			}
		}
		receipt, err := st.Receipt(t.Context(), partner)
		if err != nil || len(receipt) == 0 {
			t.Fatalf("receipt %q, %v", receipt, err)
		}
		own, theirs, err := keys.Current(partner)
		if err != nil {
			t.Fatal(err)
		}
		for who, public := range map[string]note.Verifiers{"our": own, "the partner's": theirs} {
			if _, err := note.Open(receipt, public); err == nil {
				t.Errorf("%s public key opens a receipt", who)
			}
		}
	})
}

// awaitProof waits for the attestation.
func (r *rig) awaitProof(t testing.TB, name string) (p *journal.Proof) {
	t.Helper()
	r.await(t, "attested", func(*engine.View) bool {
		var code string
		p, code = r.prove(t, name, true)
		return code == ""
	})
	return p
}
