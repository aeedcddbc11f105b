// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

func sbsLine() []byte {
	return sbs.Append(nil, &sbs.Message{
		Type: 3, Has: sbs.HasGenerated | sbs.HasAltitude | sbs.HasPosition | sbs.HasSpeed | sbs.HasTrack | sbs.HasSquawk | sbs.HasGround | sbs.HasEmergency,
		ICAO: 0x899001, Generated: time.UnixMilli(1_780_000_000_000).UTC(), Altitude: 33000, Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25},
		GroundSpeed: 418.5, Track: 90, Squawk: 0o7700, Emergency: true,
	})
}

func TestSBS(t *testing.T) {
	file := string(sbsLine()) + "\r\nMSG,9\r\nSEL,,\r\n" + string(sbs.Append(nil, &sbs.Message{Type: 8, ICAO: 0x899002, NonICAO: true}))
	want := `{"i":0,"t":1780000000000,"msg":3,"icao":"899001","alt":33000,"ground":false,"squawk":"7700","gs":418.5,"track":90.0,"lat":25.500000,"lon":122.250000,"emergency":true}` + "\n" +
		fmt.Sprintf(`{"i":1,"off":%d,"field":2,"error":"fields are missing"}`, len(sbsLine())+2) + "\n" +
		`{"i":1,"msg":8,"icao":"1899002"}` + "\n"
	if diff := cmp.Diff(want, dumped(t, "sbs", dump.Options{}, nil, []byte(file))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func event() *cot.Event {
	at := time.UnixMilli(1_780_000_000_000).UTC()
	return &cot.Event{
		UID: cot.Text("KRS-1"), Type: cot.Text("a-u-A"), How: cot.Text("m-g"), Time: at, Start: at, Stale: at.Add(time.Minute),
		Access: cot.Text("Restricted"), ReleasableTo: cot.Text("TWN,JPN"), Has: cot.HasPosition | cot.HasCourse | cot.HasSpeed,
		Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25}, Course: 90, SpeedMS: 5.5, Callsign: cot.Text("BLUE 1"), Detail: cot.Text(`<x y="1"/>`),
	}
}

// TestCoT holds that both versions give the same line, that labels are shown and
// that what is unknown is absent.
func TestCoT(t *testing.T) {
	const want = `{"i":0,"t":1780000000000,"uid":"KRS-1","type":"a-u-A","how":"m-g","time":"2026-05-28T20:26:40.000Z","start":"2026-05-28T20:26:40.000Z",` +
		`"stale":"2026-05-28T20:27:40.000Z","lat":25.5000000,"lon":122.2500000,"course":90.00,"speed":5.50,` +
		`"access":"Restricted","releasableTo":"TWN,JPN","callsign":"BLUE 1",`
	document, err := cot.AppendXML(nil, event())
	if err != nil {
		t.Fatal(err)
	}
	frame, err := cot.AppendFrame(nil, event())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"xml": document, "protobuf": frame} {
		got := dumped(t, "cot", dump.Options{}, nil, file)
		var v map[string]any
		if err := json.Unmarshal([]byte(got), &v); err != nil || !strings.HasPrefix(got, want) || v["detail"] != `<x y="1"/>` {
			t.Errorf("%s: %v:\n%swant %s", name, err, got, want)
		}
	}
	strike := bytes.ReplaceAll(document, []byte("a-u-A"), []byte("t-k-d"))
	got := dumped(t, "cot", dump.Options{}, nil, append(strike, document...))
	if !strings.HasPrefix(got, `{"i":0,"error":"strike types are neither read nor written"}`+"\n"+want) {
		t.Errorf("a strike and an event:\n%s", got)
	}
}

