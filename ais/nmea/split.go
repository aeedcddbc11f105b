// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea

import "bytes"

// Next cuts the first sentence off a datagram, file or stream buffer and
// returns it with its tag blocks and suffix, without the line end and without
// what a logger wrote before it. Sentences may be glued together with no line
// end between them, and a cut-off one does not swallow the next. A line
// without a sentence is returned whole, for Parse to refuse. Both results are
// empty at the end of b.
func Next(b []byte) (line, rest []byte) {
	for len(b) > 0 && (b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		end = len(b)
	}
	line, rest = b[:end:end], b[min(end+1, len(b)):]
	start := bytes.IndexAny(line, `\!$`)
	if start < 0 {
		return trimEnd(line), rest
	}
	i := start
	for i < end && line[i] == '\\' { // tag blocks
		closing := bytes.IndexByte(line[i+1:], '\\')
		if closing < 0 {
			return trimEnd(line[start:]), rest
		}
		i += closing + 2
	}
	if i < end {
		if next := bytes.IndexAny(line[i+1:], `\!$`); next >= 0 {
			cut := i + 1 + next
			return trimEnd(line[start:cut:cut]), b[cut:]
		}
	}
	return trimEnd(line[start:]), rest
}
