// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// person is who asks, as the store has it now.
type person struct {
	store.User
	token string
	ended <-chan struct{} // closed when the session ends
}

// cookieName carries the party: browsers keep one set of cookies for all ports
// of a host, and two parties' nodes may share one.
func (c *console) cookieName() string { return "kuroshio_session_" + string(c.cfg.Self) }

func (c *console) setCookie(w http.ResponseWriter, token string) {
	k := http.Cookie{
		Name: c.cookieName(), Value: token, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: c.cfg.TLS,
	}
	if token == "" {
		k.MaxAge = -1
	}
	http.SetCookie(w, &k)
}

// who returns the person of the request's session.
func (c *console) who(r *http.Request) (person, bool) {
	k, err := r.Cookie(c.cookieName())
	if err != nil {
		return person{}, false
	}
	return c.whoHolds(r.Context(), k.Value)
}

// whoHolds returns the person of a session. A person who was removed, disabled
// or given another password is out at once, another role counts at once. Where
// the users cannot be read the person stands as last seen: a failing disk must
// not keep anyone from stopping a release.
func (c *console) whoHolds(ctx context.Context, token string) (person, bool) {
	s, ok := c.sessions.touch(token)
	if !ok {
		return person{}, false
	}
	u, err := c.users.User(ctx, s.user.Name)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (u.Disabled || u.Hash != s.hash):
		c.sessions.end(token)
		return person{}, false
	case err != nil:
		if ctx.Err() == nil && !c.blind.Swap(true) {
			c.cfg.Log.ErrorContext(ctx, "users cannot be read; sessions stand as last seen", slog.Any("err", err))
		}
		u = s.user
	default:
		c.blind.Store(false)
		c.sessions.saw(token, u)
	}
	return person{User: u, token: token, ended: s.ended}, true
}

// maxName is the longest name that is looked for, in octets.
const maxName = 256

// loginTimeout bounds how long a login waits for its turn.
const loginTimeout = 10 * time.Second

type loginRequest struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type identity struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Lang string `json:"lang"`
}

func (c *console) login(w http.ResponseWriter, r *http.Request, _ person) {
	var req loginRequest
	if !read(w, r, &req) {
		return
	}
	if req.Name == "" || len(req.Name) > maxName {
		refuse(w, "bad-login")
		return
	}
	address := addressOf(r.RemoteAddr)
	if wait := c.throttle.begin(req.Name, address); wait > 0 {
		seconds := int(wait.Seconds()) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		refuseWith(w, http.StatusTooManyRequests, "locked", params{"seconds": seconds})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	u, known, code := c.check(ctx, req)
	if code != "" {
		if code != "bad-login" {
			c.throttle.takeBack(req.Name, address)
		} else {
			c.note(ctx, store.AuditEntry{By: known, Act: "login-refused", Text: "from " + address})
		}
		refuse(w, code)
		return
	}
	c.throttle.succeeded(req.Name, address)
	if k, err := r.Cookie(c.cookieName()); err == nil {
		c.sessions.end(k.Value)
	}
	c.setCookie(w, c.sessions.begin(u))
	c.note(ctx, store.AuditEntry{By: u.Name, Role: u.Role, Act: "login", Text: "from " + address})
	answer(w, identity{u.Name, u.Role, u.Lang})
}

// check returns the user whose name and password these are, or a code. An
// unknown name costs the same work as a wrong password. known is the name if
// there is such a user: what was typed instead may be a password.
func (c *console) check(ctx context.Context, req loginRequest) (u store.User, known, code string) {
	select {
	case c.hashing <- struct{}{}:
		defer func() { <-c.hashing }()
	case <-ctx.Done():
		return u, "", "timeout"
	}
	u, err := c.users.User(ctx, req.Name)
	hash := u.Hash
	switch {
	case errors.Is(err, store.ErrNotFound):
		hash = c.dummy
	case err != nil:
		c.cfg.Log.ErrorContext(ctx, "user cannot be read", slog.Any("err", err))
		return u, "", "store-failed"
	default:
		known = u.Name
	}
	ok, err := matches(hash, req.Password)
	if err != nil {
		c.cfg.Log.ErrorContext(ctx, "stored password hash cannot be read", slog.String("user", known))
	}
	if !ok || known == "" || u.Disabled {
		return store.User{}, known, "bad-login"
	}
	return u, known, ""
}

// note adds an entry to the audit log. A full disk must not keep people out, so
// where it fails the log says so and the act goes on.
func (c *console) note(ctx context.Context, e store.AuditEntry) {
	if err := c.entry(ctx, e); err != nil {
		c.cfg.Log.ErrorContext(ctx, "audit entry not written", slog.String("act", e.Act), slog.Any("err", err))
	}
}

// entry adds an entry to the audit log, whether or not the client still waits.
func (c *console) entry(ctx context.Context, e store.AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	e.At = c.cfg.Now()
	return c.journal.Audit(ctx, e)
}

func (c *console) logout(w http.ResponseWriter, r *http.Request, who person) {
	c.sessions.end(who.token)
	c.setCookie(w, "")
	c.note(r.Context(), store.AuditEntry{By: who.Name, Role: who.Role, Act: "logout"})
	answer(w, struct{}{})
}

func (c *console) me(w http.ResponseWriter, _ *http.Request, who person) {
	answer(w, identity{who.Name, who.Role, who.Lang})
}
