// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// floor is one party's node with a binary of its own: everything about it, its
// folders included, is made by that binary.
type floor struct {
	t                    *testing.T
	exe                  string
	id, other            party.ID
	dir                  string
	console, admin, link string
	http                 *http.Client
	proc                 *exec.Cmd
	log                  bytes.Buffer
}

const floorPassword = "kelp forest 27"

// releasesAll lets incidents go at once.
const releasesAll = `version = 1
party = %q
distress = true
[label]
policy = "test"
classification = "releasable"
purpose = "test"
retention = "24h"
[[rule]]
id = "all"
effect = "allow"
to = [%q]
kinds = ["incident"]
[rule.then]
grid = "5km"
height_band = "1000ft"
time_bin = "20s"
slot = "1s"
delay = "0s"
fields = ["identity", "type", "course", "speed", "height", "zone", "rule", "count"]
`

func newFloor(t *testing.T, exe string, id, other party.ID) *floor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &floor{
		t: t, exe: exe, id: id, other: other, dir: t.TempDir(), console: freeAddr(t), admin: freeAddr(t), link: freeAddr(t),
		http: &http.Client{Jar: jar, Timeout: 20 * time.Second},
	}
	f.write("pass", "test")
	f.write("policy.toml", fmt.Sprintf(releasesAll, id, other))
	return f
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // only its address is wanted
	return ln.Addr().String()
}

func (f *floor) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// configure writes a configuration with keys that every version knows.
func (f *floor) configure(dial string) {
	f.t.Helper()
	f.write("node.toml", fmt.Sprintf(`[node]
party = %q
[keystore]
passphrase_file = "pass"
[console]
listen = %q
[admin]
listen = %q
[link]
listen = %q
[policy]
file = "policy.toml"
[[partner]]
id = %q
dial = %q
`, f.id, f.console, f.admin, f.link, f.other, dial))
}

func (f *floor) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(f.t.Context(), f.exe, append(args, "-c", filepath.Join(f.dir, "node.toml"))...) //nolint:gosec // a binary of ours
	cmd.Stderr = &f.log
	return cmd
}

// run runs one command of the floor's binary and returns what it prints.
func (f *floor) run(stdin string, args ...string) string {
	f.t.Helper()
	cmd := f.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("%s: %s: %v\n%s\n%s", f.id, strings.Join(args, " "), err, out, f.log.String())
	}
	return string(out)
}

var (
	codeShown = regexp.MustCompile(`(?m)^    (\d{5} \d{5})\s*$`)
	addrShown = regexp.MustCompile(`Waiting at (\S+) `)
)

// officer is one at the telephone with the screen of an invite or a join.
type officer struct {
	cmd  *exec.Cmd
	keys io.WriteCloser
	text *bufio.Reader
}

func (f *floor) officer(args ...string) *officer {
	f.t.Helper()
	o := &officer{cmd: f.command(args...)}
	var err error
	if o.keys, err = o.cmd.StdinPipe(); err != nil {
		f.t.Fatal(err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	o.text = bufio.NewReader(out)
	if err := o.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	return o
}

// read returns what the screen shows of that pattern.
func (o *officer) read(t *testing.T, what *regexp.Regexp) string {
	t.Helper()
	for {
		line, err := o.text.ReadString('\n')
		if m := what.FindStringSubmatch(line); m != nil {
			return m[1]
		}
		if err != nil {
			t.Fatalf("the screen never showed %s: %v", what, err)
		}
	}
}

// pairFloors lets two officers pair by voice, each with the own binary.
func pairFloors(t *testing.T, host, guest *floor) {
	t.Helper()
	a := host.officer("invite", string(guest.id))
	b := guest.officer("join", string(host.id), "--addr", a.read(t, addrShown))
	codeA, codeB := a.read(t, codeShown), b.read(t, codeShown)
	fmt.Fprintln(a.keys, codeB)
	fmt.Fprintln(b.keys, codeA)
	for _, o := range []*officer{a, b} {
		_, _ = io.Copy(io.Discard, o.text) // its end follows
		if err := o.cmd.Wait(); err != nil {
			t.Fatalf("pair: %v\n%s\n%s", err, host.log.String(), guest.log.String())
		}
	}
}

// start runs the node until the end of the test.
func (f *floor) start() {
	f.t.Helper()
	f.run(floorPassword+"\n", "user", "add", "officer", "--role", "officer")
	f.proc = f.command("node")
	f.proc.Stdout = &f.log
	if err := f.proc.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = f.proc.Process.Kill() }) // when the test ended early
	f.eventually("healthy", func() bool {
		resp, err := f.http.Get("http://" + f.admin + "/healthz") //nolint:noctx // it has a timeout
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
	f.post("/api/login", map[string]string{"name": "officer", "password": floorPassword})
}

// stop ends the node cleanly and verifies its journal with its own binary.
func (f *floor) stop() string {
	f.t.Helper()
	if err := f.proc.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	if err := f.proc.Wait(); err != nil {
		f.t.Errorf("node %s: %v\n%s", f.id, err, f.log.String())
	}
	return f.run("", "journal", "verify")
}

func (f *floor) eventually(what string, ok func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 40*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.t.Fatalf("node %s was never %s\n%s", f.id, what, f.log.String())
		}
	}
}

