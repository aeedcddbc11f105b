// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

// TestProbe tells a block of CAT021 edition 2.x, whose item 130 has six octets
// behind a field specification of its own order, from the editions 0.x.
func TestProbe(t *testing.T) {
	file := octets(t, "15 000f 88 0102 04 aabbcc ddeeff 1122 fe 0005 80 01")
	got, err := dump.Probe("asterix", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]dump.Probed{}
	for _, p := range got {
		seen[p.Edition] = p
	}
	if len(got) < 10 || seen["2.4"].Blocks != 1 || got[0].Whole < got[len(got)-1].Whole {
		t.Errorf("Probe = %+v", got)
	}
	if _, err := dump.Probe("beast", bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), "cannot be probed") {
		t.Errorf("Probe of another format: %v", err)
	}
}

// TestProbeKeepsTheOrderOfEditions names, of editions that read a block alike,
// the one that is read by default first.
func TestProbeKeepsTheOrderOfEditions(t *testing.T) {
	got, err := dump.Probe("asterix", bytes.NewReader(octets(t, "15 0006 80 190a")))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 8 || got[0].Edition != spec.Editions(21)[0] || got[0].Whole != 1 {
		t.Errorf("Probe = %+v, want %v first", got, spec.Editions(21)[0])
	}
}

// TestProbeCorpus holds that the recording of an ADS-B station of edition 2.4 is
// read whole by 2.x alone.
func TestProbeCorpus(t *testing.T) {
	b := unpack(t, filepath.Join(corpustest.Dir(t), "asterix", "alicante_cat021_v24.ast.gz"))
	got, err := dump.Probe("asterix", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		if isTwo := strings.HasPrefix(p.Edition, "2."); p.Blocks < 1000 || isTwo && p.Edition >= "2.6" && p.Whole != p.Blocks || !isTwo && p.Whole > p.Blocks/5 {
			t.Errorf("%+v", p)
		}
	}
	t.Logf("%+v", got)
	corpustest.Check(t)
}
