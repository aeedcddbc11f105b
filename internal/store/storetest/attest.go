// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Attest does what a link does once records are receipted: both sides sign what
// may be attested of the log of a towards b.
func Attest(ctx context.Context, a, b *Node) error {
	sign, err := a.Keys.JournalSigner(b.Self)
	if err != nil {
		return err
	}
	cosign, err := b.Keys.JournalSigner(a.Self)
	if err != nil {
		return err
	}
	_, sender, err := b.Keys.Current(a.Self)
	if err != nil {
		return err
	}
	for last := uint64(0); ; {
		next, err := a.Unattested(ctx, b.Self)
		if err != nil || next == nil {
			return err
		}
		if next.First <= last {
			return fmt.Errorf("leaf %d is to be attested after leaf %d was", next.First, last)
		}
		last = next.First
		held, first, err := b.Attestable(ctx, a.Self, next.First, next.Last)
		switch {
		case err != nil:
			return err
		case held == nil && first <= next.First:
			return nil // the receiver has declared nothing
		case held == nil:
			if err := a.AttestFrom(ctx, b.Self, first); err != nil {
				return err
			}
			continue
		}
		signed, err := journal.SignAttestation(*next, Now(), sign)
		if err != nil {
			return err
		}
		cosigned, err := journal.CosignAttestation(signed, sender, *held, cosign)
		if err != nil {
			return err
		}
		if err := errors.Join(b.KeepAttested(ctx, a.Self, cosigned), a.Attested(ctx, b.Self, cosigned)); err != nil {
			return err
		}
	}
}

// declare commits that both sides do or do not declare that there may be proof,
// with records of the same outcome.
func (n *Node) declare(t testing.TB, with party.ID, is bool, out ...Record) {
	t.Helper()
	n.tape++
	must(t, n.d.Commit(context.Background(), n.Store, store.Commit{Tape: n.tape, Now: Now(), Declared: map[party.ID]bool{with: is}}, out))
}

// proves compares which records of the log of a towards b both sides can prove.
func proves(t testing.TB, a, b *Node, total uint64, want ...uint64) {
	t.Helper()
	for _, n := range []*Node{a, b} {
		partner, way := b.Self, journal.Sent
		if n == b {
			partner, way = a.Self, journal.Received
		}
		var got []uint64
		for seq := uint64(1); seq <= total; seq++ {
			p, err := n.Prove(t.Context(), partner, way, seq, false)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			must(t, err)
			checked(t, n, p, partner, way)
			got = append(got, seq)
		}
		equal(t, fmt.Sprintf("what %s can prove", n.Self), got, want)
	}
}

// checked checks a proof by the two public keys alone.
func checked(t testing.TB, n *Node, p *journal.Proof, partner party.ID, way journal.Direction) *journal.Proved {
	t.Helper()
	own, theirs, err := n.Keys.Current(partner)
	must(t, err)
	if way == journal.Received {
		own, theirs = theirs, own
	}
	got, err := p.Check(own, theirs)
	must(t, err)
	equal(t, "the place that is proved", got.Header.Seq, p.Seq)
	return got
}

// Only what was put into the log while both sides declared it can be proved.
func provedOnlyWhereDeclared(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	through := func() {
		t.Helper()
		must(t, Deliver(t.Context(), a, b))
		must(t, Attest(t.Context(), a, b))
	}
	a.Put(t, Incident("jp", 1))
	through()
	proves(t, a, b, 1)
	a.declare(t, "jp", true, Incident("jp", 2)) // sent by the outcome that begins it: not yet
	a.Put(t, Incident("jp", 3))
	through()
	proves(t, a, b, 3) // the receiver has not declared it
	b.declare(t, "tw", true)
	a.Put(t, Incident("jp", 4))
	through()
	proves(t, a, b, 4, 4)
	a.declare(t, "jp", true) // said again, as after a start
	a.Put(t, Incident("jp", 5), Incident("jp", 6))
	through()
	a.Reopen(t)
	b.Reopen(t)
	proves(t, a, b, 6, 4, 5, 6)
	a.Put(t, Incident("jp", 7))
	must(t, Deliver(t.Context(), a, b))
	a.declare(t, "jp", false, Incident("jp", 8))
	through()
	proves(t, a, b, 8, 4, 5, 6) // 7 was not attested when it ended
	a.declare(t, "jp", true)
	b.declare(t, "tw", false)
	a.Put(t, Incident("jp", 9))
	through()
	proves(t, a, b, 9, 4, 5, 6)
	b.declare(t, "tw", true)
	a.Put(t, Incident("jp", 10))
	through()
	proves(t, a, b, 10, 4, 5, 6, 10)
	verified(t, a, b)
}

// What is attested must be of the log, and long stretches come in parts.
func attestationsChecked(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	for i := range 3 {
		a.Put(t, Incident("jp", i))
	}
	must(t, Deliver(t.Context(), a, b))
	sign, err := a.Keys.JournalSigner("jp")
	must(t, err)
	of := func(change func(*journal.Attestation)) []byte {
		root, err := a.SentAt(t.Context(), "jp", 3)
		must(t, err)
		x := journal.Attestation{Epoch: 1, First: 1, Last: 3, Root: root}
		change(&x)
		signed, err := journal.SignAttestation(x, Now(), sign)
		must(t, err)
		return signed
	}
	refused(t, "where nothing is declared", a.Attested(t.Context(), "jp", of(func(*journal.Attestation) {})), journal.ErrRoot)
	a.declare(t, "jp", true)
	b.declare(t, "tw", true)
	for what, change := range map[string]func(*journal.Attestation){
		"another root": func(x *journal.Attestation) { x.Root[0] ^= 1 }, "another epoch": func(x *journal.Attestation) { x.Epoch++ },
	} {
		refused(t, what, a.Attested(t.Context(), "jp", of(change)), journal.ErrRoot)
		refused(t, what+", received", b.KeepAttested(t.Context(), "tw", of(change)), journal.ErrRoot)
	}
	refused(t, "beyond the log", a.Attested(t.Context(), "jp", of(func(x *journal.Attestation) { x.Last = 4 })), store.ErrNotFound)
	refused(t, "no attestation", a.Attested(t.Context(), "jp", []byte("yes")), journal.ErrMalformed)
	_, _, err = b.Attestable(t.Context(), "tw", 1, 4)
	refused(t, "leaves that are not held", err, journal.ErrRoot)
	held, first, err := b.Attestable(t.Context(), "tw", 3, 3)
	must(t, err)
	if held != nil || first != 4 {
		t.Errorf("leaves from before the declaration: %v, begins at %d, want none and 4", held, first)
	}
	must(t, a.AttestFrom(t.Context(), "jp", 1<<62)) // no further than the end
	a.Put(t, Incident("jp", 3))
	must(t, Deliver(t.Context(), a, b))
	must(t, Attest(t.Context(), a, b))
	proves(t, a, b, 4, 4)
}
