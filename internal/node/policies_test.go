// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

const firstPolicy = `version = 1
party = "tw"
[label]
policy = "p"
classification = "c"
purpose = "x"
retention = "24h"
`

// secondPolicy lets incidents go to jp.
const secondPolicy = `version = 2
party = "tw"
[label]
policy = "p"
classification = "c"
purpose = "x"
retention = "24h"
[[rule]]
id = "incidents"
effect = "allow"
to = ["jp"]
kinds = ["incident"]
[rule.then]
time_bin = "1s"
slot = "0s"
delay = "0s"
fields = ["zone", "rule"]
`

func as(verb, by string, a engine.PolicyAct) engine.Command {
	return engine.Command{Verb: verb, By: by, Policy: &a}
}

// TestPolicyIsActivatedByTwoAndStandsOverTheFile goes the whole way: proposed
// by one, activated by another, kept and signed, in the audit log, and in force
// after a restart with the old file. Then a dry run looks at the past.
func TestPolicyIsActivatedByTwoAndStandsOverTheFile(t *testing.T) {
	tw, jp := newRig(t, "tw", t.TempDir()).policy(t, []byte(firstPolicy)), newRig(t, "jp", t.TempDir())
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	tw.cfg.Policy.TwoPersons = true
	tw.open(t)
	begun := time.Now().Add(-time.Second)
	tw.must(t, engine.Supervisor, as("policy-propose", "lin", engine.PolicyAct{Text: secondPolicy, Reason: "first release"}))
	id := engine.PolicyAct{ID: tw.n.View().Policy.Proposal.ID}
	if r := tw.do(t, engine.Supervisor, as("policy-activate", "lin", id)); r.Code != "second-person" {
		t.Fatalf("one person alone: %+v", r)
	}
	tw.must(t, engine.Officer, engine.Command{Verb: "open", By: "chen", Text: "a balloon is reported", Domain: "air"})
	tw.await(t, "the incident", func(v *engine.View) bool { return len(v.Incidents) == 1 })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	until := time.Now().Add(time.Hour) // the second policy tells of the incident at the next tick
	var res engine.DryResult
	for told := false; !told && ctx.Err() == nil; {
		var err error
		if res, err = tw.n.DryRun(ctx, secondPolicy, begun, until); err != nil {
			t.Fatal(err)
		}
		told = len(res.Rows) > 0
	}
	if len(res.Rows) == 0 || res.Rows[0].Only != "changed" || res.Rows[0].Kind != "incident" || res.Rows[0].To != "jp" || res.Rows[0].Number != 1 {
		t.Fatalf("dry run = %+v, want incident 1 to jp by the changed policy only", res)
	}
	if _, err := tw.n.DryRun(ctx, "version = ", begun, until); err == nil {
		t.Error("a dry run of no policy")
	}

	tw.must(t, engine.Supervisor, as("policy-activate", "wang", id))
	if err := tw.halt(); err != nil {
		t.Fatal(err)
	}
	tw.open(t)
	defer func() {
		if err := tw.halt(); err != nil {
			t.Error(err)
		}
	}()
	if v := tw.await(t, "version 2", func(v *engine.View) bool { return v.Policy.InForce != nil && v.Policy.InForce.Number == 2 }); v.Policy.InForce.Second != "wang" || !v.Policy.TwoPersons {
		t.Errorf("policy after the restart = %+v", v.Policy)
	}
	if text, _, err := tw.n.PolicyText(ctx); err != nil || text != secondPolicy {
		t.Errorf("text after the restart = %q, %v", text, err)
	}
	list, err := tw.n.PolicyVersions()
	if err != nil || len(list) != 2 {
		t.Fatalf("versions = %+v, %v", list, err)
	}
	if a, b := list[0], list[1]; !a.Signed || !b.Signed || a.By != "node" || a.Text != firstPolicy || b.By != "lin" || b.Second != "wang" || b.Text != secondPolicy || b.Reason != "first release" {
		t.Errorf("versions = %+v", list)
	}
	if acts := tw.acts(t); acts["policy-proposed"] != 1 || acts["policy-in-force"] != 2 || acts["act-policy-activate"] != 2 {
		t.Errorf("audit log = %v", acts)
	}
	quiet(t, tw.log.String(), "first release", "incidents")
}

func TestAnAlteredPolicyVersionIsSeen(t *testing.T) {
	r := newRig(t, "tw", t.TempDir()).policy(t, []byte(firstPolicy))
	r.open(t)
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	r.inspect(t, func(keys *keystore.Store, _ *store.Store) {
		verifier, err := keys.PolicyVerifier()
		if err != nil {
			t.Fatal(err)
		}
		folder := node.PolicyFolder(r.cfg.Node.Data)
		check := func(what string, want bool) {
			t.Helper()
			list, err := node.PolicyVersions(r.cfg.Node.Data, "tw", verifier)
			if err != nil || len(list) != 1 || list[0].Signed != want {
				t.Errorf("%s: %+v, %v, want signed %t", what, list, err, want)
			}
		}
		check("as written", true)
		other, err := node.PolicyVersions(r.cfg.Node.Data, "jp", verifier)
		if err != nil || other[0].Signed {
			t.Errorf("another party's: %+v, %v", other, err)
		}
		text := filepath.Join(folder, "000001.toml")
		if err := os.WriteFile(text, []byte(firstPolicy+"# more\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		check("another text", false)
		if err := os.WriteFile(text, []byte(firstPolicy), 0o600); err != nil {
			t.Fatal(err)
		}
		note := filepath.Join(folder, "000001.note")
		b, err := os.ReadFile(note)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(note, []byte(strings.Replace(string(b), `"by":"node"`, `"by":"wang"`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		check("another name in the note", false)
	})
}

// TestDryRunOfTheTimeBeforeTheTape asks a node whose tape no longer has its
// beginning.
func TestDryRunSaysWhatIsNotKept(t *testing.T) {
	r := newRig(t, "tw", t.TempDir()).policy(t, []byte(firstPolicy))
	r.open(t)
	if err := r.halt(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	now := time.Now()
	if _, err := node.DryRun(ctx, r.cfg, []byte(passphrase), "p", secondPolicy, now.Add(-time.Hour), now.Add(time.Hour)); err != nil {
		t.Fatalf("dry run from the beginning: %v", err)
	}
	first := filepath.Join(r.cfg.Node.Data, "tape")
	files, err := filepath.Glob(filepath.Join(first, "*.tape"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if _, err := node.DryRun(ctx, r.cfg, []byte(passphrase), "p.toml", strings.Replace(secondPolicy, `"1s"`, `"1"`, 1), now.Add(-time.Hour), now); err == nil || !strings.Contains(err.Error(), "p.toml:14") {
		t.Errorf("a bad policy: %v, want its line", err)
	}
	if err := os.Rename(files[0], filepath.Join(first, "00000000000000000900.tape")); err != nil {
		t.Fatal(err)
	}
	if _, err := node.DryRun(ctx, r.cfg, []byte(passphrase), "p", secondPolicy, now.Add(-time.Hour), now); err == nil {
		t.Error("a dry run without a tape")
	} else if !errors.Is(err, engine.ErrPast) && !strings.Contains(err.Error(), "tape") {
		t.Errorf("a dry run without a tape: %v", err)
	}
}
