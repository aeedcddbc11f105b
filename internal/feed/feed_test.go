// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// limit is how long a test waits for what must happen.
const limit = 20 * time.Second

// running is a feed under test.
type running struct {
	*feed.Feed
	t      testing.TB
	out    chan frame.Frame
	states chan bool
	stop   func()
}

// start runs a feed whose clock stands at noon.
func start(t testing.TB, cfg feed.Config, queue int) *running {
	t.Helper()
	cfg.Name = "in"
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return startRaw(t, cfg, queue)
}

// startRaw is start with what Validate would refuse, such as a pause too short.
func startRaw(t testing.TB, cfg feed.Config, queue int) *running {
	t.Helper()
	r := &running{t: t, out: make(chan frame.Frame, queue), states: make(chan bool, 1000)}
	cfg.Name, cfg.Retry = "in", time.Millisecond
	cfg.Now = func() time.Time { return noon }
	cfg.OnState = func(up bool) {
		select {
		case r.states <- up:
		default: // nobody waits for them any more
		}
	}
	r.Feed = feed.New(cfg, r.out)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run() = %v", err)
			}
		case <-time.After(limit):
			t.Error("Run does not end")
		}
	}
	t.Cleanup(r.stop)
	return r
}

// wait waits for a state.
func (r *running) wait(want bool) {
	r.t.Helper()
	for {
		select {
		case up := <-r.states:
			if up == want {
				return
			}
		case <-time.After(limit):
			r.t.Fatalf("feed does not come to up = %v", want)
		}
	}
}

// frames takes n frames, and waits until the feed has counted them.
func (r *running) frames(n int) []frame.Frame {
	r.t.Helper()
	var list []frame.Frame
	for len(list) < n {
		select {
		case f := <-r.out:
			list = append(list, f)
		case <-time.After(limit):
			r.t.Fatalf("%d frames came, want %d", len(list), n)
		}
	}
	r.until("counted", func(h feed.Health) bool { return h.Seq >= list[n-1].Seq })
	return list
}

// until waits until the feed's health is as wanted.
func (r *running) until(what string, ok func(feed.Health) bool) feed.Health {
	r.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if h := r.Health(); ok(h) {
			return h
		}
		runtime.Gosched()
	}
	r.t.Fatalf("never %s: %+v", what, r.Health())
	return feed.Health{}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve accepts one connection and writes b to it.
func serve(t testing.TB, l net.Listener, b []byte) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	return c
}

func squitter(n int) []byte {
	b := modes.EncodeIdentification(modes.ICAO(0x890000+n), "EXR101", 0xA3)
	return b[:]
}

func message(n int) beast.Message {
	return beast.Message{Type: beast.TypeLong, Time12MHz: 0x1A1A, Data: squitter(n)}
}

func fr(format frame.Format, seq uint64, offset int64, at time.Time, data []byte) frame.Frame {
	return frame.Frame{Source: "in", Seq: seq, Format: format, Received: at, Offset: offset, Data: data}
}

func counts(h feed.Health) map[string]uint64 {
	m := make(map[string]uint64)
	for _, c := range h.Refused {
		m[c.Reason] = c.Count
	}
	return m
}

