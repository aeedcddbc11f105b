// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat062 decodes and encodes ASTERIX category 062, system tracks of a
// surveillance data processing system (EUROCONTROL-SPEC-0149-9). It is
// generated from asterix/spec/cat062.def.
//
// It does not keep tracks or interpret BDS registers.
package cat062

//go:generate go run ../../tools/asterixgen -def ../spec/cat062.def -out .
