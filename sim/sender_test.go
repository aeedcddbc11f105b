// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/sim"
)

// wait bounds what can block; no test waits for it to pass.
func wait(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func openSender(t *testing.T, feeds []sim.Feed, addrs map[string]string) *sim.Sender {
	t.Helper()
	s, err := sim.OpenSender(feeds, addrs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSenderSendsAllOfIt(t *testing.T) {
	ctx := wait(t)
	sc := open(t, "faults.scenario")
	w := sim.New(sc)
	addrs := map[string]string{}
	udp := map[string]*net.UDPConn{}
	for _, f := range sc.Feeds() {
		if f.Kind == sim.TCPBeast {
			addrs[f.ID] = "127.0.0.1:0"
			continue
		}
		udp[f.ID] = listen(t)
		addrs[f.ID] = udp[f.ID].LocalAddr().String()
	}
	s := openSender(t, sc.Feeds(), addrs)
	type result struct {
		feed string
		b    []byte
		err  error
	}
	results := make(chan result, 2)
	for _, f := range sc.Feeds() {
		if f.Kind == sim.TCPBeast {
			c := dial(t, s.Addr(f.ID))
			go func() {
				b, err := io.ReadAll(c)
				results <- result{f.ID, b, err}
			}()
			if err := s.Connected(ctx, f.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string][]byte{}
	frames := map[string]int{}
	buf := make([]byte, 1<<16)
	w.Until(sc.End, func(e sim.Emission) {
		if err := s.Send(ctx, e); err != nil {
			t.Fatal(err)
		}
		want[e.Feed] = append(want[e.Feed], e.Bytes...)
		frames[e.Feed] += e.Frames
		if c := udp[e.Feed]; c != nil { // one datagram for each emission
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			n, err := c.Read(buf)
			if err != nil || !bytes.Equal(buf[:n], e.Bytes) {
				t.Fatalf("feed %s: %d octets, %v", e.Feed, n, err)
			}
		}
	})
	counts := s.Counts()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := <-results; r.err != nil || !bytes.Equal(r.b, want[r.feed]) {
			t.Errorf("feed %s: %d octets, want %d: %v", r.feed, len(r.b), len(want[r.feed]), r.err)
		}
	}
	for i, f := range sc.Feeds() {
		if c := counts[i]; c.Feed != f.ID || c.Frames != uint64(frames[f.ID]) || c.Bytes != uint64(len(want[f.ID])) || c.Emissions == 0 {
			t.Errorf("counts of %s: %+v, want %d frames", f.ID, c, frames[f.ID])
		}
	}
}

func beastFeed() ([]sim.Feed, map[string]string) {
	return []sim.Feed{{ID: "a", Party: "tw", Kind: sim.TCPBeast}}, map[string]string{"a": "127.0.0.1:0"}
}

func TestSenderWaitsForItsClient(t *testing.T) {
	s := openSender(t, sliceOf(beastFeed()), mapOf(beastFeed()))
	ctx, cancel := context.WithCancel(wait(t))
	done := make(chan error)
	go func() { done <- s.Send(ctx, sim.Emission{Feed: "a", Bytes: []byte("x"), Frames: 1}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Send without a client: %v", err)
	}
	if c := s.Counts()[0]; c.Frames != 0 {
		t.Errorf("counted what was not sent: %+v", c)
	}
}

func TestSenderStopsWhenTheClientDoesNotRead(t *testing.T) {
	s := openSender(t, sliceOf(beastFeed()), mapOf(beastFeed()))
	dial(t, s.Addr("a"))
	if err := s.Connected(wait(t), "a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(wait(t))
	done := make(chan error)
	go func() {
		for {
			if err := s.Send(ctx, sim.Emission{Feed: "a", Bytes: make([]byte, 1<<20)}); err != nil {
				done <- err
				return
			}
		}
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Send: %v", err)
	}
}

func TestSenderServesTheNewestClient(t *testing.T) {
	ctx := wait(t)
	s := openSender(t, sliceOf(beastFeed()), mapOf(beastFeed()))
	first := dial(t, s.Addr("a"))
	send := func(text string) {
		t.Helper()
		if err := s.Send(ctx, sim.Emission{Feed: "a", Bytes: []byte(text), Frames: 1}); err != nil {
			t.Fatal(err)
		}
	}
	send("one")
	buf := make([]byte, 3)
	if _, err := io.ReadFull(first, buf); err != nil || string(buf) != "one" {
		t.Fatalf("%q, %v", buf, err)
	}
	second := dial(t, s.Addr("a"))
	// The old client is closed when the new one is served: until then the
	// sender may still have written to it.
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(second)
		got <- string(b)
	}()
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, first)
		close(gone)
	}()
	n := 0
	for served := false; !served; n++ {
		send("x")
		select {
		case <-gone:
			served = true
		default:
		}
	}
	send("end")
	s.Close()
	if b := <-got; !strings.HasSuffix(b, "end") || len(b) > n+3 {
		t.Errorf("the new client got %q", b)
	}
}

func TestSenderRefuses(t *testing.T) {
	feeds, _ := beastFeed()
	if _, err := sim.OpenSender(feeds, nil); err == nil || !strings.Contains(err.Error(), "open feed a: no address") {
		t.Errorf("OpenSender without address: %v", err)
	}
	if _, err := sim.OpenSender(feeds, map[string]string{"a": "nowhere"}); err == nil {
		t.Error("OpenSender at a bad address")
	}
	if _, err := sim.OpenSender([]sim.Feed{{ID: "a", Kind: sim.UDPNMEA}}, map[string]string{"a": "127.0.0.1:x"}); err == nil {
		t.Error("OpenSender to a bad address")
	}
	s := openSender(t, sliceOf(beastFeed()), mapOf(beastFeed()))
	if err := s.Send(wait(t), sim.Emission{Feed: "b", Bytes: []byte("x")}); err == nil {
		t.Error("Send on a feed that is not open")
	}
	if err := s.Connected(wait(t), "b"); err == nil || s.Addr("b") != "" {
		t.Errorf("a feed that is not open: %v, %q", err, s.Addr("b"))
	}
	if err := s.Send(wait(t), sim.Emission{Feed: "a"}); err != nil || s.Counts()[0].Emissions != 0 {
		t.Errorf("Send of nothing: %v", err)
	}
}

func sliceOf(f []sim.Feed, _ map[string]string) []sim.Feed      { return f }
func mapOf(_ []sim.Feed, m map[string]string) map[string]string { return m }

func TestAfterCutsWhatWasReceived(t *testing.T) {
	sc := parse(
		t, "receiver a kind=ais party=tw site=24.6,121.9 height=500m range=50NM",
		`object va kind=vessel seen=tw mmsi=416999101 name="EXERCISE A"`, "at 00:00 24.6 122.0", "at 01:00 24.8 122.1",
	)
	for _, e := range all(sc) {
		if got := e.After(0); !bytes.Equal(got.Bytes, e.Bytes) || got.Frames != e.Frames {
			t.Fatal("After(0) changes the emission")
		}
		if got := e.After(e.Frames); len(got.Bytes) != 0 || got.Frames != 0 {
			t.Fatal("After(all) leaves something")
		}
		if e.Frames != 2 {
			continue
		}
		second := e.After(1)
		if second.Frames != 1 || !bytes.HasSuffix(e.Bytes, second.Bytes) || !bytes.Contains(second.Bytes, []byte("VDM,2,2,")) || bytes.Contains(second.Bytes, []byte("VDM,2,1,")) {
			t.Fatalf("After(1) of %q = %q", e.Bytes, second.Bytes)
		}
		return
	}
	t.Error("no message of two lines")
}
