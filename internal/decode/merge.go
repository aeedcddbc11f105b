// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

const (
	// copyWindow is how far apart two receivers' copies of one Mode S frame may
	// arrive. An aircraft repeats a frame octet by octet no sooner than it has
	// something else to say, and then the repetition tells nothing.
	copyWindow = time.Second
	maxCopies  = 1 << 14     // frames within the window; beyond it copies are taken as frames
	hearFor    = time.Minute // who heard an aircraft is remembered so long
	maxHearers = 8           // receivers remembered of one aircraft; the latest
	maxCounted = 64          // receivers counted of one feed; the others are one together
)

// copyKey is a frame and whether it is of an exercise: those never mix.
type copyKey [16]byte

func keyOf(data []byte, exercise bool) (k copyKey) {
	k[0] = byte(len(data))
	copy(k[1:15], data)
	if exercise {
		k[15] = 1
	}
	return k
}

// copies knows the Mode S frames of the last moment, and which receivers heard
// which aircraft.
type copies struct {
	receivers map[receiverKey]string // a cache of their names
	frames    map[copyKey]firstHeard
	queue     []copyKey // of frames, in the order they came; at most maxCopies from head on
	head      int
	aircraft  map[uint32][]hearer // at most maxAircraft
	swept     time.Time           // when aircraft were last forgotten
}

type receiverKey struct {
	source string
	id     uint64
}

// firstHeard is who was the first to bring a frame.
type firstHeard struct {
	at time.Time
	by string
}

// hearer is a receiver that heard an aircraft.
type hearer struct {
	name string
	at   time.Time
}

func newCopies() *copies {
	return &copies{
		receivers: make(map[receiverKey]string), frames: make(map[copyKey]firstHeard), aircraft: make(map[uint32][]hearer),
	}
}

// receiver names who heard f: its feed, and of a feed that joins several the
// identifier that the stream gives.
func (c *copies) receiver(f *frame.Frame) string {
	if f.Receiver == 0 {
		return f.Source
	}
	k := receiverKey{f.Source, f.Receiver}
	name, ok := c.receivers[k]
	if !ok {
		if len(c.receivers) >= maxTexts {
			clear(c.receivers)
		}
		name = fmt.Sprintf("%s/%016x", f.Source, f.Receiver)
		c.receivers[k] = name
	}
	return name
}

// take notes a frame and reports whether another receiver has brought it
// already.
func (c *copies) take(f *frame.Frame, exercise bool) bool {
	now := f.Received.UTC()
	c.expire(now)
	by, k := c.receiver(f), keyOf(f.Data, exercise)
	if first, ok := c.frames[k]; ok {
		return first.by != by
	}
	if len(c.queue)-c.head < maxCopies {
		c.frames[k] = firstHeard{now, by}
		c.queue = append(c.queue, k)
	}
	return false
}

// expire forgets frames that no copy can come of any more.
func (c *copies) expire(now time.Time) {
	for ; c.head < len(c.queue); c.head++ {
		k := c.queue[c.head]
		if now.Sub(c.frames[k].at).Abs() <= copyWindow {
			break
		}
		delete(c.frames, k)
	}
	if 2*c.head >= len(c.queue) { // half of it is gone: moved so, each key is moved once
		c.queue = append(c.queue[:0], c.queue[c.head:]...)
		c.head = 0
	}
}

// heard notes that a receiver heard an aircraft.
func (c *copies) heard(address uint32, f *frame.Frame) {
	by, now := c.receiver(f), f.Received.UTC()
	list, known := c.aircraft[address]
	if !known && len(c.aircraft) >= maxAircraft && !c.forget(now) {
		return
	}
	for i := range list {
		if list[i].name == by {
			list[i].at = now
			return
		}
	}
	if len(list) == maxHearers {
		oldest := 0
		for i := range list {
			if list[i].at.Before(list[oldest].at) {
				oldest = i
			}
		}
		list[oldest] = hearer{by, now}
		return
	}
	c.aircraft[address] = append(list, hearer{by, now})
}

// forget makes room for another aircraft. It looks for some once in a while: a
// full sky must not cost a walk through it for each frame.
func (c *copies) forget(now time.Time) bool {
	if now.Sub(c.swept).Abs() < hearFor/4 {
		return false
	}
	c.swept = now
	before := len(c.aircraft)
	for address, list := range c.aircraft {
		if !slices.ContainsFunc(list, func(h hearer) bool { return now.Sub(h.at) <= hearFor }) {
			delete(c.aircraft, address)
		}
	}
	return len(c.aircraft) < before
}

