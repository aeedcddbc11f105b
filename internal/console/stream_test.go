// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// pipes is a listener without a network, so that time in a bubble stands still
// while all wait.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// served runs a desk's handler as a server inside the bubble until the test
// ends.
type served struct {
	*desk
	client *http.Client
}

func serve(t *testing.T, edit ...func(*console.Config)) *served {
	t.Helper()
	d := newDesk(t, edit...)
	ln := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: d.handler}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // until Close
	}()
	tr := &http.Transport{DialContext: ln.dial, DisableKeepAlives: true}
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
		tr.CloseIdleConnections()
	})
	return &served{desk: d, client: &http.Client{Transport: tr}}
}

// frame is one picture as it came in.
type frame struct {
	at  time.Duration // since the stream began
	seq uint64
}

// watcher is one client of the stream.
type watcher struct {
	conn *websocket.Conn

	mu     sync.Mutex
	frames []frame
	err    error         // how it ended
	ended  chan struct{} // closed then
	after  time.Duration
}

func (s *served) dial(cookie *http.Cookie, header map[string]string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	if cookie != nil {
		h.Set("Cookie", cookie.Name+"="+cookie.Value)
	}
	for k, v := range header {
		h.Set(k, v)
	}
	return websocket.Dial(s.t.Context(), "ws://console.test/api/stream", &websocket.DialOptions{HTTPClient: s.client, HTTPHeader: h})
}

func (s *served) watch(cookie *http.Cookie) *watcher {
	s.t.Helper()
	conn, _, err := s.dial(cookie, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	w := &watcher{conn: conn, ended: make(chan struct{})}
	s.t.Cleanup(func() {
		_ = conn.CloseNow()
		<-w.ended
	})
	began := time.Now()
	go func() {
		defer close(w.ended)
		for {
			kind, b, err := conn.Read(context.Background())
			w.mu.Lock()
			var v engine.View
			if err == nil {
				err = json.Unmarshal(b, &v)
			}
			if err == nil && kind != websocket.MessageText {
				err = errors.New("frame is not text")
			}
			if err != nil {
				w.err, w.after = err, time.Since(began)
				w.mu.Unlock()
				return
			}
			w.frames = append(w.frames, frame{time.Since(began), v.Seq})
			w.mu.Unlock()
		}
	}()
	return w
}

func (w *watcher) got() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var l []string
	for _, f := range w.frames {
		l = append(l, fmt.Sprintf("%d@%v", f.seq, f.at))
	}
	return strings.Join(l, " ")
}

// end waits for the stream's end and returns the close status and when it was.
func (w *watcher) end() (websocket.StatusCode, time.Duration) {
	<-w.ended
	return websocket.CloseStatus(w.err), w.after
}

func (w *watcher) open() bool {
	select {
	case <-w.ended:
		return false
	default:
		return true
	}
}

