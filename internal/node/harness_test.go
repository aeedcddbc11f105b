// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// patience bounds every wait of these tests; none waits that long where the
// node is right.
const patience = 60 * time.Second

const passphrase = "a passphrase that no log may hold"

// rig is one node in this process, with its folder.
type rig struct {
	dir    string
	cfg    *config.Config
	faults node.Faults
	log    *logBuffer
	token  string

	n    *node.Node
	stop context.CancelFunc
	done chan error
}

// logBuffer keeps a node's log.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newRig makes the folder of a live node with a keystore that is cheap to
// open. It has no feed and no partner.
func newRig(t testing.TB, id party.ID, dir string) *rig {
	t.Helper()
	cfg := config.Default()
	cfg.Node.Party, cfg.Node.Name, cfg.Node.Data = string(id), string(id), filepath.Join(dir, "data")
	cfg.Keystore.Dir = filepath.Join(dir, "keystore")
	cfg.Console.Listen, cfg.Admin.Listen = freeTCP(t), freeTCP(t)
	ks, err := keystore.OpenKDF(cfg.Keystore.Dir, []byte(passphrase), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := ks.Close(); err != nil {
		t.Fatal(err)
	}
	return &rig{dir: dir, cfg: &cfg, log: &logBuffer{}}
}

// stepped puts the rig under a conductor.
func (r *rig) stepped(t testing.TB, start time.Time) *rig {
	t.Helper()
	r.token = "conductor's secret"
	path := filepath.Join(r.dir, "token")
	if err := os.WriteFile(path, []byte(r.token), 0o600); err != nil {
		t.Fatal(err)
	}
	r.cfg.Time = config.Time{Mode: "stepped", Control: freeTCP(t), Token: path, Start: start.Format(time.RFC3339)}
	return r
}

// policy gives the rig a release policy.
func (r *rig) policy(t testing.TB, text []byte) *rig {
	t.Helper()
	r.cfg.Policy.File = filepath.Join(r.dir, "policy.toml")
	if err := os.WriteFile(r.cfg.Policy.File, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// pair makes two rigs partners, without the ceremony.
func pair(t testing.TB, a, b *rig) {
	t.Helper()
	var own [2]*keystore.Pair
	var keys [2]*keystore.Store
	for i, r := range []*rig{a, b} {
		var err error
		if own[i], err = keystore.NewPair(); err != nil {
			t.Fatal(err)
		}
		if keys[i], err = keystore.Open(r.cfg.Keystore.Dir, []byte(passphrase)); err != nil {
			t.Fatal(err)
		}
	}
	linktest.Keep(t, keys[0], party.ID(b.cfg.Node.Party), own[0], own[1])
	linktest.Keep(t, keys[1], party.ID(a.cfg.Node.Party), own[1], own[0])
	for _, k := range keys {
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// connect configures a link that a dials to b, over the line where there is
// one.
func connect(t testing.TB, a, b *rig, line *linktest.Proxy) {
	t.Helper()
	if b.cfg.Link.Listen == "" {
		b.cfg.Link.Listen = freeTCP(t)
	}
	dial := b.cfg.Link.Listen
	if line != nil {
		dial = line.Addr()
	}
	a.cfg.Partners = []config.Partner{{ID: b.cfg.Node.Party, Dial: dial}}
	b.cfg.Partners = []config.Partner{{ID: a.cfg.Node.Party}}
}

// open starts the node. It is stopped with the test.
func (r *rig) open(t testing.TB) {
	t.Helper()
	if err := r.tryOpen(t); err != nil {
		t.Fatalf("open node %s: %v", r.cfg.Node.Party, err)
	}
	r.ready(t)
}

func (r *rig) tryOpen(t testing.TB) error {
	t.Helper()
	n, err := node.Open(t.Context(), r.cfg, node.Options{
		Version: "test", Passphrase: []byte(passphrase), Faults: r.faults,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- errors.Join(n.Run(ctx), n.Close()) }()
	r.n, r.stop, r.done = n, cancel, done
	t.Cleanup(func() { _ = r.halt() }) // tests that care look at the error themselves
	return nil
}

// ready waits until the node's listeners are open.
func (r *rig) ready(t testing.TB) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	client := &http.Client{Timeout: patience}
	for {
		resp, err := client.Get("http://" + r.cfg.Admin.Listen + "/healthz") //nolint:noctx // it has a timeout
		if err == nil {
			_ = resp.Body.Close() // it answered
			return
		}
		select {
		case err := <-r.done:
			r.n = nil
			t.Fatalf("node %s ended at its start: %v", r.cfg.Node.Party, err)
		case <-limit.C:
			t.Fatalf("node %s does not answer: %v", r.cfg.Node.Party, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// halt stops the node cleanly and returns how that went.
func (r *rig) halt() error {
	if r.n == nil {
		return nil
	}
	r.n = nil
	r.stop()
	return <-r.done
}

// await waits until the node's picture is as wanted.
func (r *rig) await(t testing.TB, what string, ok func(*engine.View) bool) *engine.View {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := r.n.Changed()
		v := r.n.View()
		if v != nil && ok(v) {
			return v
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond): // the link's own figures change without a new picture
		case err := <-r.done:
			r.n = nil
			t.Fatalf("node %s ended while it was to be: %s: %v", r.cfg.Node.Party, what, err)
		case <-limit.C:
			b, _ := json.Marshal(v)
			t.Fatalf("node %s never was: %s\n%s\nlog:\n%s", r.cfg.Node.Party, what, b, r.log)
		}
	}
}

func linkIs(state string) func(*engine.View) bool {
	return func(v *engine.View) bool { return len(v.Links) > 0 && v.Links[0].State == state }
}

// do gives an order as a person of that role.
func (r *rig) do(t testing.TB, role string, c engine.Command) engine.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if c.By == "" {
		c.By = role
	}
	c.Role = role
	reply, err := r.n.Command(ctx, c)
	if err != nil {
		t.Fatalf("%s at %s: %v", c.Verb, r.cfg.Node.Party, err)
	}
	return reply
}

// must is do where nothing may be refused.
func (r *rig) must(t testing.TB, role string, c engine.Command) engine.Reply {
	t.Helper()
	reply := r.do(t, role, c)
	if reply.Code != "" {
		t.Fatalf("%s at %s = %q, want done", c.Verb, r.cfg.Node.Party, reply.Code)
	}
	return reply
}

// conduct asks the node's control server.
func (r *rig) conduct(ctx context.Context, path string, body any) (reply node.StepReply, err error) {
	b, err := json.Marshal(body)
	if err != nil {
		return reply, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.cfg.Time.Control+path, bytes.NewReader(b))
	if err != nil {
		return reply, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("%s at %s: %d %s %w", path, r.cfg.Node.Party, resp.StatusCode, text, err)
	}
	return reply, json.Unmarshal(text, &reply)
}

// get reads one address of the admin server.
func (r *rig) get(t testing.TB, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + r.cfg.Admin.Listen + path) //nolint:noctx // loopback, in a test
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// inspect opens keystore and store of a node that does not run.
func (r *rig) inspect(t testing.TB, look func(*keystore.Store, *store.Store)) {
	t.Helper()
	keys, err := keystore.Open(r.cfg.Keystore.Dir, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	sc := store.DefaultConfig()
	sc.Witness = keys
	if sc.Audit, err = keys.AuditSigner(); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), r.cfg.Node.Data, keys, sc)
	if err != nil {
		t.Fatal(err)
	}
	look(keys, st)
	if err := errors.Join(st.Close(), keys.Close()); err != nil {
		t.Fatal(err)
	}
}

// nextPort is a port below those that the system gives out by itself, so that
// no connection of another test takes it before the node does, and below those of
// demonstrations, whose senders go on while a node of theirs is down. It begins by
// chance, for tests in other processes, and no port comes twice in one.
var nextPort = func() func() int {
	const first, ports = 12_000, 8_000
	var n atomic.Int64
	n.Store(rand.Int64N(ports))
	return func() int { return first + int(n.Add(1)%ports) }
}()

func freePort(t testing.TB, listen func(addr string) (io.Closer, error)) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", nextPort())
		l, err := listen(addr)
		if err != nil {
			continue // taken
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return addr
	}
	t.Fatal("no free port")
	return ""
}

func freeTCP(t testing.TB) string {
	t.Helper()
	return freePort(t, func(addr string) (io.Closer, error) { return net.Listen("tcp", addr) })
}

func freeUDP(t testing.TB) string {
	t.Helper()
	return freePort(t, func(addr string) (io.Closer, error) { return net.ListenPacket("udp", addr) })
}

// errDisk is what a full disk answers.
var errDisk = errors.New("no space left on device")

// fullDisk fails every write while it is on, and tells of each.
type fullDisk struct {
	on    atomic.Bool
	tried chan struct{}
}

func newFullDisk() *fullDisk { return &fullDisk{tried: make(chan struct{}, 1<<16)} }

// BeforeWrite implements node.Faults.
func (d *fullDisk) BeforeWrite(string) error {
	if !d.on.Load() {
		return nil
	}
	select {
	case d.tried <- struct{}{}:
	default:
	}
	return errDisk
}

// await waits until that many writes have failed.
func (d *fullDisk) await(t testing.TB, n int) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for range n {
		select {
		case <-d.tried:
		case <-limit.C:
			t.Fatal("the node gave up to write")
		}
	}
}

// nthWrite fails one write.
type nthWrite struct {
	at    int64
	count atomic.Int64
}

// BeforeWrite implements node.Faults.
func (f *nthWrite) BeforeWrite(op string) error {
	if f.count.Add(1) == f.at {
		return fmt.Errorf("write %d (%s): %w", f.at, op, errDisk)
	}
	return nil
}
