// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pcap_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// datagram returns IPv4 and UDP headers around a payload to port 8600.
func datagram(payload string) []byte {
	b := make([]byte, 28, 28+len(payload))
	b[0], b[8], b[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(b[2:], uint16(28+len(payload)))
	binary.BigEndian.PutUint16(b[22:], 8600)
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	return append(b, payload...)
}

// datagram6 does the same with IPv6.
func datagram6(payload string) []byte {
	b := make([]byte, 40, 48+len(payload))
	b[0], b[6] = 0x60, 17
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	return append(b, datagram(payload)[20:]...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func ether(tags, ip []byte) []byte { return join(make([]byte, 12), tags, ip) }

var (
	ipv4 = []byte{8, 0}
	ipv6 = []byte{0x86, 0xdd}
)

// classic writes a recording of the packets, a second apart from 2026-01-01.
func classic(o binary.AppendByteOrder, magic, link uint32, packets ...[]byte) []byte {
	b := o.AppendUint32(nil, magic)
	b = append(b, make([]byte, 16)...)
	b = o.AppendUint32(b, link)
	for i, p := range packets {
		b = o.AppendUint32(b, uint32(1767225600+i))
		b = o.AppendUint32(b, 500)
		b = o.AppendUint32(b, uint32(len(p)))
		b = o.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// block writes a block of pcapng.
func block(o binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = append(bytes.Clone(body), make([]byte, -len(body)&3)...)
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, uint32(len(body)+12))
	return o.AppendUint32(append(b, body...), uint32(len(body)+12))
}

func section(o binary.AppendByteOrder) []byte {
	b := o.AppendUint32(nil, 0x1a2b3c4d)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	return block(o, 0x0a0d0d0a, append(b, bytes.Repeat([]byte{0xff}, 8)...))
}

// ng writes a section with one interface and the packets.
func ng(o binary.AppendByteOrder, link uint16, resolution byte, ticks uint64, packets ...[]byte) []byte {
	idb := o.AppendUint16(nil, link)
	idb = append(idb, make([]byte, 6)...)
	idb = o.AppendUint16(idb, 9)
	idb = o.AppendUint16(idb, 1)
	idb = append(idb, resolution, 0, 0, 0, 0, 0, 0, 0)
	b := append(section(o), block(o, 1, idb)...)
	b = append(b, block(o, 5, make([]byte, 12))...) // statistics: passed over
	for _, p := range packets {
		e := o.AppendUint32(nil, 0)
		e = o.AppendUint32(e, uint32(ticks>>32))
		e = o.AppendUint32(e, uint32(ticks))
		e = o.AppendUint32(e, uint32(len(p)))
		e = o.AppendUint32(e, uint32(len(p)))
		b = append(b, block(o, 6, append(e, p...))...)
	}
	return b
}

// read writes what a Reader finds.
func read(b []byte) string {
	r := pcap.NewReader(bytes.NewReader(b))
	var out bytes.Buffer
	for {
		t, p, err := r.Next()
		if errors.Is(err, io.EOF) {
			fmt.Fprintf(&out, "%d of %d skipped", r.Skipped(), r.Packets())
			return out.String()
		}
		if err != nil {
			return out.String() + err.Error()
		}
		fmt.Fprintf(&out, "%s %q to %d; ", t.Format(time.RFC3339Nano), p, r.Port())
	}
}

var (
	little = binary.LittleEndian
	big    = binary.BigEndian
)

func TestReader(t *testing.T) {
	const micro, nano = 0xa1b2c3d4, 0xa1b23c4d
	const first = `2026-01-01T00:00:00.0005Z "radar" to 8600; `
	const one = first + "0 of 1 skipped"
	ip := datagram("radar")
	eth := ether(ipv4, ip)
	const ticks = 1767225600_000500
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"little-endian microseconds": {classic(little, micro, 1, eth), one},
		"big-endian microseconds":    {classic(big, micro, 1, eth), one},
		"little-endian nanoseconds":  {classic(little, nano, 1, eth), `2026-01-01T00:00:00.0000005Z "radar" to 8600; 0 of 1 skipped`},
		"big-endian nanoseconds":     {classic(big, nano, 1, eth), `2026-01-01T00:00:00.0000005Z "radar" to 8600; 0 of 1 skipped`},
		"no packet":                  {classic(little, micro, 1), "0 of 0 skipped"},
		"two packets":                {classic(little, micro, 1, eth, eth), first + `2026-01-01T00:00:01.0005Z "radar" to 8600; 0 of 2 skipped`},
		"the padding of Ethernet":    {classic(little, micro, 1, join(eth, make([]byte, 9))), one},
		"a VLAN tag":                 {classic(little, micro, 1, ether(join([]byte{0x81, 0, 0, 5}, ipv4), ip)), one},
		"two VLAN tags":              {classic(little, micro, 1, ether(join([]byte{0x88, 0xa8, 0, 5, 0x81, 0, 0, 6}, ipv4), ip)), one},
		"IPv6":                       {classic(little, micro, 1, ether(ipv6, datagram6("radar"))), one},
		"raw IP":                     {classic(little, micro, 101, ip), one},
		"raw IPv6":                   {classic(little, micro, 229, datagram6("radar")), one},
		"loopback":                   {classic(little, micro, 0, join([]byte{2, 0, 0, 0}, ip)), one},
		"Linux cooked":               {classic(little, micro, 113, join(make([]byte, 14), ipv4, ip)), one},
		"Linux cooked version 2":     {classic(little, micro, 276, join(ipv4, make([]byte, 18), ip)), one},
		"pcapng, little-endian":      {ng(little, 1, 6, ticks, eth), one},
		"pcapng, big-endian":         {ng(big, 1, 6, ticks, eth), one},
		"pcapng in nanoseconds":      {ng(little, 1, 9, ticks*1000+7, eth), `2026-01-01T00:00:00.000500007Z "radar" to 8600; 0 of 1 skipped`},
		"pcapng in 1/1024 s":         {ng(little, 1, 0x8a, 1767225600<<10+512, eth), `2026-01-01T00:00:00.5Z "radar" to 8600; 0 of 1 skipped`},
		"two sections of two orders": {join(ng(little, 1, 6, ticks, eth), ng(big, 101, 6, ticks, ip)), first + first + "0 of 2 skipped"},
		"a simple packet block":      {join(section(little), block(little, 3, eth)), "1 of 1 skipped"},

		"an unknown link":             {classic(little, micro, 9, eth), "1 of 1 skipped"},
		"ARP":                         {classic(little, micro, 1, ether([]byte{8, 6}, ip)), "1 of 1 skipped"},
		"TCP":                         {classic(little, micro, 101, with(ip, 9, 6)), "1 of 1 skipped"},
		"a fragment":                  {classic(little, micro, 101, with(ip, 7, 1)), "1 of 1 skipped"},
		"the first of more fragments": {classic(little, micro, 101, with(ip, 6, 0x20)), "1 of 1 skipped"},
		"a datagram that is cut off":  {classic(little, micro, 101, ip[:30]), "1 of 1 skipped"},
		"a UDP length too long":       {classic(little, micro, 101, with(ip, 25, 99)), "1 of 1 skipped"},
		"a UDP length that reaches into padding": {
			classic(little, micro, 1, join(ether(ipv4, with(ip, 25, 20)), make([]byte, 9))),
			"1 of 1 skipped",
		},
		"an IP header of 4 octets": {classic(little, micro, 101, with(ip, 0, 0x41)), "1 of 1 skipped"},
		"empty packets":            {classic(little, micro, 1, nil, []byte{1}), "2 of 2 skipped"},

		"an empty file": {nil, "read magic number: not a pcap recording: unexpected EOF"},
		"another file":  {[]byte("GIF89a"), "not a pcap recording: magic number 0x47494638"},
		"a cut header":  {classic(little, micro, 1)[:9], "read file header: read 20 octets, got 5: unexpected EOF"},
		"a cut packet":  {classic(little, micro, 1, eth)[:60], "read 47 octets, got 20: unexpected EOF"},
		"a packet header that is cut off": {
			join(classic(little, micro, 1, eth), make([]byte, 9)),
			first + "read packet header: unexpected EOF",
		},
		"a packet that is too long": {
			join(classic(little, micro, 1), bytes.Repeat([]byte{0xff}, 16)),
			"not a pcap recording: 4294967295 octets in one piece",
		},
		"a section without an order": {with(section(little), 8, 0), "not a pcap recording: byte-order magic 0x003c2b1a"},
		"a section that is cut off":  {section(little)[:6], "not a pcap recording: read section header: unexpected EOF"},
		"a block of 8 octets": {
			join(section(little), []byte{5, 0, 0, 0, 8, 0, 0, 0}),
			"not a pcap recording: block of 8 octets",
		},
		"block lengths that differ": {
			with(join(section(little), block(little, 5, nil)), 28+8, 16),
			"not a pcap recording: block lengths differ",
		},
		"a packet of no interface": {
			join(section(little), block(little, 6, make([]byte, 20))),
			"not a pcap recording: packet block of interface 0 with 0 octets",
		},
		"a resolution that no clock has": {ng(little, 1, 0xff, 0), "not a pcap recording: time resolution 0xff"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(tt.in)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// with returns b with one octet changed.
func with(b []byte, at int, v byte) []byte {
	b = bytes.Clone(b)
	b[at] = v
	return b
}

// TestErrFormat holds what a caller branches on: a damaged recording never
// looks like the end of a good one.
func TestErrFormat(t *testing.T) {
	for name, in := range map[string][]byte{"an empty file": nil, "another file": []byte("GIF89a")} {
		t.Run(name, func(t *testing.T) {
			_, _, err := pcap.NewReader(bytes.NewReader(in)).Next()
			if !errors.Is(err, pcap.ErrFormat) || errors.Is(err, io.EOF) {
				t.Errorf("Next: %v, want ErrFormat", err)
			}
		})
	}
}

// TestCorpus reads a recording of real radars: every packet is a datagram of
// whole blocks.
func TestCorpus(t *testing.T) {
	path := filepath.Join(corpustest.Dir(t), "asterix", "cat_034_048.pcap")
	r, blocks := open(t, path), 0
	for {
		at, p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if at.Year() != 2016 {
			t.Fatalf("packet %d of %s", r.Packets(), at)
		}
		for b, err := range asterix.Blocks(p) {
			if err != nil {
				t.Fatalf("packet %d, block at %d: %v", r.Packets(), b.Offset, err)
			}
			blocks++
		}
	}
	if r.Skipped() != 0 || r.Packets() < 50 || blocks < r.Packets() {
		t.Errorf("%d packets, %d skipped, %d blocks", r.Packets(), r.Skipped(), blocks)
	}
	corpustest.Check(t)
}

// FuzzReader: no input makes the reader panic, loop or yield more than it was
// given.
func FuzzReader(f *testing.F) {
	eth := ether(ipv4, datagram("radar"))
	f.Add(classic(little, 0xa1b2c3d4, 1, eth, eth))
	f.Add(classic(big, 0xa1b23c4d, 113, join(make([]byte, 14), ipv4, datagram("x"))))
	f.Add(ng(little, 1, 6, 1, eth))
	f.Add(ng(big, 229, 0x8a, 1<<63, datagram6("radar")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := pcap.NewReader(bytes.NewReader(b))
		total := 0
		for {
			_, p, err := r.Next()
			if err != nil {
				break
			}
			total += len(p)
		}
		if total > len(b) || r.Packets() > len(b) {
			t.Fatalf("%d octets in %d packets from %d octets", total, r.Packets(), len(b))
		}
	})
}

func open(t *testing.T, path string) *pcap.Reader {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return pcap.NewReader(bytes.NewReader(b))
}