func beaconLine(t testing.TB) string {
	t.Helper()
	pack, err := remoteid.EncodePack(nil, []remoteid.Message{
		{Type: remoteid.TypeBasicID, Version: 2, IDType: remoteid.IDSerial, UAType: 2, ID: remoteid.NewText("KRS0001")},
		{
			Type: remoteid.TypeLocation, Version: 2, Status: remoteid.StatusAirborne, Has: remoteid.HasPosition | remoteid.HasSpeed,
			Position: geo.Point{LatDeg: 24.5, LonDeg: 123}, SpeedMS: 12.5,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("x.pcap\t1780000000000000000\t0a0b0c0d0e0f\t7\t%x\n", pack)
}

func TestRemoteID(t *testing.T) {
	line := beaconLine(t)
	message := `{"mac":"0A:0B:0C:0D:0E:0F","hex":"` + line[len(line)-51:len(line)-1] + `","rssi":-70}` + "\n"
	const location = `"status":2,"dir":361.0,"hs":12.50,"vs":63.00,"lat":24.5000000,"lon":123.0000000,"alt_baro":-1000.0,"alt_geo":-1000.0,` +
		`"htype":0,"height":-1000.0,"hacc":0,"vacc":0,"bacc":0,"sacc":0,"tsacc":0,"timestamp":65535.0}` + "\n"
	want := `{"i":0,"src":"x.pcap","ts":1780000000000000000,"mac":"0a0b0c0d0e0f","ctr":7,"proto":2,"type":15,"ret":53,` +
		`"basic0_uatype":2,"basic0_idtype":1,"basic0_id":"KRS0001",` + location +
		`{"i":1,"mac":"0a0b0c0d0e0f","rssi":-70,"proto":2,"type":1,"ret":1,` + location +
		fmt.Sprintf(`{"i":2,"off":%d,"error":"not a receiver's line"}`, len(line)+len(message)) + "\n" +
		`{"i":2,"mac":"0a0b0c0d0e0f","proto":2,"type":15,"error":"wrong length"}` + "\n"
	file := line + message + "no beacon\n" + `{"mac":"0a0b0c0d0e0f","hex":"f219"}` + "\n"
	if diff := cmp.Diff(want, dumped(t, "remoteid", dump.Options{}, nil, []byte(file))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestCorpusRemoteID compares every expected value.
func TestCorpusRemoteID(t *testing.T) {
	for beacons, expected := range map[string]string{"odid_generated": "odid_generated", "odid_messages": "odid_pcap"} {
		t.Run(beacons, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "remoteid")
			got := strings.Split(dumped(t, "remoteid", dump.Options{}, nil, unpack(t, filepath.Join(dir, beacons+".tsv.gz"))), "\n")
			i, fields := 0, 0
			for b := range bytes.Lines(unpack(t, filepath.Join(dir, expected+".jsonl.gz"))) {
				var w, g map[string]any
				if json.Unmarshal(b, &w) != nil || i >= len(got) || json.Unmarshal([]byte(got[i]), &g) != nil {
					t.Fatalf("line %d of %d: %s", i, len(got), b)
				}
				if ret, ok := w["ret"].(float64); ok && ret < 0 { // refused, and so here
					if delete(w, "ret"); g["error"] == nil {
						t.Errorf("line %s, want it refused", got[i])
					}
				}
				for k := range w {
					fields++
					if g[k] != w[k] {
						t.Errorf("line %d: %s = %v, want %v", i, k, g[k], w[k])
					}
				}
				i++
			}
			t.Logf("%d beacons, %d fields equal", i, fields)
			corpustest.Check(t)
		})
	}
}

// TestFaultsOfReading holds that each format tells of a broken disk.
func TestFaultsOfReading(t *testing.T) {
	for _, f := range dump.Formats() {
		d, err := f.New(dump.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(brokenDisk{}, dump.NewOut(io.Discard, dump.Selection{})); err == nil || !strings.Contains(err.Error(), errDisk.Error()) {
			t.Errorf("%s: Decode of a broken disk: %v", f.Name, err)
		}
	}
}

func FuzzMessages(f *testing.F) {
	document, err := cot.AppendXML(nil, event())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("cot", document)
	f.Add("sbs", sbsLine())
	f.Add("remoteid", []byte(beaconLine(f)))
	f.Add("remoteid", []byte{0xFD, 9, 0, 0, 1, 2, 3, 4, 5, 6, 7})
	f.Fuzz(func(t *testing.T, format string, b []byte) {
		d, err := dump.New(format, dump.Options{})
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := d.Decode(bytes.NewReader(b), dump.NewOut(&out, dump.Selection{})); err != nil {
			return // no file of the format
		}
		for l := range bytes.Lines(out.Bytes()) {
			if !json.Valid(l) {
				t.Fatalf("line %s", l)
			}
		}
	})
}
