// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// raw is a connect codec that sends what it is told, good or bad.
type raw struct{}

func (raw) Name() string                  { return "cbor" }
func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(b)
	return nil
}

// hostile is a paired partner ("tw") that does as it likes.
type hostile struct {
	t       testing.TB
	keys    *keystore.Store
	stream  *connect.BidiStreamForClient[[]byte, []byte]
	session uint64
	frames  chan link.Frame // what came; closed at the end
	cancel  context.CancelFunc
}

// attack connects to node b as its partner.
func attack(t testing.TB, keys *keystore.Store, b *node) *hostile {
	t.Helper()
	cert, err := keys.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := keys.Pin("jp")
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols,
		TLSClientConfig: &tls.Config{
			Certificates: []tls.Certificate{cert}, ServerName: hex.EncodeToString(pin[:16]),
			InsecureSkipVerify: true, MinVersion: tls.VersionTLS13,
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	client := connect.NewClient[[]byte, []byte](&http.Client{Transport: transport},
		"https://"+b.addr+"/kuroshio.link.v1.Link/Session", connect.WithCodec(raw{}))
	h := &hostile{t: t, keys: keys, stream: client.CallBidiStream(ctx), frames: make(chan link.Frame, 1000), cancel: cancel}
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
	})
	return h
}

// send sends octets as one frame; a session already ended is no error.
func (h *hostile) send(b []byte) { _ = h.stream.Send(&b) }

func (h *hostile) frame(f link.Frame) {
	h.t.Helper()
	b, err := link.EncodeFrame(&f)
	if err != nil {
		h.t.Fatal(err)
	}
	h.send(b)
}

// open opens a session as an honest partner would and collects what comes.
func (h *hostile) open(hello link.Hello) {
	h.t.Helper()
	if hello.Root == nil {
		hello.Root = make([]byte, 32)
	}
	if hello.Protocol == 0 {
		hello.Protocol = link.Protocol
	}
	if hello.Session == 0 {
		h.session++
		hello.Session = 1_000_000 + h.session
	}
	h.frame(link.Frame{Hello: &hello})
	go h.collect()
	select {
	case f, ok := <-h.frames:
		if !ok || f.Hello == nil {
			h.t.Fatalf("no hello came: %+v", f)
		}
	case <-time.After(patience):
		h.t.Fatal("no hello came")
	}
}

// collect ends with the stream, which ends with the test.
func (h *hostile) collect() {
	defer close(h.frames)
	for {
		b, err := h.stream.Receive()
		if err != nil {
			return
		}
		f, err := link.DecodeFrame(*b)
		if err != nil {
			h.t.Errorf("the honest side sent a malformed frame: %v", err)
			return
		}
		h.frames <- f
	}
}

// stopped waits for the honest side to end the session.
func (h *hostile) stopped() {
	h.t.Helper()
	end := time.After(patience)
	for {
		select {
		case _, ok := <-h.frames:
			if !ok {
				return
			}
		case <-end:
			h.t.Fatal("the session goes on")
		}
	}
}

// records returns a frame of records from..to with a checkpoint for a log of
// them all; spoil may change it before it is signed.
func (h *hostile) records(from, to uint64, spoil func(items []record.Item, s *link.LogState)) link.Frame {
	h.t.Helper()
	m := linktest.NewMemory(1)
	for i := uint64(1); i <= to; i++ {
		m.AddRecord(linktest.Body(i, 20))
	}
	items, err := m.Records(context.Background(), "jp", from-1, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	state, err := m.Sent(context.Background(), "jp")
	if err != nil {
		h.t.Fatal(err)
	}
	if spoil != nil {
		spoil(items, &state)
	}
	signer, err := h.keys.ReceiptSigner("jp")
	if err != nil {
		h.t.Fatal(err)
	}
	signed, err := journal.Sign(state, time.Now(), signer)
	if err != nil {
		h.t.Fatal(err)
	}
	return link.Frame{Records: &link.Records{Epoch: 1, Items: items, Checkpoint: signed}}
}

func victim(t testing.TB) (b *node, keys *keystore.Store) {
	t.Helper()
	ka, kb := linktest.Paired(t, "tw", "jp")
	return run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: listen(t), timing: link.DefaultTiming()}), ka
}