func TestStream(t *testing.T) {
	tests := map[string]func(t *testing.T, s *served){
		"the first picture comes at once, later ones twice a second, the newest wins": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			synctest.Wait()
			if got := w.got(); got != "1@0s" {
				t.Fatalf("at once: got %s", got)
			}
			for seq := uint64(2); seq <= 21; seq++ { // one each 100 ms
				time.Sleep(100 * time.Millisecond)
				s.node.publish(engine.View{Seq: seq})
			}
			time.Sleep(time.Second)
			if got, want := w.got(), "1@0s 6@500ms 11@1s 16@1.5s 21@2s"; got != want && !paced(w) {
				t.Errorf("got %s, want about %s", got, want)
			}
			n := len(w.frames)
			if w.frames[n-1].seq != 21 || n > 6 {
				t.Errorf("got %s, want at most six and 21 last", w.got())
			}
		},
		"a picture after a silence comes at once": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			time.Sleep(7 * time.Second)
			s.node.publish(engine.View{Seq: 2})
			synctest.Wait()
			if got := w.got(); got != "1@0s 2@7s" {
				t.Errorf("got %s", got)
			}
		},
		"a node without a picture sends its first when it has one": func(t *testing.T, s *served) {
			s.node.view = nil
			w := s.watch(s.login("viewer"))
			time.Sleep(time.Second)
			s.node.publish(engine.View{Seq: 5})
			synctest.Wait()
			if got := w.got(); got != "5@1s" {
				t.Errorf("got %s", got)
			}
		},
		"a picture is made once for all": func(t *testing.T, s *served) {
			cookie := s.login("viewer")
			var all []*watcher
			for range 10 {
				all = append(all, s.watch(cookie))
			}
			time.Sleep(time.Second)
			before := s.node.asked()
			s.node.publish(engine.View{Seq: 2})
			time.Sleep(time.Second)
			if n := s.node.asked() - before; n != 1 {
				t.Errorf("ten clients made the node's view %d times", n)
			}
			for _, w := range all {
				if got := w.got(); !strings.HasSuffix(got, " 2@1s") {
					t.Errorf("got %s", got)
				}
			}
		},
		"a slow client is dropped and holds up nobody": func(t *testing.T, s *served) {
			cookie := s.login("viewer")
			slow, _, err := s.dial(cookie, nil) // and never reads
			if err != nil {
				t.Fatal(err)
			}
			w := s.watch(cookie)
			for seq := uint64(2); seq <= 9; seq++ {
				time.Sleep(time.Second)
				s.node.publish(engine.View{Seq: seq})
			}
			synctest.Wait()
			if got := w.got(); got != "1@0s 2@1s 3@2s 4@3s 5@4s 6@5s 7@6s 8@7s 9@8s" {
				t.Errorf("the other got %s", got)
			}
			time.Sleep(15 * time.Second)
			_, _, err = slow.Read(t.Context())
			if err == nil {
				_, _, err = slow.Read(t.Context())
			}
			if err == nil {
				t.Error("the slow client is still served")
			}
			_ = slow.CloseNow()
		},
		"an open stream keeps its session, up to its lifetime": func(t *testing.T, s *served) {
			cookie := s.login("viewer")
			w := s.watch(cookie)
			time.Sleep(2 * time.Hour)
			synctest.Wait()
			if !w.open() || s.get("/api/me", cookie).Code != 200 {
				t.Fatalf("after two hours: open %v", w.open())
			}
			status, after := w.end()
			if status != websocket.StatusPolicyViolation || after < 13*time.Hour || after > 13*time.Hour+10*time.Second {
				t.Errorf("ended with %v after %v", status, after)
			}
		},
		"logout ends it at once": func(t *testing.T, s *served) {
			cookie := s.login("viewer")
			w := s.watch(cookie)
			time.Sleep(time.Second)
			s.post("/api/logout", `{}`, cookie)
			if status, after := w.end(); status != websocket.StatusPolicyViolation || after != time.Second {
				t.Errorf("ended with %v after %v", status, after)
			}
		},
		"an administrator ends it at once": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			time.Sleep(time.Second)
			s.post("/api/users", `{"name":"viewer","disabled":true}`, s.login("administrator"))
			if status, after := w.end(); status != websocket.StatusPolicyViolation || after != time.Second {
				t.Errorf("ended with %v after %v", status, after)
			}
		},
		"a person disabled elsewhere is out within ten seconds": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			time.Sleep(time.Second)
			s.users.change("viewer", func(u *store.User) { u.Disabled = true })
			if _, after := w.end(); after > 11*time.Second {
				t.Errorf("ended after %v", after)
			}
		},
		"the end of the node ends it": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			time.Sleep(time.Second)
			s.node.end()
			if status, after := w.end(); status != websocket.StatusGoingAway || after > 2*time.Second {
				t.Errorf("ended with %v after %v", status, after)
			}
		},
		"a client that talks is closed": func(t *testing.T, s *served) {
			w := s.watch(s.login("viewer"))
			synctest.Wait()
			if err := w.conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if status, after := w.end(); after > time.Second || status != websocket.StatusPolicyViolation {
				t.Errorf("ended with %v after %v", status, after)
			}
		},
	}
	for name, fn := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { fn(t, serve(t)) }) })
	}
}

