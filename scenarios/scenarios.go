// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package scenarios holds the texts that the simulator plays, with the flight
// plans that belong to them. It reads none of them.
package scenarios

import "embed"

// FS holds the scenarios (*.scenario) and their plans (*.csv).
//
//go:embed *.scenario *.csv
var FS embed.FS
