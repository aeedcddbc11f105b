// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// speeds are the codes of Bauds.
var speeds = map[uint32]uint32{
	4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200,
	230400: unix.B230400, 460800: unix.B460800, 921600: unix.B921600, 1000000: unix.B1000000, 3000000: unix.B3000000,
}

// openSerial opens a line of 8 bits without parity, handshake or any meaning of
// an octet (termios(3), raw mode). It waits for no carrier, and the line does
// not become the process's terminal.
func openSerial(path string, baud uint32) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	raw, err := file.SyscallConn()
	if err == nil {
		var set error
		err = raw.Control(func(fd uintptr) { set = makeRaw(int(fd), speeds[baud]) }) //nolint:gosec // a descriptor is small
		if err == nil {
			err = set
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("set up line: %w", err)
	}
	return file, nil
}

func makeRaw(fd int, speed uint32) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = unix.IGNBRK, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | speed
	t.Ispeed, t.Ospeed = speed, speed
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
