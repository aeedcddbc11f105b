// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

func texts(list []frame.Frame) (out []string) {
	for _, f := range list {
		out = append(out, fmt.Sprintf("%d@%d %s", f.Seq, f.Offset, f.Data))
	}
	return out
}

// block is an ASTERIX data block of n octets.
func block(category byte, n int) []byte {
	b := make([]byte, n)
	b[0] = category
	binary.BigEndian.PutUint16(b[1:], uint16(n)) //nolint:gosec // a test's own
	return b
}

func event(t testing.TB, uid string, proto bool) []byte {
	t.Helper()
	e := &cot.Event{UID: cot.Text(uid), Type: cot.Text("a-u-A"), How: cot.Text("m-g"), Time: noon, Start: noon, Stale: noon.Add(time.Minute)}
	encode := cot.AppendXML
	if proto {
		encode = cot.AppendFrame
	}
	b, err := encode(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFurtherContents cuts a stream of each content into frames. Garbage counts
// once for what came together.
func TestFurtherContents(t *testing.T) {
	xml, proto := event(t, "one", false), event(t, "two", true)
	datagram := append([]byte{0xBF, 1, 0xBF}, proto[2:]...)
	tests := map[string]struct {
		kind    feed.Kind
		stream  []byte
		want    []string
		refused map[string]uint64
	}{
		"ASTERIX blocks": {"asterix-tcp", slices.Concat(block(48, 5), block(34, 300), block(62, 4)), []string{
			"1@0 " + string(block(48, 5)), "2@5 " + string(block(34, 300)), "3@305 " + string(block(62, 4)),
		}, nil},
		"CoT events": {"cot-tcp", slices.Concat([]byte("noise"), xml, proto, bytes.Repeat([]byte{'x'}, 9), xml), []string{
			fmt.Sprintf("1@5 %s", xml), fmt.Sprintf("2@%d %s", 5+len(xml), datagram), fmt.Sprintf("3@%d %s", 14+len(xml)+len(proto), xml),
		}, map[string]uint64{feed.ReasonCoT: 1}},
		"Remote ID lines": {"remoteid-tcp", []byte("{\"mac\":\"a\"}\r\n" + strings.Repeat("y", 2049) + "\n{}\n"), []string{`1@0 {"mac":"a"}`, "2@2063 {}"}, map[string]uint64{feed.ReasonLine: 1}},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			l := listen(t)
			r := start(t, feed.Config{Kind: tt.kind, Addr: l.Addr().String()}, 0)
			serve(t, l, tt.stream)
			if diff := cmp.Diff(tt.want, texts(r.frames(len(tt.want)))); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			r.until("counted", func(h feed.Health) bool { return cmp.Equal(counts(h), orEmpty(tt.refused)) })
		})
	}
}

func orEmpty(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}

// TestLostStreamIsDialledAgain sends a block of a length that none has.
func TestLostStreamIsDialledAgain(t *testing.T) {
	l := listen(t)
	r := start(t, feed.Config{Kind: "asterix-tcp", Addr: l.Addr().String()}, 0)
	serve(t, l, slices.Concat(block(48, 6), []byte{48, 0, 2, 9, 9}))
	r.frames(1)
	serve(t, l, block(48, 7))
	if f := r.frames(1)[0]; len(f.Data) != 7 || f.Offset != 0 || f.Seq != 2 {
		t.Errorf("frame after the stream was lost = %+v", f)
	}
	if n := counts(r.Health())[feed.ReasonASTERIX]; n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
}

// FuzzBlocks cuts any stream in any two pieces: the blocks are the same, and
// cover the stream.
func FuzzBlocks(f *testing.F) {
	f.Add(slices.Concat(block(48, 5), block(1, 4), []byte{1, 0, 0}), 6)
	f.Add([]byte{1, 255, 255, 0}, 2)
	f.Add(slices.Concat(block(48, 0xffff), block(34, 4)), 0xfffe)       // more than 64 KiB
	f.Add(slices.Concat(block(48, 5), []byte{1, 0, 0}, block(1, 4)), 8) // whole blocks after what is lost
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		read := func(pieces ...[]byte) (got []string) {
			var s feed.Blocks
			for _, p := range pieces {
				s.Push(p, func(at int64, block []byte) bool {
					if !bytes.HasPrefix(b[at:], block) {
						t.Errorf("block is not at %d", at)
					}
					got = append(got, fmt.Sprintf("%d+%d", at, len(block)))
					return true
				}, func(at int64) { got = append(got, fmt.Sprintf("lost at %d", at)) })
			}
			return got
		}
		cut = min(max(cut, 0), len(b))
		if diff := cmp.Diff(read(b), read(b[:cut], b[cut:])); diff != "" {
			t.Errorf("in two pieces (-whole +pieces):\n%s", diff)
		}
	})
}

