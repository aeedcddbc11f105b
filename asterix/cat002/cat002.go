// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat002 decodes and encodes ASTERIX category 002, service messages of
// an older radar, north markers and sector crossings (EUROCONTROL-
// SPEC-0149-2b). It is generated from asterix/spec/cat002.def.
//
// It does not judge the health of a sensor.
package cat002

//go:generate go run ../../tools/asterixgen -def ../spec/cat002.def -out .