func TestAMalformedFrameIsCountedAndThePartnerStays(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	bad := [][]byte{{}, {0xff}, {0xa0}, []byte("hello"), {0xa1, 0x18, 0x63, 0xa0}, bytes.Repeat([]byte{0x81}, 1000), {0xbf, 0xff}, {0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	for _, f := range bad {
		h.send(f)
	}
	h.frame(h.records(1, 3, nil))
	eventually(t, "the good records after the bad frames", func() bool { return len(b.memory.Taken()) == 3 })
	if st := b.link.Status(); st.Refused != uint64(len(bad)) || st.Refusal != link.RefusedMalformed || st.State != link.Up {
		t.Errorf("status %+v, want %d refused", st, len(bad))
	}
	for range 100 {
		h.send([]byte{0xff})
	}
	h.stopped()
	if st := b.link.Status(); st.Refused != 33 {
		t.Errorf("the session was ended after %d malformed frames", st.Refused)
	}
}

func TestWhatIsOutOfPlaceEndsTheSession(t *testing.T) {
	b, keys := victim(t)
	tests := map[string]struct {
		send func(h *hostile)
		want link.Refusal
	}{
		"a gap": {func(h *hostile) { h.frame(h.records(2, 3, nil)) }, link.RefusedOrder},
		"a second hello": {func(h *hostile) {
			h.frame(link.Frame{Hello: &link.Hello{Protocol: 1, Session: 9, Root: make([]byte, 32)}})
		}, link.RefusedOrder},
		"a receipt for what never left": {func(h *hostile) { h.frame(link.Frame{Ack: &link.Ack{Size: 9, Cosigned: []byte("x")}}) }, link.RefusedOrder},
		"a batch that never left":       {func(h *hostile) { h.frame(link.Frame{StatesAck: &link.StatesAck{N: 9}}) }, link.RefusedOrder},
		"a batch without end": {func(h *hostile) {
			items := make([]record.Item, link.MaxStates)
			for i := range items {
				items[i] = record.Item{Seq: 1, Header: []byte{1}, Ciphertext: []byte{1}}
			}
			for range 2 {
				h.frame(link.Frame{States: &link.States{N: 1, Items: items}})
			}
		}, link.RefusedOrder},
		"a huge frame": {func(h *hostile) { h.send(make([]byte, 2*link.MaxFrame)) }, link.RefusedOversize},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := b.link.Status().Refused
			h := attack(t, keys, b)
			h.open(link.Hello{})
			test.send(h)
			h.stopped()
			eventually(t, "the session's end", func() bool { return b.link.Status().State == link.Down })
			if st := b.link.Status(); st.Refused != before+1 || st.Refusal != test.want || st.Problem != "" {
				t.Errorf("status %+v, want %d refused, the last %q", st, before+1, test.want)
			}
		})
	}
	if n := len(b.memory.Taken()); n != 0 {
		t.Errorf("%d records taken", n)
	}
}

func TestAnotherEpochIsNotTakenIntoTheLog(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	h.frame(h.records(1, 1, nil))
	eventually(t, "the first record", func() bool { return len(b.memory.Taken()) == 1 })
	f := h.records(2, 2, func(_ []record.Item, s *link.LogState) { s.Epoch = 7 })
	f.Records.Epoch = 7
	h.frame(f)
	h.stopped()
	if n := len(b.memory.Taken()); n != 1 {
		t.Errorf("%d records taken", n)
	}
	if st := b.link.Status(); st.Refusal != link.RefusedOrder {
		t.Errorf("status %+v", st)
	}
}

