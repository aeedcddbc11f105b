// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// StepRequest asks a node with stepped time to go on to Now. Expect holds, for
// each feed, how many frames the conductor has sent it since the start: the
// node waits for them and fails the step when one is missing.
type StepRequest struct {
	Now    time.Time         `json:"now"`
	Expect map[string]uint64 `json:"expect"`
}

// StepReply tells how far the node is.
type StepReply struct {
	Seq     uint64            `json:"seq"`
	Now     time.Time         `json:"now"`
	Missing map[string]uint64 `json:"missing,omitempty"` // frames that did not arrive
	Taped   map[string]uint64 `json:"taped"`             // frames of each feed on the tape
	Down    []party.ID        `json:"down,omitempty"`    // links that a flush found down, and left so
	Error   string            `json:"error,omitempty"`
}

// How long a step waits for its frames, and a flush for its links.
const (
	stepTimeout  = 10 * time.Second
	flushTimeout = 20 * time.Second
)

// errMissing says that a datagram was lost.
var errMissing = errors.New("frames did not arrive")

// stepper is what the control server drives.
type stepper interface {
	step(ctx context.Context, req StepRequest) (StepReply, error)
	flush(ctx context.Context) (down []party.ID, err error)
	status(ctx context.Context) (StepReply, error)
}

// newControl returns the handler by which a conductor steps this node: POST
// /step, POST /flush and GET /status. Every request bears the secret.
func newControl(s stepper, secret []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /step", func(w http.ResponseWriter, r *http.Request) {
		var req StepRequest
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
		d.DisallowUnknownFields()
		if err := d.Decode(&req); err != nil || req.Now.IsZero() {
			answer(w, http.StatusBadRequest, StepReply{Error: "want {\"now\": time, \"expect\": {feed: frames}}"})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), stepTimeout)
		defer cancel()
		reply, err := s.step(ctx, req)
		if err != nil {
			reply.Error = err.Error()
			answer(w, http.StatusConflict, reply)
			return
		}
		answer(w, http.StatusOK, reply)
	})
	mux.HandleFunc("POST /flush", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), flushTimeout)
		defer cancel()
		down, err := s.flush(ctx)
		if err != nil {
			answer(w, http.StatusConflict, StepReply{Error: fmt.Sprintf("wait for links: %v", err)})
			return
		}
		answer(w, http.StatusOK, StepReply{Down: down})
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		reply, err := s.status(r.Context())
		if err != nil {
			answer(w, http.StatusConflict, StepReply{Error: err.Error()})
			return
		}
		answer(w, http.StatusOK, reply)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), append([]byte("Bearer "), secret...)) != 1 {
			answer(w, http.StatusUnauthorized, StepReply{Error: "wrong secret"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}
