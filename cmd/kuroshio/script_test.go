// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kuroshio": main})
}

// TestScript runs testdata/script, the command line as people use it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mode": cmdMode, "recording": cmdRecording, "freeport": cmdFreePort, "answers": cmdAnswers, "privatelog": cmdPrivateLog,
		},
	})
}

// cmdMode is "mode 0600 FILE…": the permissions of files.
func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL FILE…")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := info.Mode().Perm(); got != fs.FileMode(want) {
			ts.Fatalf("%s has mode %o, want %o", name, got, want)
		}
	}
}

// cmdRecording is "recording FEED FILE": what a feed of the shortest shipped
// scenario sends in its first three minutes, as a file.
func cmdRecording(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: recording FEED FILE")
	}
	w, err := sim.Open(scenarios.FS, "short.scenario")
	ts.Check(err)
	var b []byte
	w.Until(w.Scenario().Start.Add(3*time.Minute), func(e sim.Emission) {
		if e.Feed == args[0] {
			b = append(b, e.Bytes...)
		}
	})
	if len(b) == 0 {
		ts.Fatalf("feed %s sent nothing", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

// cmdFreePort is "freeport NAME…": puts free loopback addresses into
// environment variables.
func cmdFreePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport NAME…")
	}
	for _, name := range args {
		for ts.Getenv(name) == "" {
			// Below the ports that the system gives out by itself.
			ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12_000+rand.IntN(20_000)))
			if err != nil {
				continue // taken
			}
			ts.Setenv(name, ln.Addr().String())
			ts.Check(ln.Close())
		}
	}
}

// cmdAnswers is "answers ADDR": waits until /healthz there says that all is
// well.
func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers ADDR")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		resp, err := http.Get("http://" + args[0] + "/healthz") //nolint:noctx // loopback, in a test
		if err != nil {
			continue // refused at once; the node starts
		}
		ts.Check(resp.Body.Close())
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("nothing answers at %s", args[0])
}

// cmdPrivateLog is "privatelog FILE WORD…": the log holds none of the words.
func cmdPrivateLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: privatelog FILE WORD…")
	}
	log := ts.ReadFile(args[0])
	if log == "" {
		ts.Check(errors.New("the log is empty"))
	}
	for _, w := range args[1:] {
		if strings.Contains(log, w) {
			ts.Fatalf("the log holds %q:\n%s", w, log)
		}
	}
}
