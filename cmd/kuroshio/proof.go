// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/call"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// journalProveCmd asks a running node: it knows which plan is in force.
type journalProveCmd struct {
	session
	Record  string `arg:"" help:"The record's id, or its place: PARTNER/sent/NUMBER or PARTNER/received/NUMBER."`
	Content bool   `help:"Add the key of the content. It can't be called back."`
	Out     string `short:"o" default:"-" help:"File to write; - for standard output."`
}

// Run writes the proof.
func (c *journalProveCmd) Run(ctx context.Context, s streams) error {
	q := url.Values{"record": {c.Record}}
	if c.Content {
		q.Set("content", "1")
	}
	b, err := c.ask(ctx, s, func(k *call.Client) (json.RawMessage, error) { return k.Get(ctx, "/api/proof?"+q.Encode()) })
	if err != nil {
		return err
	}
	var p journal.Proof
	if err := json.Unmarshal(b, &p); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	file, err := p.Encode()
	if err != nil {
		return err
	}
	if c.Out == "-" {
		_, err = s.out.Write(file)
		return err
	}
	return os.WriteFile(c.Out, file, 0o600)
}

// journalCheckCmd needs no node, no keystore and no network.
type journalCheckCmd struct {
	File     string `arg:"" help:"File that journal prove wrote; - for standard input."`
	Sender   string `required:"" help:"Public journal key of the sender, or a file that holds it."`
	Receiver string `required:"" help:"Public journal key of the receiver, or a file that holds it."`
}

// errNotProved makes the command end with status 1.
var errNotProved = errors.New("NOT PROVED")

// Run checks a proof.
func (c *journalCheckCmd) Run(s streams) error {
	b, err := s.file(c.File)
	if err != nil {
		return fmt.Errorf("read proof: %w", err)
	}
	sender, err := publicKey("--sender", c.Sender)
	if err != nil {
		return err
	}
	receiver, err := publicKey("--receiver", c.Receiver)
	if err != nil {
		return err
	}
	p, err := journal.ParseProof(b)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotProved, err)
	}
	got, err := p.Check(note.VerifierList(sender), note.VerifierList(receiver))
	if err != nil {
		return fmt.Errorf("%w: %w", errNotProved, err)
	}
	fmt.Fprintf(s.out, "proved: record %d of log epoch %d, a %s, was sent by the holder of %s\nand held by the holder of %s: both signed for records %d to %d.\nThe sender dates that %s; nobody else vouches for the date.\n",
		p.Seq, got.Header.LogEpoch, got.Header.Kind, sender.Name(), receiver.Name(), got.Attestation.First, got.Attestation.Last, got.Attestation.Time.Format("2006-01-02T15:04:05Z"))
	if got.Record == nil {
		_, err = fmt.Fprintln(s.out, "The content is not in the file.")
		return err
	}
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(got.Record)
}

// publicKey reads a key that is given as such or in a file.
func publicKey(flag, text string) (note.Verifier, error) {
	if b, err := os.ReadFile(text); err == nil {
		text = strings.TrimSpace(string(b))
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return nil, fmt.Errorf("%s: no public journal key; kuroshio journal keys prints them: %w", flag, err)
	}
	return v, nil
}

type journalKeysCmd struct {
	configFlag
	Partner string `arg:"" help:"The partner."`
}

// Run prints the public journal keys of a pair, the present one of each first.
func (c *journalKeysCmd) Run(s streams) error {
	cfg, keys, err := c.keys(s)
	if err != nil {
		return err
	}
	own, theirs, err := keys.JournalKeys(party.ID(c.Partner))
	if err := errors.Join(err, keys.Close()); err != nil {
		return err
	}
	for _, side := range []struct {
		who  string
		keys []string
	}{{cfg.Node.Party, own}, {c.Partner, theirs}} {
		for _, k := range side.keys {
			fmt.Fprintf(s.out, "%s %s\n", side.who, k)
		}
	}
	return nil
}
