// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat065 decodes and encodes ASTERIX category 065, service status of a
// surveillance data processing system (EUROCONTROL-SPEC-0149-9). It is
// generated from asterix/spec/cat065.def.
//
// It does not judge the health of a service.
package cat065

//go:generate go run ../../tools/asterixgen -def ../spec/cat065.def -out .
