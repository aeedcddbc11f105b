// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package call does from a command line what the console's page does: it logs
// one person in to a running node and uses the same API, by the node's own
// description of it. It keeps no session and shows no password.
package call

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/openapi"
	"github.com/kuroshio-watch/kuroshio/web"
)

// limit bounds one request. Recomputing all logs takes longest.
const limit = 6 * time.Minute

// maxAnswer bounds one answer, in octets.
const maxAnswer = 256 << 20

// Client is one person's session at one node.
type Client struct {
	base string
	lang string
	http *http.Client
}

// Refused is what the node answers where something is not done.
type Refused struct {
	Code   string
	Status int
	Text   string // of the code, in the person's language
}

func (r *Refused) Error() string { return r.Code + ": " + r.Text }

// ErrUnreachable is wrapped where the node did not answer.
var ErrUnreachable = errors.New("no answer from the node")

// New returns a client that is not logged in. ca is a PEM file's content with
// the node's certificate or its issuer's, nil for the system's.
func New(base, lang string, ca []byte) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") || u.User != nil {
		return nil, fmt.Errorf("address %q: want http://HOST:PORT or https://HOST:PORT", base)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13}}
	if ca != nil {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("read certificate: none is in the file")
		}
	}
	return &Client{base: u.Scheme + "://" + u.Host, lang: lang, http: &http.Client{
		Jar: jar, Timeout: limit, Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Login begins a session.
func (c *Client) Login(ctx context.Context, name, password string) error {
	_, err := c.Post(ctx, "/api/login", map[string]any{"name": name, "password": password})
	return err
}

// Logout ends the session. The node ends it by itself where this fails.
func (c *Client) Logout(ctx context.Context) {
	_, _ = c.Post(ctx, "/api/logout", map[string]any{}) // it ends by itself
	c.http.CloseIdleConnections()
}

// Get returns the answer to a GET of an API path.
func (c *Client) Get(ctx context.Context, path string) (json.RawMessage, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

// Post returns the answer to a POST.
func (c *Client) Post(ctx context.Context, path string, body any) (json.RawMessage, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return c.do(ctx, http.MethodPost, path, b)
}

func (c *Client) do(ctx context.Context, method, path string, body []byte) (json.RawMessage, error) {
	if !strings.HasPrefix(path, "/api/") {
		return nil, fmt.Errorf("path %q: want one below /api/", path)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Kuroshio", "1")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("%w: the answer is longer than %d octets", ErrUnreachable, maxAnswer)
	case resp.StatusCode != http.StatusOK:
		return nil, c.refused(resp.StatusCode, b)
	case !json.Valid(b):
		return nil, fmt.Errorf("%w: the answer is not JSON", ErrUnreachable)
	}
	return b, nil
}

func (c *Client) refused(status int, body []byte) error {
	var e struct{ Error string }
	if json.Unmarshal(body, &e) != nil || e.Error == "" {
		return fmt.Errorf("%w: status %d", ErrUnreachable, status)
	}
	r := &Refused{Code: e.Error, Status: status, Text: e.Error}
	texts, err := web.Texts(c.lang)
	if err != nil {
		return err
	}
	if t := texts["errors."+e.Error]; t != "" {
		r.Text = t
	}
	return r
}

// Act does a verb with its arguments as a person writes them, such as
// "incident=3" or "plan.ends=2026-12-01T00:00:00Z".
func (c *Client) Act(ctx context.Context, verb string, args []string, file func(name string) ([]byte, error)) (json.RawMessage, error) {
	return c.Send(ctx, "/api/command", append([]string{"verb=" + verb}, args...), file)
}

// Send posts arguments to a path, each in the type that the node's description
// of it says.
func (c *Client) Send(ctx context.Context, path string, args []string, file func(name string) ([]byte, error)) (json.RawMessage, error) {
	b, err := c.Get(ctx, "/api/openapi.json")
	if err != nil {
		return nil, err
	}
	var doc openapi.Document
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read the node's description: %w", err)
	}
	o := doc.Paths[path]["post"]
	if o == nil {
		return nil, fmt.Errorf("path %q: the node takes nothing there", path)
	}
	s := &openapi.Schema{Type: "object"}
	if o.RequestBody != nil {
		s = o.RequestBody.Content["application/json"].Schema
	}
	body, err := Body(doc.Components.Schemas, s, args, file)
	if err != nil {
		return nil, err
	}
	return c.Post(ctx, path, body)
}
