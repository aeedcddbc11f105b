// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package avr_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/modes/avr"
)

func TestParseLine(t *testing.T) {
	const long = "8d4840d6202cc371c32ce0576098"
	tests := map[string]struct{ line, want string }{
		"a frame":                       {"*8D4840D6202CC371C32CE0576098;", long},
		"lower case and a line ending":  {"*8d4840d6202cc371c32ce0576098;\r\n", long},
		"a short frame":                 {"*5D4D20237A55A6;", "5d4d20237a55a6"},
		"Mode A/C":                      {"*7700;", "7700"},
		"a counter":                     {"@0123456789AB5D4D20237A55A6;", "5d4d20237a55a6 ticks 123456789ab"},
		"a counter and a signal":        {"<0123456789AB7F5D4D20237A55A6;", "5d4d20237a55a6 ticks 123456789ab"},
		"a counter after the frame":     {"*5D4D20237A55A6;0012AB34;7F;", "5d4d20237a55a6 ticks 12ab34"},
		"another field after the frame": {"*5D4D20237A55A6;xyz;", "5d4d20237a55a6"},
		"a heartbeat":                   {"*0000;", "avr: heartbeat"},
		"nothing":                       {" \r\n", "read avr line at byte 3: line is empty"},
		"another start":                 {"8D4840D6;", "read avr line at byte 0: line starts with none of * @ <"},
		"no semicolon":                  {"*5D4D20237A55A6", "read avr line at byte 15: semicolon is missing"},
		"a wrong length":                {"*5D4D20237A55;", "read avr line at byte 1: frame has neither 4, 14 nor 28 digits"},
		"a letter beyond F":             {"*5D4D20237A55AG;", "read avr line at byte 13: no hexadecimal digits"},
		"a letter in the counter":       {"@0123456X89AB5D4D20237A55A6;", "read avr line at byte 8: no hexadecimal digit"},
		"an end in the counter":         {"@0123", "read avr line at byte 5: line ends within its head"},
		"an end in the signal":          {"<0123456789AB7", "read avr line at byte 14: line ends within its head"},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			payload, ticks, hasTicks, err := avr.ParseLine([]byte(tt.line))
			got := fmt.Sprintf("%x", payload)
			if hasTicks {
				got += fmt.Sprintf(" ticks %x", ticks)
			}
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("ParseLine(%q) = %s, want %s", tt.line, got, tt.want)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{2, 7, 14}).Draw(t, "length")
		payload := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "payload")
		if n == 2 {
			payload[0] |= 1 // no heartbeat
		}
		got, _, hasTicks, err := avr.ParseLine(avr.Append(nil, payload))
		if err != nil || hasTicks || !bytes.Equal(got, payload) {
			t.Errorf("ParseLine(Append(%x)) = %x, %v, %v", payload, got, hasTicks, err)
		}
		want := rapid.Uint64Range(0, 1<<48-1).Draw(t, "ticks")
		got, ticks, hasTicks, err := avr.ParseLine(avr.AppendWithTicks(nil, payload, want))
		if err != nil || !hasTicks || ticks != want || !bytes.Equal(got, payload) {
			t.Errorf("ParseLine(AppendWithTicks(%x, %x)) = %x, %x, %v, %v", payload, want, got, ticks, hasTicks, err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("*8D4840D6202CC371C32CE0576098;\r\n"))
	f.Add([]byte("<0123456789AB7F5D4D20237A55A6;"))
	f.Add([]byte("*5D4D20237A55A6;0012AB34;7F;"))
	f.Add([]byte("*0000;"))
	f.Fuzz(func(t *testing.T, line []byte) {
		payload, _, hasTicks, err := avr.ParseLine(line)
		var bad *avr.LineError
		switch {
		case errors.As(err, &bad):
			if bad.Offset < 0 || bad.Offset > len(line) {
				t.Errorf("ParseLine(%q): offset %d is outside", line, bad.Offset)
			}
		case errors.Is(err, avr.ErrHeartbeat):
		case err != nil:
			t.Errorf("ParseLine(%q) = %v, want a *LineError", line, err)
		case len(payload) != 2 && len(payload) != 7 && len(payload) != 14:
			t.Errorf("ParseLine(%q) = %x", line, payload)
		}
		if err != nil && (len(payload) != 0 || hasTicks) {
			t.Errorf("ParseLine(%q) = %x, %v beside an error", line, payload, hasTicks)
		}
	})
}

func BenchmarkAppendPayload(b *testing.B) {
	line := []byte("@0123456789AB8D4840D6202CC371C32CE0576098;")
	buf := make([]byte, 0, 14)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, _, _, err := avr.AppendPayload(buf, line); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
