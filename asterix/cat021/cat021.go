// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat021 decodes and encodes ASTERIX category 021, ADS-B target
// reports, editions 2.2 to 2.7 (EUROCONTROL-SPEC-0149-12). It is generated from
// asterix/spec/cat021.def. Edition21 reads edition 2.1.
//
// It does not interpret BDS registers; earlier editions are other packages, for
// they are laid out in another way.
package cat021

//go:generate go run ../../tools/asterixgen -def ../spec/cat021.def -out .
