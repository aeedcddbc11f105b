// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat020 decodes and encodes ASTERIX category 020, target reports of a
// multilateration system (EUROCONTROL-SPEC-0149-14). It is generated from
// asterix/spec/cat020.def.
//
// It does not interpret BDS registers or place a report on the earth.
package cat020

//go:generate go run ../../tools/asterixgen -def ../spec/cat020.def -out .
