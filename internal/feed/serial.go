// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Bauds lists the speeds of serial lines, in bits a second: those of NMEA 0183
// and its fast form, and of receivers of Mode S.
func Bauds() []uint32 {
	return []uint32{4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1000000, 3000000}
}

// serial reads a serial line until it fails, a device that was pulled out too,
// or ctx ends. Nothing is ever written to it.
func (f *Feed) serial(ctx context.Context) error {
	if info, err := os.Stat(f.cfg.Path); err != nil {
		return fmt.Errorf("open feed: %w", err)
	} else if info.Mode()&os.ModeCharDevice == 0 {
		return errors.New("open feed: the path is no device")
	}
	r, err := openSerial(f.cfg.Path, f.cfg.Baud)
	if err != nil {
		return fmt.Errorf("open feed: %w", err)
	}
	defer func() { _ = r.Close() }() // only read
	defer context.AfterFunc(ctx, func() { _ = r.Close() })()
	f.setUp(true, "", "")
	return f.read(ctx, deadlined{r, f.cfg.Stale})
}
