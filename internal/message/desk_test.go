// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func newDesk() *message.Desk {
	return message.NewDesk(message.Config{Self: "tw", Partners: []party.ID{"cell", "jp"}, Every: 8 * time.Hour, Auto: true})
}

func objectID(n uint64) record.ID { return record.ID{15: byte(n), 14: byte(n >> 8), 0: 1} }

// send keeps a message of ours and says that it is in the outbox.
func send(d *message.Desk, m message.Message, now time.Time) uint64 {
	m.ID = objectID(d.Next())
	n := d.Send(m, false, now)
	d.Left(n, true, now)
	return n
}

func receive(t testing.TB, d *message.Desk, m message.Message, now time.Time) uint64 {
	t.Helper()
	m.ID = objectID(d.Next())
	n, err := d.Receive(m, false, now)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func state(d *message.Desk, n uint64) string {
	m, _ := d.Message(n)
	return m.State
}

func TestStatesGoForwardOnly(t *testing.T) {
	d := newDesk()
	one := send(d, message.Message{Partner: "jp", Precedence: "routine"}, start)
	two := send(d, message.Message{Partner: "jp", Precedence: "routine"}, start)
	waits := d.Send(message.Message{Partner: "jp", Precedence: "routine", ID: objectID(3)}, false, start)
	other := send(d, message.Message{Partner: "cell", Precedence: "routine"}, start)
	if !d.Unsent("jp") {
		t.Error("Unsent = false with two in the outbox")
	}
	d.Sent("jp", 1, start)
	if got := []string{state(d, one), state(d, two), state(d, waits), state(d, other)}; !slices.Equal(got, []string{"sent", "queued", "queued", "queued"}) {
		t.Errorf("states = %v after the link sent all but one", got)
	}
	tell := func(from party.ID, n uint64, s, desk string) error {
		return d.Tell(from, &record.MessageState{Message: record.Ref{Originator: "tw", ID: objectID(n)}, State: s, Desk: desk}, start.Add(time.Minute))
	}
	if err := tell("cell", one, "read", "air"); !errors.Is(err, message.ErrUnknown) {
		t.Errorf("another partner's word on it = %v, want ErrUnknown", err)
	}
	if err := tell("jp", one, "read", "air"); err != nil {
		t.Error(err)
	}
	if err := tell("jp", one, "received", ""); err != nil {
		t.Error(err)
	}
	d.Sent("jp", 0, start)
	if m, _ := d.Message(one); m.State != "read" || m.Desk != "air" || !m.StateAt.Equal(start.Add(time.Minute)) {
		t.Errorf("message = %+v, want read at air, for good", m)
	}
	if state(d, two) != "sent" || state(d, waits) != "queued" || d.Unsent("jp") {
		t.Errorf("states = %s, %s", state(d, two), state(d, waits))
	}
	d.Left(waits, false, start)
	if state(d, waits) != "withheld" {
		t.Errorf("state = %s, want withheld", state(d, waits))
	}
	if a := d.Alarms(start); len(a) != 2 || a[0].Rule != "message-withheld" || !a[0].Active || a[1].Active {
		t.Errorf("alarms = %+v, want withheld, once", a)
	}
	theirs := receive(t, d, message.Message{Partner: "jp", Precedence: "routine"}, start)
	if err := d.Tell("jp", &record.MessageState{Message: record.Ref{Originator: "jp", ID: objectID(theirs)}, State: "read", Desk: "sea"}, start); !errors.Is(err, message.ErrUnknown) {
		t.Errorf("a partner's word on its own message = %v, want ErrUnknown", err)
	}
	if _, err := d.Open(one, "air", "wang", start); !errors.Is(err, message.ErrUnknown) {
		t.Errorf("opening our own = %v, want ErrUnknown", err)
	}
	if m, err := d.Open(theirs, "air", "wang", start); err != nil || m.Desk != "air" || m.By != "wang" || m.State != "read" {
		t.Errorf("Open = %+v, %v", m, err)
	}
	if _, err := d.Open(theirs, "sea", "lin", start); !errors.Is(err, message.ErrRead) {
		t.Errorf("Open again = %v, want ErrRead", err)
	}
}

// sounds plays a desk minute by minute and returns when alarms of the rule began.
func sounds(d *message.Desk, rule string, from time.Time, minutes int) (at []int, priority int) {
	for i := range minutes {
		for _, a := range d.Alarms(from.Add(time.Duration(i) * time.Minute)) {
			if a.Rule == rule && a.Active {
				at, priority = append(at, i), a.Priority
			}
		}
	}
	return at, priority
}

func TestEachPrecedenceHasItsOwnAlarmAndRepeat(t *testing.T) {
	tests := map[string]struct {
		reader   []int
		sender   int // minute of its first alarm
		priority int
	}{
		"routine":   {[]int{360}, 360, 3},
		"priority":  {[]int{15, 45, 75, 105}, 180, 3},
		"safety":    {[]int{5, 20, 35, 50}, 30, 2},
		"immediate": {[]int{0, 5, 10, 15}, 30, 2},
		"urgency":   {[]int{0, 3, 6, 9}, 10, 1},
		"flash":     {[]int{0, 1, 2, 3}, 10, 1},
		"distress":  {[]int{0, 1, 2, 3}, 4, 1},
	}
	if len(message.Handlings()) != len(record.Precedences()) || len(tests) != len(record.Precedences()) {
		t.Errorf("%d handlings for %d precedences", len(message.Handlings()), len(record.Precedences()))
	}
	for word, tt := range tests {
		t.Run(word, func(t *testing.T) {
			d := newDesk()
			n := receive(t, d, message.Message{Partner: "jp", Precedence: word}, start)
			got, priority := sounds(d, "message", start, tt.reader[len(tt.reader)-1]+1)
			if !slices.Equal(got, tt.reader) || priority != tt.priority {
				t.Errorf("alarms at minutes %v of priority %d, want %v of %d", got, priority, tt.reader, tt.priority)
			}
			if _, err := d.Open(n, "air", "wang", start); err != nil {
				t.Fatal(err)
			}
			if a := d.Alarms(start.Add(1000 * time.Minute)); len(a) != 1 || a[0].Active {
				t.Errorf("alarms after it was read = %+v, want one that ends", a)
			}
			if a := d.Alarms(start.Add(2000 * time.Minute)); a != nil {
				t.Errorf("alarms later = %+v, want none", a)
			}
			d = newDesk()
			send(d, message.Message{Partner: "jp", Precedence: word}, start)
			if got, priority := sounds(d, "message-unread", start, tt.sender+1); !slices.Equal(got, []int{tt.sender}) || priority != tt.priority {
				t.Errorf("sender's alarm at minutes %v of priority %d, want %d of %d", got, priority, tt.sender, tt.priority)
			}
		})
	}
}

func TestNoDuffAlarmsBothSidesAtOnceAndBreaksTheExercise(t *testing.T) {
	d := newDesk()
	receive(t, d, message.Message{Partner: "jp", Precedence: "routine", NoDuff: true}, start)
	send(d, message.Message{Partner: "cell", Precedence: "routine", NoDuff: true}, start)
	if got, priority := sounds(d, "no-duff", start, 2); !slices.Equal(got, []int{0, 0, 1, 1}) || priority != 1 {
		t.Errorf("alarms at %v of priority %d, want both at once and again, priority 1", got, priority)
	}
	for _, p := range []party.ID{"jp", "cell"} {
		if at, ok := d.Broken(p); !ok || !at.Equal(start) {
			t.Errorf("Broken(%s) = %v, %t", p, at, ok)
		}
	}
	if _, err := d.Receive(message.Message{Partner: "jp", Precedence: "routine", ID: objectID(9)}, true, start); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Broken("jp"); ok {
		t.Error("the exercise is still broken after the phrase that lets it go on")
	}
	if _, ok := d.Broken("cell"); !ok {
		t.Error("one partner's word mended the exercise with another")
	}
}

// A newer message sounds at once though the older one's alarm is up.
func TestNewMessageSoundsAgain(t *testing.T) {
	d := newDesk()
	receive(t, d, message.Message{Partner: "jp", Precedence: "immediate"}, start)
	d.Alarms(start)
	receive(t, d, message.Message{Partner: "jp", Precedence: "immediate"}, start.Add(time.Second))
	if a := d.Alarms(start.Add(time.Second)); len(a) != 2 || a[0].Active || !a[1].Active {
		t.Errorf("alarms = %+v, want one that ends and begins", a)
	}
}

func TestPartnerHasOnlyItsShare(t *testing.T) {
	d := newDesk()
	var refused error
	for i := range 300 {
		if _, err := d.Receive(message.Message{Partner: "jp", Precedence: "flash", ID: objectID(uint64(i + 1))}, false, start); err != nil {
			refused = err
		}
	}
	if !errors.Is(refused, message.ErrFlood) || len(d.Messages()) != 200 {
		t.Errorf("%d messages, %v; want 200 and ErrFlood", len(d.Messages()), refused)
	}
	if _, err := d.Receive(message.Message{Partner: "cell", Precedence: "flash", ID: objectID(1)}, false, start); err != nil {
		t.Errorf("another partner suffers: %v", err)
	}
	for i := range 1200 {
		n := send(d, message.Message{Partner: "jp", Precedence: "routine"}, start)
		if i%2 == 0 {
			_ = d.Tell("jp", &record.MessageState{Message: record.Ref{Originator: "tw", ID: objectID(n)}, State: "read", Desk: "air"}, start)
		}
	}
	kept := map[party.ID]int{}
	unread := 0
	for _, m := range d.Messages() {
		kept[m.Partner]++
		if m.Partner == "jp" && !m.Ours {
			unread++
		}
	}
	if kept["jp"] != message.MaxKept || unread != 200 {
		t.Errorf("%d kept, %d of the partner's unread ones; want %d and 200", kept["jp"], unread, message.MaxKept)
	}
}

func TestDeskGoesOnFromItsSnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, now := newDesk(), start
		steps := rapid.IntRange(0, 30).Draw(t, "steps")
		for range steps {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "s")) * time.Second)
			act(t, d, now)
		}
		b, err := json.Marshal(d.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var s message.State
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		again := newDesk()
		again.Restore(s)
		for range 10 {
			now = now.Add(7 * time.Minute)
			if diff := cmp.Diff(d.Alarms(now), again.Alarms(now)); diff != "" {
				t.Fatalf("alarms differ after a restore: %s", diff)
			}
			if diff := cmp.Diff(d.Due(now), again.Due(now)); diff != "" {
				t.Fatalf("due tests differ after a restore: %s", diff)
			}
		}
		one, _ := json.Marshal(d.Snapshot())
		two, _ := json.Marshal(again.Snapshot())
		if string(one) != string(two) {
			t.Errorf("snapshots differ:\n%s\n%s", one, two)
		}
	})
}

