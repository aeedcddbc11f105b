// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// maxAccepted bounds the connections to a server, of whomever.
const maxAccepted = 256

// Server takes the connections of all partners at one address. A caller must
// know the key that was made for it before the server shows one.
type Server struct {
	listen string
	keys   Keys
	http   http.Server

	refused atomic.Uint64
	open    atomic.Int64

	mu    sync.Mutex
	links map[party.ID]*Link
}

// NewServer returns a server that does nothing until Run or Serve. The keys are
// those of its links.
func NewServer(listen string, keys Keys) *Server {
	s := &Server{listen: listen, keys: keys, links: make(map[party.ID]*Link)}
	mux := http.NewServeMux()
	mux.Handle(procedure, connect.NewBidiStreamHandler(procedure, s.session, handlerOptions()))
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	s.http = http.Server{
		Handler:           mux,
		Protocols:         protocols,
		HTTP2:             http2Config(),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: s.hello},
		ReadHeaderTimeout: 5 * time.Second, // also the time for the TLS handshake
		IdleTimeout:       15 * time.Second,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          log.New(garbage{s}, "", 0), // nothing is written: it is counted
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, ok := c.(*tls.Conn); ok {
				return context.WithValue(ctx, acceptedKey{}, t.NetConn())
			}
			return ctx
		},
	}
	return s
}

// Add makes the server take the connections of that link's partner.
func (s *Server) Add(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[l.cfg.Partner] = l
}

// Remove makes the server refuse that partner.
func (s *Server) Remove(partner party.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, partner)
}

// Refused returns how many connections were refused: unknown or unpaired
// callers, stopped links, too many at once, garbage.
func (s *Server) Refused() uint64 { return s.refused.Load() }

// Run listens at the server's address and serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen for partners: %w", err)
	}
	return s.Serve(ctx, ln)
}

// Serve is Run on a listener that is already open; it closes it.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() }) // ServeTLS reports it
	defer stop()
	err := s.http.ServeTLS(&listener{Listener: ln, server: s}, "", "")
	if ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve partners: %w", err)
}

// hello chooses the keys by the name that the caller asks for. A caller that
// asks for none of ours, or whose link is stopped, learns nothing.
func (s *Server) hello(info *tls.ClientHelloInfo) (*tls.Config, error) {
	c, ok := info.Conn.(*accepted)
	if !ok {
		return nil, errors.New("not our listener")
	}
	l, cert := s.linkFor(info.ServerName)
	if l == nil {
		s.refused.Add(1)
		kill(c) // before TLS sends its alert: after a stop not one octet leaves
		return nil, errors.New("nobody is called so here")
	}
	config := serverTLS(s.keys, l.cfg.Partner, cert, func(own, theirs [32]byte) { c.keys = pins{own, theirs} })
	verify := config.VerifyConnection
	config.VerifyConnection = func(cs tls.ConnectionState) error {
		err := verify(cs)
		if err == nil {
			err = l.track(c)
		}
		if err != nil {
			s.refused.Add(1)
			return err
		}
		c.link.Store(l)
		return nil
	}
	return config, nil
}

// linkFor returns the link, not stopped, for which we have the key of that
// name, and the key.
func (s *Server) linkFor(name string) (*Link, tls.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for partner, l := range s.links {
		certs, err := s.keys.Certificates(partner)
		if err != nil {
			continue
		}
		for _, cert := range certs {
			if cert.Leaf == nil || serverName(pinOf(cert.Leaf)) != name {
				continue
			}
			if l.Status().State == Stopped {
				return nil, tls.Certificate{}
			}
			return l, cert
		}
	}
	return nil, tls.Certificate{}
}

// garbage counts the callers that proved to be a partner and then sent what is
// no HTTP/2. It hears of them by the server's log.
type garbage struct{ server *Server }

func (g garbage) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("http2: server")) {
		g.server.refused.Add(1)
	}
	return len(line), nil
}

type acceptedKey struct{}

// session is the one remote procedure.
func (s *Server) session(ctx context.Context, st *connect.BidiStream[message, message]) error {
	c, ok := ctx.Value(acceptedKey{}).(*accepted)
	if !ok || c.link.Load() == nil {
		return connect.NewError(connect.CodeUnauthenticated, nil)
	}
	if err := c.link.Load().accept(ctx, st, c, c.keys); err != nil {
		return connect.NewError(connect.CodeAborted, nil) // the partner is told by frames alone
	}
	return nil
}

// listener hands out connections that can be told apart and stopped.
type listener struct {
	net.Listener
	server *Server
}

func (ln *listener) Accept() (net.Conn, error) {
	for {
		c, err := ln.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if ln.server.open.Add(1) > maxAccepted {
			ln.server.open.Add(-1)
			ln.server.refused.Add(1)
			kill(c)
			continue
		}
		tune(c)
		return &accepted{Conn: c, server: ln.server}, nil
	}
}

// accepted is one connection to the server; link is set when the caller has
// proven to be a partner.
type accepted struct {
	net.Conn
	server *Server
	keys   pins // set before link
	link   atomic.Pointer[Link]
	closed atomic.Bool
}

// SetLinger makes Close throw away what is not sent.
func (a *accepted) SetLinger(sec int) error {
	if t, ok := a.Conn.(*net.TCPConn); ok {
		return t.SetLinger(sec)
	}
	return nil
}

// Close closes the connection and takes it off its link's list.
func (a *accepted) Close() error {
	err := a.Conn.Close()
	if !a.closed.Swap(true) {
		a.server.open.Add(-1)
		if l := a.link.Load(); l != nil {
			l.untrack(a)
		}
	}
	return err
}