func TestAWrongHelloIsRefused(t *testing.T) {
	b, keys := victim(t)
	// In this order: the last one stops the link for good.
	for _, tt := range []struct {
		name  string
		hello link.Frame
	}{
		{"no hello at all", link.Frame{Ping: &link.Ping{N: 1}}},
		{"another protocol", link.Frame{Hello: &link.Hello{Protocol: 99, Session: 1, Root: make([]byte, 32)}}},
		{"a log that is none", link.Frame{Hello: &link.Hello{Protocol: 1, Session: 1_000_000, Epoch: 1, Size: 1 << 60, Root: make([]byte, 32)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := attack(t, keys, b)
			h.frame(tt.hello)
			go h.collect()
			h.stopped()
		})
	}
	for _, want := range []link.Problem{link.ProblemLogBehind, link.ProblemProtocol} {
		eventually(t, string(want), func() bool { return slices.Contains(b.Problems(), want) })
	}
}

func TestAWrongJournalStopsTheLink(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(items []record.Item, s *link.LogState)
		other bool // signed with another key
		want  link.Problem
	}{
		"a wrong root":         {func(_ []record.Item, s *link.LogState) { s.Root[0] ^= 1 }, false, link.ProblemRoot},
		"a changed record":     {func(items []record.Item, _ *link.LogState) { items[1].Ciphertext[0] ^= 1 }, false, link.ProblemRoot},
		"a wrong size":         {func(_ []record.Item, s *link.LogState) { s.Size++ }, false, link.ProblemRoot},
		"a wrong epoch":        {func(_ []record.Item, s *link.LogState) { s.Epoch++ }, false, link.ProblemRoot},
		"another's signature":  {nil, true, link.ProblemSignature},
		"a good one, to check": {nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := victim(t)
			h := attack(t, keys, b)
			h.open(link.Hello{})
			f := h.records(1, 3, test.spoil)
			if test.other {
				other, _ := linktest.Paired(t, "tw", "jp")
				f.Records.Checkpoint = (&hostile{t: t, keys: other}).records(1, 3, nil).Records.Checkpoint
			}
			h.frame(f)
			if test.want == "" {
				eventually(t, "the records", func() bool { return len(b.memory.Taken()) == 3 })
				return
			}
			end := time.After(patience)
			told := false
			for open := true; open; {
				select {
				case f, ok := <-h.frames:
					open = ok
					told = told || f.Stop != nil && f.Stop.Reason == link.StopJournal
					if f.Ack != nil {
						t.Error("a receipt came")
					}
				case <-end:
					t.Fatal("the session goes on")
				}
			}
			if !told {
				t.Error("the partner was not told")
			}
			eventually(t, "the problem", func() bool { return slices.Equal(b.Problems(), []link.Problem{test.want}) })
			if st := b.link.Status(); st.State != link.Stopped || st.Problem != test.want {
				t.Errorf("status %+v", st)
			}
		})
	}
}

func TestAFalseReceiptStopsTheLink(t *testing.T) {
	b, keys := victim(t)
	b.memory.AddRecord(linktest.Body(1, 20))
	h := attack(t, keys, b)
	h.open(link.Hello{})
	f := <-h.frames
	for f.Records == nil {
		f = <-h.frames
	}
	// The sender's own checkpoint comes back without a cosignature.
	h.frame(link.Frame{Ack: &link.Ack{Size: 1, Cosigned: f.Records.Checkpoint}})
	h.stopped()
	eventually(t, "the problem", func() bool { return slices.Equal(b.Problems(), []link.Problem{link.ProblemSignature}) })
	if _, _, receipted := b.memory.Counts(); receipted != 0 {
		t.Errorf("receipt for %d", receipted)
	}
}

// receipt gives the receipt for the first records that come, and returns it.
func (h *hostile) receipt() link.Frame {
	h.t.Helper()
	f := <-h.frames
	for f.Records == nil {
		f = <-h.frames
	}
	signer, err := h.keys.ReceiptSigner("jp")
	if err != nil {
		h.t.Fatal(err)
	}
	_, theirs, err := h.keys.CurrentReceipts("jp")
	if err != nil {
		h.t.Fatal(err)
	}
	cp, err := journal.Open(f.Records.Checkpoint, theirs)
	if err != nil {
		h.t.Fatal(err)
	}
	cosigned, err := journal.Cosign(f.Records.Checkpoint, theirs, cp.LogState, signer)
	if err != nil {
		h.t.Fatal(err)
	}
	ack := link.Frame{Ack: &link.Ack{Size: cp.Size, Cosigned: cosigned}}
	h.frame(ack)
	return ack
}

func TestARepeatedReceiptIsRefused(t *testing.T) {
	b, keys := victim(t)
	b.memory.AddRecord(linktest.Body(1, 20))
	h := attack(t, keys, b)
	h.open(link.Hello{})
	ack := h.receipt()
	eventually(t, "the receipt", func() bool { _, _, n := b.memory.Counts(); return n == 1 })
	if st := b.link.Status(); st.Refused != 0 {
		t.Errorf("status %+v", st)
	}
	h.frame(ack)
	h.stopped()
	eventually(t, "the refusal", func() bool { return b.link.Status().Refusal == link.RefusedOrder })
}

