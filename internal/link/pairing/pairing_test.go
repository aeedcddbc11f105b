// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pairing_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/link/pairing"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// voice is the telephone between two officers: each reads out the own code and
// hears the other's.
type voice struct{ says, hears chan string }

func telephone() (a, b voice) {
	x, y := make(chan string, 1), make(chan string, 1)
	return voice{x, y}, voice{y, x}
}

func (v voice) confirm(ctx context.Context, code string) (string, error) {
	v.says <- code
	select {
	case heard := <-v.hears:
		return heard, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ceremony is an invitation that runs.
type ceremony struct {
	addr string
	err  chan error // holds the result of Invite
}

func inviteAs(t *testing.T, ctx context.Context, cfg pairing.Config) *ceremony { //nolint:revive // t first, as everywhere in tests
	t.Helper()
	listening := make(chan net.Addr, 1)
	cfg.Listen = "127.0.0.1:0"
	cfg.Listening = func(a net.Addr) { listening <- a }
	c := &ceremony{err: make(chan error, 1)}
	go func() { c.err <- pairing.Invite(ctx, cfg) }()
	select {
	case a := <-listening:
		c.addr = a.String()
	case err := <-c.err:
		t.Fatal(err)
	}
	return c
}

func (c *ceremony) closed(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("tcp", c.addr)
	if err == nil {
		_ = conn.Close()
		t.Error("the listener is still open")
	}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func config(self, partner party.ID, keys *keystore.Store, confirm func(context.Context, string) (string, error)) pairing.Config {
	return pairing.Config{Self: self, Partner: partner, Keys: keys, LinkAddr: "127.0.0.1:7001", Confirm: confirm}
}

func unpaired(t *testing.T, stores ...*keystore.Store) {
	t.Helper()
	for _, s := range stores {
		if p := s.Partners(); len(p) != 0 {
			t.Errorf("keys are kept for %v", p)
		}
	}
}

func TestTwoOfficersPair(t *testing.T) {
	var cards []string // secrets of the pairings
	for range 2 {
		cards = append(cards, twoOfficersPair(t, cards))
	}
}

func twoOfficersPair(t *testing.T, cards []string) string {
	t.Helper()
	ctx := bounded(t)
	ka, kb := linktest.Keystore(t), linktest.Keystore(t)
	va, vb := telephone()
	codes := make(chan string, 2)
	spy := func(v voice) func(context.Context, string) (string, error) {
		return func(ctx context.Context, code string) (string, error) {
			codes <- code
			typed, err := v.confirm(ctx, code)
			return " " + strings.ReplaceAll(typed, " ", "-"), err // as people type
		}
	}
	c := inviteAs(t, ctx, config("tw", "jp", ka, spy(va)))
	join := config("jp", "tw", kb, spy(vb))
	join.Addr, join.LinkAddr = c.addr, ""
	if err := pairing.Join(ctx, join); err != nil {
		t.Fatal(err)
	}
	if err := <-c.err; err != nil {
		t.Fatal(err)
	}
	c.closed(t)
	sa, errA := ka.CardSecret("jp")
	sb, errB := kb.CardSecret("tw")
	if errA != nil || errB != nil || !bytes.Equal(sa, sb) || len(sa) != 32 {
		t.Errorf("secrets of the card: %x (%v) and %x (%v); want the same", sa, errA, sb, errB)
	}
	if slices.Contains(cards, string(sa)) {
		t.Error("two pairings share one secret of the card")
	}
	code := <-codes
	if other := <-codes; other != code || len(code) != 11 {
		t.Errorf("codes %q and %q", code, other)
	}
	checkPaired(t, ka, kb)
	return string(sa)
}

// checkPaired compares what each side holds with what the other has.
func checkPaired(t *testing.T, ka, kb *keystore.Store) {
	t.Helper()
	for _, x := range []struct {
		mine, theirs  *keystore.Store
		self, partner party.ID
		address       string
	}{{ka, kb, "tw", "jp", ""}, {kb, ka, "jp", "tw", "127.0.0.1:7001"}} {
		peer, err := x.mine.Peer(x.partner)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x.theirs.Certificate(x.self)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := x.theirs.JournalSigner(x.self)
		if err != nil {
			t.Fatal(err)
		}
		_, theirs, err := x.mine.Verifiers(x.partner)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := theirs.Verifier(signer.Name(), signer.KeyHash()); err != nil {
			t.Errorf("%s does not hold the journal key of %s: %v", x.self, x.partner, err)
		}
		if peer.Pin != keystore.PinOf(cert.Leaf) || peer.Address != x.address {
			t.Errorf("%s holds another key or address of %s", x.self, x.partner)
		}
	}
}

func TestCodesThatDifferEndIt(t *testing.T) {
	ctx := bounded(t)
	ka, kb := linktest.Keystore(t), linktest.Keystore(t)
	_, vb := telephone()
	c := inviteAs(t, ctx, config("tw", "jp", ka, func(context.Context, string) (string, error) { return "00000 00000", nil }))
	join := config("jp", "tw", kb, vb.confirm)
	join.Addr = c.addr
	if err := pairing.Join(ctx, join); !errors.Is(err, pairing.ErrEnded) {
		t.Errorf("Join: %v, want ErrEnded", err)
	}
	if err := <-c.err; !errors.Is(err, pairing.ErrMismatch) {
		t.Errorf("Invite: %v, want ErrMismatch", err)
	}
	c.closed(t)
	unpaired(t, ka, kb)
}

// Somebody in between pairs with each side; the officers, who telephone with
// each other, find two codes.
func TestSomebodyInBetweenIsFound(t *testing.T) {
	ctx := bounded(t)
	ka, kb, ma, mb := linktest.Keystore(t), linktest.Keystore(t), linktest.Keystore(t), linktest.Keystore(t)
	va, vb := telephone()
	silent := func(ctx context.Context, code string) (string, error) { return code, nil }
	toTW := inviteAs(t, ctx, config("tw", "jp", ka, va.confirm))
	toJP := inviteAs(t, ctx, config("tw", "jp", ma, silent))
	var wg sync.WaitGroup
	wg.Go(func() {
		join := config("jp", "tw", mb, silent)
		join.Addr = toTW.addr
		if err := pairing.Join(ctx, join); err == nil {
			t.Error("the one in between paired")
		}
	})
	join := config("jp", "tw", kb, vb.confirm)
	join.Addr = toJP.addr
	if err := pairing.Join(ctx, join); !errors.Is(err, pairing.ErrMismatch) {
		t.Errorf("Join: %v, want ErrMismatch", err)
	}
	if err := <-toTW.err; !errors.Is(err, pairing.ErrMismatch) {
		t.Errorf("Invite: %v, want ErrMismatch", err)
	}
	<-toJP.err
	wg.Wait()
	unpaired(t, ka, kb)
}

func TestASecondAttemptEndsIt(t *testing.T) {
	ctx := bounded(t)
	ka, kb, kc := linktest.Keystore(t), linktest.Keystore(t), linktest.Keystore(t)
	shown := make(chan struct{}, 2)
	patient := func(ctx context.Context, _ string) (string, error) {
		shown <- struct{}{}
		<-ctx.Done()
		return "", ctx.Err()
	}
	c := inviteAs(t, ctx, config("tw", "jp", ka, patient))
	first := make(chan error, 1)
	join := config("jp", "tw", kb, patient)
	join.Addr = c.addr
	go func() { first <- pairing.Join(ctx, join) }()
	<-shown
	join.Keys = kc
	if err := pairing.Join(ctx, join); err == nil {
		t.Error("the second attempt paired")
	}
	if err := <-c.err; !errors.Is(err, pairing.ErrSecondAttempt) {
		t.Errorf("Invite: %v, want ErrSecondAttempt", err)
	}
	if err := <-first; err == nil {
		t.Error("the first attempt paired")
	}
	c.closed(t)
	unpaired(t, ka, kb, kc)
}

func TestTheTimeIsLimited(t *testing.T) {
	ka, kb := linktest.Keystore(t), linktest.Keystore(t)
	ctx, cancel := context.WithTimeoutCause(context.Background(), 300*time.Millisecond, pairing.ErrExpired)
	defer cancel()
	patient := func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	alone := inviteAs(t, ctx, config("tw", "jp", ka, patient))
	c := inviteAs(t, ctx, config("tw", "jp", ka, patient))
	join := config("jp", "tw", kb, patient)
	join.Addr = c.addr
	if err := pairing.Join(bounded(t), join); !errors.Is(err, pairing.ErrEnded) {
		t.Errorf("Join: %v, want ErrEnded", err)
	}
	for _, c := range []*ceremony{alone, c} {
		if err := <-c.err; !errors.Is(err, pairing.ErrExpired) {
			t.Errorf("Invite: %v, want ErrExpired", err)
		}
		c.closed(t)
	}
	unpaired(t, ka, kb)
}

func TestPassersByChangeNothing(t *testing.T) {
	ctx := bounded(t)
	ka, kb := linktest.Keystore(t), linktest.Keystore(t)
	va, vb := telephone()
	c := inviteAs(t, ctx, config("tw", "jp", ka, va.confirm))
	for _, says := range []string{"", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 100_000)} {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, says) // it may be cut off
		_ = conn.Close()
	}
	rawCaller(t, c.addr, []byte{0xff}).Close() //nolint:errcheck // over
	join := config("jp", "tw", kb, vb.confirm)
	join.Addr = c.addr
	if err := pairing.Join(ctx, join); err != nil {
		t.Fatal(err)
	}
	if err := <-c.err; err != nil {
		t.Fatal(err)
	}
	if len(ka.Partners()) != 1 || len(kb.Partners()) != 1 {
		t.Error("not paired")
	}
}

// rawCaller connects with a key of its own and sends messages, good or bad.
func rawCaller(t *testing.T, addr string, messages ...[]byte) *tls.Conn {
	t.Helper()
	p, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return callerWith(t, p, addr, messages...)
}

// callerWith is rawCaller with that key.
func callerWith(t *testing.T, p *keystore.Pair, addr string, messages ...[]byte) *tls.Conn {
	t.Helper()
	cert, err := p.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", addr, &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)) // it may be cut off
	}
	return conn
}

