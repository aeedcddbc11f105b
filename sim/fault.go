// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// cut reports whether a feed is silent at t.
func (w *World) cut(feed string, t time.Time) bool {
	for i := range w.sc.Faults {
		f := &w.sc.Faults[i]
		if f.Kind == FaultCut && f.Feed == feed && !t.Before(f.From) && t.Before(f.To) {
			return true
		}
	}
	return false
}

// addFault adds what a fault sends. A cut sends nothing.
func (w *World) addFault(f *Fault) {
	if f.Kind == FaultCut {
		return
	}
	feeds := w.sc.Feeds()
	i := slices.IndexFunc(feeds, func(x Feed) bool { return x.ID == f.Feed })
	if i < 0 {
		return
	}
	rng := random(w.sc.Seed, "fault", f.Feed, f.From.Format(time.RFC3339), string(f.Kind))
	w.add(f.From, func(t time.Time, send func(Emission)) time.Time {
		e := Emission{Party: feeds[i].Party, Feed: f.Feed, Kind: feeds[i].Kind, Time: t}
		if f.Kind == FaultGarbage {
			e.Bytes, e.Frames = garbage(rng, e.Kind, f.Count)
			send(e)
			return time.Time{}
		}
		for range f.Count {
			e.Bytes, e.Frames = malformed(rng, &feeds[i], t), 1
			send(e)
		}
		return time.Time{}
	})
}

// garbage returns n octets that are no frame. On a Beast stream they stand
// between messages and hold no escape; a datagram of them is one frame that is
// refused.
func garbage(rng *rand.Rand, kind Kind, n int) (b []byte, frames int) {
	b = make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	if kind == UDPASTERIX {
		return b, 1
	}
	// Neither an escape, nor a sentence, nor a line end.
	for _, c := range []byte{0x1a, '!', '$', '\\', '\r', '\n', ' '} {
		b = bytes.ReplaceAll(b, []byte{c}, []byte{0x7f})
	}
	if kind == TCPBeast {
		return b, 0
	}
	return b, 1
}

// malformed returns one frame with sound framing that a decoder refuses.
func malformed(rng *rand.Rand, f *Feed, t time.Time) []byte {
	switch f.Kind {
	case TCPBeast:
		frame := modes.EncodeVelocity(modes.ICAO(0xf0ffff), 100, 0, 0)
		frame[5+rng.IntN(6)] ^= 1 << rng.IntN(8) // the parity no longer fits
		return appendBeast(nil, t, frame[:])
	case UDPNMEA:
		return []byte("!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*00\r\n") // wrong checksum
	default:
		rec := []byte{0xff, 0x01, 0x00} // a field specification without its items
		b, err := asterix.AppendBlock(nil, 48, rec)
		if err != nil {
			panic("sim: build malformed block: " + err.Error()) // constant: a bug in this file
		}
		return b
	}
}
