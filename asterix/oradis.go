// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix

import "iter"

// oradisHeader is the length of what ORADIS puts before data blocks: a length
// that counts itself and four octets of time.
const oradisHeader = 6

// IsORADIS says whether all of a datagram is ORADIS frames, each with one whole
// data block: what recorders of radar lines send. The framing has no public
// document; this follows recordings.
func IsORADIS(d []byte) bool {
	frames := 0
	for ; len(d) > 0; frames++ {
		if len(d) < oradisHeader+headerLen {
			return false
		}
		n := int(d[0])<<8 | int(d[1])
		block := int(d[oradisHeader+1])<<8 | int(d[oradisHeader+2])
		if n > len(d) || block < headerLen || n != oradisHeader+block {
			return false
		}
		d = d[n:]
	}
	return frames > 0
}

// DatagramBlocks walks the data blocks of a datagram as Blocks does, and those
// within ORADIS frames when all of it is such frames. Offsets count from the
// start of the datagram.
func DatagramBlocks(datagram []byte) iter.Seq2[Block, error] {
	if !IsORADIS(datagram) {
		return Blocks(datagram)
	}
	return func(yield func(Block, error) bool) {
		for at := 0; at < len(datagram); {
			n := int(datagram[at])<<8 | int(datagram[at+1])
			b, _, err := next(datagram[:at+n], at+oradisHeader)
			if !yield(b, err) {
				return
			}
			at += n
		}
	}
}
