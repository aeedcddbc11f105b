// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { declutter, places, type Box, type Label } from '../src/map/labels';

const label = (more: Partial<Label> = {}): Label => ({ x: 500, y: 500, w: 80, h: 28, off: 20, east: true, must: false, ...more });
const apart = (a: Box, b: Box) => a.x1 <= b.x0 || b.x1 <= a.x0 || a.y1 <= b.y0 || b.y1 <= a.y0;

describe('labels', () => {
  it('have eight places, none over the object or another place', () => {
    for (const east of [true, false]) {
      const list = places(label({ east }));
      expect(list).toHaveLength(8);
      for (const b of list) expect([b.x1 - b.x0, b.y1 - b.y0, apart(b, { x0: 495, y0: 495, x1: 505, y1: 505 })]).toEqual([80, 28, true]);
      expect(new Set(list.map((b) => JSON.stringify(b))).size).toBe(8);
    }
  });
  it('stand on the side that the object does not move to', () => {
    expect(declutter([label()], [])[0]).toEqual({ x0: 520, y0: 486, x1: 600, y1: 514 });
    expect(declutter([label({ east: false })], [])[0]).toEqual({ x0: 400, y0: 486, x1: 480, y1: 514 });
  });
  it('move on where a symbol or an earlier label is', () => {
    const symbol = { x0: 510, y0: 480, x1: 530, y1: 520 };
    const [first, second] = declutter([label(), label({ y: 505 })], [symbol]);
    expect(first!.x1).toBe(480);
    expect(second && apart(first!, second) && apart(second, symbol)).toBe(true);
  });
  it('of one place: eight at most are shown, the most urgent, and those that must', () => {
    const crowd = Array.from({ length: 12 }, (_, i) => label({ must: i === 11 }));
    const got = declutter(crowd, []);
    const shown = got.flatMap((b, i) => (b ? [i] : []));
    expect(shown[0]).toBe(0);
    expect(shown).toContain(11);
    expect(shown.length).toBeLessThanOrEqual(9);
    const boxes = got.slice(0, 11).filter((b) => b !== undefined);
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) expect(apart(a, b)).toBe(true);
  });
  it('never cover another unless they must, and come out the same', () => {
    let s = 5;
    const next = () => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32);
    const list = Array.from({ length: 600 }, () => label({ x: 1600 * next(), y: 1000 * next(), east: next() < 0.5 }));
    const got = declutter(list, []);
    const boxes = got.filter((b) => b !== undefined);
    expect(boxes.length).toBeGreaterThan(200);
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) if (!apart(a, b)) throw new Error(JSON.stringify([a, b]));
    expect(declutter(list, [])).toEqual(got);
  });
  it('go round names and the edge of the view where there is room, and over them where there is none', () => {
    const east = { x0: 515, y0: 480, x1: 620, y1: 520 };
    expect(declutter([label()], [], [east])[0]!.x1).toBe(480);
    const all = { x0: 300, y0: 300, x1: 700, y1: 700 };
    expect(declutter([label()], [], [all])[0]).toEqual(declutter([label()], [])[0]);
    expect(declutter([label()], [], [], { x0: 0, y0: 0, x1: 590, y1: 900 })[0]!.x1).toBe(480);
    // A symbol weighs more than a name, however much of the name is covered.
    expect(declutter([label({ must: true })], [{ x0: 400, y0: 400, x1: 481, y1: 600 }], [{ x0: 481, y0: 400, x1: 700, y1: 600 }])[0]!.x0).toBe(520);
  });
});