func TestAPartnerThatGivesNoReceiptGetsNoMoreThanTheWindow(t *testing.T) {
	b, keys := victim(t)
	for i := range uint64(30_000) {
		b.memory.AddRecord(linktest.Body(i, 20))
	}
	h := attack(t, keys, b)
	h.open(link.Hello{})
	got := 0
	for got < 20_000 {
		select {
		case f := <-h.frames:
			if f.Records != nil {
				got += len(f.Records.Items)
			}
		case <-time.After(patience):
			t.Fatalf("only %d records came", got)
		}
	}
	for quiet := false; !quiet; {
		select {
		case f := <-h.frames:
			if f.Records != nil {
				got += len(f.Records.Items)
			}
		case <-time.After(200 * time.Millisecond):
			quiet = true
		}
	}
	if got > 20_500 {
		t.Errorf("%d records came without a receipt", got)
	}
	if q := b.link.Status().Queued; q != uint64(got) {
		t.Errorf("%d queued, %d came", q, got)
	}
}

// TestAFloodDoesNotGrow sends much that is costly to hold.
func TestAFloodDoesNotGrow(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	go func() {
		for range h.frames { // keeps the attacker's own side moving
			continue
		}
	}()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	big := make([]record.Item, 14)
	for i := range big {
		big[i] = record.Item{Seq: uint64(i) + 1, Header: []byte{1}, Ciphertext: make([]byte, record.MaxBytes), Key: make([]byte, 32)}
	}
	for i := range 400 {
		h.frame(link.Frame{Ping: &link.Ping{N: uint64(i)}})
		h.frame(link.Frame{States: &link.States{N: uint64(i) + 1, Items: big, Last: true}}) // 230 KB
	}
	eventually(t, "the batches", func() bool { return b.link.Status().Batches == 400 })
	const most = 16 << 20
	grown := func() int64 {
		runtime.GC() // what the transport still holds for a moment is no growth
		runtime.ReadMemStats(&after)
		return int64(after.HeapAlloc) - int64(before.HeapAlloc)
	}
	eventually(t, "the heap to be as before, but for 16 MiB", func() bool { return grown() <= most })
	t.Logf("92 MB came, the heap grew by %d KB", grown()/1024)
}

func TestTooManyConnectionsOfAPartnerAreRefused(t *testing.T) {
	b, keys := victim(t)
	cert, err := keys.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := keys.Pin("jp")
	for range 40 {
		c, err := tls.Dial("tcp", b.addr, &tls.Config{
			Certificates: []tls.Certificate{cert}, ServerName: hex.EncodeToString(pin[:16]),
			InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
		})
		if err != nil {
			continue
		}
		defer c.Close() //nolint:errcheck // held open for the test
	}
	eventually(t, "refusals", func() bool { return b.server.Refused() >= 20 })
}

func TestOldTLSAndNoCertificateAreRefused(t *testing.T) {
	b, keys := victim(t)
	cert, err := keys.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := keys.Pin("jp")
	name := hex.EncodeToString(pin[:16])
	for what, c := range map[string]*tls.Config{
		"TLS 1.2":           {Certificates: []tls.Certificate{cert}, ServerName: name, MaxVersion: tls.VersionTLS12},
		"no certificate":    {ServerName: name},
		"no name":           {Certificates: []tls.Certificate{cert}, ServerName: "example"},
		"two certificates":  {Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Certificate[0], cert.Certificate[0]}, PrivateKey: cert.PrivateKey}}, ServerName: name},
		"HTTP/1.1 and good": {Certificates: []tls.Certificate{cert}, ServerName: name, NextProtos: []string{"http/1.1"}},
	} {
		t.Run(what, func(t *testing.T) {
			c.InsecureSkipVerify = true
			conn, err := tls.Dial("tcp", b.addr, c)
			if err == nil {
				defer conn.Close() //nolint:errcheck // only read
				_, _ = fmt.Fprint(conn, "GET / HTTP/1.1\r\n\r\n")
				_ = conn.SetReadDeadline(time.Now().Add(patience))
				var n int
				n, err = conn.Read(make([]byte, 1))
				if n > 0 {
					t.Error("the server answered")
				}
			}
			if err == nil {
				t.Error("accepted")
			}
		})
	}
}
