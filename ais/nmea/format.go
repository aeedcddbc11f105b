// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea

import "strconv"

// fragmentSize is how many payload characters go into one sentence, so that
// it keeps within the 82 of IEC 61162-1.
const fragmentSize = 60

// maxSource is the longest station name that is written.
const maxSource = 64

// Header is what [Format] writes around a payload. The zero value of Talker
// is AI and of Formatter VDM.
type Header struct {
	Talker    Talker
	Formatter Formatter
	Seq       int  // joins the fragments of a long message, 0 to 9
	Channel   byte // 0 when unknown
	Tag       Tag  // Group.ID is used, its numbers are not
}

// Format appends the message with this armoured payload and number of fill
// bits as one or more sentences, each ended by CR LF, and returns the longer
// dst. Time and station of the tag go into a tag block; when there is one, a
// long message gets a g field too. Nothing is written where payload or header
// could not be read back: a payload that is empty, longer than [MaxPayload]
// or no armour, or a station with a separator in it.
func Format(dst []byte, h Header, payload []byte, fill int) []byte {
	if len(payload) == 0 || len(payload) > MaxPayload || !writable(h, payload, fill) {
		return dst
	}
	if h.Talker == (Talker{}) {
		h.Talker = Talker{'A', 'I'}
	}
	if h.Formatter != VDO {
		h.Formatter = VDM
	}
	total := (len(payload) + fragmentSize - 1) / fragmentSize
	for number := 1; number <= total; number++ {
		n := min(fragmentSize, len(payload))
		lastFill := 0
		if number == total {
			lastFill = fill
		}
		dst = appendTag(dst, &h.Tag, number, total)
		start := len(dst)
		dst = append(dst, '!', h.Talker[0], h.Talker[1])
		dst = append(dst, h.Formatter.String()...)
		dst = append(dst, ',', '0'+byte(total), ',', '0'+byte(number), ',')
		if total > 1 {
			dst = append(dst, '0'+byte(h.Seq))
		}
		dst = append(dst, ',')
		if h.Channel != 0 {
			dst = append(dst, h.Channel)
		}
		dst = append(dst, ',')
		dst = append(dst, payload[:n]...)
		dst = append(dst, ',', '0'+byte(lastFill))
		dst = appendSum(dst, start+1)
		dst = append(dst, '\r', '\n')
		payload = payload[n:]
	}
	return dst
}

// writable keeps a caller's mistake from becoming a broken or forged line.
func writable(h Header, payload []byte, fill int) bool {
	for _, c := range payload {
		if !armoured[c] {
			return false
		}
	}
	if at := h.Tag.Time.UnixMilli(); h.Tag.HasTime && (at < 0 || at > maxTime) || len(h.Tag.Source) > maxSource {
		return false
	}
	for _, c := range h.Tag.Source {
		if c <= ' ' || c > '~' || c == ',' || c == '*' || c == '\\' {
			return false
		}
	}
	for _, c := range h.Talker {
		if h.Talker != (Talker{}) && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	channel := h.Channel == 0 || h.Channel >= '0' && h.Channel <= '9' || h.Channel >= 'A' && h.Channel <= 'Z'
	return channel && fill >= 0 && fill <= 5 && h.Seq >= 0 && h.Seq <= 9
}

func appendTag(dst []byte, t *Tag, number, total int) []byte {
	if !t.HasTime && len(t.Source) == 0 {
		return dst
	}
	dst = append(dst, '\\')
	start := len(dst)
	if total > 1 {
		dst = append(dst, "g:"...)
		dst = strconv.AppendInt(dst, int64(number), 10)
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, int64(total), 10)
		dst = append(dst, '-')
		dst = strconv.AppendUint(dst, uint64(t.Group.ID), 10)
	}
	if len(t.Source) > 0 {
		dst = appendComma(dst, start)
		dst = append(dst, "s:"...)
		dst = append(dst, t.Source...)
	}
	if t.HasTime {
		dst = appendComma(dst, start)
		dst = append(dst, "c:"...)
		at := t.Time.UnixMilli()
		if at%1000 == 0 || at < millisFrom {
			at /= 1000
		}
		dst = strconv.AppendInt(dst, at, 10)
	}
	dst = appendSum(dst, start)
	return append(dst, '\\')
}

func appendComma(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ',')
	}
	return dst
}

func appendSum(dst []byte, start int) []byte {
	const digits = "0123456789ABCDEF"
	var sum byte
	for _, c := range dst[start:] {
		sum ^= c
	}
	return append(dst, '*', digits[sum>>4], digits[sum&15])
}
