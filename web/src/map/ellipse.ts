// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The error ellipse of a place, as the map draws it.

import type { Ellipse, Point } from '../lib/types';
import { mercX, mercY, stretch } from './mercator';

/** WITHIN95 is how many standard deviations hold 95 % of two-dimensional errors: √χ²₂(0.95). */
export const WITHIN95 = 2.4477;

const ROUND = 48;

/** ellipse returns the outline within which the object is with 95 %. */
export function ellipse(at: Point, e: Ellipse): { x: number; y: number }[] {
  const a = (e.axis_deg * Math.PI) / 180;
  const k = WITHIN95 * stretch(at.lat);
  const [x, y] = [mercX(at.lon), mercY(at.lat)];
  return Array.from({ length: ROUND }, (_, i) => {
    const w = (i * 2 * Math.PI) / ROUND;
    const along = k * e.major_m * Math.cos(w);
    const across = k * e.minor_m * Math.sin(w);
    return { x: x + along * Math.sin(a) + across * Math.cos(a), y: y + along * Math.cos(a) - across * Math.sin(a) };
  });
}
