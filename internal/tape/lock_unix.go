// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tape

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock that ends with the process, however it ends.
func lockFile(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
