// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat021v023 decodes and encodes ASTERIX category 021, ADS-B target
// reports of edition 0.23 (EUROCONTROL-SPEC-0149-12). It is generated from
// asterix/spec/cat021v023.def.
//
// It does not read later editions.
package cat021v023

//go:generate go run ../../tools/asterixgen -def ../spec/cat021v023.def -out .
