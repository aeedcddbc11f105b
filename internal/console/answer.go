// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// statuses gives the HTTP status of each code. A code of the engine that is not
// here is a conflict with how things stand.
var statuses = map[string]int{
	"unauthenticated":  http.StatusUnauthorized,
	"bad-login":        http.StatusUnauthorized,
	"locked":           http.StatusTooManyRequests,
	"forbidden":        http.StatusForbidden,
	"not-found":        http.StatusNotFound,
	"no-such-track":    http.StatusNotFound,
	"no-such-incident": http.StatusNotFound,
	"no-such-partner":  http.StatusNotFound,
	"no-such-record":   http.StatusNotFound,
	"bad-request":      http.StatusBadRequest,
	"unknown-verb":     http.StatusBadRequest,
	"bad-identity":     http.StatusBadRequest,
	"bad-posture":      http.StatusBadRequest,
	"bad-outcome":      http.StatusBadRequest,
	"bad-position":     http.StatusBadRequest,
	"bad-time":         http.StatusBadRequest,
	"bad-notice":       http.StatusBadRequest,
	"bad-area":         http.StatusBadRequest,
	"bad-search-area":  http.StatusBadRequest,
	"bad-drift":        http.StatusBadRequest,
	"no-such-notice":   http.StatusNotFound,
	"bad-precedence":   http.StatusBadRequest,
	"bad-parameter":    http.StatusBadRequest,
	"no-duff-missing":  http.StatusBadRequest,
	"no-such-code":     http.StatusNotFound,
	"no-such-place":    http.StatusNotFound,
	"no-such-message":  http.StatusNotFound,
	"text-missing":     http.StatusBadRequest,
	"no-such-request":  http.StatusNotFound,
	"bad-amount":       http.StatusBadRequest,
	"bad-price":        http.StatusBadRequest,
	"text-too-long":    http.StatusBadRequest,
	"weak-password":    http.StatusBadRequest,
	"bad-policy":       http.StatusBadRequest,
	"no-such-policy":   http.StatusNotFound,
	"past":             http.StatusNotFound,
	"store-failed":     http.StatusServiceUnavailable,
	"stopping":         http.StatusServiceUnavailable,
	"timeout":          http.StatusGatewayTimeout,
}

// params goes with a code into its translated text.
type params map[string]any

func refuse(w http.ResponseWriter, code string) {
	status, ok := statuses[code]
	if !ok {
		status = http.StatusConflict
	}
	refuseWith(w, status, code, nil)
}

func refuseWith(w http.ResponseWriter, status int, code string, p params) {
	send(w, status, refusal{code, p})
}

// refusal is what is answered where something is not done.
type refusal struct {
	Error  string `json:"error"` // a code that the page translates
	Params params `json:"params,omitempty"`
}

func answer(w http.ResponseWriter, v any) { send(w, http.StatusOK, v) }

func send(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"store-failed"}`)
	}
	sendBytes(w, status, b)
}

func sendBytes(w http.ResponseWriter, status int, b []byte) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder has none
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client is gone: nobody to tell
}

// list makes an empty list of an absent one, so that the page never gets null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// maxBody is the longest body of a request, in octets.
const maxBody = 64 << 10

// read decodes the body into v and answers when it cannot.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		refuseWith(w, http.StatusUnsupportedMediaType, "bad-request", nil)
		return false
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(readTimeout)) // a recorder has none
	err = decode(http.MaxBytesReader(w, r.Body, maxBody), v)
	_ = rc.SetReadDeadline(time.Time{}) // else the wait for an answer ends with it
	if err != nil {
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}
		refuseWith(w, status, "bad-request", nil)
		return false
	}
	return true
}

var errTrailing = errors.New("something follows the JSON value")

// decode reads exactly one JSON value without unknown fields.
func decode(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errTrailing
		}
		return err
	}
	return nil
}

// ownPage reports whether a request comes from our own page: a foreign page can
// send neither the header without asking first, which nobody answers, nor
// another Origin than its own.
func (c *console) ownPage(r *http.Request) bool {
	return r.Header.Get("X-Kuroshio") == "1" && c.sameOrigin(r)
}

func (c *console) sameOrigin(r *http.Request) bool {
	sent := r.Header.Values("Origin")
	if len(sent) == 0 {
		return true // not a browser, or a request that it takes for its own
	}
	u, err := url.Parse(sent[0])
	if err != nil || len(sent) > 1 {
		return false
	}
	scheme := "http"
	if c.cfg.TLS {
		scheme = "https"
	}
	return u.Scheme == scheme && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
