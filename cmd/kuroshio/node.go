// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link/pairing"
	"github.com/kuroshio-watch/kuroshio/internal/node"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// configFlag is the node's configuration file.
type configFlag struct {
	Config string `short:"c" default:"node.toml" type:"path" help:"Configuration file of the node."`
}

// load reads the configuration and the keystore's passphrase.
func (f configFlag) load(s streams) (*config.Config, []byte, error) {
	cfg, err := f.read()
	if err != nil {
		return nil, nil, err
	}
	pass, err := passphrase(cfg, s)
	return cfg, pass, err
}

// keys reads the configuration and opens the keystore.
func (f configFlag) keys(s streams) (*config.Config, *keystore.Store, error) {
	cfg, pass, err := f.load(s)
	if err != nil {
		return nil, nil, err
	}
	keys, err := keystore.Open(cfg.Keystore.Dir, pass)
	return cfg, keys, err
}

// read reads the configuration alone.
func (f configFlag) read() (*config.Config, error) {
	cfg, err := config.Load(f.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; name another with -c, or write one with kuroshio init", err)
	}
	return cfg, err
}

// passphrase reads the keystore's passphrase from its file, or asks for it.
func passphrase(cfg *config.Config, s streams) ([]byte, error) {
	if path := cfg.Keystore.PassphraseFile; path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read passphrase: %w", err)
		}
		return bytes.TrimRight(b, "\r\n"), nil
	}
	fmt.Fprint(s.err, "Passphrase of the keystore: ")
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && line == "" {
		return nil, errors.New("read passphrase: none was given")
	}
	return []byte(strings.TrimRight(line, "\r\n")), nil
}

type nodeCmd struct {
	configFlag
	Check   bool   `help:"Only check the configuration and what it names."`
	Verbose bool   `short:"v" help:"Log every message."`
	KillAt  int    `hidden:"" help:"For crash tests: die, as in a power cut, before that write to tape or store."`
	KillOp  string `hidden:"" help:"For crash tests: count writes of that kind only."`
}

// Run runs the node until it is told to stop.
func (c *nodeCmd) Run(ctx context.Context, s streams) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if c.Check {
		if _, _, err := node.Assemble(cfg); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s: good\n", c.Config)
		return nil
	}
	pass, err := passphrase(cfg, s)
	if err != nil {
		return err
	}
	opt := node.Options{Version: version, Passphrase: pass, Log: logger(s.err, c.Verbose), Stdin: s.in}
	if c.KillAt > 0 {
		opt.Faults = &powerCut{at: int64(c.KillAt), op: c.KillOp}
	}
	n, err := node.Open(ctx, cfg, opt)
	if err != nil {
		return err
	}
	return errors.Join(n.Run(ctx), n.Close())
}

//go:embed node.toml
var configTemplate string

type initCmd struct {
	Party string `arg:"" help:"Code word of this party, such as tw."`
	Dir   string `default:"." type:"path" help:"Folder for the configuration."`
}

// Run writes node.toml and a policy by which nothing leaves.
func (c *initCmd) Run(s streams) error {
	id, err := party.Parse(c.Party)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	files := []struct{ name, text string }{{"node.toml", configTemplate}, {"policy.toml", policyTemplate}}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(c.Dir, f.name)); err == nil {
			return fmt.Errorf("%s exists already and is not overwritten: name another folder with --dir", filepath.Join(c.Dir, f.name))
		}
	}
	for _, f := range files {
		path := filepath.Join(c.Dir, f.name)
		if err := create0600(path, strings.ReplaceAll(f.text, "{{party}}", string(id))); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "wrote %s\n", path)
	}
	fmt.Fprintf(s.out, "\nNext: read and fill in node.toml, then\n  kuroshio node --check -c %[1]s\n  kuroshio user add -c %[1]s NAME --role administrator\n  kuroshio node -c %[1]s\n", filepath.Join(c.Dir, "node.toml"))
	return nil
}

// create0600 writes a new file that its owner alone may read.
func create0600(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

//go:embed policy.toml
var policyTemplate string

type inviteCmd struct {
	configFlag
	Partner string `arg:"" help:"Code word of the partner."`
	Listen  string `default:"127.0.0.1:0" help:"Address on which to wait for the partner; open only while invited."`
}

// Run waits for the partner.
func (c *inviteCmd) Run(ctx context.Context, s streams) error {
	return c.pair(ctx, s, c.Partner, func(ctx context.Context, p pairing.Config) error {
		p.Listen = c.Listen
		p.Listening = func(a net.Addr) {
			fmt.Fprintf(s.out, "Waiting at %s for at most ten minutes. At the partner: kuroshio join %s --addr %s\n", a, p.Self, a)
		}
		return pairing.Invite(ctx, p)
	})
}

type joinCmd struct {
	configFlag
	Partner string `arg:"" help:"Code word of the partner."`
	Addr    string `required:"" help:"Address that the partner's invite shows."`
}

// Run joins the partner.
func (c *joinCmd) Run(ctx context.Context, s streams) error {
	return c.pair(ctx, s, c.Partner, func(ctx context.Context, p pairing.Config) error {
		p.Addr = c.Addr
		return pairing.Join(ctx, p)
	})
}

// pair opens the keystore and pairs; the officer is asked on the terminal.
func (f configFlag) pair(ctx context.Context, s streams, partner string, do func(context.Context, pairing.Config) error) error {
	cfg, pass, err := f.load(s)
	if err != nil {
		return err
	}
	keys, err := keystore.Open(cfg.Keystore.Dir, pass)
	if err != nil {
		return err
	}
	err = do(ctx, pairing.Config{
		Self: party.ID(cfg.Node.Party), Partner: party.ID(partner), Keys: keys, LinkAddr: cfg.Link.Listen,
		Confirm: func(ctx context.Context, code string) (string, error) { return askCode(ctx, s, code) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Paired with %s. Add it to %s and start the node again:\n\n[[partner]]\nid = %q\ndial = \"\" # its link address, or empty where it dials us\n", partner, f.Config, partner)
	return nil
}

// askCode shows our code and reads what the other officer reads out.
func askCode(ctx context.Context, s streams, code string) (string, error) {
	fmt.Fprintf(s.out, "\nRead this code out to the partner's officer by voice:\n\n    %s\n\nType the code that the partner's officer reads out: ", code)
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(s.in).ReadString('\n')
		typed <- answer{line, err}
	}()
	select {
	case a := <-typed:
		if a.text = strings.TrimSpace(a.text); a.text == "" && a.err != nil {
			return "", fmt.Errorf("read the partner's code: %w", a.err)
		}
		return a.text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type unpairCmd struct {
	configFlag
	Partner string `arg:"" help:"Code word of the partner."`
}

// Run destroys the partner's keys. A running node notices within a second and
// closes the link; to be quicker, stop the release in its console first.
func (c *unpairCmd) Run(s streams) error {
	_, keys, err := c.keys(s)
	if err != nil {
		return err
	}
	if _, paired := keys.Pin(party.ID(c.Partner)); !paired {
		return fmt.Errorf("no keys were made for %q; paired are: %v", c.Partner, keys.Partners())
	}
	if err := keys.Forget(party.ID(c.Partner)); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "The keys made for %s are destroyed.\n", c.Partner)
	return nil
}
