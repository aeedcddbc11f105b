// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// feedsNode answers as a node of two feeds, which it does not list at once and of
// which one comes up after some looks.
func feedsNode(t *testing.T, upAfter int) (m *member, looks *int) {
	t.Helper()
	looks = new(int)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/login", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/feeds", func(w http.ResponseWriter, _ *http.Request) {
		if *looks++; *looks == 1 { // just started
			fmt.Fprint(w, `[]`)
			return
		}
		fmt.Fprintf(w, `[{"name":"a","up":true},{"name":"b","up":%t}]`, *looks > upAfter)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	log, err := os.Create(filepath.Join(t.TempDir(), "node.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return &member{id: "tw", console: strings.TrimPrefix(s.URL, "http://"), session: make(map[string]*client), proc: &process{log: log}}, looks
}

func TestANodeIsReadyWhenItTakesInAllItsFeeds(t *testing.T) {
	m, looks := feedsNode(t, 2)
	if err := m.awaitFeeds(t.Context(), []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	if *looks != 3 {
		t.Errorf("looked %d times at feeds of which the last came up before the third look", *looks)
	}
}

func TestAFeedThatStaysDownIsNamed(t *testing.T) {
	m, looks := feedsNode(t, 1<<30)
	ctx, cancel := context.WithTimeout(t.Context(), 3*poll)
	defer cancel()
	err := m.awaitFeeds(ctx, []string{"a", "b"})
	if err == nil || !strings.Contains(err.Error(), "node tw: feed b is not up") || *looks == 0 {
		t.Errorf("%d looks at a feed that stays down: %v", *looks, err)
	}
}
