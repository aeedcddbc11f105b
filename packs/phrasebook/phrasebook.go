// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package phrasebook holds the shipped phrasebook as a text. It interprets
// nothing: package message reads it.
package phrasebook

import _ "embed" // for Text

//go:embed phrasebook.toml
var shipped []byte

// Name is what the shipped phrasebook is called in errors.
const Name = "phrasebook.toml"

// Text returns the text of the shipped phrasebook.
func Text() []byte { return shipped }
