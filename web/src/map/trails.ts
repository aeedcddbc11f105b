// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// History dots, kept by the console from the views it saw.

import { ownKey } from '../lib/picture';
import type { View } from '../lib/types';
import { mercX, mercY } from './mercator';

const EVERY_MS = 10_000;
const POINTS = 60;
/** A gap longer than this ends a trail: dots of different flights must not look like one. */
const GAP_MS = 30 * 60_000;

interface Trail {
  xs: number[];
  ys: number[];
  last: number;
}

export class Trails {
  #trails = new Map<string, Trail>();

  take(v: View): void {
    const seen = new Set<string>();
    for (const t of v.tracks) {
      const key = ownKey(t.n);
      seen.add(key);
      this.#add(key, Date.parse(t.time), mercX(t.pos.lon), mercY(t.pos.lat));
    }
    for (const key of this.#trails.keys()) if (!seen.has(key)) this.#trails.delete(key);
  }

  #add(key: string, time: number, x: number, y: number): void {
    let tr = this.#trails.get(key);
    if (!tr || time - tr.last > GAP_MS || time < tr.last) {
      tr = { xs: [], ys: [], last: Number.NEGATIVE_INFINITY };
      this.#trails.set(key, tr);
    }
    if (time - tr.last < EVERY_MS) return;
    tr.last = time;
    tr.xs.push(x);
    tr.ys.push(y);
    if (tr.xs.length > POINTS) {
      tr.xs.shift();
      tr.ys.shift();
    }
  }

  /** of returns the dots as x, y pairs, the oldest first. */
  of(key: string): number[] {
    const tr = this.#trails.get(key);
    return tr ? tr.xs.flatMap((x, i) => [x, tr.ys[i] ?? 0]) : [];
  }
}
