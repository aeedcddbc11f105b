// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// said is a connection on which the other side has said all it will.
type said struct {
	*bytes.Reader
	wrote int
}

func (s *said) Write(b []byte) (int, error)      { s.wrote += len(b); return len(b), nil }
func (s *said) Close() error                     { return nil }
func (s *said) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *said) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *said) SetDeadline(time.Time) error      { return nil }
func (s *said) SetReadDeadline(time.Time) error  { return nil }
func (s *said) SetWriteDeadline(time.Time) error { return nil }

// FuzzMQTT gives what a broker might say: it ends with an error, no message is
// longer than what came, and nothing is counted that was not read.
func FuzzMQTT(f *testing.F) {
	f.Add([]byte("\x20\x02\x00\x00\x90\x03\x00\x01\x00\x32\x0d\x00\x01a\x00\x07!AIVDM,1\xd0\x00"))
	f.Add([]byte("\x20\x02\x00\x00\x30\xff\xff\xff\x7f\xff\xff"))
	f.Add([]byte("\x20\x02\x00\x05"))
	f.Add([]byte("\x20\x02\x00\x00\x31\x03\x00\x01a\x30\x02\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out := make(chan frame.Frame, len(b)+1)
		fd := New(Config{Name: "in", Kind: "cot-mqtt", Topics: []string{"a"}, QoS: 1, ClientID: "c"}, out)
		conn := &said{Reader: bytes.NewReader(b)}
		br := &broker{conn: conn, r: bufio.NewReader(conn), every: time.Hour}
		err := fd.greet(br)
		for s := (&sender{now: time.Now}); err == nil; {
			err = fd.packet(context.Background(), s, br)
		}
		if br.at > int64(len(b)) || cap(br.buf) > maxMessage {
			t.Errorf("%d octets of %d counted, %d kept", br.at, len(b), cap(br.buf))
		}
		close(out)
		total := 0
		for fr := range out {
			total += len(fr.Data)
		}
		if total > len(b) {
			t.Errorf("%d octets of messages came of %d", total, len(b))
		}
	})
}
