// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

// Named returns what a track goes by now and went by before that was told names
// one after the other.
func Named(told ...Former) (now, before []Former) {
	var w own
	for _, f := range told {
		w.name(f)
	}
	return w.names()[len(w.Former):], w.Former
}
