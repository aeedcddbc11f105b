// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
)

// desk is one officer's terminal at an invite or a join.
type desk struct {
	codes chan string // that the screen shows
	addr  chan string // that an invite shows
	keys  *io.PipeWriter
	end   chan error
}

var (
	codeLine = regexp.MustCompile(`^    (\S.*\S)\s*$`)
	addrLine = regexp.MustCompile(`^Waiting at (\S+) `)
)

// sit runs the command line and reads the screen.
func sit(t *testing.T, args ...string) *desk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	stdin, keys := io.Pipe()
	screen, stdout := io.Pipe()
	d := &desk{codes: make(chan string, 1), addr: make(chan string, 1), keys: keys, end: make(chan error, 1)}
	go func() {
		err := run(ctx, args, streams{stdin, stdout, io.Discard})
		d.end <- errors.Join(err, stdout.Close(), stdin.Close())
		cancel()
	}()
	go func() {
		defer close(d.codes)
		for lines := bufio.NewScanner(screen); lines.Scan(); {
			if m := addrLine.FindStringSubmatch(lines.Text()); m != nil {
				d.addr <- m[1]
			}
			if m := codeLine.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case d.codes <- m[1]:
				default: // what follows a pairing is no code
				}
			}
		}
	}()
	return d
}

// floor makes a folder with a configuration for a party.
func floor(t *testing.T, party string) (config, keys string) {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf("[node]\nparty = %q\n[keystore]\npassphrase_file = \"pass\"\n[link]\nlisten = \"127.0.0.1:8480\"\n", party)
	for name, content := range map[string]string{"node.toml": text, "pass": "test"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys = filepath.Join(dir, "keystore")
	ks, err := keystore.OpenKDF(keys, []byte("test"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := ks.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "node.toml"), keys
}

func pairedWith(t *testing.T, dir string) string {
	t.Helper()
	ks, err := keystore.Open(dir, []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	list := fmt.Sprint(ks.Partners())
	if err := ks.Close(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestPairing lets two officers read their codes out to each other.
func TestPairing(t *testing.T) {
	tests := map[string]struct {
		hear func(code string) string // what the inviting officer understands
		ok   bool
	}{
		"it handles codes that are read out well": {func(s string) string { return s }, true},
		"it handles a code in lower case":         {strings.ToLower, true},
		"it handles a code that is misunderstood": {func(string) string { return "0000 0000 0000" }, false},
		"it handles an officer who types nothing": {func(string) string { return "" }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tw, twKeys := floor(t, "tw")
			jp, jpKeys := floor(t, "jp")
			host := sit(t, "invite", "jp", "-c", tw)
			guest := sit(t, "join", "tw", "-c", jp, "--addr", <-host.addr)
			hostCode, guestCode := <-host.codes, <-guest.codes
			if hostCode == "" || guestCode == "" {
				t.Fatalf("no code was shown: %q and %q", hostCode, guestCode)
			}
			fmt.Fprintln(host.keys, tt.hear(guestCode))
			fmt.Fprintln(guest.keys, hostCode)
			hostErr, guestErr := <-host.end, <-guest.end
			if (hostErr == nil) != tt.ok || (guestErr == nil) != tt.ok {
				t.Errorf("invite = %v, join = %v; want both to pair: %t", hostErr, guestErr, tt.ok)
			}
			want := [2]string{"[]", "[]"}
			if tt.ok {
				want = [2]string{"[jp]", "[tw]"}
			}
			if got := [2]string{pairedWith(t, twKeys), pairedWith(t, jpKeys)}; got != want {
				t.Errorf("keys are kept for %v, want %v", got, want)
			}
			if tt.ok {
				administers(t, tw)
				unpairs(t, tw, twKeys)
			}
		})
	}
}

// administers does what an administrator does with a link from the command line.
func administers(t *testing.T, config string) {
	t.Helper()
	for _, step := range []struct{ args, says string }{
		{"keys list", "in use"},
		{"keys roll jp", "signed by the old ones"},
		{"keys list", "new keys are offered"},
		{"journal reopen jp", "begins anew at the next session"},
		{"journal agree jp", "may begin its log anew, once"},
		{"journal verify", "verified"},
	} {
		var out strings.Builder
		err := run(t.Context(), append(strings.Fields(step.args), "-c", config), streams{strings.NewReader(""), &out, io.Discard})
		if err != nil || !strings.Contains(out.String(), step.says) {
			t.Errorf("%s = %q, %v; want %q", step.args, out.String(), err, step.says)
		}
	}
	for _, wrong := range []string{"keys roll jp", "keys roll xx", "journal reopen xx", "journal agree xx"} {
		if err := run(t.Context(), append(strings.Fields(wrong), "-c", config), streams{strings.NewReader(""), io.Discard, io.Discard}); err == nil {
			t.Errorf("%s: done", wrong)
		}
	}
}

func unpairs(t *testing.T, config, keys string) {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), []string{"unpair", "jp", "-c", config}, streams{strings.NewReader(""), &out, io.Discard}); err != nil {
		t.Fatal(err)
	}
	if got := pairedWith(t, keys); got != "[]" {
		t.Errorf("after unpair keys are kept for %s", got)
	}
}
