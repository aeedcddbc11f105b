// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// timed is something and when it was received.
type timed struct {
	at   time.Time
	data []byte
}

// truth is where an object is: it flies straight.
type truth struct {
	start  geo.Point
	course geo.Degrees
	speed  geo.Knots
}

func (o truth) at(t time.Time) geo.Point {
	d := float64(o.speed.MetresPerSecond()) * t.Sub(noon).Seconds()
	return geo.Direct(o.start, o.course, geo.Metres(d))
}

var planes = map[modes.ICAO]truth{
	0x899101: {geo.Point{LatDeg: 24.2, LonDeg: 122.3}, 80, 250},
	0x86E4A2: {geo.Point{LatDeg: 24.9, LonDeg: 123.4}, 200, 420},
}

// squitters returns two minutes of two aircraft, a third one that tells no
// position, and noise. The positions are the truth of each frame that has one.
func squitters() (frames []timed, positions map[int]geo.Point) {
	positions = make(map[int]geo.Point)
	put := func(at time.Time, data []byte) { frames = append(frames, timed{at, data}) }
	long := func(b [14]byte) []byte { return b[:] }
	for i := range 240 {
		at := noon.Add(time.Duration(i) * 500 * time.Millisecond)
		for _, icao := range []modes.ICAO{0x86E4A2, 0x899101} {
			o := planes[icao]
			if i > 0 {
				positions[len(frames)] = o.at(at)
			}
			put(at, long(modes.EncodeAirbornePosition(icao, o.at(at), 24000, i%2 == 1)))
			switch i % 10 {
			case 2:
				put(at, long(modes.EncodeVelocity(icao, o.speed, o.course, 0)))
			case 4:
				put(at, long(modes.EncodeIdentification(icao, "EXR101", 0xA3)))
			}
		}
		if i%20 == 0 {
			short := modes.EncodeAllCall(0x899777)
			put(at.Add(time.Millisecond), short[:])
			put(at.Add(2*time.Millisecond), []byte{0x20, 0, 5, 0x30, 1, 2, byte(i)})
		}
	}
	return frames, positions
}

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		content = b.Bytes()
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func ticksOf(at time.Time) uint64 {
	const before = 1<<48 - 600_000_000 // the counter wraps within the recording
	return (before + uint64(at.Sub(noon)/1000*12)) & (1<<48 - 1)
}

// recordings returns the same frames in each form that Mode S is kept in.
func recordings(t testing.TB, frames []timed) map[string]string {
	t.Helper()
	var tsv, avrTicks, marked, unmarked []byte
	for _, f := range frames {
		tsv = fmt.Appendf(tsv, "%d\t%X\n", f.at.UnixMilli(), f.data)
		avrTicks = avr.AppendWithTicks(avrTicks, f.data, ticksOf(f.at))
		m := beast.Message{Type: beast.TypeShort, Time12MHz: ticksOf(f.at), Data: f.data}
		if len(f.data) == 14 {
			m.Type = beast.TypeLong
		}
		marked = beast.Append(beast.AppendTime(marked, f.at.UnixMilli()), m)
		unmarked = beast.Append(unmarked, m)
	}
	start := "?start=" + noon.Format(time.RFC3339)
	return map[string]string{
		"tsv":                "tsv:" + write(t, "a.tsv.gz", tsv),
		"AVR with a counter": "avr:" + write(t, "a.avr", avrTicks) + start,
		"Beast with marks":   "beast:" + write(t, "a.beast.gz", marked),
		"Beast by counter":   "beast:" + write(t, "b.beast", unmarked) + start,
	}
}