func TestStreams(t *testing.T) {
	one, two := message(0x1A), message(2)
	size := int64(len(beast.Append(nil, one)))
	allCall := modes.EncodeAllCall(0x899123)
	mark := noon.Add(-time.Hour)
	computed := message(3)
	computed.Time12MHz = 0xFF004D4C4154
	vdm := sentence(nil)
	tagged := sentence(&mark)
	tests := map[string]struct {
		kind    feed.Kind
		marks   bool
		stream  []byte
		want    []frame.Frame
		refused map[string]uint64
		ignored uint64
	}{
		"Beast": {
			kind: feed.BeastTCP,
			stream: slices.Concat(
				beast.Append(nil, one), []byte("xyz"), beast.Append(nil, beast.Message{Type: beast.TypeModeAC, Data: []byte{1, 2}}),
				beast.Append(nil, computed), beast.Append(nil, two), beast.Append(nil, beast.Message{Type: beast.TypeShort, Data: allCall[:]}),
			),
			want: []frame.Frame{
				fr(frame.ModeS, 8, 0, noon, one.Data),
				fr(frame.ModeS, 9, size+3+11+23, noon, two.Data),
				fr(frame.ModeS, 10, size+3+11+23+25, noon, allCall[:]),
			},
			refused: map[string]uint64{feed.ReasonBeast: 1, feed.ReasonMLAT: 1},
			ignored: 1,
		},
		"Beast with time marks": {
			kind: feed.BeastTCP, marks: true,
			stream:  slices.Concat(beast.Append(nil, two), beast.AppendTime(nil, mark.UnixMilli()), beast.Append(nil, one)),
			want:    []frame.Frame{fr(frame.ModeS, 8, size-1+10, mark, one.Data)},
			refused: map[string]uint64{feed.ReasonNoTime: 1},
		},
		"AVR": {
			kind:    feed.AVRTCP,
			stream:  slices.Concat(avr.Append(nil, one.Data), []byte("*0000;\r\n*12;\n\n*1200;\n"), bytes.Repeat([]byte("*"), 300), []byte("\n"), avr.Append(nil, two.Data)),
			want:    []frame.Frame{fr(frame.ModeS, 8, 0, noon, one.Data), fr(frame.ModeS, 9, 31+8+5+1+7+301, noon, two.Data)},
			refused: map[string]uint64{feed.ReasonAVR: 1, feed.ReasonLine: 1},
			ignored: 2,
		},
		"NMEA": {
			kind:    feed.NMEATCP,
			stream:  []byte(vdm + "\r\n" + vdm + vdm + "\ngarbage\n" + string(bytes.Repeat([]byte("!"), 2000)) + "\n" + vdm + "\n"),
			want:    nmeaFrames(vdm),
			refused: map[string]uint64{feed.ReasonLine: 1},
		},
		"NMEA with time marks": {
			kind: feed.NMEATCP, marks: true,
			stream: []byte(vdm + "\n" + tagged + "\n" + vdm + "\n"),
			want: []frame.Frame{
				fr(frame.NMEA, 8, int64(len(vdm)+1), mark, []byte(tagged)),
				fr(frame.NMEA, 9, int64(len(vdm)+1+len(tagged)+1), mark, []byte(vdm)),
			},
			refused: map[string]uint64{feed.ReasonNoTime: 1},
		},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			l := listen(t)
			r := start(t, feed.Config{Kind: tt.kind, Addr: l.Addr().String(), Marks: tt.marks, StartSeq: 7}, 0)
			serve(t, l, tt.stream)
			if diff := cmp.Diff(tt.want, r.frames(len(tt.want))); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			h := r.until("counted all", func(h feed.Health) bool { return h.Ignored == tt.ignored && h.Frames == uint64(len(tt.want)) })
			if diff := cmp.Diff(tt.refused, counts(h)); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			if !h.Up || h.Seq != 7+h.Frames || !h.Last.Equal(noon) || h.RemoteAddr != l.Addr().String() {
				t.Errorf("health = %+v", h)
			}
		})
	}
}

// sentence returns a VDM line, with a time in a tag block.
// TestReceiversOfOneStream tells the receivers that a stream joins apart.
func TestReceiversOfOneStream(t *testing.T) {
	l := listen(t)
	r := start(t, feed.Config{Kind: feed.BeastTCP, Addr: l.Addr().String()}, 3)
	east, nobody := message(1), message(2)
	east.ReceiverID, east.HasReceiverID = 0xAB, true
	serve(t, l, beast.Append(beast.Append(nil, east), nobody))
	got := r.frames(2)
	if got[0].Receiver != 0xAB || got[1].Receiver != 0 {
		t.Errorf("receivers %x and %x, want ab and none", got[0].Receiver, got[1].Receiver)
	}
}

func sentence(at *time.Time) string {
	h := nmea.Header{Channel: 'A'}
	if at != nil {
		h.Tag.HasTime, h.Tag.Time = true, *at
	}
	return strings.TrimSpace(string(nmea.Format(nil, h, []byte("13aG?P0P00PD;88MD5MTDww@2<0L"), 0)))
}

