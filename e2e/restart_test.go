// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
)

// stopLimit is how long a node may take to stop.
const stopLimit = 5 * time.Second

// TestStopIsCleanAndARestartContinues stops three nodes within an open incident
// (the conductor's stop is a SIGTERM that must end them with status 0 within
// 5 s) and starts them again from their folders, by the command that people
// use.
func TestStopIsCleanAndARestartContinues(t *testing.T) {
	t.Parallel()
	r := of(t, excerpt) // nothing else looks into its folder
	ownerOnly(t, r.dir)
	ctx := timeLimit(t)
	var nodes []*started
	for _, c := range r.consoles {
		nodes = append(nodes, start(t, ctx, r, c))
	}
	for _, n := range nodes {
		t.Run("the picture of "+string(n.console.Party), func(t *testing.T) { n.continues(t, ctx, r) })
	}
	for _, n := range nodes {
		n.stop(t)
	}
	ownerOnly(t, r.dir)
}

// ownerOnly fails the test where anybody else may read a file.
func ownerOnly(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if info.Mode() != want {
			t.Errorf("%s is %s, want %s", path, info.Mode(), want)
		}
		files++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 30 {
		t.Errorf("%s holds %d files and folders only", dir, files)
	}
}

// started is a node started by its command.
type started struct {
	console demo.Console
	cmd     *exec.Cmd
	log     bytes.Buffer
	ended   chan struct{}
	err     error // after ended
}

func start(t *testing.T, ctx context.Context, r *run, c demo.Console) *started { //nolint:revive // t first, as in all helpers here
	t.Helper()
	n := &started{console: c, ended: make(chan struct{})}
	n.cmd = exec.Command(place.exe, "node", "-c", filepath.Join(r.dir, string(c.Party), "node.toml"))
	n.cmd.Stdout, n.cmd.Stderr = &n.log, &n.log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	t.Cleanup(func() {
		_ = n.cmd.Process.Kill() // it may have ended
		<-n.ended
	})
	n.await(t, ctx, "an answer of /healthz", func() (bool, error) {
		resp, err := get(ctx, http.DefaultClient, c.Admin+"/healthz", nil)
		return err == nil && resp == http.StatusOK, nil
	})
	return n
}

// await waits for a condition as long as the node runs.
func (n *started) await(t *testing.T, ctx context.Context, what string, ok func() (bool, error)) { //nolint:revive // as above
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ok()
		if err != nil {
			t.Fatalf("%s: %s: %v", n.console.Party, what, err)
		}
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-n.ended:
			t.Fatalf("%s ended: %v\n%s", n.console.Party, n.err, n.log.String())
		case <-ctx.Done():
			t.Fatalf("%s: no %s: %v", n.console.Party, what, context.Cause(ctx))
		}
	}
}

// continues compares what the node shows with what it showed before it was
// stopped.
func (n *started) continues(t *testing.T, ctx context.Context, r *run) { //nolint:revive // as above
	t.Helper()
	id := n.console.Party
	was := r.report.Nodes[id]
	auditor := login(t, ctx, n.console, engine.Auditor)
	var v engine.View
	n.await(t, ctx, "link to all partners", func() (bool, error) {
		v = engine.View{}
		_, err := get(ctx, auditor, n.console.URL+"api/picture", &v)
		up := 0
		for _, l := range v.Links {
			if l.State == "up" {
				up++
			}
		}
		return up == len(was.Links), err
	})
	for what, pair := range map[string][2]any{
		"tracks": {was.Tracks, v.Tracks}, "partner tracks": {was.PartnerTracks, v.PartnerTracks}, "incidents": {was.Incidents, v.Incidents},
	} {
		if d := cmp.Diff(pair[0], pair[1]); d != "" {
			t.Errorf("%s are others than before (-before +after):\n%.3000s", what, d)
		}
	}
	for i := range v.Links {
		if a, b := was.Links[i], v.Links[i]; a.Received != b.Received || b.Refused != 0 {
			t.Errorf("link to %s: received %d, refused %d; before %d", b.Party, b.Received, b.Refused, a.Received)
		}
	}
	var rep journal.Report
	if _, err := get(ctx, auditor, n.console.URL+"api/journal", &rep); err != nil || !rep.Verified {
		t.Errorf("the journal does not verify: %+v, %v", rep, err)
	}
	for i, l := range rep.Logs {
		if old := was.Journal.Logs[i]; l.Partner != "" && (l.Size != old.Size || l.Root != old.Root || l.CosignedSize != old.CosignedSize) {
			t.Errorf("log %s %s: %+v, before %+v", l.Partner, l.Direction, l, old)
		}
	}
}

// login opens a session at a console.
func login(t *testing.T, ctx context.Context, at demo.Console, name string) *http.Client { //nolint:revive // as above
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	b, err := json.Marshal(map[string]string{"name": name, "password": at.Logins[name]})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.URL+"api/login", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Kuroshio", "1")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // the status is all
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("log %s in at %s: %s", name, at.Party, resp.Status)
	}
	return c
}

// get reads JSON, where an answer is wanted.
func get(ctx context.Context, c *http.Client, url string, answer any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	b, err := io.ReadAll(resp.Body)
	if err == nil && answer != nil {
		if resp.StatusCode != http.StatusOK {
			return resp.StatusCode, fmt.Errorf("%s: %s", url, resp.Status)
		}
		err = json.Unmarshal(b, answer)
	}
	return resp.StatusCode, err
}

// stop ends the node as a service manager does.
func (n *started) stop(t *testing.T) {
	t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.NewTimer(stopLimit)
	defer late.Stop()
	select {
	case <-n.ended:
		var exit *exec.ExitError
		if errors.As(n.err, &exit) || n.err != nil {
			t.Errorf("%s ended with %v\n%s", n.console.Party, n.err, n.log.String())
		}
	case <-late.C:
		t.Errorf("%s did not stop within %s", n.console.Party, stopLimit)
	}
}
