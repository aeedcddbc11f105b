// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/packs/policies"
)

// awaitMessage waits until the newest message at a node is in the state.
func (r *rig) awaitMessage(t *testing.T, state string) engine.MessageView {
	t.Helper()
	var last engine.MessageView
	r.await(t, "message "+state, func(*engine.View) bool {
		l, err := r.n.Messages(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(l) == 0 {
			return false
		}
		last = l[len(l)-1]
		return last.State == state
	})
	return last
}

func (r *rig) say(t *testing.T, to party.ID, text string) {
	t.Helper()
	r.must(t, engine.Officer, engine.Command{Verb: "message", Partner: to, Text: text, Message: &engine.MessageArgs{Precedence: "flash"}})
}

// A partner whose policy tells us nothing of our messages still leaves us
// knowing that the link has sent them, each in its turn.
func TestMessageIsSentThoughThePartnerSaysNothingOfIt(t *testing.T) {
	tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
	text, ok := policies.Text("demo-tw")
	if !ok {
		t.Fatal("no policy is shipped")
	}
	tw.policy(t, text)
	pair(t, tw, jp)
	connect(t, tw, jp, nil)
	jp.open(t)
	tw.open(t)
	tw.await(t, "link up", linkIs("up"))
	for _, word := range []string{"one", "two"} {
		tw.say(t, "jp", word)
		if m := tw.awaitMessage(t, "sent"); m.Text != word {
			t.Errorf("%q is sent, want %q", m.Text, word)
		}
	}
	if m := jp.awaitMessage(t, "received"); m.Text != "two" {
		t.Errorf("jp has %+v", m)
	}
}

// A message waits in the outbox while the line is down, and says how far it
// has come.
func TestMessageOverTheRealLine(t *testing.T) {
	tw, jp := newRig(t, "tw", t.TempDir()), newRig(t, "jp", t.TempDir())
	for _, r := range []*rig{tw, jp} {
		text, ok := policies.Text("demo-" + r.cfg.Node.Party)
		if !ok {
			t.Fatal("no policy is shipped")
		}
		r.policy(t, text)
	}
	pair(t, tw, jp)
	jp.cfg.Link.Listen = freeTCP(t)
	line := linktest.NewProxy(t, jp.cfg.Link.Listen)
	connect(t, tw, jp, line)
	jp.open(t)
	tw.open(t)
	tw.await(t, "link up", linkIs("up"))
	line.Cut()
	tw.await(t, "link down", linkIs("down"))
	tw.say(t, "jp", "QQWORDS of an officer")
	if m := tw.awaitMessage(t, "queued"); m.By == "" {
		t.Errorf("message = %+v", m)
	}
	line.Heal()
	tw.awaitMessage(t, "received")
	m := jp.awaitMessage(t, "received")
	if m.Text != "QQWORDS of an officer" {
		t.Errorf("jp has %+v", m)
	}
	jp.must(t, engine.Officer, engine.Command{Verb: "message-read", Desk: "sea", Message: &engine.MessageArgs{Number: m.N}})
	if m := tw.awaitMessage(t, "read"); m.Desk != "sea" {
		t.Errorf("tw has %+v, want read at sea", m)
	}
	for _, r := range []*rig{tw, jp} {
		if err := r.halt(); err != nil {
			t.Error(err)
		}
		quiet(t, r.log.String(), "QQWORDS")
	}
	tw.open(t)
	if m := tw.awaitMessage(t, "read"); m.Text != "QQWORDS of an officer" {
		t.Errorf("after a restart tw has %+v", m)
	}
	page, err := tw.n.Card(t.Context(), "jp", time.Now(), "en")
	if err != nil || !bytes.Contains(page, []byte("Roger.")) || !strings.Contains(string(page), "pair again") {
		t.Errorf("card = %.200q, %v; want one without challenges: this pairing shared no secret", page, err)
	}
}
