// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// crashDir names, for the child of the crash test, the folder that it works in.
const crashDir = "KUROSHIO_CRASH_DIR"

// perTape is the number of records that the child commits with each tape number.
const perTape = 3

func openCrash(dir string) (*store.Store, *tape.Tape, *keystore.Store, error) {
	keys, err := keystore.OpenKDF(filepath.Join(dir, "keys"), []byte("current"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	if err != nil {
		return nil, nil, nil, err
	}
	cfg := store.DefaultConfig()
	cfg.Witness, cfg.WitnessEvery = keys, 10
	s, err := store.Open(context.Background(), filepath.Join(dir, "store"), keys, cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	done, err := s.Committed(context.Background())
	if err != nil {
		return nil, nil, nil, err
	}
	tcfg := tape.DefaultConfig()
	tcfg.Synced, tcfg.SegmentBytes = done, 4096
	tp, err := tape.Open(filepath.Join(dir, "tape"), tcfg)
	return s, tp, keys, err
}

func outputs(n uint64) []store.Outgoing {
	var out []store.Outgoing
	for i := range perTape {
		out = append(out, storetest.Incident("jp", int(n)*perTape+i))
	}
	return append(out, storetest.State("jp", int(n%7), int(n)))
}

// crashChild does what a node does: tape, then commit, then tell the world. It
// runs until it is killed.
func crashChild(dir string) error {
	s, tp, _, err := openCrash(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	done, err := s.Committed(ctx)
	if err != nil {
		return err
	}
	commit := func(n uint64) error {
		c := store.Commit{Tape: n, Now: storetest.Now(), Audit: []store.AuditEntry{{By: "lin", Act: strconv.FormatUint(n, 10)}}}
		if n%20 == 0 {
			c.Snapshot = []byte("snapshot " + strconv.FormatUint(n, 10))
		}
		return s.CommitOutgoing(ctx, c, outputs(n))
	}
	if err := tp.Read(done+1, func(n uint64, _ []byte) error { return commit(n) }); err != nil {
		return err
	}
	for {
		n, err := tp.Append([][]byte{fmt.Appendf(nil, "input %d", tp.Last()+1)})
		if err != nil {
			return err
		}
		fmt.Printf("taped %d\n", n)
		if err := commit(n); err != nil {
			return err
		}
		fmt.Printf("committed %d\n", n)
	}
}

// TestKilledWhileCommitting kills a process that commits, again and again.
func TestKilledWhileCommitting(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		t.Fatal(crashChild(dir))
	}
	dir := t.TempDir()
	n := sqlite().Start(t, store.DefaultConfig(), "tw", "jp")
	must(t, n[0].Close())
	must(t, os.Rename(filepath.Join(n[0].Dir, "keys"), filepath.Join(dir, "keys")))

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	kills := 10
	if testing.Short() {
		kills = 3
	}
	for range kills {
		acked := runAndKill(t, dir, 3+rnd.IntN(30))
		checkCrashed(t, dir, acked)
	}
}

// runAndKill starts the child, kills it after lines of its output, and returns
// the last number by what was told of it.
func runAndKill(t *testing.T, dir string, lines int) map[string]uint64 {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestKilledWhileCommitting$", "-test.v=false")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	acked := map[string]uint64{}
	sc := bufio.NewScanner(out)
	for i := 0; sc.Scan(); i++ {
		what, num, found := strings.Cut(sc.Text(), " ")
		n, err := strconv.ParseUint(num, 10, 64)
		if !found || err != nil {
			rest, _ := io.ReadAll(out)
			t.Fatalf("child said %q %s", sc.Text(), rest)
		}
		acked[what] = max(acked[what], n)
		if i == lines {
			must(t, cmd.Process.Kill())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("child ended by itself: %v", err)
	}
	return acked
}

func checkCrashed(t *testing.T, dir string, acked map[string]uint64) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "store", store.File))
	must(t, err)
	var ok string
	must(t, db.QueryRow(`PRAGMA integrity_check`).Scan(&ok))
	must(t, db.Close())
	if ok != "ok" {
		t.Fatalf("integrity: %s", ok)
	}
	s, tp, keys, err := openCrash(dir)
	must(t, err)
	done, err := s.Committed(t.Context())
	must(t, err)
	if done < acked["committed"] || tp.Last() < acked["taped"] || tp.Last() < done {
		t.Errorf("committed %d and taped %d, acknowledged were %v", done, tp.Last(), acked)
	}
	items, err := s.Records(t.Context(), "jp", 0, 1<<20)
	must(t, err)
	if uint64(len(items)) != done*perTape {
		t.Errorf("%d records for %d commits, want %d", len(items), done, done*perTape)
	}
	for i, it := range items {
		h, err := record.DecodeHeader(it.Header)
		must(t, err)
		if want := storetest.Object(i + perTape); it.Seq != uint64(i)+1 || h.Seq != it.Seq || h.Object != want || len(it.Key) == 0 {
			t.Fatalf("record %d: number %d, header %+v", i+1, it.Seq, h)
		}
	}
	rep, err := s.Verify(t.Context(), keys)
	must(t, err)
	if !rep.Verified || len(s.Problems()) != 0 {
		t.Errorf("journal: %+v, problems %v", rep, s.Problems())
	}
	if snap, _, _, err := s.Snapshot(t.Context()); done >= 20 && (err != nil || snap != done/20*20) {
		t.Errorf("snapshot of %d (%v), committed %d", snap, err, done)
	}
	must(t, errors.Join(tp.Close(), s.Close(), keys.Close()))
}
