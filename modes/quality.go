// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import "github.com/kuroshio-watch/kuroshio/geo"

const nm = geo.Metres(geo.MetresPerNauticalMile)

// containment is one row of the integrity tables; a radius of 0 is unknown.
type containment struct {
	nic    uint8
	radius geo.Metres
}

// containmentOf returns the integrity that a position's type code stands for,
// with the supplements of ADS-B versions 1 and 2 (DO-260B tables 2-14, 2-16
// and N-4). An aircraft that never said its version is held for version 0.
func containmentOf(tc, version uint8, a, b, c bool) containment {
	if version == 0 {
		return containmentV0(tc)
	}
	if version == 1 { // one supplement only, which later became two
		b, c = a, a
	}
	switch tc {
	case 5, 9, 20:
		return containment{11, 7.5}
	case 6, 10, 21:
		return containment{10, 25}
	case 7:
		return pick(a && (!c || version == 1), containment{9, 75}, containment{8, 0.1 * nm})
	case 8:
		return surfaceTC8(version, a, c)
	case 11:
		return pick(a && b, containment{9, 75}, containment{8, 0.1 * nm})
	case 12:
		return containment{7, 0.2 * nm}
	case 13:
		return pick(a, containment{6, 0.6 * nm}, pick(b, containment{6, 0.3 * nm}, containment{6, 0.5 * nm}))
	case 14:
		return containment{5, nm}
	case 15:
		return containment{4, 2 * nm}
	case 16:
		return pick(a && b, containment{3, 4 * nm}, containment{2, 8 * nm})
	case 17:
		return containment{1, 20 * nm}
	}
	return containment{}
}

func surfaceTC8(version uint8, a, c bool) containment {
	switch {
	case version == 1:
		return containment{}
	case a && c:
		return containment{7, 0.2 * nm}
	case a:
		return containment{6, 0.3 * nm}
	case c:
		return containment{6, 0.6 * nm}
	}
	return containment{}
}

// containmentV0 maps the navigation uncertainty category of version 0
// (DO-260 table 2-11) to the containment radius it stands for.
func containmentV0(tc uint8) containment {
	switch tc {
	case 5, 9, 20:
		return containment{11, 7.5}
	case 6, 10, 21:
		return containment{10, 25}
	case 7, 11:
		return containment{8, 0.1 * nm}
	case 12:
		return containment{7, 0.2 * nm}
	case 13:
		return containment{6, 0.5 * nm}
	case 14:
		return containment{5, nm}
	case 15:
		return containment{4, 2 * nm}
	case 16:
		return containment{1, 10 * nm}
	case 17:
		return containment{1, 20 * nm}
	}
	return containment{}
}

// accuracyV0 returns the accuracy and the source integrity level that a
// position of version 0 stands for by its type code (DO-260B table N-7); false
// for a type code that carries no position.
func accuracyV0(tc uint8) (nacp, sil uint8, ok bool) {
	switch tc {
	case 0, 18, 22:
		return 0, 0, true
	case 5, 9, 20:
		return 11, 2, true
	case 6, 10, 21:
		return 10, 2, true
	case 7, 11:
		return 8, 2, true
	case 8:
		return 0, 2, true
	case 12:
		return 7, 2, true
	case 13:
		return 6, 2, true
	case 14:
		return 5, 2, true
	case 15:
		return 4, 2, true
	case 16, 17:
		return 1, 2, true
	}
	return 0, 0, false
}

func pick(cond bool, yes, no containment) containment {
	if cond {
		return yes
	}
	return no
}
