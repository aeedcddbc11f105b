// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Direction says whose log it is.
type Direction string

// The directions.
const (
	Sent     Direction = "sent"     // ours towards the partner
	Received Direction = "received" // the partner's towards us, as we hold it
	Audit    Direction = "audit"    // our own acts; never leaves
)

// Log is one log as the rows state it.
type Log struct {
	Partner   party.ID // empty for the audit log
	Direction Direction
	State     LogState
	Cosigned  uint64   // size up to which the receiver has cosigned
	Ended     int      // running number of a log that a later one follows; 0 of the one in use
	Problems  []string // found when records were taken in
}

// Name tells the log from all others of the node, as a Witness keeps it.
func (l Log) Name() string {
	name := string(l.Partner) + "-" + string(l.Direction)
	if l.Direction == Audit {
		name = string(Audit)
	}
	if l.Ended > 0 {
		return fmt.Sprintf("%s/%d", name, l.Ended)
	}
	return name
}

// Row is one stored entry. Of an audit entry Header is the entry and Ciphertext
// is nil.
type Row struct {
	Seq        uint64 // from 1
	Header     []byte
	Ciphertext []byte
	Nodes      []Hash // what Frontier.Append returned
}

// Leaf returns the hash of the row's leaf, computed from its content.
func (r Row) Leaf(d Direction) Hash {
	if d == Audit {
		return LeafHash(r.Header)
	}
	it := record.Item{Header: r.Header, Ciphertext: r.Ciphertext}
	return LeafHash(it.Leaf())
}

// Reader reads the stored rows of one point in time. The store implements it.
type Reader interface {
	// Logs lists all logs, in order.
	Logs(ctx context.Context) ([]Log, error)
	// Rows hands the rows of a log to fn, in order.
	Rows(ctx context.Context, l Log, fn func(Row) error) error
	// Checkpoints lists the stored signed checkpoints of a log by size.
	Checkpoints(ctx context.Context, l Log) ([][]byte, error)
}

// Keyring gives the keys that checkpoints are verified with, old ones
// included. The keystore implements it.
type Keyring interface {
	// Verifiers returns our own and the partner's keys. It returns ErrNoKeys
	// when they were deleted; for the audit log partner is empty and theirs nil.
	Verifiers(partner party.ID) (own, theirs note.Verifiers, err error)
}

// Witness is a note of the largest head of each log that has been seen, kept
// apart from the store and its backups, so that a restored old backup shows.
type Witness interface {
	// SetWitness replaces the note of the log with that name.
	SetWitness(log string, s LogState) error
	// Witness returns the note; ok is false when there is none.
	Witness(log string) (s LogState, ok bool, err error)
	// DropWitness removes the note, of a log that has ended.
	DropWitness(log string) error
}

// ErrNoKeys tells that the keys of a partner were deleted (unpaired).
var ErrNoKeys = errors.New("journal keys were deleted")

// Report is the result of Verify.
type Report struct {
	Verified bool        `json:"verified"`
	Logs     []LogReport `json:"logs"`
}

// LogReport is the result for one log. Problems are for the auditor, in
// English; it is never null.
type LogReport struct {
	Partner      party.ID  `json:"partner,omitempty"`
	Direction    Direction `json:"direction"`
	Epoch        uint32    `json:"epoch"`
	Ended        int       `json:"ended,omitempty"` // running number of a log that a later one follows
	Size         uint64    `json:"size"`
	Root         string    `json:"root"` // hexadecimal, computed from the rows
	CosignedSize uint64    `json:"cosigned_size"`
	Checkpoints  int       `json:"checkpoints"`
	NoKeys       bool      `json:"no_keys,omitempty"` // signatures could not be checked: unpaired
	Verified     bool      `json:"verified"`
	Problems     []string  `json:"problems"`
	Notes        []string  `json:"notes,omitempty"` // what an auditor must know and is no fault of the rows
}

// maxProblems bounds the list of one log; one wrong row tends to show in many
// places.
const maxProblems = 20

