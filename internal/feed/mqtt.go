// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"
)

// The part of MQTT 3.1.1 (OASIS, 2014) that takes messages in: a feed
// subscribes and never publishes. ADR 13 says why it is written here.

// Bounds of what a broker sends.
const (
	maxMessage = 1 << 20 // octets of one message; a longer one is passed over and counted
	maxControl = 64      // octets of any other packet: acknowledgements have fewer
	// keepAlive is what the broker is told; it must hear from us within one and a
	// half of it. A broker that is silent is asked after half of it, and hung up on
	// when it does not answer for as long.
	keepAlive = time.Minute
)

// Kinds of packets, table 2.1.
const (
	mqttConnack  = 2
	mqttPublish  = 3
	mqttPuback   = 4
	mqttSuback   = 9
	mqttPingresp = 13
)

var errMQTT = errors.New("the broker does not keep to MQTT 3.1.1")

// broker is a connection to one.
type broker struct {
	conn  net.Conn
	r     *bufio.Reader
	at    int64         // octets read
	every time.Duration // of asking
	said  time.Time     // when we last sent something
	asked bool          // and it was a question that is not answered
	buf   []byte        // a message; at most maxMessage
}

// subscribe takes what a broker sends until it or ctx ends.
func (f *Feed) subscribe(ctx context.Context) error {
	u, err := url.Parse(f.cfg.Addr)
	if err != nil {
		return errors.New("address is no URL") // Validate has read it
	}
	var secure *tls.Config
	if u.Scheme == "mqtts" {
		secure = f.cfg.TLS
	}
	conn, err := f.connect(ctx, u.Host, secure)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { hangUp(conn) })()
	defer hangUp(conn)
	b := &broker{conn: conn, r: bufio.NewReaderSize(conn, readBytes), every: f.keepAlive() / 2}
	err = f.greet(b)
	for s := (&sender{now: f.cfg.Now}); err == nil; {
		err = f.packet(ctx, s, b)
	}
	if errors.Is(err, errMQTT) {
		f.refuse(b.at, ReasonMQTT)
	}
	return err
}

// packet takes the next packet after the broker's first.
func (f *Feed) packet(ctx context.Context, s *sender, b *broker) error {
	kind, flags, n, err := b.next()
	switch {
	case err != nil:
		return err
	case kind == mqttPublish: // also before SUBACK, of a session that the broker has kept
		return f.published(ctx, s, b, flags, n)
	case kind == mqttSuback && n <= maxControl:
		return f.subscribed(b, n)
	case kind == mqttPingresp && n == 0:
		b.asked = false
		return nil
	}
	return errMQTT
}

func (f *Feed) keepAlive() time.Duration {
	if f.cfg.KeepAlive > 0 {
		return f.cfg.KeepAlive
	}
	return keepAlive
}

// greet connects, and asks for the topics.
func (f *Feed) greet(b *broker) error {
	if err := b.conn.SetReadDeadline(time.Now().Add(dialTimeout)); err != nil {
		return fmt.Errorf("greet broker: %w", err)
	}
	if err := b.send(f.connectPacket()); err != nil {
		return err
	}
	kind, _, n, err := b.head()
	if err != nil {
		return err
	}
	var answer [2]byte
	if kind != mqttConnack || n != len(answer) {
		return errMQTT
	}
	if err := b.read(answer[:], &n); err != nil {
		return err
	}
	if answer[1] != 0 {
		f.refuse(b.at, ReasonMQTTRefused)
		return fmt.Errorf("the broker refuses us: code %d", answer[1])
	}
	b.asked = true
	return b.send(f.subscribePacket())
}

// subscribed takes the answer to what greet asked for.
func (f *Feed) subscribed(b *broker, n int) error {
	answer := make([]byte, n)
	if err := b.read(answer, &n); err != nil {
		return err
	}
	if len(answer) != 2+len(f.cfg.Topics) || binary.BigEndian.Uint16(answer) != subscription {
		return errMQTT
	}
	for i, code := range answer[2:] {
		if code > 1 {
			f.refuse(b.at, ReasonMQTTRefused)
			return fmt.Errorf("the broker refuses topic %d", i+1)
		}
	}
	b.asked = false
	f.setUp(true, "", b.conn.RemoteAddr().String())
	return nil
}

// subscription numbers our one SUBSCRIBE.
const subscription = 1

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s))) //nolint:gosec // Validate bounds it
	return append(b, s...)
}

func packet(first byte, body []byte) []byte {
	b := binary.AppendUvarint([]byte{first}, uint64(len(body))) // the remaining length is coded as a varint, 2.2.3
	return append(b, body...)
}

// connectPacket returns CONNECT, 3.1. With QoS 1 the broker keeps the session,
// and with it what comes while we are away.
func (f *Feed) connectPacket() []byte {
	const level, clean, withUser, withPassword = 4, 0x02, 0x80, 0x40
	var flags byte
	if f.cfg.QoS == 0 {
		flags |= clean
	}
	if f.cfg.User != "" {
		flags |= withUser
		if f.cfg.Password != "" {
			flags |= withPassword
		}
	}
	b := append(appendText(nil, "MQTT"), level, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(max(f.keepAlive()/time.Second, 1))) //nolint:gosec // a minute
	b = appendText(b, f.cfg.ClientID)
	if f.cfg.User != "" {
		b = appendText(b, f.cfg.User)
		if f.cfg.Password != "" {
			b = appendText(b, f.cfg.Password)
		}
	}
	return packet(0x10, b)
}

