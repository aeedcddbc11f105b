// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package console serves the people of one party: it logs them in, keeps their
// sessions, shows the node's published picture over HTTP and WebSocket, and
// hands their acts to the node. It decides nothing about incidents or release,
// keeps no picture of its own, and never shows an error's text: people get
// codes that the page translates.
package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// Node is the node as the console sees it.
type Node interface {
	// View returns the published picture; nil before the first.
	View() *engine.View
	// Changed returns a channel that is closed when there is a newer picture. A
	// closed channel that comes back says that the node has ended.
	Changed() <-chan struct{}
	// Command returns once the act is committed.
	Command(ctx context.Context, c engine.Command) (engine.Reply, error)
}

// Releases answers what leaves, to whom and why.
type Releases interface {
	// Explain is about a track, or about an incident where track is 0. ok is
	// false when there is no such thing.
	Explain(ctx context.Context, track, incident uint32) (list []release.Explanation, ok bool, err error)
	// PartnerView returns what a partner was told last.
	PartnerView(ctx context.Context, to party.ID) ([]record.Record, error)
	// ReleaseStats returns what each rule released and withheld.
	ReleaseStats(ctx context.Context) ([]release.Stat, error)
	// PolicyText returns the text of the policy in force, "" where there is none,
	// and what is proposed.
	PolicyText(ctx context.Context) (text string, p *engine.PolicyProposal, err error)
	// PolicyVersions returns the versions that came in force, oldest first.
	PolicyVersions() ([]engine.KeptPolicy, error)
	// DryRun says what another policy would have released in the past. A bad
	// policy gives a *release.Fault, a time that is not kept engine.ErrPast.
	DryRun(ctx context.Context, text string, from, to time.Time) (engine.DryResult, error)
	Holdings
	// Prove makes the proof of a record for a third person, or returns a code.
	Prove(ctx context.Context, name string, content bool) (proof *journal.Proof, code string, err error)
}

// Supports answers what agreements allow.
type Supports interface {
	// Agreements returns our copies.
	Agreements(ctx context.Context) ([]support.Agreement, error)
	// MatchSupport holds a request against them; code is that of a command.
	MatchSupport(ctx context.Context, to party.ID, a engine.SupportArgs, exercise bool) (v engine.SupportMatchView, code string, err error)
}

// Users holds the people who may log in. *store.Store implements it.
type Users interface {
	// Users lists all by name.
	Users(ctx context.Context) ([]store.User, error)
	// User returns one, or store.ErrNotFound.
	User(ctx context.Context, name string) (store.User, error)
	// PutUser adds one or changes the one of that name.
	PutUser(ctx context.Context, u store.User) error
}

// Journal holds what cannot be unsaid. *store.Store implements all but Verify,
// which needs the keyring.
type Journal interface {
	// Verify recomputes all logs.
	Verify(ctx context.Context) (journal.Report, error)
	// AuditLog returns up to limit entries after number after, and the number
	// of the last one returned.
	AuditLog(ctx context.Context, after uint64, limit int) (list []store.AuditEntry, last uint64, err error)
	// Audit adds entries.
	Audit(ctx context.Context, entries ...store.AuditEntry) error
}

// Config sets up the console.
type Config struct {
	Self     party.ID
	Name     string
	Version  string // of the program
	TimeMode string // "live" or "stepped"
	Partners []party.ID

	Zones json.RawMessage // body of /api/zones; nil: none
	Rules json.RawMessage // body of /api/rules; nil: none
	Land  json.RawMessage // body of /api/land, GeoJSON; nil: none
	Dist  fs.FS           // the page; nil: only the API is served

	Support    Supports        // nil: there are no agreements
	Phrasebook json.RawMessage // body of /api/phrasebook; nil: none
	Messages   Messages        // nil: none

	Links  Links  // what an administrator does with links; nil: nothing
	Feeds  Feeds  // what an administrator does with feeds; nil: nothing
	Radars Radars // how radars are registered; nil: there are none

	TLS bool // the listener speaks TLS: cookies are Secure, HSTS is sent
	Log *slog.Logger
	Now func() time.Time // stamps audit entries; nil: time.Now

	Hash        HashParams    // of new passwords
	IdleTimeout time.Duration // a session ends when neither request nor stream used it so long
	Lifetime    time.Duration // a session ends whatever happens
	MaxStreams  int           // further streams are refused
}

