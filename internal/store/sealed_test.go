// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

// TestWhatReleaseSealedArrives carries the one report that needs no policy from
// release through two stores.
func TestWhatReleaseSealedArrives(t *testing.T) {
	a, b := start(t)
	desk := release.NewDesk(release.Config{
		Self: "tw", Partners: []party.ID{"jp"},
		IDs: func(to party.ID, kind record.Kind, number uint64) record.ID {
			id, err := a.Keys.ID(to, kind, number)
			must(t, err)
			return id
		},
	})
	said := record.Distress{LatDeg: 24.5, LonDeg: 122.9, Nature: "ditching", Contact: "VHF 16"}
	must(t, desk.Say("jp", record.KindDistress, 1, record.Record{Distress: &said}, release.Facts{}, storetest.Now()))
	sealed, _ := desk.Due(storetest.Now(), release.Sources{})
	if len(sealed) != 1 {
		t.Fatalf("%d records sealed, want one", len(sealed))
	}
	must(t, a.Commit(t.Context(), store.Commit{Tape: 1, Now: storetest.Now(), Sealed: sealed}))
	must(t, storetest.Deliver(t.Context(), a, b))
	body, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 1)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	got, err := record.Decode(body)
	must(t, err)
	if diff := cmp.Diff(&said, got.Distress); diff != "" {
		t.Error(diff)
	}
	if got.Originator != "tw" || got.Object != sealed[0].Object() {
		t.Errorf("envelope %+v", got.Envelope)
	}
}
