// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
)

const head = `<event version="2.0" uid="u-1" type="a-u-A" how="m-g" time="2026-03-01T10:00:00.000Z" start="2026-03-01T10:00:00.000Z" stale="2026-03-01T10:01:00.000Z"`

func clock(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func plain() cot.Event {
	return cot.Event{
		UID: cot.Text("u-1"), Type: cot.Text("a-u-A"), How: cot.Text("m-g"), Time: clock("2026-03-01T10:00:00Z"), Start: clock("2026-03-01T10:00:00Z"), Stale: clock("2026-03-01T10:01:00Z"),
	}
}

func TestParseXML(t *testing.T) {
	got, err := cot.ParseXML([]byte(`<?xml version="1.0"?><!-- x -->` + head + ` access="Restricted" caveat="TWN-JPN" releasableTo="JPN" qos="1-r-c" opex="e-drill">
		<point lat="24.5" lon="123.0" hae="1500" ce="50" le="9999999.0"/>
		<detail><contact callsign="臺灣海巡" endpoint="*:-1:stcp"/><__group name="Cyan" role="HQ"/><status battery="80"/>
		<takv device="d" platform="p" os="o" version="1"/><precisionlocation geopointsrc="GPS" altsrc="DTED"/>
		<track course="90.5" speed="12.25"/><remarks to="x">a &lt; b</remarks><track course="1" speed="2" slope="3"/></detail></event>
	`))
	if err != nil {
		t.Fatal(err)
	}
	want := plain()
	for dst, s := range map[*cot.Text]string{
		&want.Access: "Restricted", &want.Caveat: "TWN-JPN", &want.ReleasableTo: "JPN", &want.QoS: "1-r-c", &want.Opex: "e-drill",
		&want.Callsign: "臺灣海巡", &want.Endpoint: "*:-1:stcp", &want.Group: "Cyan", &want.Role: "HQ", &want.Device: "d", &want.Platform: "p",
		&want.OS: "o", &want.Version: "1", &want.GeoSource: "GPS", &want.AltSource: "DTED",
		&want.Detail: `<remarks to="x">a &lt; b</remarks><track course="1" speed="2" slope="3"/>`,
	} {
		*dst = cot.Text(s)
	}
	want.Has = cot.HasPosition | cot.HasHeight | cot.HasCE | cot.HasCourse | cot.HasSpeed | cot.HasBattery
	want.Position, want.Height, want.CE = geo.Point{LatDeg: 24.5, LonDeg: 123}, 1500, 50
	want.Course, want.SpeedMS, want.Battery = 90.5, 12.25, 80
	if d := cmp.Diff(want, *got); d != "" {
		t.Error(d)
	}
}

func TestUnknownIsAbsent(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       cot.Has
	}{
		{"no point", "", 0},
		{"an empty latitude", `<point lat="" lon="123" hae="1" ce="1" le="1"/>`, cot.HasHeight | cot.HasCE | cot.HasLE},
		{"an error of zero", `<point lat="1" lon="2" hae="0" ce="0" le="0"/>`, cot.HasPosition | cot.HasHeight},
		{"unknown errors", `<point lat="1" lon="2" hae="9999999.0" ce="9999999" le="999999"/>`, cot.HasPosition},
		{"an unknown course", `<detail><track course="9999999.0" speed="3"/></detail>`, cot.HasSpeed},
		{"the place 0, 0 when said", `<point lat="0" lon="0"/>`, cot.HasPosition},
	} {
		e, err := cot.ParseXML([]byte(head + ">" + c.body + "</event>"))
		if err != nil || e.Has != c.want {
			t.Errorf("%s: %+v, %v; want Has %b", c.name, e, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	body := func(s string) string { return head + ">" + s + "</event>" }
	for _, c := range []struct {
		name, xml string
		want      error
	}{
		{"nothing", "", cot.ErrSyntax},
		{"no event", "<x/>", cot.ErrSyntax},
		{"a document type", `<!DOCTYPE event [<!ENTITY a "b">]>` + body(""), cot.ErrSyntax},
		{"an unknown entity", body("<detail><x y='&a;'/></detail>"), cot.ErrSyntax},
		{"two events", body("") + body(""), cot.ErrSyntax},
		{"an event that is not closed", head + ">", cot.ErrSyntax},
		{"a latitude beyond the pole", body(`<point lat="999" lon="0"/>`), cot.ErrValue},
		{"no number", body(`<point lat="NaN" lon="0"/>`), cot.ErrValue},
		{"an endless number", body(`<point lat="1" lon="0" ce="Inf"/>`), cot.ErrValue},
		{"a wrong time", strings.Replace(body(""), "2026-03-01T10:01", "2026-13-01T10:01", 1), cot.ErrValue},
		{"stale before start", strings.Replace(body(""), "T10:01", "T09:01", 1), cot.ErrValue},
		{"no uid", strings.Replace(body(""), `uid="u-1"`, "", 1), cot.ErrMissing},
		{"no stale time", strings.Replace(body(""), "stale=", "stole=", 1), cot.ErrMissing},
		{"a strike", strings.Replace(body(""), `"a-u-A"`, `"t-k"`, 1), cot.ErrForbidden},
		{"a kind of strike", strings.Replace(body(""), `"a-u-A"`, `"t-k-d"`, 1), cot.ErrForbidden},
		{"more than 64 KiB", body("<detail><x>" + strings.Repeat("y", 64<<10) + "</x></detail>"), cot.ErrTooLong},
		{"depth", body("<detail>" + strings.Repeat("<x>", 40) + strings.Repeat("</x>", 40) + "</detail>"), cot.ErrSyntax},
	} {
		if e, err := cot.ParseXML([]byte(c.xml)); !errors.Is(err, c.want) || !errors.Is(err, cot.ErrRefused) {
			t.Errorf("%s: %+v, %v; want %v", c.name, e, err, c.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, change := range map[string]func(e *cot.Event){
		"a strike":              func(e *cot.Event) { e.Type = cot.Text("t-k-d") },
		"a detail that escapes": func(e *cot.Event) { e.Detail = cot.Text(`<a/></detail><point lat="1" lon="1"/><detail>`) },
		"a cut detail":          func(e *cot.Event) { e.Detail = cot.Text("<a>") },
		"loose text":            func(e *cot.Event) { e.Detail = cot.Text("a") },
		"a control character":   func(e *cot.Event) { e.Callsign = cot.Text("a\nb") },
		"invalid UTF-8":         func(e *cot.Event) { e.Callsign = cot.Text("\xff") },
		"a course of 400":       func(e *cot.Event) { e.Course, e.Has = 400, cot.HasCourse },
		"too much":              func(e *cot.Event) { e.Detail = cot.Text("<a>" + strings.Repeat("x", 64<<10-10) + "</a>") },
	} {
		e := plain()
		change(&e)
		for i, write := range []func([]byte, *cot.Event) ([]byte, error){cot.AppendXML, cot.AppendProto, cot.AppendFrame, cot.AppendDatagram} {
			if b, err := write([]byte("before"), &e); !errors.Is(err, cot.ErrRefused) || string(b) != "before" {
				t.Errorf("%s by writer %d: %d octets, %v", name, i, len(b), err)
			}
		}
	}
}

// By hand from the numbers of takmessage, cotevent and detail.
func TestProtoByHand(t *testing.T) {
	e := plain()
	e.Has = cot.HasPosition | cot.HasCourse | cot.HasSpeed | cot.HasBattery
	e.Position, e.Course, e.SpeedMS, e.Battery = geo.Point{LatDeg: 1, LonDeg: 2}, 90, 2, 7
	e.Callsign, e.Detail, e.ReleasableTo = cot.Text("C"), cot.Text("<r/>"), cot.Text("JPN")
	got, err := cot.AppendDatagram(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	detail := "0a04" + "3c722f3e" + "1203" + "1201" + "43" + "2a02" + "0807" + "3a12" + "09" + "0000000000000040" + "11" + "0000000000805640"
	unknown := "00000000" + "7e842e41"
	event := "0a05" + "612d752d41" + "2a03" + "752d31" + "30" + "80dadcc6ca33" + "38" + "80dadcc6ca33" + "40" + "e0aee0c6ca33" + "4a03" + "6d2d67" +
		"51" + "000000000000f03f" + "59" + "0000000000000040" + "61" + unknown + "69" + unknown + "71" + unknown +
		fmt.Sprintf("7a%02x", len(detail)/2) + detail + "8a01" + "03" + "4a504e"
	want := "bf01bf" + fmt.Sprintf("12%02x01", 0x80|len(event)/2%128) + event
	if len(event)/2 < 128 {
		want = "bf01bf" + fmt.Sprintf("12%02x", len(event)/2) + event
	}
	if g := hex.EncodeToString(got); g != want {
		t.Errorf("AppendDatagram:\n%s, want\n%s", g, want)
	}
}

func genEvent() *rapid.Generator[cot.Event] {
	return rapid.Custom(func(t *rapid.T) cot.Event {
		word := func(name string) cot.Text {
			if s := rapid.StringMatching(`[ -~臺灣海]{0,12}`).Draw(t, name); s != "" {
				return cot.Text(s)
			}
			return nil
		}
		n := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		e := plain()
		for _, dst := range []*cot.Text{&e.How, &e.Access, &e.QoS, &e.Opex, &e.Caveat, &e.ReleasableTo, &e.Callsign, &e.Endpoint, &e.Group, &e.Role, &e.GeoSource, &e.AltSource, &e.Device, &e.Platform, &e.OS, &e.Version} {
			*dst = word("word")
		}
		e.UID = append(e.UID, word("uid")...)
		e.Type = cot.Text(rapid.SampledFrom([]string{"a-f-S-X-M", "b-t-f", "t-x-d-d", "t-kappa"}).Draw(t, "type"))
		e.Time = e.Time.Add(time.Duration(n("ms", 0, 1e9)) * time.Millisecond)
		known := func(h cot.Has, set func()) {
			if rapid.Bool().Draw(t, "known") {
				e.Has |= h
				set()
			}
		}
		known(cot.HasPosition, func() {
			e.Position = geo.Point{LatDeg: float64(n("lat", -9e7, 9e7)) / 1e6, LonDeg: float64(n("lon", -18e7, 18e7)) / 1e6}
		})
		known(cot.HasHeight, func() { e.Height = geo.Metres(n("height", -1000, 30000)) / 4 })
		known(cot.HasCE, func() { e.CE = geo.Metres(n("ce", 1, 1000)) / 4 })
		known(cot.HasLE, func() { e.LE = geo.Metres(n("le", 1, 1000)) / 4 })
		known(cot.HasCourse, func() { e.Course = geo.Degrees(n("course", 0, 720)) / 2 })
		known(cot.HasSpeed, func() { e.SpeedMS = float64(n("speed", 0, 4000)) / 8 })
		known(cot.HasBattery, func() { e.Battery = uint32(n("battery", 0, 100)) })
		if rapid.Bool().Draw(t, "detail") {
			remark := strings.NewReplacer("<", "&lt;", "&", "&amp;", ">", "&gt;").Replace(word("remark").String())
			e.Detail = cot.Text(`<remarks>` + remark + `</remarks><x y="1"/>`)
		}
		return e
	})
}

// kept is an event that stays as it is when the next is read.
func kept(e *cot.Event) cot.Event {
	out := *e
	for _, t := range []*cot.Text{
		&out.UID, &out.Type, &out.How, &out.Access, &out.QoS, &out.Opex, &out.Caveat, &out.ReleasableTo, &out.Callsign, &out.Endpoint, &out.Group,
		&out.Role, &out.GeoSource, &out.AltSource, &out.Device, &out.Platform, &out.OS, &out.Version, &out.Detail,
	} {
		*t = slices.Clone(*t)
	}
	return out
}

// In XML a height alone can't be said: it stands in the point.
func withoutPoint(e cot.Event) cot.Event {
	if e.Has&cot.HasPosition == 0 {
		e.Has &^= cot.HasHeight | cot.HasCE | cot.HasLE
		e.Height, e.CE, e.LE = 0, 0, 0
	}
	return e
}

func TestReadIsTheInverseOfWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(genEvent(), 1, 5).Draw(t, "events")
		var stream []byte
		var want []cot.Event
		var err error
		for _, e := range list {
			if rapid.Bool().Draw(t, "xml") {
				stream, err = cot.AppendXML(append(stream, "<?xml version=\"1.0\"?>\n"...), &e)
				e = withoutPoint(e)
			} else {
				stream, err = cot.AppendFrame(stream, &e)
			}
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, e)
		}
		cut := rapid.IntRange(0, len(stream)).Draw(t, "cut")
		var s cot.Stream
		var got []cot.Event
		for _, part := range [][]byte{stream[:cut], stream[cut:]} {
			s.Feed(part, func(e *cot.Event, err error) {
				if err != nil {
					t.Fatalf("%v in %q", err, stream)
				}
				got = append(got, kept(e))
			})
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s\n%q", d, stream)
		}
	})
}

// Others leave zeros out, as protobuf does by itself: one coordinate alone says
// that the other one is zero, and none that there is no position.
func TestZerosThatOthersLeaveOut(t *testing.T) {
	e := plain()
	e.Has, e.Position = cot.HasPosition, geo.Point{LatDeg: 3, LonDeg: 5}
	whole, err := cot.AppendProto(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	lat, lon := "\x51\x00\x00\x00\x00\x00\x00\x08\x40", "\x59\x00\x00\x00\x00\x00\x00\x14\x40"
	for _, c := range []struct {
		name  string
		out   []string
		want  geo.Point
		known bool
	}{
		{"both", nil, e.Position, true},
		{"no latitude", []string{lat}, geo.Point{LonDeg: 5}, true},
		{"no longitude", []string{lon}, geo.Point{LatDeg: 3}, true},
		{"neither", []string{lat, lon}, geo.Point{}, false},
	} {
		event := string(whole[2:])
		for _, field := range c.out {
			cut := strings.Replace(event, field, "", 1)
			if cut == event {
				t.Fatalf("%s: nothing to cut out of %x", c.name, event)
			}
			event = cut
		}
		got, err := cot.ParseProto(append([]byte{0x12, byte(len(event))}, event...))
		if err != nil || got.Position != c.want || (got.Has&cot.HasPosition != 0) != c.known {
			t.Errorf("%s: read as %+v, %v", c.name, got, err)
		}
	}
}

// TestReaderMemoryIsBounded reads an event of references and other elements so
// often that memory which is not used again would have to grow.
func TestReaderMemoryIsBounded(t *testing.T) {
	event := []byte(head + ` qos="` + strings.Repeat("&lt;", 500) + `"><detail>` + strings.Repeat("<x/>", 100) + "</detail></event>")
	var r cot.Reader
	allocs := testing.AllocsPerRun(1, func() { // as often before it counts
		for range 2000 {
			if e, err := r.XML(event); err != nil || len(e.QoS) != 500 || len(e.Detail) != 4*100 {
				t.Fatalf("%+v, %v", e, err)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestStreamAllocatesNothing reads events that are cut by reads of a socket, with
// references, other elements and a declaration.
func TestStreamAllocatesNothing(t *testing.T) {
	e := plain()
	e.Callsign, e.Detail = cot.Text("A&B"), cot.Text("<remarks>a &lt; b</remarks>")
	document, err := cot.AppendXML([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), &e)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := cot.AppendFrame(document, &e)
	if err != nil {
		t.Fatal(err)
	}
	stream := bytes.Repeat(frame, 10)
	var s cot.Stream
	good := 0
	count := func(e *cot.Event, err error) {
		if err == nil && string(e.Callsign) == "A&B" && string(e.Detail) == "<remarks>a &lt; b</remarks>" {
			good++
		}
	}
	const runs = 20
	allocs := testing.AllocsPerRun(runs, func() {
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), 100)
			s.Feed(rest[:n], count)
			rest = rest[n:]
		}
	})
	if want := (runs + 1) * 20; allocs != 0 || good != want {
		t.Errorf("%v allocations, %d events, want none and %d", allocs, good, want)
	}
}

func TestStreamGoesOn(t *testing.T) {
	e := plain()
	frame, err := cot.AppendFrame(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	doc := head + `><detail><r><![CDATA[</event>]]></r><x y="/>"/></detail></event>`
	const any = 1 << 40 // as much as lies between, which depends on the parts
	control := []byte{0xBF, 4, 0x0A, 2, 0x08, 1}
	for _, c := range []struct {
		name    string
		stream  string
		events  int
		refused int
		garbage uint64
		tooLong uint64
	}{
		{"end tags in data and values", doc + doc, 2, 0, 0, 0},
		{"white space and a stray zero", string(frame) + "\x00" + string(frame) + "\n" + doc, 3, 0, 1, 0},
		{"a control message", string(control) + string(frame), 1, 0, 0, 0},
		{"a bad event between good ones", doc + "<event/>" + doc, 2, 1, 0, 0},
		{"a length of 2^46", "\xBF\x80\x80\x80\x80\x80\x80\x10" + string(frame), 1, 1, 0, 1},
		{"a length of 2^62", "\xBF\x80\x80\x80\x80\x80\x80\x80\x80\x40" + string(frame), 1, 1, 0, 1},
		{"a length without end", "\xBF\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" + string(frame), 1, 0, 12, 0},
		{"a tag without end", "<event " + strings.Repeat("x", 70<<10) + doc, 1, 1, any, 1},
		{"half a frame", string(frame[:9]), 0, 0, 0, 0},
	} {
		for _, size := range []int{1, 7, 4096, len(c.stream)} {
			if size == 1 && len(c.stream) > 10_000 {
				continue // a scan of the rest for each octet
			}
			var s cot.Stream
			events, refused := 0, 0
			for rest := c.stream; rest != ""; {
				n := min(size, len(rest))
				s.Feed([]byte(rest[:n]), func(e *cot.Event, err error) {
					if err != nil {
						refused++
					} else {
						events++
					}
				})
				rest = rest[n:]
			}
			if events != c.events || refused != c.refused || (c.garbage != any && s.Garbage != c.garbage) || s.TooLong != c.tooLong {
				t.Errorf("%s by %d: %d events, %d refused, %d garbage, %d too long; want %d, %d, %d, %d", c.name, size, events, refused, s.Garbage, s.TooLong, c.events, c.refused, c.garbage, c.tooLong)
			}
		}
	}
}

// TestBeginningsWithoutEnd gives a stream of tags that never end: how often it
// is looked for the next event does not grow with the number of tags.
func TestBeginningsWithoutEnd(t *testing.T) {
	const pieces, piece = 32, 32 << 10
	b := []byte(strings.Repeat("<event ", piece/7+1)[:piece])
	var s cot.Stream
	for range pieces {
		s.Feed(b, func(e *cot.Event, err error) {
			if e != nil || !errors.Is(err, cot.ErrTooLong) {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
	if most := uint64(8 * pieces * piece / cot.MaxEvent); s.TooLong == 0 || s.TooLong > most {
		t.Errorf("looked %d times, want at most %d", s.TooLong, most)
	}
}

// TestGarbageHasAPlace tells where the last octets between events lay.
func TestGarbageHasAPlace(t *testing.T) {
	doc := head + "/>"
	var s cot.Stream
	s.Feed([]byte(doc+"xyz"+doc), func(*cot.Event, error) {})
	if s.Garbage != 3 || s.GarbageAt != int64(len(doc)) {
		t.Errorf("%d octets at %d, want 3 at %d", s.Garbage, s.GarbageAt, len(doc))
	}
}

func TestDatagram(t *testing.T) {
	e := plain()
	b, err := cot.AppendDatagram(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cot.ParseDatagram(b); err != nil || cmp.Diff(e, *got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := cot.ParseDatagram(append([]byte{0xBF, 2, 0xBF}, b[3:]...)); !errors.Is(err, cot.ErrSyntax) {
		t.Errorf("version 2: %v", err)
	}
	if got, err := cot.ParseDatagram([]byte{0xBF, 1, 0xBF, 0x0A, 0}); got != nil || err != nil {
		t.Errorf("a control message: %+v, %v", got, err)
	}
}

// hugeLengths are frames whose own length, or that of a field, is 2^36 or 2^62
// octets: the first does not fit 32 bits, the second overflows when it is added
// to.
var hugeLengths = []string{
	"\xBF\x80\x80\x80\x80\x80\x02\x12\x02\x0a\x00",                     // the frame: 2^36
	"\xBF\x80\x80\x80\x80\x80\x80\x80\x80\x40\x12\x02\x0a\x00",         // the frame: 2^62
	"\xBF\x09\x12\x80\x80\x80\x80\x80\x02\x0a\x00",                     // its event: 2^36
	"\xBF\x0c\x12\x80\x80\x80\x80\x80\x80\x80\x80\x40\x0a\x00",         // its event: 2^62
	"\xBF\x0b\x12\x09\x0a\x80\x80\x80\x80\x80\x02\x61\x62",             // the event's type: 2^36
	"\xBF\x0e\x12\x0c\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x40\x61\x62", // the event's type: 2^62
}

func TestHugeLengthsAreRefused(t *testing.T) {
	var before, after runtime.MemStats
	for _, b := range hugeLengths {
		var s cot.Stream
		events, refused := 0, 0
		runtime.ReadMemStats(&before)
		s.Feed([]byte(b), func(e *cot.Event, err error) {
			if e != nil {
				events++
			}
			if errors.Is(err, cot.ErrRefused) {
				refused++
			}
		})
		runtime.ReadMemStats(&after)
		if events > 0 || refused == 0 {
			t.Errorf("%q: %d events, %d refused", b, events, refused)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%q allocated %d octets", b, n)
		}
	}
}

func FuzzStream(f *testing.F) {
	e := plain()
	frame, err := cot.AppendFrame(nil, &e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame, 3)
	f.Add([]byte(head+`><point lat="1" lon="2"/><detail><![CDATA[</event>]]></detail></event>`), 40)
	for _, b := range hugeLengths {
		f.Add([]byte(b), 2)
	}
	f.Add([]byte("<!--<?<![CDATA[<event"), 5)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if len(b) == 0 || len(b) > 4<<10 {
			return
		}
		read := func(parts ...[]byte) (out []string) {
			var s cot.Stream
			for _, p := range parts {
				s.Feed(p, func(e *cot.Event, err error) {
					if err != nil && !errors.Is(err, cot.ErrRefused) {
						t.Fatalf("an error without its kind: %v", err)
					}
					if e != nil {
						if err := e.Validate(); err != nil {
							t.Fatalf("read but not valid: %v", err)
						}
					}
					out = append(out, fmt.Sprintf("%+v %v", e, err))
				})
			}
			return out
		}
		i := (cut%len(b) + len(b)) % len(b)
		if d := cmp.Diff(read(b), read(b[:i], b[i:])); d != "" {
			t.Fatalf("%q in one and in two: %s", b, d)
		}
	})
}
