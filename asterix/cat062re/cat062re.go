// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat062re decodes and encodes the content of the reserved expansion
// field of ASTERIX category 062 (EUROCONTROL-SPEC-0149-9). It is
// generated from asterix/spec/cat062re.def.
//
// It does not read the length octet before the content, which item RE of the
// category leaves out.
package cat062re

//go:generate go run ../../tools/asterixgen -def ../spec/cat062re.def -out .
