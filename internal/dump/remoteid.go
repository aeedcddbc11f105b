// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kuroshio-watch/kuroshio/remoteid"
)

// remoteIDLines turns beacons into lines, one a beacon: src the recording, ts
// nanoseconds since 1970, mac and ctr the transmitter and its counter, proto and
// type of the first octet, ret the type or, of a pack, its octets; then the
// fields of all its messages. Codes for unknown are written as they are: dir
// 361, hs 255, vs 63, heights -1000, a position 0, timestamp 65535.
type remoteIDLines struct {
	list  [remoteid.MaxPack]remoteid.Message
	i     int64
	obj   object
	stats remoteIDStats
	seen  map[string]bool
}

type remoteIDStats struct {
	Beacons      int            `json:"beacons"`
	Messages     int            `json:"messages"`
	Transmitters int            `json:"transmitters"`
	Types        map[string]int `json:"types"`
	Errors       map[string]int `json:"errors"`
	Garbage      uint64         `json:"garbage_octets,omitempty"`
	Failed       uint64         `json:"wrong_checksums,omitempty"`
}

func newRemoteID(Options) (Decoder, error) {
	return &remoteIDLines{
		seen:  map[string]bool{},
		stats: remoteIDStats{Types: map[string]int{}, Errors: map[string]int{}},
	}, nil
}

// mavlinkMagic begins each frame of MAVLink 2, and no line of a receiver.
const mavlinkMagic = 0xFD

// Decode implements Decoder.
func (l *remoteIDLines) Decode(r io.Reader, out *Out) error {
	b := bufio.NewReaderSize(r, 1<<15)
	if first, err := b.Peek(1); err == nil && first[0] == mavlinkMagic {
		return l.mavlink(b, out)
	}
	text := newTextLines(b)
	for {
		line, off, err := text.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return fmt.Errorf("read beacons: %w", err)
		}
		var beacon remoteid.Beacon
		if err == nil {
			err = remoteid.ParseLine(line, &beacon)
		}
		if err != nil {
			err = l.refuse(off, err, out)
		} else {
			err = l.beacon(line, &beacon, out)
		}
		if err != nil {
			return err
		}
	}
}

func (l *remoteIDLines) mavlink(r io.Reader, out *Out) error {
	var frames remoteid.MAVLink
	buf := make([]byte, 1<<12)
	for {
		n, err := r.Read(buf)
		var failed error
		frames.Feed(buf[:n], func(transmitter string, list []remoteid.Message, bad error) {
			if failed == nil {
				failed = l.frame(transmitter, list, bad, out)
			}
		})
		l.stats.Garbage, l.stats.Failed = frames.Garbage, frames.Failed
		switch {
		case failed != nil:
			return failed
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read frames: %w", err)
		}
	}
}

func (l *remoteIDLines) frame(transmitter string, list []remoteid.Message, bad error, out *Out) error {
	l.obj.begin()
	l.obj.int("i", l.i)
	l.obj.text("mac", transmitter)
	return l.messages(transmitter, list, bad, out)
}

func (l *remoteIDLines) beacon(line []byte, b *remoteid.Beacon, out *Out) error {
	o := &l.obj
	o.begin()
	o.int("i", l.i)
	if src, _, columns := bytes.Cut(line, []byte{'\t'}); columns {
		o.text("src", string(src))
	}
	switch {
	case !b.Received.IsZero():
		o.int("ts", b.Received.UnixNano())
	case line[0] != '{':
		o.int("ts", 0)
	}
	o.text("mac", string(b.Transmitter))
	if b.HasCounter {
		o.int("ctr", int64(b.Counter))
	}
	if b.RSSI != 0 {
		o.int("rssi", int64(b.RSSI))
	}
	typ := remoteid.Type(b.Payload[0] >> 4)
	o.int("proto", int64(b.Payload[0]&15))
	o.int("type", int64(typ))
	n, err := remoteid.DecodeAll(b.Payload, &l.list)
	if n > 0 {
		ret := int64(typ)
		if typ == remoteid.TypePack {
			ret = int64(len(b.Payload))
		}
		o.int("ret", ret)
	}
	return l.messages(string(b.Transmitter), l.list[:n], err, out)
}

// messages ends the line of a beacon.
func (l *remoteIDLines) messages(transmitter string, list []remoteid.Message, bad error, out *Out) error {
	l.i++
	l.stats.Beacons++
	l.stats.Messages += len(list)
	if !l.seen[transmitter] && len(l.seen) < maxNames {
		l.seen[transmitter] = true
	}
	basics := 0
	for i := range list {
		m := &list[i]
		l.stats.Types[m.Type.String()]++
		if m.Type == remoteid.TypeBasicID {
			l.basic(basics, m)
			basics++
			continue
		}
		if isRepeated(list[:i], m) { // a pack that says a thing twice: the first holds
			continue
		}
		l.message(m)
	}
	if bad != nil {
		reason := remoteIDReason(bad)
		l.stats.Errors[reason]++
		l.obj.text("error", reason)
		return out.Refused(l.obj.end())
	}
	return out.Line(l.obj.end())
}