// paced reports whether frames came at least half a second apart and in order.
func paced(w *watcher) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := 1; i < len(w.frames); i++ {
		if w.frames[i].at-w.frames[i-1].at < 500*time.Millisecond || w.frames[i].seq <= w.frames[i-1].seq {
			return false
		}
	}
	return true
}

func TestStreamIsRefused(t *testing.T) {
	tests := map[string]struct {
		header  map[string]string
		nobody  bool
		status  int
		errCode string
	}{
		"without login":       {nobody: true, status: 401, errCode: "unauthenticated"},
		"from a foreign page": {header: map[string]string{"Origin": "http://evil.test"}, status: 403, errCode: "forbidden"},
		"from a sandbox":      {header: map[string]string{"Origin": "null"}, status: 403, errCode: "forbidden"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t)
				cookie := s.login("viewer")
				if tt.nobody {
					cookie = nil
				}
				_, res, err := s.dial(cookie, tt.header)
				if err == nil {
					t.Fatal("it opens")
				}
				b, _ := io.ReadAll(res.Body)
				if res.StatusCode != tt.status || string(b) != `{"error":"`+tt.errCode+`"}` {
					t.Errorf("got %d %s", res.StatusCode, b)
				}
			})
		})
	}
	t.Run("as a plain request", func(t *testing.T) {
		d := newDesk(t)
		wantCode(t, "answer", d.get("/api/stream", d.login("viewer")), http.StatusBadRequest, "bad-request")
	})
	t.Run("beyond the limit, until one has gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, func(c *console.Config) { c.MaxStreams = 2 })
			cookie := s.login("viewer")
			first := s.watch(cookie)
			s.watch(cookie)
			_, res, err := s.dial(cookie, nil)
			if err == nil || res.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("third: %v %v", res, err)
			}
			_ = first.conn.CloseNow()
			time.Sleep(time.Second)
			s.watch(cookie)
		})
	})
}

func TestStreamFromOurPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		conn, _, err := s.dial(s.login("viewer"), map[string]string{"Origin": "http://console.test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(t.Context()); err != nil {
			t.Error(err)
		}
		_ = conn.CloseNow()
	})
}

func TestCommandTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.node.waiting = true
		cookie, began := d.login("officer"), time.Now()
		wantCode(t, "answer", d.post("/api/command", `{"verb":"log","text":"x"}`, cookie), http.StatusGatewayTimeout, "timeout")
		if after := time.Since(began); after >= 5*time.Second {
			t.Errorf("answered after %v; the page gives up after 5 s", after)
		}
	})
}

// TestSlowBody: a client that sends its body a little at a time is cut off.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		r, w := io.Pipe()
		defer w.Close()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://console.test/api/login", r)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Kuroshio", "1")
		req.Header.Set("Content-Type", "application/json")
		began := time.Now()
		res, err := s.client.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if after := time.Since(began); after > 11*time.Second {
			t.Errorf("cut off after %v", after)
		}
	})
}

func BenchmarkStreamFanOut(b *testing.B) {
	v := engine.View{Party: "tw"}
	for i := range 5000 {
		v.Tracks = append(v.Tracks, engine.TrackView{
			N: uint32(i), Domain: "air", State: "confirmed", Sources: []string{"radar-1", "adsb-1"}, Callsign: fmt.Sprintf("ABC%d", i),
		})
	}
	d := newDesk(b)
	d.node.view = &v
	cookie := d.login("viewer")
	b.ReportAllocs()
	var octets int
	for b.Loop() {
		v.Seq++
		d.node.publish(v)
		for range 50 { // clients
			octets = d.get("/api/picture", cookie).Body.Len()
		}
	}
	b.ReportMetric(float64(octets), "B/picture")
	b.ReportMetric(50*float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}
