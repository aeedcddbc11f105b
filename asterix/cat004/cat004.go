// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat004 decodes and encodes ASTERIX category 004, safety net messages
// of a neighbour: conflicts, infringements, area proximity (EUROCONTROL-
// SPEC-0149-17). It is generated from asterix/spec/cat004.def.
//
// It does not judge what an alert means here.
package cat004

//go:generate go run ../../tools/asterixgen -def ../spec/cat004.def -out .
