// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package beast reads and writes the Beast binary stream, in which receivers
// send Mode S frames (by convention on TCP port 30005), with the receiver
// identifiers and time marks that readsb adds.
//
// It does not decode the frames (see modes), connect to anything, or tell the
// time: the 12 MHz counter is no clock, and without marks the caller stamps the
// arrival.
package beast

import (
	"encoding/binary"
	"fmt"
	"math"
)

// escape starts a frame; within one it is doubled.
const escape = 0x1A

// Types of message. The values are the bytes on the wire.
const (
	TypeModeAC = '1' // 2 bytes
	TypeShort  = '2' // 7 bytes
	TypeLong   = '3' // 14 bytes
	TypeStatus = '4' // 14 bytes, state of the receiver

	typeReceiver = 0xE3 // 8 bytes, identifier of the receiver of the next message
	typeMark     = 0xE8 // 8 bytes little endian, milliseconds since 1970
)

// magicMLAT in place of the counter marks a position computed by
// multilateration, as mlat-client and readsb write it: "MLAT" after 0xFF00.
const magicMLAT = 0xFF004D4C4154

const (
	headBytes = 7 // counter and signal
	maxBody   = headBytes + 14
	idBytes   = 8
)

// bodyBytes returns how many bytes follow the type, and 0 if it is unknown.
func bodyBytes(typ byte) int {
	switch typ {
	case TypeModeAC:
		return headBytes + 2
	case TypeShort:
		return headBytes + 7
	case TypeLong, TypeStatus:
		return headBytes + 14
	case typeReceiver, typeMark:
		return idBytes
	}
	return 0
}

// Message is one message of the stream.
type Message struct {
	// Type is one of TypeModeAC, TypeShort, TypeLong and TypeStatus.
	Type byte
	// Time12MHz is the counter of the receiver, 48 bits: 12 MHz since some
	// moment, or in a Radarcape the time of day (18 bits of seconds, 30 of
	// nanoseconds). It wraps and is no wall clock.
	Time12MHz uint64
	// Signal is the level, see SignalDBFS; 255 is also written for unknown.
	Signal byte
	// Data is the frame. A reader's Data is good until its next call.
	Data []byte
	// SyntheticMillis is the last time mark before the message, in milliseconds
	// since 1970. Whoever sends the stream made it: a live feed from outside
	// should be stamped on arrival instead.
	SyntheticMillis int64
	HasSynthetic    bool
	// ReceiverID tells the receivers of a merged stream apart.
	ReceiverID    uint64
	HasReceiverID bool
}

// MLAT reports whether the message is marked as computed by multilateration.
// It must not be taken for, or passed on as, something received.
func (m *Message) MLAT() bool { return m.Time12MHz == magicMLAT }

// SignalDBFS returns the level in decibel of full scale, and false if unknown.
func (m *Message) SignalDBFS() (float64, bool) {
	if m.Signal == 0 || m.Signal == 0xFF {
		return 0, false
	}
	return 20 * math.Log10(float64(m.Signal)/255), true
}

// FrameError says what of a stream could not be read. Reading can go on.
type FrameError struct {
	// Offset is where in the stream the unreadable part began, in bytes.
	Offset int64
	Reason string
}

// Error returns the offset and the reason.
func (e *FrameError) Error() string {
	return fmt.Sprintf("read beast stream at byte %d: %s", e.Offset, e.Reason)
}

// Append appends m to dst as it goes on the wire, with its receiver identifier
// but without a time mark. A message whose Data has not the length of its type
// appends nothing.
func Append(dst []byte, m Message) []byte {
	n := bodyBytes(m.Type)
	if n <= idBytes || len(m.Data) != n-headBytes {
		return dst
	}
	if m.HasReceiverID {
		var id [idBytes]byte
		binary.BigEndian.PutUint64(id[:], m.ReceiverID)
		dst = appendEscaped(append(dst, escape, typeReceiver), id[:])
	}
	t := m.Time12MHz
	head := [headBytes]byte{
		byte(t >> 40), byte(t >> 32), byte(t >> 24), byte(t >> 16), byte(t >> 8), byte(t), m.Signal,
	}
	dst = appendEscaped(append(dst, escape, m.Type), head[:])
	return appendEscaped(dst, m.Data)
}

// AppendTime appends a time mark, which holds for the messages after it. Marks
// are not escaped. A time before 1970 or after the year 10889 appends nothing.
func AppendTime(dst []byte, unixMilli int64) []byte {
	if !markIsTime(uint64(unixMilli)) {
		return dst
	}
	return binary.LittleEndian.AppendUint64(append(dst, escape, typeMark), uint64(unixMilli))
}

func appendEscaped(dst, src []byte) []byte {
	for _, b := range src {
		if b == escape {
			dst = append(dst, escape)
		}
		dst = append(dst, b)
	}
	return dst
}
