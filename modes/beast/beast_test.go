// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package beast_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

// drain reads everything, and returns messages and refusals as text.
func drain(t testing.TB, r io.Reader) (got []string, st beast.Stats) {
	t.Helper()
	rd := beast.NewReader(r)
	for {
		m, err := rd.Next()
		var bad *beast.FrameError
		switch {
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("refused at %d: %s", bad.Offset, bad.Reason))
		case errors.Is(err, io.EOF):
			return got, rd.Stats()
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, text(m))
		}
	}
}

func text(m beast.Message) string {
	s := fmt.Sprintf("%c %012x %02x %x", m.Type, m.Time12MHz, m.Signal, m.Data)
	if m.HasReceiverID {
		s += fmt.Sprintf(" receiver %x", m.ReceiverID)
	}
	if m.HasSynthetic {
		s += fmt.Sprintf(" at %d", m.SyntheticMillis)
	}
	return s
}

func TestReader(t *testing.T) {
	tests := map[string]struct {
		stream string
		want   []string
	}{
		"a Mode A/C message":     {"1a31 000000000001 40 1200", []string{"1 000000000001 40 1200"}},
		"a short message":        {"1a32 0102030405ff 1b 5f4001594b0fbb", []string{"2 0102030405ff 1b 5f4001594b0fbb"}},
		"a status message":       {"1a34 000000000000 00 0102030405060708090a0b0c0d0e", []string{"4 000000000000 00 0102030405060708090a0b0c0d0e"}},
		"doubled escapes":        {"1a31 1a1a0000000000 1a1a 001a1a", []string{"1 1a0000000000 1a 001a"}},
		"a time mark":            {"1ae8 ab86c5ec8f010000 1a31 000000000001 40 1200", []string{"1 000000000001 40 1200 at 1717664319147"}},
		"a mark with an escape":  {"1ae8 101acaec8f010000 1a31 000000000001 40 1200", []string{"1 000000000001 40 1200 at 1717664619024"}},
		"an escaped mark":        {"1ae8 101a1acaec8f010000 1a31 000000000001 40 1200", []string{"1 000000000001 40 1200 at 1717664619024"}},
		"a mark that is no time": {"1ae8 ffffffffffffffff 1a31 000000000001 40 1200", []string{"refused at 0: time mark is no time", "1 000000000001 40 1200"}},
		"a receiver identifier":  {"1ae3 0000000000001a1a07 1a31 000000000001 40 1200 1a31 000000000002 40 1200", []string{"1 000000000001 40 1200 receiver 1a07", "1 000000000002 40 1200"}},
		"a cut message":          {"1a32 000000000001 40 5f40 1a31 000000000002 40 1200", []string{"refused at 0: message of type 0x32 cut after 9 of 14 bytes", "1 000000000002 40 1200"}},
		"a cut before no type":   {"1a32 000000000001 40 5f40 1a99 1a31 000000000002 40 1200", []string{"refused at 0: message of type 0x32 cut after 9 of 14 bytes", "refused at 11: 2 bytes outside any message", "1 000000000002 40 1200"}},
		"garbage before":         {"00ff1a1a33 1a31 000000000001 40 1200", []string{"refused at 0: 5 bytes outside any message", "1 000000000001 40 1200"}},
		"an unknown type":        {"1a50 aabb 1a31 000000000001 40 1200", []string{"refused at 0: 4 bytes outside any message", "1 000000000001 40 1200"}},
		"an end within":          {"1a33 00000000", []string{"refused at 0: stream ends after 4 of 21 bytes of a message"}},
		"an end after an escape": {"1a", []string{"refused at 0: 1 bytes outside any message"}},
		"an end at once":         {"", nil},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			b, err := hex.DecodeString(strings.ReplaceAll(tt.stream, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			for kind, r := range map[string]io.Reader{
				"at once": bytes.NewReader(b), "byte by byte": iotest.OneByteReader(bytes.NewReader(b)),
				"with the end in the last read": iotest.DataErrReader(bytes.NewReader(b)),
			} {
				if got, _ := drain(t, r); !cmp.Equal(tt.want, got) {
					t.Errorf("%s: %s", kind, cmp.Diff(tt.want, got))
				}
			}
		})
	}
}

