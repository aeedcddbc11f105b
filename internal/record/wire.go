// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
)

// Header is what may be read of a sealed record without its key. It is the
// additional data of the encryption and part of the journal's leaf.
type Header struct {
	Version  uint8  `cbor:"1,keyasint"`
	Lane     Lane   `cbor:"2,keyasint"`
	Kind     Kind   `cbor:"3,keyasint"`
	Object   ID     `cbor:"4,keyasint"`
	LogEpoch uint32 `cbor:"5,keyasint"` // rises when a party starts its log anew
	Seq      uint64 `cbor:"6,keyasint"` // place in its lane, from 1
}

// EncodeHeader returns h in deterministic CBOR.
func EncodeHeader(h Header) ([]byte, error) { return encMode.Marshal(h) }

// DecodeHeader reads a header that came off a link.
func DecodeHeader(b []byte) (Header, error) {
	var h Header
	err := decMode.Unmarshal(b, &h)
	return h, err
}

// Item is one sealed record as it travels and rests. Ciphertext is AES-256-GCM
// of the encoded record under Key with an all-zero nonce (each key seals one
// record) and Header as additional data. At rest the key is wrapped apart;
// without it Header, Ciphertext and leaf stay valid and the content is gone.
type Item struct {
	Seq        uint64 `cbor:"1,keyasint"`
	Header     []byte `cbor:"2,keyasint"`
	Ciphertext []byte `cbor:"3,keyasint"`
	Key        []byte `cbor:"4,keyasint"`
}

// Leaf returns the data whose RFC 6962 leaf hash stands in the journal: the
// SHA-256 of header and ciphertext, each behind its length.
func (it *Item) Leaf() []byte {
	h := sha256.New()
	for _, part := range [][]byte{it.Header, it.Ciphertext} {
		var n [4]byte
		n[0], n[1], n[2], n[3] = byte(len(part)>>24), byte(len(part)>>16), byte(len(part)>>8), byte(len(part))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}

// Batch is a numbered group of states: the newest of each object that the
// receiver does not have yet.
type Batch struct {
	N     uint64 `cbor:"1,keyasint"`
	Items []Item `cbor:"2,keyasint"`
}

// Open decrypts the record.
func (it *Item) Open() ([]byte, error) {
	block, err := aes.NewCipher(it.Key)
	if err != nil {
		return nil, err
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, make([]byte, a.NonceSize()), it.Ciphertext, it.Header)
}
