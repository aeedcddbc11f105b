// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat063 decodes and encodes ASTERIX category 063, sensor status as a
// tracker sees it: bias and health (EUROCONTROL-SPEC-0149-10). It is generated
// from asterix/spec/cat063.def.
//
// It does not correct a sensor.
package cat063

//go:generate go run ../../tools/asterixgen -def ../spec/cat063.def -out .