// act does one thing at random.
func act(t *rapid.T, d *message.Desk, now time.Time) {
	p := rapid.SampledFrom([]party.ID{"jp", "cell"}).Draw(t, "partner")
	m := message.Message{Partner: p, Precedence: rapid.SampledFrom(record.Precedences()).Draw(t, "word"), ID: objectID(d.Next()), NoDuff: rapid.Bool().Draw(t, "no duff")}
	n := rapid.Uint64Range(1, 20).Draw(t, "n")
	switch rapid.IntRange(0, 7).Draw(t, "act") {
	case 0:
		d.Send(m, rapid.Bool().Draw(t, "resumes"), now)
	case 1:
		_, _ = d.Receive(m, false, now)
	case 2:
		d.Left(n, rapid.Bool().Draw(t, "allowed"), now)
	case 3:
		d.Sent(p, n%3, now)
	case 4:
		_ = d.Tell(p, &record.MessageState{Message: record.Ref{Originator: "tw", ID: objectID(n)}, State: "received"}, now)
	case 5:
		_, _ = d.Open(n, "air", "wang", now)
	case 6:
		_, _ = d.Ask(p, objectID, now)
	case 7:
		_, _ = d.Asked(p, objectID(n), &record.Hotline{Step: "request", Asked: now}, now)
	}
	d.Alarms(now)
}
