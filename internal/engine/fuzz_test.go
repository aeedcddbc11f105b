// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// partnerRecords are good records of every kind, to begin from.
func partnerRecords(t testing.TB) [][]byte {
	t.Helper()
	label := record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour}
	bin := record.Bin{Start: start, Width: time.Minute}
	refs := []record.Ref{{Originator: "jp", ID: record.ID{9}}, {Originator: "tw", ID: ids("jp", record.KindIncident, 1)}}
	persons := uint16(3)
	bodies := []record.Record{
		{Envelope: record.Envelope{Kind: record.KindTrack}, Track: &record.Track{Domain: "air", Cell: record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 5000}, Bin: bin}},
		{Envelope: record.Envelope{Kind: record.KindIncident}, Incident: &record.Incident{State: "open", Opened: bin, Domain: "air", Events: []record.Event{{Rule: "A06", Bin: bin}}}},
		{Envelope: record.Envelope{Kind: record.KindLink}, Link: &record.Link{Ours: record.ID{9}, Theirs: ids("jp", record.KindIncident, 1)}},
		{Envelope: record.Envelope{Kind: record.KindDialogue}, Dialogue: &record.Dialogue{Incident: refs, Step: "propose", Epoch: 1, Lead: "jp", Giver: "tw"}},
		{Envelope: record.Envelope{Kind: record.KindPosture}, Posture: &record.Posture{Incident: refs, Posture: "watching"}},
		{Envelope: record.Envelope{Kind: record.KindDistress}, Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "fire", Contact: "channel 16", Persons: &persons}},
	}
	bodies = append(bodies, supportRecords()...)
	var list [][]byte
	for i := range bodies {
		r := &bodies[i]
		r.Version, r.ID, r.Object, r.Originator, r.Label, r.Time = record.Protocol, record.ID{1}, record.ID{9}, "jp", label, start
		b, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// FuzzPartnerRecord lets a hostile partner send what it likes, one record after
// the other: each is taken, or refused and counted, and the picture can be made.
func FuzzPartnerRecord(f *testing.F) {
	for _, b := range partnerRecords(f) {
		f.Add(b, false)
		f.Add(b, true)
		f.Add(b[:len(b)/2], true)
	}
	f.Add([]byte{}, true)
	e := newEngine(f) // one for all: making it takes longer than a thousand records
	c := engine.Command{Verb: "open", Text: "ours", By: "wang", Role: engine.Officer}
	e.Step(2, &engine.Input{At: start, Command: &c})
	f.Fuzz(func(t *testing.T, body []byte, state bool) {
		lane := record.LaneRecord
		if state {
			lane = record.LaneState
		}
		if body == nil {
			body = []byte{}
		}
		before := e.View().Links[0]
		at := e.Now().Add(time.Second)
		out := e.Step(e.Seq()+1, &engine.Input{At: at, Partner: &engine.Partner{From: "jp", Lane: lane, Seq: e.Seq(), Body: body}})
		e.Step(e.Seq()+1, &engine.Input{At: at, Tick: &engine.Tick{}})
		after := e.View().Links[0]
		if after.Received != before.Received+1 || after.Refused != before.Refused+uint64(len(out.Refused)) || len(out.Refused) > 1 {
			t.Errorf("link counts %+v after %+v, refused %v", after, before, out.Refused)
		}
	})
}

// FuzzUnmarshalInput reads what a damaged tape may hold.
func FuzzUnmarshalInput(f *testing.F) {
	lat := 24.5
	for _, in := range []*engine.Input{
		{At: start, Tick: &engine.Tick{}},
		{At: start, Frame: &frame.Frame{Source: "radar", Seq: 1, Format: frame.ASTERIX, Received: start, Data: []byte{48, 0, 3}}},
		{At: start, Partner: &engine.Partner{From: "jp", Lane: record.LaneState, Seq: 3}},
		{At: start, Command: &engine.Command{Verb: "open", By: "wang", Role: engine.Officer, Text: "x", Lat: &lat, Tracks: []uint32{1, 2}}},
		{At: start, Event: &engine.Event{Kind: "link", Partner: "jp", State: "up"}},
		{At: start, Config: &engine.Config{Partners: []party.ID{"jp"}, T1: time.Minute, T2: 2 * time.Minute}},
	} {
		b, err := engine.MarshalInput(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := engine.UnmarshalInput(b)
		if err != nil {
			return
		}
		once, err := engine.MarshalInput(in)
		if err != nil {
			t.Fatalf("MarshalInput(%+v): %v", in, err)
		}
		back, err := engine.UnmarshalInput(once)
		if err != nil {
			t.Fatalf("UnmarshalInput(%x): %v", once, err)
		}
		if twice, err := engine.MarshalInput(back); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("an input changes on the tape: %x, then %x (%v)", once, twice, err)
		}
	})
}

// FuzzRestore reads what a damaged store may hold.
func FuzzRestore(f *testing.F) {
	b, err := newEngine(f).Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	if i := bytes.Index(b, []byte(`"state"`)); i > 0 {
		f.Add(b[i:])
	}
	f.Add([]byte(`{"version":1,"self":"tw","state":null}`))
	f.Add([]byte(`{"version":1,"self":"tw","config":{},"state":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := engine.Restore("tw", ids, b); (e == nil) == (err == nil) {
			t.Errorf("Restore = %v, %v; want one of them", e, err)
		}
	})
}
