// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/pairing"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/packs/agreements"
	"github.com/kuroshio-watch/kuroshio/packs/plans"
	"github.com/kuroshio-watch/kuroshio/packs/policies"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// member is one node of the demonstration.
type member struct {
	id       party.ID
	name     string
	lang     string
	dir      string
	console  string // address
	admin    string
	control  string
	link     string
	token    string
	logins   map[string]string // name → password
	passFile string
	supports bool            // it has an agreement and a register
	joint    bool            // it has a joint plan to declare
	keys     *keystore.Store // until the node starts
	held     []io.Closer     // its ports, until the node starts

	proc    *process
	session map[string]*client // by login
	at      time.Time          // up to which it was stepped
	kills   []Kill             // its deaths to come
	deaths  []time.Time
}

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// names of the parties for people.
func display(id party.ID) (name, lang string) {
	switch id {
	case "tw":
		return "Watch floor TW (exercise)", "zh-Hant"
	case "jp":
		return "Watch floor JP (exercise)", "ja"
	}
	return "Joint cell (exercise)", "en"
}

// setUp makes the folder of every node.
func (d *Demo) setUp(ctx context.Context) error {
	sc := d.world.Scenario()
	ids := append(append([]party.ID{}, sc.Parties...), Cell)
	for _, id := range ids {
		m := &member{id: id, dir: filepath.Join(d.dir, string(id)), logins: make(map[string]string), session: make(map[string]*client), kills: d.cfg.KillAt[id]}
		m.name, m.lang = display(id)
		d.nodes = append(d.nodes, m)
	}
	feeds, err := d.addresses()
	if err != nil {
		return err
	}
	if err := d.openLines(); err != nil {
		return err
	}
	for _, m := range d.nodes {
		if err := d.makeNode(ctx, m, feeds); err != nil {
			return fmt.Errorf("make node %s: %w", m.id, err)
		}
	}
	if !d.cfg.NoLink {
		if err := d.pairAll(ctx); err != nil {
			return err
		}
	}
	return nil
}

// abandon lets go of what a demonstration holds that could not be set up.
func (d *Demo) abandon() error {
	var errs []error
	if d.sender != nil {
		errs = append(errs, d.sender.Close())
	}
	for _, m := range d.nodes {
		errs = append(errs, letGo(&m.held))
	}
	d.free()
	return errors.Join(errs...)
}

// free closes the lines and lets other runs have the ports.
func (d *Demo) free() {
	for _, l := range d.lines {
		l.close()
	}
	allPorts.giveBack(d.ports)
}

// openLines lays a line between each two nodes whose line the scenario cuts.
// The others dial each other, so that they find each other also when the
// conductor is gone.
func (d *Demo) openLines() error {
	if d.cfg.NoLink {
		return nil
	}
	for i, a := range d.nodes {
		for _, b := range d.nodes[i+1:] {
			if !d.world.Scenario().Cutting(a.id, b.id) {
				continue
			}
			l, err := openLine(a.id, b.id, b.link)
			if err != nil {
				return err
			}
			d.lines = append(d.lines, l)
		}
	}
	return nil
}

// dialled returns the address at which m finds o.
func (d *Demo) dialled(m, o *member) string {
	if l := d.between(m.id, o.id); l != nil {
		return l.addr()
	}
	return o.link
}

// addresses finds free loopback ports for every node, which stay held until it
// is started, and opens the sockets of the feeds. It returns, by feed, where a
// node listens for it or dials.
func (d *Demo) addresses() (map[string]string, error) {
	for _, m := range d.nodes {
		for _, p := range []*string{&m.console, &m.admin, &m.control, &m.link} {
			got, err := d.hold(&m.held, allPorts.tcp)
			if err != nil {
				return nil, err
			}
			*p = got
		}
	}
	list := d.world.Scenario().Feeds()
	feeds := make(map[string]string)
	for _, f := range list {
		if f.Kind == sim.TCPBeast { // the sender listens, at once
			feeds[f.ID] = "127.0.0.1:0"
			continue
		}
		addr, err := d.hold(&d.member(f.Party).held, allPorts.udp)
		if err != nil {
			return nil, err
		}
		feeds[f.ID] = addr
	}
	var err error
	if d.sender, err = sim.OpenSender(list, feeds); err != nil {
		return nil, fmt.Errorf("open feeds: %w", err)
	}
	for _, f := range list {
		feeds[f.ID] = d.sender.Addr(f.ID)
	}
	return feeds, nil
}

// hold finds a port for this run and holds it with the others of its user.
func (d *Demo) hold(held *[]io.Closer, free func() (port, error)) (addr string, err error) {
	p, err := free()
	if err != nil {
		return "", err
	}
	*held, d.ports = append(*held, p.held), append(d.ports, p.number)
	return p.addr(), nil
}

