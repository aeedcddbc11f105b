// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
)

// sum writes the checksum of a body behind it.
func sum(body string) string {
	var x byte
	for i := range len(body) {
		x ^= body[i]
	}
	return fmt.Sprintf("%s*%02X", body, x)
}

func sentence(body string) string { return "!" + sum(body) }

func tag(body string) string { return `\` + sum(body) + `\` }

func TestParse(t *testing.T) {
	const body = "AIVDM,1,1,,B,16<f`0@vQs`gWKP>Um`1j1HR0000,0"
	plain := nmea.Sentence{
		Talker: nmea.Talker{'A', 'I'}, Formatter: nmea.VDM, Total: 1, Number: 1, Seq: -1, Channel: 'B',
		Payload: []byte("16<f`0@vQs`gWKP>Um`1j1HR0000"),
	}
	with := func(change func(*nmea.Sentence)) nmea.Sentence {
		s := plain
		change(&s)
		return s
	}
	at := time.Date(2017, 11, 1, 1, 50, 36, 0, time.UTC)
	tests := map[string]struct {
		line string
		want nmea.Sentence
	}{
		"a line end":            {sentence(body) + "\r\n", plain},
		"no line end":           {sentence(body), plain},
		"a lower-case checksum": {lowerSum(sentence(body)), plain},
		"another talker": {sentence("BSVDO,1,1,,B,16<f`0@vQs`gWKP>Um`1j1HR0000,0"), with(func(s *nmea.Sentence) {
			s.Talker, s.Formatter = nmea.Talker{'B', 'S'}, nmea.VDO
		})},
		"no channel":      {sentence("AIVDM,1,1,,,16<f`0@vQs`gWKP>Um`1j1HR0000,0"), with(func(s *nmea.Sentence) { s.Channel = 0 })},
		"a numbered one":  {sentence("AIVDM,1,1,4,1,16<f`0@vQs`gWKP>Um`1j1HR0000,0"), with(func(s *nmea.Sentence) { s.Seq, s.Channel = 4, '1' })},
		"fill bits":       {sentence("AIVDM,1,1,,B,16<f`0@vQs`gWKP>Um`1j1HR0000,5"), with(func(s *nmea.Sentence) { s.Fill = 5 })},
		"a last fragment": {sentence("AIVDM,3,3,9,B,16<f`0@vQs`gWKP>Um`1j1HR0000,0"), with(func(s *nmea.Sentence) { s.Total, s.Number, s.Seq = 3, 3, 9 })},
		"a tag block": {tag("g:1-2-4372,s:rSTN,c:1509501036,T:x") + sentence(body), with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at, Source: []byte("rSTN"), Group: nmea.Group{Number: 1, Total: 2, ID: 4372}}
		})},
		"two tag blocks": {tag("s:a") + tag("c:1509501036") + sentence(body), with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at, Source: []byte("a")}
		})},
		"milliseconds": {tag("c:1509501036250") + sentence(body), with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at.Add(250 * time.Millisecond)}
		})},
		"decimals of a second": {tag("c:1509501036.25") + sentence(body), with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at.Add(250 * time.Millisecond)}
		})},
		"a suffix": {sentence(body) + ",s25,d-07,T12.3,r003669945,1509501036\r", with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at, Source: []byte("r003669945")}
		})},
		"a tag block before a suffix": {tag("s:a,c:1509501036") + sentence(body) + ",rB,1165795916", with(func(s *nmea.Sentence) {
			s.Tag = nmea.Tag{HasTime: true, Time: at, Source: []byte("a")}
		})},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got nmea.Sentence
			if err := nmea.Parse([]byte(tc.line), &got); err != nil {
				t.Fatalf("Parse(%q): %v", tc.line, err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tc.line, d)
			}
		})
	}
}

func lowerSum(s string) string { return s[:len(s)-2] + strings.ToLower(s[len(s)-2:]) }

