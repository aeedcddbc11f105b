// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// metrics reads the published picture and the store's counters when asked. It
// holds counts only: no position, no identity, no key.
type metrics struct {
	view  func() *engine.View
	store *store.Store
	desc  map[string]*prometheus.Desc
}

func newMetrics(view func() *engine.View, st *store.Store) *metrics {
	m := &metrics{view: view, store: st, desc: make(map[string]*prometheus.Desc)}
	for name, d := range map[string]struct {
		help   string
		labels []string
	}{
		"inputs":               {"Number of the last input on the tape.", nil},
		"tracks":               {"Tracks by state.", []string{"state"}},
		"partner_tracks":       {"Objects held from a partner.", []string{"partner"}},
		"incidents_open":       {"Open incidents.", nil},
		"alarms":               {"Alarms by state.", []string{"state"}},
		"feed_frames_total":    {"Frames taken from a feed.", []string{"feed"}},
		"feed_plots_total":     {"Plots decoded from a feed.", []string{"feed"}},
		"feed_refused_total":   {"Frames refused, by reason.", []string{"feed", "reason"}},
		"feed_up":              {"1 while the feed is connected.", []string{"feed"}},
		"link_up":              {"1 while the link is up.", []string{"partner"}},
		"link_queued":          {"Records sent and not receipted.", []string{"partner"}},
		"link_sent_total":      {"Records of our log.", []string{"partner"}},
		"link_cosigned_total":  {"Records that the partner has receipted.", []string{"partner"}},
		"link_received_total":  {"Records of the partner's log.", []string{"partner"}},
		"link_refused_total":   {"Records of the partner that were refused.", []string{"partner"}},
		"radars_left_out":      {"Radars beyond those that are registered: their bias is not learnt.", nil},
		"store_bytes":          {"Size of the store's file.", nil},
		"store_ok":             {"0 while tape or store does not work.", nil},
		"states_dropped_total": {"States given up for want of room.", []string{"partner"}},
	} {
		m.desc[name] = prometheus.NewDesc("kuroshio_"+name, d.help, d.labels, nil)
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range m.desc {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(name string, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(m.desc[name], prometheus.GaugeValue, v, labels...)
	}
	counter := func(name string, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(m.desc[name], prometheus.CounterValue, float64(v), labels...)
	}
	if v := m.view(); v != nil {
		m.collectView(v, gauge, counter)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st, err := m.store.Stats(ctx)
	if err != nil {
		return
	}
	gauge("store_bytes", float64(st.FileBytes+st.WALBytes))
	for _, p := range st.Partners {
		id := string(p.Partner)
		counter("link_sent_total", p.Sent, id)
		counter("link_cosigned_total", p.Cosigned, id)
		counter("link_received_total", p.Received, id)
		counter("states_dropped_total", p.StatesDropped, id)
	}
}

func (m *metrics) collectView(v *engine.View, gauge func(string, float64, ...string), counter func(string, uint64, ...string)) {
	gauge("inputs", float64(v.Seq))
	states := map[string]int{"tentative": 0, "confirmed": 0, "coasting": 0, "lost": 0}
	for i := range v.Tracks {
		states[v.Tracks[i].State]++
	}
	for s, n := range states {
		gauge("tracks", float64(n), s)
	}
	held := make(map[string]int)
	for i := range v.PartnerTracks {
		held[string(v.PartnerTracks[i].Party)]++
	}
	open := 0
	for i := range v.Incidents {
		if v.Incidents[i].State == "open" {
			open++
		}
	}
	gauge("incidents_open", float64(open))
	gauge("alarms", float64(v.Counts.Unacknowledged), "unacknowledged")
	gauge("alarms", float64(v.Counts.Acknowledged), "acknowledged")
	gauge("alarms", float64(v.Counts.Returned), "returned")
	gauge("store_ok", boolValue(v.StoreProblem == ""))
	gauge("radars_left_out", float64(v.RadarsLeftOut))
	for i := range v.Links {
		l := &v.Links[i]
		id := string(l.Party)
		gauge("partner_tracks", float64(held[id]), id)
		gauge("link_up", boolValue(l.State == "up"), id)
		gauge("link_queued", float64(l.Queued), id)
		counter("link_refused_total", l.Refused, id)
	}
	for i := range v.Feeds {
		f := &v.Feeds[i]
		gauge("feed_up", boolValue(f.Up), f.Name)
		counter("feed_frames_total", f.Frames, f.Name)
		counter("feed_plots_total", f.Plots, f.Name)
		for _, r := range f.Refused {
			counter("feed_refused_total", r.Count, f.Name, r.Reason)
		}
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// health is what /healthz says.
type health struct {
	OK      bool      `json:"ok"`
	Party   string    `json:"party"`
	Now     time.Time `json:"now"`
	Seq     uint64    `json:"seq"`
	Problem string    `json:"problem,omitempty"`
}

// newAdmin serves /metrics and /healthz.
func newAdmin(view func() *engine.View, st *store.Store) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(newMetrics(view, st))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h, status := health{Problem: "starting"}, http.StatusServiceUnavailable
		if v := view(); v != nil {
			h = health{OK: v.StoreProblem == "", Party: string(v.Party), Now: v.Now, Seq: v.Seq, Problem: v.StoreProblem}
			if h.OK {
				status = http.StatusOK
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(h) // the client is gone: nobody to tell
	})
	return mux
}
