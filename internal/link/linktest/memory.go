// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package linktest holds what tests of links need: an outbox and inbox in
// memory, keys in memory, a line with faults, and the contract that every
// outbox and inbox must keep. It is for tests alone.
package linktest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Memory is an outbox and an inbox for one partner, in memory. It keeps the
// contract of Test; nothing survives it.
type Memory struct {
	mu   sync.Mutex
	fail error

	epoch     uint32
	out       []record.Item
	sent      log
	acked     uint64
	receipt   []byte
	pending   map[record.ID][]byte // states not in a batch yet
	inFlight  *record.Batch
	lastBatch uint64

	in           []record.Item
	received     log
	heldEpoch    uint32
	checkpoint   []byte
	states       map[record.ID][]byte
	statesHeld   uint64
	batchesTaken int
	duplicates   int

	attestOut, attestIn uint64   // first leaf that may be attested, 0 for none
	attested, kept      [][]byte // attestations of our log, and of the partner's

	ordered, agreed bool
	ended           []record.Item
	share           int
}

// log is a tree with all its nodes.
type log struct {
	frontier journal.Frontier
	nodes    [][]journal.Hash
}

func (l *log) append(it *record.Item) {
	l.nodes = append(l.nodes, l.frontier.Append(journal.LeafHash(it.Leaf())))
}

// Nodes implements journal.Nodes.
func (l *log) Nodes(n uint64) ([]journal.Hash, error) {
	if n >= uint64(len(l.nodes)) {
		return nil, errors.New("no such leaf")
	}
	return l.nodes[n], nil
}

// NewMemory returns an empty outbox and inbox whose log has that epoch.
func NewMemory(epoch uint32) *Memory {
	return &Memory{epoch: epoch, share: -1, pending: make(map[record.ID][]byte), states: make(map[record.ID][]byte)}
}

// Fail makes every call fail with err, or work again with nil.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// AddRecord puts a record into the outbox. The body is not encrypted: that is
// for the store to test.
func (m *Memory) AddRecord(body []byte) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := uint64(len(m.out)) + 1
	it := item(record.LaneRecord, record.KindIncident, record.ID{1}, m.epoch, seq, body)
	m.out = append(m.out, it)
	m.sent.append(&it)
	return seq
}

// AddState makes body the newest state of an object.
func (m *Memory) AddState(object record.ID, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending[object] = body
}

func item(lane record.Lane, kind record.Kind, object record.ID, epoch uint32, seq uint64, body []byte) record.Item {
	header, err := record.EncodeHeader(record.Header{
		Version: record.Protocol, Lane: lane, Kind: kind, Object: object, LogEpoch: epoch, Seq: seq,
	})
	if err != nil {
		panic(err) // a header always encodes
	}
	return record.Item{Seq: seq, Header: header, Ciphertext: body, Key: make([]byte, 32)}
}

// Truncate makes the outbox forget all records after size, as the restoring of
// an old backup does.
func (m *Memory) Truncate(size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out = m.out[:size]
	m.sent = log{}
	for i := range m.out {
		m.sent.append(&m.out[i])
	}
}

// Taken returns the bodies of the records in the inbox, in order.
func (m *Memory) Taken() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	bodies := make([][]byte, len(m.in))
	for i := range m.in {
		bodies[i] = m.in[i].Ciphertext
	}
	return bodies
}

// State returns the newest state of an object in the inbox.
func (m *Memory) State(object record.ID) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[object]
}

// Counts returns how many batches of states came, how many records came twice,
// and up to which record there is a receipt.
func (m *Memory) Counts() (batches, duplicates int, receipted uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.batchesTaken, m.duplicates, m.acked
}

// Sent implements link.Outbox.
func (m *Memory) Sent(context.Context, party.ID) (link.LogState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return link.LogState{Epoch: m.epoch, Size: m.sent.frontier.Size(), Root: m.sent.frontier.Root()}, m.fail
}

// SentAt implements link.Outbox.
func (m *Memory) SentAt(_ context.Context, _ party.ID, size uint64) ([32]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return [32]byte{}, m.fail
	}
	return journal.RootAt(&m.sent, size)
}

// Records implements link.Outbox.
func (m *Memory) Records(_ context.Context, _ party.ID, after uint64, limit int) ([]record.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil || after >= uint64(len(m.out)) {
		return nil, m.fail
	}
	return slices.Clone(m.out[after:min(after+uint64(limit), uint64(len(m.out)))]), nil
}

