// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// quick is a hash that costs next to nothing.
func quick() console.HashParams { return console.HashParams{MemoryKiB: 8, Passes: 1, Lanes: 1} }

// password is everybody's, good by the rules.
const password = "kelp forest 27"

// secretText is in every error of the fakes and may reach no person.
const secretText = "SECRET-OF-THE-STORE"

var errSecret = errors.New(secretText)

// fakeNode publishes what a test tells it to. The real one needs a tape and a
// store.
type fakeNode struct {
	mu      sync.Mutex
	view    *engine.View
	views   int // how often it was asked
	changed chan struct{}

	got     []engine.Command
	reply   engine.Reply
	err     error
	waiting bool // commands are never answered

	policy   string
	proposal *engine.PolicyProposal
	versions []engine.KeptPolicy
	dryErr   error

	explained []release.Explanation
	records   []record.Record
	stats     []release.Stat
	radars    []engine.RegistrationView
	known     bool
	proof     *journal.Proof
}

func newFakeNode() *fakeNode {
	return &fakeNode{
		view: &engine.View{Seq: 1, Party: "tw", PolicyVersion: "p-1"}, changed: make(chan struct{}), known: true, proof: &journal.Proof{Format: 1, Inclusion: [][]byte{}, Header: []byte{1}, Ciphertext: []byte{2}},
	}
}

func (n *fakeNode) View() *engine.View {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.views++
	if n.view == nil {
		return nil
	}
	v := *n.view
	return &v
}

func (n *fakeNode) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

func (n *fakeNode) publish(v engine.View) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view = &v
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *fakeNode) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.changed)
}

func (n *fakeNode) asked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.views
}

func (n *fakeNode) Command(ctx context.Context, c engine.Command) (engine.Reply, error) {
	if n.waiting {
		<-ctx.Done()
		return engine.Reply{}, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.got = append(n.got, c)
	return n.reply, n.err
}

func (n *fakeNode) PolicyText(context.Context) (string, *engine.PolicyProposal, error) {
	return n.policy, n.proposal, nil
}

func (n *fakeNode) PolicyVersions() ([]engine.KeptPolicy, error) { return n.versions, nil }

func (n *fakeNode) DryRun(_ context.Context, text string, from, to time.Time) (engine.DryResult, error) {
	if n.dryErr != nil {
		return engine.DryResult{}, n.dryErr
	}
	return engine.DryResult{From: from, To: to, Changed: text, Rows: []engine.DryRow{}, Sums: []engine.DrySum{}}, nil
}

func (n *fakeNode) Explain(context.Context, uint32, uint32) ([]release.Explanation, bool, error) {
	return n.explained, n.known, n.err
}

func (n *fakeNode) PartnerView(context.Context, party.ID) ([]record.Record, error) {
	return n.records, n.err
}

func (n *fakeNode) PeerView(_ context.Context, to party.ID) (engine.PeerView, error) {
	return engine.PeerView{Party: to, Items: []engine.PeerItem{}}, n.err
}

func (n *fakeNode) Received(context.Context, party.ID) ([]recall.Received, error) { return nil, n.err }

// Evidence knows the record of id 1 alone.
func (n *fakeNode) Evidence(_ context.Context, _ party.ID, id record.ID) (*record.Record, bool, error) {
	if id != (record.ID{1}) {
		return nil, false, n.err
	}
	return &record.Record{Envelope: record.Envelope{ID: id}}, n.err == nil, n.err
}

func (n *fakeNode) ReleaseStats(context.Context) ([]release.Stat, error) { return n.stats, n.err }

func (n *fakeNode) Registration(context.Context) ([]engine.RegistrationView, error) {
	return n.radars, n.err
}

func (n *fakeNode) Prove(_ context.Context, name string, content bool) (*journal.Proof, string, error) {
	if n.proof == nil {
		return nil, "no-proof-agreed", n.err
	}
	p := *n.proof
	if content {
		p.Key = []byte{1}
	}
	return &p, "", n.err
}

// fakeUsers is a table of users that can fail.
type fakeUsers struct {
	mu      sync.Mutex
	m       map[string]store.User
	readErr error
	putErr  error
}

func (u *fakeUsers) Users(context.Context) ([]store.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var l []store.User
	for _, x := range u.m {
		l = append(l, x)
	}
	slices.SortFunc(l, func(a, b store.User) int { return strings.Compare(a.Name, b.Name) })
	return l, u.readErr
}

func (u *fakeUsers) User(_ context.Context, name string) (store.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.readErr != nil {
		return store.User{}, u.readErr
	}
	x, ok := u.m[name]
	if !ok {
		return store.User{}, store.ErrNotFound
	}
	return x, nil
}

func (u *fakeUsers) PutUser(_ context.Context, x store.User) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.putErr != nil {
		return u.putErr
	}
	u.m[x.Name] = x
	return nil
}

// change edits one user as another program would.
func (u *fakeUsers) change(name string, edit func(*store.User)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x := u.m[name]
	edit(&x)
	u.m[name] = x
}

func (u *fakeUsers) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.readErr = err
}

