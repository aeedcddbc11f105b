// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package leaktest_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/leaktest"
)

// TestSearchFindsEachClassInEachEncoding plants one needle of each kind into hay
// that has none.
func TestSearchFindsEachClassInEachEncoding(t *testing.T) {
	s := leaktest.New()
	s.AddText("sensor", "tw-leshan", "tw-leshan")
	s.AddNumber("civil track", "EXR901", 0xf0010c)
	s.AddNumber("civil track", "vessel", 416999103)
	s.AddPosition("position", "track 1", 23.971094, 122.703865)
	s.AddBytes("track key", "track 1", []byte("0123456789abcdef"))
	leaktest.Planted(t, s, nil, []leaktest.Hay{
		{Name: "file", Bytes: bytes.Repeat([]byte("nothing to see here, 12.5 of 3\x00"), 50)},
		{Name: "payload", Bytes: bytes.Repeat([]byte{0xa5, 1, 1, 2, 7}, 30), Payload: true},
	})
}

// TestSearchTakesNoPartForTheWhole holds the edges of texts.
func TestSearchTakesNoPartForTheWhole(t *testing.T) {
	s := leaktest.New()
	s.AddNumber("civil track", "vessel", 416999103)
	s.AddPosition("position", "track 1", 23.97109, 122.70386)
	for text, want := range map[string]bool{
		"at 416999103.":     false, // of a decimal number
		"at 416999103 ":     true,
		"14169991030":       false,
		"x 23.97109":        true,
		"x 23.9710":         true, // cut off
		"x 23.971":          false,
		"123.97109":         false,
		"x 2397109,1":       true,
		"x 12397109":        false,
		"24.971,122.704":    false,
		"is 23.971,122.704": true,
	} {
		if got := len(s.FindAll([]leaktest.Hay{{Name: "text", Bytes: []byte(" " + text + " ")}}, nil)) > 0; got != want {
			t.Errorf("%q: found %v, want %v", text, got, want)
		}
	}
}

// A position is found however many decimals are written, and another one that
// begins with the same four is not taken for it.
func TestAPositionIsFoundAtAnyPrecision(t *testing.T) {
	const lat, lon = 24.123456789012, 122.560142345678
	s := leaktest.New()
	s.AddPosition("position", "ours", lat, lon)
	for _, text := range []string{"122.5601", "122.56014", "122.560142", "122.5601423", "122.560142345678", "122.56014", strconv.FormatFloat(float64(float32(lon)), 'f', -1, 64)} {
		if finds := s.FindAll([]leaktest.Hay{{Name: "page", Bytes: []byte(`{"lon":` + text + `}`)}}, nil); len(finds) == 0 {
			t.Errorf("%s is not found", text)
		}
	}
	for _, text := range []string{"122.56019637", "122.560156", "1122.5601", "0.122.5601"} {
		if finds := s.FindAll([]leaktest.Hay{{Name: "page", Bytes: []byte(`{"lon":` + text + `}`)}}, nil); len(finds) > 0 {
			t.Errorf("%s is taken for ours: %s", text, finds[0])
		}
	}
}
