// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Bounds of the sessions; the one that was not used for longest gives way.
const (
	maxSessions        = 1024
	maxSessionsPerUser = 16
)

// session is one login. Its token is in the cookie and nowhere else.
type session struct {
	user  store.User // as last read
	hash  string     // the password's, when it was checked
	began time.Time
	used  time.Time
	ended chan struct{} // closed when the session ends; the streams of it end with it
}

type tokenKey [sha256.Size]byte

// sessions keeps who is logged in. They end with the node. Expired ones go when
// they are asked for or when another begins.
type sessions struct {
	idle, lifetime time.Duration

	mu sync.Mutex
	m  map[tokenKey]*session
}

func newSessions(idle, lifetime time.Duration) *sessions {
	return &sessions{idle: idle, lifetime: lifetime, m: make(map[tokenKey]*session)}
}

// begin opens a session and returns its token, of 128 bits or more.
func (s *sessions) begin(u store.User) string {
	token, now := rand.Text(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for k, x := range s.m {
		switch {
		case s.expired(x, now):
			s.drop(k)
		case x.user.Name == u.Name:
			own++
		}
	}
	if own >= maxSessionsPerUser {
		s.dropOldest(u.Name)
	}
	if len(s.m) >= maxSessions {
		s.dropOldest("")
	}
	s.m[sha256.Sum256([]byte(token))] = &session{user: u, hash: u.Hash, began: now, used: now, ended: make(chan struct{})}
	return token
}

func (s *sessions) expired(x *session, now time.Time) bool {
	return now.Sub(x.used) >= s.idle || now.Sub(x.began) >= s.lifetime
}

func (s *sessions) drop(k tokenKey) {
	close(s.m[k].ended)
	delete(s.m, k)
}

// dropOldest ends the session, of that name if one is given, that was not used
// for longest.
func (s *sessions) dropOldest(name string) {
	var oldest tokenKey
	var used time.Time
	for k, x := range s.m {
		if (name == "" || x.user.Name == name) && (used.IsZero() || x.used.Before(used)) {
			oldest, used = k, x.used
		}
	}
	if !used.IsZero() {
		s.drop(oldest)
	}
}

// touch returns the token's session as it was last seen and marks it as used.
func (s *sessions) touch(token string) (session, bool) {
	k, now := tokenKey(sha256.Sum256([]byte(token))), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.m[k]
	if !ok {
		return session{}, false
	}
	if s.expired(x, now) {
		s.drop(k)
		return session{}, false
	}
	x.used = now
	return *x, true
}

// saw notes how the user of a session stands.
func (s *sessions) saw(token string, u store.User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.m[sha256.Sum256([]byte(token))]; ok {
		x.user = u
	}
}

// end closes a session.
func (s *sessions) end(token string) {
	k := tokenKey(sha256.Sum256([]byte(token)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.m[k]; ok {
		s.drop(k)
	}
}

// endAll closes all sessions of a person.
func (s *sessions) endAll(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, x := range s.m {
		if x.user.Name == name {
			s.drop(k)
		}
	}
}
