// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat034 decodes and encodes ASTERIX category 034, service messages of a
// radar: north marker, sector crossing, configuration and position
// (EUROCONTROL-SPEC-0149-2b). Most of it is generated from
// asterix/spec/cat034.def.
//
// It does not interpret the reserved expansion or the special purpose field and
// does not judge the health of a sensor.
package cat034

//go:generate go run ../../tools/asterixgen -def ../spec/cat034.def -out .
