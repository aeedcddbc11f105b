// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat019 decodes and encodes ASTERIX category 019, service messages of
// a multilateration system (EUROCONTROL-SPEC-0149-18). It is generated from
// asterix/spec/cat019.def.
//
// It does not judge the health of a sensor.
package cat019

//go:generate go run ../../tools/asterixgen -def ../spec/cat019.def -out .
