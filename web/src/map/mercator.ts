// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Spherical Mercator, EPSG:3857, in metres at the equator.

const R = 6378137;
const RAD = Math.PI / 180;

export const mercX = (lonDeg: number) => R * lonDeg * RAD;
export const mercY = (latDeg: number) => R * Math.log(Math.tan(Math.PI / 4 + (latDeg * RAD) / 2));
export const lonOf = (x: number) => x / R / RAD;
export const latOf = (y: number) => (2 * Math.atan(Math.exp(y / R)) - Math.PI / 2) / RAD;

/** stretch is how many map metres a metre on the ground takes at the latitude. */
export const stretch = (latDeg: number) => 1 / Math.cos(latDeg * RAD);
