// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Names tells the names that a reader's node has for places and tracks.
type Names interface {
	// Place returns the name of a zone or place of the pack; "" for none.
	Place(lang, id string) string
	// Track returns what people here call an object.
	Track(lang string, r record.Ref) string
}

// Render puts a phrase into words. It never fails: a code that this edition
// does not have, or that has other parameters here, is shown as code with its
// parameters.
func (b *Book) Render(lang string, p *record.Phrase, names Names) string {
	known, ok := b.Phrase(p.Code)
	if !ok || !known.agrees(p) {
		return bare(lang, p, names)
	}
	return slotPattern.ReplaceAllStringFunc(known.Texts[lang], func(slot string) string {
		return value(lang, find(p.Params, slot[1:len(slot)-1]), names)
	})
}

// agrees reports whether the phrase holds what the texts ask for.
func (k *Phrase) agrees(p *record.Phrase) bool {
	if len(p.Params) != len(k.Params) {
		return false
	}
	for _, want := range k.Params {
		if q := find(p.Params, want.Name); q == nil || !fits(q, want.Type) {
			return false
		}
	}
	return true
}

// bare shows code, edition and parameters.
func bare(lang string, p *record.Phrase, names Names) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s (%s)", p.Code, p.Edition)
	for i := range p.Params {
		fmt.Fprintf(&s, " %s: %s", p.Params[i].Name, value(lang, &p.Params[i], names))
		if i < len(p.Params)-1 {
			s.WriteByte(';')
		}
	}
	return s.String()
}

// value puts one parameter into words.
func value(lang string, q *record.Param, names Names) string {
	switch {
	case q.Place != nil:
		return place(lang, q.Place, names)
	case q.Track != nil:
		return names.Track(lang, *q.Track)
	case q.Time != nil:
		return q.Time.UTC().Format("2006-01-02 15:04Z")
	case q.Number != nil:
		return measured(lang, *q.Number, q.Measure)
	case q.Frequency != nil:
		return frequency(*q.Frequency)
	case q.Bearing != nil:
		return fmt.Sprintf("%03d°", *q.Bearing)
	}
	return q.Unit
}

func place(lang string, p *record.Place, names Names) string {
	if p.Cell == nil {
		if s := names.Place(lang, p.Name); s != "" {
			return s
		}
		return p.Name
	}
	c := p.Cell
	where := degrees(c.LatE5, "N", "S", 2) + " " + degrees(c.LonE5, "E", "W", 3)
	grid := measured(lang, float64(c.GridM), "m")
	if c.GridM >= 1000 {
		grid = measured(lang, float64(c.GridM)/1000, "km")
	}
	switch lang {
	case "ja":
		return where + "（" + grid + "格子）"
	case "zh-Hant":
		return where + "（" + grid + "網格）"
	}
	return where + " (" + grid + " cell)"
}

// degrees writes degrees and tenths of minutes, as charts and radio do.
func degrees(e5 int32, plus, minus string, width int) string {
	side := plus
	v := float64(e5) / 1e5
	if e5 < 0 {
		side, v = minus, -v
	}
	tenths := int(math.Round(v * 600))
	return fmt.Sprintf("%0*d°%02d.%d′%s", width, tenths/600, tenths/10%60, tenths%10, side)
}

func measured(lang string, n float64, measure string) string {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	if measure == "" {
		return s
	}
	word := measureWords(measure)[lang]
	if word == "" {
		word = measure
	}
	return s + " " + word
}

// measureWords names the measures that are not the same in every language.
func measureWords(measure string) map[string]string {
	switch measure {
	case "nm":
		return map[string]string{"en": "NM", "ja": "海里", "zh-Hant": "浬"}
	case "km":
		return map[string]string{"ja": "キロ", "zh-Hant": "公里"}
	case "m":
		return map[string]string{"ja": "メートル", "zh-Hant": "公尺"}
	case "ft":
		return map[string]string{"ja": "フィート", "zh-Hant": "呎"}
	case "kt":
		return map[string]string{"ja": "ノット", "zh-Hant": "節"}
	case "min":
		return map[string]string{"ja": "分", "zh-Hant": "分鐘"}
	case "h":
		return map[string]string{"ja": "時間", "zh-Hant": "小時"}
	case "persons":
		return map[string]string{"ja": "名", "zh-Hant": "人"}
	}
	return nil
}

// frequency writes kilohertz up to 30 MHz and megahertz above (HF and VHF as
// they are spoken).
func frequency(kHz uint32) string {
	if kHz <= 30_000 {
		return strconv.Itoa(int(kHz)) + " kHz"
	}
	return fmt.Sprintf("%d.%03d MHz", kHz/1000, kHz%1000)
}

// Text returns what a message says in a language; free text is as it was
// written.
func (b *Book) Text(lang string, m *Message, names Names) string {
	if m.Phrase == nil {
		return m.Text
	}
	return b.Render(lang, m.Phrase, names)
}
