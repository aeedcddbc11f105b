// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
)

// nodes keeps what Append returned, as a store does.
type nodes [][]journal.Hash

func (n nodes) Nodes(i uint64) ([]journal.Hash, error) {
	if i >= uint64(len(n)) {
		return nil, errors.New("no such leaf")
	}
	return n[i], nil
}

func leaf(i int) journal.Hash {
	return journal.LeafHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

func grow(size int) (nodes, []journal.Hash) {
	var f journal.Frontier
	var all nodes
	roots := []journal.Hash{f.Root()}
	for i := range size {
		all = append(all, f.Append(leaf(i)))
		roots = append(roots, f.Root())
	}
	return all, roots
}

func TestFrontierIsTheTreeOfRFC6962(t *testing.T) {
	all, roots := grow(300)
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range idx {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for n := range 300 {
		hashes, err := tlog.StoredHashesForRecordHash(int64(n), tlog.Hash(leaf(n)), read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		want, err := tlog.TreeHash(int64(n)+1, read)
		if err != nil {
			t.Fatal(err)
		}
		if journal.Hash(want) != roots[n+1] {
			t.Fatalf("root of %d leaves differs from tlog's", n+1)
		}
		got, err := journal.RootAt(all, uint64(n)+1)
		if err != nil || got != roots[n+1] {
			t.Fatalf("RootAt(%d) differs from the frontier's root (%v)", n+1, err)
		}
	}
}

func TestFrontierSurvivesStorage(t *testing.T) {
	var f journal.Frontier
	for i := range 100 {
		g, err := journal.ParseFrontier(f.Size(), f.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if g.Root() != f.Root() {
			t.Fatalf("root of %d leaves changed in storage", i)
		}
		f = g
		f.Append(leaf(i))
	}
	if _, err := journal.ParseFrontier(7, make([]byte, 64)); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("ParseFrontier of two peaks for 7 leaves: %v, want ErrMalformed", err)
	}
}

func TestProofsHoldForTheirLeafAndSizeOnly(t *testing.T) {
	all, roots := grow(200)
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.Uint64Range(1, 200).Draw(rt, "size")
		n := rapid.Uint64Range(0, size-1).Draw(rt, "leaf")
		old := rapid.Uint64Range(1, size).Draw(rt, "old")
		other := rapid.Uint64Range(0, 199).Draw(rt, "other")
		p, err := journal.ProveInclusion(all, size, n)
		if err != nil {
			rt.Fatal(err)
		}
		err = journal.CheckInclusion(p, size, roots[size], n, leaf(int(other)))
		if (err == nil) != (other == n) {
			rt.Fatalf("proof of leaf %d for leaf %d: %v", n, other, err)
		}
		c, err := journal.ProveConsistency(all, size, old)
		if err != nil {
			rt.Fatal(err)
		}
		err = journal.CheckConsistency(c, size, roots[size], old, roots[other+1])
		if (err == nil) != (other+1 == old) {
			rt.Fatalf("proof that %d continues %d, checked with root of %d: %v", size, old, other+1, err)
		}
	})
}

type key struct {
	note.Signer
	note.Verifiers
}

func newKey(t testing.TB, name string) key {
	t.Helper()
	sk, vk, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(sk)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vk)
	if err != nil {
		t.Fatal(err)
	}
	return key{s, note.VerifierList(v)}
}

var now = time.Date(2026, 8, 28, 3, 4, 5, 6e6, time.UTC)

