// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLine bounds one line of a receiver in octets.
const maxLine = 2048

// ErrLine is wrapped by errors of ParseLine.
var ErrLine = fmt.Errorf("%w: not a receiver's line", ErrRefused)

// Beacon is what a receiver heard at once: one message or one pack.
type Beacon struct {
	Transmitter string // the radio's address, 12 hexadecimal digits in lower case
	Counter     uint8  // of the advertisement; the sender raises it with each new content
	HasCounter  bool
	Received    time.Time // zero where the receiver did not say
	RSSI        int16     // dBm; 0 where the receiver did not say
	Payload     []byte
}

// ParseLine reads one line of a receiver: a JSON object with the message in
// hexadecimal digits ("hex", "raw" or "data"), the radio's address ("mac" or
// "transmitter"), and where known "counter" or "ctr", "rssi", and "time" (RFC
// 3339) or "ts" (seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size); or the
// columns name, nanoseconds since 1970, address, counter, digits, with tabs.
// Other keys are passed over.
func ParseLine(line []byte) (Beacon, error) {
	if len(line) > maxLine {
		return Beacon{}, fmt.Errorf("%w: %d octets, at most %d", ErrLine, len(line), maxLine)
	}
	s := strings.TrimSpace(string(line))
	if strings.HasPrefix(s, "{") {
		return parseJSON([]byte(s))
	}
	return parseColumns(strings.Split(s, "\t"))
}

func parseJSON(line []byte) (b Beacon, err error) {
	var v struct {
		Hex, Raw, Data   string
		MAC, Transmitter string
		Counter, Ctr     *uint8
		RSSI             int16
		Time             *time.Time
		TS               json.Number
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return b, fmt.Errorf("%w: %w", ErrLine, err)
	}
	b.RSSI = v.RSSI
	for _, c := range []*uint8{v.Counter, v.Ctr} {
		if c != nil {
			b.Counter, b.HasCounter = *c, true
		}
	}
	switch {
	case v.Time != nil:
		b.Received = v.Time.UTC()
	case v.TS != "":
		if b.Received, err = unix(string(v.TS)); err != nil {
			return b, err
		}
	}
	return b, b.fill(first(v.MAC, v.Transmitter), first(v.Hex, v.Raw, v.Data))
}

func first(list ...string) string {
	if i := slices.IndexFunc(list, func(s string) bool { return s != "" }); i >= 0 {
		return list[i]
	}
	return ""
}

func parseColumns(c []string) (b Beacon, err error) {
	if len(c) != 5 {
		return b, fmt.Errorf("%w: %d columns, want 5", ErrLine, len(c))
	}
	if b.Received, err = unix(c[1]); err != nil {
		return b, err
	}
	n, err := strconv.ParseUint(c[3], 10, 8)
	if err != nil {
		return b, fmt.Errorf("%w: counter %.20q", ErrLine, c[3])
	}
	b.Counter, b.HasCounter = uint8(n), true
	return b, b.fill(c[2], c[4])
}

// unix reads a time since 1970 whose unit its size tells: nobody flew before
// 2001 or will after 2286.
func unix(s string) (time.Time, error) {
	whole, _, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case err != nil || n < 0:
		return time.Time{}, fmt.Errorf("%w: time %.40q", ErrLine, s)
	case n == 0:
		return time.Time{}, nil
	case n < 1e10:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: time %.40q", ErrLine, s)
		}
		return time.UnixMilli(int64(f * 1000)).UTC(), nil
	case n < 1e13:
		return time.UnixMilli(n).UTC(), nil
	case n < 1e16:
		return time.UnixMicro(n).UTC(), nil
	}
	return time.Unix(0, n).UTC(), nil
}

// fill takes address and digits.
func (b *Beacon) fill(address, digits string) error {
	address = strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(address))
	if raw, err := hex.DecodeString(address); err != nil || len(raw) != 6 {
		return fmt.Errorf("%w: address %.20q", ErrLine, address)
	}
	b.Transmitter = address
	var err error
	if b.Payload, err = hex.DecodeString(digits); err != nil || len(b.Payload) == 0 {
		return fmt.Errorf("%w: no message in hexadecimal digits", ErrLine)
	}
	return nil
}