// makeNode writes what one node needs: a passphrase, keys, people, the policy,
// plans and the configuration.
func (d *Demo) makeNode(ctx context.Context, m *member, feeds map[string]string) error {
	if err := os.MkdirAll(m.dir, folderMode); err != nil {
		return err
	}
	m.token = rand.Text()
	m.passFile = filepath.Join(m.dir, "passphrase")
	files := map[string][]byte{"passphrase": []byte(rand.Text()), "token": []byte(m.token)}
	text, err := d.policyText(m.id)
	if err != nil {
		return err
	}
	files["policy.toml"] = text
	d.supportFiles(m, files)
	d.jointFile(m, files)
	if flights := d.world.Scenario().Plans[m.id]; flights != "" {
		b, err := fs.ReadFile(d.planFiles(), flights)
		if err != nil {
			return fmt.Errorf("read plans: %w", err)
		}
		files["plans.csv"] = b
	}
	files["node.toml"] = []byte(d.configText(m, feeds))
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(m.dir, name), b, fileMode); err != nil {
			return err
		}
	}
	keys, err := keystore.Open(filepath.Join(m.dir, "keystore"), files["passphrase"])
	if err != nil {
		return err
	}
	m.keys = keys
	return m.makePeople(ctx)
}

// policyText returns a node's policy: the demonstration's of its party, or the
// preset that the scenario names, with party and partners put in.
func (d *Demo) policyText(id party.ID) ([]byte, error) {
	preset, named := d.world.Scenario().Policies[id]
	if !named {
		preset = "demo-" + string(id)
	}
	text, ok := policies.Text(preset)
	if !ok {
		return nil, fmt.Errorf("no policy %q is shipped for party %q", preset, id)
	}
	if !named {
		return text, nil
	}
	var partners []string
	for _, p := range d.world.Scenario().Parties {
		if p != id {
			partners = append(partners, strconv.Quote(string(p)))
		}
	}
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "party = "):
			lines[i] = fmt.Sprintf("party = %q", id)
		case strings.HasPrefix(l, "to = "):
			lines[i] = "to = [" + strings.Join(partners, ", ") + "]"
		}
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// supportFiles adds the invented agreement and the register of a party that has
// them.
func (*Demo) supportFiles(m *member, files map[string][]byte) {
	register, ok := agreements.Text("demo-register-" + string(m.id))
	if !ok {
		return
	}
	files["register.toml"] = register
	files["agreement.toml"], _ = agreements.Text(demoAgreement)
	m.supports = true
}

// demoAgreement is made up for the demonstration, and says so.
const demoAgreement = "demo-tw-jp"

// jointFile adds the invented joint plan of a party that has one with a partner.
func (d *Demo) jointFile(m *member, files map[string][]byte) {
	if d.cfg.NoLink {
		return // no partner to declare it to
	}
	for _, o := range d.nodes {
		if text, ok := plans.Text(fmt.Sprintf("demo-%s-%s", m.id, o.id)); ok {
			files["joint.toml"], m.joint = text, true
		}
	}
}

// planFiles is where the scenario's flight plans lie.
func (d *Demo) planFiles() fs.FS {
	if _, err := os.Stat(d.cfg.Scenario); err == nil {
		return os.DirFS(filepath.Dir(d.cfg.Scenario))
	}
	return scenarios.FS
}

// makePeople puts one login of each role into the node's store.
func (m *member) makePeople(ctx context.Context) error {
	st, err := store.Open(ctx, filepath.Join(m.dir, "data"), m.keys, store.DefaultConfig())
	if err != nil {
		return err
	}
	for _, role := range engine.Roles() {
		name := role
		pass := strings.ToLower(rand.Text()[:12])
		hash, err := console.HashPassword(pass)
		if err == nil {
			err = st.PutUser(ctx, store.User{Name: name, Role: role, Hash: hash, Lang: m.lang})
		}
		if err != nil {
			return errors.Join(fmt.Errorf("add %s: %w", name, err), st.Close())
		}
		m.logins[name] = pass
	}
	return st.Close()
}

