// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package storetest

// stride says that every ninth of the story's writes fails: the race detector
// makes each run slow.
const stride = 9