func TestModeS(t *testing.T) {
	frames, positions := squitters()
	var first []string // the plots of the first form
	for name, spec := range recordings(t, frames) {
		t.Run(name, func(t *testing.T) {
			out, st, _ := play(t, 0, spec)
			lines := parseLines(t, out)
			var aircraft, plots []string
			near := 0
			for _, l := range lines {
				switch l.Kind {
				case "aircraft":
					aircraft = append(aircraft, l.Object.Address)
				case "plot":
					p := l.Plot
					p.Feed = ""
					plots = append(plots, fmt.Sprintf("%d %s %s %v", p.Seq, p.Time, p.Address, p.Lat != nil))
					if want, ok := positions[int(p.Seq-1)]; ok && p.Lat != nil && apart(want, geo.Point{LatDeg: *p.Lat, LonDeg: *p.Lon}) <= 5 {
						near++
					}
				}
			}
			slices.Sort(aircraft)
			if diff := cmp.Diff([]string{"86e4a2", "899101", "899777"}, aircraft); diff != "" {
				t.Errorf("aircraft (-want +got):\n%s", diff)
			}
			if near != len(positions) {
				t.Errorf("%d of %d positions within 5 m", near, len(positions))
			}
			if want := []replay.Count{{Feed: st.Refused[0].Feed, Reason: "modes-unknown-address", Count: 12, Offset: st.Refused[0].Offset}}; !cmp.Equal(want, st.Refused) {
				t.Errorf("refused %+v, want the noise", st.Refused)
			}
			if first == nil {
				first = plots
			}
			if diff := cmp.Diff(first, plots); diff != "" {
				t.Errorf("other plots than from another form:\n%s", diff)
			}
			_, tracked := tracksOf(t, lines, time.Minute)
			if len(tracked) != 2 {
				t.Errorf("tracks of %v, want both aircraft for a minute", tracked)
			}
			checkSpeeds(t, out, spec, st)
		})
	}
}

// ships returns ten minutes of a ship, and one message of an identity that
// cannot be.
func ships(t testing.TB) (messages []timed) {
	t.Helper()
	ship := truth{geo.Point{LatDeg: 24.3, LonDeg: 122.6}, 30, 14}
	put := func(at time.Time, m ais.Message) {
		payload, fill, err := ais.Encode(nil, &m)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, timed{at, nmea.Format(nil, nmea.Header{Channel: 'A', Seq: len(messages) % 10}, payload, fill)})
	}
	name, err := ais.NewText("EXERCISE ONE")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		at := noon.Add(time.Duration(i) * 10 * time.Second)
		m := ais.Message{
			Type: 1, MMSI: 416000123, Has: ais.HasPosition | ais.HasRawPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond,
			Position: ship.at(at), SOG: ship.speed, COG: ship.course, Second: uint8(at.Second()), Fix: ais.FixTimed,
		}
		put(at, m)
		switch i {
		case 10:
			put(at, ais.Message{Type: 5, MMSI: 416000123, Has: ais.HasName | ais.HasShipType, Name: name, ShipType: 70})
		case 20:
			m.MMSI = 61442893
			put(at, m)
		case 30:
			m.Position.LatDeg += 9
			put(at, m)
		}
	}
	return messages
}

func TestAIS(t *testing.T) {
	var logged, tagged []byte
	for _, m := range ships(t) {
		for line := range bytes.Lines(m.data) {
			logged = append(append(logged, m.at.Format("[2006-01-02 15:04:05] ")...), line...)
			tagged = appendTagged(tagged, m.at, line)
		}
		logged = append(logged, "[2026-11-25 12:00:00] $GPZDA,,,,,,*48\r\n"...)
	}
	for name, content := range map[string][]byte{"a log": logged, "tag blocks": tagged} {
		t.Run("it handles "+name, func(t *testing.T) {
			out, st, _ := play(t, 0, "nmea:"+write(t, "a.log", content)+"?receiver=24.4,122.9")
			lines := parseLines(t, out)
			var messages, named int
			var vessels, reasons []string
			for _, l := range lines {
				switch {
				case l.Kind == "message":
					messages++
				case l.Kind == "vessel":
					vessels = append(vessels, l.Object.MMSI)
				case l.Kind == "refused":
					reasons = append(reasons, l.Refused.Reason)
				case l.Kind == "track" && l.Name == "EXERCISE ONE" && l.MMSI == "416000123" && l.Domain == "sea":
					named++
				}
			}
			if messages != 61 || named < 40 || !slices.Equal(vessels, []string{"416000123"}) {
				t.Errorf("%d messages, %d lines of the named track, vessels %v", messages, named, vessels)
			}
			if diff := cmp.Diff([]string{"ais-mmsi", "ais-position-range"}, reasons); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			if !st.First.Equal(noon) || !st.Last.Equal(noon.Add(590*time.Second)) {
				t.Errorf("from %v to %v", st.First, st.Last)
			}
		})
	}
}

