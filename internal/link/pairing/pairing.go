// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package pairing makes two nodes partners: it exchanges public keys made for
// the pair and lets two officers make sure, by voice, that nobody stands
// between. Both sides first commit to their keys and a nonce, then reveal them;
// the short code that each node shows follows from all of it, so that somebody
// in between must guess it, once, with one chance in 10^10. Each officer types
// the code that the other reads out.
//
// One attempt, ten minutes: after anything else than a match at both sides the
// keys are thrown away and the officers begin anew. The listener is open only
// while Invite runs. The package keeps nothing but the result, in the keystore,
// and writes no log.
package pairing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Limit is how long a pairing may take.
const Limit = 10 * time.Minute

const (
	firstWord  = 10 * time.Second // for a caller to show that it wants to pair
	maxCallers = 8                // callers that have not shown it yet
)

// Errors of Invite and Join.
var (
	ErrMismatch      = errors.New("the codes differ: somebody may stand between")
	ErrSecondAttempt = errors.New("a second attempt to pair")
	ErrEnded         = errors.New("the other side ended the pairing")
	ErrProtocol      = errors.New("the other side does not follow the protocol")
	ErrExpired       = errors.New("the time for pairing is over")
)

// Config is what Invite and Join need.
type Config struct {
	Listen        string // Invite: host:port to listen at while invited
	Addr          string // Join: host:port of the inviter
	Self, Partner party.ID
	Keys          *keystore.Store
	LinkAddr      string // where our own link listens, for the partner to dial; may be empty

	// Confirm shows the officer our code and returns what the officer typed: the
	// code that the other officer read out. It must return when ctx ends.
	Confirm func(ctx context.Context, code string) (typed string, err error)

	// Listening, if not nil, is told the address at which Invite listens.
	Listening func(addr net.Addr)
}

// Validate reports what is missing or wrong.
func (c *Config) Validate() error {
	for _, p := range []party.ID{c.Self, c.Partner} {
		if _, err := party.Parse(string(p)); err != nil {
			return fmt.Errorf("pair: %w", err)
		}
	}
	if c.Self == c.Partner || c.Keys == nil || c.Confirm == nil {
		return errors.New("pair: two parties, a keystore and an officer are needed")
	}
	if _, paired := c.Keys.Pin(c.Partner); paired {
		return fmt.Errorf("pair with %s: %w", c.Partner, keystore.ErrPaired)
	}
	return validAddress(c.LinkAddr)
}

// validAddress bounds what may be told as the address of a link.
func validAddress(s string) error {
	if s == "" {
		return nil
	}
	if len(s) > maxAddress || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("pair: address of the link out of range")
	}
	if _, _, err := net.SplitHostPort(s); err != nil {
		return fmt.Errorf("pair: address of the link: %w", err)
	}
	return nil
}

// Invite waits for the partner's Join and pairs. It returns nil when the keys
// are in the keystore at our side and the partner has said that it does the
// same.
func Invite(ctx context.Context, cfg Config) error {
	ctx, cancel, own, tlsConfig, err := begin(ctx, &cfg)
	if err != nil {
		return err
	}
	defer cancel()
	defer own.Discard() // of the copy here; a kept one is the keystore's
	tlsConfig.ClientAuth = tls.RequireAnyClientCert
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for the partner: %w", err)
	}
	if cfg.Listening != nil {
		cfg.Listening(ln.Addr())
	}
	return invite(ctx, &cfg, own, ln, tlsConfig)
}

// invite takes the first caller that wants to pair; a second one ends it all.
func invite(ctx context.Context, cfg *Config, own *keystore.Pair, ln net.Listener, tlsConfig *tls.Config) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() }) // ends reception
	defer stop()
	defer ln.Close() //nolint:errcheck // it served its purpose

	callers := make(chan *peer) // unbuffered: whoever is not taken hangs up
	wg.Go(func() { reception(ctx, ln, tlsConfig, callers) })

	var first *peer
	select {
	case first = <-callers:
	case <-ctx.Done():
		return cause(ctx)
	}
	wg.Go(func() {
		select {
		case second := <-callers:
			second.close()
			cancel(ErrSecondAttempt)
		case <-ctx.Done():
		}
	})
	defer first.close()
	return exchange(ctx, cfg, own, first, inviter)
}

// reception hands on callers that have shown that they want to pair. It returns
// when the listener is closed and all others have hung up.
func reception(ctx context.Context, ln net.Listener, tlsConfig *tls.Config, callers chan<- *peer) {
	places := make(chan struct{}, maxCallers) // full: further callers wait in the kernel's queue
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		places <- struct{}{}
		c, err := ln.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer func() { <-places }()
			p := &peer{conn: tls.Server(c, tlsConfig)}
			if !p.greet(ctx) {
				p.close()
				return
			}
			select {
			case callers <- p:
			case <-ctx.Done():
				p.close()
			}
		})
	}
}

// greet reads the caller's commitment within the time for it.
func (p *peer) greet(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, firstWord)
	defer cancel()
	if p.conn.HandshakeContext(ctx) != nil {
		return false
	}
	m, err := p.read(ctx)
	if err != nil || m.Commit == nil {
		return false
	}
	p.commit = m.Commit
	return true
}

// Join answers the partner's Invite and pairs. It returns nil when the keys are
// in the keystore at our side and the partner has said that it does the same.
func Join(ctx context.Context, cfg Config) error {
	ctx, cancel, own, tlsConfig, err := begin(ctx, &cfg)
	if err != nil {
		return err
	}
	defer cancel()
	defer own.Discard()                 // of the copy here; a kept one is the keystore's
	tlsConfig.InsecureSkipVerify = true // the code makes sure of the other side
	d := tls.Dialer{Config: tlsConfig}
	c, err := d.DialContext(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("connect to the inviter: %w", err)
	}
	p := &peer{conn: c.(*tls.Conn)}
	defer p.close()
	return exchange(ctx, &cfg, own, p, joiner)
}

// begin checks the configuration, sets the limit and makes the keys.
func begin(ctx context.Context, cfg *Config) (context.Context, context.CancelFunc, *keystore.Pair, *tls.Config, error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, nil, nil, err
	}
	own, err := keystore.NewPair()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	cert, err := own.Certificate()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Limit, ErrExpired)
	return ctx, cancel, own, &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{cert},
		SessionTicketsDisabled: true,
	}, nil
}

// cause returns why ctx ended, as an error of this package where it is one.
func cause(ctx context.Context) error { return fmt.Errorf("pair: %w", context.Cause(ctx)) }
