// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat021v026 decodes and encodes ASTERIX category 021, ADS-B target
// reports of editions 0.24 to 0.26 (EUROCONTROL-SPEC-0149-12). It is generated
// from asterix/spec/cat021v026.def.
//
// It does not read other editions.
package cat021v026

//go:generate go run ../../tools/asterixgen -def ../spec/cat021v026.def -out .