// appendTagged writes a line with a tag block that holds the time.
func appendTagged(dst []byte, at time.Time, line []byte) []byte {
	tag := fmt.Sprintf("c:%d", at.Unix())
	var sum byte
	for _, c := range []byte(tag) {
		sum ^= c
	}
	return append(fmt.Appendf(dst, "\\%s*%02X\\", tag, sum), line...)
}

const turn = 4 * time.Second

// radar returns three minutes of a radar around midnight that sees both
// aircraft: a block of north marker and plots each turn.
func radar(t testing.TB) (blocks []timed) {
	t.Helper()
	site := geo.Point{LatDeg: 24.45, LonDeg: 123.0}
	midnight := noon.Add(12 * time.Hour)
	tod := func(at time.Time) uint32 { return uint32(at.Sub(at.Truncate(24*time.Hour)).Seconds() * 128) }
	add := func(dst []byte, category byte, r interface {
		Append([]byte) ([]byte, error)
	},
	) []byte {
		b, err := r.Append(nil)
		if err == nil {
			dst, err = asterix.AppendBlock(dst, category, b)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dst
	}
	for i := range 45 {
		north := midnight.Add(time.Duration(i-20) * turn)
		m := cat034.Record{Has: cat034.Item010 | cat034.Item000 | cat034.Item030 | cat034.Item041, I000: cat034.I000(cat034.NorthMarker)}
		m.I010 = cat034.I010{SAC: 25, SIC: 10}
		m.I030, m.I041 = cat034.I030(tod(north)), cat034.I041(turn.Seconds()*128)
		b := add(nil, cat034.Category, &m)
		for _, icao := range []modes.ICAO{0x86E4A2, 0x899101} {
			o := planes[icao]
			place := geo.Direct(o.start, o.course, geo.Metres(float64(o.speed.MetresPerSecond())*north.Sub(midnight).Seconds()))
			r, az := geo.SlantRange(site, 100, place, geo.Feet(24000).Metres())
			rec := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040 | cat048.Item090 | cat048.Item220}
			rec.I010 = cat048.I010{SAC: 25, SIC: 10}
			rec.I140 = cat048.I140(tod(north.Add(time.Duration(float64(az.Norm360()) / 360 * float64(turn)))))
			rec.I020.TYP, rec.I090.FL, rec.I220 = uint8(cat048.ModeSRollCall), 960, cat048.I220(icao)
			rec.I040 = cat048.I040{RHO: uint16(math.Round(r.NM() * 256)), THETA: uint16(math.Round(float64(az.Norm360()) / 360 * 65536))}
			b = add(b, cat048.Category, &rec)
		}
		blocks = append(blocks, timed{north.Add(turn), b})
	}
	return blocks
}

// appendPacket writes a pcap record with an IPv4 packet; the first one with
// the file's head.
func appendPacket(dst []byte, at time.Time, port uint16, payload []byte) []byte {
	le := binary.LittleEndian
	if len(dst) == 0 {
		dst = le.AppendUint32(dst, 0xA1B2C3D4)
		dst = append(dst, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0)
	}
	n := len(payload)
	ip := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(28+n))
	ip = append(ip, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x34)
	ip = binary.BigEndian.AppendUint16(ip, port)
	ip = binary.BigEndian.AppendUint16(ip, uint16(8+n))
	ip = append(append(ip, 0, 0), payload...)
	dst = le.AppendUint32(dst, uint32(at.Unix()))
	dst = le.AppendUint32(dst, uint32(at.Nanosecond()/1000))
	dst = le.AppendUint32(dst, uint32(len(ip)))
	return append(le.AppendUint32(dst, uint32(len(ip))), ip...)
}

