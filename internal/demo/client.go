// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/node"
)

// client is one person's session at one console: the same API that the
// console's page uses.
type client struct {
	base string
	http *http.Client
}

// requestLimit bounds one request to a node.
const requestLimit = 30 * time.Second

// login opens a session for a person of the node.
func (m *member) login(ctx context.Context, name string) (*client, error) {
	if c := m.session[name]; c != nil {
		return c, nil
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &client{base: "http://" + m.console, http: &http.Client{Jar: jar, Timeout: requestLimit}}
	if err := c.post(ctx, "/api/login", map[string]string{"name": name, "password": m.logins[name]}, nil); err != nil {
		return nil, fmt.Errorf("log %s in at %s: %w", name, m.id, err)
	}
	m.session[name] = c
	return c, nil
}

// apiError is what a node's API answers where something is not done.
type apiError struct {
	Status int    `json:"-"`
	Code   string `json:"error"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.Status, e.Code) }

func (c *client) post(ctx context.Context, path string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Kuroshio", "1")
	return c.do(req, answer)
}

func (c *client) get(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	return c.do(req, answer)
}

func (c *client) do(req *http.Request, answer any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		e := &apiError{Status: resp.StatusCode}
		if json.Unmarshal(b, e) != nil || e.Code == "" {
			e.Code = string(bytes.TrimSpace(b))
		}
		return e
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(b, answer)
}

// view returns the node's picture as its viewer sees it.
func (m *member) view(ctx context.Context) (*engine.View, error) {
	c, err := m.login(ctx, engine.Viewer)
	if err != nil {
		return nil, err
	}
	var v engine.View
	if err := c.get(ctx, "/api/picture", &v); err != nil {
		return nil, fmt.Errorf("read picture of %s: %w", m.id, err)
	}
	return &v, nil
}

// step asks the node to go on to now, with all frames that it was sent.
func (m *member) step(ctx context.Context, now time.Time, expect map[string]uint64) error {
	return m.drive(ctx, "/step", node.StepRequest{Now: now, Expect: expect})
}

// flush asks the node to let its links carry what is due.
func (m *member) flush(ctx context.Context) error { return m.drive(ctx, "/flush", struct{}{}) }

// status reads what the node has on its tape.
func (m *member) status(ctx context.Context) (node.StepReply, error) {
	return m.conduct(ctx, http.MethodGet, "/status", nil)
}

func (m *member) drive(ctx context.Context, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = m.conduct(ctx, http.MethodPost, path, b)
	return err
}

func (m *member) conduct(ctx context.Context, method, path string, body []byte) (reply node.StepReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+m.control+path, bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply, fmt.Errorf("node %s: %w", m.id, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		return reply, fmt.Errorf("node %s: %w", m.id, err)
	}
	if reply.Error != "" {
		return reply, fmt.Errorf("node %s: %w", m.id, errors.New(reply.Error))
	}
	return reply, nil
}
