// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// MaxAttested is how many leaves one attestation covers at most.
const MaxAttested = 4096

// Attestation is what both parties sign so that a third person can be shown what
// passed: the root of a tree (RFC 6962) over leaves First to Last of the
// sender's log and nothing before them. It is made only while both have declared
// in their joint plan that there may be proof. Its text differs from that of a
// checkpoint, so that neither can be taken for the other:
//
//	<name of the sender's journal key>
//	attest <first> <last>
//	<root, base64>
//	epoch <decimal>
//	time <milliseconds since 1970, decimal>
type Attestation struct {
	Origin      string
	Epoch       uint32
	First, Last uint64 // numbers of leaves, from 1
	Root        Hash
	Time        time.Time // the signer's claim, UTC, whole milliseconds
}

// Size returns how many leaves are covered.
func (a *Attestation) Size() uint64 { return a.Last - a.First + 1 }

// Same reports whether two attestations say the same of a log.
func (a *Attestation) Same(b *Attestation) bool {
	return a.Epoch == b.Epoch && a.First == b.First && a.Last == b.Last && a.Root == b.Root
}

func (a Attestation) text() string {
	return fmt.Sprintf("%s\nattest %d %d\n%s\nepoch %d\ntime %d\n", a.Origin, a.First, a.Last,
		base64.StdEncoding.EncodeToString(a.Root[:]), a.Epoch, a.Time.UnixMilli())
}

// ParseAttestation reads the text of an attestation. Each has one text; whatever
// differs from it is refused.
func ParseAttestation(text string) (Attestation, error) {
	a, err := parseAttestation(text)
	if err == nil && a.text() != text {
		err = errOneForm
	}
	if err != nil {
		return Attestation{}, fmt.Errorf("%w: attestation: %w", ErrMalformed, err)
	}
	return a, nil
}

func parseAttestation(text string) (Attestation, error) {
	h, err := parseHead(text)
	if err != nil {
		return Attestation{}, err
	}
	from, to, found := strings.Cut(strings.TrimPrefix(h.what, "attest "), " ")
	first, errFirst := strconv.ParseUint(from, 10, 62)
	last, errLast := strconv.ParseUint(to, 10, 62)
	if !found || errFirst != nil || errLast != nil || first == 0 || last < first || last-first >= MaxAttested {
		return Attestation{}, fmt.Errorf("leaves %q", h.what)
	}
	return Attestation{Origin: h.origin, Epoch: h.epoch, First: first, Last: last, Root: h.root, Time: h.time}, nil
}

// SignAttestation returns the sender's signed attestation; its origin is the
// signer's name.
func SignAttestation(a Attestation, now time.Time, sender note.Signer) ([]byte, error) {
	a.Origin, a.Time = sender.Name(), now
	b, err := note.Sign(&note.Note{Text: a.text()}, sender)
	if err != nil {
		return nil, fmt.Errorf("sign attestation: %w", err)
	}
	return b, nil
}

// OpenAttestation returns the attestation in a note that bears the sender's
// signature and no other.
func OpenAttestation(signed []byte, sender note.Verifiers) (Attestation, error) {
	_, a, err := openSender(signed, sender, 0, ParseAttestation)
	return a, err
}

// CosignAttestation adds the receiver's signature to a note that OpenAttestation
// takes, if it is of exactly the leaves that the receiver holds.
func CosignAttestation(signed []byte, sender note.Verifiers, held Attestation, receiver note.Signer) ([]byte, error) {
	n, a, err := openSender(signed, sender, 0, ParseAttestation)
	if err != nil {
		return nil, err
	}
	if !a.Same(&held) {
		return nil, fmt.Errorf("%w: leaves %d to %d of epoch %d", ErrRoot, a.First, a.Last, a.Epoch)
	}
	b, err := note.Sign(n, receiver)
	if err != nil {
		return nil, fmt.Errorf("cosign attestation: %w", err)
	}
	return b, nil
}

// OpenCosignedAttestation returns the attestation in a note that bears the
// signatures of sender and receiver and no other.
func OpenCosignedAttestation(cosigned []byte, sender, receiver note.Verifiers) (Attestation, error) {
	return openBoth(cosigned, sender, receiver, ParseAttestation)
}

// UnverifiedAttestation returns the attestation in a note whose signatures
// someone else has checked or will check.
func UnverifiedAttestation(signed []byte) (Attestation, error) {
	text, err := noteText(signed)
	if err != nil {
		return Attestation{}, err
	}
	return ParseAttestation(text)
}

// subtree returns leaves first to last of a log as a tree of their own.
func subtree(src Nodes, first, last uint64) (*leaves, error) {
	if err := sizes(first, last); err != nil {
		return nil, err
	}
	if first == 0 || last < first || last-first >= MaxAttested {
		return nil, fmt.Errorf("%w: leaves %d to %d", ErrMalformed, first, last)
	}
	t := &leaves{}
	for n := first; n <= last; n++ {
		nodes, err := src.Nodes(n - 1)
		if err != nil {
			return nil, err
		}
		if len(nodes) == 0 {
			return nil, fmt.Errorf("%w: leaf %d is missing", ErrMalformed, n)
		}
		t.nodes = append(t.nodes, t.frontier.Append(nodes[0]))
	}
	return t, nil
}

// leaves is a tree with all its nodes.
type leaves struct {
	frontier Frontier
	nodes    [][]Hash
}

// Nodes returns what Frontier.Append returned for leaf n, counted from 0.
func (t *leaves) Nodes(n uint64) ([]Hash, error) {
	if n >= uint64(len(t.nodes)) {
		return nil, fmt.Errorf("%w: leaf %d of %d", ErrMalformed, n, len(t.nodes))
	}
	return t.nodes[n], nil
}

// Attest returns what can be attested of leaves first to last, counted from 1,
// of a log of that epoch, without origin and time.
func Attest(src Nodes, epoch uint32, first, last uint64) (Attestation, error) {
	t, err := subtree(src, first, last)
	if err != nil {
		return Attestation{}, fmt.Errorf("attest leaves %d to %d: %w", first, last, err)
	}
	return Attestation{Epoch: epoch, First: first, Last: last, Root: t.frontier.Root()}, nil
}

// ProveAttested proves that leaf n, counted from 1, is among the leaves first to
// last (RFC 6962 §2.1.1 in the tree of these leaves alone).
func ProveAttested(src Nodes, first, last, n uint64) ([]Hash, error) {
	t, err := subtree(src, first, last)
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d: %w", n, err)
	}
	if n < first || n > last {
		return nil, fmt.Errorf("%w: leaf %d is not in %d to %d", ErrMalformed, n, first, last)
	}
	return ProveInclusion(t, last-first+1, n-first)
}
