// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package sim flies and sails what a text scenario says, looks at it with each
// party's sensors, and writes what they would send in real wire formats:
// ASTERIX CAT048 and CAT034, the Beast stream of Mode S frames, and AIS
// sentences. Everything comes from the scenario and its seed: the same text
// gives the same bytes. [Sender] puts them on real sockets.
//
// It models geometry, the radio horizon, misses, noise and clutter. It does not
// model weather, garbling, refraction beyond the 4/3 Earth, wind or people: the
// acts in a scenario are read here and done by a conductor. All radar reports carry the simulated bit. Nothing here knows a
// node.
package sim

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Kind says how a feed is carried.
type Kind string

// The kinds of feeds.
const (
	UDPASTERIX Kind = "udp-asterix" // one datagram per emission
	TCPBeast   Kind = "tcp-beast"   // a stream; the node connects
	UDPNMEA    Kind = "udp-nmea"    // one datagram per emission, one or more lines
)

// Emission is one thing that a feed sends.
type Emission struct {
	Party party.ID
	Feed  string
	Kind  Kind
	Time  time.Time // when it is sent, UTC
	Bytes []byte    // good as long as it is kept: never reused
	// Frames is how many frames a node counts for Bytes: Mode S messages,
	// NMEA lines or datagrams. Malformed ones count, garbage between the
	// messages of a stream does not.
	Frames int
}
