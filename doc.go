// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package kuroshio is the root of the module. It holds no code, only the tests
// that keep the house in order: layers, purity, licence headers, package docs.
package kuroshio
