// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat001plot decodes and encodes plots of ASTERIX category 001, reports
// of an older radar (EUROCONTROL-SPEC-0149-2a). It is generated from
// asterix/spec/cat001.def. Package cat001 tells plots from tracks.
//
// It does not unwrap the truncated time of day, item 141.
package cat001plot

//go:generate go run ../../tools/asterixgen -def ../spec/cat001.def -profile plot -out .