func TestAPeerThatBreaksTheProtocolIsRefused(t *testing.T) {
	commit := pairing.EncodeForTest(&pairing.Message{Commit: &pairing.Commit{Protocol: 1, Hash: make([]byte, 32)}})
	for name, messages := range map[string][][]byte{
		"that commits twice":                   {commit, commit},
		"that reveals what it did not commit":  {commit, pairing.EncodeForTest(&pairing.Message{Reveal: goodReveal(t)})},
		"that confirms without revealing":      {commit, pairing.EncodeForTest(&pairing.Message{Confirm: make([]byte, 32)})},
		"that sends something malformed":       {commit, {0xa0}},
		"that announces a huge message":        {commit, make([]byte, 100_000)},
		"of another version":                   {pairing.EncodeForTest(&pairing.Message{Commit: &pairing.Commit{Protocol: 2, Hash: make([]byte, 32)}}), pairing.EncodeForTest(&pairing.Message{Reveal: goodReveal(t)})},
		"that holds another key than it shows": commitAndReveal(t, goodReveal(t)),
	} {
		t.Run(name, func(t *testing.T) {
			keys := linktest.Keystore(t)
			asked := false
			c := inviteAs(t, bounded(t), config("tw", "jp", keys, func(context.Context, string) (string, error) {
				asked = true
				return "", nil
			}))
			conn := rawCaller(t, c.addr, messages...)
			defer conn.Close() //nolint:errcheck // over
			if err := <-c.err; !errors.Is(err, pairing.ErrProtocol) {
				t.Errorf("Invite: %v, want ErrProtocol", err)
			}
			if asked {
				t.Error("the officer was asked")
			}
			unpaired(t, keys)
		})
	}
}

