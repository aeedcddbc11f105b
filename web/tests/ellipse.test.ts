// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { ellipse, WITHIN95 } from '../src/map/ellipse';
import { mercX, mercY } from '../src/map/mercator';

describe('the ellipse of an error', () => {
  const at = { lat: 60, lon: 120 };
  it('holds 95 %, with the longer axis where it is said to lie', () => {
    const ring = ellipse(at, { major_m: 1000, minor_m: 200, axis_deg: 90 });
    const east = Math.max(...ring.map((p) => p.x)) - mercX(at.lon);
    const north = Math.max(...ring.map((p) => p.y)) - mercY(at.lat);
    expect(east).toBeCloseTo(1000 * WITHIN95 * 2, 0); // at 60° a metre takes two on the map
    expect(north).toBeCloseTo(200 * WITHIN95 * 2, 0);
  });
  it('turns by the clock from north', () => {
    const ring = ellipse(at, { major_m: 1000, minor_m: 1, axis_deg: 45 });
    const tip = ring[0]!;
    expect(tip.x - mercX(at.lon)).toBeCloseTo(tip.y - mercY(at.lat), 3);
    expect(tip.x).toBeGreaterThan(mercX(at.lon));
  });
});
