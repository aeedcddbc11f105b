// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package peers measures our decoders beside those of other projects, in one
// run and on the same octets. It is a module of its own: nothing of ours needs
// what it needs. `make peers` runs it.
package peers
