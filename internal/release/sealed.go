// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package release decides what leaves this node: deny by default, never finer
// or sooner than the policy says. It makes the only thing that can be sent
// (Sealed) and sends nothing itself.
package release

import (
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Sealed is a record on its way to one partner. Only this package can make
// one; there is no other way to the link.
type Sealed struct {
	to     party.ID
	kind   record.Kind
	id     record.ID
	object record.ID
	plain  []byte
}

// To returns the partner.
func (s Sealed) To() party.ID { return s.to }

// Kind returns the record's kind.
func (s Sealed) Kind() record.Kind { return s.kind }

// Lane returns the record's lane.
func (s Sealed) Lane() record.Lane { return s.kind.Lane() }

// ID returns the record's id, as the partner knows it.
func (s Sealed) ID() record.ID { return s.id }

// Object returns the id of what the record is about, as the partner knows it.
func (s Sealed) Object() record.ID { return s.object }

// Plain returns the encoded record. The outbox encrypts it.
func (s Sealed) Plain() []byte { return s.plain }
