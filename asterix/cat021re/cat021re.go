// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat021re decodes and encodes the content of the reserved expansion
// field of ASTERIX category 021 (EUROCONTROL-SPEC-0149-12). It is
// generated from asterix/spec/cat021re.def.
//
// It does not read the length octet before the content, which item RE of the
// category leaves out.
package cat021re

//go:generate go run ../../tools/asterixgen -def ../spec/cat021re.def -out .
