// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat048 decodes and encodes ASTERIX category 048, monoradar target
// reports: plots and local tracks of one radar (EUROCONTROL-SPEC-0149-4). Most
// of it is generated from asterix/spec/cat048.def.
//
// It does not interpret BDS registers, the reserved expansion or the special
// purpose field, keep tracks, or place a plot on the earth.
package cat048

//go:generate go run ../../tools/asterixgen -def ../spec/cat048.def -out .
