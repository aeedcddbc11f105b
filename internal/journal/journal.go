// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package journal is what makes the record of a link tamper-evident on both
// sides: an RFC 6962 tree for each partner and direction, whose leaf n is record
// n of the link, and one for the local audit log. The sender signs checkpoints;
// the receiver's cosignature on one is the receipt for everything up to it.
//
// It holds no rows and no keys, reads no clock and writes no file: rows come
// from a Reader, keys from a Keyring, the last known heads from a Witness. It
// does not look into records.
package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of the tree (RFC 6962 §2.1).
type Hash = [32]byte

// LogState is one journal log as its holder knows it.
type LogState struct {
	Epoch uint32
	Size  uint64
	Root  Hash // RFC 6962 tree head of the first Size leaves
}

// ErrMalformed is wrapped by the errors of everything that parses.
var ErrMalformed = errors.New("malformed journal data")

// LeafHash returns the hash of a leaf (RFC 6962 §2.1: SHA-256 over 0x00 and
// data). For a record of the link data is what record.Item.Leaf returns.
func LeafHash(data []byte) Hash { return tlog.RecordHash(data) }

// Frontier is the right edge of a growing tree: all that is needed to append
// and to know the root. The zero value is an empty tree.
type Frontier struct {
	size  uint64
	peaks []Hash // roots of the complete subtrees, largest first
}

// Size returns the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds a leaf hash and returns the nodes that it completes: the leaf
// itself, then each subtree whose last leaf it is, upwards. Whoever keeps them
// with the leaf can prove anything about the tree later; see Nodes.
func (f *Frontier) Append(leaf Hash) []Hash {
	done := []Hash{leaf}
	node := leaf
	for n := f.size; n&1 == 1; n >>= 1 {
		node = Hash(tlog.NodeHash(tlog.Hash(f.peaks[len(f.peaks)-1]), tlog.Hash(node)))
		f.peaks = f.peaks[:len(f.peaks)-1]
		done = append(done, node)
	}
	f.peaks = append(f.peaks, node)
	f.size++
	return done
}

// Root returns the tree head: the hash of an empty string for an empty tree.
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	root := f.peaks[len(f.peaks)-1]
	for i := len(f.peaks) - 2; i >= 0; i-- {
		root = Hash(tlog.NodeHash(tlog.Hash(f.peaks[i]), tlog.Hash(root)))
	}
	return root
}

// Marshal returns the frontier's peaks, 32 octets each.
func (f *Frontier) Marshal() []byte {
	b := make([]byte, 0, 32*len(f.peaks))
	for _, p := range f.peaks {
		b = append(b, p[:]...)
	}
	return b
}

// ParseFrontier reads what Marshal returned for a tree of size leaves.
func ParseFrontier(size uint64, b []byte) (Frontier, error) {
	f := Frontier{size: size}
	want := 0
	for n := size; n != 0; n &= n - 1 {
		want++
	}
	if len(b) != 32*want {
		return Frontier{}, fmt.Errorf("%w: frontier of %d octets for %d leaves", ErrMalformed, len(b), size)
	}
	for ; len(b) > 0; b = b[32:] {
		f.peaks = append(f.peaks, Hash(b[:32]))
	}
	return f, nil
}

// Nodes gives back what Frontier.Append returned for leaf n, counted from 0.
type Nodes interface {
	Nodes(n uint64) ([]Hash, error)
}

// NodesFunc is a function that is Nodes.
type NodesFunc func(n uint64) ([]Hash, error)

// Nodes calls f.
func (f NodesFunc) Nodes(n uint64) ([]Hash, error) { return f(n) }

// reader reads tlog's node numbers out of Nodes. A node of level l and place k
// was completed by leaf (k+1)·2^l−1.
func reader(src Nodes) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			level, k := tlog.SplitStoredHashIndex(x)
			nodes, err := src.Nodes(uint64((k+1)<<level - 1))
			if err != nil {
				return nil, err
			}
			if level >= len(nodes) {
				return nil, fmt.Errorf("%w: node %d of level %d is missing", ErrMalformed, k, level)
			}
			out[i] = tlog.Hash(nodes[level])
		}
		return out, nil
	}
}

func sizes(list ...uint64) error {
	for _, n := range list {
		if n > math.MaxInt64>>8 {
			return fmt.Errorf("%w: size %d", ErrMalformed, n)
		}
	}
	return nil
}

// RootAt returns the root that the tree had with size leaves.
func RootAt(src Nodes, size uint64) (Hash, error) {
	if err := sizes(size); err != nil {
		return Hash{}, err
	}
	h, err := tlog.TreeHash(int64(size), reader(src))
	if err != nil {
		return Hash{}, fmt.Errorf("compute root of %d leaves: %w", size, err)
	}
	return Hash(h), nil
}

// ProveInclusion proves that leaf n, counted from 0, is in the tree of size
// leaves (RFC 6962 §2.1.1).
func ProveInclusion(src Nodes, size, n uint64) ([]Hash, error) {
	if err := sizes(size, n); err != nil {
		return nil, err
	}
	p, err := tlog.ProveRecord(int64(size), int64(n), reader(src))
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d of %d: %w", n, size, err)
	}
	return fromTlog(p), nil
}

// CheckInclusion checks a proof that leaf n has hash leaf in the tree of size
// leaves with that root.
func CheckInclusion(proof []Hash, size uint64, root Hash, n uint64, leaf Hash) error {
	if err := sizes(size, n); err != nil {
		return err
	}
	return tlog.CheckRecord(tlog.RecordProof(toTlog(proof)), int64(size), tlog.Hash(root), int64(n), tlog.Hash(leaf))
}

// ProveConsistency proves that the tree of size leaves continues the one of old
// leaves (RFC 6962 §2.1.2).
func ProveConsistency(src Nodes, size, old uint64) ([]Hash, error) {
	if err := sizes(size, old); err != nil {
		return nil, err
	}
	p, err := tlog.ProveTree(int64(size), int64(old), reader(src))
	if err != nil {
		return nil, fmt.Errorf("prove %d leaves continue %d: %w", size, old, err)
	}
	return fromTlog(p), nil
}

// CheckConsistency checks a proof that the tree of size leaves with that root
// continues the one of old leaves with oldRoot.
func CheckConsistency(proof []Hash, size uint64, root Hash, old uint64, oldRoot Hash) error {
	if err := sizes(size, old); err != nil {
		return err
	}
	return tlog.CheckTree(tlog.TreeProof(toTlog(proof)), int64(size), tlog.Hash(root), int64(old), tlog.Hash(oldRoot))
}

func fromTlog(p []tlog.Hash) []Hash {
	out := make([]Hash, len(p))
	for i, h := range p {
		out[i] = Hash(h)
	}
	return out
}

func toTlog(p []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(p))
	for i, h := range p {
		out[i] = tlog.Hash(h)
	}
	return out
}