// A peer that holds its key, but changes its mind about the nonce, or confirms
// what it cannot know.
func TestAPeerThatCheatsIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(r *pairing.Reveal)
		asked bool
	}{
		"with another nonce than it committed to": {func(r *pairing.Reveal) { r.Nonce[0] ^= 1 }, false},
		"with a made-up confirmation":             {func(*pairing.Reveal) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			keys := linktest.Keystore(t)
			asked := false
			c := inviteAs(t, bounded(t), config("tw", "jp", keys, func(_ context.Context, code string) (string, error) {
				asked = true
				return code, nil
			}))
			p, err := keystore.NewPair()
			if err != nil {
				t.Fatal(err)
			}
			r := revealOf(t, p)
			commit := pairing.EncodeForTest(&pairing.Message{Commit: &pairing.Commit{Protocol: 1, Hash: pairing.CommitmentForTest(r)}})
			test.spoil(r)
			conn := callerWith(t, p, c.addr, commit, pairing.EncodeForTest(&pairing.Message{Reveal: r}), pairing.EncodeForTest(&pairing.Message{Confirm: make([]byte, 32)}))
			defer conn.Close() //nolint:errcheck // over
			if err := <-c.err; !errors.Is(err, pairing.ErrProtocol) {
				t.Errorf("Invite: %v, want ErrProtocol", err)
			}
			if asked != test.asked {
				t.Errorf("the officer was asked: %v", asked)
			}
			unpaired(t, keys)
		})
	}
}