// DefaultConfig returns the limits that a node ships with. A watch lasts twelve
// hours; nobody is thrown out within one while the picture is open.
func DefaultConfig() Config {
	return Config{
		Hash: DefaultHash(), IdleTimeout: 30 * time.Minute, Lifetime: 13 * time.Hour, MaxStreams: 64,
		Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports what of the configuration cannot work.
func (c *Config) Validate() error {
	if _, err := party.Parse(string(c.Self)); err != nil {
		return fmt.Errorf("set up console: %w", err)
	}
	switch {
	case c.Log == nil:
		return errors.New("set up console: no log")
	case c.IdleTimeout <= 0 || c.Lifetime < c.IdleTimeout:
		return errors.New("set up console: want 0 < IdleTimeout <= Lifetime")
	case c.MaxStreams <= 0:
		return errors.New("set up console: want MaxStreams > 0")
	}
	for name, body := range map[string]json.RawMessage{"zones": c.Zones, "rules": c.Rules, "land": c.Land, "phrasebook": c.Phrasebook} {
		if body != nil && !json.Valid(body) {
			return fmt.Errorf("set up console: %s is not JSON", name)
		}
	}
	return c.Hash.validate()
}

// console is the handler. All its methods may run at once.
type console struct {
	cfg      Config
	node     Node
	users    Users
	releases Releases
	journal  Journal

	routes   map[string]map[string]route // by path and method
	files    map[string]*asset           // by path
	api31    *asset                      // the description of the routes
	sessions *sessions
	throttle *throttle
	frames   frames
	hashing  chan struct{} // size 2: checks of passwords at once; each takes the memory of Config.Hash
	checking chan struct{} // size 1: verification of the journal
	drying   chan struct{} // size 1: dry run of a policy
	dummy    string        // hash that an unknown name's password is checked with
	streams  atomic.Int64
	blind    atomic.Bool // the users cannot be read
	writing  sync.Mutex  // held from reading a user to writing it
}

// people is who may use a route.
type people []string

func (p people) include(role string) bool { return slices.Contains(p, role) }

// route is what one method of one path does.
type route struct {
	open bool   // needs no login
	by   people // roles that may use it
	do   func(w http.ResponseWriter, r *http.Request, who person)
}

// NewHandler returns the handler of API and page. It starts nothing; each
// stream ends with its connection, its session, or the node.
func NewHandler(cfg Config, n Node, u Users, r Releases, j Journal) (http.Handler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &console{
		cfg: cfg, node: n, users: u, releases: r, journal: j,
		sessions: newSessions(cfg.IdleTimeout, cfg.Lifetime), throttle: newThrottle(),
		hashing: make(chan struct{}, 2), checking: make(chan struct{}, 1), drying: make(chan struct{}, 1),
	}
	var err error
	if c.dummy, err = cfg.Hash.Hash(rand.Text()); err != nil {
		return nil, fmt.Errorf("set up console: %w", err)
	}
	if c.files, err = loadAssets(cfg.Dist); err != nil {
		return nil, fmt.Errorf("set up console: %w", err)
	}
	c.routes = c.routeTable()
	description, err := c.describe()
	if err != nil {
		return nil, fmt.Errorf("set up console: %w", err)
	}
	c.api31 = newAsset("application/json", description, false)
	return c, nil
}

// routeTable is the whole API. What a role may command is engine.Allowed's to
// say; every role reads the picture.
func (c *console) routeTable() map[string]map[string]route {
	all := people(engine.Roles())
	watch := people{engine.Officer, engine.Supervisor, engine.Administrator, engine.Auditor}
	prepared := func(body json.RawMessage, none string) route {
		if body == nil {
			body = json.RawMessage(none)
		}
		return route{by: all, do: c.prepared(newAsset("application/json", body, false))}
	}
	const get, post = http.MethodGet, http.MethodPost
	return map[string]map[string]route{
		"/api/openapi.json":   {get: {by: all, do: c.openAPI}},
		"/api/info":           {get: {open: true, do: c.info}},
		"/api/login":          {post: {open: true, do: c.login}},
		"/api/logout":         {post: {by: all, do: c.logout}},
		"/api/me":             {get: {by: all, do: c.me}},
		"/api/lang":           {post: {by: all, do: c.lang}},
		"/api/picture":        {get: {by: all, do: c.picture}},
		"/api/stream":         {get: {by: all, do: c.stream}},
		"/api/zones":          {get: prepared(c.cfg.Zones, `{"version":"","zones":[],"places":[],"sectors":{}}`)},
		"/api/rules":          {get: prepared(c.cfg.Rules, `[]`)},
		"/api/land":           {get: prepared(c.cfg.Land, `{"type":"FeatureCollection","features":[]}`)},
		"/api/release":        {get: {by: all, do: c.explain}},
		"/api/partner-view":   {get: {by: all, do: c.partnerView}},
		"/api/peer-view":      {get: {by: all, do: c.peerView}},
		"/api/received":       {get: {by: watch, do: c.received}},
		"/api/evidence":       {get: {by: people{engine.Supervisor, engine.Auditor}, do: c.evidence}},
		"/api/release-stats":  {get: {by: watch, do: c.releaseStats}},
		"/api/policy":         {get: {by: people{engine.Supervisor, engine.Administrator, engine.Auditor}, do: c.policy}},
		"/api/policy/dry-run": {post: {by: people{engine.Supervisor}, do: c.dryRun}},
		"/api/command":        {post: {by: all, do: c.command}},
		"/api/proof":          {get: {by: people{engine.Auditor, engine.Supervisor}, do: c.prove}},
		"/api/journal":        {get: {by: people{engine.Auditor, engine.Supervisor, engine.Administrator}, do: c.verify}},
		"/api/audit":          {get: {by: people{engine.Auditor, engine.Administrator}, do: c.audit}},
		"/api/agreements":     {get: {by: all, do: c.agreements}},
		"/api/support/match":  {get: {by: all, do: c.matchSupport}},
		"/api/phrasebook":     {get: prepared(c.cfg.Phrasebook, `{"edition":"","groups":[],"phrases":[],"handlings":[],"desks":[]}`)},
		"/api/messages":       {get: {by: all, do: c.messages}},
		"/api/fallback-card":  {get: {by: people{engine.Officer, engine.Supervisor}, do: c.fallbackCard}},
		"/api/users": {
			get:  {by: people{engine.Administrator}, do: c.listUsers},
			post: {by: people{engine.Administrator}, do: c.putUser},
		},
		"/api/feeds": {
			get:  {by: people{engine.Supervisor, engine.Administrator, engine.Auditor}, do: c.feeds},
			post: {by: people{engine.Administrator}, do: c.feedAct},
		},
		"/api/registration": {get: {by: people{engine.Supervisor, engine.Administrator, engine.Auditor}, do: c.registration}},
		"/api/link":         {post: {by: people{engine.Administrator}, do: c.linkAct}},
	}
}

// ServeHTTP implements http.Handler.
func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.secure(w.Header())
	if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") {
		c.api(w, r)
		return
	}
	c.static(w, r)
}

