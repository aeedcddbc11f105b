// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea

import "time"

// millisFrom is the number from which a time is in milliseconds and no
// longer in seconds: receivers write either in the c field. In seconds it is
// the year 5138.
const millisFrom = 100_000_000_000

// maxTime bounds a time to what a time.Time of the years 1970 to 9999 holds.
const maxTime = 253_402_300_799_999

// parseTag reads the tag block that starts with the backslash at pos and
// returns the offset behind its closing backslash.
func parseTag(line []byte, pos int, t *Tag) (int, error) {
	end := pos + 1
	star := -1
	var sum, upToStar byte
	for end < len(line) && line[end] != '\\' {
		if line[end] == '*' {
			star, upToStar = end, sum
		}
		sum ^= line[end]
		end++
	}
	if end >= len(line) {
		return 0, &Error{end, ReasonTagEnd}
	}
	got, ok := hexByte(line[:end], star+1)
	if star < 0 || !ok || star+3 != end || got != upToStar {
		return 0, &Error{end, ReasonTagChecksum}
	}
	for p := pos + 1; p < star; {
		q := p
		for q < star && line[q] != ',' {
			q++
		}
		if reason := parseTagField(line[p:q:q], t); reason != "" {
			return 0, &Error{p, reason}
		}
		p = q + 1
	}
	return end + 1, nil
}

// parseTagField reads one "k:value". Fields other than c, g and s are left
// alone.
func parseTagField(f []byte, t *Tag) Reason {
	if len(f) < 3 || f[1] != ':' {
		return ""
	}
	switch v := f[2:]; f[0] {
	case 'c':
		at, ok := parseTime(v)
		if !ok {
			return ReasonTagTime
		}
		t.HasTime, t.Time = true, at
	case 's':
		t.Source = v
	case 'g':
		g, ok := parseGroup(v)
		if !ok {
			return ReasonTagGroup
		}
		t.Group = g
	}
	return ""
}

// parseTime reads seconds or milliseconds since 1970. Some senders add
// decimals to the seconds; they are kept to the millisecond.
func parseTime(b []byte) (time.Time, bool) {
	n, rest, ok := parseUint(b, maxTime)
	if !ok {
		return time.Time{}, false
	}
	if n < millisFrom {
		n *= 1000
		if len(rest) > 1 && rest[0] == '.' {
			scale := int64(100)
			for rest = rest[1:]; len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9'; rest = rest[1:] {
				n += scale * int64(rest[0]-'0')
				scale /= 10
			}
		}
	}
	return time.UnixMilli(n).UTC(), len(rest) == 0
}

// parseGroup reads "number-total-id".
func parseGroup(b []byte) (Group, bool) {
	number, b, ok1 := parseUint(b, 99)
	if !ok1 || len(b) == 0 || b[0] != '-' {
		return Group{}, false
	}
	total, b, ok2 := parseUint(b[1:], 99)
	if !ok2 || len(b) == 0 || b[0] != '-' {
		return Group{}, false
	}
	id, b, ok3 := parseUint(b[1:], 1<<32-1)
	ok := ok3 && len(b) == 0 && number >= 1 && number <= total
	return Group{Number: int(number), Total: int(total), ID: uint32(id)}, ok
}

// parseUint reads the leading digits of b.
func parseUint(b []byte, limit int64) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int64(b[i]-'0')
		if n > limit {
			return 0, b, false
		}
		i++
	}
	return n, b[i:], i > 0
}

// parseSuffix reads what the coast guards' networks append behind the
// checksum: ",rSTATION,1165795916", or a time alone. A tag block goes before
// it.
func parseSuffix(line []byte, pos int, t *Tag) error {
	if pos < len(line) && line[pos] != ',' {
		return &Error{pos, ReasonTrailing}
	}
	for pos < len(line) {
		p := pos + 1
		q := p
		for q < len(line) && line[q] != ',' {
			q++
		}
		f := line[p:q:q]
		switch {
		case len(f) >= 9 && f[0] >= '0' && f[0] <= '9':
			if at, ok := parseTime(f); ok && !t.HasTime {
				t.HasTime, t.Time = true, at
			}
		case len(f) > 1 && (f[0] == 'r' || f[0] == 'b') && t.Source == nil:
			t.Source = f
		}
		pos = q
	}
	return nil
}
