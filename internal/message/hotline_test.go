// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func TestHotlineMeasuresLineAndClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(name string, low, high int) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Millisecond
		}
		there, back, held, ahead := ms("there", 0, 5000), ms("back", 0, 5000), ms("held", 0, 1000), ms("ahead", -60_000, 60_000)
		tw, now := newDesk(), start
		ask, err := tw.Ask("jp", objectID, now)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(there)
		received := now.Add(ahead)
		now = now.Add(held)
		answered := now.Add(ahead)
		answer := record.Hotline{Step: "answer", Test: &record.Ref{Originator: "tw", ID: objectID(ask.Number)}, Asked: ask.Body.Asked, Received: &received, Answered: &answered}
		now = now.Add(back)
		if err := tw.Answered("jp", &answer, now); err != nil {
			t.Fatal(err)
		}
		l := tw.Line("jp")
		if l.RoundTrip != there+back || l.Offset != ahead+(there-back)/2 {
			t.Errorf("round trip %v, offset %v; want %v and %v", l.RoundTrip, l.Offset, there+back, ahead+(there-back)/2)
		}
		if !l.Tested.IsZero() {
			t.Error("a machine's answer alone counts as a test")
		}
	})
}

func TestHotlineNeedsAPersonAtTheOtherDesk(t *testing.T) {
	tw := newDesk()
	jp := message.NewDesk(message.Config{Self: "jp", Partners: []party.ID{"tw"}, Every: 8 * time.Hour})
	ask, err := tw.Ask("jp", objectID, start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tw.Ask("jp", objectID, start.Add(time.Second)); !errors.Is(err, message.ErrTesting) {
		t.Errorf("Ask twice = %v, want ErrTesting", err)
	}
	if _, err := jp.Acknowledge("tw", "air", start); !errors.Is(err, message.ErrNoTest) {
		t.Errorf("Acknowledge before a test = %v, want ErrNoTest", err)
	}
	answer, err := jp.Asked("tw", objectID(ask.Number), ask.Body, start.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jp.Asked("tw", objectID(9), ask.Body, start.Add(2*time.Second)); !errors.Is(err, message.ErrTesting) {
		t.Errorf("a flood of requests = %v, want ErrTesting", err)
	}
	for name, spoil := range map[string]func(*record.Hotline){
		"another party's test": func(h *record.Hotline) { h.Test = &record.Ref{Originator: "jp", ID: h.Test.ID} },
		"another test":         func(h *record.Hotline) { h.Test = &record.Ref{Originator: "tw", ID: objectID(77)} },
		"another time":         func(h *record.Hotline) { h.Asked = h.Asked.Add(-time.Hour) },
	} {
		wrong := *answer.Body
		spoil(&wrong)
		if err := tw.Answered("jp", &wrong, start.Add(2*time.Second)); !errors.Is(err, message.ErrNoTest) {
			t.Errorf("answer to %s = %v, want ErrNoTest", name, err)
		}
	}
	if err := tw.Answered("jp", answer.Body, start.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	ack, err := jp.Acknowledge("tw", "air", start.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jp.Acknowledge("tw", "air", start.Add(time.Minute)); !errors.Is(err, message.ErrNoTest) {
		t.Errorf("Acknowledge twice = %v, want ErrNoTest", err)
	}
	if err := tw.Acknowledged("jp", ack.Body, start.Add(61*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := tw.Acknowledged("jp", ack.Body, start.Add(62*time.Second)); !errors.Is(err, message.ErrNoTest) {
		t.Errorf("Acknowledged twice = %v, want ErrNoTest", err)
	}
	for d, p := range map[*message.Desk]party.ID{tw: "jp", jp: "tw"} {
		l := d.Line(p)
		if at := l.Age(); !at.After(start) {
			t.Errorf("line to %s counts from %v, want the test", p, at)
		}
	}
}

func TestHotlineIsTestedOnceAWatchByItself(t *testing.T) {
	d := newDesk()
	due := func(at time.Duration) []party.ID { return d.Due(start.Add(at)) }
	if got := due(0); got != nil {
		t.Errorf("Due at the start = %v", got)
	}
	if got := due(7*time.Hour + 29*time.Minute); got != nil {
		t.Errorf("Due after 7:29 = %v", got)
	}
	if got := due(7*time.Hour + 30*time.Minute); !slices.Equal(got, []party.ID{"cell", "jp"}) {
		t.Errorf("Due after 7:30 = %v, want both", got)
	}
	if _, err := d.Ask("jp", objectID, start.Add(7*time.Hour+30*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := due(7*time.Hour + 45*time.Minute); !slices.Equal(got, []party.ID{"cell"}) {
		t.Errorf("Due while a test is out = %v, want the other", got)
	}
	if got := due(8*time.Hour + time.Minute); !slices.Equal(got, []party.ID{"cell", "jp"}) {
		t.Errorf("Due after half an hour without answer = %v, want again", got)
	}
	manual := message.NewDesk(message.Config{Self: "tw", Partners: []party.ID{"jp"}, Every: 8 * time.Hour})
	if got := manual.Due(start); got != nil {
		t.Error(got)
	}
	if got := manual.Due(start.Add(24 * time.Hour)); got != nil {
		t.Errorf("Due without auto = %v", got)
	}
}

func TestBothNodesDeriveTheSameChallenges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret")
		date := start.AddDate(0, 0, rapid.IntRange(0, 1000).Draw(t, "day"))
		one, err := message.Challenges(secret, "tw", "jp", date)
		if err != nil {
			t.Fatal(err)
		}
		two, err := message.Challenges(secret, "jp", "tw", date.Add(time.Hour))
		if err != nil || one != two {
			t.Fatalf("the two nodes' tables differ (%v)", err)
		}
		if one[0].Asks != "jp" || one[1].Asks != "tw" || one[0].Replies == one[1].Replies {
			t.Error("both ways have the same table")
		}
		for name, other := range map[string]func() ([2]message.Grid, error){
			"another day":   func() ([2]message.Grid, error) { return message.Challenges(secret, "tw", "jp", date.AddDate(0, 0, 1)) },
			"another party": func() ([2]message.Grid, error) { return message.Challenges(secret, "tw", "cell", date) },
			"another secret": func() ([2]message.Grid, error) {
				s := slices.Clone(secret)
				s[0] ^= 1
				return message.Challenges(s, "tw", "jp", date)
			},
		} {
			if g, err := other(); err != nil || g[0].Replies == one[0].Replies || g[1].Replies == one[1].Replies {
				t.Errorf("%s gives the same table (%v)", name, err)
			}
		}
	})
	if _, err := message.Challenges(nil, "tw", "jp", start); err == nil || !strings.Contains(err.Error(), "no secret") {
		t.Errorf("Challenges without secret = %v", err)
	}
}