// Acknowledged implements link.Outbox.
func (m *Memory) Acknowledged(_ context.Context, _ party.ID, size uint64, cosigned []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil && size > m.acked {
		m.acked, m.receipt = size, bytes.Clone(cosigned)
	}
	return m.fail
}

// States implements link.Outbox.
func (m *Memory) States(_ context.Context, _ party.ID, limit int) (*record.Batch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	if m.inFlight == nil && len(m.pending) > 0 {
		m.lastBatch++
		m.inFlight = &record.Batch{N: m.lastBatch}
		objects := slices.SortedFunc(maps.Keys(m.pending), func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
		for _, object := range objects[:min(limit, len(objects))] {
			seq := m.lastBatch<<16 + uint64(len(m.inFlight.Items)) + 1
			m.inFlight.Items = append(m.inFlight.Items, item(record.LaneState, record.KindTrack, object, m.epoch, seq, m.pending[object]))
			delete(m.pending, object)
		}
	}
	return m.inFlight, nil
}

// StatesAcknowledged implements link.Outbox.
func (m *Memory) StatesAcknowledged(_ context.Context, _ party.ID, n uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil && m.inFlight != nil && m.inFlight.N == n {
		m.inFlight = nil
	}
	return m.fail
}

// Received implements link.Inbox.
func (m *Memory) Received(context.Context, party.ID) (link.LogState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.receivedLocked(), m.fail
}

func (m *Memory) receivedLocked() link.LogState {
	return link.LogState{Epoch: m.heldEpoch, Size: m.received.frontier.Size(), Root: m.received.frontier.Root()}
}

// TakeRecords implements link.Inbox.
func (m *Memory) TakeRecords(_ context.Context, _ party.ID, epoch uint32, items []record.Item) (link.LogState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return link.LogState{}, m.fail
	}
	if len(m.in) > 0 && epoch != m.heldEpoch {
		return link.LogState{}, errors.New("another epoch")
	}
	if m.share >= 0 && len(m.in)+len(items) > m.share {
		return link.LogState{}, link.ErrQuota
	}
	for i := range items {
		size := uint64(len(m.in))
		switch {
		case items[i].Seq <= size:
			m.duplicates++
			continue
		case items[i].Seq != size+1:
			return link.LogState{}, fmt.Errorf("record %d after %d", items[i].Seq, size)
		}
		m.in = append(m.in, items[i])
		m.received.append(&items[i])
	}
	m.heldEpoch = epoch
	return m.receivedLocked(), nil
}

// Checkpoint implements link.Inbox.
func (m *Memory) Checkpoint(_ context.Context, _ party.ID, _ uint64, cosigned []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checkpoint = bytes.Clone(cosigned)
	return m.fail
}

// TakeStates implements link.Inbox.
func (m *Memory) TakeStates(_ context.Context, _ party.ID, b *record.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil || b.N <= m.statesHeld {
		return m.fail
	}
	for i := range b.Items {
		h, err := record.DecodeHeader(b.Items[i].Header)
		if err != nil {
			continue // refused, as a record of the store is
		}
		m.states[h.Object] = b.Items[i].Ciphertext
	}
	m.statesHeld = b.N
	m.batchesTaken++
	return nil
}

// LastStates implements link.Inbox.
func (m *Memory) LastStates(context.Context, party.ID) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.statesHeld, m.fail
}

// Body returns a record body that holds n, for tests to tell them apart.
func Body(n uint64, size int) []byte {
	b := make([]byte, max(size, 8))
	binary.BigEndian.PutUint64(b, n)
	return b
}

// Number returns the n of a Body.
func Number(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// Order makes the outbox begin a new epoch at the next session, as a person
// orders it after an old backup was restored.
func (m *Memory) Order() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ordered = true
}

// Agree makes the inbox take the partner's next epoch.
func (m *Memory) Agree() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.agreed = true
}

// Share bounds how many records the inbox takes in all; negative for no bound.
func (m *Memory) Share(records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.share = records
}

