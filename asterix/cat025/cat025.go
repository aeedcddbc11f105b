// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat025 decodes and encodes ASTERIX category 025, status reports of a
// ground system (EUROCONTROL-SPEC-0149-26). It is generated from
// asterix/spec/cat025.def.
//
// It does not judge the health of a system.
package cat025

//go:generate go run ../../tools/asterixgen -def ../spec/cat025.def -out .
