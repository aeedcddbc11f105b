// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// How often a stream may send and how often it pings, and how long either may
// take. A client that is slower misses pictures; it never gets an old one late.
const (
	streamGap     = 500 * time.Millisecond
	streamPing    = 10 * time.Second
	streamTimeout = 10 * time.Second
)

// picture is one published view as it is sent to everybody.
type picture struct {
	body    []byte          // nil: there is none yet
	changed <-chan struct{} // closed when there is a newer one
}

// frames keeps the newest picture, made once for all who see it.
type frames struct {
	mu  sync.Mutex
	now picture
}

// current returns the newest picture.
func (c *console) current() picture {
	c.frames.mu.Lock()
	defer c.frames.mu.Unlock()
	changed := c.node.Changed() // before the view: what is newer than it closes the channel
	if c.frames.now.body != nil && c.frames.now.changed == changed {
		return c.frames.now
	}
	p := picture{changed: changed}
	if v := c.node.View(); v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			c.cfg.Log.Error("picture cannot be written", slog.Any("err", err))
		} else {
			p.body = b
		}
	}
	c.frames.now = p
	return p
}

// stream sends pictures until the client goes, the session ends or the node
// does.
func (c *console) stream(w http.ResponseWriter, r *http.Request, who person) {
	if !c.sameOrigin(r) {
		refuse(w, "forbidden")
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		refuse(w, "bad-request")
		return
	}
	if c.streams.Add(1) > int64(c.cfg.MaxStreams) {
		c.streams.Add(-1)
		refuseWith(w, http.StatusServiceUnavailable, "not-now", nil)
		return
	}
	defer c.streams.Add(-1)
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the client was told
	}
	conn.SetReadLimit(1) // clients have nothing to say
	// A hijacked request's context ends with this function only.
	background := context.WithoutCancel(r.Context())
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	talked := false
	var reading sync.WaitGroup
	reading.Go(func() {
		defer cancel()
		_, _, err := conn.Reader(background) // answers pings; returns when either side closes, or the client talks
		talked = err == nil
	})
	code, reason := c.push(ctx, conn, who)
	if ctx.Err() != nil {
		reading.Wait()
		if talked {
			code, reason = websocket.StatusPolicyViolation, "clients have nothing to say"
		}
	}
	_ = conn.Close(code, reason) // it may be broken
	reading.Wait()
}

// push is the loop of one stream. It returns how to close it.
func (c *console) push(ctx context.Context, conn *websocket.Conn, who person) (websocket.StatusCode, string) {
	ping := time.NewTicker(streamPing)
	defer ping.Stop()
	var sent <-chan struct{}
	for {
		p := c.current()
		if p.changed == sent {
			return websocket.StatusGoingAway, "node has ended"
		}
		sent = p.changed
		if p.body != nil && !write(ctx, conn, p.body) {
			return websocket.StatusPolicyViolation, "too slow"
		}
		gap := time.After(streamGap)
		var changed <-chan struct{} // nil until the gap is over
		for newer := false; !newer; {
			select {
			case <-ctx.Done():
				return websocket.StatusNormalClosure, ""
			case <-who.ended:
				return websocket.StatusPolicyViolation, "session has ended"
			case <-ping.C:
				if !c.alive(ctx, conn, who) {
					return websocket.StatusPolicyViolation, "session has ended"
				}
			case <-gap:
				changed = p.changed
			case <-changed:
				newer = true
			}
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn, b []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, b) == nil
}

// alive asks the client for a sign of life and reads the person again. An open
// stream keeps its session from being idle: somebody watches.
func (c *console) alive(ctx context.Context, conn *websocket.Conn, who person) bool {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	if _, ok := c.whoHolds(ctx, who.token); !ok {
		return false
	}
	return conn.Ping(ctx) == nil
}
