// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// sealed encrypts a record as a store does.
func sealed(t testing.TB, r *record.Record, seq uint64, key byte) record.Item {
	t.Helper()
	plain, err := record.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	header, err := record.EncodeHeader(record.Header{
		Version: record.Protocol, Lane: record.LaneRecord, Kind: r.Kind, Object: r.Object, LogEpoch: 1, Seq: seq,
	})
	if err != nil {
		t.Fatal(err)
	}
	k := bytes.Repeat([]byte{key}, 32)
	block, err := aes.NewCipher(k)
	if err != nil {
		t.Fatal(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return record.Item{Seq: seq, Header: header, Ciphertext: a.Seal(nil, make([]byte, a.NonceSize()), plain, header), Key: k}
}

func posture(n byte) *record.Record {
	return &record.Record{Envelope: record.Envelope{
		Version: 1, Kind: record.KindPosture, ID: record.ID{n}, Object: record.ID{9, n}, Epoch: 1, Originator: "tw", Time: now.Round(time.Second),
		Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour},
	}, Posture: &record.Posture{Incident: []record.Ref{{Originator: "tw", ID: record.ID{3}}}, Posture: "watching"}}
}

// made is a log of seven records of which the second to the sixth are attested,
// and the proof of the third.
func made(t testing.TB, sender, receiver key) *journal.Proof {
	t.Helper()
	var f journal.Frontier
	var tree nodes
	var third record.Item
	for i := range 7 {
		it := sealed(t, posture(byte(i+1)), uint64(i+1), byte(i+1))
		tree = append(tree, f.Append(journal.LeafHash(it.Leaf())))
		if i == 2 {
			third = it
		}
	}
	path, err := journal.ProveAttested(tree, 2, 6, 3)
	if err != nil {
		t.Fatal(err)
	}
	p := &journal.Proof{
		Format: journal.ProofFormat, Seq: 3, Header: third.Header, Ciphertext: third.Ciphertext, Key: third.Key,
		Attestation: attested(t, tree, 2, 6, sender, receiver),
	}
	for _, h := range path {
		p.Inclusion = append(p.Inclusion, h[:])
	}
	return p
}

// attested is what both sides sign of leaves first to last.
func attested(t testing.TB, tree nodes, first, last uint64, sender, receiver key) string {
	t.Helper()
	a, err := journal.Attest(tree, 1, first, last)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := journal.SignAttestation(a, now, sender)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := journal.CosignAttestation(signed, sender, a, receiver)
	if err != nil {
		t.Fatal(err)
	}
	return string(cosigned)
}

func encoded(t testing.TB, p *journal.Proof) []byte {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAProofShowsWhatPassed(t *testing.T) {
	a, b := newKey(t, "k1"), newKey(t, "k2")
	p, err := journal.ParseProof(encoded(t, made(t, a, b)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Check(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Record == nil || got.Record.ID != (record.ID{3}) || got.Header.Seq != 3 || got.Attestation.Size() != 5 || !got.Attestation.Time.Equal(now) {
		t.Errorf("proved %+v", got)
	}
	p.Key = nil
	if got, err = p.Check(a, b); err != nil || got.Record != nil {
		t.Errorf("without the key: %+v, %v", got, err)
	}
}

// Whatever octet of the file is changed, it proves nothing.
func TestEachOctetOfAProofCounts(t *testing.T) {
	a, b := newKey(t, "k1"), newKey(t, "k2")
	file := encoded(t, made(t, a, b))
	for i := range file {
		for bit := range 8 {
			flip := byte(1) << bit
			bad := slices.Clone(file)
			bad[i] ^= flip
			p, err := journal.ParseProof(bad)
			if err == nil {
				_, err = p.Check(a, b)
			}
			if err == nil {
				t.Fatalf("octet %d of %d flipped by %#x (%q): still proved", i, len(file), flip, bad[max(0, i-20):min(len(bad), i+20)])
			}
		}
	}
	for _, bad := range [][]byte{nil, []byte("{}"), append(slices.Clone(file), '\n'), file[:len(file)-1], make([]byte, 200<<10)} {
		if _, err := journal.ParseProof(bad); !errors.Is(err, journal.ErrMalformed) {
			t.Errorf("file of %d octets: %v", len(bad), err)
		}
	}
}

// Each part in itself counts, not only its writing.
func TestEachPartOfAProofCounts(t *testing.T) {
	a, b, c := newKey(t, "k1"), newKey(t, "k2"), newKey(t, "k1")
	good := made(t, a, b)
	other := sealed(t, posture(4), 4, 4)
	for name, spoil := range map[string]func(*journal.Proof){
		"place":             func(p *journal.Proof) { p.Seq = 4 },
		"no place":          func(p *journal.Proof) { p.Seq = 0 },
		"header":            func(p *journal.Proof) { p.Header[len(p.Header)-1] ^= 1 },
		"header of another": func(p *journal.Proof) { p.Header = other.Header },
		"another record": func(p *journal.Proof) {
			p.Seq, p.Header, p.Ciphertext, p.Key = 4, other.Header, other.Ciphertext, other.Key
		},
		"ciphertext":             func(p *journal.Proof) { p.Ciphertext[0] ^= 1 },
		"key":                    func(p *journal.Proof) { p.Key[0] ^= 1 },
		"short key":              func(p *journal.Proof) { p.Key = p.Key[:16] },
		"inclusion":              func(p *journal.Proof) { p.Inclusion[1][0] ^= 1 },
		"missing hash":           func(p *journal.Proof) { p.Inclusion = p.Inclusion[1:] },
		"hash too many":          func(p *journal.Proof) { p.Inclusion = append(p.Inclusion, p.Inclusion[0]) },
		"short hash":             func(p *journal.Proof) { p.Inclusion[0] = p.Inclusion[0][1:] },
		"attestation":            func(p *journal.Proof) { p.Attestation = "x" + p.Attestation },
		"no cosignature":         func(p *journal.Proof) { p.Attestation = p.Attestation[:len(p.Attestation)-2] },
		"attestation of another": func(p *journal.Proof) { p.Attestation = made(t, c, b).Attestation },
		"cosigned by another":    func(p *journal.Proof) { p.Attestation = made(t, a, c).Attestation },
	} {
		p, err := journal.ParseProof(encoded(t, good))
		if err != nil {
			t.Fatal(err)
		}
		spoil(p)
		if _, err := p.Check(a, b); err == nil {
			t.Errorf("%s: still proved", name)
		}
	}
	for name, keys := range map[string][2]key{
		"another sender": {c, b}, "another receiver": {a, c}, "the wrong way round": {b, a}, "one for both": {a, a},
	} {
		if _, err := good.Check(keys[0], keys[1]); !errors.Is(err, journal.ErrSignature) {
			t.Errorf("keys of %s: %v, want ErrSignature", name, err)
		}
	}
}

// A content that is not what the header announces proves nothing.
func TestAProofOfALyingHeaderIsRefused(t *testing.T) {
	a, b := newKey(t, "k1"), newKey(t, "k2")
	r := posture(1)
	it := sealed(t, r, 1, 1)
	h, err := record.DecodeHeader(it.Header)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*record.Header){
		"object": func(h *record.Header) { h.Object = record.ID{1} }, "kind": func(h *record.Header) { h.Kind = record.KindLink },
		"epoch": func(h *record.Header) { h.LogEpoch = 2 }, "lane": func(h *record.Header) { h.Lane = record.LaneState },
		"version": func(h *record.Header) { h.Version = 9 },
	} {
		lying := h
		change(&lying)
		header, err := record.EncodeHeader(lying)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := it.Open()
		if err != nil {
			t.Fatal(err)
		}
		block, _ := aes.NewCipher(it.Key)
		gcm, _ := cipher.NewGCM(block)
		bad := record.Item{Seq: 1, Header: header, Ciphertext: gcm.Seal(nil, make([]byte, gcm.NonceSize()), plain, header), Key: it.Key}
		var f journal.Frontier
		tree := nodes{f.Append(journal.LeafHash(bad.Leaf()))}
		p := &journal.Proof{
			Format: journal.ProofFormat, Seq: 1, Header: bad.Header, Ciphertext: bad.Ciphertext, Key: bad.Key,
			Attestation: attested(t, tree, 1, 1, a, b),
		}
		if _, err := p.Check(a, b); err == nil {
			t.Errorf("%s: still proved", name)
		}
	}
}

func FuzzProof(f *testing.F) {
	a, b := newKey(f, "k1"), newKey(f, "k2")
	good := encoded(f, made(f, a, b))
	f.Add(good)
	f.Add([]byte(`{"kuroshio_proof":2,"seq":1,"header":"","ciphertext":"","inclusion":[],"attestation":""}`))
	want := made(f, a, b)
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := journal.ParseProof(file)
		if err != nil {
			return
		}
		// Nobody has the keys but we: what is proved is what was logged, with its key or without.
		if _, err := p.Check(a, b); err == nil && (p.Seq != want.Seq || !bytes.Equal(p.Header, want.Header) || !bytes.Equal(p.Ciphertext, want.Ciphertext)) {
			t.Errorf("a file that nobody made proves: %s", file)
		}
	})
}
