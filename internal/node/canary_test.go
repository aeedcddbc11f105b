// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/leaktest"
)

// TestCanaryInLogsMetricsAndErrors works a node with planted words and places,
// right and wrong, and looks for them in its log at its most talkative, its
// metrics, and the texts of its refusals.
func TestCanaryInLogsMetricsAndErrors(t *testing.T) {
	s, n := leaktest.New(), 0
	word := func(what string) string {
		n++
		w := fmt.Sprintf("cnry%03dzq", n)
		s.AddText("canary", what, w)
		return w
	}
	at := func(what string, lat, lon float64) (*float64, *float64) {
		s.AddPosition("canary", what, lat, lon)
		return &lat, &lon
	}
	r := newRig(t, "tw", t.TempDir()).policy(t, []byte(firstPolicy+"# "+word("policy file")+"\n"))
	lat, lon := at("sensor", 24.48761, 121.09113)
	r.cfg.Feeds = []config.Feed{{Name: "radar", Kind: "asterix-udp", Addr: freeUDP(t)}}
	r.cfg.Sensors = []config.Sensor{{
		Feed: "radar", ID: "025/010", Lat: *lat, Lon: *lon, HeightM: 2613, RangeNM: 245,
		Period: config.Duration(12e9), SigmaRangeM: 80, SigmaAzimuth: 0.08,
	}}
	r.cfg.Zones.Overrides = []config.ZoneOverride{{ID: "gap_c", Names: map[string]string{"en": word("zone override")}}}
	const password = "open sesame and more"
	r.people(t, password, engine.Supervisor)
	r.open(t)
	defer func() {
		if err := r.halt(); err != nil {
			t.Error(err)
		}
	}()
	boss := r.login(t, engine.Supervisor, password)
	lat, lon = at("report", 24.31713, 122.61337)
	bad := *lat + 100
	var refusals []string
	for _, c := range []engine.Command{
		{Verb: "open", Domain: "air", Text: word("report"), Desk: word("desk"), Lat: lat, Lon: lon},
		{Verb: "open", Text: word("report"), Lat: &bad, Lon: lon},
		{Verb: "log", Incident: 1, Text: word("log"), Desk: word("desk")},
		{Verb: "log", Incident: 1, Text: word("log") + strings.Repeat("x", 2000)},
		{Verb: "log", Incident: 1, Text: word("log"), Time: word("time")},
		{Verb: "strike", Entry: 1, Text: word("strike")},
		{Verb: "identify", Track: 1, Standard: word("standard"), Type: word("type")},
		{Verb: "identify", Track: 9, Standard: "suspect", Type: word("type")},
		{Verb: word("verb")},
		{Verb: "posture", Incident: 1, Posture: word("posture")},
		{Verb: "distress", Partner: "jp", Text: word("nature"), Contact: word("contact"), Lat: lat, Lon: lon},
		{Verb: "policy-propose", Policy: &engine.PolicyAct{Text: secondPolicy + "# " + word("policy"), Reason: word("reason")}},
		{Verb: "policy-propose", Policy: &engine.PolicyAct{Text: word("policy") + " = 1", Reason: word("reason")}},
		{Verb: "policy-propose", Policy: &engine.PolicyAct{Text: strings.Replace(secondPolicy, "incidents", word("rule")+" A", 1)}},
		{Verb: "policy-activate", Policy: &engine.PolicyAct{ID: word("id")}},
		{Verb: "close", Incident: 1, Outcome: "identified", Text: word("outcome")},
	} {
		var reply string
		status := boss.post("/api/command", c, &reply)
		refusals = append(refusals, fmt.Sprint(status, reply))
	}
	for _, path := range []string{"/api/release?track=" + word("query"), "/api/partner-view?party=" + word("query"), "/api/" + word("path")} {
		var reply string
		refusals = append(refusals, fmt.Sprint(boss.get(path, &reply), reply))
	}
	refused := 0
	for _, text := range refusals {
		if !strings.HasPrefix(text, "200") {
			refused++
		}
	}
	if refused < 10 {
		t.Fatalf("%d refusals of %v: too little to search", refused, refusals)
	}
	hay := []leaktest.Hay{
		{Name: "refusals", Bytes: []byte(strings.Join(refusals, "\n")), Payload: true},
		{Name: "log", Bytes: []byte(r.log.String()), Payload: true},
	}
	for _, path := range []string{"/metrics", "/healthz"} {
		hay = append(hay, leaktest.Hay{Name: path, Bytes: []byte(fetch(t, "http://"+r.cfg.Admin.Listen+path)), Payload: true})
	}
	for _, find := range s.FindAll(hay, nil) {
		t.Errorf("leak: %s", find)
	}
	leaktest.Planted(t, s, nil, hay)
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err != nil || cerr != nil || len(b) == 0 {
		t.Fatal(err, cerr, len(b))
	}
	return string(b)
}
