// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package storetest

// stride 1: each of the story's writes fails in a run of its own.
const stride = 1