func (f *floor) post(path string, body any) {
	f.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, "http://"+f.console+path, bytes.NewReader(b))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Kuroshio", "1")
	resp, err := f.http.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: %s answers %d %s, %v", f.id, path, resp.StatusCode, text, err)
	}
}

// get returns an answer as text; "" while there is none.
func (f *floor) get(url string) string {
	resp, err := f.http.Get(url) //nolint:noctx // it has a timeout
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(resp.Body)
	if errors.Join(err, resp.Body.Close()) != nil {
		return ""
	}
	return string(text)
}

// figure returns a counter of the node about its partner, -1 while there is
// none.
func (f *floor) figure(name string) (n float64) {
	m := regexp.MustCompile(name + `\{partner="[a-z]+"\} (\S+)`).FindStringSubmatch(f.get("http://" + f.admin + "/metrics"))
	if m == nil {
		return -1
	}
	if _, err := fmt.Sscan(m[1], &n); err != nil {
		return -1
	}
	return n
}

// TestThePreviousBinaryAndThisOneUnderstandEachOther pairs a node of the
// previous commit with one of this, both ways round: records pass, receipts
// come, journals verify. scripts/compat.sh builds the previous binary.
func TestThePreviousBinaryAndThisOneUnderstandEachOther(t *testing.T) {
	previous := os.Getenv("KUROSHIO_PREVIOUS")
	if previous == "" {
		t.Skip("KUROSHIO_PREVIOUS names no binary; make compat does")
	}
	for name, exes := range map[string][2]string{
		"the previous one dials": {previous, place.exe},
		"this one dials":         {place.exe, previous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := newFloor(t, exes[0], tw, jp), newFloor(t, exes[1], jp, tw)
			a.configure(b.link)
			b.configure("")
			pairFloors(t, b, a)
			b.start()
			a.start()
			for _, f := range []*floor{a, b} {
				f.eventually("linked", func() bool { return f.figure("kuroshio_link_up") == 1 })
			}
			for from, to := range map[*floor]*floor{a: b, b: a} {
				from.post("/api/command", map[string]any{
					"verb": "distress", "partner": to.id, "lat": 24.5, "lon": 122.7, "text": "boat of " + string(from.id), "contact": "channel 16",
				})
				from.post("/api/command", map[string]any{"verb": "open", "domain": "sea", "lat": 24.4, "lon": 122.8, "text": "seen from shore"})
				to.eventually("told of the boat", func() bool {
					return strings.Contains(to.get("http://"+to.console+"/api/picture"), "boat of "+string(from.id))
				})
			}
			for _, f := range []*floor{a, b} {
				f.eventually("told of the incident and receipted", func() bool {
					return f.figure("kuroshio_link_received_total") >= 2 && f.figure("kuroshio_link_cosigned_total") == f.figure("kuroshio_link_sent_total")
				})
				t.Logf("%s (%s): sent %v, received %v, refused %v", f.id, filepath.Base(f.exe), f.figure("kuroshio_link_sent_total"), f.figure("kuroshio_link_received_total"), f.figure("kuroshio_link_refused_total"))
			}
			for _, f := range []*floor{a, b} {
				t.Logf("%s: journal verify\n%s", f.id, f.stop())
			}
		})
	}
}
