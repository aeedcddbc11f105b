// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

var (
	_ journal.Keyring = (*keystore.Store)(nil)
	_ journal.Witness = (*keystore.Store)(nil)
)

// cheap keeps the tests fast; the default cost is proven by TestDefaultKDF.
func cheap() keystore.KDF { return keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1} }

func open(t testing.TB, dir string) *keystore.Store {
	t.Helper()
	s, err := keystore.OpenKDF(dir, []byte("current"), cheap())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func peer(t testing.TB) keystore.Peer {
	t.Helper()
	p, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	pin, err := p.Pin()
	if err != nil {
		t.Fatal(err)
	}
	return keystore.Peer{Pin: pin, Journal: p.Journal(), Address: "127.0.0.1:1"}
}

func add(t testing.TB, s *keystore.Store, partner party.ID) *keystore.Pair {
	t.Helper()
	own, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(partner, own, peer(t)); err != nil {
		t.Fatal(err)
	}
	return own
}

func TestDefaultKDF(t *testing.T) {
	dir := t.TempDir()
	s, err := keystore.Open(dir, []byte("current"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := keystore.Open(dir, []byte("eddy")); !errors.Is(err, keystore.ErrPassphrase) {
		t.Errorf("Open with another passphrase: %v, want ErrPassphrase", err)
	}
}

func TestKeysSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, "jp")
	id, err := s.ID("jp", record.KindTrack, 7)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := s.Wrap("jp", "2023-08-28", []byte("record key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := s.JournalSigner("jp")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "checkpoint\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	audit, err := s.AuditSigner()
	if err != nil {
		t.Fatal(err)
	}
	auditSigned, err := note.Sign(&note.Note{Text: "audit\n"}, audit)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, dir)
	if got := s.Partners(); len(got) != 1 || got[0] != "jp" {
		t.Errorf("Partners() = %v, want [jp]", got)
	}
	if again, err := s.ID("jp", record.KindTrack, 7); err != nil || again != id {
		t.Errorf("ID = %v, %v; want %v", again, err, id)
	}
	if key, err := s.Unwrap("jp", "2023-08-28", wrapped); err != nil || string(key) != "record key" {
		t.Errorf("Unwrap = %q, %v", key, err)
	}
	for partner, signed := range map[party.ID][]byte{"jp": signed, "": auditSigned} {
		own, _, err := s.Verifiers(partner)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(signed, own); err != nil {
			t.Errorf("own signature towards %q: %v", partner, err)
		}
	}
}

func TestDiscardLeavesWhatWasKept(t *testing.T) {
	s := open(t, t.TempDir())
	own := add(t, s, "jp")
	want, err := own.Pin()
	if err != nil {
		t.Fatal(err)
	}
	own.Discard()
	if _, err := own.Pin(); err == nil {
		t.Error("discarded keys are still there")
	}
	c, err := s.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	public := c.PrivateKey.(ed25519.PrivateKey).Public().(ed25519.PublicKey)
	if keystore.PinOf(c.Leaf) != want || !public.Equal(c.Leaf.PublicKey) {
		t.Error("the kept key was wiped with the discarded one")
	}
}

func TestFilesAreSealedAndOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	own := add(t, s, "jp")
	if _, err := s.Wrap("jp", "2023-08-28", make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetWitness("jp-sent", journal.LogState{Size: 3}); err != nil {
		t.Fatal(err)
	}
	cert, err := own.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", d.Name(), got, want)
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range [][]byte{[]byte("PRIVATE+KEY"), []byte(own.Journal()), cert.Certificate[0], []byte("jp")} {
			if len(secret) > 4 && bytes.Contains(b, secret) {
				t.Errorf("%s holds key material or a name in clear", d.Name())
			}
		}
		if bytes.Contains([]byte(d.Name()), []byte("jp")) {
			t.Errorf("file name %s names the partner", d.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeysCarryNoNameAndAreForThePairAlone(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, "jp")
	add(t, s, "cell")
	a, err := s.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Certificate("cell")
	if err != nil {
		t.Fatal(err)
	}
	if keystore.PinOf(a.Leaf) == keystore.PinOf(b.Leaf) {
		t.Error("one transport key for two partners")
	}
	if len(a.Leaf.Subject.Names) != 1 || len(a.Leaf.DNSNames)+len(a.Leaf.IPAddresses)+len(a.Leaf.URIs)+len(a.Leaf.EmailAddresses) != 0 {
		t.Errorf("certificate names somebody: %v", a.Leaf.Subject)
	}
	ja, err := s.ID("jp", record.KindTrack, 1)
	if err != nil {
		t.Fatal(err)
	}
	cb, err := s.ID("cell", record.KindTrack, 1)
	if err != nil {
		t.Fatal(err)
	}
	ji, err := s.ID("jp", record.KindIncident, 1)
	if err != nil {
		t.Fatal(err)
	}
	if ja == cb || ja == ji {
		t.Error("one id for two partners or two kinds")
	}
}

func TestForgetDestroysEverythingOfAPartner(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, "jp")
	add(t, s, "cell")
	wrapped, err := s.Wrap("jp", "2023-08-28", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Forget("jp"); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]*keystore.Store{"same": s, "reopened": open(t, dir)} {
		if _, ok := s.Pin("jp"); ok {
			t.Errorf("%s: pin still there", name)
		}
		if _, err := s.Unwrap("jp", "2023-08-28", wrapped); !errors.Is(err, keystore.ErrNotPaired) {
			t.Errorf("%s: Unwrap: %v, want ErrNotPaired", name, err)
		}
		if _, _, err := s.Verifiers("jp"); !errors.Is(err, journal.ErrNoKeys) {
			t.Errorf("%s: Verifiers: %v, want ErrNoKeys", name, err)
		}
		if _, ok := s.Pin("cell"); !ok {
			t.Errorf("%s: the other partner's keys are gone too", name)
		}
	}
}

func TestForgetDayDestroysOneDay(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, "jp")
	wrapped := map[string][]byte{}
	for _, day := range []string{"2023-08-28", "2023-08-29"} {
		w, err := s.Wrap("jp", day, []byte(day))
		if err != nil {
			t.Fatal(err)
		}
		wrapped[day] = w
	}
	if _, err := s.Unwrap("jp", "2023-08-29", wrapped["2023-08-28"]); err == nil {
		t.Error("a key opens under another day")
	}
	if err := s.ForgetDay("jp", "2023-08-28"); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if _, err := s.Unwrap("jp", "2023-08-28", wrapped["2023-08-28"]); !errors.Is(err, keystore.ErrDayForgotten) {
		t.Errorf("Unwrap of a forgotten day: %v", err)
	}
	if got, err := s.Unwrap("jp", "2023-08-29", wrapped["2023-08-29"]); err != nil || string(got) != "2023-08-29" {
		t.Errorf("Unwrap of the other day = %q, %v", got, err)
	}
	if got := s.Days("jp"); len(got) != 1 {
		t.Errorf("Days = %v", got)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, "jp")
	own, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func() error{
		"a second pairing with one partner": func() error { return s.Add("jp", own, peer(t)) },
		"a peer without keys":               func() error { return s.Add("cell", own, keystore.Peer{}) },
		"a party id with a path":            func() error { return s.Add("../x", own, peer(t)) },
		"a day that is none":                func() error { _, err := s.Wrap("jp", "../../x", nil); return err },
		"a wrapped key cut short":           func() error { _, err := s.Unwrap("jp", "2023-08-28", []byte{1}); return err },
		"a partner never paired":            func() error { _, err := s.Certificate("cell"); return err },
		"an empty passphrase":               func() error { _, err := keystore.OpenKDF(t.TempDir(), nil, cheap()); return err },
		"a cost beyond reason": func() error {
			_, err := keystore.OpenKDF(t.TempDir(), []byte("x"), keystore.KDF{Passes: 1, MemoryKiB: 1 << 31, Lanes: 1})
			return err
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Wrap("jp", "2023-08-28", nil); err != nil {
				t.Fatal(err)
			}
			if err := f(); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	add(t, s, "jp")
	if err := s.SetWitness("x", journal.LogState{Size: 1}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 {
		t.Fatalf("%d files, want header, audit, policy, pair, witness", len(files))
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)-1] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := keystore.OpenKDF(dir, []byte("current"), cheap())
		if err == nil {
			_, _, err = again.Witness("x")
		}
		if err == nil {
			t.Errorf("%s: damage not found", f.Name())
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWitnessNeverGoesBack(t *testing.T) {
	const log = "../a/log"
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, t.TempDir())
		var want journal.LogState
		var noted bool
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			st := journal.LogState{
				Epoch: rapid.Uint32Range(1, 2).Draw(rt, "epoch"),
				Size:  rapid.Uint64Range(0, 4).Draw(rt, "size"),
				Root:  [32]byte{rapid.ByteRange(0, 1).Draw(rt, "root")},
			}
			ok := !noted || st == want || st.Epoch > want.Epoch || st.Epoch == want.Epoch && st.Size > want.Size
			err := s.SetWitness(log, st)
			if (err == nil) != ok || err != nil && !errors.Is(err, keystore.ErrWitnessAhead) {
				rt.Fatalf("SetWitness(%v) over %v: %v", st, want, err)
			}
			if err == nil {
				want, noted = st, true
			}
			if got, ok, err := s.Witness(log); err != nil || !ok || got != want {
				rt.Fatalf("Witness = %v, %v, %v; want %v", got, ok, err, want)
			}
		}
		if _, ok, err := s.Witness("another"); err != nil || ok {
			rt.Fatalf("Witness of another log = %v, %v", ok, err)
		}
	})
}

func TestAClosedStoreGivesNothing(t *testing.T) {
	s := open(t, t.TempDir())
	add(t, s, "jp")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Certificate("jp"); err == nil {
		t.Error("certificate after Close")
	}
	if _, err := s.AuditSigner(); err == nil {
		t.Error("audit key after Close")
	}
	if err := s.Reload(); err == nil {
		t.Error("Reload after Close")
	}
}

func BenchmarkWrap(b *testing.B) {
	s := open(b, b.TempDir())
	add(b, s, "jp")
	key := make([]byte, 32)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := s.Wrap("jp", "2023-08-28", key); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "keys/s")
}

// The secret of the card rests sealed, outlives a restart, and is gone with the
// pairing.
func TestSecretOfTheCard(t *testing.T) {
	dir := t.TempDir()
	kdf := keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1}
	s, err := keystore.OpenKDF(dir, []byte("test"), kdf)
	if err != nil {
		t.Fatal(err)
	}
	with, without, short := new(keystore.Pair), new(keystore.Pair), new(keystore.Pair)
	for _, p := range []**keystore.Pair{&with, &without, &short} {
		if *p, err = keystore.NewPair(); err != nil {
			t.Fatal(err)
		}
	}
	secret := bytes.Repeat([]byte{7}, 32)
	with.Share(secret)
	for id, p := range map[party.ID]*keystore.Pair{"jp": with, "cell": without} {
		if err := s.Add(id, p, peer(t)); err != nil {
			t.Fatal(err)
		}
	}
	with.Discard()
	if s, err = keystore.OpenKDF(dir, []byte("test"), kdf); err != nil {
		t.Fatal(err)
	}
	got, err := s.CardSecret("jp")
	if err != nil || !bytes.Equal(got, secret) {
		t.Errorf("CardSecret = %x, %v", got, err)
	}
	clear(got)
	if again, _ := s.CardSecret("jp"); !bytes.Equal(again, secret) {
		t.Error("CardSecret hands out its own memory")
	}
	if _, err := s.CardSecret("cell"); !errors.Is(err, keystore.ErrNoCard) {
		t.Errorf("CardSecret of a pairing without = %v, want ErrNoCard", err)
	}
	if err := s.Forget("jp"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CardSecret("jp"); !errors.Is(err, keystore.ErrNotPaired) {
		t.Errorf("CardSecret after Forget = %v, want ErrNotPaired", err)
	}
	short.Share(secret[:31])
	if err := s.Add("jp", short, peer(t)); err == nil {
		t.Error("Add took a secret of 31 octets")
	}
}

// A file that is overwritten while it is read is not taken for a damaged one.
func TestAnotherProcessMayWriteWhileWeRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tw")
	tw, jp := open(t, dir), open(t, t.TempDir())
	pair(t, tw, jp)
	reader := open(t, dir)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := range 150 {
			err = errors.Join(err, tw.SetAddress("jp", fmt.Sprintf("127.0.0.1:%d", 1000+i)))
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if err := reader.Reload(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