func TestParseRefuses(t *testing.T) {
	const good = "AIVDM,1,1,,B,16<f`0@vQs`gWKP>Um`1j1HR0000,0"
	tests := map[string]struct {
		line   string
		offset int
		reason nmea.Reason
	}{
		"nothing":                    {"", 0, nmea.ReasonStart},
		"other text":                 {"hello", 0, nmea.ReasonStart},
		"a long line":                {strings.Repeat("!", nmea.MaxLine+1), nmea.MaxLine, nmea.ReasonTooLong},
		"no checksum":                {"!" + good, 44, nmea.ReasonNoChecksum},
		"half a checksum":            {sentence(good)[:46], 44, nmea.ReasonNoChecksum},
		"a checksum of no digits":    {"!" + good + "*G0", 44, nmea.ReasonNoChecksum},
		"a changed character":        {strings.Replace(sentence(good), "16<f", "17<f", 1), 45, nmea.ReasonChecksum},
		"bytes behind the checksum":  {sentence(good) + "x", 47, nmea.ReasonTrailing},
		"a short address":            {sentence("AIV"), 4, nmea.ReasonTruncated},
		"a talker of no letters":     {sentence("A-VDM,1,1,,B,1,0"), 2, nmea.ReasonTalker},
		"no fields":                  {sentence("AIVDM"), 6, nmea.ReasonFragment},
		"a total of zero":            {sentence("AIVDM,0,1,,B,1,0"), 8, nmea.ReasonFragment},
		"a total of two digits":      {sentence("AIVDM,10,1,,B,1,0"), 8, nmea.ReasonFragment},
		"no total":                   {sentence("AIVDM,,1,,B,1,0"), 7, nmea.ReasonFragment},
		"a number over the total":    {sentence("AIVDM,1,2,,B,1,0"), 10, nmea.ReasonFragment},
		"a sequence that is none":    {sentence("AIVDM,1,1,x,B,1,0"), 11, nmea.ReasonSequence},
		"an end before the channel":  {sentence("AIVDM,1,1,1"), 12, nmea.ReasonTruncated},
		"two channels":               {sentence("AIVDM,1,1,,AB,1,0"), 13, nmea.ReasonChannel},
		"an end before the payload":  {sentence("AIVDM,1,1,,A"), 13, nmea.ReasonChannel},
		"an empty payload":           {sentence("AIVDM,1,1,,A,,0"), 14, nmea.ReasonEmpty},
		"a character of no armour":   {sentence("AIVDM,1,1,,A,17Xx,0"), 16, nmea.ReasonPayload},
		"an end in the payload":      {sentence("AIVDM,1,1,,A,17"), 16, nmea.ReasonTruncated},
		"six fill bits":              {sentence("AIVDM,1,1,,A,17,6"), 18, nmea.ReasonFill},
		"no fill bits":               {sentence("AIVDM,1,1,,A,17,"), 17, nmea.ReasonFill},
		"a field too many":           {sentence("AIVDM,1,1,,A,17,0,"), 18, nmea.ReasonFill},
		"a long payload":             {sentence("AIVDM,1,1,,A," + strings.Repeat("0", nmea.MaxPayload+1) + ",0"), 14 + nmea.MaxPayload, nmea.ReasonPayloadSize},
		"a tag block with no end":    {`\s:a*1A`, 7, nmea.ReasonTagEnd},
		"a tag block changed":        {`\s:b*28\` + sentence(good), 7, nmea.ReasonTagChecksum},
		"a tag block with no sum":    {`\s:b\` + sentence(good), 4, nmea.ReasonTagChecksum},
		"a tag time of letters":      {tag("s:a,c:now") + sentence(good), 5, nmea.ReasonTagTime},
		"a tag time without end":     {tag("c:99999999999999999999") + sentence(good), 1, nmea.ReasonTagTime},
		"a group with a number over": {tag("g:3-2-1") + sentence(good), 1, nmea.ReasonTagGroup},
		"a group of two numbers":     {tag("g:1-2") + sentence(good), 1, nmea.ReasonTagGroup},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var s nmea.Sentence
			err := nmea.Parse([]byte(tc.line), &s)
			var got *nmea.Error
			if !errors.As(err, &got) || got.Offset != tc.offset || got.Reason != tc.reason {
				t.Errorf("Parse(%q) = %v, want byte %d: %s", tc.line, err, tc.offset, tc.reason)
			}
		})
	}
}

func TestParseOther(t *testing.T) {
	for _, line := range []string{
		"$GPRMC,120939.000,V,0000.0000,N,00000.0000,E,000.0,000.0,280606,,,N*7C",
		sentence("AIABM,1,1,0,,0,6,16<f`,0"),
		tag("s:a,c:1509501036"),
	} {
		var s nmea.Sentence
		if err := nmea.Parse([]byte(line), &s); !errors.Is(err, nmea.ErrOther) {
			t.Errorf("Parse(%q) = %v, want %v", line, err, nmea.ErrOther)
		}
	}
}

func TestNext(t *testing.T) {
	a, b := sentence("AIVDM,1,1,,A,17,0"), sentence("AIVDM,1,1,,B,18,0")
	tests := map[string]struct {
		in   string
		want []string
	}{
		"lines":               {a + "\r\n" + b + "\r\n", []string{a, b}},
		"glued sentences":     {a + b, []string{a, b}},
		"glued tag blocks":    {tag("s:x") + a + tag("s:y") + b, []string{tag("s:x") + a, tag("s:y") + b}},
		"two tag blocks":      {tag("s:x") + tag("c:1") + a + "\n", []string{tag("s:x") + tag("c:1") + a}},
		"a logger's prefix":   {"[2018-05-11 03:50:03] " + a + "\n", []string{a}},
		"a suffix":            {a + ",rS,1165795916\n" + b, []string{a + ",rS,1165795916", b}},
		"a cut-off sentence":  {a[:10] + b, []string{a[:10], b}},
		"a cut-off tag block": {`\s:x` + "\n" + b, []string{`\s:x`, b}},
		"empty lines":         {"\n\r\n\n" + a + "\n\n", []string{a}},
		"a line of no use":    {"hello \n" + a, []string{"hello", a}},
		"nothing":             {"", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			rest := []byte(tc.in)
			for {
				var line []byte
				if line, rest = nmea.Next(rest); len(line) == 0 && len(rest) == 0 {
					break
				}
				got = append(got, string(line))
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("Next(%q) (-want +got):\n%s", tc.in, d)
			}
		})
	}
}

func TestFormatThenParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := nmea.Header{
			Talker:    rapid.SampledFrom([]nmea.Talker{{'A', 'I'}, {'B', 'S'}, {'A', 'B'}}).Draw(t, "talker"),
			Formatter: rapid.SampledFrom([]nmea.Formatter{nmea.VDM, nmea.VDO}).Draw(t, "formatter"),
			Seq:       rapid.IntRange(0, 9).Draw(t, "seq"),
			Channel:   rapid.SampledFrom([]byte{0, 'A', 'B', '1'}).Draw(t, "channel"),
		}
		if rapid.Bool().Draw(t, "has time") {
			h.Tag.HasTime = true
			h.Tag.Time = time.UnixMilli(rapid.Int64Range(100_000_000_000, 4_000_000_000_000).Draw(t, "time")).UTC()
		}
		if rapid.Bool().Draw(t, "has source") {
			h.Tag.Source = []byte(rapid.StringMatching(`[a-zA-Z0-9]{1,15}`).Draw(t, "source"))
		}
		payload := []byte(rapid.StringMatching("[0-W`-w]{1,512}").Draw(t, "payload"))
		fill := rapid.IntRange(0, 5).Draw(t, "fill")
		rest := nmea.Format(nil, h, payload, fill)
		var a nmea.Assembler
		for len(rest) > 0 {
			var line []byte
			line, rest = nmea.Next(rest)
			if body := line[strings.IndexByte(string(line), '!'):]; len(body) > 80 {
				t.Fatalf("sentence of %d bytes: %q", len(body), body)
			}
			var s nmea.Sentence
			if err := nmea.Parse(line, &s); err != nil {
				t.Fatalf("Parse(%q): %v", line, err)
			}
			got, gotFill, complete, err := a.Push(time.Unix(0, 0), "x", &s)
			if err != nil {
				t.Fatal(err)
			}
			if complete != (len(rest) == 0) {
				t.Fatalf("complete = %v with %d bytes to come", complete, len(rest))
			}
			if !complete {
				continue
			}
			if string(got) != string(payload) || gotFill != fill {
				t.Fatalf("read %q fill %d, want %q fill %d", got, gotFill, payload, fill)
			}
			s.Tag.Group = nmea.Group{}
			if s.Talker != h.Talker || s.Formatter != h.Formatter || s.Channel != h.Channel || !cmp.Equal(s.Tag, h.Tag) {
				t.Fatalf("read %+v, want %+v", s, h)
			}
		}
	})
}

