// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// policies keeps every version of the policy that came in force: its text and
// a note about it, signed with the node's policy key, in a folder of its own.
type policies struct {
	dir    string
	self   party.ID
	signer note.Signer
}

const policyNote = "kuroshio policy 1"

// PolicyFolder returns where a node keeps the versions of its policy.
func PolicyFolder(data string) string { return filepath.Join(data, "policies") }

func openPolicies(data string, self party.ID, keys *keystore.Store) (*policies, error) {
	signer, err := keys.PolicySigner()
	if err != nil {
		return nil, err
	}
	dir := PolicyFolder(data)
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("make policy folder: %w", err)
	}
	return &policies{dir: dir, self: self, signer: signer}, nil
}

// keep writes what came in force. It is done before the outputs are committed,
// and again in the same words where a stop came between.
func (p *policies) keep(outs []engine.Outputs) error {
	for i := range outs {
		for k := range outs[i].Policies {
			if err := p.write(&outs[i].Policies[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *policies) write(v *engine.PolicyVersion) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode policy version: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%s\n%s\n", policyNote, p.self, body)}, p.signer)
	if err != nil {
		return fmt.Errorf("sign policy version %d: %w", v.Number, err)
	}
	name := filepath.Join(p.dir, fmt.Sprintf("%06d", v.Number))
	if err := writeWhole(name+".toml", []byte(v.Text)); err != nil {
		return err
	}
	return writeWhole(name+".note", signed)
}

// writeWhole puts b in the place of a file, durably and at once.
func writeWhole(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write policy version: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write policy version: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// PolicyVersions reads the versions of a node's policy, oldest first, and checks
// each against the policy key.
func PolicyVersions(data string, self party.ID, verifier note.Verifier) ([]engine.KeptPolicy, error) {
	names, err := filepath.Glob(filepath.Join(PolicyFolder(data), "*.note"))
	if err != nil {
		return nil, fmt.Errorf("list policy versions: %w", err)
	}
	slices.Sort(names)
	var list []engine.KeptPolicy
	for _, name := range names {
		signed, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read policy version: %w", err)
		}
		text, err := os.ReadFile(strings.TrimSuffix(name, ".note") + ".toml")
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("read policy version: %w", err)
		}
		list = append(list, readVersion(signed, text, self, verifier))
	}
	return list, nil
}

func readVersion(signed, text []byte, self party.ID, verifier note.Verifier) engine.KeptPolicy {
	k := engine.KeptPolicy{Note: string(signed)}
	body := string(signed)
	if n, err := note.Open(signed, note.VerifierList(verifier)); err == nil {
		k.Signed, body = true, n.Text
	}
	lines := strings.SplitN(body, "\n", 4)
	if len(lines) < 3 || lines[0] != policyNote || lines[1] != string(self) || json.Unmarshal([]byte(lines[2]), &k.PolicyVersion) != nil {
		k.Signed = false
	}
	sum := sha256.Sum256(text)
	k.Signed = k.Signed && hex.EncodeToString(sum[:]) == k.SHA256
	k.Text = string(text)
	return k
}

// PolicyVersions returns the versions of the policy, oldest first.
func (n *Node) PolicyVersions() ([]engine.KeptPolicy, error) {
	verifier, err := n.keys.PolicyVerifier()
	if err != nil {
		return nil, err
	}
	return PolicyVersions(n.cfg.Node.Data, party.ID(n.cfg.Node.Party), verifier)
}

// PolicyText returns the text of the policy in force and what is proposed.
func (n *Node) PolicyText(ctx context.Context) (text string, p *engine.PolicyProposal, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) {
		b, prop := e.PolicyText()
		text, p = string(b), prop
	})
	return text, p, err
}