func TestReaderReportsEndlessGarbage(t *testing.T) {
	got, st := drain(t, bytes.NewReader(make([]byte, 10000)))
	if len(got) != 3 || st.Garbage != 10000 {
		t.Errorf("10000 bytes of garbage gave %d refusals and count %d, want 3 and 10000", len(got), st.Garbage)
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	rd := beast.NewReader(iotest.ErrReader(io.ErrClosedPipe))
	if _, err := rd.Next(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Next() = %v, want %v", err, io.ErrClosedPipe)
	}
	rd = beast.NewReader(emptyReader{})
	if _, err := rd.Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Next() = %v, want %v", err, io.ErrNoProgress)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

func TestMLAT(t *testing.T) {
	b := beast.Append(nil, beast.Message{Type: beast.TypeShort, Time12MHz: 0xFF004D4C4154, Data: make([]byte, 7)})
	m, err := beast.NewReader(bytes.NewReader(b)).Next()
	if err != nil || !m.MLAT() {
		t.Errorf("Next() = %+v, %v, want a message marked MLAT", m, err)
	}
}

func TestAppendRefusesWrongLength(t *testing.T) {
	for _, m := range []beast.Message{{Type: beast.TypeLong, Data: make([]byte, 7)}, {Type: 0xE8, Data: make([]byte, 1)}, {}} {
		if b := beast.Append(nil, m); len(b) != 0 {
			t.Errorf("Append(%+v) = %x, want nothing", m, b)
		}
	}
}

func genMessage() *rapid.Generator[beast.Message] {
	return rapid.Custom(func(t *rapid.T) beast.Message {
		typ := rapid.SampledFrom([]byte{beast.TypeModeAC, beast.TypeShort, beast.TypeLong, beast.TypeStatus}).Draw(t, "type")
		n := map[byte]int{beast.TypeModeAC: 2, beast.TypeShort: 7, beast.TypeLong: 14, beast.TypeStatus: 14}[typ]
		// Escapes are rare by chance and must not be.
		b := rapid.OneOf(rapid.Just(byte(0x1A)), rapid.Byte())
		m := beast.Message{
			Type: typ, Signal: b.Draw(t, "signal"), Time12MHz: rapid.Uint64Range(0, 1<<48-1).Draw(t, "time"),
			Data: rapid.SliceOfN(b, n, n).Draw(t, "data"), HasReceiverID: rapid.Bool().Draw(t, "has receiver"),
		}
		if m.HasReceiverID {
			m.ReceiverID = rapid.Uint64().Draw(t, "receiver")
		}
		return m
	})
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(genMessage(), 1, 8).Draw(t, "messages")
		mark := rapid.Int64Range(0, 1<<48-1).Draw(t, "mark")
		b := beast.AppendTime(nil, mark)
		for i := range ms {
			b = beast.Append(b, ms[i])
			ms[i].SyntheticMillis, ms[i].HasSynthetic = mark, true
		}
		var got []beast.Message
		var s beast.Splitter
		emit := func(m beast.Message) { m.Data = bytes.Clone(m.Data); got = append(got, m) }
		refuse := func(err *beast.FrameError) { t.Errorf("refused: %v", err) }
		cut := rapid.IntRange(0, len(b)).Draw(t, "cut")
		s.Push(b[:cut], emit, refuse)
		s.Push(b[cut:], emit, refuse)
		if diff := cmp.Diff(ms, got); diff != "" {
			t.Errorf("read back (-written +read):\n%s", diff)
		}
	})
}

// TestLossHurtsLittle drops one byte anywhere: never more than the message hit
// and one beside it are lost.
func TestLossHurtsLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(genMessage(), 6, 6).Draw(t, "messages")
		var b []byte
		for _, m := range ms {
			b = beast.Append(b, m)
		}
		at := rapid.IntRange(0, len(b)-1).Draw(t, "lost")
		b = append(b[:at:at], b[at+1:]...)
		intact := 0
		var s beast.Splitter
		s.Push(b, func(m beast.Message) {
			for _, w := range ms {
				if m.Type == w.Type && m.Time12MHz == w.Time12MHz && bytes.Equal(m.Data, w.Data) {
					intact++
					break
				}
			}
		}, nil)
		if intact < len(ms)-2 {
			t.Errorf("%d of %d messages intact after the loss of byte %d", intact, len(ms), at)
		}
	})
}

