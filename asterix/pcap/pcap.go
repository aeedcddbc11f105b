// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package pcap takes the UDP payloads out of a recording of a network, in the
// classic pcap format or in pcapng. It knows Ethernet with VLAN tags, Linux
// cooked capture, loopback and raw IP, over IPv4 and IPv6.
//
// It does not put IP fragments together, check checksums, follow TCP, filter or
// capture: what is not a whole UDP datagram is counted and passed over.
package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxPacket is the largest packet or block that is read, in octets: the largest
// snapshot length of pcap with room for pcapng's options.
const MaxPacket = 1 << 19

// ErrFormat says that the input is no recording or is damaged.
var ErrFormat = errors.New("not a pcap recording")

// Reader reads one recording. It holds one packet at a time.
type Reader struct {
	r       io.Reader
	next    func() (time.Time, uint32, []byte, error)
	order   binary.ByteOrder
	buf     bytes.Buffer
	head    [16]byte
	nanos   bool   // classic: fractions are nanoseconds
	link    uint32 // classic: of the file
	ifaces  []iface
	skipped int
	packets int
	port    uint16
}

// iface is an interface of the current pcapng section.
type iface struct {
	link  uint32
	ticks uint64 // a second
}

// NewReader returns a Reader of r; nothing is read before Next.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Skipped returns how many packets held no whole UDP datagram.
func (r *Reader) Skipped() int { return r.skipped }

// Packets returns how many packets have been read, skipped ones included.
func (r *Reader) Packets() int { return r.packets }

// Port returns the UDP port that the last payload was sent to.
func (r *Reader) Port() uint16 { return r.port }

// Next returns the payload of the next UDP datagram and when it was captured.
// The payload is valid until the next call. The error is io.EOF at the end of
// the recording, wraps io.ErrUnexpectedEOF when the recording is cut off and
// ErrFormat when it is none; nothing can be read after an error.
func (r *Reader) Next() (time.Time, []byte, error) {
	if r.next == nil {
		if err := r.open(); err != nil {
			return time.Time{}, nil, err
		}
	}
	for {
		t, link, packet, err := r.next()
		if err != nil {
			return time.Time{}, nil, err
		}
		r.packets++
		if port, payload, ok := udp(link, packet); ok {
			r.port = port
			return t, payload, nil
		}
		r.skipped++
	}
}

// The first four octets of a recording, read as big-endian.
const (
	magicMicro        = 0xa1b2c3d4
	magicNano         = 0xa1b23c4d
	magicMicroSwapped = 0xd4c3b2a1
	magicNanoSwapped  = 0x4d3cb2a1
	blockSection      = 0x0a0d0d0a
)

func (r *Reader) open() error {
	if _, err := io.ReadFull(r.r, r.head[:4]); err != nil {
		return fmt.Errorf("read magic number: %w: %w", ErrFormat, cut(err))
	}
	magic := binary.BigEndian.Uint32(r.head[:4])
	r.order = binary.LittleEndian
	switch magic {
	case magicMicro, magicNano:
		r.order = binary.BigEndian
	case magicMicroSwapped, magicNanoSwapped:
	case blockSection:
		r.next = r.nextNG
		return r.section()
	default:
		return fmt.Errorf("%w: magic number %#08x", ErrFormat, magic)
	}
	r.nanos = magic == magicNano || magic == magicNanoSwapped
	r.next = r.nextClassic
	b, err := r.read(20)
	if err != nil {
		return fmt.Errorf("read file header: %w", err)
	}
	r.link = r.order.Uint32(b[16:]) & 0x0fffffff
	return nil
}

// read returns the next n octets. The buffer grows with what arrives, not with
// what a header promises.
func (r *Reader) read(n uint32) ([]byte, error) {
	if n > MaxPacket {
		return nil, fmt.Errorf("%w: %d octets in one piece", ErrFormat, n)
	}
	r.buf.Reset()
	if got, err := io.CopyN(&r.buf, r.r, int64(n)); err != nil {
		return nil, fmt.Errorf("read %d octets, got %d: %w", n, got, cut(err))
	}
	return r.buf.Bytes(), nil
}

// cut turns the end of the input into an unexpected one.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header reads n octets at a place where the recording may end: what names the
// place in an error, io.EOF stays bare.
func (r *Reader) header(n int, what string) ([]byte, error) {
	b := r.head[:n]
	_, err := io.ReadFull(r.r, b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", what, err)
	}
	return b, err
}

func (r *Reader) nextClassic() (time.Time, uint32, []byte, error) {
	h, err := r.header(16, "packet header")
	if err != nil {
		return time.Time{}, 0, nil, err
	}
	seconds, fraction := int64(r.order.Uint32(h)), int64(r.order.Uint32(h[4:]))
	if !r.nanos {
		fraction *= 1000
	}
	b, err := r.read(r.order.Uint32(h[8:]))
	if err != nil {
		return time.Time{}, 0, nil, err
	}
	return time.Unix(seconds, fraction).UTC(), r.link, b, nil
}
