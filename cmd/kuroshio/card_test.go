// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// meet pairs two floors.
func meet(t *testing.T, host, guest, hostName, guestName string) {
	t.Helper()
	h := sit(t, "invite", guestName, "-c", host)
	g := sit(t, "join", hostName, "-c", guest, "--addr", <-h.addr)
	hostCode, guestCode := <-h.codes, <-g.codes
	fmt.Fprintln(h.keys, guestCode)
	fmt.Fprintln(g.keys, hostCode)
	if hostErr, guestErr := <-h.end, <-g.end; hostErr != nil || guestErr != nil {
		t.Fatalf("pair %s with %s: %v, %v", hostName, guestName, hostErr, guestErr)
	}
}

// grids returns the lines of the challenge tables that a card holds.
func grids(card string) string {
	return strings.Join(regexp.MustCompile(`(?m)^  (?:\d  (?:\d{3} ?){10}|[A-Z]+ asks)$`).FindAllString(card, -1), "\n")
}

// Two nodes that paired print equal tables for one day; a third one does not,
// though it is paired with one of them.
func TestPairedNodesPrintOneCard(t *testing.T) {
	tw, _ := floor(t, "tw")
	jp, _ := floor(t, "jp")
	cell, _ := floor(t, "cell")
	meet(t, tw, jp, "tw", "jp")
	meet(t, tw, cell, "tw", "cell")
	for config, partners := range map[string][]string{tw: {"jp", "cell"}, jp: {"tw"}, cell: {"tw"}} {
		f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range partners {
			fmt.Fprintf(f, "[[partner]]\nid = %q\n[[contact]]\nparty = %q\ndesk = \"watch\"\ntext = \"channel 16 of %s\"\n", p, p, p)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	card := func(config, partner, date string, more ...string) string {
		t.Helper()
		var out strings.Builder
		args := append([]string{"card", partner, "-c", config, "--date", date}, more...)
		if err := run(t.Context(), args, streams{strings.NewReader(""), &out, io.Discard}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	one, two := card(tw, "jp", "2026-03-01"), card(jp, "tw", "2026-03-01")
	if g := grids(one); g != grids(two) || strings.Count(g, "\n") != 21 {
		t.Errorf("the two cards differ or lack their tables:\n%s\n\n%s", g, grids(two))
	}
	for name, other := range map[string]string{
		"the next day's card": card(jp, "tw", "2026-03-02"), "the third party's card": card(cell, "tw", "2026-03-01"),
	} {
		mine := strings.Split(grids(one), "\n")
		for i, row := range strings.Split(grids(other), "\n") {
			if !strings.Contains(row, "asks") && row == mine[i] {
				t.Errorf("%s has the row %q as well", name, row)
			}
		}
	}
	for _, want := range []string{"Fallback card", "channel 16 of jp", "301  Roger.", "了解。", "收到。", "TW asks", "JP asks"} {
		if !strings.Contains(one, want) {
			t.Errorf("the card lacks %q", want)
		}
	}
	if s := card(tw, "jp", "2026-03-01", "--html", "--lang", "zh-Hant"); !strings.Contains(s, "備援聯絡卡") || !strings.Contains(s, "<table") {
		t.Errorf("the page is %.200q", s)
	}
	for name, args := range map[string][]string{
		"no partner": {"card", "kr", "-c", tw}, "no day": {"card", "jp", "-c", tw, "--date", "tomorrow"},
	} {
		if err := run(t.Context(), args, streams{strings.NewReader(""), io.Discard, io.Discard}); err == nil {
			t.Errorf("a card for %s is printed", name)
		}
	}
}
