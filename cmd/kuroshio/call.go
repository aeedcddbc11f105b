// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/call"
)

// callCmd is everything of a running node's API.
type callCmd struct {
	View callViewCmd `cmd:"" help:"Print the picture, or what is at a path in it."`
	Act  callActCmd  `cmd:"" help:"Do an act: key=value arguments, with dots into objects; key=@FILE reads a file."`
	Get  callGetCmd  `cmd:"" help:"Print the answer to a GET below /api/; /api/openapi.json describes them all."`
	Post callPostCmd `cmd:"" help:"Print the answer to a POST below /api/, with arguments as act takes them."`
}

// session is who calls which node. A password is never an argument: others on
// the machine see those.
type session struct {
	URL          string `default:"http://127.0.0.1:8470" env:"KUROSHIO_URL" help:"Address of the node's console."`
	User         string `required:"" env:"KUROSHIO_USER" help:"Login name."`
	PasswordFile string `env:"KUROSHIO_PASSWORD_FILE" help:"File with the password; else the environment's KUROSHIO_PASSWORD, else it is asked for."`
	CA           string `help:"PEM file with the console's certificate, where the system does not know it."`
	Lang         string `default:"en" enum:"en,zh-Hant,ja" help:"Language of refusals: en, zh-Hant or ja."`
}

// exitError ends the program with a status of its own.
type exitError struct {
	error
	status int
}

func (e exitError) Unwrap() error { return e.error }

// The statuses of call.
const (
	exitRefused     = 2 // the node refused; the code is in the message
	exitUnreachable = 3 // the node did not answer: look before trying again
)

// with logs in, prints what do returns, and logs out.
func (c *session) with(ctx context.Context, s streams, do func(*call.Client) (json.RawMessage, error)) error {
	b, err := c.ask(ctx, s, do)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	_, err = fmt.Fprintln(s.out, out.String())
	return err
}

// ask logs in, does it, and logs out.
func (c *session) ask(ctx context.Context, s streams, do func(*call.Client) (json.RawMessage, error)) (json.RawMessage, error) {
	var ca []byte
	var err error
	if c.CA != "" {
		if ca, err = os.ReadFile(c.CA); err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
	}
	password, err := c.password(s)
	if err != nil {
		return nil, err
	}
	k, err := call.New(c.URL, c.Lang, ca)
	if err != nil {
		return nil, err
	}
	b, err := func() (json.RawMessage, error) {
		if err := k.Login(ctx, c.User, password); err != nil {
			return nil, err
		}
		defer k.Logout(ctx)
		return do(k)
	}()
	var refused *call.Refused
	switch {
	case errors.As(err, &refused):
		return nil, exitError{err, exitRefused}
	case errors.Is(err, call.ErrUnreachable):
		return nil, exitError{err, exitUnreachable}
	}
	return b, err
}

func (c *session) password(s streams) (string, error) {
	if c.PasswordFile != "" {
		b, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	if p := os.Getenv("KUROSHIO_PASSWORD"); p != "" {
		return p, nil
	}
	fmt.Fprintf(s.err, "Password for %s: ", c.User)
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && line == "" {
		return "", errors.New("read password: none was given")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// file reads a file that an argument names, "-" for standard input.
func (s streams) file(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(s.in)
	}
	return os.ReadFile(name)
}

type callViewCmd struct {
	session
	Path string `arg:"" optional:"" help:"Such as links.0.state."`
}

// Run prints the picture.
func (c *callViewCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) {
		b, err := k.Get(ctx, "/api/picture")
		if err != nil {
			return nil, err
		}
		return call.Pick(b, c.Path)
	})
}

type callActCmd struct {
	session
	Verb string   `arg:"" help:"The act."`
	Args []string `arg:"" optional:"" help:"Its arguments, such as incident=3."`
}

// Run does the act.
func (c *callActCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) { return k.Act(ctx, c.Verb, c.Args, s.file) })
}

type callGetCmd struct {
	session
	Path string `arg:"" help:"Such as /api/journal."`
}

// Run prints the answer.
func (c *callGetCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) { return k.Get(ctx, c.Path) })
}

type callPostCmd struct {
	session
	Path string   `arg:"" help:"Such as /api/users."`
	Args []string `arg:"" optional:"" help:"Such as name=lin role=officer password=@FILE."`
}

// Run posts and prints the answer.
func (c *callPostCmd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, s, func(k *call.Client) (json.RawMessage, error) { return k.Send(ctx, c.Path, c.Args, s.file) })
}
