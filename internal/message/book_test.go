// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/packs/phrasebook"
)

var start = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

func shipped(t testing.TB) *message.Book {
	t.Helper()
	b, err := message.Parse(phrasebook.Name, phrasebook.Text())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// names is what a reader's node calls things.
type names struct{}

func (names) Place(lang, id string) string {
	if id != "gap_c" {
		return ""
	}
	return map[string]string{"en": "Gap C", "ja": "ギャップ中央", "zh-Hant": "中央缺口"}[lang]
}

func (names) Track(_ string, r record.Ref) string {
	return string(r.Originator) + ":" + r.ID.String()[:4]
}

func TestShippedPhrasebookIsWhole(t *testing.T) {
	b := shipped(t)
	if n := len(b.Phrases()); n < 80 {
		t.Errorf("%d phrases, want at least 80", n)
	}
	if b.Edition() == "" {
		t.Error("no edition")
	}
	groups, types := make(map[string]int), make(map[string]int)
	for _, p := range b.Phrases() {
		groups[p.Group]++
		for _, q := range p.Params {
			types[q.Type]++
		}
		for lang, text := range p.Texts {
			if !scripted(lang, text) {
				t.Errorf("%s: %s text %q is in another script", p.Code, lang, text)
			}
			for _, bad := range []string{"hostile", "enemy", "weapon", "fire", "engage", "intercept", "target", "敵", "武器", "攻擊", "攻撃", "射擊", "射撃", "攔截", "迎撃"} {
				if strings.Contains(strings.ToLower(text), bad) {
					t.Errorf("%s holds the word %q", p.Code, bad)
				}
			}
		}
	}
	for _, g := range message.Groups() {
		if groups[g] == 0 {
			t.Errorf("no phrase of group %q", g)
		}
	}
	for _, k := range []string{"place", "track", "time", "number", "height", "speed", "duration", "unit", "frequency", "bearing"} {
		if types[k] == 0 {
			t.Errorf("no parameter of type %q", k)
		}
	}
	for _, en := range []string{"Roger.", "Wilco.", "Unable.", "Say again.", "Stand by."} {
		if !slices.ContainsFunc(b.Phrases(), func(p message.Phrase) bool { return p.Group == "answer" && p.Texts["en"] == en }) {
			t.Errorf("no answer %q", en)
		}
	}
}

// scripted reports whether a text is in the script of its language. Simplified
// characters and kana do not belong in zh-Hant.
func scripted(lang, text string) bool {
	has := func(in func(rune) bool) bool { return strings.ContainsFunc(text, in) }
	kana := func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) }
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	switch lang {
	case "en":
		return !has(kana) && !has(han)
	case "ja":
		return has(kana) || has(han)
	}
	return has(han) && !has(kana) && !strings.ContainsAny(text, "标时间为与无线电单")
}

const tiny = `edition = "1"
[[phrase]]
code = "101"
group = "contact"
params = { a = "track", b = "place" }
en = "{a} at {b}."
ja = "{b} に {a}。"
zh-Hant = "{a} 在 {b}。"
`

func TestPhrasebookIsRefusedWithItsLine(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"it handles an unknown key":            {`group =`, `grup =`, "p.toml:4"},
		"it handles no edition":                {`edition = "1"`, ``, "edition"},
		"it handles no phrase":                 {tiny[strings.Index(tiny, "[["):], "", "0 phrases"},
		"it handles a code that is a word":     {`"101"`, `"ROGER"`, "p.toml:2"},
		"it handles a code of another group":   {`"101"`, `"301"`, "group"},
		"it handles a group that is none":      {`"contact"`, `"weather"`, "group"},
		"it handles an unknown type":           {`"track"`, `"tank"`, "tank"},
		"it handles a missing language":        {`ja = "{b} に {a}。"`, ``, "ja"},
		"it handles a blank language":          {`"{a} 在 {b}。"`, `" "`, "zh-Hant"},
		"it handles a parameter left out":      {`{b} に {a}`, `{a}`, "ja"},
		"it handles a parameter used twice":    {`{b} に {a}`, `{b} に {a}{a}`, "ja"},
		"it handles a parameter without type":  {`{a} at {b}`, `{a} at {b} {c}`, "c"},
		"it handles a parameter without a use": {`b = "place" }`, `b = "place", c = "time" }`, "3 parameters"},
		"it handles a brace alone":             {`{a} 在 {b}`, `{a} 在 {b} }`, "brace"},
		"it handles a code that stands twice":  {`edition = "1"`, tiny, "p.toml:10"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tiny, tt.old, tt.new, 1)
			_, err := message.Parse("p.toml", []byte(text))
			if !errors.Is(err, message.ErrPhrasebook) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse = %v, want a refusal that holds %q", err, tt.want)
			}
		})
	}
	twice := tiny + tiny[strings.Index(tiny, "[["):]
	if _, err := message.Parse("p.toml", []byte(twice)); err == nil || !strings.Contains(err.Error(), "p.toml:9") {
		t.Errorf("Parse of a code twice = %v, want line 9", err)
	}
}