func nmeaFrames(vdm string) []frame.Frame {
	n := int64(len(vdm))
	return []frame.Frame{
		fr(frame.NMEA, 8, 0, noon, []byte(vdm)),
		fr(frame.NMEA, 9, n+2, noon, []byte(vdm)),
		fr(frame.NMEA, 10, 2*n+2, noon, []byte(vdm)),
		fr(frame.NMEA, 11, 3*n+3, noon, []byte("garbage")), // for the decoder to refuse
		fr(frame.NMEA, 12, 3*n+3+8+2001, noon, []byte(vdm)),
	}
}

// TestReconnect loses the sender in the middle of a message, twice.
func TestReconnect(t *testing.T) {
	l := listen(t)
	r := start(t, feed.Config{Kind: feed.BeastTCP, Addr: l.Addr().String()}, 0)
	for i := range 3 {
		b := beast.Append(beast.Append(nil, message(i)), message(99))
		c := serve(t, l, b[:len(b)-5])
		r.wait(true)
		want := []frame.Frame{fr(frame.ModeS, uint64(i+1), 0, noon, squitter(i))}
		if diff := cmp.Diff(want, r.frames(1)); diff != "" {
			t.Errorf("connection %d (-want +got):\n%s", i, diff)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		r.wait(false)
	}
	if h := r.Health(); h.Connects < 3 || h.Frames != 3 {
		t.Errorf("health = %+v, want 3 connections and frames", h)
	}
}

// TestMarksAreOfOneConnection does not time a line by the connection before.
func TestMarksAreOfOneConnection(t *testing.T) {
	l := listen(t)
	r := start(t, feed.Config{Kind: feed.NMEATCP, Addr: l.Addr().String(), Marks: true}, 0)
	mark := noon.Add(-time.Hour)
	c := serve(t, l, []byte(sentence(&mark)+"\n"+sentence(nil)+"\n"))
	r.frames(2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	r.wait(false)
	later := noon.Add(-time.Minute)
	serve(t, l, []byte(sentence(nil)+"\n"+sentence(&later)+"\n"))
	if f := r.frames(1)[0]; !f.Received.Equal(later) {
		t.Errorf("frame of %v, want %v", f.Received, later)
	}
	if n := counts(r.Health())[feed.ReasonNoTime]; n != 1 {
		t.Errorf("%d lines without a time refused, want 1", n)
	}
}

// TestMarksAreOfOneSender does not time a datagram by another sender's.
func TestMarksAreOfOneSender(t *testing.T) {
	r := start(t, feed.Config{Kind: feed.NMEAUDP, Addr: "127.0.0.1:0", Marks: true}, 10)
	mark := noon.Add(-time.Hour)
	one, other := dialUDP(t, r), dialAgain(t, r)
	send(t, one, []byte(sentence(&mark)))
	send(t, one, []byte(sentence(nil)))
	for _, f := range r.frames(2) {
		if !f.Received.Equal(mark) {
			t.Errorf("frame of %v, want %v", f.Received, mark)
		}
	}
	send(t, other, []byte(sentence(nil)))
	r.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonNoTime] == 1 && h.Frames == 2 })
}

// TestSenderNotThere starts the sender after the feed.
func TestSenderNotThere(t *testing.T) {
	l := listen(t)
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := start(t, feed.Config{Kind: feed.AVRTCP, Addr: addr}, 0)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("port was taken meanwhile: %v", err)
	}
	defer func() { _ = l.Close() }()
	serve(t, l, avr.Append(nil, squitter(1)))
	r.frames(1)
}

// TestSlowReaderHoldsTheSenderBack lets nobody take the frames.
func TestSlowReaderHoldsTheSenderBack(t *testing.T) {
	l := listen(t)
	r := start(t, feed.Config{Kind: feed.AVRTCP, Addr: l.Addr().String()}, 1)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Repeat(avr.Append(nil, squitter(1)), 1000)
	written := 0
	if err := c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		var n int
		n, err = c.Write(lines)
		written += n
	}
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("writing ended with %v, want the sender held back", err)
	}
	if h := r.Health(); h.Frames > 2 || len(h.Refused) > 0 {
		t.Errorf("health = %+v, want nothing dropped", h)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	n := written / 31
	for i, f := range r.frames(n) {
		if f.Seq != uint64(i+1) {
			t.Fatalf("frame %d has number %d", i+1, f.Seq)
		}
	}
}

