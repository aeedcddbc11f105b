// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat023 decodes and encodes ASTERIX category 023, service messages of
// an ADS-B ground station (EUROCONTROL-SPEC-0149-16). It is generated from
// asterix/spec/cat023.def.
//
// It does not judge the health of a station.
package cat023

//go:generate go run ../../tools/asterixgen -def ../spec/cat023.def -out .