// param draws a value of the type.
func param(t *rapid.T, name, kind string) record.Param {
	q := record.Param{Name: name}
	id := func() (id record.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		id[0] = 1
		return id
	}
	switch kind {
	case "place":
		q.Place = &record.Place{Name: rapid.SampledFrom([]string{"gap_c", "nowhere"}).Draw(t, "place")}
		if rapid.Bool().Draw(t, "cell") {
			q.Place = &record.Place{Cell: &record.Cell{
				LatE5: rapid.Int32Range(-90_00000, 90_00000).Draw(t, "lat"),
				LonE5: rapid.Int32Range(-180_00000, 180_00000).Draw(t, "lon"), GridM: rapid.Uint32Range(1, 1_000_000).Draw(t, "grid"),
			}}
		}
	case "track":
		q.Track = &record.Ref{Originator: rapid.SampledFrom([]party.ID{"tw", "jp"}).Draw(t, "of"), ID: id()}
	case "time":
		q.Time = ptr(start.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "time")) * time.Microsecond))
	case "unit":
		q.Unit = rapid.StringMatching(`[A-Z0-9 {}玉]{1,20}`).Draw(t, "unit")
	case "frequency":
		q.Frequency = ptr(rapid.Uint32Range(1, 400_000_000).Draw(t, "frequency"))
	case "bearing":
		q.Bearing = ptr(rapid.Uint16Range(0, 359).Draw(t, "bearing"))
	default:
		q.Number = ptr(rapid.Float64Range(-1e9, 1e9).Draw(t, "number"))
		if m := message.MeasuresOf(kind); m != nil {
			q.Measure = rapid.SampledFrom(m).Draw(t, "measure")
		}
	}
	return q
}

func phrase(t *rapid.T, b *message.Book) (*message.Phrase, *record.Phrase) {
	known := rapid.SampledFrom(b.Phrases()).Draw(t, "phrase")
	p := &record.Phrase{Edition: b.Edition(), Code: known.Code}
	for _, q := range known.Params {
		p.Params = append(p.Params, param(t, q.Name, q.Type))
	}
	return &known, p
}

// Every phrase with valid parameters travels, comes back equal, and is put into
// words in every language, with each value in it and no brace of a slot left.
func TestEveryPhraseTravelsAndIsPutIntoWords(t *testing.T) {
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		known, p := phrase(t, b)
		if err := b.Check(p); err != nil {
			t.Fatalf("Check: %v", err)
		}
		r := &record.Record{Envelope: record.Envelope{
			Version: record.Protocol, Kind: record.KindMessage, ID: record.ID{1}, Object: record.ID{2}, Originator: "jp",
			Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour}, Time: start,
		}, Message: &record.Message{To: "tw", Precedence: "routine", Phrase: p}}
		wire, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := record.Decode(wire)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range message.Languages() {
			text := b.Render(lang, got.Message.Phrase, names{})
			if text == "" || text != b.Render(lang, p, names{}) {
				t.Fatalf("Render(%s, %s) = %q, and another text before the wire", lang, p.Code, text)
			}
			if strings.HasPrefix(text, p.Code+" (") {
				t.Errorf("%s of this edition is shown as a code: %q", p.Code, text)
			}
			for _, q := range known.Params {
				if strings.Contains(text, "{"+q.Name+"}") {
					t.Errorf("Render(%s) = %q: slot of %s left", lang, text, q.Name)
				}
			}
		}
	})
}

// What another edition says is shown as code with its parameters, whatever they
// are; nothing is dropped.
func TestUnknownCodesAreShownWithTheirParameters(t *testing.T) {
	b := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		p := &record.Phrase{Edition: "2031.7", Code: rapid.SampledFrom([]string{"199", "X-9", "101", "301"}).Draw(t, "code")}
		n := rapid.IntRange(3, record.MaxParams).Draw(t, "n") // more than 101 and 301 have
		for i := range n {
			p.Params = append(p.Params, param(t, fmt.Sprintf("p%d", i), rapid.SampledFrom(message.Types()).Draw(t, "type")))
		}
		for _, lang := range message.Languages() {
			text := b.Render(lang, p, names{})
			if !strings.HasPrefix(text, p.Code+" (2031.7)") {
				t.Errorf("Render(%s) = %q, want code and edition", lang, text)
			}
			for _, q := range p.Params {
				if !strings.Contains(text, " "+q.Name+": ") {
					t.Errorf("Render(%s) = %q lacks %s", lang, text, q.Name)
				}
			}
		}
	})
	var none *message.Book
	if got := none.Render("en", &record.Phrase{Edition: "1", Code: "301"}, names{}); got != "301 (1)" {
		t.Errorf("Render without a phrasebook = %q", got)
	}
}

