// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pcap

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"
)

// The block types of pcapng (draft-ietf-opsawg-pcapng) that hold packets.
const (
	blockInterface = 1
	blockSimple    = 3
	blockEnhanced  = 6
)

const (
	optTimeResolution = 9
	maxInterfaces     = 1 << 10
	microseconds      = 1_000_000
)

// section reads the section header block behind its type: it tells the byte
// order of what follows.
func (r *Reader) section() error {
	h, err := r.header(8, "section header")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, cut(err))
	}
	switch magic := binary.BigEndian.Uint32(h[4:]); magic {
	case 0x1a2b3c4d:
		r.order = binary.BigEndian
	case 0x4d3c2b1a:
		r.order = binary.LittleEndian
	default:
		return fmt.Errorf("%w: byte-order magic %#08x", ErrFormat, magic)
	}
	length := r.order.Uint32(h)
	if length < 28 || length%4 != 0 {
		return fmt.Errorf("%w: section header of %d octets", ErrFormat, length)
	}
	r.ifaces = r.ifaces[:0]
	_, err = r.read(length - 12)
	return err
}

// block reads the next block; body has no trailing length.
func (r *Reader) block() (kind uint32, body []byte, err error) {
	h, err := r.header(4, "block type")
	if err != nil {
		return 0, nil, err
	}
	if kind = r.order.Uint32(h); kind == blockSection {
		return kind, nil, r.section()
	}
	if h, err = r.header(4, "block length"); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrFormat, cut(err))
	}
	length := r.order.Uint32(h)
	if length < 12 || length%4 != 0 {
		return 0, nil, fmt.Errorf("%w: block of %d octets", ErrFormat, length)
	}
	b, err := r.read(length - 8)
	if err != nil {
		return 0, nil, err
	}
	b, trailer := b[:len(b)-4], b[len(b)-4:]
	if r.order.Uint32(trailer) != length {
		return 0, nil, fmt.Errorf("%w: block lengths differ", ErrFormat)
	}
	return kind, b, nil
}

func (r *Reader) nextNG() (time.Time, uint32, []byte, error) {
	for {
		kind, b, err := r.block()
		if err != nil {
			return time.Time{}, 0, nil, err
		}
		switch kind {
		case blockInterface:
			if err := r.addInterface(b); err != nil {
				return time.Time{}, 0, nil, err
			}
		case blockEnhanced:
			return r.enhanced(b)
		case blockSimple: // has no time: such a packet cannot be placed
			r.packets++
			r.skipped++
		}
	}
}

func (r *Reader) addInterface(b []byte) error {
	if len(b) < 8 || len(r.ifaces) >= maxInterfaces {
		return fmt.Errorf("%w: interface block", ErrFormat)
	}
	it := iface{link: uint32(r.order.Uint16(b)), ticks: microseconds}
	for o := b[8:]; len(o) >= 4; {
		code, n := r.order.Uint16(o), int(r.order.Uint16(o[2:]))
		padded := 4 + (n+3)&^3
		if padded > len(o) {
			break
		}
		if code == optTimeResolution && n == 1 {
			if it.ticks = resolution(o[4]); it.ticks == 0 {
				return fmt.Errorf("%w: time resolution %#02x", ErrFormat, o[4])
			}
		}
		o = o[padded:]
	}
	r.ifaces = append(r.ifaces, it)
	return nil
}

// resolution returns ticks a second for if_tsresol: a power of 10, or of 2 with
// the top bit set; 0 when it is finer than the clock can hold.
func resolution(v byte) uint64 {
	n := int(v & 0x7f)
	if v&0x80 != 0 {
		if n > 62 {
			return 0
		}
		return 1 << n
	}
	if n > 18 {
		return 0
	}
	t := uint64(1)
	for range n {
		t *= 10
	}
	return t
}

func (r *Reader) enhanced(b []byte) (time.Time, uint32, []byte, error) {
	if len(b) < 20 {
		return time.Time{}, 0, nil, fmt.Errorf("%w: packet block of %d octets", ErrFormat, len(b))
	}
	id, n := r.order.Uint32(b), r.order.Uint32(b[12:])
	if uint64(id) >= uint64(len(r.ifaces)) || uint64(n) > uint64(len(b)-20) {
		return time.Time{}, 0, nil, fmt.Errorf("%w: packet block of interface %d with %d octets", ErrFormat, id, n)
	}
	it := r.ifaces[id]
	ticks := uint64(r.order.Uint32(b[4:]))<<32 | uint64(r.order.Uint32(b[8:]))
	hi, lo := bits.Mul64(ticks%it.ticks, 1e9)
	nanos, _ := bits.Div64(hi, lo, it.ticks)
	return time.Unix(int64(ticks/it.ticks), int64(nanos)).UTC(), it.link, b[20 : 20+n], nil
}
