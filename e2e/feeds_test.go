// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// TestBadInputIsRefusedCountedAndTheSenderStays plays malformed frames and
// garbage into each kind of feed, and a radar that falls silent: "a malformed
// frame, sentence, block or record from any feed is refused, counted by source
// with offset and reason (seen in the console and /metrics), and the sender
// stays connected where the framing allows".
func TestBadInputIsRefusedCountedAndTheSenderStays(t *testing.T) {
	t.Parallel()
	r := of(t, func() (*run, error) { return play(demo.Config{Scenario: "faults"}, 1) })
	last := r.views[tw][len(r.views[tw])-1]
	for feed, want := range map[string]map[string]uint64{
		"tw-leshan": {"asterix-record": 3, "asterix-block": 1},
		"tw-adsb":   {"modes-parity": 3, "beast-framing": 1},
		"tw-ais":    {"nmea-checksum": 3, "nmea-start": 1},
		"tw-dahan":  {},
	} {
		t.Run(feed, func(t *testing.T) {
			f := feedOf(last, feed)
			if f == nil || !f.Up {
				t.Fatalf("the feed is down at the end: %+v", f)
			}
			if len(f.Refused) != len(want) {
				t.Errorf("refused %+v, want %v", f.Refused, want)
			}
			for _, x := range f.Refused {
				if x.Count != want[x.Reason] || x.Offset <= 0 {
					t.Errorf("refused %+v, want %d of them and an offset", x, want[x.Reason])
				}
				within(t, "the refusal", x.At, "2023-08-28T02:05:00Z", "2023-08-28T02:05:20Z")
				line := fmt.Sprintf("kuroshio_feed_refused_total{feed=%q,reason=%q} %d\n", feed, x.Reason, x.Count)
				if !strings.Contains(r.metrics[tw], line) {
					t.Errorf("/metrics has no %s", line)
				}
			}
			at := slices.IndexFunc(r.views[tw], func(v *engine.View) bool { return v.Now.After(clock(t, "2023-08-28T02:06:00Z")) })
			if before := feedOf(r.views[tw][at], feed); f.Frames <= before.Frames || f.Plots <= before.Plots {
				t.Errorf("nothing came after the bad input: %d frames, then %d", before.Frames, f.Frames)
			}
		})
	}
	t.Run("no sender was cut off", func(t *testing.T) {
		b, err := os.ReadFile(filepath.Join(r.dir, "tw", "node.log"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "feed up"); n != 4 {
			t.Errorf("feeds came up %d times, want 4, once each:\n%s", n, b)
		}
	})
	t.Run("a silent radar is an alarm while it lasts", func(t *testing.T) {
		var began, ended time.Time
		for _, v := range r.views[jp] {
			i := slices.IndexFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Subject == "jp-miyako" })
			if i >= 0 && v.Alarms[i].State == "unacknowledged" && began.IsZero() {
				began = v.Now
			}
			if i >= 0 && v.Alarms[i].State == "returned" && ended.IsZero() {
				ended = v.Now
			}
			if j := slices.IndexFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Rule == "C06" && a.Subject != "jp-miyako" }); j >= 0 {
				t.Fatalf("another feed is alarmed: %+v", v.Alarms[j])
			}
		}
		within(t, "the alarm", began, "2023-08-28T02:10:00Z", "2023-08-28T02:13:00Z")
		within(t, "its end", ended, "2023-08-28T02:14:00Z", "2023-08-28T02:15:00Z")
	})
	verified(t, r)
}

func feedOf(v *engine.View, name string) *engine.FeedView {
	for i := range v.Feeds {
		if v.Feeds[i].Name == name {
			return &v.Feeds[i]
		}
	}
	return nil
}

// TestALostDatagramFailsTheRun loses one emission of a radar on its way.
func TestALostDatagramFailsTheRun(t *testing.T) {
	t.Parallel()
	for feed, lost := range map[string]int{"jp-miyako": 40, "tw-ais": 3} {
		t.Run(feed, func(t *testing.T) {
			t.Parallel()
			n, frames := 0, 0
			r, err := play(demo.Config{Scenario: "short", Until: 3 * time.Minute, Lose: func(e sim.Emission) bool {
				if e.Feed == feed {
					n++
				}
				if e.Feed == feed && n == lost {
					frames = e.Frames
					return true
				}
				return false
			}}, 0)
			if want := fmt.Sprintf("frames did not arrive: map[%s:%d]", feed, frames); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the run ends with %v, want %q", err, want)
			}
			if r.report != nil {
				t.Error("there is a report of a run that failed")
			}
		})
	}
}

// metricsOf reads a node's /metrics.
func metricsOf(ctx context.Context, c demo.Console) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Admin+"/metrics", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// TestMetricsHoldNoPositionAndNoIdentity reads what is counted in public.
func TestMetricsHoldNoPositionAndNoIdentity(t *testing.T) {
	t.Parallel()
	r := of(t, short)
	for _, id := range []party.ID{tw, jp} {
		for _, secret := range []string{"EXR", "f0010", "BZK", "4169991", "lat", "lon"} {
			if i := strings.Index(r.metrics[id], secret); i >= 0 {
				t.Errorf("/metrics of %s holds %q: …%.60s", id, secret, r.metrics[id][max(0, i-30):])
			}
		}
		if !strings.Contains(r.metrics[id], "kuroshio_incidents_open 1\n") {
			t.Errorf("/metrics of %s does not count the one open incident", id)
		}
	}
}