func TestTheCodeFollowsFromAllThatWasRevealed(t *testing.T) {
	i, j := goodReveal(t), goodReveal(t)
	want, other := pairing.CodeForTest(i, j)
	if want != other {
		t.Fatalf("codes %q and %q", want, other)
	}
	for name, change := range map[string]func(r *pairing.Reveal){
		"nonce":   func(r *pairing.Reveal) { r.Nonce = append([]byte{1}, r.Nonce[1:]...) },
		"pin":     func(r *pairing.Reveal) { r.Pin = make([]byte, 32) },
		"journal": func(r *pairing.Reveal) { r.Journal += "x" },
		"party":   func(r *pairing.Reveal) { r.Party = "cell" },
		"partner": func(r *pairing.Reveal) { r.Partner = "cell" },
		"address": func(r *pairing.Reveal) { r.Address = "127.0.0.1:2" },
	} {
		x, y := *i, *j
		change(&x)
		change(&y)
		if got, _ := pairing.CodeForTest(&x, j); got == want {
			t.Errorf("the inviter's %s is not in the code", name)
		}
		if got, _ := pairing.CodeForTest(i, &y); got == want {
			t.Errorf("the joiner's %s is not in the code", name)
		}
	}
}

func goodReveal(t testing.TB) *pairing.Reveal {
	t.Helper()
	p, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return revealOf(t, p)
}

func revealOf(t testing.TB, p *keystore.Pair) *pairing.Reveal {
	t.Helper()
	pin, err := p.Pin()
	if err != nil {
		t.Fatal(err)
	}
	return &pairing.Reveal{Nonce: make([]byte, 32), Pin: pin[:], Journal: p.Journal(), Party: "jp", Partner: "tw", Address: "127.0.0.1:1"}
}

func commitAndReveal(t testing.TB, r *pairing.Reveal) [][]byte {
	t.Helper()
	return [][]byte{
		pairing.EncodeForTest(&pairing.Message{Commit: &pairing.Commit{Protocol: 1, Hash: pairing.CommitmentForTest(r)}}),
		pairing.EncodeForTest(&pairing.Message{Reveal: r}),
	}
}

func TestThePartyMustBeTheOneExpected(t *testing.T) {
	ctx := bounded(t)
	ka, kb := linktest.Keystore(t), linktest.Keystore(t)
	never := func(context.Context, string) (string, error) {
		t.Error("the officer was asked")
		return "", nil
	}
	c := inviteAs(t, ctx, config("tw", "jp", ka, never))
	join := config("cell", "tw", kb, never)
	join.Addr = c.addr
	if err := pairing.Join(ctx, join); err == nil {
		t.Error("Join as another party succeeded")
	}
	if err := <-c.err; !errors.Is(err, pairing.ErrProtocol) {
		t.Errorf("Invite: %v, want ErrProtocol", err)
	}
	unpaired(t, ka, kb)
}

func TestConfigIsChecked(t *testing.T) {
	paired, _ := linktest.Paired(t, "tw", "jp")
	confirm := func(context.Context, string) (string, error) { return "", nil }
	for name, spoil := range map[string]func(*pairing.Config){
		"no partner":       func(c *pairing.Config) { c.Partner = "" },
		"itself":           func(c *pairing.Config) { c.Partner = "tw" },
		"no officer":       func(c *pairing.Config) { c.Confirm = nil },
		"no keystore":      func(c *pairing.Config) { c.Keys = nil },
		"already paired":   func(c *pairing.Config) { c.Keys = paired },
		"text as address":  func(c *pairing.Config) { c.LinkAddr = "hello there:1" },
		"address, no port": func(c *pairing.Config) { c.LinkAddr = "localhost" },
	} {
		cfg := config("tw", "jp", linktest.Keystore(t), confirm)
		spoil(&cfg)
		if err := pairing.Invite(context.Background(), cfg); err == nil {
			t.Errorf("%s: Invite accepted it", name)
		}
		if err := pairing.Join(context.Background(), cfg); err == nil {
			t.Errorf("%s: Join accepted it", name)
		}
	}
}

func FuzzDecodeMessage(f *testing.F) {
	for _, m := range []*pairing.Message{
		{Commit: &pairing.Commit{Protocol: 1, Hash: make([]byte, 32)}},
		{Reveal: goodReveal(f)},
		{Confirm: make([]byte, 32)},
		{End: true},
	} {
		f.Add(pairing.EncodeForTest(m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := pairing.DecodeMessage(b)
		if err != nil {
			if !errors.Is(err, pairing.ErrProtocol) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := pairing.DecodeMessage(pairing.EncodeForTest(m))
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if d := cmp.Diff(m, again); d != "" {
			t.Fatalf("changed:\n%s", d)
		}
	})
}