// isRepeated is true where a message of the type, or the page, was before.
func isRepeated(before []remoteid.Message, m *remoteid.Message) bool {
	for i := range before {
		if before[i].Type == m.Type && before[i].Auth.Page == m.Auth.Page {
			return true
		}
	}
	return false
}

// remoteIDReason is the fixed part of an error.
func remoteIDReason(err error) string {
	for _, known := range []error{remoteid.ErrLength, remoteid.ErrReserved, remoteid.ErrValue, remoteid.ErrNested, remoteid.ErrLine} {
		if errors.Is(err, known) {
			return strings.TrimPrefix(known.Error(), remoteid.ErrRefused.Error()+": ")
		}
	}
	return err.Error()
}

func (l *remoteIDLines) refuse(off int64, err error, out *Out) error {
	reason := remoteIDReason(err)
	l.stats.Errors[reason]++
	l.obj.begin()
	l.obj.int("i", l.i)
	l.obj.int("off", off)
	l.obj.text("error", reason)
	return out.Refused(l.obj.end())
}

func (l *remoteIDLines) basic(n int, m *remoteid.Message) {
	prefix := fmt.Sprintf("basic%d_", n)
	l.obj.int(prefix+"uatype", int64(m.UAType))
	l.obj.int(prefix+"idtype", int64(m.IDType))
	l.obj.text(prefix+"id", m.ID.String())
}

func (l *remoteIDLines) message(m *remoteid.Message) {
	o := &l.obj
	switch m.Type {
	case remoteid.TypeLocation:
		l.location(m)
	case remoteid.TypeSystem:
		l.system(m)
	case remoteid.TypeSelfID:
		o.int("self_type", int64(m.TextType))
		o.text("self", m.Description.String())
	case remoteid.TypeOperatorID:
		o.int("opid_type", int64(m.OperatorIDType))
		o.text("opid", m.OperatorID.String())
	case remoteid.TypeAuth:
		o.int(fmt.Sprintf("auth%d", m.Auth.Page), 1)
		o.octets(fmt.Sprintf("auth%d_data", m.Auth.Page), m.Auth.Data[:min(int(m.Auth.Octets), len(m.Auth.Data))])
	}
}

// or writes a value, or what stands for unknown.
func (l *remoteIDLines) or(m *remoteid.Message, h remoteid.Has, key string, v, unknown float64, decimals int) {
	if m.Has&h == 0 {
		v = unknown
	}
	l.obj.float(key, v, decimals)
}

const noHeight = -1000 // metres

func (l *remoteIDLines) location(m *remoteid.Message) {
	o := &l.obj
	o.int("status", int64(m.Status))
	l.or(m, remoteid.HasTrack, "dir", float64(m.Track), 361, 1)
	l.or(m, remoteid.HasSpeed, "hs", m.SpeedMS, 255, 2)
	l.or(m, remoteid.HasVerticalSpeed, "vs", m.VerticalMS, 63, 2)
	l.or(m, remoteid.HasPosition, "lat", m.Position.LatDeg, 0, 7)
	l.or(m, remoteid.HasPosition, "lon", m.Position.LonDeg, 0, 7)
	l.or(m, remoteid.HasPressureAltitude, "alt_baro", float64(m.PressureAltitude), noHeight, 1)
	l.or(m, remoteid.HasGeodeticAltitude, "alt_geo", float64(m.GeodeticAltitude), noHeight, 1)
	o.bit("htype", m.AboveGround)
	l.or(m, remoteid.HasHeight, "height", float64(m.Height), noHeight, 1)
	o.int("hacc", int64(m.HorizontalCode))
	o.int("vacc", int64(m.VerticalCode))
	o.int("bacc", int64(m.PressureCode))
	o.int("sacc", int64(m.SpeedCode))
	o.int("tsacc", int64(m.TimeCode))
	l.or(m, remoteid.HasTimeInHour, "timestamp", m.TimeInHour.Seconds(), 65535, 1)
}

func (l *remoteIDLines) system(m *remoteid.Message) {
	o := &l.obj
	o.int("op_loc_type", int64(m.OperatorPlace))
	o.int("class_type", int64(m.Classification))
	l.or(m, remoteid.HasOperatorPosition, "op_lat", m.OperatorPosition.LatDeg, 0, 7)
	l.or(m, remoteid.HasOperatorPosition, "op_lon", m.OperatorPosition.LonDeg, 0, 7)
	o.int("area_count", int64(m.Count))
	o.float("area_radius", float64(m.Radius), 0)
	l.or(m, remoteid.HasCeiling, "ceil", float64(m.Ceiling), noHeight, 1)
	l.or(m, remoteid.HasFloor, "floor", float64(m.Floor), noHeight, 1)
	o.int("cat_eu", int64(m.CategoryEU))
	o.int("class_eu", int64(m.ClassEU))
	l.or(m, remoteid.HasOperatorAltitude, "op_alt", float64(m.OperatorAltitude), noHeight, 1)
	const epoch2019 = 1546300800 // seconds from 1970
	stamp := int64(0)
	if m.Has&remoteid.HasSystemTime != 0 {
		stamp = m.SystemTime.Unix() - epoch2019
	}
	o.int("sys_ts", stamp)
}

// Stats implements Decoder.
func (l *remoteIDLines) Stats() any {
	l.stats.Transmitters = len(l.seen)
	return &l.stats
}
