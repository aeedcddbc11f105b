// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Names of places, zones and lines. They lie under the tracks and give way to
// the tracks' labels, which in turn go round them where there is room.

import { Taken, type Box } from './labels';
import type { Palette } from './palette';

interface Coord {
  x: number;
  y: number;
}

/** Name is what the map calls a place or a line, in map metres. */
export interface Name {
  text: string;
  /** Height of the letters in CSS pixels. */
  size: number;
  colour: 'accent' | 'text2' | 'text3';
  /** The highest is set first. */
  rank: number;
  /** It is shown where a pixel is no more than so many map metres. */
  upTo: number;
  /** Where it stands, or the line along which it runs. */
  spot?: Coord;
  line?: Coord[];
  /** CSS pixels below the spot. */
  below?: number;
  /** It may stand above or below its spot. */
  moves?: boolean;
  /** CSS pixels from one to the next along a line; absent: once, in the middle. */
  every?: number;
  /** It may be longer than its line where a pixel is no more than so many map metres. */
  longUpTo?: number;
}

/** Spot is a place where a name can stand: its middle, its slope and what it covers. */
export interface Spot {
  name: Name;
  x: number;
  y: number;
  angle: number;
  boxes: Box[];
}

/** Ground turns map metres into pixels. */
export interface Ground {
  px: (x: number) => number;
  py: (y: number) => number;
  resolution: number;
  width: number;
  height: number;
}

/** Measure returns a text's width at a height of letters. */
export type Measure = (text: string, size: number) => number;

const LINE_HEIGHT = 1.2;
const ABOVE_LINE_PX = 3;

/** spots lists for each name that is shown at this scale where it can stand, the best first; the names of most rank first. */
export function spots(names: Name[], g: Ground, measure: Measure): Spot[][] {
  const inView = (s: Spot) => s.x > 0 && s.y > 0 && s.x < g.width && s.y < g.height;
  return names
    .filter((n) => g.resolution <= n.upTo)
    .sort((a, b) => b.rank - a.rank)
    .flatMap((n) => (n.line ? along(n, n.line, g, measure).map((s) => [s]) : [around(n, g, measure)]))
    .filter((list) => list[0] !== undefined && inView(list[0]));
}

function around(n: Name, g: Ground, measure: Measure): Spot[] {
  if (!n.spot) return [];
  const w = measure(n.text, n.size);
  const h = n.size * LINE_HEIGHT;
  const x = g.px(n.spot.x);
  const middle = g.py(n.spot.y) + (n.below ?? 0);
  return (n.moves ? [0, -2, 2, -4, 4] : [0]).map((lines) => {
    const y = middle + lines * h;
    return { name: n, x, y, angle: 0, boxes: [{ x0: x - w / 2, y0: y - h / 2, x1: x + w / 2, y1: y + h / 2 }] };
  });
}

function along(n: Name, line: Coord[], g: Ground, measure: Measure): Spot[] {
  const path = new Path(line.map((c) => ({ x: g.px(c.x), y: g.py(c.y) })));
  const w = measure(n.text, n.size);
  if (w > path.length && !(g.resolution <= (n.longUpTo ?? 0))) return [];
  const middles: number[] = [];
  if (!n.every || path.length < n.every) middles.push(path.length / 2);
  else for (let s = n.every / 2; s < path.length; s += n.every) middles.push(s);
  return middles.flatMap((s) => {
    for (const shift of [0, w, -w, 2 * w, -2 * w]) {
      const found = path.straight(s + shift, w);
      if (found) return [onLine(n, found, w)];
    }
    return [];
  });
}

function onLine(n: Name, at: Coord & { angle: number }, w: number): Spot {
  // What would stand on its head is turned round.
  const angle = Math.abs(at.angle) > Math.PI / 2 ? at.angle - Math.sign(at.angle) * Math.PI : at.angle;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const off = n.size * LINE_HEIGHT * 0.5 + ABOVE_LINE_PX;
  const x = at.x + sin * off;
  const y = at.y - cos * off;
  const half = n.size * 0.6;
  const count = Math.max(1, Math.ceil(w / n.size));
  const boxes = Array.from({ length: count }, (_, i) => {
    const d = ((i + 0.5) / count - 0.5) * w;
    return { x0: x + d * cos - half, y0: y + d * sin - half, x1: x + d * cos + half, y1: y + d * sin + half };
  });
  return { name: n, x, y, angle, boxes };
}

const BEND_PX = 3;

/** Path is a line of pixels with its length. */
class Path {
  readonly length: number;
  #ends: number[] = [0];

  constructor(readonly points: Coord[]) {
    for (const [i, p] of points.slice(1).entries()) this.#ends.push(this.#ends[i]! + Math.hypot(p.x - points[i]!.x, p.y - points[i]!.y));
    this.length = this.#ends.at(-1) ?? 0;
  }

  /** at returns the point so far along; before and behind the line it goes straight on. */
  at(s: number): Coord {
    const i = Math.min(Math.max(this.#ends.findIndex((e) => e >= s), 1), this.points.length - 1);
    const k = s > this.length ? this.points.length - 1 : i;
    const [a, b] = [this.points[k - 1]!, this.points[k]!];
    const share = (s - this.#ends[k - 1]!) / (this.#ends[k]! - this.#ends[k - 1]! || 1);
    return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
  }

  /** straight returns the middle and slope of a stretch of width w around s; undefined where the line bends. */
  straight(s: number, w: number): (Coord & { angle: number }) | undefined {
    if (this.points.length < 2 || (w <= this.length && (s < w / 2 || s > this.length - w / 2))) return undefined;
    const [a, m, b] = [this.at(s - w / 2), this.at(s), this.at(s + w / 2)];
    const long = Math.hypot(b.x - a.x, b.y - a.y);
    const bend = Math.abs((m.x - a.x) * (b.y - a.y) - (m.y - a.y) * (b.x - a.x)) / (long || 1);
    if (long < 0.97 * w || bend > BEND_PX) return undefined;
    return { ...m, angle: Math.atan2(b.y - a.y, b.x - a.x) };
  }
}

/** settle chooses the names that are drawn: each at its first spot that neither a label nor an earlier name covers. The others give way. */
export function settle(list: Spot[][], labels: Box[]): Spot[] {
  const taken = new Taken();
  for (const b of labels) taken.add(b);
  return list.flatMap((choices) => {
    const found = choices.find((s) => s.boxes.every((b) => taken.covered(b) === 0));
    for (const b of found?.boxes ?? []) taken.add(b);
    return found ? [found] : [];
  });
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** measurer measures as drawNames writes. */
export function measurer(ctx: Context, p: Palette): Measure {
  return (text, size) => {
    ctx.font = `${size}px ${p.sans}`;
    return ctx.measureText(text).width;
  };
}

export function drawNames(ctx: Context, list: Spot[], p: Palette): void {
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  ctx.lineWidth = 3;
  ctx.strokeStyle = p.sea;
  for (const s of list) {
    ctx.save();
    ctx.translate(s.x, s.y);
    ctx.rotate(s.angle);
    ctx.font = `${s.name.size}px ${p.sans}`;
    ctx.fillStyle = p[s.name.colour];
    ctx.strokeText(s.name.text, 0, 0);
    ctx.fillText(s.name.text, 0, 0);
    ctx.restore();
  }
}
