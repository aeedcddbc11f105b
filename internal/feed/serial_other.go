// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package feed

import (
	"errors"
	"os"
)

// openSerial refuses: how a line is set up differs from system to system.
func openSerial(string, uint32) (*os.File, error) {
	return nil, errors.New("serial lines are read on Linux only")
}
