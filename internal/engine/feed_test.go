// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// radarEngine returns an engine with one feed of ASTERIX, after input 1.
func radarEngine(t testing.TB) *engine.Engine {
	t.Helper()
	cfg := config(t)
	cfg.Feeds = []engine.FeedConfig{{Name: "radar", Kind: "asterix-udp", Source: decode.Source{Format: frame.ASTERIX}}}
	e := engine.New("tw", ids)
	if out := e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return e
}

// TestRefusedItems counts what no plots are made of by category, and survives a
// snapshot; a flood of categories does not grow it.
func TestRefusedItems(t *testing.T) {
	e := radarEngine(t)
	seq := uint64(1)
	send := func(b []byte) {
		seq++
		e.Step(seq, &engine.Input{At: start, Frame: &frame.Frame{Source: "radar", Seq: seq, Format: frame.ASTERIX, Received: start, Data: b}})
	}
	send([]byte{62, 0, 4, 0x80, 62, 0, 4, 0x80, 240, 0, 4, 0x80})
	send([]byte{247, 0, 4, 0x80})
	again, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if e, err = engine.Restore("tw", ids, again); err != nil {
		t.Fatal(err)
	}
	want := []engine.RefusedFor{
		{Reason: decode.AsterixCategory, Count: 2, At: start, Item: "CAT247", Items: []engine.RefusedItem{{Item: "CAT240", Count: 1}, {Item: "CAT247", Count: 1}}},
		{Reason: decode.AsterixSystemTrack, Count: 2, At: start, Offset: 4, Item: "CAT062", Items: []engine.RefusedItem{{Item: "CAT062", Count: 2}}},
	}
	if diff := cmp.Diff(want, e.View().Feeds[0].Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	for c := range 40 {
		send([]byte{byte(100 + c), 0, 4, 0x80})
	}
	r := e.View().Feeds[0].Refused[0]
	if r.Count != 42 || len(r.Items) != 16 || r.Item != fmt.Sprintf("CAT%d", 139) {
		t.Errorf("after a flood of categories: %d counted, %d items, last %s", r.Count, len(r.Items), r.Item)
	}
}
