// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, it } from 'vitest';
import { endsAtMidnight, exactness, nearText } from '../src/lib/place';

const cell = { lat_e5: 0, lon_e5: 0, grid_m: 10_000 };

it('a cell is as exact as half its grid, a named place as its words', () => {
  expect(exactness({ cell })).toBe('±5 km');
  expect(exactness({ cell, near: { place: 'Yonaguni-jima', bearing_deg: 315, distance_m: 60_000 } })).toBe('about 60 km NW of Yonaguni-jima');
  expect(nearText({ place: 'Yonaguni-jima', bearing_deg: 0, distance_m: 10_000 })).toBe('about 10 km N of Yonaguni-jima');
  expect(nearText({ place: 'Yonaguni-jima', distance_m: 0 })).toBe('in the grid cell of Yonaguni-jima');
});

it('whole days end at midnight, UTC', () => {
  expect([86_400, 172_800, 3600, 0, 90_000].map(endsAtMidnight)).toEqual([true, true, false, false, false]);
});
