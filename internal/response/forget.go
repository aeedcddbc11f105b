// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// ForgetPosture takes out what a partner said that it does about an incident.
func (d *Desk) ForgetPosture(from party.ID, incident uint32) {
	list := slices.DeleteFunc(d.their[incident], func(s Stance) bool { return s.Party == from })
	if len(list) == 0 {
		delete(d.their, incident)
		return
	}
	d.their[incident] = list
}
