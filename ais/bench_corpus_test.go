// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// BenchmarkDecoderCorpus goes from recorded sentences of all types to
// messages, with a gate for any receiver.
func BenchmarkDecoderCorpus(b *testing.B) {
	var lines [][]byte
	for _, name := range []string{"zenju_japan", "aislib_stream", "goais", "noaadata2006", "risky_amsa", "risky_exactearth"} {
		for rest := readGzip(b, filepath.Join(corpustest.Dir(b), "ais", name+".nmea.gz")); len(rest) > 0; {
			var line []byte
			line, rest = nmea.Next(rest)
			lines = append(lines, line)
		}
	}
	cfg := ais.DefaultGateConfig()
	cfg.AllowOddMMSI = true
	d := ais.NewDecoder(cfg)
	var m ais.Message
	var malformed *nmea.Error
	b.ReportAllocs()
	n, messages, now := 0, 0, time.Unix(1_780_000_000, 0)
	for b.Loop() {
		messages = 0
		for _, line := range lines {
			now = now.Add(10 * time.Millisecond)
			complete, err := d.Decode(now, "x", line, &m)
			if err != nil && errors.As(err, &malformed) {
				b.Fatal(err)
			}
			if complete && err == nil {
				messages++
			}
		}
		n += len(lines)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "sentences/s")
	b.ReportMetric(b.Elapsed().Seconds()/float64(n)*1e6, "s/Msentences")
	b.ReportMetric(float64(messages)/float64(len(lines)), "messages/sentence")
}
