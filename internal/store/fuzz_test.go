// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

// samples are items as partners may send them.
func samples(t testing.TB) (b *storetest.Node, items []record.Item) {
	t.Helper()
	a, b := start(t)
	a.Put(t, storetest.Incident("jp", 1), storetest.State("jp", 2, 0))
	items, err := a.Records(t.Context(), "jp", 0, 1)
	must(t, err)
	states, err := a.States(t.Context(), "jp", 1)
	must(t, err)
	digest, err := record.EncodeHeader(record.Header{Version: 1, Lane: record.LaneState, LogEpoch: 1, Seq: 1, Object: record.ID{7: 1, 15: 200, 8: 255}})
	must(t, err)
	return b, append(items, states.Items[0], record.Item{Header: digest, Ciphertext: make([]byte, 32)}, record.Item{})
}

// FuzzItem holds that what is taken as readable was sealed under its key for
// its place, and that nothing panics.
func FuzzItem(f *testing.F) {
	_, items := samples(f)
	for _, it := range items {
		f.Add(it.Seq, it.Header, it.Ciphertext, it.Key)
	}
	f.Fuzz(func(t *testing.T, seq uint64, header, ciphertext, key []byte) {
		it := record.Item{Seq: seq, Header: header, Ciphertext: ciphertext, Key: key}
		for _, lane := range []record.Lane{record.LaneRecord, record.LaneState} {
			digest, err := store.CheckItem(&it, lane, 1)
			if err != nil {
				continue
			}
			h, herr := record.DecodeHeader(header)
			if herr != nil || len(header) > 128 || (!digest && (h.Seq != seq || h.Lane != lane || len(key) != 32)) {
				t.Errorf("taken with header %+v (%v), lane %d, key of %d octets", h, herr, lane, len(key))
			}
		}
	})
}

// TestNothingThatAPartnerSendsMakesTheStoreFail changes items at will: each is
// refused, or becomes a leaf, and the journal verifies.
func TestNothingThatAPartnerSendsMakesTheStoreFail(t *testing.T) {
	b, items := samples(t)
	rapid.Check(t, func(rt *rapid.T) {
		it := rapid.SampledFrom(items).Draw(rt, "item")
		for _, part := range []*[]byte{&it.Header, &it.Ciphertext, &it.Key} {
			*part = spoil(rt, *part)
		}
		held, err := b.Received(t.Context(), "tw")
		must(t, err)
		it.Seq = held.Size + rapid.Uint64Range(0, 2).Draw(rt, "place")
		after, err := b.TakeRecords(t.Context(), "tw", 1, []record.Item{it})
		switch {
		case err == nil && after.Size == max(held.Size, it.Seq):
		case errors.Is(err, record.ErrMalformed) || errors.Is(err, store.ErrGap):
		default:
			rt.Fatalf("take record %d after %d: %d, %v", it.Seq, held.Size, after.Size, err)
		}
		n := rapid.Uint64().Draw(rt, "batch") >> rapid.IntRange(0, 63).Draw(rt, "shift")
		err = b.TakeStates(t.Context(), "tw", &record.Batch{N: n, Items: []record.Item{it}})
		if err != nil && !errors.Is(err, record.ErrMalformed) {
			rt.Fatal(err)
		}
		if _, err := b.Tape(t.Context()); err != nil {
			rt.Fatal(err)
		}
	})
	rep, err := b.Verify(t.Context(), b.Keys)
	must(t, err)
	for _, p := range rep.Logs[0].Problems {
		// What is the partner's doing is told, and nothing else.
		if !strings.HasPrefix(p, "digest") && !strings.HasPrefix(p, "batches") {
			t.Error(p)
		}
	}
}

// spoil leaves b as it is, changes an octet, cuts it, or replaces it.
func spoil(rt *rapid.T, b []byte) []byte {
	b = slices.Clone(b)
	switch rapid.IntRange(0, 5).Draw(rt, "spoil") {
	case 0:
		return rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(rt, "other")
	case 1:
		if len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] ^= rapid.ByteRange(1, 255).Draw(rt, "bits")
		}
	case 2:
		return b[:rapid.IntRange(0, len(b)).Draw(rt, "cut")]
	}
	return b
}
