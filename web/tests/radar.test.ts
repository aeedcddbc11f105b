// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { amount, AXES, chart, radarName } from '../src/lib/radar';
import type { Bias } from '../src/lib/types';

const bias = (azimuth_deg: number, range_m = 0, gain = 0, time_s = 0): Bias => ({ range_m, gain, azimuth_deg, time_s });
const [range, gain, azimuth, time] = AXES as [(typeof AXES)[0], (typeof AXES)[0], (typeof AXES)[0], (typeof AXES)[0]];

describe('a bias', () => {
  const r = { bias: bias(0.1984, -42.4, 1.25e-4, 0.25), sigma: bias(0.0041, 8, 1e-5, 0.01), sights: 12 };
  it('is told with its error and unit', () => {
    expect(AXES.map((a) => amount(r, a))).toEqual(['−42 ± 8 m', '+12.5 ± 1.0 m/100 km', '+0.198 ± 0.004 °', '+0.25 ± 0.01 s']);
  });
  it('is not known before the first comparison', () => {
    expect([range, gain, azimuth, time].map((a) => amount({ ...r, sights: 0 }, a))).toEqual(['–', '–', '–', '–']);
  });
  it('is not known of a radar that is left out', () => {
    expect(amount({ sights: 0 }, range)).toBe('–');
  });
  it('is of a radar with a name', () => {
    expect([radarName({ source: 'north' }), radarName({ source: 'radar', sensor: '025/010' })]).toEqual(['north', 'radar 025/010']);
  });
});

describe('the chart of a bias', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString();
  const sigma = bias(0.1);
  const history = [
    { at: at(0), bias: bias(0.2), sigma }, { at: at(15), bias: bias(0.2), sigma }, { at: at(30), bias: bias(0.8), sigma, jump: true },
  ];
  it('spans the moments, no bias and two standard deviations', () => {
    expect(chart({ history }, azimuth, 100, 50)).toEqual({
      line: '0,40 50,40 100,10', band: '0,30 50,30 100,0 100,20 50,50 0,50', jumps: [100], zero: 50, low: 0, high: 1,
    });
  });
  it('is not drawn of one moment', () => {
    expect(chart({ history: history.slice(0, 1) }, azimuth, 100, 50)).toBeUndefined();
    expect(chart({ history: [] }, azimuth, 100, 50)).toBeUndefined();
  });
  it('stands where nothing is off', () => {
    const flat = [0, 15].map((m) => ({ at: at(m), bias: bias(0), sigma: bias(0) }));
    expect(chart({ history: flat }, azimuth, 100, 50)).toMatchObject({ line: '0,50 100,50', zero: 50 });
  });
});
