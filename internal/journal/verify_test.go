// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// rows is a store in memory with one log.
type rows struct {
	log   journal.Log
	rows  []journal.Row
	notes [][]byte
	own   key
	other key
	seen  map[string]journal.LogState
	gone  bool
}

func (r *rows) Logs(context.Context) ([]journal.Log, error) { return []journal.Log{r.log}, nil }

func (r *rows) Rows(_ context.Context, _ journal.Log, fn func(journal.Row) error) error {
	for _, row := range r.rows {
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) Checkpoints(context.Context, journal.Log) ([][]byte, error) { return r.notes, nil }

func (r *rows) Verifiers(party.ID) (own, theirs note.Verifiers, err error) {
	if r.gone {
		return nil, nil, journal.ErrNoKeys
	}
	return r.own.Verifiers, r.other.Verifiers, nil
}

func (r *rows) SetWitness(log string, s journal.LogState) error { r.seen[log] = s; return nil }

func (r *rows) DropWitness(log string) error { delete(r.seen, log); return nil }

func (r *rows) Witness(log string) (journal.LogState, bool, error) {
	s, ok := r.seen[log]
	return s, ok, nil
}

func row(t testing.TB, d journal.Direction, seq uint64, text string) journal.Row {
	t.Helper()
	if d == journal.Audit {
		return journal.Row{Seq: seq, Header: []byte(text)}
	}
	h, err := record.EncodeHeader(record.Header{Version: 1, Lane: record.LaneRecord, Kind: record.KindIncident, LogEpoch: 1, Seq: seq})
	if err != nil {
		t.Fatal(err)
	}
	return journal.Row{Seq: seq, Header: h, Ciphertext: []byte(text)}
}

// fill makes a log of n entries with a checkpoint each five and a witness.
func fill(t testing.TB, d journal.Direction, n int) *rows {
	t.Helper()
	r := &rows{own: newKey(t, "own"), other: newKey(t, "other"), seen: map[string]journal.LogState{}}
	r.log = journal.Log{Partner: "jp", Direction: d, State: journal.LogState{Epoch: 1, Root: new(journal.Frontier).Root()}}
	if d == journal.Audit {
		r.log.Partner = ""
	}
	var f journal.Frontier
	for i := range n {
		x := row(t, d, uint64(i)+1, fmt.Sprintf("record %d", i))
		x.Nodes = f.Append(x.Leaf(d))
		r.rows = append(r.rows, x)
		r.log.State = journal.LogState{Epoch: 1, Size: f.Size(), Root: f.Root()}
		if f.Size()%5 == 0 {
			r.notes = append(r.notes, checkpoint(t, r, d))
			r.log.Cosigned = f.Size()
		}
	}
	if err := r.SetWitness(r.log.Name(), r.log.State); err != nil {
		t.Fatal(err)
	}
	return r
}

func checkpoint(t testing.TB, r *rows, d journal.Direction) []byte {
	t.Helper()
	sender, receiver := r.own, r.other
	if d == journal.Received {
		sender, receiver = r.other, r.own
	}
	signed, err := journal.Sign(r.log.State, now, sender)
	if err != nil {
		t.Fatal(err)
	}
	if d == journal.Audit {
		return signed
	}
	cosigned, err := journal.Cosign(signed, sender, r.log.State, receiver)
	if err != nil {
		t.Fatal(err)
	}
	return cosigned
}

func verify(t testing.TB, r *rows) journal.LogReport {
	t.Helper()
	rep, err := journal.Verify(t.Context(), r, r, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Logs) != 1 || rep.Verified != rep.Logs[0].Verified || rep.Verified != (len(rep.Logs[0].Problems) == 0) {
		t.Fatalf("report contradicts itself: %+v", rep)
	}
	return rep.Logs[0]
}

func TestVerifyFindsNothingWrongInAWholeLog(t *testing.T) {
	for _, d := range []journal.Direction{journal.Sent, journal.Received, journal.Audit} {
		for _, n := range []int{0, 1, 5, 23} {
			rep := verify(t, fill(t, d, n))
			if !rep.Verified || rep.Size != uint64(n) || rep.CosignedSize != uint64(n/5*5) || rep.Checkpoints != n/5 {
				t.Errorf("%s log of %d: %+v", d, n, rep)
			}
		}
	}
}

func TestVerifyTellsWhenKeysAreGone(t *testing.T) {
	r := fill(t, journal.Sent, 7)
	r.gone = true
	if rep := verify(t, r); !rep.NoKeys || !rep.Verified {
		t.Errorf("without keys: %+v", rep)
	}
	r.rows[3].Ciphertext = []byte("other")
	if rep := verify(t, r); rep.Verified {
		t.Errorf("a change without keys was not found: %+v", rep)
	}
}

// rebuild makes the log consistent in itself, as a forger would who can write
// everything but signatures and the keystore.
func rebuild(r *rows) {
	var f journal.Frontier
	for i := range r.rows {
		r.rows[i].Nodes = f.Append(r.rows[i].Leaf(r.log.Direction))
	}
	r.log.State.Size, r.log.State.Root = f.Size(), f.Root()
}

func TestVerifyFindsEveryChange(t *testing.T) {
	renumber := func(t *testing.T, r *rows) {
		for i := range r.rows {
			text := string(r.rows[i].Ciphertext)
			if r.log.Direction == journal.Audit {
				text = string(r.rows[i].Header)
			}
			r.rows[i] = row(t, r.log.Direction, uint64(i)+1, text)
		}
		rebuild(r)
	}
	tests := map[string]struct {
		change func(t *testing.T, r *rows)
		want   string // part of a problem
	}{
		"one byte flipped": {func(_ *testing.T, r *rows) {
			r.rows[3].Header[len(r.rows[3].Header)-1] ^= 1
		}, "entry 4: content or order"},
		"one byte flipped, tree rebuilt": {func(t *testing.T, r *rows) {
			r.rows[3] = row(t, r.log.Direction, 4, "another text")
			rebuild(r)
		}, "checkpoint signed for size 5: root differs"},
		"one byte flipped after the last checkpoint, tree rebuilt": {func(t *testing.T, r *rows) {
			r.rows[21] = row(t, r.log.Direction, 22, "another text")
			rebuild(r)
		}, "witness in the keystore: root differs"},
		"a node flipped": {func(_ *testing.T, r *rows) {
			r.rows[3].Nodes[1][0] ^= 1
		}, "entry 4: nodes of the tree"},
		"one entry dropped": {func(_ *testing.T, r *rows) {
			r.rows = slices.Delete(r.rows, 7, 8)
		}, "entry 9 stands where 8 must be"},
		"one entry dropped, renumbered and rebuilt": {func(t *testing.T, r *rows) {
			r.rows = slices.Delete(r.rows, 7, 8)
			renumber(t, r)
		}, "checkpoint signed for size 10: root differs"},
		"the last entry dropped": {func(_ *testing.T, r *rows) {
			r.rows = r.rows[:22]
		}, "head in the store is of 23 entries, but there are only 22"},
		"the last entry dropped and rebuilt": {func(_ *testing.T, r *rows) {
			r.rows = r.rows[:22]
			rebuild(r)
		}, "witness in the keystore is of 23 entries, but there are only 22"},
		"an entry added": {func(t *testing.T, r *rows) {
			r.rows = append(r.rows, row(t, r.log.Direction, 24, "forged"))
		}, "head in the store is of 23 entries, but there are 24"},
		"two entries swapped": {func(_ *testing.T, r *rows) {
			r.rows[8], r.rows[12] = r.rows[12], r.rows[8]
		}, "entry 13 stands where 9 must be"},
		"two entries swapped, renumbered and rebuilt": {func(t *testing.T, r *rows) {
			r.rows[8], r.rows[12] = r.rows[12], r.rows[8]
			renumber(t, r)
		}, "checkpoint signed for size 10: root differs"},
		"an old backup restored": {func(t *testing.T, r *rows) {
			old := fill(t, r.log.Direction, 12)
			r.rows, r.log = old.rows, old.log
			r.notes = r.notes[:2]
		}, "an old backup was restored"},
		"an old backup restored and gone on from": {func(t *testing.T, r *rows) {
			r.rows = r.rows[:12]
			for i := range 30 {
				r.rows = append(r.rows, row(t, r.log.Direction, uint64(13+i), fmt.Sprintf("new %d", i)))
			}
			rebuild(r)
			r.notes, r.log.Cosigned = r.notes[:2], 10
		}, "witness in the keystore: root differs"},
		"a receipt dropped": {func(_ *testing.T, r *rows) {
			r.notes = r.notes[:3]
		}, "the receipt is missing"},
		"a receipt forged": {func(t *testing.T, r *rows) {
			own, other := r.own, r.other
			r.own, r.other = newKey(t, "own"), newKey(t, "other")
			r.notes[3] = checkpoint(t, r, r.log.Direction)
			r.own, r.other = own, other
		}, "checkpoint 4: journal signature"},
		"the epoch changed": {func(_ *testing.T, r *rows) {
			r.log.State.Epoch = 2
		}, "epoch 1, want 2"},
		"a problem at intake": {func(_ *testing.T, r *rows) {
			r.log.Problems = []string{"digest of batches 3 to 4 differs"}
		}, "digest of batches 3 to 4 differs"},
	}
	for name, tt := range tests {
		for _, d := range []journal.Direction{journal.Sent, journal.Received, journal.Audit} {
			r := fill(t, d, 23)
			tt.change(t, r)
			rep := verify(t, r)
			if rep.Verified || !strings.Contains(strings.Join(rep.Problems, "\n"), tt.want) {
				t.Errorf("%s, %s: problems %q, want one with %q", d, name, rep.Problems, tt.want)
			}
			if len(rep.Problems) > 20 {
				t.Errorf("%s, %s: %d problems, want a bounded list", d, name, len(rep.Problems))
			}
		}
	}
}

func TestVerifyWithoutKeyringIsNoProof(t *testing.T) {
	rep, err := journal.Verify(t.Context(), fill(t, journal.Sent, 7), nil, nil)
	if err != nil || rep.Verified {
		t.Errorf("Verify without keys: %+v, %v", rep, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	r := fill(b, journal.Sent, 10000)
	b.ReportAllocs()
	for b.Loop() {
		if rep := verify(b, r); !rep.Verified {
			b.Fatal(rep.Problems)
		}
	}
	b.ReportMetric(float64(10000*b.N)/b.Elapsed().Seconds(), "records/s")
}
