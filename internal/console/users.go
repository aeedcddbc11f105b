// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

type langRequest struct {
	Lang string `json:"lang"`
}

func (c *console) lang(w http.ResponseWriter, r *http.Request, who person) {
	var req langRequest
	if !read(w, r, &req) {
		return
	}
	if !slices.Contains(Languages(), req.Lang) {
		refuse(w, "bad-request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	c.writing.Lock()
	defer c.writing.Unlock()
	u, err := c.users.User(ctx, who.Name) // whatever else has changed since
	if err == nil && u.Lang != req.Lang {
		u.Lang = req.Lang
		err = c.users.PutUser(ctx, u)
	}
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	answer(w, identity{u.Name, u.Role, u.Lang})
}

func (c *console) listUsers(w http.ResponseWriter, r *http.Request, _ person) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.users.Users(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	answer(w, list(l))
}

// userRequest adds a person or changes the one of that name. What is left out
// stays; a new person needs role and password.
type userRequest struct {
	Name     string `json:"name"`
	Role     string `json:"role,omitempty"`
	Password string `json:"password,omitempty"`
	Lang     string `json:"lang,omitempty"`
	Disabled *bool  `json:"disabled,omitempty"`
}

// reserved are the names that entries of the audit log use for no person.
var reserved = []string{"node", "system"}

// maxNameLen is the longest name of a new person, in characters.
const maxNameLen = 40

// check returns a code for what is wrong with the request itself.
func (q *userRequest) check() string {
	bad := func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune(" ._-", r)
	}
	switch {
	case q.Name == "", q.Name != strings.TrimSpace(q.Name), utf8.RuneCountInString(q.Name) > maxNameLen,
		strings.ContainsFunc(q.Name, bad), slices.Contains(reserved, strings.ToLower(q.Name)):
		return "bad-request"
	case q.Role != "" && !slices.Contains(engine.Roles(), q.Role):
		return "bad-request"
	case q.Lang != "" && !slices.Contains(Languages(), q.Lang):
		return "bad-request"
	case q.Password != "" && CheckPassword(q.Name, q.Password) != nil:
		return "weak-password"
	}
	return ""
}

func (c *console) putUser(w http.ResponseWriter, r *http.Request, who person) {
	var req userRequest
	if !read(w, r, &req) {
		return
	}
	if code := req.check(); code != "" {
		refuse(w, code)
		return
	}
	var hash string
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	if req.Password != "" {
		select {
		case c.hashing <- struct{}{}:
		case <-ctx.Done():
			refuse(w, "timeout")
			return
		}
		var err error
		hash, err = c.cfg.Hash.Hash(req.Password)
		<-c.hashing
		if err != nil {
			refuse(w, "weak-password")
			return
		}
	}
	u, code, err := c.changeUser(ctx, who, &req, hash)
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "store-failed")
	case code != "":
		refuse(w, code)
	default:
		answer(w, u)
	}
}

// changeUser writes the change, and before it the entry in the audit log: no
// change of a person goes unseen.
func (c *console) changeUser(ctx context.Context, who person, req *userRequest, hash string) (u store.User, code string, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	// Another administrator may have been first.
	if now, ok := c.whoHolds(ctx, who.token); !ok || now.Role != engine.Administrator {
		return u, "forbidden", nil
	}
	u, err = c.users.User(ctx, req.Name)
	act := "user-changed"
	switch {
	case errors.Is(err, store.ErrNotFound):
		if code, err = c.mayAdd(ctx, req); code != "" || err != nil {
			return u, code, err
		}
		act, u = "user-added", store.User{Name: req.Name, Lang: "en"}
	case err != nil:
		return u, "", err
	case u.Name == who.Name && (req.Disabled != nil && *req.Disabled || req.Role != "" && req.Role != u.Role):
		return u, "not-now", nil // so that an administrator always remains
	}
	before := u
	req.apply(&u, hash)
	if err = c.entry(ctx, store.AuditEntry{
		By: who.Name, Role: who.Role, Act: act, Subject: u.Name, Text: changes(&before, &u),
	}); err != nil {
		return u, "", err
	}
	if err = c.users.PutUser(ctx, u); err != nil {
		return u, "", err
	}
	if u.Disabled || u.Hash != before.Hash {
		c.sessions.endAll(u.Name)
	}
	return u, "", nil
}

// mayAdd refuses a new person without role or password, or whose name differs
// from another's in nothing but case.
func (c *console) mayAdd(ctx context.Context, req *userRequest) (string, error) {
	if req.Role == "" {
		return "bad-request", nil
	}
	if req.Password == "" {
		return "weak-password", nil
	}
	all, err := c.users.Users(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(all, func(u store.User) bool { return strings.EqualFold(u.Name, req.Name) }) {
		return "name-taken", nil
	}
	return "", nil
}

func (q *userRequest) apply(u *store.User, hash string) {
	if q.Role != "" {
		u.Role = q.Role
	}
	if q.Lang != "" {
		u.Lang = q.Lang
	}
	if q.Disabled != nil {
		u.Disabled = *q.Disabled
	}
	if hash != "" {
		u.Hash = hash
	}
}

// changes says what changes, without the password.
func changes(before, after *store.User) string {
	var part []string
	if before.Role != after.Role {
		part = append(part, "role "+after.Role)
	}
	if before.Disabled != after.Disabled {
		part = append(part, map[bool]string{true: "disabled", false: "enabled"}[after.Disabled])
	}
	if before.Hash != after.Hash {
		part = append(part, "password")
	}
	if before.Lang != after.Lang {
		part = append(part, "language "+after.Lang)
	}
	return strings.Join(part, ", ")
}
