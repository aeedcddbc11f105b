// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat010 decodes and encodes ASTERIX category 010, reports of surface
// movement sensors: plots and tracks on and near an airport or a harbour
// (EUROCONTROL-SPEC-0149-7). It is generated from asterix/spec/cat010.def.
//
// It does not place a report on the earth.
package cat010

//go:generate go run ../../tools/asterixgen -def ../spec/cat010.def -out .
