// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// How a radar is registered, in words and as a small chart.

import { signed } from './format';
import type { Bias, RegistrationView } from './types';

/** Axis is one of the biases, as the table and the chart show it. */
export interface Axis {
  id: 'range' | 'gain' | 'azimuth' | 'time';
  unit: string;
  digits: number;
  of: (b: Bias) => number;
}

export const AXES: Axis[] = [
  { id: 'range', unit: 'm', digits: 0, of: (b) => b.range_m },
  { id: 'gain', unit: 'm/100 km', digits: 1, of: (b) => b.gain * 100_000 },
  { id: 'azimuth', unit: '°', digits: 3, of: (b) => b.azimuth_deg },
  { id: 'time', unit: 's', digits: 2, of: (b) => b.time_s },
];

/** amount is a bias with one standard deviation: "+0.198 ± 0.004 °"; "–" while nothing is known. */
export function amount(r: Pick<RegistrationView, 'bias' | 'sigma' | 'sights'>, a: Axis): string {
  if (r.sights === 0 || !r.bias || !r.sigma) return '–';
  return `${signed(a.of(r.bias), a.digits)} ± ${a.of(r.sigma).toFixed(a.digits)} ${a.unit}`;
}

/** radarName is what a radar is called. */
export const radarName = (r: Pick<RegistrationView, 'source' | 'sensor'>) => (r.sensor ? `${r.source} ${r.sensor}` : r.source);

/** Chart is a bias over time in the pixels of a small drawing. */
export interface Chart {
  line: string; // points of the estimate
  band: string; // points around two standard deviations
  jumps: number[]; // where it changed at once
  zero: number; // the height of no bias
  low: number;
  high: number;
}

/** chart draws the history of one bias; undefined where there is less than two moments. */
export function chart(r: Pick<RegistrationView, 'history'>, a: Axis, width: number, height: number): Chart | undefined {
  const h = r.history;
  const from = Date.parse(h[0]?.at ?? '');
  const to = Date.parse(h.at(-1)?.at ?? '');
  if (h.length < 2 || !(to > from)) return undefined;
  const tops = h.map((p) => a.of(p.bias) + 2 * a.of(p.sigma));
  const feet = h.map((p) => a.of(p.bias) - 2 * a.of(p.sigma));
  const low = Math.min(0, ...feet);
  const high = Math.max(0, ...tops);
  const x = (at: string) => Math.round((10 * width * (Date.parse(at) - from)) / (to - from)) / 10;
  const y = (v: number) => Math.round(10 * height * (1 - (v - low) / (high - low || 1))) / 10;
  const up = h.map((p, i) => `${x(p.at)},${y(tops[i]!)}`);
  const down = h.map((p, i) => `${x(p.at)},${y(feet[i]!)}`).reverse();
  return {
    line: h.map((p) => `${x(p.at)},${y(a.of(p.bias))}`).join(' '), band: [...up, ...down].join(' '),
    jumps: h.filter((p) => p.jump).map((p) => x(p.at)), zero: y(0), low, high,
  };
}
