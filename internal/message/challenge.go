// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// gridSize is the number of rows and of columns of a challenge grid.
const gridSize = 10

// Grid is a table of replies: who asks names a row and a column, two digits;
// the other reads out what stands there. Each place is used once a day.
type Grid struct {
	Asks    party.ID // whose challenges it answers
	Replies [gridSize][gridSize]string
}

// Challenges returns the two grids of a pair and a date (UTC), one for each
// party's challenges, so that nobody learns the answer to a challenge by
// asking it back. Both nodes derive the same from the secret that they share;
// a reply is one of a thousand. The lower party's grid comes first.
func Challenges(secret []byte, a, b party.ID, date time.Time) ([2]Grid, error) {
	var grids [2]Grid
	if len(secret) < sha256.Size {
		return grids, errors.New("derive challenges: no secret is shared")
	}
	if b < a {
		a, b = b, a
	}
	for i, asks := range []party.ID{a, b} {
		g, err := grid(secret, fmt.Sprintf("kuroshio card 1 %s %s %s asks %s", date.UTC().Format(time.DateOnly), a, b, asks))
		if err != nil {
			return grids, err
		}
		grids[i] = Grid{Asks: asks, Replies: g}
	}
	return grids, nil
}

// grid takes numbers below 1000 from a stream, without those that would make
// some replies more likely than others.
func grid(secret []byte, info string) (g [gridSize][gridSize]string, err error) {
	const octets = 255 * sha256.Size // the most that HKDF gives: many times what is needed
	stream, err := hkdf.Expand(sha256.New, secret, info, octets)
	if err != nil {
		return g, fmt.Errorf("derive challenges: %w", err)
	}
	for n := 0; n < gridSize*gridSize; stream = stream[2:] {
		if len(stream) < 2 {
			return g, errors.New("derive challenges: stream too short")
		}
		if v := binary.BigEndian.Uint16(stream); v < 65_000 {
			g[n/gridSize][n%gridSize] = fmt.Sprintf("%03d", v%1000)
			n++
		}
	}
	return g, nil
}
