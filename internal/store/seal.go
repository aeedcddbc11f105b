// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

const (
	keySize    = 32
	digestSize = sha256.Size
	maxHeader  = 128 // octets; ours are below 60
)

// aead returns the cipher of one record. Its nonce is all zero: each key seals
// one record.
func aead(key []byte) (cipher.AEAD, []byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, err
	}
	return a, make([]byte, a.NonceSize()), nil
}

// seal encrypts a record under a fresh key.
func seal(h record.Header, plain []byte) (*record.Item, error) {
	if len(plain) == 0 || len(plain) > record.MaxBytes {
		return nil, fmt.Errorf("seal record: %d octets, want 1 to %d", len(plain), record.MaxBytes)
	}
	header, err := record.EncodeHeader(h)
	if err != nil {
		return nil, fmt.Errorf("seal record: %w", err)
	}
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("seal record: draw key: %w", err)
	}
	a, nonce, err := aead(key)
	if err != nil {
		return nil, fmt.Errorf("seal record: %w", err)
	}
	return &record.Item{Seq: h.Seq, Header: header, Ciphertext: a.Seal(nil, nonce, plain, header), Key: key}, nil
}

// unseal decrypts what seal made, here or at the partner.
func unseal(header, ciphertext, key []byte) ([]byte, error) {
	it := record.Item{Header: header, Ciphertext: ciphertext, Key: key}
	return it.Open()
}

// checkItem tells why an item that came off a link cannot be read later. Its
// content is the engine's to judge.
func checkItem(it *record.Item, lane record.Lane, epoch uint32) error {
	h, err := record.DecodeHeader(it.Header)
	switch {
	case err != nil:
		return fmt.Errorf("header: %w", err)
	case h.Version != record.Protocol || h.Lane != lane || h.Kind.Lane() != lane || h.Object.IsZero():
		return errors.New("header out of range")
	case h.Seq != it.Seq:
		return errors.New("header is of another place")
	case lane == record.LaneRecord && h.LogEpoch != epoch:
		return errors.New("header is of another epoch")
	case len(it.Key) != keySize:
		return errors.New("no key")
	}
	if _, err := unseal(it.Header, it.Ciphertext, it.Key); err != nil {
		return errors.New("key does not open it")
	}
	return nil
}

// checkSize refuses what cannot even be kept as a leaf.
func checkSize(it *record.Item) error {
	const maxCiphertext = record.MaxBytes + 16 // with the tag of AES-GCM
	if len(it.Header) > maxHeader || len(it.Ciphertext) > maxCiphertext || len(it.Key) > keySize {
		return fmt.Errorf("%w: header %d, content %d, key %d octets", record.ErrMalformed, len(it.Header), len(it.Ciphertext), len(it.Key))
	}
	return nil
}

// batchHash is what a digest covers for one batch of states.
func batchHash(b *record.Batch) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, b.N))
	for i := range b.Items {
		h.Write(b.Items[i].Leaf())
	}
	return h.Sum(nil)
}

// A digest is a leaf of the record lane that covers the batches of states
// first to last. It is told from a record by its lane and its lack of a kind;
// its "ciphertext" is SHA-256 over the hashes of the batches.
func digestHeader(epoch uint32, seq, first, last uint64) record.Header {
	h := record.Header{Version: record.Protocol, Lane: record.LaneState, LogEpoch: epoch, Seq: seq}
	binary.BigEndian.PutUint64(h.Object[:8], first)
	binary.BigEndian.PutUint64(h.Object[8:], last)
	return h
}

// digestRange returns the batches that an item covers; ok is false when it is
// no digest.
func digestRange(it *record.Item) (first, last uint64, ok bool) {
	h, err := record.DecodeHeader(it.Header)
	if err != nil || h.Lane != record.LaneState || h.Kind != 0 || len(it.Ciphertext) != digestSize || len(it.Key) != 0 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(h.Object[:8]), binary.BigEndian.Uint64(h.Object[8:]), true
}