func dialUDP(t testing.TB, r *running) net.Conn {
	t.Helper()
	r.wait(true)
	return dialAgain(t, r)
}

// dialAgain is dialUDP for one more sender.
func dialAgain(t testing.TB, r *running) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", r.Health().LocalAddr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func send(t testing.TB, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

func TestDatagrams(t *testing.T) {
	r := start(t, feed.Config{Kind: feed.ASTERIXUDP, Addr: "127.0.0.1:0", StartSeq: 41}, 0)
	c := dialUDP(t, r)
	big := bytes.Repeat([]byte{48}, 60_000)
	send(t, c, []byte{48, 0, 4, 1})
	send(t, c, nil)
	send(t, c, big)
	want := []frame.Frame{fr(frame.ASTERIX, 42, 0, noon, []byte{48, 0, 4, 1}), fr(frame.ASTERIX, 43, 4, noon, big)}
	if diff := cmp.Diff(want, r.frames(2)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}

	n := start(t, feed.Config{Kind: feed.NMEAUDP, Addr: "127.0.0.1:0"}, 0)
	send(t, dialUDP(t, n), []byte("!AIVDM,1\r\n!AIVDM,2\r\n"))
	want = []frame.Frame{fr(frame.NMEA, 1, 0, noon, []byte("!AIVDM,1")), fr(frame.NMEA, 2, 10, noon, []byte("!AIVDM,2"))}
	if diff := cmp.Diff(want, n.frames(2)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

// TestBurst sends 5,000 datagrams while nobody takes one: none is lost.
func TestBurst(t *testing.T) {
	r := start(t, feed.Config{Kind: feed.ASTERIXUDP, Addr: "127.0.0.1:0"}, 0)
	c := dialUDP(t, r)
	const n = 5000
	for i := range n {
		send(t, c, fmt.Appendf(nil, "%08d", i))
		// Systems give a socket's own buffer room for some hundreds only, and on
		// a busy machine nobody may empty it for a while.
		if i%100 == 99 {
			r.until("queued", func(h feed.Health) bool { return h.Queued >= i }) // the first is on its way
		}
	}
	for i, f := range r.frames(n) {
		if string(f.Data) != fmt.Sprintf("%08d", i) || f.Seq != uint64(i+1) || f.Offset != int64(8*i) {
			t.Fatalf("frame %d = %+v", i, f)
		}
	}
	if h := r.Health(); len(h.Refused) > 0 {
		t.Errorf("refused %+v", h.Refused)
	}
}

// TestFullQueueDropsTheNewest sends until the queue is full. Dropped datagrams
// get no number, so that whoever counts finds them missing.
func TestFullQueueDropsTheNewest(t *testing.T) {
	r := start(t, feed.Config{Kind: feed.ASTERIXUDP, Addr: "127.0.0.1:0"}, 0)
	c := dialUDP(t, r)
	big := make([]byte, 32<<10)
	dropped := func() bool { return counts(r.Health())[feed.ReasonQueueFull] > 0 }
	sent := 0
	for end := time.Now().Add(limit); !dropped() && time.Now().Before(end); sent++ {
		send(t, c, big)
	}
	if !dropped() {
		t.Fatalf("nothing dropped of %d MiB", sent/32)
	}
	if at := r.Health().Refused[0].Offset; at < 32<<20 || at > 64<<20 {
		t.Errorf("dropped after %d MiB were taken in, want little more than 32", at>>20)
	}
	for i, f := range r.frames(1000) {
		if f.Seq != uint64(i+1) {
			t.Fatalf("frame %d has number %d", i+1, f.Seq)
		}
	}
	// There is room again.
	for arrived := false; !arrived; {
		send(t, c, []byte{1})
		arrived = len(r.frames(1)[0].Data) == 1
	}
}

func TestStopWhileNobodyReads(t *testing.T) {
	for _, kind := range []feed.Kind{feed.ASTERIXUDP, feed.NMEATCP} {
		t.Run(string(kind), func(t *testing.T) {
			addr := "127.0.0.1:0"
			var l net.Listener
			if kind == feed.NMEATCP {
				l = listen(t)
				addr = l.Addr().String()
			}
			r := start(t, feed.Config{Kind: kind, Addr: addr}, 0)
			if l != nil {
				serve(t, l, []byte("!AIVDM,1\n!AIVDM,2\n"))
				r.wait(true)
			} else {
				c := dialUDP(t, r)
				send(t, c, []byte{1})
				send(t, c, []byte{2})
			}
			r.stop()
		})
	}
}

func TestAddressTaken(t *testing.T) {
	first := start(t, feed.Config{Kind: feed.ASTERIXUDP, Addr: "127.0.0.1:0"}, 0)
	first.wait(true)
	addr := first.Health().LocalAddr
	second := start(t, feed.Config{Kind: feed.ASTERIXUDP, Addr: addr}, 0)
	first.stop()
	second.wait(true)
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		cfg feed.Config
		ok  bool
	}{
		"a Beast feed":               {feed.Config{Name: "a", Kind: feed.BeastTCP, Addr: "localhost:30005", Marks: true}, true},
		"no name":                    {feed.Config{Kind: feed.BeastTCP, Addr: "localhost:30005"}, false},
		"no kind":                    {feed.Config{Name: "a", Addr: "localhost:30005"}, false},
		"no port":                    {feed.Config{Name: "a", Kind: feed.BeastTCP, Addr: "localhost"}, false},
		"all interfaces by silence":  {feed.Config{Name: "a", Kind: feed.ASTERIXUDP, Addr: ":8600"}, false},
		"marks where there are none": {feed.Config{Name: "a", Kind: feed.ASTERIXUDP, Addr: "127.0.0.1:8600", Marks: true}, false},
		"a pause below zero":         {feed.Config{Name: "a", Kind: feed.BeastTCP, Addr: "localhost:30005", Retry: -1}, false},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			if err := tt.cfg.Validate(); (err == nil) != tt.ok {
				t.Errorf("Validate() = %v", err)
			}
		})
	}
	for _, k := range feed.Kinds() {
		if k.Format() == 0 {
			t.Errorf("kind %s has no format", k)
		}
	}
}

