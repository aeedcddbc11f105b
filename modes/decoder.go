// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Receiver is where the frames were received. It must be the place of the
// antenna that heard them, not the middle of a network: surface positions
// repeat every 90 degrees and are resolved by it.
type Receiver struct {
	Pos geo.Point
	// RangeNM refuses positions farther away; 0 is no limit.
	RangeNM float64
}

// Config sets up a Decoder. Zero durations and counts take the values of
// DefaultConfig.
type Config struct {
	Receiver    Receiver
	HasReceiver bool
	// NearOthers resolves positions on the surface, where there is neither
	// Receiver nor a position before, by where another aircraft was heard
	// airborne last. Only for frames of a single receiver.
	NearOthers bool
	// MaxAircraft bounds memory; the aircraft heard longest ago gives way.
	MaxAircraft int
	// AddressTTL is how long after a squitter the replies of its address,
	// which is only in their parity, are believed.
	AddressTTL time.Duration
	// ForgetAfter drops an aircraft that was not heard for so long.
	ForgetAfter time.Duration
}

// DefaultConfig returns a Config without a receiver. dump1090 and readsb believe
// an address for 60 to 120 s, as their two halves of memory happen to stand; the
// middle of that is ours.
func DefaultConfig() Config {
	return Config{MaxAircraft: 8192, AddressTTL: 90 * time.Second, ForgetAfter: 15 * time.Minute}
}

// Validate reports what of c makes no sense.
func (c Config) Validate() error {
	switch {
	case c.HasReceiver && !c.Receiver.Pos.Valid():
		return errors.New("check receiver: position is not on the globe")
	case c.HasReceiver && !(c.Receiver.RangeNM >= 0):
		return fmt.Errorf("check receiver: range of %v NM is negative", c.Receiver.RangeNM)
	case c.MaxAircraft < 0 || c.MaxAircraft > maxAircraft:
		return fmt.Errorf("check decoder: %d aircraft, want at most %d", c.MaxAircraft, maxAircraft)
	case c.AddressTTL < 0 || c.ForgetAfter < 0:
		return errors.New("check decoder: negative duration")
	}
	return nil
}

// maxAircraft is the most aircraft of any Decoder.
const maxAircraft = 1 << 20

// PositionKind says how a position was found.
type PositionKind uint8

// Kinds of position.
const (
	PositionNone     PositionKind = iota
	PositionPair                  // from an even and an odd frame
	PositionRelative              // from one frame and the position before
)

// Refusal says why a frame with a coded position gave none.
type Refusal uint8

// Refusals.
const (
	RefusedNot         Refusal = iota
	RefusedZero                // latitude and longitude are coded as zero
	RefusedUnpaired            // no fitting frame of the other parity, no position before
	RefusedZones               // the pair lies across a longitude zone or beyond a pole
	RefusedNoReference         // on the surface, and neither receiver nor position before
	RefusedRange               // beyond the range of the receiver
	RefusedSpeed               // too far from the position before
	refusalCount       = iota
)

// String names the refusal.
func (r Refusal) String() string {
	names := [refusalCount]string{
		"none", "coded as zero", "no pair", "across zones", "no reference", "out of range", "too fast",
	}
	if int(r) < len(names) {
		return names[r]
	}
	return "unknown"
}

// Report is one decoded frame with what the Decoder knows beside it.
type Report struct {
	Frame
	// Time is the time of receipt that was handed in.
	Time time.Time
	// Position is where the aircraft was at Time.
	Position     geo.Point
	HasPosition  bool
	PositionKind PositionKind
	// Trust is how many pairs agreed lately, 0 to 4. A position with trust 1
	// rests on a single pair and should raise nothing by itself.
	Trust uint8
	// Hint is what a Comm-B reply of an aircraft seems to say whose address was
	// heard in a squitter. It is a guess: see Hint.
	Hint Hint
	// Refusal says why a frame with CPR has no position. RefusedSpeed and
	// RefusedRange on sound frames may hint at a false transmission.
	Refusal Refusal
}

// Decoder filters addresses, pairs coded positions and refuses positions that
// cannot be. It is bounded, deterministic, and not safe for concurrent use.
// Use one Decoder for one receiver.
type Decoder struct {
	cfg   Config
	index map[uint32]int32
	slots []slot
	// Where an aircraft was heard airborne last (NearOthers).
	near    geo.Point
	hasNear bool
	// Least and most recently heard; -1 if none. Free slots are chained by next.
	oldest, newest, free int32
}

// NewDecoder returns an empty Decoder. A Config that does not pass Validate is
// taken as if its offending part were absent.
func NewDecoder(cfg Config) *Decoder {
	def := DefaultConfig()
	if cfg.MaxAircraft <= 0 || cfg.MaxAircraft > maxAircraft {
		cfg.MaxAircraft = def.MaxAircraft
	}
	if cfg.AddressTTL <= 0 {
		cfg.AddressTTL = def.AddressTTL
	}
	if cfg.ForgetAfter <= 0 {
		cfg.ForgetAfter = def.ForgetAfter
	}
	if cfg.HasReceiver && (!cfg.Receiver.Pos.Valid() || !(cfg.Receiver.RangeNM >= 0)) {
		cfg.Receiver, cfg.HasReceiver = Receiver{}, false
	}
	d := &Decoder{cfg: cfg}
	d.Reset()
	return d
}