func (r *LogReport) problem(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify recomputes each log from its rows and compares it with the stored
// head, every stored checkpoint and cosignature, and the witness. What does not
// hold is in the report; an error means that it could not be looked at. A nil
// Keyring leaves signatures unchecked, which is a problem; a nil Witness is
// passed over.
func Verify(ctx context.Context, r Reader, keys Keyring, w Witness) (Report, error) {
	logs, err := r.Logs(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("list journal logs: %w", err)
	}
	quotes, err := successions(ctx, r, logs)
	if err != nil {
		return Report{}, err
	}
	rep := Report{Verified: true, Logs: []LogReport{}}
	for i, l := range logs {
		lr, err := verifyLog(ctx, r, l, keys, w, quotes[i])
		if err != nil {
			return Report{}, fmt.Errorf("verify journal log %s: %w", l.Name(), err)
		}
		lr.Verified = len(lr.Problems) == 0
		rep.Verified = rep.Verified && lr.Verified
		rep.Logs = append(rep.Logs, lr)
	}
	return rep, nil
}

func verifyLog(ctx context.Context, r Reader, l Log, keys Keyring, w Witness, next *Succession) (LogReport, error) {
	rep := LogReport{
		Partner: l.Partner, Direction: l.Direction, Epoch: l.State.Epoch, Ended: l.Ended,
		Problems: append([]string{}, l.Problems...),
	}
	heads, err := signedHeads(ctx, r, l, keys, &rep)
	if err != nil {
		return rep, err
	}
	if w != nil {
		s, ok, err := w.Witness(l.Name())
		if err != nil {
			return rep, fmt.Errorf("read witness: %w", err)
		}
		if ok && s.Epoch >= l.State.Epoch { // one of an older epoch is of a log that has ended
			heads = append(heads, head{what: "witness in the keystore", LogState: s})
		}
	}
	heads = append(heads, head{what: "head in the store", LogState: l.State})
	if next != nil && next.Size > 0 && (l.Direction == Received || next.Size <= l.State.Size) {
		heads = append(heads, head{"what its successor quotes", LogState{next.Epoch, next.Size, Hash(next.Root)}, l.Direction == Sent})
	}
	f, err := walk(ctx, r, l, heads, &rep)
	if err != nil {
		return rep, err
	}
	rep.Size = f.Size()
	if next != nil && l.Direction == Sent && next.Size > rep.Size {
		rep.Notes = append(rep.Notes, fmt.Sprintf("%d entries that the partner has cosigned were lost here before the next log began", next.Size-rep.Size))
	}
	root := f.Root()
	rep.Root = hex.EncodeToString(root[:])
	for _, h := range heads {
		if h.Size > rep.Size {
			rep.problem("%s is of %d entries, but there are only %d: an old backup was restored, or entries are gone", h.what, h.Size, rep.Size)
		}
	}
	if l.State.Size < rep.Size {
		rep.problem("head in the store is of %d entries, but there are %d", l.State.Size, rep.Size)
	}
	if l.Cosigned > rep.CosignedSize {
		rep.problem("cosigned up to %d, but the receipt is missing", l.Cosigned)
	}
	return rep, nil
}

// successions returns, for each log, what the log that follows it quotes of it;
// nil where none follows or it quotes nothing (another pairing).
func successions(ctx context.Context, r Reader, logs []Log) ([]*Succession, error) {
	quotes := make([]*Succession, len(logs))
	for i, l := range logs {
		if l.Ended == 0 || i+1 == len(logs) {
			continue
		}
		next := logs[i+1]
		if next.Partner != l.Partner || next.Direction != l.Direction {
			continue
		}
		first := false
		err := r.Rows(ctx, next, func(row Row) error {
			if first {
				return errStop
			}
			first = true
			it := record.Item{Seq: row.Seq, Header: row.Header, Ciphertext: row.Ciphertext}
			if s, err := ReadSuccession(&it); err == nil {
				quotes[i] = s
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			return nil, fmt.Errorf("read journal log %s: %w", next.Name(), err)
		}
	}
	return quotes, nil
}

// errStop ends a reading of rows.
var errStop = errors.New("read enough")

// head is something that claims a root for a size.
type head struct {
	what string
	LogState
	lost bool // of a log that lost entries: that it differs is known to both sides
}

// signedHeads returns the stored checkpoints with checked signatures.
func signedHeads(ctx context.Context, r Reader, l Log, keys Keyring, rep *LogReport) ([]head, error) {
	notes, err := r.Checkpoints(ctx, l)
	if err != nil {
		return nil, err
	}
	var own, theirs note.Verifiers
	if keys != nil {
		own, theirs, err = keys.Verifiers(l.Partner)
		if err != nil && !errors.Is(err, ErrNoKeys) {
			return nil, err
		}
		if rep.NoKeys = err != nil; rep.NoKeys {
			own, theirs = nil, nil
		}
	} else if len(notes) > 0 {
		rep.problem("signatures were not checked: no keys given")
	}
	var heads []head
	for _, b := range notes {
		c, err := openAs(b, l.Direction, own, theirs)
		if err != nil {
			rep.problem("checkpoint %d: %v", rep.Checkpoints+1, err)
		} else {
			what := fmt.Sprintf("checkpoint signed for size %d", c.Size)
			heads = append(heads, head{what: what, LogState: c.LogState})
			rep.CosignedSize = max(rep.CosignedSize, c.Size)
		}
		rep.Checkpoints++
	}
	return heads, nil
}

func openAs(b []byte, d Direction, own, theirs note.Verifiers) (Checkpoint, error) {
	switch {
	case own == nil:
		return Unverified(b)
	case d == Audit:
		return Open(b, own)
	case d == Sent:
		return OpenCosigned(b, own, theirs)
	default:
		return OpenCosigned(b, theirs, own)
	}
}

// walk recomputes the tree and compares it with the heads on the way.
func walk(ctx context.Context, r Reader, l Log, heads []head, rep *LogReport) (*Frontier, error) {
	bySize := slices.Clone(heads)
	slices.SortStableFunc(bySize, func(a, b head) int {
		switch {
		case a.Size < b.Size:
			return -1
		case a.Size > b.Size:
			return 1
		}
		return 0
	})
	var f Frontier
	compare := func() {
		for len(bySize) > 0 && bySize[0].Size == f.Size() {
			h := bySize[0]
			bySize = bySize[1:]
			if h.Root != f.Root() && h.lost {
				rep.Notes = append(rep.Notes, fmt.Sprintf("entries up to %d differ from what the partner has cosigned: the log went on from an old backup", h.Size))
			} else if h.Root != f.Root() {
				rep.problem("%s: root differs from that of the entries", h.what)
			}
			if h.Epoch != l.State.Epoch {
				rep.problem("%s: epoch %d, want %d", h.what, h.Epoch, l.State.Epoch)
			}
		}
	}
	compare()
	changed := false // everything above a changed leaf differs too
	err := r.Rows(ctx, l, func(row Row) error {
		checkRow(l, row, f.Size()+1, rep)
		nodes := f.Append(row.Leaf(l.Direction))
		switch {
		case len(row.Nodes) == 0 || nodes[0] != row.Nodes[0]:
			rep.problem("entry %d: content or order was changed", row.Seq)
			changed = true
		case !changed && !slices.Equal(nodes, row.Nodes):
			rep.problem("entry %d: nodes of the tree were changed", row.Seq)
			changed = true
		}
		compare()
		return ctx.Err()
	})
	return &f, err
}

// checkRow compares a row with its place.
func checkRow(l Log, row Row, want uint64, rep *LogReport) {
	if row.Seq != want {
		rep.problem("entry %d stands where %d must be", row.Seq, want)
	}
	// A partner's malformed header was refused at intake and is no tampering.
	if l.Direction != Sent {
		return
	}
	h, err := record.DecodeHeader(row.Header)
	switch {
	case err != nil:
		rep.problem("entry %d: header: %v", row.Seq, err)
	case h.Seq != want:
		rep.problem("entry %d: header says %d", row.Seq, h.Seq)
	}
}
