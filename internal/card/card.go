// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package card writes the fallback card: what two watch floors need to go on by
// voice when the line is down. It holds sectors, contacts, the phrasebook and
// the day's challenges. It derives no secret and keeps nothing; who has the
// printed card can answer the challenges of its day.
package card

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Sector is a line of the table that says who leads where the line is down.
type Sector struct {
	Zone  string
	Names map[string]string // by language
	Lead  party.ID
}

// Contact is one way to reach a watch floor by voice.
type Contact struct {
	Party party.ID
	Desk  string
	Text  string // telephone number, frequency, call sign
}

// Card is what is printed for one partner and one day.
type Card struct {
	Self, Partner party.ID
	Name          string // of the node
	Date          time.Time
	Zones         string // version of the zones that the table rests on
	Sectors       []Sector
	Contacts      []Contact
	Edition       string
	Phrases       []message.Phrase
	Grids         *[2]message.Grid // nil: no secret is shared with this partner
}

// words are the card's own texts in one language.
type words struct {
	Title, Sectors, Zone, Lead, Contacts, Desk, Challenges, How, NoSecret, Asks, Phrases, Code, Handle string
}

func wordsOf(lang string) words {
	switch lang {
	case "ja":
		return words{
			"予備連絡カード", "区域表（回線断のとき）", "区域", "主導", "連絡先", "席", "誰何表", "呼んだ側が行と列の数字を言い、相手はその欄の三桁を答える。一つの欄は一日に一度だけ使う。日付は協定世界時。",
			"この相手とは秘密を共有していない。改めてペアリングを行うこと。", "が問う", "定型文", "符号", "部外秘。当日限り。使用後は裁断すること。",
		}
	case "zh-Hant":
		return words{
			"備援聯絡卡", "責任區表（線路中斷時）", "區域", "主導", "聯絡方式", "席位", "口令表", "呼叫方說出列與欄的數字，對方回答該格的三位數。每格一天只用一次。日期為世界協調時。",
			"與此夥伴沒有共享密鑰，請重新配對。", "提問", "短語", "代碼", "內部使用，限當日有效，用後銷毀。",
		}
	}
	return words{
		"Fallback card", "Sector table (line down)", "Zone", "Lead", "Contacts", "Desk", "Challenge and reply",
		"Who calls names a row and a column; the other reads out the three digits there. Each place is used once a day. Dates are UTC.",
		"No secret is shared with this partner; pair again.", "asks", "Phrasebook", "Code", "Keep it inside. For this day only. Shred it after use.",
	}
}

// style is the only style of the page, for its content security policy.
const style = `body{font:11pt sans-serif;color:#000;background:#fff;margin:12mm}h1{font-size:16pt}h2{font-size:12pt;margin:6mm 0 2mm}` +
	`table{border-collapse:collapse}td,th{border:1px solid #666;padding:1px 6px;text-align:left;vertical-align:top}` +
	`.grid td,.grid th{font:12pt monospace;text-align:center}.phrases{width:100%;font-size:9pt}.grids{display:flex;gap:12mm;flex-wrap:wrap}` +
	`@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}.grids{break-inside:avoid}}`

// Policy returns the content security policy of the page: its style and nothing
// else.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

const page = `<!doctype html><html lang="{{.Lang}}"><head><meta charset="utf-8"><title>{{.W.Title}} {{upper .Self}}–{{upper .Partner}} {{.Day}}</title><style>{{.Style}}</style></head><body>
<h1>{{.W.Title}} {{upper .Self}}–{{upper .Partner}} · {{.Day}}</h1><p>{{.Name}} · {{.W.Handle}}</p>
<h2>{{.W.Sectors}}</h2><p>{{.Zones}}</p><table><tr><th>{{.W.Zone}}</th><th>{{.W.Lead}}</th></tr>
{{range .Sectors}}<tr><td>{{name $.Lang .}}</td><td>{{upper .Lead}}</td></tr>
{{end}}</table>
<h2>{{.W.Contacts}}</h2><table>{{range .Contacts}}<tr><th>{{upper .Party}}</th><td>{{.Desk}}</td><td>{{.Text}}</td></tr>
{{end}}</table>
<h2>{{.W.Challenges}}</h2>{{if .Grids}}<p>{{.W.How}}</p><div class="grids">
{{range .Grids}}<table class="grid"><tr><th>{{upper .Asks}} {{$.W.Asks}}</th>{{range digits}}<th>{{.}}</th>{{end}}</tr>
{{range $row, $list := .Replies}}<tr><th>{{$row}}</th>{{range $list}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table>
{{end}}</div>{{else}}<p>{{.W.NoSecret}}</p>{{end}}
<h2>{{.W.Phrases}} {{.Edition}}</h2><table class="phrases"><tr><th>{{.W.Code}}</th><th>English</th><th>日本語</th><th>繁體中文</th></tr>
{{range .Phrases}}<tr><th>{{.Code}}</th><td>{{index .Texts "en"}}</td><td lang="ja">{{index .Texts "ja"}}</td><td lang="zh-Hant">{{index .Texts "zh-Hant"}}</td></tr>
{{end}}</table></body></html>
`

func nameOf(lang string, s Sector) string {
	if n := s.Names[lang]; n != "" {
		return n
	}
	return s.Zone
}

func upper(p party.ID) string { return strings.ToUpper(string(p)) }

// HTML writes the card as a page to print.
func (c *Card) HTML(w io.Writer, lang string) error {
	t, err := template.New("card").Funcs(template.FuncMap{
		"upper": upper, "name": nameOf, "digits": func() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("write card: %w", err)
	}
	return t.Execute(w, struct {
		*Card
		Lang, Day string
		Style     template.CSS
		W         words
	}{c, lang, c.Date.UTC().Format(time.DateOnly), style, wordsOf(lang)})
}

// Text writes the card for a terminal or a line printer.
func (c *Card) Text(w io.Writer, lang string) error {
	t := wordsOf(lang)
	var s strings.Builder
	fmt.Fprintf(&s, "%s  %s - %s  %s\n%s · %s\n\n%s (%s)\n", t.Title, upper(c.Self), upper(c.Partner), c.Date.UTC().Format(time.DateOnly), c.Name, t.Handle, t.Sectors, c.Zones)
	for _, r := range c.Sectors {
		fmt.Fprintf(&s, "  %-24s %s\n", nameOf(lang, r), upper(r.Lead))
	}
	fmt.Fprintf(&s, "\n%s\n", t.Contacts)
	for _, k := range c.Contacts {
		fmt.Fprintf(&s, "  %s  %s  %s\n", upper(k.Party), k.Desk, k.Text)
	}
	fmt.Fprintf(&s, "\n%s\n", t.Challenges)
	if c.Grids == nil {
		fmt.Fprintf(&s, "  %s\n", t.NoSecret)
	} else {
		fmt.Fprintf(&s, "  %s\n", t.How)
		for _, g := range c.Grids {
			fmt.Fprintf(&s, "\n  %s %s\n      0   1   2   3   4   5   6   7   8   9\n", upper(g.Asks), t.Asks)
			for i, row := range g.Replies {
				fmt.Fprintf(&s, "  %d  %s\n", i, strings.Join(row[:], " "))
			}
		}
	}
	fmt.Fprintf(&s, "\n%s %s\n", t.Phrases, c.Edition)
	for _, p := range c.Phrases {
		fmt.Fprintf(&s, "  %s  %s\n       %s\n       %s\n", p.Code, p.Texts["en"], p.Texts["ja"], p.Texts["zh-Hant"])
	}
	_, err := io.WriteString(w, s.String())
	return err
}
