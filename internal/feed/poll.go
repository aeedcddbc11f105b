// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	pollTimeout = 10 * time.Second
	maxAnswer   = 16 << 20 // octets of one answer, unpacked; a longer one is refused whole
	maxHeader   = 64 << 10
)

// poll asks for a URL every interval until an answer fails or ctx ends. An
// answer that is the same as the last tells nothing new.
func (f *Feed) poll(ctx context.Context) error {
	transport := &http.Transport{
		TLSClientConfig: f.cfg.TLS.Clone(), ForceAttemptHTTP2: true, MaxIdleConns: 1,
		IdleConnTimeout: 2 * f.cfg.Every, MaxResponseHeaderBytes: maxHeader,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: f.asking, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // nobody but the configuration says whom we ask
	}}
	var at int64
	for {
		body, err := f.ask(ctx, client)
		if err != nil {
			return err
		}
		f.setUp(true, "", "")
		if sum := sha256.Sum256(body); sum != f.answered {
			f.answered = sum
			s := &sender{now: f.cfg.Now, base: at}
			c := f.cutter(ctx, s)
			if err := errors.Join(c.push(body), c.end()); errors.Is(err, errEnd) {
				return errEnd
			}
		} else {
			f.ignore()
		}
		at += int64(len(body))
		if !sleep(ctx, f.cfg.Every) {
			return errEnd
		}
	}
}

func (f *Feed) ask(ctx context.Context, client *http.Client) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.cfg.Addr, nil)
	if err != nil {
		return nil, fmt.Errorf("ask feed: %w", err)
	}
	if f.cfg.User != "" {
		req.SetBasicAuth(f.cfg.User, f.cfg.Password)
	} else if f.cfg.Password != "" {
		req.Header.Set("Authorization", "Bearer "+f.cfg.Password)
	}
	resp, err := client.Do(req)
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err // without the URL, in which a key may stand
	}
	if err != nil {
		return nil, fmt.Errorf("ask feed: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		f.refuse(0, ReasonHTTP)
		return nil, fmt.Errorf("ask feed: answer %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask feed: %w", err)
	case len(body) > maxAnswer:
		f.refuse(0, ReasonHTTP)
		return nil, errors.New("ask feed: the answer is longer than 16 MiB")
	}
	return body, nil
}

// bucket lets so many frames a second pass, and twice as many at once, but
// always one.
type bucket struct {
	rate  float64 // 0: all
	level float64
	at    time.Time
}

// take reports whether one more may pass at now.
func (b *bucket) take(now time.Time) bool {
	if b.rate == 0 {
		return true
	}
	most := max(2*b.rate, 1)
	if b.at.IsZero() {
		b.level, b.at = most, now
	}
	if d := now.Sub(b.at); d > 0 {
		b.level, b.at = min(b.level+d.Seconds()*b.rate, most), now
	}
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
