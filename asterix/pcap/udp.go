// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pcap

import "encoding/binary"

// Link types (tcpdump.org/linktypes.html).
const (
	linkNull      = 0
	linkEthernet  = 1
	linkRawBSD    = 12
	linkRawOther  = 14
	linkRaw       = 101
	linkLoop      = 108
	linkLinuxSLL  = 113
	linkIPv4      = 228
	linkIPv6      = 229
	linkLinuxSLL2 = 276
)

const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherVLAN = 0x8100
	etherQinQ = 0x88a8
	protoUDP  = 17
)

// udp returns destination port and payload of a packet that holds one whole UDP
// datagram.
func udp(link uint32, b []byte) (port uint16, payload []byte, ok bool) {
	b = network(link, b)
	if len(b) == 0 {
		return 0, nil, false
	}
	switch b[0] >> 4 {
	case 4:
		b = ipv4(b)
	case 6:
		b = ipv6(b)
	default:
		return 0, nil, false
	}
	if len(b) < 8 {
		return 0, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < 8 || n > len(b) {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(b[2:]), b[8:n:n], true
}

// network strips the link layer; nil when what follows is not IP.
func network(link uint32, b []byte) []byte {
	switch link {
	case linkEthernet:
		return ethernet(b, 12)
	case linkLinuxSLL:
		return ethernet(b, 14)
	case linkLinuxSLL2:
		if len(b) < 20 || !isIP(binary.BigEndian.Uint16(b)) {
			return nil
		}
		return b[20:]
	case linkNull, linkLoop:
		if len(b) < 4 {
			return nil
		}
		return b[4:]
	case linkRaw, linkRawBSD, linkRawOther, linkIPv4, linkIPv6:
		return b
	}
	return nil
}

func isIP(etherType uint16) bool { return etherType == etherIPv4 || etherType == etherIPv6 }

// ethernet strips everything up to and with the EtherType at an offset, and the
// VLAN tags before it.
func ethernet(b []byte, at int) []byte {
	for range 3 {
		if len(b) < at+2 {
			return nil
		}
		switch t := binary.BigEndian.Uint16(b[at:]); {
		case isIP(t):
			return b[at+2:]
		case t != etherVLAN && t != etherQinQ:
			return nil
		}
		at += 4
	}
	return nil
}

// ipv4 returns the UDP header and payload of an unfragmented datagram, without
// the padding of the link layer.
func ipv4(b []byte) []byte {
	if len(b) < 20 {
		return nil
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	const moreOrOffset = 0x3fff
	if header < 20 || total < header || total > len(b) ||
		binary.BigEndian.Uint16(b[6:])&moreOrOffset != 0 || b[9] != protoUDP {
		return nil
	}
	return b[header:total]
}

// ipv6 does the same where UDP follows the fixed header.
func ipv6(b []byte) []byte {
	const header = 40
	if len(b) < header || b[6] != protoUDP {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n > len(b)-header {
		return nil
	}
	return b[header : header+n]
}
