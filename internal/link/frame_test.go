// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func frames() map[string]link.Frame {
	item := func(seq uint64) record.Item {
		return record.Item{Seq: seq, Header: []byte{1}, Ciphertext: []byte{2}, Key: make([]byte, 32)}
	}
	return map[string]link.Frame{
		"hello":     {Hello: &link.Hello{Protocol: 1, Session: 3, Epoch: 1, Size: 9, Root: make([]byte, 32), States: 4}},
		"records":   {Records: &link.Records{Epoch: 1, Items: []record.Item{item(5), item(6)}, Checkpoint: []byte("note")}},
		"ack":       {Ack: &link.Ack{Size: 6, Cosigned: []byte("note")}},
		"states":    {States: &link.States{N: 2, Items: []record.Item{item(1)}, Last: true}},
		"statesack": {StatesAck: &link.StatesAck{N: 2}},
		"ping":      {Ping: &link.Ping{N: 1}},
		"pong":      {Pong: &link.Ping{N: 1}},
		"stop":      {Stop: &link.Stop{Reason: link.StopJournal, Session: 3}},
		"version":   {Stop: &link.Stop{Reason: link.StopProtocol, Session: 3, Lowest: 1, Highest: 2}},
		"roll":      {Roll: &link.Roll{Signed: []byte("note")}},
		"rolled":    {Rolled: &link.Rolled{N: 1}},
		"newer":     {Hello: &link.Hello{Protocol: 3, Lowest: 2, Session: 3, Root: make([]byte, 32), Receipt: []byte("note")}},
	}
}

func TestFramesComeBackAsTheyWere(t *testing.T) {
	for name, f := range frames() {
		b, err := link.EncodeFrame(&f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		kept := bytes.Clone(b)
		got, err := link.DecodeFrame(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		clear(b) // DecodeFrame keeps nothing of it
		if d := cmp.Diff(f, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if again, err := link.EncodeFrame(&got); err != nil || !bytes.Equal(again, kept) {
			t.Errorf("%s: encoded anew differs (%v)", name, err)
		}
	}
}

func TestFramesOutOfRangeAreRefused(t *testing.T) {
	change := func(name string, f func(*link.Frame)) link.Frame {
		v := frames()[name]
		f(&v)
		return v
	}
	for name, f := range map[string]link.Frame{
		"no part":         {},
		"two parts":       {Ping: &link.Ping{N: 1}, Pong: &link.Ping{N: 1}},
		"session zero":    change("hello", func(f *link.Frame) { f.Hello.Session = 0 }),
		"short root":      change("hello", func(f *link.Frame) { f.Hello.Root = []byte{1} }),
		"gap":             change("records", func(f *link.Frame) { f.Records.Items[1].Seq = 9 }),
		"number zero":     change("records", func(f *link.Frame) { f.Records.Items = f.Records.Items[:1]; f.Records.Items[0].Seq = 0 }),
		"no checkpoint":   change("records", func(f *link.Frame) { f.Records.Checkpoint = nil }),
		"long checkpoint": change("records", func(f *link.Frame) { f.Records.Checkpoint = make([]byte, 5000) }),
		"no header":       change("records", func(f *link.Frame) { f.Records.Items[0].Header = nil }),
		"long header":     change("records", func(f *link.Frame) { f.Records.Items[0].Header = make([]byte, 300) }),
		"no ciphertext":   change("states", func(f *link.Frame) { f.States.Items[0].Ciphertext = nil }),
		"long ciphertext": change("states", func(f *link.Frame) { f.States.Items[0].Ciphertext = make([]byte, 20_000) }),
		"short key":       change("states", func(f *link.Frame) { f.States.Items[0].Key = make([]byte, 31) }),
		"batch zero":      change("states", func(f *link.Frame) { f.States.N = 0 }),
		"ack of nothing":  change("ack", func(f *link.Frame) { f.Ack.Size = 0 }),
		"long receipt":    change("ack", func(f *link.Frame) { f.Ack.Cosigned = make([]byte, 5000) }),
		"no rollover":     change("roll", func(f *link.Frame) { f.Roll.Signed = nil }),
		"long rollover":   change("roll", func(f *link.Frame) { f.Roll.Signed = make([]byte, 5000) }),
		"rollover zero":   change("rolled", func(f *link.Frame) { f.Rolled.N = 0 }),
		"versions turned": change("version", func(f *link.Frame) { f.Stop.Lowest = 9 }),
		"floor above":     change("newer", func(f *link.Frame) { f.Hello.Lowest = 9 }),
		"a long receipt":  change("newer", func(f *link.Frame) { f.Hello.Receipt = make([]byte, 5000) }),
		"reason unknown":  change("stop", func(f *link.Frame) { f.Stop.Reason = 99 }),
	} {
		b, err := link.EncodeFrame(&f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := link.DecodeFrame(b); !errors.Is(err, link.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

// TestFramesHaveNoText holds that no control frame can carry text.
func TestFramesHaveNoText(t *testing.T) {
	var look func(t *testing.T, typ reflect.Type, path string)
	look = func(t *testing.T, typ reflect.Type, path string) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			look(t, typ.Elem(), path)
		case reflect.Struct:
			for i := range typ.NumField() {
				look(t, typ.Field(i).Type, path+"."+typ.Field(i).Name)
			}
		case reflect.String, reflect.Map, reflect.Interface:
			t.Errorf("%s can hold text", path)
		default:
		}
	}
	look(t, reflect.TypeFor[link.Frame](), "Frame")
}

func FuzzDecodeFrame(f *testing.F) {
	for _, v := range frames() {
		b, err := link.EncodeFrame(&v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0xbf, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := link.DecodeFrame(b)
		if err != nil {
			return
		}
		again, err := link.EncodeFrame(&v)
		if err != nil {
			t.Fatalf("encode what was decoded: %v", err)
		}
		w, err := link.DecodeFrame(again)
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if d := cmp.Diff(v, w, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("changed:\n%s", d)
		}
	})
}

// FuzzHello lets a partner say anything in its hello and the frame after it.
func FuzzHello(f *testing.F) {
	for _, v := range frames() {
		b, err := link.EncodeFrame(&v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if len(first)+len(second) > 4096 {
			return
		}
		m := linktest.NewMemory(1)
		m.AddRecord(linktest.Body(1, 20))
		h := link.NewHarness(t, m)
		h.Talk(first, second)
		if n := len(m.Taken()); n != 0 {
			t.Errorf("%d records of a partner that cannot sign", n)
		}
		if _, _, receipted := m.Counts(); receipted != 0 {
			t.Error("a receipt that was not signed was believed")
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	keys, _ := linktest.Paired(t, "tw", "jp")
	m := linktest.NewMemory(1)
	good := link.Config{Self: "tw", Partner: "jp", Keys: keys, Outbox: m, Inbox: m, Now: time.Now, Timing: link.DefaultTiming()}
	if _, err := link.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*link.Config){
		"no self":          func(c *link.Config) { c.Self = "" },
		"own partner":      func(c *link.Config) { c.Self = "jp" },
		"no keys":          func(c *link.Config) { c.Keys = nil },
		"no clock":         func(c *link.Config) { c.Now = nil },
		"no port":          func(c *link.Config) { c.Dial = "example" },
		"no time":          func(c *link.Config) { c.Timing = link.Timing{} },
		"dead too early":   func(c *link.Config) { c.Timing.Dead = c.Timing.Ping },
		"a partner's path": func(c *link.Config) { c.Partner = "../x" },
	} {
		c := good
		spoil(&c)
		if _, err := link.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	l, err := link.New(good)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