// Receivers returns who heard an aircraft in the last minute, by name: feeds, or
// "feed/identifier" of one that joins several receivers. Only Mode S has them.
func (d *Decoder) Receivers(address uint32, now time.Time) []string {
	var names []string
	for _, h := range d.copies.aircraft[address] {
		if now.Sub(h.at) <= hearFor {
			names = append(names, h.name)
		}
	}
	slices.Sort(names)
	return names
}

// Merged returns how many copies of frames that other receivers had brought a
// feed gave; no plots were made of them.
func (d *Decoder) Merged(feed string) uint64 {
	if s := d.sources[feed]; s != nil {
		return s.merged
	}
	return 0
}

// Receiver counts what one receiver of a feed brought.
type Receiver struct {
	ID     string    `json:"id,omitempty"` // as the stream names it; "" for the feed's own, or for those beyond the first 64
	Frames uint64    `json:"frames"`
	Copies uint64    `json:"copies,omitempty"` // of those, what other receivers had brought
	Last   time.Time `json:"last"`
}

// count notes a frame of a receiver. Those of a feed that names none, and those
// beyond the table, count as one.
func (s *source) count(f *frame.Frame, isCopy bool) {
	id := f.Receiver
	if s.tally[id] == nil && len(s.tally) >= maxCounted {
		id = 0
	}
	r := s.tally[id]
	if r == nil {
		r = &Receiver{}
		if id != 0 {
			r.ID = fmt.Sprintf("%016x", id)
		}
		s.tally[id] = r
	}
	r.Frames++
	r.Last = f.Received.UTC()
	if isCopy {
		r.Copies++
		s.merged++
	}
}

// Heard returns what each receiver of a feed of Mode S brought, by name.
func (d *Decoder) Heard(feed string) []Receiver {
	if s := d.sources[feed]; s != nil {
		return s.receiverStates()
	}
	return nil
}

func (s *source) receiverStates() []Receiver {
	list := make([]Receiver, 0, len(s.tally))
	for _, r := range s.tally {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Receiver) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// restoreReceivers takes the counts of a snapshot; one of an older node has
// none.
func (s *source) restoreReceivers(list []Receiver) error {
	if len(list) > maxCounted+1 {
		return fmt.Errorf("%d receivers, want at most %d", len(list), maxCounted+1)
	}
	for _, r := range list {
		var id uint64
		if r.ID != "" {
			var err error
			if id, err = strconv.ParseUint(r.ID, 16, 64); err != nil {
				return errors.New("a receiver has no sound name")
			}
		}
		s.tally[id] = &r
	}
	return nil
}

// CopiesState is what is remembered of frames and receivers.
type CopiesState struct {
	Frames   []CopyState   `json:"frames,omitempty"`   // in the order they came
	Aircraft []HearerState `json:"aircraft,omitempty"` // by address, then as they came
	Swept    time.Time     `json:"swept,omitzero"`
}

// CopyState is one frame of the last moment.
type CopyState struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
	By  string    `json:"by"`
}

// HearerState is one receiver of one aircraft.
type HearerState struct {
	Address uint32    `json:"address"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

func (c *copies) snapshot() *CopiesState {
	if len(c.queue)+len(c.aircraft) == 0 {
		return nil
	}
	st := CopiesState{Swept: c.swept}
	for _, k := range c.queue[c.head:] {
		st.Frames = append(st.Frames, CopyState{hex.EncodeToString(k[:]), c.frames[k].at, c.frames[k].by})
	}
	for address, list := range c.aircraft {
		for _, h := range list {
			st.Aircraft = append(st.Aircraft, HearerState{address, h.name, h.at})
		}
	}
	slices.SortStableFunc(st.Aircraft, func(a, b HearerState) int { return cmp.Compare(a.Address, b.Address) })
	return &st
}

// restoreCopies returns what a snapshot remembered, without what feeds that are
// not configured any more had heard.
func restoreCopies(st *CopiesState, known map[string]*source) (*copies, error) {
	c := newCopies()
	if st == nil {
		return c, nil
	}
	if len(st.Frames) > maxCopies || len(st.Aircraft) > maxAircraft*maxHearers {
		return nil, errors.New("too many frames or receivers")
	}
	c.swept = st.Swept
	for _, in := range st.Frames {
		var k copyKey
		if n, err := hex.Decode(k[:], []byte(in.Key)); err != nil || n != len(k) {
			return nil, errors.New("a frame of the last moment is malformed")
		}
		if _, double := c.frames[k]; !double {
			c.frames[k] = firstHeard{in.At, in.By}
			c.queue = append(c.queue, k)
		}
	}
	for _, in := range st.Aircraft {
		feed, _, _ := strings.Cut(in.By, "/")
		if known[feed] != nil && len(c.aircraft[in.Address]) < maxHearers {
			c.aircraft[in.Address] = append(c.aircraft[in.Address], hearer{in.By, in.At})
		}
	}
	return c, nil
}
