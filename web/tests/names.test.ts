// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { settle, spots, type Ground, type Name } from '../src/map/names';

const ground = (more: Partial<Ground> = {}): Ground => ({ px: (x) => x, py: (y) => y, resolution: 1, width: 1000, height: 1000, ...more });
const width = (text: string, size: number) => text.length * size;
const name = (more: Partial<Name> = {}): Name => ({ text: 'abcd', size: 10, colour: 'text3', rank: 1, upTo: 100, ...more });
const place = (x: number, y: number, more: Partial<Name> = {}) => name({ spot: { x, y }, ...more });
const line = (...at: number[][]) => at.map(([x = 0, y = 0]) => ({ x, y }));

describe('names', () => {
  it('stand in the middle of their place, those of most rank first, and not at a scale that is too coarse or out of view', () => {
    const list = spots([place(500, 500), place(100, 100, { rank: 5 }), place(200, 200, { upTo: 0.5 }), place(-300, 20)], ground(), width);
    expect(list.map((l) => [l[0]!.x, l[0]!.y])).toEqual([[100, 100], [500, 500]]);
    expect(list[1]![0]!.boxes).toEqual([{ x0: 480, y0: 494, x1: 520, y1: 506 }]);
  });
  it('run along a straight part of their line, above it, and never on their head', () => {
    const one = (l: number[][], more: Partial<Name> = {}) => spots([name({ line: line(...l), ...more })], ground(), width).map((s) => s[0]!);
    expect(one([[100, 500], [300, 500]]).map((s) => [s.x, s.y, s.angle])).toEqual([[200, 491, 0]]);
    const back = one([[300, 500], [100, 500]])[0]!;
    expect([back.x, back.y, Math.abs(back.angle)].map((v) => +v.toFixed(6))).toEqual([200, 491, 0]);
    expect(Math.abs(one([[500, 100], [500, 300]])[0]!.angle)).toBeCloseTo(Math.PI / 2);
    // Its corner is in the middle: the name moves to a leg.
    const bent = one([[100, 500], [200, 500], [200, 400]]);
    expect(bent).toHaveLength(1);
    expect(Math.abs(bent[0]!.x - 200) > 5 || Math.abs(bent[0]!.y - 500) > 20).toBe(true);
  });
  it('are repeated on a long line, left out on a short one, and may stick out where that is said', () => {
    const count = (more: Partial<Name>) => spots([name({ line: line([100, 500], [900, 500]), ...more })], ground(), width).length;
    expect([count({}), count({ every: 200 }), count({ every: 2000 })]).toEqual([1, 4, 1]);
    const short = { line: line([100, 500], [120, 500]) };
    expect([count(short), count({ ...short, longUpTo: 1 })]).toEqual([0, 1]);
  });
  it('give way to labels and to names before them; one that may move does', () => {
    const list = spots([place(500, 500, { rank: 3 }), place(505, 500), place(800, 800)], ground(), width);
    expect(settle(list, []).map((s) => s.x)).toEqual([500, 800]);
    const label = { x0: 790, y0: 790, x1: 900, y1: 820 };
    expect(settle(list, [label]).map((s) => s.x)).toEqual([500]);
    const moving = settle(spots([place(800, 800, { moves: true })], ground(), width), [label]);
    expect(moving.map((s) => [s.x, s.y])).toEqual([[800, 776]]);
  });
  it('give way along the whole of their line, not only at its middle', () => {
    const gate = spots([name({ text: 'abcdefghij', line: line([100, 100], [300, 300]) })], ground(), width);
    const s = gate[0]![0]!;
    expect(s.boxes).toHaveLength(10);
    const end = s.boxes[9]!;
    expect(settle(gate, [{ x0: end.x1 - 2, y0: end.y1 - 2, x1: end.x1 + 40, y1: end.y1 + 14 }])).toEqual([]);
    expect(settle(gate, [{ x0: 280, y0: 100, x1: 300, y1: 120 }])).toHaveLength(1); // in the corner of its square, off its line
  });
});