func TestRadar(t *testing.T) {
	var raw, packets []byte
	for _, b := range radar(t) {
		raw = append(raw, b.data...)
		packets = appendPacket(packets, b.at, 8600, b.data)
		packets = appendPacket(packets, b.at, 9999, []byte{1, 2, 3})
	}
	const sensor = "sensor=25/10,24.45,123,100,200,4"
	for name, spec := range map[string]string{
		"raw blocks": "asterix:" + write(t, "a.ast.gz", raw) + "?start=2026-11-25&" + sensor,
		"packets":    "pcap:" + write(t, "a.pcap", packets) + "?port=8600&" + sensor,
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			out, st, _ := play(t, 0, spec)
			all, tracked := tracksOf(t, parseLines(t, out), 30*time.Second)
			if len(st.Refused) > 0 || len(all) != 2 || len(tracked) != 2 {
				t.Errorf("addresses %v, tracks of 30 s %v, refused %+v; want 2 and nothing refused", all, tracked, st.Refused)
			}
			if all["899101"] != 45 {
				t.Errorf("%d plots of 899101, want 45", all["899101"])
			}
			midnight := noon.Add(12 * time.Hour)
			if st.First.Before(midnight.Add(-81*time.Second)) || st.Last.After(midnight.Add(102*time.Second)) || !st.Last.After(midnight.Add(90*time.Second)) {
				t.Errorf("from %v to %v, want around %v", st.First, st.Last, midnight)
			}
		})
	}
}

// recorder is a Stepper that writes down what it is given.
type recorder struct {
	calls []string
	fail  string
	seen  []frame.Frame
}

func (r *recorder) add(call string) error {
	r.calls = append(r.calls, call)
	if r.fail != "" && strings.HasPrefix(call, r.fail) {
		return errFail
	}
	return nil
}

var errFail = errors.New("no more")

func (r *recorder) Frame(_ context.Context, now time.Time, f *frame.Frame) error {
	r.seen = append(r.seen, *f)
	return r.add(fmt.Sprintf("%s#%d %s", f.Source, f.Seq, now.Format("05.000")))
}

func (r *recorder) Tick(_ context.Context, now time.Time) error {
	return r.add("tick " + now.Format("04:05.000"))
}

func (r *recorder) Tracks() []engine.TrackView { return nil }

// tsv writes a line of a frame at so many milliseconds after noon.
func tsvAt(millis ...int) []byte {
	b := modes.EncodeIdentification(0x899101, "EXR101", 0xA3)
	var text []byte
	for _, ms := range millis {
		text = fmt.Appendf(text, "%d\t%X\n", noon.UnixMilli()+int64(ms), b)
	}
	return text
}

func record(t testing.TB, r *recorder, specs ...string) (*replay.Stats, error) {
	t.Helper()
	feeds, err := replay.ParseFeeds(specs)
	if err != nil {
		t.Fatal(err)
	}
	return replay.Run(context.Background(), replay.Config{Feeds: feeds, Stepper: r})
}

