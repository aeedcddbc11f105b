// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat015 decodes and encodes ASTERIX category 015, reports of
// independent non-cooperative surveillance: passive and multistatic sensors,
// with position and existence probability (EUROCONTROL-SPEC-0149-30). It is
// generated from asterix/spec/cat015.def.
//
// It does not keep tracks.
package cat015

//go:generate go run ../../tools/asterixgen -def ../spec/cat015.def -out .
