// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat129_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix/cat129"
)

// vector is a record with every item but SP, its octets computed by hand from
// the table: FSPEC ff fb 80.
const vector = "fffb80" +
	"0000" + // 010: SAC 0, SIC 0
	"1907" + // 015: DAC 25, DIC 7
	"444a49" + // 020: DJI
	"4d3330" + // 030: M30
	"31535a4e4830303030303141" + // 040: 1SZNH000001A
	"5457" + // 050: TW
	"546000" + // 070: 43,200 s x 128 = 5,529,600
	"08e38e39" + // 080 latitude: 25 deg x 2^30 / 180 = 149,130,809
	"2b60b60b" + // 080 longitude: 122 deg x 2^30 / 180 = 727,758,347
	"fffffb" + // 090: -0.5 m
	"0004d2" + // 100: 123.4 m
	"000c" + // 110: 12 m
	"95" + // 120: UCC 2, ARC 1, AEC 5
	"ffe0c00bb8" + // 185: -5.00 m/s = -500 = fe0c; 30.00 m/s = 3000 = 00bb8
	"0fff9c" // 220: -1.00 m/s = -100 = fff9c

func TestHandComputedRecord(t *testing.T) {
	b, err := hex.DecodeString(vector)
	if err != nil {
		t.Fatal(err)
	}
	var r cat129.Record
	n, err := r.Decode(b)
	if err != nil || n != len(b) {
		t.Fatalf("Decode = %d, %v, want %d", n, err, len(b))
	}
	for name, v := range map[string][2]float64{
		"area":          {float64(r.I015.DAC), 25},
		"time":          {r.I070.Seconds(), 43_200},
		"latitude":      {r.I080.LatDeg(), 25},
		"longitude":     {r.I080.LonDeg(), 122},
		"above sea":     {r.I090.Metres(), -0.5},
		"above ground":  {r.I100.Metres(), 123.4},
		"accuracy":      {r.I110.Metres(), 12},
		"certification": {float64(r.I120.UCC), 2},
		"air risk":      {float64(r.I120.ARC), 1},
		"encounter":     {float64(r.I120.AEC), 5},
		"east":          {r.I185.EastMetresPerSecond(), -5},
		"north":         {r.I185.NorthMetresPerSecond(), 30},
		"climb":         {r.I220.MetresPerSecond(), -1},
	} {
		if math.Abs(v[0]-v[1]) > 1e-7 {
			t.Errorf("%s = %v, want %v", name, v[0], v[1])
		}
	}
	for name, v := range map[string][2]string{
		"manufacturer": {string(r.I020[:]), "DJI"},
		"model":        {string(r.I030[:]), "M30"},
		"serial":       {string(r.I040[:]), "1SZNH000001A"},
		"country":      {string(r.I050[:]), "TW"},
	} {
		if v[0] != v[1] {
			t.Errorf("%s = %q, want %q", name, v[0], v[1])
		}
	}
	if again, err := r.Append(nil); err != nil || !bytes.Equal(again, b) {
		t.Errorf("Append = %x, %v, want %x", again, err, b)
	}
}
