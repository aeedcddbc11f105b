// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

// What a look can show: one of each group.
const (
	actSpeed  = 0                            // over ground
	actHeight = actSpeed + len(speeds) + 1   // above the ellipsoid, or the pressure surface
	actClimb  = actHeight + len(heights) + 1 // up or down
	actChange = actClimb + len(climbs) + 1   // of the velocity, from one half of the look to the other
	actHover  = actChange + len(changes) + 1 // it stands, high above where it was lately
	acts      = actHover + 1
)

var (
	speeds  = [...]float64{3, 12, 30, 60, 95, 210}        // m/s
	heights = [...]float64{150, 1000, 4000, 8000, 14_000} // m
	climbs  = [...]float64{1, 8}                          // m/s
	changes = [...]float64{2, 8}                          // m/s
)

// kind is a kind of object, its share of its class, and how likely a look at one
// shows what: shares of the time that it is followed.
type kind struct {
	class Class
	share float64
	shows [acts]float64
}

// conduct is what kinds of objects do, rounded by judgement to what the sources
// bound. What a class cannot do has a share of a thousandth or less, not none: a
// track that took another object must not decide for ever.
//
//   - None of the classes is broad: birds, parachutists, rockets, vehicles, and
//     false tracks.
//   - Light aircraft stall at 23 m/s (CS-VLA) to 31 m/s (CS-23) at most, gliders
//     fly at some 25 m/s; liners fly at 200 to 260 m/s and 9 to 12 km.
//   - Helicopters hover, and are not let fly faster than some 86 m/s (AW139:
//     167 kt); few go above 4 km, none of note above 6 km.
//   - Small drones: at most 45 m/s and 122 m above ground (14 CFR 107.51), 19 m/s
//     in class C1 (Regulation (EU) 2019/945), 120 m (2019/947).
//   - Large drones: Bayraktar TB2 36 to 62 m/s up to 7.6 km, MQ-9 about 100 m/s up
//     to 15 km, RQ-4 160 m/s at 18 km (makers' and US Air Force data sheets).
//   - Balloons go with the wind: 5 to 6 m/s upward where they carry a radiosonde
//     (WMO-No. 8), at 15 to 37 km where they stay; the wind of a minute is one
//     wind.
//   - Vessels: 10 m/s is fast, 25 m/s is a fast ferry.
var conduct = [...]kind{
	{noClass, 1, [acts]float64{
		0.1, 0.25, 0.3, 0.1, 0.05, 0.1, 0.1,
		0.25, 0.35, 0.25, 0.08, 0.05, 0.02,
		0.5, 0.35, 0.15,
		0.45, 0.3, 0.2, 0.05,
	}},
	{Aircraft, 0.7, [acts]float64{ // jets, large turboprops
		0.05, 0.02, 0.01, 0.02, 0.1, 0.4, 0.4,
		0.05, 0.08, 0.15, 0.17, 0.53, 0.02,
		0.6, 0.2, 0.2,
		0.6, 0.2, 0.1995, 0.0005,
	}},
	{Aircraft, 0.3, [acts]float64{ // light, and gliders
		0.06, 0.02, 0.08, 0.4, 0.36, 0.0795, 0.0005,
		0.12, 0.43, 0.4, 0.047, 0.002, 0.001,
		0.7, 0.28, 0.02,
		0.55, 0.25, 0.1995, 0.0005,
	}},
	{Helicopter, 1, [acts]float64{
		0.15, 0.08, 0.17, 0.35, 0.249, 0.0005, 0.0005,
		0.2, 0.45, 0.3, 0.045, 0.004, 0.001,
		0.6, 0.37, 0.03,
		0.4, 0.25, 0.2, 0.15,
	}},
	{SmallDrone, 1, [acts]float64{
		0.25, 0.35, 0.35, 0.045, 0.004, 0.0005, 0.0005,
		0.5, 0.4, 0.09, 0.008, 0.001, 0.001,
		0.65, 0.34, 0.01,
		0.3, 0.3, 0.2, 0.2,
	}},
	{LargeDrone, 1, [acts]float64{
		0.03, 0.02, 0.05, 0.4, 0.3, 0.19, 0.01,
		0.03, 0.1, 0.32, 0.4, 0.12, 0.03,
		0.75, 0.23, 0.02,
		0.65, 0.25, 0.0995, 0.0005,
	}},
	{Balloon, 1, [acts]float64{
		0.15, 0.4, 0.38, 0.06, 0.009, 0.0005, 0.0005,
		0.08, 0.12, 0.15, 0.12, 0.15, 0.38,
		0.5, 0.49, 0.01,
		0.75, 0.13, 0.02, 0.1,
	}},
	{Vessel, 1, [acts]float64{
		0.35, 0.4, 0.24, 0.008, 0.001, 0.0005, 0.0005,
		0.95, 0.046, 0.001, 0.001, 0.001, 0.001,
		0.98, 0.019, 0.001,
		0.85, 0.14, 0.009, 0.001,
	}},
}

// classMotion returns the kinematics of an air class that has models of its own.
// White acceleration of q moves an object as far, in the time T between two
// plots, as one of a steady 1.15·√(q/T) does: of 3 m/s² in 10 s with 70 m²/s³.
//
//   - Helicopters and small drones brake and turn with some 3 to 5 m/s².
//   - Large drones bank by 20° at most: 3.6 m/s².
//   - Balloons feel the shear of the wind that they rise through, 5 m/s in each
//     kilometre at 5 m/s upward: 0.025 m/s².
func classMotion(c Class) (kinematics, bool) {
	k := motion(Air)
	switch c {
	case Helicopter:
		k.q, k.tau, k.hard = [maxModels]float64{0.03, 15, 60}, [maxModels]float64{300, 20, 10}, 0.2
	case SmallDrone:
		k.q, k.tau, k.hard = [maxModels]float64{0.1, 10, 60}, [maxModels]float64{20, 10, 10}, 0.5
	case LargeDrone:
		k.q, k.tau, k.hard = [maxModels]float64{0.03, 12, 60}, [maxModels]float64{600, 40, 15}, 0.1
	case Balloon:
		k.q, k.tau, k.hard = [maxModels]float64{0.0005, 0.02, 0.5}, [maxModels]float64{900, 60, 30}, 0.1
	default:
		return k, false
	}
	return k, true
}
