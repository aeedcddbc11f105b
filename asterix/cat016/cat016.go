// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat016 decodes and encodes ASTERIX category 016, configuration
// reports of independent non-cooperative surveillance: transmitter and receiver
// pairs (EUROCONTROL-SPEC-0149-31). It is generated from
// asterix/spec/cat016.def.
//
// It does not judge the health of a sensor.
package cat016

//go:generate go run ../../tools/asterixgen -def ../spec/cat016.def -out .