func TestFormatRefuses(t *testing.T) {
	ok := []byte("16<f`")
	tests := map[string]struct {
		h       nmea.Header
		payload []byte
		fill    int
	}{
		"an empty payload":        {nmea.Header{}, nil, 0},
		"a long payload":          {nmea.Header{}, []byte(strings.Repeat("0", nmea.MaxPayload+1)), 0},
		"no armour":               {nmea.Header{}, []byte("1,2"), 0},
		"seven fill bits":         {nmea.Header{}, ok, 7},
		"a sequence of two":       {nmea.Header{Seq: 10}, ok, 0},
		"a comma for a channel":   {nmea.Header{Channel: ','}, ok, 0},
		"a talker with a comma":   {nmea.Header{Talker: nmea.Talker{'A', ','}}, ok, 0},
		"a station with its end":  {nmea.Header{Tag: nmea.Tag{Source: []byte(`a\!`)}}, ok, 0},
		"a station without end":   {nmea.Header{Tag: nmea.Tag{Source: []byte(strings.Repeat("a", 65))}}, ok, 0},
		"a time before the epoch": {nmea.Header{Tag: nmea.Tag{HasTime: true, Time: time.Unix(-1, 0)}}, ok, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := nmea.Format(nil, tc.h, tc.payload, tc.fill); got != nil {
				t.Errorf("Format wrote %q", got)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sentence("AIVDM,1,1,,B,16<f`0@vQs`gWKP>Um`1j1HR0000,0") + "\r\n"))
	f.Add([]byte(tag("g:1-2-4372,s:rSTN,c:1509501036") + sentence("AIVDM,2,1,4,A,17,0") + tag("g:2-2-4372") + sentence("AIVDM,2,2,4,A,17,2")))
	f.Add([]byte("[2018-05-11 03:50:03] " + sentence("AIVDM,1,1,,A,17,0") + ",s25,d-07,r003669945,1165795916"))
	f.Add([]byte(`\\!*00`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var a nmea.Assembler
		rest, n := in, 0
		for len(rest) > 0 {
			before := len(rest)
			var line []byte
			line, rest = nmea.Next(rest)
			if len(rest) >= before {
				t.Fatal("Next does not move")
			}
			var s nmea.Sentence
			if err := nmea.Parse(line, &s); err != nil {
				var e *nmea.Error
				if errors.As(err, &e) && (e.Offset < 0 || e.Offset > len(line)) {
					t.Fatalf("offset %d of %d bytes", e.Offset, len(line))
				}
				continue
			}
			payload, fill, complete, err := a.Push(time.Unix(int64(n), 0), "f", &s)
			if complete && (err != nil || len(payload) > nmea.MaxPayload || fill < 0 || fill > 5) {
				t.Fatalf("Push gave %d characters, fill %d, %v", len(payload), fill, err)
			}
			n++
		}
		var b nmea.Assembler
		if err := b.Restore(a.Snapshot()); err != nil {
			t.Fatalf("Restore(Snapshot): %v", err)
		}
		if d := cmp.Diff(a.Snapshot(), b.Snapshot()); d != "" {
			t.Fatal(d)
		}
	})
}
