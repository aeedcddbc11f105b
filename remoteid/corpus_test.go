// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

// expected is what opendroneid-core-c made of a beacon.
type expected struct {
	Ret    int      `json:"ret"`
	UAType *uint8   `json:"basic0_uatype"`
	IDType *uint8   `json:"basic0_idtype"`
	ID     *string  `json:"basic0_id"`
	Status *uint8   `json:"status"`
	Dir    *float64 `json:"dir"`
	HS     *float64 `json:"hs"`
	VS     *float64 `json:"vs"`
	Lat    *float64 `json:"lat"`
	Lon    *float64 `json:"lon"`
	Baro   *float64 `json:"alt_baro"`
	Geo    *float64 `json:"alt_geo"`
	HType  *int     `json:"htype"`
	Height *float64 `json:"height"`
	HAcc   *uint8   `json:"hacc"`
	VAcc   *uint8   `json:"vacc"`
	BAcc   *uint8   `json:"bacc"`
	SAcc   *uint8   `json:"sacc"`
	TSAcc  *uint8   `json:"tsacc"`
	Stamp  *float64 `json:"timestamp"`
	OpType *uint8   `json:"op_loc_type"`
	Class  *uint8   `json:"class_type"`
	OpLat  *float64 `json:"op_lat"`
	OpLon  *float64 `json:"op_lon"`
	Count  *uint16  `json:"area_count"`
	Radius *float64 `json:"area_radius"`
	Ceil   *float64 `json:"ceil"`
	Floor  *float64 `json:"floor"`
	CatEU  *uint8   `json:"cat_eu"`
	ClsEU  *uint8   `json:"class_eu"`
	OpAlt  *float64 `json:"op_alt"`
	SysTS  *uint32  `json:"sys_ts"`
	OpID   *string  `json:"opid"`
	Self   *string  `json:"self"`
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list [][]byte
	s := bufio.NewScanner(z)
	for s.Scan() {
		list = append(list, append([]byte(nil), s.Bytes()...))
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCorpusBeacons holds every expected value of the recorded and generated beacons.
func TestCorpusBeacons(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "remoteid")
	for _, c := range []struct {
		beacons, expected string
		refused           int
	}{{"odid_generated.tsv.gz", "odid_generated.jsonl.gz", 0}, {"odid_messages.tsv.gz", "odid_pcap.jsonl.gz", 26}} {
		beacons, want := lines(t, filepath.Join(dir, c.beacons)), lines(t, filepath.Join(dir, c.expected))
		if len(beacons) != len(want) {
			t.Fatalf("%s: %d beacons, %d expected", c.beacons, len(beacons), len(want))
		}
		refused, fields := 0, 0
		for i := range beacons {
			var b remoteid.Beacon
			err := remoteid.ParseLine(beacons[i], &b)
			if err != nil {
				t.Fatalf("%s line %d: %v", c.beacons, i+1, err)
			}
			var e expected
			if err := json.Unmarshal(want[i], &e); err != nil {
				t.Fatal(err)
			}
			var list [remoteid.MaxPack]remoteid.Message
			n, err := remoteid.DecodeAll(b.Payload, &list)
			if (err != nil) != (e.Ret < 0) {
				t.Fatalf("%s line %d: %v, expected %d", c.beacons, i+1, err, e.Ret)
			}
			if err != nil {
				refused++
				continue
			}
			got, err := compare(list[:n], &e)
			if err != nil {
				t.Fatalf("%s line %d: %v", c.beacons, i+1, err)
			}
			fields += got
		}
		if refused != c.refused {
			t.Errorf("%s: %d refused, want %d", c.beacons, refused, c.refused)
		}
		t.Logf("%s: %d beacons, %d refused, %d fields equal", c.beacons, len(beacons), refused, fields)
	}
	corpustest.Check(t)
}

// comparison counts equal fields and remembers the first that is not.
type comparison struct {
	n   int
	err error
}

func equal[T comparable](c *comparison, name string, want *T, got T) {
	if want == nil {
		return
	}
	if *want != got && c.err == nil {
		c.err = fmt.Errorf("%s: %v, expected %v", name, got, *want)
	}
	c.n++
}

// near compares what was printed with the peer's digits; unknown is the
// peer's word for a value that is absent here.
func near(c *comparison, name string, want *float64, got float64, known bool, unknown float64) {
	if want == nil {
		return
	}
	if !known {
		got = unknown
	}
	if d := *want - got; (d > 5e-8 || d < -5e-8) && c.err == nil {
		c.err = fmt.Errorf("%s: %v, expected %v", name, got, *want)
	}
	c.n++
}

func compare(list []remoteid.Message, e *expected) (int, error) {
	var c comparison
	basic := false
	for i := range list {
		m := &list[i]
		has := func(h remoteid.Has) bool { return m.Has&h != 0 }
		switch m.Type {
		case remoteid.TypeBasicID:
			if basic {
				continue
			}
			basic = true
			equal(&c, "ua type", e.UAType, m.UAType)
			equal(&c, "id type", e.IDType, m.IDType)
			equal(&c, "id", e.ID, m.ID.String())
		case remoteid.TypeLocation:
			equal(&c, "status", e.Status, uint8(m.Status))
			near(&c, "dir", e.Dir, float64(m.Track), has(remoteid.HasTrack), 361)
			near(&c, "hs", e.HS, m.SpeedMS, has(remoteid.HasSpeed), 255)
			near(&c, "vs", e.VS, m.VerticalMS, has(remoteid.HasVerticalSpeed), 63)
			near(&c, "lat", e.Lat, m.Position.LatDeg, has(remoteid.HasPosition), 0)
			near(&c, "lon", e.Lon, m.Position.LonDeg, has(remoteid.HasPosition), 0)
			near(&c, "alt_baro", e.Baro, float64(m.PressureAltitude), has(remoteid.HasPressureAltitude), -1000)
			near(&c, "alt_geo", e.Geo, float64(m.GeodeticAltitude), has(remoteid.HasGeodeticAltitude), -1000)
			near(&c, "height", e.Height, float64(m.Height), has(remoteid.HasHeight), -1000)
			equal(&c, "htype", e.HType, map[bool]int{true: 1}[m.AboveGround])
			equal(&c, "hacc", e.HAcc, m.HorizontalCode)
			equal(&c, "vacc", e.VAcc, m.VerticalCode)
			equal(&c, "bacc", e.BAcc, m.PressureCode)
			equal(&c, "sacc", e.SAcc, m.SpeedCode)
			equal(&c, "tsacc", e.TSAcc, m.TimeCode)
			near(&c, "timestamp", e.Stamp, m.TimeInHour.Seconds(), has(remoteid.HasTimeInHour), 65535)
		case remoteid.TypeSystem:
			equal(&c, "op_loc_type", e.OpType, m.OperatorPlace)
			equal(&c, "class_type", e.Class, m.Classification)
			near(&c, "op_lat", e.OpLat, m.OperatorPosition.LatDeg, has(remoteid.HasOperatorPosition), 0)
			near(&c, "op_lon", e.OpLon, m.OperatorPosition.LonDeg, has(remoteid.HasOperatorPosition), 0)
			equal(&c, "area_count", e.Count, m.Count)
			near(&c, "area_radius", e.Radius, float64(m.Radius), true, 0)
			near(&c, "ceil", e.Ceil, float64(m.Ceiling), has(remoteid.HasCeiling), -1000)
			near(&c, "floor", e.Floor, float64(m.Floor), has(remoteid.HasFloor), -1000)
			equal(&c, "cat_eu", e.CatEU, m.CategoryEU)
			equal(&c, "class_eu", e.ClsEU, m.ClassEU)
			near(&c, "op_alt", e.OpAlt, float64(m.OperatorAltitude), has(remoteid.HasOperatorAltitude), -1000)
			if e.SysTS != nil {
				stamp := uint32(0)
				if has(remoteid.HasSystemTime) {
					stamp = uint32(m.SystemTime.Unix() - 1546300800)
				}
				equal(&c, "sys_ts", e.SysTS, stamp)
			}
		case remoteid.TypeSelfID:
			equal(&c, "self", e.Self, m.Description.String())
		case remoteid.TypeOperatorID:
			equal(&c, "opid", e.OpID, m.OperatorID.String())
		}
	}
	return c.n, c.err
}