// readTimeout bounds how long a request's body may take to come, and
// writeTimeout how long an answer may take to go.
const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
)

// csp lets the page use nothing but what this node serves, and turn no text
// into markup but by the templates of its framework. The bitmaps of the map need
// blob: images.
const csp = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// secure sets the headers that every answer carries.
func (c *console) secure(h http.Header) {
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if c.cfg.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (c *console) api(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	methods, ok := c.routes[r.URL.Path]
	if !ok {
		refuse(w, "not-found")
		return
	}
	rt, ok := methods[method(r)]
	if !ok {
		w.Header().Set("Allow", allow(methods))
		refuseWith(w, http.StatusMethodNotAllowed, "bad-request", nil)
		return
	}
	if r.Method == http.MethodPost && !c.ownPage(r) {
		refuse(w, "forbidden")
		return
	}
	if rt.open {
		rt.do(w, r, person{})
		return
	}
	who, ok := c.who(r)
	if !ok {
		refuse(w, "unauthenticated")
		return
	}
	if !rt.by.include(who.Role) {
		refuse(w, "forbidden")
		return
	}
	rt.do(w, r, who)
}

// method returns the method that answers r: a HEAD is a GET without its body,
// which net/http leaves out.
func method(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

func allow(methods map[string]route) string {
	var list []string
	for m := range methods {
		list = append(list, m)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
