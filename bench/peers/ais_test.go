// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package peers

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	peer "github.com/BertoldVdb/go-ais"
	"github.com/BertoldVdb/go-ais/aisnmea"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
)

const generated = 20_000 // messages

// made returns sentences of ships that report their places.
func made(tb testing.TB) [][]byte {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	lines := make([][]byte, 0, generated)
	for i := range generated {
		m := ais.Message{
			Type: 1, MMSI: ais.MMSI(431_000_001 + i%2000), Has: ais.HasPosition | ais.HasSOG | ais.HasCOG,
			Position: geo.Point{LatDeg: 24 + float64(i%2000)/2000, LonDeg: 122.5}, // each ship stays where it is, as our gate wants
			SOG:      geo.Knots(r.IntN(300)) / 10, COG: geo.Degrees(r.IntN(3600)) / 10,
		}
		payload, fill, err := ais.EncodePosition(nil, &m)
		if err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, nmea.Format(nil, nmea.Header{}, payload, fill))
	}
	return lines
}

// recorded returns the sentences of the corpus, nil where it is not there.
func recorded(tb testing.TB) (lines [][]byte) {
	tb.Helper()
	dir := os.Getenv("KUROSHIO_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	for _, name := range []string{"zenju_japan", "aislib_stream", "goais", "noaadata2006"} {
		f, err := os.Open(filepath.Join(dir, "ais", name+".nmea.gz"))
		if err != nil {
			return nil
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			tb.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			tb.Fatal(err)
		}
		_ = f.Close()
		for len(b) > 0 {
			var line []byte
			if line, b = nmea.Next(b); len(line) > 0 {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func ours(tb testing.TB, lines [][]byte) (messages int) {
	tb.Helper()
	cfg := ais.DefaultGateConfig()
	cfg.AllowOddMMSI = true
	d := ais.NewDecoder(cfg)
	var m ais.Message
	now := time.Unix(1_780_000_000, 0)
	for _, line := range lines {
		now = now.Add(10 * time.Millisecond)
		if complete, err := d.Decode(now, "x", line, &m); complete && err == nil {
			messages++
		}
	}
	return messages
}

func goAIS(lines []string) (messages int) {
	c := aisnmea.NMEACodecNew(peer.CodecNew(false, false))
	for _, line := range lines {
		if p, err := c.ParseSentence(line); err == nil && p != nil && p.Packet != nil {
			messages++
		}
	}
	return messages
}

func texts(lines [][]byte) []string {
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = string(bytes.TrimSpace(l))
	}
	return list
}

// TestBothDecodeTheGenerated shows that the same work is measured.
func TestBothDecodeTheGenerated(t *testing.T) {
	lines := made(t)
	if a, b := ours(t, lines), goAIS(texts(lines)); a != generated || b != generated {
		t.Errorf("of %d messages we decode %d and go-ais %d", generated, a, b)
	}
}

// BenchmarkAIS goes from sentences to messages. That of gpsdecode is a process
// of its own that prints what it decoded; its CPU time is counted.
func BenchmarkAIS(b *testing.B) {
	for name, lines := range map[string][][]byte{"generated": made(b), "corpus": recorded(b)} {
		if lines == nil {
			continue
		}
		report := func(b *testing.B, spent time.Duration, runs int) {
			b.ReportMetric(spent.Seconds()/float64(runs*len(lines))*1e6, "s/Msentences")
		}
		b.Run(name+"/kuroshio", func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				ours(b, lines)
				n++
			}
			report(b, b.Elapsed(), n)
		})
		b.Run(name+"/go-ais", func(b *testing.B) {
			list := texts(lines)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				goAIS(list)
				n++
			}
			report(b, b.Elapsed(), n)
		})
		b.Run(name+"/gpsdecode", func(b *testing.B) {
			gpsdecode, err := exec.LookPath("gpsdecode")
			if err != nil {
				b.Skip("gpsdecode is not installed (Debian: gpsd-clients)")
			}
			in := bytes.Join(lines, []byte("\n"))
			var spent time.Duration
			n := 0
			for b.Loop() {
				c := exec.Command(gpsdecode)
				c.Stdin, c.Stdout = bytes.NewReader(in), io.Discard
				if err := c.Run(); err != nil {
					b.Fatal(err)
				}
				spent += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
				n++
			}
			report(b, spent, n)
		})
	}
}
