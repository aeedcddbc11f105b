// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Command kuroshio runs a party's node, pairs it with others, and shows what
// its policy and its journal say. It holds no logic of its own: each
// subcommand reads its flags and calls one package.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker in a release.
var version = "dev"

// cli is the command line.
type cli struct {
	Demo    demoCmd     `cmd:"" help:"Show two watch floors and a third party on this machine: three nodes, one published day."`
	Init    initCmd     `cmd:"" help:"Write a configuration with comments for a new node."`
	Node    nodeCmd     `cmd:"" help:"Run a node."`
	Invite  inviteCmd   `cmd:"" help:"Wait for a partner's join and pair with it."`
	Join    joinCmd     `cmd:"" help:"Pair with a partner that has invited us."`
	Keys    keysCmd     `cmd:"" help:"Roll over the keys made for a partner."`
	Unpair  unpairCmd   `cmd:"" help:"Destroy the keys made for a partner. It can't come back."`
	User    userCmd     `cmd:"" help:"Manage the people who may log in."`
	Replay  replayCmd   `cmd:"" help:"Run recordings through the engine."`
	Decode  decodeCmd   `cmd:"" help:"Write recordings as JSON lines: every record, and why others were refused."`
	ASTERIX asterixCmd  `cmd:"" name:"asterix" help:"Look into ASTERIX recordings."`
	Track   trackCmd    `cmd:"" help:"Run measurements through the tracker and write tracks that can be scored."`
	Policy  policyCmd   `cmd:"" help:"Check and explain release policies."`
	Call    callCmd     `cmd:"" help:"Use a running node's API as one of its people."`
	Stop    stopCmd     `cmd:"" help:"Stop release to a partner, or to all, at once."`
	Recall  recallCmd   `cmd:"" help:"Take back what a partner was told."`
	Peer    peerViewCmd `cmd:"" name:"peer-view" help:"Show what a partner holds of ours now."`
	Journal journalCmd  `cmd:"" help:"Verify the journals of what passed between parties; begin one anew after an old backup was restored."`
	Tape    tapeCmd     `cmd:"" help:"Show, cut, join and check tapes: every input of a node's engine."`
	Sim     simCmd      `cmd:"" help:"Play a scenario into feeds over real sockets."`
	Version versionCmd  `cmd:"" help:"Print the version."`
	Support supportCmd  `cmd:"" help:"Check agreements on support and match requests with their clauses."`
	Card    cardCmd     `cmd:"" help:"Print the fallback card of a partner and a day."`
}

// streams is where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// errUsage tells that the command line is wrong; kong has said how.
var errUsage = errors.New("wrong command line")

// run parses the command line and does it. It is main without the process.
func run(ctx context.Context, args []string, s streams) error {
	var c cli
	told := false // kong has printed help and wants to end
	parser, err := kong.New(&c, kong.Name("kuroshio"), kong.UsageOnError(),
		kong.Description("Two watch floors coordinate what they see; each says only what its policy releases."),
		kong.Writers(s.out, s.err), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s),
		kong.Vars{"formats": formatNames()},
		kong.Exit(func(int) { told = true }), kong.ShortUsageOnError())
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if told {
		return nil
	}
	if err != nil {
		fmt.Fprintf(s.err, "kuroshio: %v; kuroshio --help lists what there is\n", err)
		return errUsage
	}
	return k.Run()
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(s streams) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "dev" && info.Main.Version != "" {
		v = info.Main.Version
	}
	_, err := fmt.Fprintln(s.out, v)
	return err
}

// logger returns the log of a command: structured, to standard error.
func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errUsage) {
		fmt.Fprintf(os.Stderr, "kuroshio: %v\n", err)
	}
	status := 1
	var own exitError
	if errors.As(err, &own) {
		status = own.status
	}
	os.Exit(status)
}
