// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Where labels stand so that they cover neither each other nor, where there is
// room, names.

/** Box is a rectangle in CSS pixels. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Label asks for a place beside an object. */
export interface Label {
  x: number;
  y: number;
  w: number;
  h: number;
  /** From the object's middle to the label's near edge. */
  off: number;
  /** The object moves to the west: the east is free of its vector. */
  east: boolean;
  /** It is shown even where there is no room. */
  must: boolean;
}

const CELL_PX = 64;

/** Taken finds what covers a box without looking at all of them. */
export class Taken {
  #cells = new Map<number, Box[]>();

  *#of(b: Box): Generator<number> {
    for (let x = Math.floor(b.x0 / CELL_PX); x <= Math.floor(b.x1 / CELL_PX); x++) {
      for (let y = Math.floor(b.y0 / CELL_PX); y <= Math.floor(b.y1 / CELL_PX); y++) yield x * 65_536 + y;
    }
  }

  add(b: Box): void {
    for (const c of this.#of(b)) {
      const list = this.#cells.get(c);
      if (list) list.push(b);
      else this.#cells.set(c, [b]);
    }
  }

  /** covered is the area of b that others cover. */
  covered(b: Box): number {
    const seen = new Set<Box>();
    let area = 0;
    for (const c of this.#of(b)) {
      for (const t of this.#cells.get(c) ?? []) {
        const w = Math.min(b.x1, t.x1) - Math.max(b.x0, t.x0);
        const h = Math.min(b.y1, t.y1) - Math.max(b.y0, t.y0);
        if (w <= 0 || h <= 0 || seen.has(t)) continue;
        seen.add(t);
        area += w * h;
      }
    }
    return area;
  }
}

/** places lists the eight places around an object, the best first: beside it, then above and below, then at the corners. */
export function places(l: Label): Box[] {
  const at = (dx: -1 | 0 | 1, dy: -1 | 0 | 1): Box => {
    const x0 = dx === 0 ? l.x - l.w / 2 : dx > 0 ? l.x + l.off : l.x - l.off - l.w;
    const y0 = dy === 0 ? l.y - l.h / 2 : dy > 0 ? l.y + l.off * (dx === 0 ? 1 : 0.5) : l.y - l.off * (dx === 0 ? 1 : 0.5) - l.h;
    return { x0, y0, x1: x0 + l.w, y1: y0 + l.h };
  };
  const [free, other]: [-1 | 1, -1 | 1] = l.east ? [1, -1] : [-1, 1];
  return [at(free, 0), at(other, 0), at(0, -1), at(0, 1), at(free, -1), at(free, 1), at(other, -1), at(other, 1)];
}

const area = (b: Box) => Math.max(0, b.x1 - b.x0) * Math.max(0, b.y1 - b.y0);

/** beyond is the area of b that lies outside of the view. */
const beyond = (b: Box, view: Box | undefined) =>
  view ? area(b) - area({ x0: Math.max(b.x0, view.x0), y0: Math.max(b.y0, view.y0), x1: Math.min(b.x1, view.x1), y1: Math.min(b.y1, view.y1) }) : 0;

/**
 * declutter gives each label the first of its places that nothing covers, in
 * order: the most urgent come first. Of such places it takes the one with the
 * least over names and outside of the view. One for which there is no room is
 * hidden, or, if it must be shown, stands where least is covered. The same
 * labels give the same places.
 */
export function declutter(list: Label[], symbols: Box[], names: Box[] = [], view?: Box): (Box | undefined)[] {
  const taken = new Taken();
  const soft = new Taken();
  for (const s of symbols) taken.add(s);
  for (const n of names) soft.add(n);
  return list.map((l) => {
    let best: Box | undefined;
    let least = Infinity;
    let over = Infinity;
    for (const b of places(l)) {
      const covered = taken.covered(b);
      const lost = covered > least ? Infinity : soft.covered(b) + beyond(b, view);
      if (covered < least || lost < over) [best, least, over] = [b, covered, lost];
      if (least === 0 && over === 0) break;
    }
    if (!best || (least > 0 && !l.must)) return undefined;
    taken.add(best);
    return best;
  });
}