// TestOrder merges two recordings: by time, then in the order of the feeds; a
// recording's own order stands; a tick comes after the frames of its moment.
func TestOrder(t *testing.T) {
	a := "tsv:" + write(t, "a", tsvAt(100, 1000, 900, 2500)) + "?name=a"
	b := "tsv:" + write(t, "b", tsvAt(100, 999, 1000, 1001)) + "?name=b"
	var r recorder
	if _, err := record(t, &r, a, b); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a#1 00.100", "b#1 00.100", "b#2 00.999", "a#2 01.000", "a#3 01.000", "b#3 01.000",
		"tick 00:01.000", "b#4 01.001", "tick 00:02.000", "a#4 02.500", "tick 00:03.000",
	}
	if diff := cmp.Diff(want, r.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestGap has a pause of half a day: ten minutes of it are ticked.
func TestGap(t *testing.T) {
	const pause = 12 * 3600 * 1000
	var r recorder
	if _, err := record(t, &r, "tsv:"+write(t, "a", tsvAt(0, pause))); err != nil {
		t.Fatal(err)
	}
	ticks := slices.DeleteFunc(slices.Clone(r.calls), func(c string) bool { return !strings.HasPrefix(c, "tick") })
	if len(ticks) != 600+2 || ticks[599] != "tick 10:00.000" || ticks[600] != "tick 59:59.000" || ticks[601] != "tick 00:00.000" {
		t.Errorf("%d ticks that end %v", len(ticks), ticks[len(ticks)-3:])
	}
}

// TestTimeJump has one frame of another year, and then a real pause of years.
func TestTimeJump(t *testing.T) {
	const year = 365 * 24 * 3600 * 1000
	var r recorder
	st, err := record(t, &r, "tsv:"+write(t, "a", tsvAt(0, year, 100, 2*year, 2*year+10, 2*year+20)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.seen) != 4 || !r.seen[1].Received.Equal(noon.Add(100*time.Millisecond)) || r.seen[2].Received.Year() != 2028 {
		t.Errorf("frames %+v", r.seen)
	}
	if len(st.Refused) != 1 || st.Refused[0].Reason != replay.ReasonTime || st.Refused[0].Count != 2 {
		t.Errorf("refused %+v, want two leaps", st.Refused)
	}
}

func TestBadFiles(t *testing.T) {
	good := string(tsvAt(0))
	id := modes.EncodeIdentification(0x899101, "EXR101", 0xA3)
	message := string(beast.Append(nil, beast.Message{Type: beast.TypeLong, Data: id[:]}))
	computed := string(beast.Append(nil, beast.Message{Type: beast.TypeLong, Time12MHz: 0xFF004D4C4154, Data: id[:]}))
	const block = "\x30\x00\x05\x80\x01"
	packet := string(appendPacket(nil, noon, 1, []byte("x")))
	tests := map[string]struct {
		kind, content string
		frames        int
		bad           []string
	}{
		"a line without a tab":    {"tsv", good + "1234\n" + good, 2, []string{"43 tsv-line"}},
		"a line with a wrong hex": {"tsv", "1\tzz\n1\t8D\n-1\t" + good[14:] + good, 1, []string{"0 tsv-line", "5 tsv-line", "10 tsv-line"}},
		"a year beyond all":       {"tsv", "253402300800000" + good[13:] + good, 1, []string{"0 tsv-line"}},
		"an endless line":         {"tsv", strings.Repeat("1", 9000) + "\n" + good, 1, []string{"0 line-too-long"}},
		"no line end at the end":  {"tsv", strings.TrimSpace(good), 1, nil},
		"nothing":                 {"tsv", "", 0, nil},
		"a broken AVR line":       {"avr", "*8D;\n" + string(avr.Append(nil, id[:])) + "*0000;\n*1234;\n", 1, []string{"1 avr-line"}},
		"garbage in Beast":        {"beast", "xyz" + message + computed + message[:9], 1, []string{"0 beast-framing", fmt.Sprintf("%d mlat", 3+len(message))}},
		"a log that is too long":  {"nmea", strings.Repeat("a", 5000) + "\n!AIVDM\n", 1, []string{"0 line-too-long"}},
		"a block of no length":    {"asterix", block + "\x30\x00\x03" + block, 1, []string{"5 asterix-length"}},
		"a cut block":             {"asterix", block + block[:4], 1, []string{"5 file-cut"}},
		"a cut header":            {"asterix", "\x30\x00", 0, []string{"0 file-cut"}},
		"a cut pcap":              {"pcap", packet + packet[24:40], 1, []string{"1 file-cut"}},
		"a pcap that is no pcap":  {"pcap", "hello", -1, nil},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			feeds, err := replay.ParseFeeds([]string{tt.kind + ":x"})
			if err != nil {
				t.Fatal(err)
			}
			n, bad, err := readAll(t, &feeds[0], strings.NewReader(tt.content))
			if tt.frames < 0 {
				if err == nil {
					t.Errorf("%d frames and no error", n)
				}
				return
			}
			if err != nil || n != tt.frames {
				t.Errorf("%d frames and %v, want %d", n, err, tt.frames)
			}
			if diff := cmp.Diff(tt.bad, bad); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
		})
	}
}

// readAll reads a recording to its end.
func readAll(t testing.TB, f *replay.Feed, src io.Reader) (frames int, bad []string, err error) {
	t.Helper()
	r, err := replay.NewReader(f, src)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var fr frame.Frame
		err := r.Next(&fr)
		var b *replay.Bad
		switch {
		case errors.Is(err, io.EOF):
			return frames, bad, nil
		case errors.As(err, &b):
			bad = append(bad, fmt.Sprintf("%d %s", b.Offset, b.Reason))
		case err != nil:
			return frames, bad, err
		default:
			frames++
			if fr.Seq != uint64(frames) || fr.Source != f.Name || fr.Format != f.Source.Format || fr.Received.IsZero() || fr.Offset < 0 {
				t.Errorf("frame %d = %+v", frames, fr)
			}
		}
	}
}
