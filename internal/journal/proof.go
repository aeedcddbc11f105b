// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Proof is all that a third person needs, beside the two parties' public keys,
// to see that the sender sent a record and that the receiver held it. It is made
// only where both have declared in their joint plan that it may be.
type Proof struct {
	Format      int      `json:"kuroshio_proof"` // ProofFormat
	Seq         uint64   `json:"seq"`            // place in the log, from 1
	Header      []byte   `json:"header"`
	Ciphertext  []byte   `json:"ciphertext"`
	Key         []byte   `json:"key,omitempty"` // opens the content; absent: proved is that something passed, not what
	Inclusion   [][]byte `json:"inclusion"`     // RFC 6962 §2.1.1, in the tree of the attested leaves
	Attestation string   `json:"attestation"`   // signed by the sender, cosigned by the receiver
}

// ProofFormat is the form of a proof that this program makes and reads.
//
//	1  2026-11-27  a cosigned checkpoint; not read any more: receipts convince the two parties alone
//	2  2026-11-29  an attestation
const ProofFormat = 2

// maxProof is the size of the largest file that is looked at.
const maxProof = 128 << 10

// Encode returns the proof as a file.
func (p *Proof) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode proof: %w", err)
	}
	return append(b, '\n'), nil
}

// ParseProof reads a file. Each proof has one form; whatever differs from it is
// refused.
func ParseProof(b []byte) (*Proof, error) {
	if len(b) > maxProof {
		return nil, fmt.Errorf("%w: proof of %d octets", ErrMalformed, len(b))
	}
	var p Proof
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%w: proof: %w", ErrMalformed, err)
	}
	if p.Format != ProofFormat {
		return nil, fmt.Errorf("%w: proof of format %d, this program reads %d", ErrMalformed, p.Format, ProofFormat)
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: proof is not in its one form", ErrMalformed)
	}
	return &p, nil
}

// oneForm refuses a note whose signatures are not in the one form of base64: the
// reader of notes overlooks the bits that do not count.
func oneForm(signed string) error {
	_, lines, _ := strings.Cut(signed, "\n\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
		if _, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndexByte(line, ' ')+1:]); err != nil {
			return fmt.Errorf("%w: not in its one form", ErrSignature)
		}
	}
	return nil
}

// Proved is what a proof shows.
type Proved struct {
	Attestation Attestation
	Header      record.Header
	Record      *record.Record // nil without the key
}

// Check checks a proof by the public keys of sender and receiver alone.
func (p *Proof) Check(sender, receiver note.Verifiers) (*Proved, error) {
	c, err := OpenCosignedAttestation([]byte(p.Attestation), sender, receiver)
	if err == nil {
		err = oneForm(p.Attestation)
	}
	if err != nil {
		return nil, err
	}
	h, err := record.DecodeHeader(p.Header)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	case p.Seq < c.First || h.Seq != p.Seq || h.LogEpoch != c.Epoch || h.Lane != record.LaneRecord || h.Version != record.Protocol:
		return nil, fmt.Errorf("%w: header is of another place", ErrMalformed)
	}
	it := record.Item{Seq: p.Seq, Header: p.Header, Ciphertext: p.Ciphertext, Key: p.Key}
	path := make([]Hash, len(p.Inclusion))
	for i, b := range p.Inclusion {
		if len(b) != len(Hash{}) {
			return nil, fmt.Errorf("%w: proof holds a hash of %d octets", ErrMalformed, len(b))
		}
		path[i] = Hash(b)
	}
	if err := CheckInclusion(path, c.Size(), c.Root, p.Seq-c.First, LeafHash(it.Leaf())); err != nil {
		return nil, fmt.Errorf("%w: record %d: %w", ErrRoot, p.Seq, err)
	}
	out := &Proved{Attestation: c, Header: h}
	if p.Key == nil {
		return out, nil
	}
	plain, err := it.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: key does not open the record", ErrMalformed)
	}
	if out.Record, err = record.Decode(plain); err != nil {
		return nil, err
	}
	if out.Record.Kind != h.Kind || out.Record.Object != h.Object {
		return nil, errors.Join(ErrMalformed, errors.New("content is not what the header says"))
	}
	return out, nil
}
