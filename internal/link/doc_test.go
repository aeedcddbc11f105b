// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"encoding/hex"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// examples returns the annotated hexadecimal blocks of a page of docs/protocol
// by name: "```frame hello" begins one.
func examples(t *testing.T, page, kind string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../../docs/protocol/" + page)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]string)
	for _, m := range regexp.MustCompile("(?s)```"+kind+" ([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		var digits strings.Builder
		for line := range strings.Lines(m[2]) {
			line, _, _ = strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		list[m[1]] = digits.String()
	}
	return list
}

// TestTheWorkedExamplesAreWhatTheCodeWrites holds docs/protocol/link.md and
// journal.md against the code.
func TestTheWorkedExamplesAreWhatTheCodeWrites(t *testing.T) {
	count := make([]byte, 32)
	for i := range count {
		count[i] = byte(i)
	}
	header, err := record.EncodeHeader(record.Header{
		Version: 1, Lane: record.LaneRecord, Kind: record.KindIncident, Object: record.ID{1, 2, 3}, LogEpoch: 1, Seq: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]link.Frame{
		"hello": {Hello: &link.Hello{Protocol: link.Protocol, Lowest: link.Oldest, Session: 3, Epoch: 1, Size: 9, Root: count, States: 4}},
		"records": {Records: &link.Records{
			Epoch: 1, Items: []record.Item{{Seq: 7, Header: header, Ciphertext: []byte{0xc1, 0xc2, 0xc3}, Key: count}}, Checkpoint: []byte("note"),
		}},
		"ack":       {Ack: &link.Ack{Size: 7, Cosigned: []byte("note")}},
		"states":    {States: &link.States{N: 5, Last: true}},
		"statesack": {StatesAck: &link.StatesAck{N: 5}},
		"ping":      {Ping: &link.Ping{N: 1}},
		"stop":      {Stop: &link.Stop{Reason: link.StopProtocol, Session: 4, Lowest: link.Oldest, Highest: link.Protocol}},
		"roll":      {Roll: &link.Roll{Signed: []byte("note")}},
		"rolled":    {Rolled: &link.Rolled{N: 1}},
		"attest":    {Attest: &link.Attest{Signed: []byte("note")}},
		"attested":  {Attested: &link.Attested{First: 8}},
	}
	got := examples(t, "link.md", "frame")
	if names := slices.Sorted(maps.Keys(want)); !slices.Equal(names, slices.Sorted(maps.Keys(got))) {
		t.Fatalf("the page has the examples %v, want %v", slices.Sorted(maps.Keys(got)), names)
	}
	for name, f := range want {
		b, err := link.EncodeFrame(&f)
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != hex.EncodeToString(b) {
			t.Errorf("%s: the page has\n%s\nthe code writes\n%x", name, got[name], b)
		}
	}
	beat, err := journal.Beat{Time: 1756350245, Epoch: 1, Records: 42, Batches: 17}.Leaf(1, 8)
	if err != nil {
		t.Fatal(err)
	}
	if page := examples(t, "journal.md", "leaf")["beat"]; page != hex.EncodeToString(beat.Header)+hex.EncodeToString(beat.Ciphertext) {
		t.Errorf("heartbeat: the page has\n%s\nthe code writes\n%x%x", page, beat.Header, beat.Ciphertext)
	}
}

// TestEveryTestThatThePageNamesIsThere keeps the table of what a node does
// honest.
func TestEveryTestThatThePageNamesIsThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol/link.md")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, dir := range []string{".", "../node", "../store/storetest", "../engine"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".go") {
				b, err := os.ReadFile(dir + "/" + e.Name())
				if err != nil {
					t.Fatal(err)
				}
				source.Write(b)
			}
		}
	}
	names := regexp.MustCompile(`Test[A-Z]\w+`).FindAllString(string(page), -1)
	if len(names) < 25 {
		t.Errorf("the page names %d tests", len(names))
	}
	for _, name := range names {
		if !strings.Contains(source.String(), "func "+name+"(") {
			t.Errorf("%s is in docs/protocol/link.md and nowhere else", name)
		}
	}
}