func dialFeed(t testing.TB, r *running, cfg *tls.Config) net.Conn {
	t.Helper()
	h := r.until("listening", func(h feed.Health) bool { return h.Up })
	c, err := net.Dial("tcp", h.LocalAddr)
	if err != nil {
		t.Fatal(err)
	}
	if cfg != nil {
		c = tls.Client(c, cfg)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestSendersCome lets several senders come to a feed, one too many, and go.
func TestSendersCome(t *testing.T) {
	r := start(t, feed.Config{Kind: "nmea-tcp-server", Addr: "127.0.0.1:0"}, 100)
	first := dialFeed(t, r, nil)
	send(t, first, []byte("!AIVDM,1\n!AIVD"))
	r.frames(1)
	conns := []net.Conn{first}
	for i := 2; i <= 16; i++ {
		c, err := net.Dial("tcp", r.Health().LocalAddr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		conns = append(conns, c)
		send(t, c, fmt.Appendf(nil, "!AIVDM,%d\n", i))
		if got := string(r.frames(1)[0].Data); got != fmt.Sprintf("!AIVDM,%d", i) {
			t.Fatalf("sender %d: %q", i, got)
		}
	}
	r.until("all senders in", func(h feed.Health) bool { return h.Senders == 16 })
	over, err := net.Dial("tcp", r.Health().LocalAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = over.Close() }()
	if _, err := over.Read(make([]byte, 1)); err == nil {
		t.Error("a sender too many is kept")
	}
	r.until("one refused", func(h feed.Health) bool { return counts(h)[feed.ReasonSenders] == 1 })
	// What one sender leaves cut does not mix with another's.
	send(t, conns[1], []byte("!AIVDM,x\n"))
	if f := r.frames(1)[0]; string(f.Data) != "!AIVDM,x" || f.Seq != 17 {
		t.Errorf("frame = %+v", f)
	}
	send(t, first, []byte("M,y\n"))
	if f := r.frames(1)[0]; string(f.Data) != "!AIVDM,y" {
		t.Errorf("frame = %+v", f)
	}
	if err := conns[1].Close(); err != nil {
		t.Fatal(err)
	}
	r.until("one gone", func(h feed.Health) bool { return h.Senders == 15 && h.Up })
}

// identity is a certificate of loopback, its own authority.
func identity(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestTLSAdmitsWhomTheCertificatesSay dials and is dialled, by the right peer
// and by a wrong one.
func TestTLSAdmitsWhomTheCertificatesSay(t *testing.T) {
	own, trusted := identity(t)
	other, strangers := identity(t)
	for name, tt := range map[string]struct {
		roots *x509.CertPool
		ok    bool
	}{"a trusted server": {trusted, true}, "a server that nobody vouches for": {strangers, false}} {
		t.Run("it dials "+name, func(t *testing.T) {
			l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12})
			r := start(t, feed.Config{Kind: "nmea-tls", Addr: l.Addr().String(), TLS: &tls.Config{RootCAs: tt.roots, MinVersion: tls.VersionTLS12}}, 0)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = c.Write([]byte("!AIVDM,1\n")) // fails where the feed refuses us
				}
			}()
			if tt.ok {
				r.frames(1)
				return
			}
			if h := r.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonTLS] > 1 }); h.Frames != 0 || h.Up {
				t.Errorf("health = %+v", h)
			}
		})
	}
	r := start(t, feed.Config{Kind: "nmea-tls-server", Addr: "127.0.0.1:0", TLS: &tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}}, 10)
	for _, who := range []struct {
		cert tls.Certificate
		ok   bool
	}{{other, false}, {own, true}} {
		c := dialFeed(t, r, &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1", Certificates: []tls.Certificate{who.cert}, MinVersion: tls.VersionTLS12})
		_, err := c.Write([]byte("!AIVDM,1\n"))
		if who.ok && err != nil {
			t.Fatal(err)
		}
		if who.ok {
			r.frames(1)
		} else {
			r.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonTLS] == 1 })
		}
	}
	if h := r.Health(); h.Frames != 1 {
		t.Errorf("%d frames, want that of the sender with a certificate alone", h.Frames)
	}
}

