// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/packs"
	"github.com/kuroshio-watch/kuroshio/web"
)

// stage shows a replay in a console: a picture to look at, nothing to do. It
// stays open after the replay's end until Ctrl-C.
type stage struct {
	*replay.Engine
	srv *http.Server

	mu      sync.Mutex // guards view and changed
	view    *engine.View
	changed chan struct{}
	viewer  store.User
}

func newStage(eng *replay.Engine, addr string, s streams) (*stage, error) {
	pass := strings.ToLower(rand.Text()[:12])
	hash, err := console.HashPassword(pass)
	if err != nil {
		return nil, err
	}
	st := &stage{
		Engine: eng, view: eng.View(), changed: make(chan struct{}),
		viewer: store.User{Name: engine.Viewer, Role: engine.Viewer, Hash: hash, Lang: "en"},
	}
	cfg := console.DefaultConfig()
	cfg.Self, cfg.Name, cfg.Version, cfg.TimeMode, cfg.Dist = "replay", "Replay", version, "replay", web.Dist()
	if cfg.Zones, cfg.Land, err = base(); err != nil {
		return nil, err
	}
	h, err := console.NewHandler(cfg, st, st, st, st)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open console: %w", err)
	}
	st.srv = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = st.srv.Serve(ln) }() // ends with close
	fmt.Fprintf(s.err, "console: http://%s/  login: %s / %s\n", ln.Addr(), engine.Viewer, pass)
	return st, nil
}

func base() (zones, land json.RawMessage, err error) {
	p, err := packs.Load(packs.Default)
	if err != nil {
		return nil, nil, err
	}
	zones, err = node.ZonesBody(p.Zones, nil)
	return zones, p.Land, err
}

// Tick steps the engine and publishes the picture.
func (st *stage) Tick(ctx context.Context, now time.Time) error {
	if err := st.Engine.Tick(ctx, now); err != nil {
		return err
	}
	v := st.Engine.View()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.view = v
	close(st.changed)
	st.changed = make(chan struct{})
	return nil
}

// Frame steps the engine by a frame.
func (st *stage) Frame(ctx context.Context, now time.Time, f *frame.Frame) error {
	return st.Engine.Frame(ctx, now, f)
}

// View returns the last picture.
func (st *stage) View() *engine.View {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.view
}

// Changed is closed at the next picture.
func (st *stage) Changed() <-chan struct{} {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.changed
}

// Command is refused: a replay is only looked at.
func (st *stage) Command(context.Context, engine.Command) (engine.Reply, error) {
	return engine.Reply{Code: "not-now"}, nil
}

// Explain has nothing to say: nothing leaves a replay.
func (st *stage) Explain(context.Context, uint32, uint32) ([]release.Explanation, bool, error) {
	return nil, true, nil
}

// PartnerView is empty: a replay has no partners.
func (st *stage) PartnerView(context.Context, party.ID) ([]record.Record, error) { return nil, nil }

// PeerView is empty.
func (st *stage) PeerView(context.Context, party.ID) (engine.PeerView, error) {
	return engine.PeerView{Items: []engine.PeerItem{}}, nil
}

// Received is empty.
func (st *stage) Received(context.Context, party.ID) ([]recall.Received, error) { return nil, nil }

// Evidence knows of none.
func (st *stage) Evidence(context.Context, party.ID, record.ID) (*record.Record, bool, error) {
	return nil, false, nil
}

// ReleaseStats is empty.
func (st *stage) ReleaseStats(context.Context) ([]release.Stat, error) { return nil, nil }

// Prove proves nothing: nothing left.
func (st *stage) Prove(context.Context, string, bool) (*journal.Proof, string, error) {
	return nil, "no-such-record", nil
}

// Verify has no journal to verify.
func (st *stage) Verify(context.Context) (journal.Report, error) { return journal.Report{}, nil }

// AuditLog is empty.
func (st *stage) AuditLog(context.Context, uint64, int) ([]store.AuditEntry, uint64, error) {
	return nil, 0, nil
}

// Audit keeps nothing.
func (st *stage) Audit(context.Context, ...store.AuditEntry) error { return nil }

// Users lists the one viewer.
func (st *stage) Users(context.Context) ([]store.User, error) { return []store.User{st.viewer}, nil }

// User returns the viewer.
func (st *stage) User(_ context.Context, name string) (store.User, error) {
	if name != st.viewer.Name {
		return store.User{}, store.ErrNotFound
	}
	return st.viewer, nil
}

// PutUser is refused.
func (st *stage) PutUser(context.Context, store.User) error { return errors.ErrUnsupported }

// close waits for Ctrl-C and closes the console.
func (st *stage) close(ctx context.Context) error {
	<-ctx.Done()
	return st.srv.Close()
}

// PolicyText is empty: a replay releases nothing.
func (st *stage) PolicyText(context.Context) (string, *engine.PolicyProposal, error) {
	return "", nil, nil
}

// PolicyVersions is empty.
func (st *stage) PolicyVersions() ([]engine.KeptPolicy, error) { return nil, nil }

// DryRun has no past to look at.
func (st *stage) DryRun(context.Context, string, time.Time, time.Time) (engine.DryResult, error) {
	return engine.DryResult{}, engine.ErrPast
}