func (f *Feed) subscribePacket() []byte {
	b := binary.BigEndian.AppendUint16(nil, subscription)
	for _, t := range f.cfg.Topics {
		b = append(appendText(b, t), f.cfg.QoS)
	}
	return packet(0x82, b)
}

func (b *broker) send(p []byte) error {
	if err := b.conn.SetWriteDeadline(time.Now().Add(dialTimeout)); err != nil {
		return fmt.Errorf("write to broker: %w", err)
	}
	if _, err := b.conn.Write(p); err != nil {
		return fmt.Errorf("write to broker: %w", err)
	}
	b.said = time.Now()
	return nil
}

// next reads the head of a packet. Meanwhile it keeps the connection alive.
func (b *broker) next() (kind, flags byte, n int, err error) {
	for {
		if !b.asked && time.Since(b.said) >= b.every {
			b.asked = true
			if err := b.send([]byte{0xC0, 0}); err != nil {
				return 0, 0, 0, err
			}
		}
		if err := b.conn.SetReadDeadline(time.Now().Add(b.every)); err != nil {
			return 0, 0, 0, fmt.Errorf("read feed: %w", err)
		}
		_, err := b.r.Peek(1)
		switch {
		case err == nil:
			return b.head()
		case errors.Is(err, os.ErrDeadlineExceeded) && b.asked:
			return 0, 0, 0, errors.New("the broker does not answer")
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, io.EOF):
			return 0, 0, 0, errors.New("sender closed the connection")
		default:
			return 0, 0, 0, fmt.Errorf("read feed: %w", err)
		}
	}
}

// head reads a fixed header, 2.2: kind, flags and remaining length.
func (b *broker) head() (kind, flags byte, n int, err error) {
	first, err := b.byte()
	if err != nil {
		return 0, 0, 0, err
	}
	for shift := 0; ; shift += 7 {
		v, err := b.byte()
		if err != nil {
			return 0, 0, 0, err
		}
		n |= int(v&0x7F) << shift
		if v < 0x80 {
			return first >> 4, first & 0x0F, n, nil
		}
		if shift == 21 {
			return 0, 0, 0, errMQTT
		}
	}
}

func (b *broker) byte() (byte, error) {
	v, err := b.r.ReadByte()
	if err != nil {
		return 0, fmt.Errorf("read feed: %w", err)
	}
	b.at++
	return v, nil
}

// read fills p from a packet that has so many octets left.
func (b *broker) read(p []byte, left *int) error {
	if len(p) > *left {
		return errMQTT
	}
	n, err := io.ReadFull(b.r, p)
	b.at += int64(n)
	*left -= n
	if err != nil {
		return fmt.Errorf("read feed: %w", err)
	}
	return nil
}

// pass passes over n octets of a packet that has so many left.
func (b *broker) pass(n int, left *int) error {
	if n > *left {
		return errMQTT
	}
	m, err := io.CopyN(io.Discard, b.r, int64(n))
	b.at += m
	*left -= n
	if err != nil {
		return fmt.Errorf("read feed: %w", err)
	}
	return nil
}

// published takes a PUBLISH, 3.3, whose body has n octets, and acknowledges it.
func (f *Feed) published(ctx context.Context, s *sender, b *broker, flags byte, n int) error {
	var topic, id [2]byte
	at, qos := b.at, flags>>1&3
	if qos > f.cfg.QoS {
		return errMQTT
	}
	err := b.read(topic[:], &n)
	if err == nil {
		err = b.pass(int(binary.BigEndian.Uint16(topic[:])), &n)
	}
	if err == nil && qos > 0 {
		err = b.read(id[:], &n)
	}
	if err == nil {
		err = f.carried(ctx, s, b, flags, n, at)
	}
	if err == nil && qos > 0 {
		err = b.send([]byte{mqttPuback << 4, 2, id[0], id[1]})
	}
	return err
}

// carried takes the n octets that a message carries, or passes over them. It
// began at an offset.
func (f *Feed) carried(ctx context.Context, s *sender, b *broker, flags byte, n int, at int64) error {
	const retain = 0x01
	switch {
	case n > maxMessage:
		f.refuse(at, ReasonMQTTLong)
		return b.pass(n, &n)
	case flags&retain != 0:
		// Nobody knows how old it is: as new it would show what was long ago.
		f.refuse(at, ReasonMQTTRetained)
		return b.pass(n, &n)
	}
	at = b.at
	if cap(b.buf) < n {
		b.buf = make([]byte, n)
	}
	body := b.buf[:n]
	if err := b.read(body, &n); err != nil {
		return err
	}
	if !f.datagram(ctx, s, at, body) {
		return errEnd
	}
	return nil
}