// HeardNear says where an aircraft was heard airborne, for a Decoder with
// NearOthers that has not heard any yet.
func (d *Decoder) HeardNear(p geo.Point) {
	if d.cfg.NearOthers && p.Valid() {
		d.near, d.hasNear = p, true
	}
}

// Reset forgets all aircraft.
func (d *Decoder) Reset() {
	d.near, d.hasNear = geo.Point{}, false
	d.index = make(map[uint32]int32)
	d.slots = nil
	d.oldest, d.newest, d.free = none, none, none
}

// Len returns how many aircraft are remembered.
func (d *Decoder) Len() int { return len(d.index) }

// Decode decodes one frame that was received at t into out, which belongs to
// the caller and is overwritten. Times should not go back by more than a
// second or so. The error is one of those of Parse, or ErrUnknownAddress; out
// then holds nothing of use. A refused position is not an error: see
// Report.Refusal.
func (d *Decoder) Decode(t time.Time, msg []byte, out *Report) error {
	return d.decode(t, msg, out, false)
}

// DecodeMLAT is Decode for a frame whose position was computed by
// multilateration (in Beast marked by the timestamp, see beast.Message.MLAT).
// It keeps such positions apart from the aircraft's own.
func (d *Decoder) DecodeMLAT(t time.Time, msg []byte, out *Report) error {
	return d.decode(t, msg, out, true)
}

func (d *Decoder) decode(t time.Time, msg []byte, out *Report, mlat bool) error {
	*out = Report{Time: t}
	if err := parse(msg, &out.Frame); err != nil {
		return err
	}
	if mlat {
		out.Source = SourceMLAT
	}
	now := t.UnixMilli()
	d.expire(now)
	if !d.admit(now, out) {
		return ErrUnknownAddress
	}
	a := &d.touch(keyOf(&out.Frame), now).aircraft
	a.remember(now, &out.Frame)
	if out.DF == 20 || out.DF == 21 {
		k := a.known(now)
		out.Hint = hint(payloadOf(msg[4:]), &k)
	}
	if out.Has(FieldCPR) {
		d.locate(now, a, out)
	}
	return nil
}

// admit applies the address filter and feeds it. A reply is admitted if its
// address was heard in a squitter within the TTL; without that rule noise
// makes thousands of aircraft.
func (d *Decoder) admit(now int64, r *Report) bool {
	if r.NonICAO || r.Source == SourceMLAT && !r.AddressFromParity {
		return true // believed by its parity, but vouches for no reply
	}
	key := uint32(r.ICAO)
	if r.AddressFromParity || r.IID != 0 {
		i, known := d.index[key]
		if !known {
			return false
		}
		a := &d.slots[i].aircraft
		return a.hasSquitter && now-a.squitterMS <= d.cfg.AddressTTL.Milliseconds()
	}
	a := &d.touch(key, now).aircraft
	if !a.hasSquitter || now > a.squitterMS {
		a.squitterMS, a.hasSquitter = now, true
	}
	return true
}

// keyOf keeps apart what must not be mixed: an ICAO address and the same
// number as an anonymous address, and positions of different origin.
func keyOf(f *Frame) uint32 {
	origin := f.Source
	if origin == SourceADSB || origin == SourceADSBNonTransp {
		origin = SourceModeS // the aircraft's own
	}
	key := uint32(f.ICAO) | uint32(origin)<<24
	if f.NonICAO {
		key |= nonICAOBit
	}
	return key
}

const nonICAOBit = 1 << 31

const none int32 = -1

// slot is an aircraft in the list from least to most recently heard.
type slot struct {
	aircraft
	prev, next int32
}

// touch returns the slot of key, made if need be, as the most recently heard.
func (d *Decoder) touch(key uint32, now int64) *slot {
	i, known := d.index[key]
	switch {
	case known:
		d.unlink(i)
	default:
		i = d.allocate()
		d.slots[i].aircraft = aircraft{key: key, heardMS: now}
		d.index[key] = i
	}
	d.link(i)
	s := &d.slots[i]
	s.heardMS = max(s.heardMS, now)
	return s
}

func (d *Decoder) allocate() int32 {
	if len(d.index) >= d.cfg.MaxAircraft {
		d.forget(d.oldest)
	}
	if i := d.free; i != none {
		d.free = d.slots[i].next
		return i
	}
	d.slots = append(d.slots, slot{})
	return int32(len(d.slots) - 1)
}

// expire forgets at most two aircraft, so that no frame waits for many.
func (d *Decoder) expire(now int64) {
	for range 2 {
		if d.oldest == none || now-d.slots[d.oldest].heardMS <= d.cfg.ForgetAfter.Milliseconds() {
			return
		}
		d.forget(d.oldest)
	}
}

func (d *Decoder) forget(i int32) {
	d.unlink(i)
	delete(d.index, d.slots[i].key)
	d.slots[i] = slot{next: d.free}
	d.free = i
}

func (d *Decoder) link(i int32) {
	s := &d.slots[i]
	s.prev, s.next = d.newest, none
	if d.newest != none {
		d.slots[d.newest].next = i
	} else {
		d.oldest = i
	}
	d.newest = i
}

func (d *Decoder) unlink(i int32) {
	s := &d.slots[i]
	if s.prev != none {
		d.slots[s.prev].next = s.next
	} else {
		d.oldest = s.next
	}
	if s.next != none {
		d.slots[s.next].prev = s.prev
	} else {
		d.newest = s.prev
	}
}