// TestFileGoesOnWhereItWas reads a file in two runs, then follows it.
func TestFileGoesOnWhereItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.nmea")
	write := func(text string) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("!AIVDM,1\n!AIVDM,2\n!AIVDM,3")
	r := start(t, feed.Config{Kind: "nmea-file", Path: path}, 10)
	if diff := cmp.Diff([]string{"1@0 !AIVDM,1", "2@9 !AIVDM,2", "3@18 !AIVDM,3"}, texts(r.frames(3))); diff != "" {
		t.Error(diff)
	}
	r.until("ended", func(h feed.Health) bool { return h.Ended && !h.Up })
	r.stop()

	write("\n!AIVDM,4\n")
	r = start(t, feed.Config{Kind: "nmea-file", Path: path, StartSeq: 2, Follow: true}, 10)
	if diff := cmp.Diff([]string{"3@18 !AIVDM,3", "4@27 !AIVDM,4"}, texts(r.frames(2))); diff != "" {
		t.Error(diff)
	}
	write("!AIVDM,5\n")
	if diff := cmp.Diff([]string{"5@36 !AIVDM,5"}, texts(r.frames(1))); diff != "" {
		t.Error(diff)
	}
	// One that shrank is another file, and so is one that comes in its place.
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	r.wait(false)
	write("!AIVDM,6\n")
	if diff := cmp.Diff([]string{"6@0 !AIVDM,6"}, texts(r.frames(1))); diff != "" {
		t.Error(diff)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("!AIVDM,7\n")
	if diff := cmp.Diff([]string{"7@0 !AIVDM,7"}, texts(r.frames(1))); diff != "" {
		t.Error(diff)
	}
	if h := r.Health(); h.Frames != 5 || h.Ended || len(h.Refused) != 0 {
		t.Errorf("health = %+v", h)
	}
	r.stop()

	// A run that begins with another file than the last one had takes all of it.
	r = start(t, feed.Config{Kind: "nmea-file", Path: path, StartSeq: 7, Follow: true}, 10)
	if diff := cmp.Diff([]string{"8@0 !AIVDM,7"}, texts(r.frames(1))); diff != "" {
		t.Error(diff)
	}
	if n := counts(r.Health())[feed.ReasonShorter]; n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
}

// TestFileShorterThanBefore tells of a file that can't be the one of before.
func TestFileShorterThanBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.nmea")
	if err := os.WriteFile(path, []byte("!AIVDM,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, feed.Config{Kind: "nmea-file", Path: path, StartSeq: 2}, 10)
	r.until("refused", func(h feed.Health) bool { return h.Ended && h.Frames == 0 && counts(h)[feed.ReasonShorter] == 1 })
}

// TestWhatIsLostForGoodEnds gives blocks of an impossible length where they
// don't come anew: they are refused once.
func TestWhatIsLostForGoodEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks")
	bad := slices.Concat(block(48, 6), []byte{48, 0, 2, 9, 9})
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []feed.Config{{Kind: "asterix-file", Path: path}, {Kind: "asterix-stdin", Stdin: bytes.NewReader(bad)}} {
		r := start(t, cfg, 10)
		r.frames(1)
		h := r.until("ended", func(h feed.Health) bool { return h.Ended })
		if n := counts(h)[feed.ReasonASTERIX]; n != 1 || h.Connects != 1 {
			t.Errorf("%s: %d refused in %d goes, want once", cfg.Kind, n, h.Connects)
		}
	}
}

// TestOnlyPlainFiles does not wait for who may write to a pipe.
func TestOnlyPlainFiles(t *testing.T) {
	var told syncBuffer
	r := start(t, feed.Config{Kind: "nmea-file", Path: t.TempDir(), Log: slog.New(slog.NewTextHandler(&told, nil))}, 0)
	told.await(t, "no plain file")
	r.stop()
	if h := r.Health(); h.Connects != 0 || h.Ended {
		t.Errorf("health = %+v", h)
	}
}

