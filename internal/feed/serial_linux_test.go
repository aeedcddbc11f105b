// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// line returns the far end of a pseudo terminal and the name of the near one.
func line(t testing.TB) (*os.File, string) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no pseudo terminal here: %v", err)
	}
	t.Cleanup(func() { _ = far.Close() })
	raw, err := far.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	var failed error
	err = raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil { //nolint:gosec // a descriptor
			n, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN) //nolint:gosec // a descriptor
		}
	})
	if err != nil || failed != nil {
		t.Fatalf("open pseudo terminal: %v, %v", err, failed)
	}
	return far, fmt.Sprintf("/dev/pts/%d", n)
}

// TestSerial reads octets as they are, those too that mean something to a
// terminal, and ends when it is told to.
func TestSerial(t *testing.T) {
	far, near := line(t)
	r := start(t, feed.Config{Kind: "nmea-serial", Path: near, Baud: 38400}, 10)
	r.wait(true)
	const odd = "!AIVDM,\x03\x04\x11\x13\x1a\x7f\xff,1"
	if _, err := far.WriteString(odd + "\r\n!AIVDM,2\n!AIV"); err != nil {
		t.Fatal(err)
	}
	got := r.frames(2)
	if string(got[0].Data) != odd || string(got[1].Data) != "!AIVDM,2" || got[1].Offset != int64(len(odd)+2) {
		t.Errorf("frames = %q", texts(got))
	}
	r.stop() // though it waits for more
}

// TestSerialIsPulledOut loses the device: the feed goes down, and tries again.
func TestSerialIsPulledOut(t *testing.T) {
	far, near := line(t)
	r := start(t, feed.Config{Kind: "beast-serial", Path: near, Baud: 3000000}, 0)
	r.wait(true)
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	r.wait(false)
}

// TestSerialIsADevice does not take a file for one.
func TestSerialIsADevice(t *testing.T) {
	var told syncBuffer
	path := t.TempDir()
	start(t, feed.Config{Kind: "nmea-serial", Path: path, Baud: 4800, Log: logTo(&told)}, 0)
	told.await(t, "no device")
}