func TestReaderAllocatesNothing(t *testing.T) {
	b := beast.AppendTime(nil, 1)
	for range 1000 {
		b = beast.Append(b, beast.Message{Type: beast.TypeLong, Data: make([]byte, 14)})
	}
	src := bytes.NewReader(b)
	rd := beast.NewReader(src)
	allocs := testing.AllocsPerRun(900, func() {
		if _, err := rd.Next(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("Next allocates %v times a message, want 0", allocs)
	}
}

func TestCorpus(t *testing.T) {
	tests := map[string]struct {
		modeAC, marks uint64
	}{
		"ulss7.beast":         {modeAC: 5026},
		"toulouse.sync.beast": {marks: 41155},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "modes")
			rd := beast.NewReader(unzip(t, filepath.Join(dir, name+".gz")))
			base, _, _ := strings.Cut(name, ".")
			lines := bufio.NewScanner(unzip(t, filepath.Join(dir, base+".tsv.gz")))
			var modeAC, frames uint64
			for {
				m, err := rd.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if m.Type == beast.TypeModeAC {
					modeAC++
					continue
				}
				frames++
				if !lines.Scan() {
					t.Fatal("more messages than lines")
				}
				ms, want, _ := strings.Cut(lines.Text(), "\t")
				if got := fmt.Sprintf("%X", m.Data); got != want {
					t.Fatalf("message %d is %s, want %s", frames, got, want)
				}
				if m.HasSynthetic && strconv.FormatInt(m.SyntheticMillis, 10) != ms {
					t.Fatalf("message %d is marked %d, want %s", frames, m.SyntheticMillis, ms)
				}
			}
			if lines.Scan() {
				t.Errorf("fewer messages than lines: %d", frames)
			}
			st := rd.Stats()
			if modeAC != tt.modeAC || st.Cut != 0 || st.Garbage != 0 || st.Marks != tt.marks {
				t.Errorf("%d Mode A/C and %+v, want %d and %d marks, nothing refused", modeAC, st, tt.modeAC, tt.marks)
			}
			t.Logf("%s: %d frames, %d Mode A/C, %d marks", name, frames, modeAC, st.Marks)
			corpustest.Check(t)
		})
	}
}

func unzip(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// unpaired is a message with an escape in it that is not doubled, and a whole
// message after it.
var unpaired = slices.Concat(
	[]byte{0x1A, 0x33, 0, 0, 0, 0, 0, 1, 50, 0x8d, 0x48, 0x1A, 0x05, 0xd6, 0x20, 0x2c, 0xc3, 0x71, 0xc3, 0x2c, 0xe0, 0x57, 0x60},
	beast.Append(nil, beast.Message{Type: beast.TypeShort, Data: []byte{0x5d, 1, 2, 3, 4, 5, 6}}),
)

func TestUnpairedEscapeCostsOneMessage(t *testing.T) {
	got, st := drain(t, bytes.NewReader(unpaired))
	want, _ := drain(t, bytes.NewReader(unpaired[23:]))
	if st.Messages != 1 || len(want) != 1 || !slices.Contains(got, want[0]) || !strings.HasPrefix(got[0], "refused at 0") {
		t.Errorf("read %q, %+v, want a refusal and %q", got, st, want)
	}
}

func FuzzReader(f *testing.F) {
	long := beast.Message{Type: beast.TypeLong, Time12MHz: 0x1A1A, Signal: 0x1A, Data: bytes.Repeat([]byte{0x1A, 0x33}, 7)}
	f.Add(beast.Append(beast.AppendTime(nil, 1717664319147), long))
	f.Add([]byte{0x1A, 0x32, 0x1A, 0x33, 0, 0x1A})
	f.Add(unpaired)
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, st := drain(t, bytes.NewReader(b))
		pieces, _ := drain(t, iotest.OneByteReader(bytes.NewReader(b)))
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Errorf("read byte by byte (-whole +pieces):\n%s", diff)
		}
		if st.Garbage > uint64(len(b)) || st.Messages*9 > uint64(len(b)) {
			t.Errorf("%+v out of %d bytes", st, len(b))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	var stream []byte
	for i := range 1000 {
		stream = beast.Append(stream, beast.Message{Type: beast.TypeLong, Time12MHz: uint64(i) * 977, Signal: 50, Data: []byte("\x8d\x48\x40\xd6\x20\x2c\xc3\x71\xc3\x2c\xe0\x57\x60\x98")})
	}
	src := bytes.NewReader(stream)
	rd := beast.NewReader(src)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%1000 == 0 {
			src.Reset(stream)
			rd = beast.NewReader(src)
		}
		if _, err := rd.Next(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
