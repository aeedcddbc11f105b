// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
)

// The kinds of a recall. Both travel in the record lane, in order with what
// they are about.
const (
	KindRecall        Kind = 14 // the originator takes back what it told
	KindRecallReceipt Kind = 15 // what became of it at the receiver
)

// Recall takes back what the originator told the receiver before. It says
// neither why nor by which rule: that stays home.
type Recall struct {
	Records []ID   `cbor:"1,keyasint,omitempty" json:"records,omitempty"` // of the record lane, by the record's id
	Objects []Past `cbor:"2,keyasint,omitempty" json:"objects,omitempty"` // of the state lane, by object
	All     bool   `cbor:"3,keyasint,omitempty" json:"all,omitempty"`     // and whatever else the originator told before this record
}

// Past is everything told of one object of the state lane up to an epoch.
type Past struct {
	Object ID     `cbor:"1,keyasint" json:"object"`
	Epoch  uint32 `cbor:"2,keyasint" json:"epoch"`
}

// RecallReceipt is the receiver's answer to one Recall. As each record it is a
// leaf of the sender's log, whose root the sender signs.
type RecallReceipt struct {
	Recall  ID           `cbor:"1,keyasint" json:"recall"` // id of the record that it answers
	Gone    []ID         `cbor:"2,keyasint,omitempty" json:"gone,omitempty"`
	Objects []ID         `cbor:"3,keyasint,omitempty" json:"objects,omitempty"` // gone
	Kept    []KeptRecord `cbor:"4,keyasint,omitempty" json:"kept,omitempty"`    // sealed as evidence
	Unknown []ID         `cbor:"5,keyasint,omitempty" json:"unknown,omitempty"` // not held: never received, or gone before
	Others  uint32       `cbor:"6,keyasint,omitempty" json:"others,omitempty"`  // gone besides, that the Recall did not name
}

// KeptRecord is a recalled record that only supervisor and auditor may still
// read, and why.
type KeptRecord struct {
	ID     ID     `cbor:"1,keyasint" json:"id"`
	Reason string `cbor:"2,keyasint" json:"reason"` // one of KeptReasons
}

// KeptReasons lists what a recalled record may have been relied on for.
func KeptReasons() []string { return []string{"accept", "assume", "distress"} }

// MaxRecalled is how many records, and how many objects, one Recall names.
const MaxRecalled = maxList

func (r *Recall) validate() error {
	if len(r.Records)+len(r.Objects) == 0 && !r.All {
		return errors.New("recall of nothing")
	}
	if max(len(r.Records), len(r.Objects)) > maxList {
		return errors.New("list too long")
	}
	objects := make([]ID, 0, len(r.Objects))
	for _, p := range r.Objects {
		objects = append(objects, p.Object)
	}
	return errors.Join(distinct(r.Records), distinct(objects))
}

func (r *RecallReceipt) validate() error {
	if r.Recall.IsZero() {
		return errors.New("no id")
	}
	if max(len(r.Gone), len(r.Objects), len(r.Kept), len(r.Unknown)) > maxList {
		return errors.New("list too long")
	}
	named := slices.Concat(r.Gone, r.Unknown)
	for _, k := range r.Kept {
		if !slices.Contains(KeptReasons(), k.Reason) {
			return fmt.Errorf("reason %q unknown", k.Reason)
		}
		named = append(named, k.ID)
	}
	return errors.Join(distinct(r.Objects), distinct(named))
}

// distinct refuses ids that are absent or come twice.
func distinct(list []ID) error {
	sorted := slices.SortedFunc(slices.Values(list), ID.Compare)
	for i, id := range sorted {
		if id.IsZero() {
			return errors.New("no id")
		}
		if i > 0 && sorted[i-1] == id {
			return errors.New("id twice")
		}
	}
	return nil
}
