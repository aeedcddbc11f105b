// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

func unpacked(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// listed are the values of a record that another decoder wrote down.
type listed struct {
	N   int `json:"n"` // of the record
	Val struct {
		Position *struct{ LAT, LON float64 } `json:"130"`
		Fine     *struct{ LAT, LON float64 } `json:"131"`
		Address  *uint32                     `json:"080"`
		Level    *float64                    `json:"145"`
		Applies  *float64                    `json:"071"`
		Received *float64                    `json:"073"`
	} `json:"val"`
}

// TestRecordedADSB makes plots of recorded reports of an ADS-B station and
// compares them with the values listed of the first of them.
func TestRecordedADSB(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "asterix")
	want := make(map[int]listed)
	lines := json.NewDecoder(bytes.NewReader(unpacked(t, filepath.Join(dir, "expected", "alicante_cat021_v24.jsonl.gz"))))
	for {
		var l listed
		if err := lines.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		want[l.N] = l
	}
	d := newDecoder(t)
	var rec cat021.Record
	records, placed, compared, refused, n := 0, 0, 0, map[string]int{}, 0
	for b, err := range asterix.Blocks(unpacked(t, filepath.Join(dir, "alicante_cat021_v24.ast.gz"))) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := asterix.AppendBlock(nil, b.Category, b.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rec.Decode(b.Data); err != nil {
			t.Fatal(err)
		}
		// Nothing says when the blocks were received: as they were sent.
		received := noon.Truncate(24 * time.Hour).Add(time.Duration(rec.I077.Seconds() * 1e9))
		f := frame.Frame{Source: "radar", Format: frame.ASTERIX, Received: received, Data: data}
		plots, _, err := d.Decode(&f, nil, nil)
		var r *decode.Refusal
		if errors.As(err, &r) {
			for _, one := range r.All() {
				refused[one.Reason+" "+one.Item]++
			}
		}
		for i := range plots {
			records++
			if plots[i].Has&plot.HasPosition != 0 {
				placed++
			}
			if l, ok := want[n+i]; ok && len(plots) == 1 && r == nil {
				compare(t, &plots[i], &l)
				compared++
			}
		}
		for range asterix.Records(b, &rec) {
			n++
		}
	}
	t.Logf("%d records, %d plots, %d with a position, %d compared, refused %v", n, records, placed, compared, refused)
	if records < n*99/100 || placed < records*9/10 || compared < len(want)/2 {
		t.Errorf("%d records, %d plots, %d with a position, %d of %d compared, refused %v", n, records, placed, compared, len(want), refused)
	}
	corpustest.Check(t)
}

func compare(t *testing.T, p *plot.Plot, l *listed) {
	t.Helper()
	v := &l.Val
	at := v.Fine
	if at == nil {
		at = v.Position
	}
	if at != nil {
		if d, _ := geo.Inverse(p.Pos, geo.Point{LatDeg: at.LAT, LonDeg: at.LON}); d > 0.01 {
			t.Errorf("position %v m off", d)
		}
	}
	if v.Address != nil && p.Has&plot.HasAddress != 0 && p.Address != *v.Address {
		t.Errorf("address %06x, want %06x", p.Address, *v.Address)
	}
	if v.Level != nil && math.Abs(float64(p.Height)-*v.Level*100) > 1e-6 {
		t.Errorf("height %v ft, want level %v", p.Height, *v.Level)
	}
	seconds := v.Applies
	if seconds == nil {
		seconds = v.Received
	}
	if seconds != nil {
		if off := p.Time.Sub(p.Time.Truncate(24*time.Hour)).Seconds() - *seconds; math.Abs(off) > 1e-6 {
			t.Errorf("time %v, %v s off", p.Time, off)
		}
	}
}
