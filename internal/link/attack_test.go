// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"crypto/tls"
	"encoding/hex"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// docs/protocol/link.md has a table of what a node does with each of these.

func TestAReplayIsRefusedAndNothingIsTakenTwice(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	f := h.records(1, 3, nil)
	h.frame(f)
	eventually(t, "the records", func() bool { return len(b.memory.Taken()) == 3 })
	h.frame(f)
	h.stopped()
	eventually(t, "the refusal", func() bool { return b.link.Status().Refusal == link.RefusedOrder })
	if st := b.link.Status(); st.Refused != 1 || st.Problem != "" || st.State == link.Stopped {
		t.Errorf("status %+v: want the session dropped, the link kept", st)
	}
	checkTaken(t, b.memory, 3)
}

func TestAnOversizedRecordIsRefusedAndTheLinkStays(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	big := h.records(1, 1, func(items []record.Item, _ *link.LogState) {
		items[0].Ciphertext = make([]byte, record.MaxBytes+17)
	})
	h.frame(big)
	eventually(t, "the refusal", func() bool { return b.link.Status().Refused == 1 })
	h.frame(h.records(1, 3, nil))
	eventually(t, "the good ones after it", func() bool { return len(b.memory.Taken()) == 3 })
	if st := b.link.Status(); st.Refusal != link.RefusedMalformed || st.State != link.Up || st.Problem != "" {
		t.Errorf("status %+v", st)
	}
}

// TestAReaderThatNeverReadsLosesTheSession holds that one frame may take so long
// and no longer, and that what it does not read stays in the outbox.
func TestAReaderThatNeverReadsLosesTheSession(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	timing := link.DefaultTiming()
	timing.Send = 300 * time.Millisecond
	timing.Ping, timing.Dead = time.Hour, 2*time.Hour // its silence alone would not end it
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: listen(t), timing: timing})
	for i := range uint64(1500) {
		b.memory.AddRecord(linktest.Body(i+1, 12_000)) // 18 MB: more than all buffers on the way
	}
	before := heap()
	h := attack(t, ka, b)
	h.frame(link.Frame{Hello: &link.Hello{Protocol: link.Protocol, Session: 1, Root: make([]byte, 32)}})
	eventually(t, "the session", func() bool { return b.link.Status().Sent > 0 })
	eventually(t, "its end", func() bool { return b.link.Status().State == link.Down })
	if st := b.link.Status(); st.Sent >= 1500 || st.Problem != "" {
		t.Errorf("status %+v: all 18 MB were taken off our hands", st)
	}
	if _, _, receipted := b.memory.Counts(); receipted != 0 {
		t.Errorf("receipt for %d", receipted)
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the heap grew by %d octets", grown)
	}
}

// TestGarbageAfterTheHandshakeIsDroppedAndCounted sends octets that are no
// HTTP/2 under the partner's own key.
func TestGarbageAfterTheHandshakeIsDroppedAndCounted(t *testing.T) {
	b, keys := victim(t)
	before := b.server.Refused()
	for i := range uint64(5) {
		garbage(t, keys, b)
		eventually(t, "the count", func() bool { return b.server.Refused() == before+i+1 })
	}
	if st := b.link.Status(); st.State != link.Down || st.Problem != "" {
		t.Errorf("status %+v", st)
	}
	h := attack(t, keys, b) // the partner itself is as welcome as before
	h.open(link.Hello{})
	h.frame(h.records(1, 3, nil))
	eventually(t, "its records", func() bool { return len(b.memory.Taken()) == 3 })
}

func garbage(t testing.TB, keys *keystore.Store, b *node) {
	t.Helper()
	cert, err := keys.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := keys.Pin("jp")
	c, err := tls.Dial("tcp", b.addr, &tls.Config{
		Certificates: []tls.Certificate{cert}, ServerName: hex.EncodeToString(pin[:16]),
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()                    //nolint:errcheck // the server has closed it
	_, _ = c.Write(make([]byte, 4096)) // it may be closed while we write
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for err == nil {
		_, err = c.Read(make([]byte, 1024)) // the server's own preface may come first
	}
}

// TestClocksThatJumpAreShownAndAlarmed lets one clock jump and come back. The
// line knows no clock but the machine's steady one: it stays up, and both sides
// are told how far apart they are.
func TestClocksThatJumpAreShownAndAlarmed(t *testing.T) {
	for name, jumps := range map[string][2]time.Duration{
		"ours, forward":    {3 * time.Hour, 0},
		"ours, backward":   {-3 * time.Hour, 0},
		"theirs, forward":  {0, 90 * time.Minute},
		"theirs, backward": {0, -90 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			ka, kb := linktest.Paired(t, "tw", "jp")
			var offset [2]atomic.Int64
			clock := func(i int) func() time.Time {
				return func() time.Time { return time.Now().Add(time.Duration(offset[i].Load())) }
			}
			lb := listen(t)
			b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb, now: clock(1)})
			a := run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: b.addr, now: clock(0)})
			put(a, 1, 3)
			put(b, 1, 3)
			waitQuiet(t, a, b)
			for i, d := range jumps {
				offset[i].Store(int64(d))
			}
			put(a, 4, 6)
			put(b, 4, 6)
			waitQuiet(t, a, b)
			apart := jumps[1] - jumps[0] // as tw sees jp's
			for n, want := range map[*node]time.Duration{a: apart, b: -apart} {
				eventually(t, "the alarm", func() bool { return slices.Contains(n.Problems(), link.ProblemClock) })
				st := n.link.Status()
				if !st.HasClock || (st.Clock-want).Abs() > patience || st.Problem != link.ProblemClock || st.State != link.Up {
					t.Errorf("status %+v, want the link up and the clocks %v apart", st, want)
				}
			}
			for i := range offset {
				offset[i].Store(0)
			}
			put(a, 7, 9)
			put(b, 7, 9)
			waitQuiet(t, a, b)
			for _, n := range []*node{a, b} {
				eventually(t, "the alarm's end", func() bool { return n.link.Status().Problem == "" })
				checkTaken(t, n.memory, 9)
			}
		})
	}
}

