// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// packed is a text of n octets in a few thousand.
func packed(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bytes.Repeat([]byte("x"), n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHTTPPoll asks a server that repeats itself, fails, and is too long.
func TestHTTPPoll(t *testing.T) {
	asked := make(chan string, 100)
	var status atomic.Int32
	var body atomic.Pointer[string]
	var pack atomic.Bool
	tell := func(s string) { body.Store(&s) }
	status.Store(http.StatusOK)
	tell("!AIVDM,1\n!AIVDM,2")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pack.Load() {
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, *body.Load())
		select {
		case asked <- r.Header.Get("Authorization"):
		default:
		}
	}))
	defer s.Close()
	r := startRaw(t, feed.Config{Kind: "nmea-http", Addr: s.URL, Every: time.Millisecond, Password: "secret"}, 10)
	if diff := cmp.Diff([]string{"1@0 !AIVDM,1", "2@9 !AIVDM,2"}, texts(r.frames(2))); diff != "" {
		t.Error(diff)
	}
	if got := <-asked; got != "Bearer secret" {
		t.Errorf("Authorization = %q", got)
	}
	r.until("the same answer passed over", func(h feed.Health) bool { return h.Ignored > 2 && h.Up })
	tell("!AIVDM,3\n")
	if f := r.frames(1)[0]; string(f.Data) != "!AIVDM,3" {
		t.Errorf("frame = %+v", f)
	}
	status.Store(http.StatusUnauthorized)
	r.until("an answer of another kind refused", func(h feed.Health) bool { return counts(h)[feed.ReasonHTTP] > 0 && !h.Up })
	tell(packed(t, 16<<20+1))
	pack.Store(true)
	status.Store(http.StatusOK)
	before := counts(r.Health())[feed.ReasonHTTP] // one more may be on its way
	r.until("a long answer refused", func(h feed.Health) bool { return counts(h)[feed.ReasonHTTP] > before+1 && !h.Up })
	if h := r.Health(); h.Frames != 3 {
		t.Errorf("health = %+v", h)
	}
}

// TestRedirectionsAreNotFollowed sends the feed to another host, to another
// scheme, and to another path: it goes nowhere, nor does its password.
func TestRedirectionsAreNotFollowed(t *testing.T) {
	var strayed atomic.Int64
	stray := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		strayed.Add(1)
		_, _ = io.WriteString(w, "!AIVDM,9\n")
	})
	other, secure := httptest.NewServer(stray), httptest.NewTLSServer(stray)
	defer other.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for name, to := range map[string]string{"host": other.URL, "scheme": secure.URL, "path": "/stray", "file": "file:///etc/hosts"} {
		t.Run("it is sent to another "+name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.Handle("/stray", stray)
			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) })
			s := httptest.NewServer(mux)
			defer s.Close()
			r := startRaw(t, feed.Config{
				Kind: "nmea-http", Addr: s.URL + "/start", Every: time.Millisecond, Password: "secret",
				TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			}, 10)
			h := r.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonHTTP] > 2 })
			r.stop()
			if h.Frames != 0 || strayed.Load() != 0 {
				t.Errorf("%d frames came, asked %d times elsewhere", h.Frames, strayed.Load())
			}
		})
	}
}

// TestHTTPSChecksTheCertificate asks a server that nobody vouches for.
func TestHTTPSChecksTheCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "!AIVDM,1\n") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	good := startRaw(t, feed.Config{Kind: "nmea-http", Addr: s.URL, Every: time.Millisecond, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, 10)
	good.frames(1)
	var told syncBuffer
	r := startRaw(t, feed.Config{Kind: "nmea-http", Addr: s.URL + "/?key=secret", Every: time.Millisecond, Log: slog.New(slog.NewTextHandler(&told, nil))}, 10)
	told.await(t, "certificate")
	r.stop()
	if h := r.Health(); h.Frames != 0 || h.Connects != 0 {
		t.Errorf("health = %+v", h)
	}
	if strings.Contains(told.String(), "secret") {
		t.Errorf("a key of the URL is logged: %s", told.String())
	}
}
