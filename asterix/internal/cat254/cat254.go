// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat254 is a made-up category that holds the generator to every form
// an item can have. Nothing on any wire is of it.
package cat254

//go:generate go run ../../../tools/asterixgen -def cat254.def -out .