// configText is the node's configuration, as `kuroshio init` would write it.
func (d *Demo) configText(m *member, feeds map[string]string) string {
	var b strings.Builder
	sc := d.world.Scenario()
	fmt.Fprintf(&b, "# A node of a demonstration: an exercise.\n\n[node]\nparty = %q\nname = %q\ndata = \"data\"\n\n", m.id, m.name)
	fmt.Fprintf(&b, "# The conductor steps the time, so that all nodes run on the scenario's.\n[time]\nmode = \"stepped\"\ncontrol = %q\ntoken = \"token\"\nstart = %q\n\n", m.control, sc.Start.Format(time.RFC3339))
	fmt.Fprintf(&b, "[keystore]\ndir = \"keystore\"\npassphrase_file = \"passphrase\"\n\n[console]\nlisten = %q\n\n[admin]\nlisten = %q\n\n[link]\nlisten = %q\n\n", m.console, m.admin, m.link)
	fmt.Fprintf(&b, "[zones]\npack = \"taiwan-ryukyu\"\n\n[policy]\nfile = \"policy.toml\"\n\n[response]\nt1 = \"3m\"\nt2 = \"10m\"\n\n[watch]\n")
	switch m.id {
	case "tw":
		b.WriteString("adiz = [\"adiz_tw\"]\n")
	case "jp":
		b.WriteString("adiz = [\"adiz_jp\"]\n")
	}
	if sc.Plans[m.id] != "" {
		b.WriteString("plans = \"plans.csv\"\n")
	}
	if m.supports {
		b.WriteString("\n[support]\nagreements = [\"agreement.toml\"]\nregister = \"register.toml\"\n")
	}
	if m.joint {
		b.WriteString("\n[plan]\nfile = \"joint.toml\"\n")
	}
	if !d.cfg.NoLink {
		for i, o := range d.nodes {
			if o == m {
				continue
			}
			fmt.Fprintf(&b, "\n[[partner]]\nid = %q\n", o.id)
			if i > d.index(m) { // one of the two dials
				fmt.Fprintf(&b, "dial = %q\n", d.dialled(m, o))
			}
		}
	}
	for _, f := range sc.Feeds() {
		if f.Party == m.id {
			writeFeed(&b, f, feeds[f.ID])
		}
	}
	return b.String()
}

func (d *Demo) index(m *member) int {
	for i, o := range d.nodes {
		if o == m {
			return i
		}
	}
	return -1
}

// rangeMargin is how far beyond a receiver's nominal range, in nautical miles,
// its node believes a position: a coded one lies within its cell, not on it.
const rangeMargin = 5

func writeFeed(b *strings.Builder, f sim.Feed, addr string) {
	kind := map[sim.Kind]string{sim.UDPASTERIX: "asterix-udp", sim.TCPBeast: "beast-tcp", sim.UDPNMEA: "nmea-udp"}[f.Kind]
	fmt.Fprintf(b, "\n[[feed]]\nname = %q\nkind = %q\naddr = %q\nexercise = true\n", f.ID, kind, addr)
	if r := f.Receiver; r != nil {
		fmt.Fprintf(b, "time_marks = true\nreceiver = { lat = %v, lon = %v, range_nm = %v }\n", r.Site.LatDeg, r.Site.LonDeg, r.Range.NM()+rangeMargin)
	}
	if s := f.Sensor; s != nil {
		fmt.Fprintf(b, "\n[[sensor]]\nfeed = %q\nid = \"%03d/%03d\"\nlat = %v\nlon = %v\nheight_m = %v\nrange_nm = %v\nperiod = %q\nsigma_range_m = %v\nsigma_azimuth_deg = %v\n",
			f.ID, s.Source.SAC, s.Source.SIC, s.Site.LatDeg, s.Site.LonDeg, float64(s.Height), s.Range.NM(), s.Period, float64(s.SigmaRange), float64(s.SigmaAzimuth))
	}
}

// pairAll pairs every two nodes as two officers would: each types the code that
// the other reads out.
func (d *Demo) pairAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for i, a := range d.nodes {
		for _, b := range d.nodes[i+1:] {
			if err := pair(ctx, a, b); err != nil {
				return fmt.Errorf("pair %s with %s: %w", a.id, b.id, err)
			}
		}
	}
	return nil
}

func pair(ctx context.Context, a, b *member) error {
	codeA, codeB := make(chan string, 1), make(chan string, 1)
	addr := make(chan string, 1)
	invited := make(chan error, 1)
	go func() {
		invited <- pairing.Invite(ctx, pairing.Config{
			Listen: "127.0.0.1:0", Self: a.id, Partner: b.id, Keys: a.keys, LinkAddr: a.link,
			Confirm: heard(codeA, codeB), Listening: func(at net.Addr) { addr <- at.String() },
		})
	}()
	var joined error
	select {
	case at := <-addr:
		joined = pairing.Join(ctx, pairing.Config{Addr: at, Self: b.id, Partner: a.id, Keys: b.keys, LinkAddr: b.link, Confirm: heard(codeB, codeA)})
	case err := <-invited:
		return err
	}
	return errors.Join(joined, <-invited)
}

// heard reads the own code out and types what the other side reads out.
func heard(own chan<- string, other <-chan string) func(context.Context, string) (string, error) {
	return func(ctx context.Context, code string) (string, error) {
		own <- code
		select {
		case typed := <-other:
			return typed, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