// FuzzLines cuts any stream in any two pieces: the lines are the same.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\n\nbcdefghijk\nxy"), 3)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		read := func(pieces ...[]byte) (got []string) {
			s := feed.Lines{Max: 8}
			emit := func(at int64, line []byte) bool {
				if !bytes.HasPrefix(b[at:], line) {
					t.Errorf("line %q is not at %d", line, at)
				}
				got = append(got, fmt.Sprintf("%d:%s", at, line))
				return true
			}
			for _, p := range pieces {
				s.Push(p, emit, func(at int64) { got = append(got, fmt.Sprintf("%d:too long", at)) })
			}
			s.End(emit)
			return got
		}
		cut = min(max(cut, 0), len(b))
		if diff := cmp.Diff(read(b), read(b[:cut], b[cut:])); diff != "" {
			t.Errorf("in two pieces (-whole +pieces):\n%s", diff)
		}
	})
}

// FuzzBeast gives any stream: what is emitted lies where it is said to lie.
func FuzzBeast(f *testing.F) {
	f.Add(slices.Concat([]byte("xy"), beast.AppendTime(nil, 1717664319147), beast.Append(nil, message(0x1A)), []byte{0x1A, 0x32}))
	// An escape that is not doubled, before a whole message.
	f.Add(slices.Concat([]byte{0x1A, 0x33, 0, 0, 0, 0, 0, 1, 50, 0x8d, 0x1A, 0x05, 0xd6}, beast.Append(nil, message(3))))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s feed.Beast
		s.Push(b, func(at int64, m *beast.Message) bool {
			if at < 0 || at >= int64(len(b)) || b[at] != 0x1A {
				t.Errorf("message at %d of %x", at, b)
			}
			return true
		}, func(at int64, why string) {
			if at < 0 || at > int64(len(b)) || why == "" {
				t.Errorf("refused at %d of %d octets: %q", at, len(b), why)
			}
		})
	})
}

func BenchmarkBeast(b *testing.B) {
	stream := bytes.Repeat(beast.Append(nil, message(7)), 1000)
	var s feed.Beast
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Push(stream, func(int64, *beast.Message) bool { n++; return true }, func(int64, string) {})
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
