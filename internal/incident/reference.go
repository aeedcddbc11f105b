// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// letters are told apart by ear when their names are spoken in Chinese,
// Japanese or English: no two rhyme, none sounds like a digit (Q is kyū, nine)
// and none is a pair that one of the languages merges (B and V, L and R, M and
// N).
const letters = "FKMRUWXY"

// Reference returns the spoken reference of a joint incident, such as "K-417":
// it follows from the smallest of the ids alone, so that both sides of a link,
// who know the same ids, say the same. It is "" for no ids. Two incidents have
// the same one with a chance of 1 in 8,000.
func Reference(refs []record.Ref) string {
	if len(refs) == 0 {
		return ""
	}
	least := slices.MinFunc(refs, compareRefs)
	sum := sha256.Sum256(append([]byte(string(least.Originator)+"\x00"), least.ID[:]...))
	n := binary.BigEndian.Uint64(sum[:8])
	return fmt.Sprintf("%c-%03d", letters[n%uint64(len(letters))], n/uint64(len(letters))%1000)
}

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Originator, b.Originator), bytes.Compare(a.ID[:], b.ID[:]))
}

// Refs returns the joint incident as it is known on the link to a partner,
// sorted: the partner's ids, and ours where a link was said or told, or where
// the partner has no part. An incident that rests on other partners' words
// alone has none.
func (b *Book) Refs(n Number, to party.ID) []record.Ref {
	inc := b.resolve(n)
	if inc == nil {
		return nil
	}
	return b.refs(inc, to)
}

func (b *Book) refs(inc *Incident, to party.ID) []record.Ref {
	var refs []record.Ref
	for _, p := range inc.Partner {
		if p.Party == to {
			refs = insert(refs, record.Ref{Originator: to, ID: p.ID}, compareRefs)
		}
	}
	for _, l := range inc.Links {
		if l.Party == to && (l.Told || !l.Kept) {
			refs = insert(refs, record.Ref{Originator: to, ID: l.Theirs}, compareRefs)
			refs = insert(refs, b.ownRef(to, l.Ours), compareRefs)
		}
	}
	if len(refs) == 0 && inc.ownEvidence() {
		refs = append(refs, b.ownRef(to, inc.Number))
	}
	return refs
}

func (b *Book) ownRef(to party.ID, n Number) record.Ref {
	return record.Ref{Originator: b.cfg.Self, ID: b.cfg.IDs(to, record.KindIncident, uint64(n))}
}

// refer sets the spoken references of an incident.
func (b *Book) refer(inc *Incident) {
	parties := slices.Clone(b.cfg.Partners)
	for _, p := range inc.Partner {
		parties = append(parties, p.Party)
	}
	for _, l := range inc.Links {
		parties = append(parties, l.Party)
	}
	slices.Sort(parties)
	inc.References = nil
	for _, p := range slices.Compact(parties) {
		if ref := Reference(b.refs(inc, p)); ref != "" {
			inc.References = append(inc.References, SpokenReference{p, ref})
		}
	}
}