// TestAPartnerBeyondItsShareWaitsAndLosesNothing uses up a day's share: what is
// beyond stays in the sender's outbox, the other direction goes on, and when
// there is room again all comes, once and in order.
func TestAPartnerBeyondItsShareWaitsAndLosesNothing(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	b.memory.Share(10)
	for i := range uint64(30) {
		put(a, i+1, i+1)
		if i < 10 {
			waitQuiet(t, a)
		}
	}
	eventually(t, "the problem", func() bool { return slices.Contains(b.Problems(), link.ProblemQuota) })
	checkTaken(t, b.memory, 10)
	put(b, 1, 20)
	waitQuiet(t, b)
	checkTaken(t, a.memory, 20)
	if st := b.link.Status(); st.State != link.Up || st.Problem != link.ProblemQuota || st.Refusal != link.RefusedQuota || st.Refused == 0 {
		t.Errorf("status %+v: want the link up, the refusals counted", st)
	}
	if _, _, receipted := a.memory.Counts(); receipted != 10 {
		t.Errorf("receipt for %d, want 10", receipted)
	}
	b.memory.Share(-1) // the day after
	waitQuiet(t, a)
	checkTaken(t, b.memory, 30)
	eventually(t, "the problem's end", func() bool { return b.link.Status().Problem == "" })
}

func heap() int64 {
	var m runtime.MemStats
	for range 3 { // finalizers free what the first finds
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestAttacksLeaveMemoryFlat does each attack again and again and looks at the
// heap: a partner can't make us hold more by trying harder.
func TestAttacksLeaveMemoryFlat(t *testing.T) {
	for name, once := range map[string]func(t testing.TB, h *hostile){
		"gaps":      func(_ testing.TB, h *hostile) { h.frame(h.records(5, 9, nil)) },
		"replays":   func(_ testing.TB, h *hostile) { h.frame(h.records(1, 1, nil)); h.frame(h.records(1, 1, nil)) },
		"malformed": func(_ testing.TB, h *hostile) { h.send(slices.Repeat([]byte{0x81}, 100_000)) },
		"oversize":  func(_ testing.TB, h *hostile) { h.send(make([]byte, 2*link.MaxFrame)) },
		"batches without end": func(_ testing.TB, h *hostile) {
			items := make([]record.Item, 10)
			for i := range items {
				items[i] = record.Item{Seq: 1, Header: []byte{1}, Ciphertext: make([]byte, record.MaxBytes), Key: make([]byte, 32)}
			}
			for range 26 {
				h.frame(link.Frame{States: &link.States{N: 1, Items: items}})
			}
		},
		"new keys of somebody else": func(_ testing.TB, h *hostile) {
			h.frame(link.Frame{Roll: &link.Roll{Signed: make([]byte, 2000)}})
			h.send([]byte{0xff})
			h.frame(h.records(5, 9, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := victim(t)
			try := func(n int) {
				for range n {
					h := attack(t, keys, b)
					h.hello()
					once(t, h)
					h.close()
				}
				eventually(t, "the last session's end", func() bool { return b.link.Status().State != link.Up })
			}
			try(5)
			before := heap()
			try(40)
			grown := heap() - before
			t.Logf("40 times: the heap grew by %d KB", grown/1024)
			if grown > 8<<20 {
				t.Errorf("the heap grew by %d octets", grown)
			}
			if n := len(b.memory.Taken()); n > 1 {
				t.Errorf("%d records taken", n)
			}
		})
	}
}

// hello opens a session and throws away what comes.
func (h *hostile) hello() {
	h.t.Helper()
	h.session++
	h.frame(link.Frame{Hello: &link.Hello{Protocol: link.Protocol, Session: uint64(time.Now().UnixNano()), Root: make([]byte, 32)}})
	go func() {
		for {
			if _, err := h.stream.Receive(); err != nil {
				return
			}
		}
	}()
}

// close ends the attack's connection.
func (h *hostile) close() {
	_ = h.stream.CloseRequest()
	h.cancel()
}
