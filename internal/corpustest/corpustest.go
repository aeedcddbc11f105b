// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package corpustest finds the corpus of recorded data for tests and counts
// the checks that ran against it. It holds no data and decides nothing.
package corpustest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the corpus folder: $KUROSHIO_CORPUS, or ../shared/corpus beside
// the repository. It skips the test, saying why, where there is none.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("KUROSHIO_CORPUS")
	if dir == "" {
		dir = filepath.Join(repoRoot(t), "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Skipf("corpus: ABSENT (looked in %s; set KUROSHIO_CORPUS): %v", dir, err)
	}
	return dir
}

// Check records that one check against the corpus passed. Call it at the end
// of such a test; `make test` counts the lines.
func Check(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		path := os.Getenv("KUROSHIO_CORPUS_CHECKS")
		if path == "" {
			return
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Errorf("open corpus check list: %v", err)
			return
		}
		if _, err := f.WriteString(t.Name() + "\n"); err != nil {
			t.Errorf("write corpus check list: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("close corpus check list: %v", err)
		}
	})
}

func repoRoot(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("find own source file")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}
