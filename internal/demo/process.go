// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// process is a node's process.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	life context.Context //nolint:containedctx // ends with the process
	err  error           // after done
}

// launch starts the node as a process of its own; what it logs goes to node.log
// in its folder.
func (d *Demo) launch(m *member) error {
	f, err := os.OpenFile(filepath.Join(m.dir, "node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	args := []string{"node", "-c", filepath.Join(m.dir, "node.toml")}
	if len(m.kills) > 0 {
		args = append(args, "--kill-at", strconv.Itoa(m.kills[0].N), "--kill-op", m.kills[0].Op)
	}
	if err := letGo(&m.held); err != nil {
		return errors.Join(err, f.Close())
	}
	cmd := exec.Command(d.cfg.Exe, args...) //nolint:gosec // our own binary
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = ownGroup() // Ctrl-C is for the conductor, which stops the nodes in order
	if err := cmd.Start(); err != nil {
		return errors.Join(err, f.Close())
	}
	life, end := context.WithCancel(context.Background())
	p := &process{cmd: cmd, log: f, done: make(chan struct{}), life: life}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
		end()
	}()
	m.proc = p
	return nil
}

// start starts all nodes and waits until each answers and the links are up.
func (d *Demo) start(ctx context.Context) error {
	for _, m := range d.nodes {
		m.keys = nil // the node's own from here on
		if err := d.launch(m); err != nil {
			return fmt.Errorf("start node %s: %w", m.id, err)
		}
	}
	err := d.surviving(ctx, func(ctx context.Context) error {
		return d.each(func(m *member) error { return m.awaitHealthy(ctx) })
	})
	if err != nil {
		return err
	}
	for _, f := range d.world.Scenario().Feeds() {
		if err := d.connected(ctx, f); err != nil {
			return fmt.Errorf("wait for the node on feed %s: %w", f.ID, err)
		}
	}
	err = d.surviving(ctx, func(ctx context.Context) error {
		return d.each(func(m *member) error { return m.awaitFeeds(ctx, d.feedsOf(m.id)) })
	})
	if err != nil {
		return err
	}
	return d.awaitLinks(ctx)
}

// poll is how often the conductor looks whether a node is there.
const poll = 50 * time.Millisecond

// awaitHealthy waits until the node answers.
func (m *member) awaitHealthy(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.admin+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-m.proc.done:
			return fmt.Errorf("node %s ended: %w (see %s)", m.id, m.proc.err, m.proc.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("node %s does not answer: %w (see %s)", m.id, ctx.Err(), m.proc.log.Name())
		case <-time.After(poll):
		}
	}
}

// feedsOf returns the names of a party's feeds.
func (d *Demo) feedsOf(id party.ID) (names []string) {
	for _, f := range d.world.Scenario().Feeds() {
		if f.Party == id {
			names = append(names, f.ID)
		}
	}
	return names
}

// awaitFeeds waits until the node takes in each of the feeds: a datagram that is
// sent before is lost. A node that has just started may list none yet.
func (m *member) awaitFeeds(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	c, err := m.login(ctx, engine.Supervisor)
	if err != nil {
		return err
	}
	for {
		var feeds []console.FeedStatus
		if err := c.get(ctx, "/api/feeds", &feeds); err != nil {
			return fmt.Errorf("read feeds of %s: %w", m.id, err)
		}
		down := slices.IndexFunc(names, func(name string) bool {
			return !slices.ContainsFunc(feeds, func(f console.FeedStatus) bool { return f.Name == name && f.Up })
		})
		if down < 0 {
			return nil
		}
		if !sleep(ctx, poll) {
			return fmt.Errorf("node %s: feed %s is not up: %w (see %s)", m.id, names[down], ctx.Err(), m.proc.log.Name())
		}
	}
}

// awaitLinksOf waits until every link of the node is up that neither end has
// stopped and no scenario cut.
func (d *Demo) awaitLinksOf(ctx context.Context, m *member) error {
	for {
		down, err := d.linksDown(ctx, m)
		if err != nil || down == 0 {
			return err
		}
		if !sleep(ctx, poll) {
			return fmt.Errorf("node %s: %d links are not up: %w", m.id, down, ctx.Err())
		}
	}
}

// linksDown counts the links of the node that ought to be up and are not.
func (d *Demo) linksDown(ctx context.Context, m *member) (down int, err error) {
	v, err := m.view(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range v.Links {
		if cut := d.between(m.id, l.Party); l.State == "up" || l.State == "stopped" || (cut != nil && cut.isDown()) {
			continue
		}
		if o := d.member(l.Party); o != nil {
			held, err := o.stops(ctx, m.id)
			if err != nil {
				return 0, err
			}
			if held {
				continue
			}
		}
		down++
	}
	return down, nil
}

// stopLimit is how long a node may take to stop cleanly.
const stopLimit = 5 * time.Second

// stop stops all nodes cleanly.
func (d *Demo) stop() error {
	errs := []error{d.sender.Close()}
	for _, m := range d.nodes {
		if m.proc != nil {
			_ = m.proc.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		}
	}
	for _, m := range d.nodes {
		if m.proc != nil {
			errs = append(errs, m.awaitEnd())
		}
	}
	return errors.Join(errs...)
}

func (m *member) awaitEnd() error {
	defer m.proc.log.Close() //nolint:errcheck // its process is gone
	select {
	case <-m.proc.done:
		if m.proc.err != nil {
			return fmt.Errorf("node %s: %w (see %s)", m.id, m.proc.err, m.proc.log.Name())
		}
		return nil
	case <-time.After(stopLimit):
		_ = m.proc.cmd.Process.Kill()
		<-m.proc.done
		return fmt.Errorf("node %s did not stop within %s", m.id, stopLimit)
	}
}