func TestValuesAreWrittenAsTheyAreSpoken(t *testing.T) {
	b := shipped(t)
	cell := &record.Place{Cell: &record.Cell{LatE5: 24_50833, LonE5: -122_99999, GridM: 5000}}
	tests := map[string]struct {
		code string
		q    []record.Param
		want map[string]string
	}{
		"a cell":         {"204", []record.Param{{Name: "where", Place: cell}}, map[string]string{"en": "24°30.5′N 123°00.0′W (5 km cell)", "ja": "24°30.5′N 123°00.0′W（5 キロ格子）", "zh-Hant": "24°30.5′N 123°00.0′W（5 公里網格）"}},
		"a named place":  {"204", []record.Param{{Name: "where", Place: &record.Place{Name: "gap_c"}}}, map[string]string{"en": "Gap C", "ja": "ギャップ中央", "zh-Hant": "中央缺口"}},
		"another pack's": {"204", []record.Param{{Name: "where", Place: &record.Place{Name: "gap_x"}}}, map[string]string{"en": "gap_x", "ja": "gap_x"}},
		"VHF":            {"209", []record.Param{{Name: "frequency", Frequency: ptr(uint32(121_500))}}, map[string]string{"en": "121.500 MHz"}},
		"HF":             {"209", []record.Param{{Name: "frequency", Frequency: ptr(uint32(2182))}}, map[string]string{"en": "2182 kHz"}},
		"a drift": {"609", []record.Param{{Name: "course", Bearing: ptr(uint16(5))}, {Name: "speed", Number: ptr(1.5), Measure: "kt"}}, map[string]string{
			"en": "Drift 005° at 1.5 kt.", "ja": "漂流方向 005°、速さ 1.5 ノット。", "zh-Hant": "漂流方向 005°，速度 1.5 節。",
		}},
		"a time": {"211", []record.Param{{Name: "at", Time: ptr(start)}}, map[string]string{"en": "2026-03-01 04:30Z", "ja": "2026-03-01 04:30Z", "zh-Hant": "2026-03-01 04:30Z"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for lang, want := range tt.want {
				if got := b.Render(lang, &record.Phrase{Edition: b.Edition(), Code: tt.code, Params: tt.q}, names{}); !strings.Contains(got, want) {
					t.Errorf("Render(%s) = %q, want %q in it", lang, got, want)
				}
			}
		})
	}
}

func TestPhrasesThatDoNotFitAreNotSent(t *testing.T) {
	b := shipped(t)
	where := record.Param{Name: "where", Place: &record.Place{Name: "gap_c"}}
	tests := map[string]struct {
		p    record.Phrase
		want error
	}{
		"an unknown code":             {record.Phrase{Edition: b.Edition(), Code: "999"}, message.ErrCode},
		"another edition":             {record.Phrase{Edition: "x", Code: "301"}, message.ErrCode},
		"a parameter too few":         {record.Phrase{Edition: b.Edition(), Code: "204"}, message.ErrParam},
		"a parameter too many":        {record.Phrase{Edition: b.Edition(), Code: "301", Params: []record.Param{where}}, message.ErrParam},
		"a parameter of another name": {record.Phrase{Edition: b.Edition(), Code: "204", Params: []record.Param{{Name: "x", Place: where.Place}}}, message.ErrParam},
		"a parameter of another type": {record.Phrase{Edition: b.Edition(), Code: "204", Params: []record.Param{{Name: "where", Unit: "x"}}}, message.ErrParam},
		"a height in knots":           {record.Phrase{Edition: b.Edition(), Code: "112", Params: []record.Param{{Name: "object", Track: &record.Ref{}}, {Name: "level", Number: ptr(1.0), Measure: "kt"}}}, message.ErrParam},
		"a number with a measure":     {record.Phrase{Edition: b.Edition(), Code: "610", Params: []record.Param{{Name: "count", Number: ptr(1.0), Measure: "kt"}}}, message.ErrParam},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := b.Check(&tt.p); !errors.Is(err, tt.want) {
				t.Errorf("Check = %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add(phrasebook.Text())
	f.Fuzz(func(t *testing.T, b []byte) {
		book, err := message.Parse("p.toml", b)
		if err != nil {
			if !errors.Is(err, message.ErrPhrasebook) {
				t.Errorf("Parse = %v, want ErrPhrasebook", err)
			}
			return
		}
		for _, p := range book.Phrases() {
			for _, lang := range message.Languages() {
				if book.Render(lang, &record.Phrase{Edition: book.Edition(), Code: p.Code}, names{}) == "" {
					t.Errorf("phrase %q has no text in %s", p.Code, lang)
				}
			}
		}
	})
}

// Whatever comes off a link as a phrase is put into words.
func FuzzRender(f *testing.F) {
	book := shipped(f)
	f.Add([]byte{0xa2, 1, 0x61, '1', 2, 0x63, '3', '0', '1'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Decode(b)
		if err != nil || r.Message == nil || r.Message.Phrase == nil {
			return
		}
		for _, lang := range message.Languages() {
			if book.Render(lang, r.Message.Phrase, names{}) == "" {
				t.Errorf("Render(%s, %+v) is empty", lang, r.Message.Phrase)
			}
		}
	})
}