// fakeJournal keeps the audit log.
type fakeJournal struct {
	mu      sync.Mutex
	entries []store.AuditEntry
	err     error
}

func (j *fakeJournal) Verify(context.Context) (journal.Report, error) {
	return journal.Report{Verified: true, Logs: []journal.LogReport{}}, j.err
}

func (j *fakeJournal) AuditLog(_ context.Context, after uint64, limit int) ([]store.AuditEntry, uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return nil, after, j.err
	}
	l := j.entries[min(int(after), len(j.entries)):]
	l = l[:min(len(l), limit)]
	return l, after + uint64(len(l)), nil
}

func (j *fakeJournal) Audit(_ context.Context, e ...store.AuditEntry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	j.entries = append(j.entries, e...)
	return nil
}

// acts lists what was audited as "who act subject".
func (j *fakeJournal) acts() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var l []string
	for _, e := range j.entries {
		l = append(l, strings.TrimSpace(strings.Join([]string{e.By, e.Act, e.Subject}, " ")))
	}
	return l
}

// desk is a console with its fakes and one user of each role, named after it.
type desk struct {
	feeds   fakeFeeds
	t       testing.TB
	node    *fakeNode
	users   *fakeUsers
	journal *fakeJournal
	logged  *bytes.Buffer
	handler http.Handler
	cfg     console.Config
}

func newDesk(t testing.TB, edit ...func(*console.Config)) *desk {
	t.Helper()
	d := &desk{
		t: t, node: newFakeNode(), users: &fakeUsers{m: make(map[string]store.User)}, journal: &fakeJournal{}, logged: new(bytes.Buffer),
	}
	hash, err := quick().Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range engine.Roles() {
		d.users.m[role] = store.User{Name: role, Role: role, Hash: hash, Lang: "ja"}
	}
	d.cfg = console.DefaultConfig()
	d.cfg.Self, d.cfg.Name, d.cfg.Version, d.cfg.TimeMode = "tw", "Taiwan", "v0", "live"
	d.cfg.Feeds, d.cfg.Radars = &d.feeds, d.node
	d.cfg.Partners, d.cfg.Hash = []party.ID{"jp", "cell"}, quick()
	d.cfg.Log = slog.New(slog.NewTextHandler(d.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, e := range edit {
		e(&d.cfg)
	}
	if d.handler, err = console.NewHandler(d.cfg, d.node, d.users, d.node, d.journal); err != nil {
		t.Fatal(err)
	}
	return d
}

func withDist(f fs.FS) func(*console.Config) { return func(c *console.Config) { c.Dist = f } }

// ask is one request. Its zero value is a GET of nobody.
type ask struct {
	method  string
	body    string
	cookie  *http.Cookie
	header  map[string]string // "" deletes
	address string
}

func (d *desk) do(path string, a ask) *httptest.ResponseRecorder {
	d.t.Helper()
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(d.t.Context(), method, "http://console.test"+path, strings.NewReader(a.body))
	if method == http.MethodPost {
		r.Header.Set("X-Kuroshio", "1")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", "http://console.test")
	}
	for k, v := range a.header {
		if v == "" {
			r.Header.Del(k)
		} else {
			r.Header.Set(k, v)
		}
	}
	if a.cookie != nil {
		r.AddCookie(a.cookie)
	}
	if a.address != "" {
		r.RemoteAddr = a.address
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), secretText) {
		d.t.Errorf("%s %s shows the text of an error: %s", method, path, w.Body)
	}
	return w
}

func (d *desk) post(path, body string, cookie *http.Cookie) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.do(path, ask{method: http.MethodPost, body: body, cookie: cookie})
}

func (d *desk) get(path string, cookie *http.Cookie) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.do(path, ask{cookie: cookie})
}

// tryLogin logs in and returns status, code and cookie.
func (d *desk) tryLogin(name, pass, address string) (int, string, *http.Cookie) {
	d.t.Helper()
	b, err := json.Marshal(map[string]string{"name": name, "password": pass})
	if err != nil {
		d.t.Fatal(err)
	}
	w := d.do("/api/login", ask{method: http.MethodPost, body: string(b), address: address})
	var cookie *http.Cookie
	if c := w.Result().Cookies(); len(c) == 1 {
		cookie = c[0]
	}
	return w.Code, code(w), cookie
}

func (d *desk) login(name string) *http.Cookie {
	d.t.Helper()
	status, c, cookie := d.tryLogin(name, password, "")
	if status != http.StatusOK || cookie == nil {
		d.t.Fatalf("login as %s: %d %s", name, status, c)
	}
	return cookie
}

// code returns the error code of an answer, "" for none.
func code(w *httptest.ResponseRecorder) string {
	var e struct{ Error string }
	_ = json.Unmarshal(w.Body.Bytes(), &e) // an answer without a code has none
	return e.Error
}

func wantCode(t *testing.T, what string, w *httptest.ResponseRecorder, status int, want string) {
	t.Helper()
	if w.Code != status || code(w) != want {
		t.Errorf("%s: got %d %q, want %d %q", what, w.Code, code(w), status, want)
	}
}

// in returns the answer's body as T.
func in[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return v
}

const minute = time.Minute