// Reopen implements link.Outbox: what the partner has no receipt of goes into
// the new log.
func (m *Memory) Reopen(_ context.Context, _ party.ID, quote *journal.Succession, states uint64) (link.LogState, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil || !m.ordered {
		return link.LogState{}, false, m.fail
	}
	m.ordered = false
	old := m.out[min(m.acked, uint64(len(m.out))):]
	m.epoch, m.acked, m.out, m.sent = max(m.epoch, quote.Epoch)+1, 0, nil, log{}
	first, err := quote.Leaf(m.epoch)
	if err != nil {
		return link.LogState{}, false, err
	}
	m.add(*first)
	for _, it := range old {
		m.add(item(record.LaneRecord, record.KindIncident, record.ID{1}, m.epoch, uint64(len(m.out))+1, it.Ciphertext))
	}
	m.lastBatch, m.inFlight = max(m.lastBatch, states), nil
	return link.LogState{Epoch: m.epoch, Size: m.sent.frontier.Size(), Root: m.sent.frontier.Root()}, true, nil
}

func (m *Memory) add(it record.Item) {
	m.out = append(m.out, it)
	m.sent.append(&it)
}

// Receipt implements link.Inbox.
func (m *Memory) Receipt(context.Context, party.ID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.checkpoint), m.fail
}

// NextEpoch implements link.Inbox.
func (m *Memory) NextEpoch(_ context.Context, _ party.ID, epoch uint32, quote *journal.Succession) (link.LogState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.fail != nil:
		return link.LogState{}, m.fail
	case !bytes.Equal(quote.Receipt, m.checkpoint):
		return link.LogState{}, fmt.Errorf("%w: not what was cosigned", journal.ErrRoot)
	case !m.agreed:
		return link.LogState{}, link.ErrNotAgreed
	}
	m.agreed = false
	m.ended = append(m.ended, m.in...)
	m.in, m.received, m.heldEpoch, m.checkpoint = nil, log{}, epoch, nil
	return m.receivedLocked(), nil
}

// Ended returns how many records the inbox holds of the partner's ended logs.
func (m *Memory) Ended() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ended)
}

// Room implements link.Inbox.
func (m *Memory) Room(context.Context, party.ID) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.share < 0 || len(m.in) < m.share, m.fail
}

// Declare lets what follows be attested, in both logs; with false nothing is any
// more.
func (m *Memory) Declare(is bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attestOut, m.attestIn = 0, 0
	if is {
		m.attestOut, m.attestIn = uint64(len(m.out))+1, uint64(len(m.in))+1
	}
}

// Attestations returns what both sides have signed of our log, and of the
// partner's.
func (m *Memory) Attestations() (ours, theirs [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.attested), slices.Clone(m.kept)
}

// Unattested implements link.Outbox.
func (m *Memory) Unattested(context.Context, party.ID) (*journal.Attestation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil || m.attestOut == 0 || m.attestOut > m.acked {
		return nil, m.fail
	}
	a, err := journal.Attest(&m.sent, m.epoch, m.attestOut, min(m.acked, m.attestOut+journal.MaxAttested-1))
	return &a, err
}

// Attested implements link.Outbox.
func (m *Memory) Attested(_ context.Context, _ party.ID, cosigned []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, err := journal.UnverifiedAttestation(cosigned)
	if err != nil || m.fail != nil {
		return errors.Join(err, m.fail)
	}
	m.attestOut = a.Last + 1
	m.attested = append(m.attested, bytes.Clone(cosigned))
	return nil
}

// AttestFrom implements link.Outbox.
func (m *Memory) AttestFrom(_ context.Context, _ party.ID, first uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attestOut = max(m.attestOut, min(first, uint64(len(m.out))+1))
	return m.fail
}

// Attestable implements link.Inbox.
func (m *Memory) Attestable(_ context.Context, _ party.ID, first, last uint64) (*journal.Attestation, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.fail != nil:
		return nil, 0, m.fail
	case last > uint64(len(m.in)):
		return nil, 0, fmt.Errorf("%w: leaf %d", journal.ErrRoot, last)
	case m.attestIn == 0 || first < m.attestIn:
		return nil, m.attestIn, nil
	}
	a, err := journal.Attest(&m.received, m.heldEpoch, first, last)
	return &a, m.attestIn, err
}

// KeepAttested implements link.Inbox.
func (m *Memory) KeepAttested(_ context.Context, _ party.ID, cosigned []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.kept = append(m.kept, bytes.Clone(cosigned))
	}
	return m.fail
}
