// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package frame holds raw bytes as a feed received them, with their origin and
// time. It decodes nothing.
package frame

import "time"

// Format tells how Data is encoded.
type Format uint8

// The formats. The zero Format is invalid.
const (
	ModeS    Format = iota + 1 // one Mode S downlink frame, 7 or 14 octets
	NMEA                       // one NMEA 0183 line, without line end
	ASTERIX                    // one or more whole ASTERIX data blocks (a datagram)
	RemoteID                   // one line of a Remote ID receiver, see remoteid.ParseLine
	CoT                        // one Cursor on Target event, see cot.Reader
	SBS                        // one BaseStation line, see sbs.Parse
	Readsb                     // one aircraft in readsb's JSON, see readsb.ParseLine
	Catcher                    // one message in AIS-catcher's JSON, see catcher.Parse
	SignalK                    // one Signal K delta, see signalk.Parse
)

// String returns the format's name in lower case.
func (f Format) String() string {
	switch f {
	case ModeS:
		return "modes"
	case NMEA:
		return "nmea"
	case ASTERIX:
		return "asterix"
	case RemoteID:
		return "remoteid"
	case CoT:
		return "cot"
	case SBS:
		return "sbs"
	case Readsb:
		return "readsb"
	case Catcher:
		return "catcher"
	case SignalK:
		return "signalk"
	}
	return "invalid"
}

// Frame is one received unit. Source and Seq together are unique: Seq counts
// from 1 for each source and never repeats.
type Frame struct {
	Source   string    `cbor:"1,keyasint"` // the feed's name in the configuration
	Seq      uint64    `cbor:"2,keyasint"`
	Format   Format    `cbor:"3,keyasint"`
	Received time.Time `cbor:"4,keyasint"` // UTC; the feed's clock, or the stream's own time marks
	Offset   int64     `cbor:"5,keyasint"` // octets before it in the stream or file
	Data     []byte    `cbor:"6,keyasint"`
	// Receiver tells the receivers of a Mode S feed that joins several apart; 0
	// where the stream names none.
	Receiver uint64 `cbor:"7,keyasint,omitempty"`
}