// recording is a classic pcap of UDP datagrams over raw IPv4, a minute apart.
func recording(port uint16, payloads ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0)
	for i, p := range payloads {
		n := uint16(28 + len(p)) //nolint:gosec // a test's own
		b = binary.LittleEndian.AppendUint32(b, uint32(noon.Unix())+60*uint32(i))
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, n)
		b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 0, 9)
		b = binary.BigEndian.AppendUint16(b, port)
		b = binary.BigEndian.AppendUint16(b, n-20)
		b = append(append(b, 0, 0), p...)
	}
	return b
}

func TestPCAP(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.pcap")
	whole := slices.Concat(recording(8600, string(block(48, 5)), string(block(34, 6))), []byte{1, 2, 3})
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, feed.Config{Kind: "asterix-pcap", Path: path, Marks: true, Port: 8600}, 10)
	want := []frame.Frame{
		fr(frame.ASTERIX, 1, 0, noon, block(48, 5)),
		fr(frame.ASTERIX, 2, 5, noon.Add(time.Minute), block(34, 6)),
	}
	if diff := cmp.Diff(want, r.frames(2)); diff != "" {
		t.Error(diff)
	}
	r.until("ended, its cut end refused", func(h feed.Health) bool { return h.Ended && counts(h)[feed.ReasonPCAP] == 1 })
	none := start(t, feed.Config{Kind: "asterix-pcap", Path: path, Port: 9}, 10)
	none.until("ended", func(h feed.Health) bool { return h.Ended && h.Frames == 0 })
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// await waits until text is written.
func (b *syncBuffer) await(t testing.TB, text string) {
	t.Helper()
	for end := time.Now().Add(limit); !strings.Contains(b.String(), text); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%q is never written: %s", text, b.String())
		}
	}
}

