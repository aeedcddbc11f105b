// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat129 decodes and encodes ASTERIX category 129, identification and
// target reports of unmanned aircraft, edition 1.2 (EUROCONTROL-SPEC-0149-29).
// It is generated from asterix/spec/cat129.def, whose head says how little of
// it is proven.
//
// It does not hold a block to one record, as the document does.
package cat129

//go:generate go run ../../tools/asterixgen -def ../spec/cat129.def -out .