func TestCheckpointIsSignedAndCosigned(t *testing.T) {
	a, b := newKey(t, "k1"), newKey(t, "k2")
	state := journal.LogState{Epoch: 1, Size: 7, Root: leaf(1)}
	signed, err := journal.Sign(state, now, a)
	if err != nil {
		t.Fatal(err)
	}
	want := journal.Checkpoint{Origin: "k1", LogState: state, Time: now}
	got, err := journal.Open(signed, a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	cosigned, err := journal.Cosign(signed, a, state, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err = journal.OpenCosigned(cosigned, a, b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = journal.Unverified(cosigned); err != nil || got != want {
		t.Errorf("Unverified = %v, %v", got, err)
	}
}

func TestCheckpointIsRefused(t *testing.T) {
	a, b, c := newKey(t, "k1"), newKey(t, "k2"), newKey(t, "k3")
	state := journal.LogState{Epoch: 1, Size: 7, Root: leaf(1)}
	signed, err := journal.Sign(state, now, a)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := journal.Cosign(signed, a, state, b)
	if err != nil {
		t.Fatal(err)
	}
	other := state
	other.Root[3] ^= 1
	cosign := func(signed []byte, held journal.LogState) error {
		_, err := journal.Cosign(signed, a, held, b)
		return err
	}
	opened := func(b []byte, k key) error {
		_, err := journal.Open(b, k)
		return err
	}
	receipt := func(b []byte, s, r key) error {
		_, err := journal.OpenCosigned(b, s, r)
		return err
	}
	foreign, err := note.Sign(&note.Note{Text: strings.SplitAfter(string(signed), "\n\n")[0][:len(strings.SplitAfter(string(signed), "\n\n")[0])-1]}, b)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ got, want error }{
		"with another root than that held":        {cosign(signed, other), journal.ErrRoot},
		"signed by a stranger":                    {opened(signed, c), journal.ErrSignature},
		"whose origin is not the signer":          {opened(foreign, b), journal.ErrSignature},
		"already cosigned, as the sender's alone": {opened(cosigned, a), journal.ErrSignature},
		"without the receiver's signature":        {receipt(signed, a, b), journal.ErrSignature},
		"with the parties exchanged":              {receipt(cosigned, b, a), journal.ErrSignature},
		"cosigned by a stranger":                  {receipt(cosigned, a, c), journal.ErrSignature},
		"cosigned by the sender itself":           {receipt(cosigned, a, a), journal.ErrSignature},
		"changed after signing":                   {opened([]byte(strings.Replace(string(signed), "\n7\n", "\n8\n", 1)), a), journal.ErrSignature},
		"too long":                                {opened(append(signed, make([]byte, 4096)...), a), journal.ErrMalformed},
	}
	for name, tt := range tests {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("a checkpoint %s: %v, want %v", name, tt.got, tt.want)
		}
	}
}

func TestParseCheckpointTakesOneFormOnly(t *testing.T) {
	root := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	good := "k1\n7\n" + root + "\nepoch 1\ntime 1000\n"
	if _, err := journal.ParseCheckpoint(good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no final newline":   strings.TrimSuffix(good, "\n"),
		"a line more":        good + "x\n",
		"a leading zero":     strings.Replace(good, "\n7\n", "\n07\n", 1),
		"a sign":             strings.Replace(good, "\n7\n", "\n+7\n", 1),
		"a short root":       strings.Replace(good, root, "AAAA", 1),
		"loose base64":       strings.Replace(good, "AAA=", "AAB=", 1),
		"no origin":          good[2:],
		"epoch out of range": strings.Replace(good, "epoch 1", "epoch 4294967296", 1),
		"no epoch":           strings.Replace(good, "epoch", "Epoch", 1),
	} {
		if c, err := journal.ParseCheckpoint(text); !errors.Is(err, journal.ErrMalformed) {
			t.Errorf("%s: %v, %v, want ErrMalformed", name, c, err)
		}
	}
}

// FuzzCheckpoint holds that whatever parses has one form, and that no note is
// opened that was not signed.
func FuzzCheckpoint(f *testing.F) {
	a, b := newKey(f, "k1"), newKey(f, "k2")
	state := journal.LogState{Epoch: 1, Size: 7, Root: leaf(1)}
	signed, err := journal.Sign(state, now, a)
	if err != nil {
		f.Fatal(err)
	}
	cosigned, err := journal.Cosign(signed, a, state, b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(signed))
	f.Add(string(cosigned))
	f.Add("k1\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nepoch 1\ntime 1000\n")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := journal.ParseCheckpoint(s); err == nil && len(s) > 2048 {
			t.Error("a long text was taken")
		}
		if c, err := journal.Open([]byte(s), a); err == nil && (c.LogState != state || !c.Time.Equal(now)) {
			t.Errorf("opened %v, which was never signed", c)
		}
		if c, err := journal.OpenCosigned([]byte(s), a, b); err == nil && c.LogState != state {
			t.Errorf("opened %v, which was never cosigned", c)
		}
		if c, err := journal.Unverified([]byte(s)); err == nil && c.Origin == "" {
			t.Error("a checkpoint without origin was taken")
		}
	})
}

func BenchmarkFrontierAppend(b *testing.B) {
	var f journal.Frontier
	h := leaf(1)
	b.ReportAllocs()
	for b.Loop() {
		f.Append(h)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkCosign(b *testing.B) {
	k1, k2 := newKey(b, "k1"), newKey(b, "k2")
	state := journal.LogState{Epoch: 1, Size: 7, Root: leaf(1)}
	signed, err := journal.Sign(state, now, k1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := journal.Cosign(signed, k1, state, k2); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checkpoints/s")
}