// TestNothingIsLeftBehind starts and stops feeds of each kind of transport with
// senders that stay: no goroutine and no connection remains.
func TestNothingIsLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("!AIVDM,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	defer close(hold)
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done(): // the feed went
		case <-hold:
		}
	}))
	defer web.Close()
	l := listen(t)
	before := runtime.NumGoroutine()
	for range 3 {
		for _, cfg := range []feed.Config{
			{Kind: "nmea-tcp", Addr: l.Addr().String()},
			{Kind: "nmea-tcp-server", Addr: "127.0.0.1:0"},
			{Kind: "nmea-udp", Addr: "127.0.0.1:0"},
			{Kind: "nmea-file", Path: path, Follow: true},
			{Kind: "nmea-http", Addr: web.URL, Every: time.Second},
		} {
			r := start(t, cfg, 1)
			var c net.Conn
			switch cfg.Kind.Transport() {
			case feed.TCP:
				c = serve(t, l, []byte("!AIVDM,1\n"))
			case feed.TCPServer:
				c = dialFeed(t, r, nil)
				send(t, c, []byte("!AIVDM,1\n!AIVDM,2\n!AIVDM,3\n")) // and it must wait
				r.frames(1)
			}
			r.stop()
			if c == nil {
				continue
			}
			// The feed has hung up, whatever was not read.
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s: the connection stays", cfg.Kind)
			}
			_ = c.Close()
		}
	}
	for end := time.Now().Add(limit); runtime.NumGoroutine() > before; runtime.Gosched() {
		web.CloseClientConnections()
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestStdin(t *testing.T) {
	in, out := io.Pipe()
	r := start(t, feed.Config{Kind: "avr-stdin", Stdin: in}, 0)
	if _, err := io.WriteString(out, "*8D4840D6202CC371C32CE0576098;\n*8D4840D6202CC371C32CE0576098;"); err != nil {
		t.Fatal(err)
	}
	r.frames(1)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	r.frames(1)
	r.until("ended", func(h feed.Health) bool { return h.Ended })
	// One that nobody writes to or closes does not hold a stop up.
	silent, _ := io.Pipe()
	start(t, feed.Config{Kind: "avr-stdin", Stdin: silent}, 0).stop()
}

// TestRateLimit lets twice the rate pass at once, then the rate.
func TestRateLimit(t *testing.T) {
	var now atomic.Int64
	cfg := feed.Config{Name: "in", Kind: "avr-stdin", MaxRate: 5, Now: func() time.Time { return noon.Add(time.Duration(now.Load())) }}
	line := []byte("*8D4840D6202CC371C32CE0576098;\n")
	in, out := io.Pipe()
	cfg.Stdin = in
	frames := make(chan frame.Frame, 1000)
	f := feed.New(cfg, frames)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	r := &running{Feed: f, t: t, out: frames}
	for step, want := range []uint64{10, 15, 25} {
		if _, err := out.Write(bytes.Repeat(line, 50)); err != nil {
			t.Fatal(err)
		}
		h := r.until("taken or refused", func(h feed.Health) bool { return h.Frames+counts(h)[feed.ReasonRate] == 50*uint64(step+1) })
		if h.Frames != want || h.Seq != want {
			t.Errorf("step %d: %d frames, want %d", step, h.Frames, want)
		}
		now.Add(int64(time.Second) * int64(1+9*step))
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestSlowRateLetsSomePass has a rate of one in ten seconds.
func TestSlowRateLetsSomePass(t *testing.T) {
	lines := "*8D4840D6202CC371C32CE0576098;\n*8D4840D6202CC371C32CE0576098;\n"
	r := start(t, feed.Config{Kind: "avr-stdin", Stdin: strings.NewReader(lines), MaxRate: 0.1}, 10)
	r.frames(1)
	r.until("refused", func(h feed.Health) bool { return h.Ended && counts(h)[feed.ReasonRate] == 1 })
}

// TestSilenceIsTold waits for a frame that does not come, by the feed's clock;
// the sender is dialled again.
func TestSilenceIsTold(t *testing.T) {
	var now atomic.Int64
	l := listen(t)
	cfg := feed.Config{
		Name: "in", Kind: feed.NMEATCP, Addr: l.Addr().String(), Stale: 20 * time.Millisecond, Retry: time.Millisecond,
		Now: func() time.Time { return noon.Add(time.Duration(now.Load())) },
	}
	frames := make(chan frame.Frame, 10)
	f := feed.New(cfg, frames)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	r := &running{Feed: f, t: t, out: frames}
	var text atomic.Pointer[string]
	say := func(s string) { text.Store(&s) }
	say("!AIVDM,1\n")
	go greet(l, &text)
	r.frames(1)
	if r.Health().Silent {
		t.Error("silent at once")
	}
	say("")
	connects := r.Health().Connects
	r.until("dialled again", func(h feed.Health) bool { return h.Connects > connects })
	now.Store(int64(time.Second))
	if !r.Health().Silent {
		t.Error("not silent after a second of 20 ms")
	}
	say("!AIVDM,2\n")
	for string(r.frames(1)[0].Data) != "!AIVDM,2" {
		continue // the first text may have come twice
	}
	r.until("heard", func(h feed.Health) bool { return !h.Silent })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// greet writes the text to each connection that comes, and says no more.
func greet(l net.Listener, text *atomic.Pointer[string]) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Write([]byte(*text.Load()))
		go func() {
			_, _ = c.Read(make([]byte, 1)) // until it is hung up on
			_ = c.Close()
		}()
	}
}

// TestSilentSendersAreHungUpOn lets a sender come and say nothing.
func TestSilentSendersAreHungUpOn(t *testing.T) {
	r := start(t, feed.Config{Kind: "nmea-tcp-server", Addr: "127.0.0.1:0", Stale: 10 * time.Millisecond}, 10)
	c := dialFeed(t, r, nil)
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read = %v, want the connection closed", err)
	}
	r.until("without senders", func(h feed.Health) bool { return h.Up && h.Senders == 0 })
}

// TestFailingServerIsAskedNoOftener looks at the pause after a refused answer.
func TestFailingServerIsAskedNoOftener(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	var told syncBuffer
	start(t, feed.Config{Kind: "nmea-http", Addr: s.URL, Every: time.Hour, Log: slog.New(slog.NewTextHandler(&told, nil))}, 0)
	told.await(t, "retry_in=1h0m0s")
}

func logTo(b *syncBuffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func TestProblemNamesTheKey(t *testing.T) {
	cert := &tls.Config{Certificates: make([]tls.Certificate, 1)} //nolint:gosec // never used to connect
	tests := map[string]struct {
		cfg feed.Config
		key string
	}{
		"a sender's listener":          {feed.Config{Kind: "nmea-tcp-server", Addr: "127.0.0.1:1"}, ""},
		"a listener with TLS":          {feed.Config{Kind: "nmea-tls-server", Addr: "127.0.0.1:1", TLS: cert}, ""},
		"one without a certificate":    {feed.Config{Kind: "nmea-tls-server", Addr: "127.0.0.1:1", TLS: &tls.Config{MinVersion: tls.VersionTLS12}}, "cert"},
		"a listener on all":            {feed.Config{Kind: "nmea-tcp-server", Addr: ":1"}, "addr"},
		"a group":                      {feed.Config{Kind: "cot-multicast", Addr: "239.2.3.1:6969"}, ""},
		"a group that is none":         {feed.Config{Kind: "cot-multicast", Addr: "192.0.2.1:6969"}, "addr"},
		"an interface of no group":     {feed.Config{Kind: "cot-udp", Addr: "127.0.0.1:1", Interface: "lo"}, "interface"},
		"a file":                       {feed.Config{Kind: "beast-file", Path: "x"}, ""},
		"a file without a path":        {feed.Config{Kind: "beast-file"}, "path"},
		"a file with an address":       {feed.Config{Kind: "beast-file", Path: "x", Addr: "h:1"}, "addr"},
		"a recording that is followed": {feed.Config{Kind: "asterix-pcap", Path: "x", Follow: true}, "follow"},
		"a recording of Beast":         {feed.Config{Kind: "beast-pcap", Path: "x"}, "kind"},
		"a port of no recording":       {feed.Config{Kind: "beast-file", Path: "x", Port: 1}, "port"},
		"a URL":                        {feed.Config{Kind: "remoteid-http", Addr: "https://h/x", Every: time.Second}, ""},
		"a URL of another scheme":      {feed.Config{Kind: "remoteid-http", Addr: "file:///etc/x", Every: time.Second}, "addr"},
		"a URL with a password":        {feed.Config{Kind: "remoteid-http", Addr: "https://u:p@h/x", Every: time.Second}, "addr"},
		"a URL asked all the time":     {feed.Config{Kind: "remoteid-http", Addr: "https://h/x"}, "every"},
		"a password in the clear":      {feed.Config{Kind: "remoteid-http", Addr: "http://h/x", Every: time.Second, Password: "p"}, "addr"},
		"one on this machine":          {feed.Config{Kind: "remoteid-http", Addr: "http://127.0.0.1/x", Every: time.Second, Password: "p"}, ""},
		"a password of no URL":         {feed.Config{Kind: "nmea-udp", Addr: "127.0.0.1:1", Password: "p"}, "password"},
		"an interval of no URL":        {feed.Config{Kind: "nmea-udp", Addr: "127.0.0.1:1", Every: time.Second}, "every"},
		"TLS where there is none":      {feed.Config{Kind: "nmea-tcp", Addr: "127.0.0.1:1", TLS: cert}, "kind"},
		"a peer that is not checked":   {feed.Config{Kind: "nmea-tls", Addr: "127.0.0.1:1", TLS: &tls.Config{InsecureSkipVerify: true}}, "ca"}, //nolint:gosec // to be refused
		"a rate of a file":             {feed.Config{Kind: "nmea-file", Path: "x", MaxRate: 1}, "max_rate"},
		"a serial line":                {feed.Config{Kind: "nmea-serial", Path: "x", Baud: 4800}, ""},
		"a line without a speed":       {feed.Config{Kind: "nmea-serial", Path: "x"}, "baud"},
		"a line of no device":          {feed.Config{Kind: "nmea-serial", Baud: 4800}, "path"},
		"a speed of no line":           {feed.Config{Kind: "nmea-file", Path: "x", Baud: 4800}, "baud"},
		"a radar on a line":            {feed.Config{Kind: "asterix-serial", Path: "x", Baud: 4800}, "kind"},
		"a pipe":                       {feed.Config{Kind: "cot-stdin", Stdin: strings.NewReader("")}, ""},
		"a pipe that is none":          {feed.Config{Kind: "cot-stdin"}, "kind"},
		"marks where there are none":   {feed.Config{Kind: "cot-udp", Addr: "127.0.0.1:1", Marks: true}, "time_marks"},
		"a rate below nothing":         {feed.Config{Kind: "cot-udp", Addr: "127.0.0.1:1", MaxRate: -1}, "max_rate"},
	}
	for name, tt := range tests {
		if key, what := tt.cfg.Problem(); key != tt.key || (key == "") != (what == "") {
			t.Errorf("Problem of %s = %q: %q, want %q", name, key, what, tt.key)
		}
	}
}
