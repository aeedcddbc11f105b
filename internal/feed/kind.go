// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// Kind says what a feed carries and how: "CONTENT-TRANSPORT", such as
// "nmea-tcp-server".
type Kind string

// The kinds that are named in code; Kinds lists all.
const (
	BeastTCP   Kind = "beast-tcp"   // Mode S in Beast; dials
	AVRTCP     Kind = "avr-tcp"     // Mode S in AVR lines; dials
	NMEATCP    Kind = "nmea-tcp"    // AIS sentences; dials
	NMEAUDP    Kind = "nmea-udp"    // AIS sentences; listens
	ASTERIXUDP Kind = "asterix-udp" // one or more data blocks in a datagram; listens
)

// Content is what a feed carries.
type Content string

// The contents.
const (
	ContentBeast    Content = "beast"    // Mode S in Beast
	ContentAVR      Content = "avr"      // Mode S in AVR lines
	ContentNMEA     Content = "nmea"     // AIS sentences
	ContentASTERIX  Content = "asterix"  // data blocks
	ContentRemoteID Content = "remoteid" // a receiver's lines (remoteid.ParseLine)
	ContentCoT      Content = "cot"      // Cursor on Target, XML or TAK protobuf
	ContentSBS      Content = "sbs"      // aircraft in BaseStation lines
	ContentReadsb   Content = "readsb"   // aircraft in readsb's JSON: aircraft.json, or one a line
	ContentCatcher  Content = "catcher"  // AIS in AIS-catcher's JSON
	ContentSignalK  Content = "signalk"  // vessels in Signal K deltas
)

// Contents lists the contents.
func Contents() []Content {
	return []Content{
		ContentBeast, ContentAVR, ContentNMEA, ContentASTERIX, ContentRemoteID, ContentCoT,
		ContentSBS, ContentReadsb, ContentCatcher, ContentSignalK,
	}
}

// Format returns the format of the frames that the content gives.
func (c Content) Format() frame.Format {
	switch c {
	case ContentBeast, ContentAVR:
		return frame.ModeS
	case ContentNMEA:
		return frame.NMEA
	case ContentASTERIX:
		return frame.ASTERIX
	case ContentRemoteID:
		return frame.RemoteID
	case ContentCoT:
		return frame.CoT
	case ContentSBS:
		return frame.SBS
	case ContentReadsb:
		return frame.Readsb
	case ContentCatcher:
		return frame.Catcher
	case ContentSignalK:
		return frame.SignalK
	}
	return 0
}

// Transport is how a feed's octets come.
type Transport string

// The transports.
const (
	TCP       Transport = "tcp"        // dials
	TCPServer Transport = "tcp-server" // listens for senders
	TLS       Transport = "tls"        // dials
	TLSServer Transport = "tls-server" // listens for senders
	UDP       Transport = "udp"        // listens
	Multicast Transport = "multicast"  // joins a group
	File      Transport = "file"       // reads once, or follows what is appended
	PCAP      Transport = "pcap"       // UDP datagrams of a recorded network
	HTTP      Transport = "http"       // asks again and again
	Stdin     Transport = "stdin"      // what is piped into the node
	Serial    Transport = "serial"     // a receiver on a serial line
	MQTT      Transport = "mqtt"       // subscribes at a broker
)

// Transports lists the transports.
func Transports() []Transport {
	return []Transport{TCP, TCPServer, TLS, TLSServer, UDP, Multicast, File, PCAP, HTTP, Stdin, Serial, MQTT}
}

// Split returns what k carries and how. ok is false for an unknown kind.
func (k Kind) Split() (c Content, t Transport, ok bool) {
	content, transport, _ := strings.Cut(string(k), "-")
	c, t = Content(content), Transport(transport)
	ok = slices.Contains(Contents(), c) && slices.Contains(Transports(), t) && !slices.Contains(c.never(), t)
	return c, t, ok
}

// never lists the transports by which nobody sends the content.
func (c Content) never() []Transport {
	switch c {
	case ContentBeast, ContentAVR, ContentRemoteID:
		return []Transport{PCAP} // a recording of a network holds datagrams
	case ContentASTERIX, ContentCoT:
		return []Transport{Serial}
	case ContentSBS: // lines of one connection
		return []Transport{Multicast, PCAP, HTTP, Serial, MQTT}
	case ContentReadsb: // a document is longer than a datagram
		return []Transport{UDP, Multicast, PCAP, Serial}
	case ContentCatcher:
		return []Transport{Serial}
	case ContentSignalK:
		return []Transport{Multicast, PCAP, Serial, MQTT}
	}
	return nil
}

// Kinds lists the kinds, by content, then transport.
func Kinds() []Kind {
	var list []Kind
	for _, c := range Contents() {
		for _, t := range Transports() {
			k := Kind(string(c) + "-" + string(t))
			if _, _, ok := k.Split(); ok {
				list = append(list, k)
			}
		}
	}
	return list
}

// Format returns the format of the frames that the kind gives, 0 for an unknown
// kind.
func (k Kind) Format() frame.Format {
	c, _, ok := k.Split()
	if !ok {
		return 0
	}
	return c.Format()
}

// Transport returns how k's octets come.
func (k Kind) Transport() Transport {
	_, t, _ := k.Split()
	return t
}

// Content returns what k carries.
func (k Kind) Content() Content {
	c, _, _ := k.Split()
	return c
}

// Once reports whether the feed has an end: frame n of it always has number n.
func (t Transport) Once() bool { return t == File || t == PCAP }
