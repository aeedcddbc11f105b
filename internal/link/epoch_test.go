// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// TestARestoredBackupGoesOnInANewEpoch plays a restored backup from its finding
// to the working link: nothing moves until a person at each side has agreed.
func TestARestoredBackupGoesOnInANewEpoch(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	put(a, 1, 5)
	put(b, 1, 4)
	waitQuiet(t, a, b)
	a.link.Stop()
	a.memory.Truncate(3)
	a.link.Resume()
	eventually(t, "the finding at both", func() bool { return len(a.Problems()) > 0 && len(b.Problems()) > 0 })
	if got, want := a.Problems()[0], link.ProblemLogBehind; got != want {
		t.Errorf("problem %q, want %q", got, want)
	}

	a.memory.Order() // a person at tw
	b.link.Resume()
	a.link.Resume()
	eventually(t, "the question to jp", func() bool { return slices.Contains(b.Problems(), link.ProblemReopen) })
	eventually(t, "both stopped", func() bool {
		return a.link.Status().State == link.Stopped && b.link.Status().State == link.Stopped
	})
	if n := len(b.memory.Taken()); n != 5 {
		t.Errorf("%d records held before anybody agreed, want the old 5", n)
	}

	b.memory.Agree() // a person at jp
	b.link.Resume()
	a.link.Resume()
	put(a, 6, 8)
	waitQuiet(t, a)
	if got := b.memory.Ended(); got != 5 {
		t.Errorf("%d records of the ended log are kept, want 5", got)
	}
	taken := b.memory.Taken() // the leaf that quotes, then the new records
	if len(taken) != 4 || linktest.Number(taken[1]) != 6 || linktest.Number(taken[3]) != 8 {
		t.Errorf("%d records in the new epoch, want the quote and 6 to 8", len(taken))
	}
	put(b, 5, 6)
	waitQuiet(t, b)
	checkTaken(t, a.memory, 6) // the other direction never broke
}

// TestANewEpochThatQuotesSomethingElseIsRefused forges the first leaf of a new
// epoch in each way.
func TestANewEpochThatQuotesSomethingElseIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(s *journal.Succession)
		want  link.Problem // empty: refused as out of order, and the session ends
	}{
		"a size that was not cosigned": {func(s *journal.Succession) { s.Size++ }, ""},
		"another root":                 {func(s *journal.Succession) { s.Root[0] ^= 1 }, ""},
		"nothing":                      {func(s *journal.Succession) { *s = journal.Succession{Root: make([]byte, 32)} }, link.ProblemRoot},
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := victim(t)
			b.memory.Agree() // even so
			h := attack(t, keys, b)
			h.open(link.Hello{})
			h.frame(h.records(1, 3, nil))
			var receipt []byte
			for receipt == nil {
				if f := <-h.frames; f.Ack != nil {
					receipt = f.Ack.Cosigned
				}
			}
			cp, err := journal.Unverified(receipt)
			if err != nil {
				t.Fatal(err)
			}
			quote := &journal.Succession{Epoch: cp.Epoch, Size: cp.Size, Root: slices.Clone(cp.Root[:]), Receipt: receipt}
			test.spoil(quote)
			first, err := quote.Leaf(2)
			if err != nil {
				t.Fatal(err)
			}
			h.frame(h.signed(2, []record.Item{*first}))
			h.stopped()
			if test.want != "" {
				eventually(t, "the problem", func() bool { return slices.Contains(b.Problems(), test.want) })
			} else {
				eventually(t, "the refusal", func() bool { return b.link.Status().Refusal == link.RefusedOrder })
			}
			if n := len(b.memory.Taken()); n != 3 || b.memory.Ended() != 0 {
				t.Errorf("%d records held, %d ended; want the old 3", n, b.memory.Ended())
			}
		})
	}
}

// signed returns a frame of those items as the whole log of that epoch.
func (h *hostile) signed(epoch uint32, items []record.Item) link.Frame {
	h.t.Helper()
	var f journal.Frontier
	for i := range items {
		f.Append(journal.LeafHash(items[i].Leaf()))
	}
	signer, err := h.keys.ReceiptSigner("jp")
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := journal.Sign(link.LogState{Epoch: epoch, Size: f.Size(), Root: f.Root()}, time.Now(), signer)
	if err != nil {
		h.t.Fatal(err)
	}
	return link.Frame{Records: &link.Records{Epoch: epoch, Items: items, Checkpoint: b}}
}
