// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package card_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/card"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/packs/phrasebook"
)

func sample(t *testing.T) *card.Card {
	t.Helper()
	b, err := message.Parse(phrasebook.Name, phrasebook.Text())
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	grids, err := message.Challenges(make([]byte, 32), "tw", "jp", date)
	if err != nil {
		t.Fatal(err)
	}
	return &card.Card{
		Self: "tw", Partner: "jp", Name: "Floor <TW>", Date: date, Zones: "pack 1", Edition: b.Edition(), Phrases: b.Phrases(), Grids: &grids,
		Sectors:  []card.Sector{{Zone: "gap_n", Names: map[string]string{"ja": "北区"}, Lead: "jp"}},
		Contacts: []card.Contact{{Party: "jp", Desk: "watch", Text: "+81 98 000 0000"}},
	}
}

func TestCardHoldsAllThatVoiceNeeds(t *testing.T) {
	c := sample(t)
	var html, text strings.Builder
	if err := c.HTML(&html, "ja"); err != nil {
		t.Fatal(err)
	}
	if err := c.Text(&text, "ja"); err != nil {
		t.Fatal(err)
	}
	for form, s := range map[string]string{"page": html.String(), "text": text.String()} {
		for _, want := range []string{
			"予備連絡カード", "2026-03-01", "北区", "JP", "81 98 000 0000", "2026.1", "301", "Roger.", "了解。", "收到。", c.Grids[0].Replies[3][7], "TW が問う", "JP が問う",
		} {
			if !strings.Contains(s, want) {
				t.Errorf("%s lacks %q", form, want)
			}
		}
		if n := strings.Count(s, "Stand by"); n < 2 {
			t.Errorf("%s holds %d phrases that stand by", form, n)
		}
	}
	if strings.Contains(html.String(), "<TW>") {
		t.Error("the page holds markup that somebody typed")
	}
	for lang, title := range map[string]string{"en": "Fallback card", "zh-Hant": "備援聯絡卡"} {
		var s strings.Builder
		if err := c.HTML(&s, lang); err != nil || !strings.Contains(s.String(), title) || !strings.Contains(s.String(), "gap_n") {
			t.Errorf("card in %s lacks its title, or the id of a sector without name (%v)", lang, err)
		}
	}
	c.Grids = nil
	html.Reset()
	if err := c.HTML(&html, "en"); err != nil || !strings.Contains(html.String(), "pair again") {
		t.Errorf("a card without secret does not say so (%v)", err)
	}
}

// The page may use its own style and nothing else.
func TestPolicyFitsTheStyle(t *testing.T) {
	var s strings.Builder
	if err := sample(t).HTML(&s, "en"); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(s.String(), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(card.Policy(), want) {
		t.Errorf("Policy = %s, want %s in it", card.Policy(), want)
	}
	if strings.Contains(s.String(), "style=") || strings.Contains(s.String(), "<script") {
		t.Error("the page has a style or a script that its policy refuses")
	}
}
