// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat048re decodes and encodes the content of the reserved expansion
// field of ASTERIX category 048 (EUROCONTROL-SPEC-0149-4). It is
// generated from asterix/spec/cat048re.def.
//
// It does not read the length octet before the content, which item RE of the
// category leaves out.
package cat048re

//go:generate go run ../../tools/asterixgen -def ../spec/cat048re.def -out .
