// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Draws a Scene on a canvas. It knows no DOM but the context and the bitmaps
// handed in, so that a worker can take it over.

import { declutter, type Box } from './labels';
import { drawNames, measurer, settle, spots } from './names';
import type { Palette } from './palette';
import type { Mark, Scene, Shape, Square } from './scene';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface Glyph {
  image: CanvasImageSource;
  w: number;
  h: number;
  ax: number;
  ay: number;
}

/** Frame says where the canvas lies on the map: its middle and the map metres of one CSS pixel. */
export interface Frame {
  cx: number;
  cy: number;
  resolution: number;
  width: number;
  height: number;
  /** How much of each side lies outside of what is seen. */
  margin?: number;
}

export interface Options {
  palette: Palette;
  labels: boolean;
  trails: boolean;
  glyph: (sidc: string) => Glyph;
}

/** Drawn is an object that is on the canvas, in CSS pixels. */
export interface Drawn {
  key: string;
  x: number;
  y: number;
  ring: string;
  /** Where its label stands, if it has one. */
  label?: Box;
  exercise: boolean;
  partner: boolean;
}

/** NameDrawn is a name that is on the canvas. */
export interface NameDrawn {
  text: string;
  boxes: Box[];
}

const FONT_PX = 12;
const LINE_PX = 14;

/** draw paints the scene and returns what is on the canvas. */
export function draw(ctx: Context, s: Scene, f: Frame, o: Options): { objects: Drawn[]; names: NameDrawn[] } {
  ctx.clearRect(0, 0, f.width, f.height);
  const px = (x: number) => f.width / 2 + (x - f.cx) / f.resolution;
  const py = (y: number) => f.height / 2 - (y - f.cy) / f.resolution;
  const inside = (x: number, y: number, m = 40) => x > -m && y > -m && x < f.width + m && y < f.height + m;

  if (o.trails) drawTrails(ctx, s, px, py, o.palette);
  for (const a of s.areas ?? []) drawShape(ctx, a, px, py, o.palette);
  for (const q of s.squares) drawSquare(ctx, q, px, py, f.resolution, o.palette);
  const out: Drawn[] = [];
  const visible: { m: Mark; x: number; y: number }[] = [];
  for (const m of s.marks) {
    const x = px(m.x);
    const y = py(m.y);
    if (inside(x, y)) visible.push({ m, x, y });
  }
  visible.reverse(); // the most urgent last, on top
  const names = spots(s.names ?? [], { px, py, resolution: f.resolution, width: f.width, height: f.height }, measurer(ctx, o.palette));
  const labels = o.labels ? labelsOf(ctx, visible, names.flatMap((l) => l[0]?.boxes ?? []), o.palette, f) : [];
  const shown = settle(names, labels.map((l) => l.box));
  drawNames(ctx, shown, o.palette);
  for (const { m, x, y } of visible) drawVector(ctx, m, x, y, px, py, o.palette);
  for (const { m, x, y } of visible) {
    drawMark(ctx, m, x, y, f.resolution, o);
    out.push({ key: m.key, x, y, ring: ring(m, o.palette)?.name ?? '', exercise: m.exercise, partner: m.partner });
  }
  setFont(ctx, o.palette);
  for (const l of labels) {
    drawLabel(ctx, l, o.palette);
    out[l.index]!.label = l.box;
  }
  return { objects: out, names: shown.map((n) => ({ text: n.name.text, boxes: n.boxes })) };
}

function drawTrails(ctx: Context, s: Scene, px: (x: number) => number, py: (y: number) => number, p: Palette): void {
  ctx.fillStyle = p.trail;
  for (const t of s.trails) {
    const n = t.dots.length / 2;
    for (let i = 0; i < n; i++) {
      ctx.globalAlpha = 0.25 + (0.65 * (i + 1)) / n;
      ctx.fillRect(px(t.dots[2 * i]!) - 1, py(t.dots[2 * i + 1]!) - 1, 2, 2);
    }
  }
  ctx.globalAlpha = 1;
}

const DASH: Record<Shape['kind'], number[]> = {
  own: [], partner: [8, 4], overlap: [], search: [2, 3], 'search-partner': [8, 3, 2, 3], estimate: [1, 3], error: [], fused: [6, 3],
};

// Line and word tell whose an area is; colour comes second.
function drawShape(ctx: Context, a: Shape, px: (x: number) => number, py: (y: number) => number, p: Palette): void {
  const first = a.ring[0];
  if (!first) return;
  const theirs = a.kind === 'partner' || a.kind === 'search-partner' || a.kind === 'fused';
  const colour = a.kind === 'overlap' ? p.alarm : theirs ? p.partner : a.kind === 'estimate' ? p.caution : p.accent;
  ctx.save();
  ctx.globalAlpha = a.dim ? 0.5 : 1;
  ctx.beginPath();
  ctx.moveTo(px(first.x), py(first.y));
  for (const c of a.ring.slice(1)) ctx.lineTo(px(c.x), py(c.y));
  ctx.closePath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = a.kind === 'overlap' ? 3 : 1.5;
  ctx.setLineDash(DASH[a.kind]);
  ctx.stroke();
  if (a.kind === 'overlap') {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = colour;
    ctx.fill();
  }
  ctx.globalAlpha = 1;
  const top = a.ring.reduce((m, c) => (c.y > m.y ? c : m), first);
  const foot = a.ring.reduce((m, c) => Math.min(m, c.y), first.y);
  // The name of an ellipse that is no greater than the symbol would cover it.
  if (a.label && (a.kind !== 'fused' || py(foot) - py(top.y) > 2 * MIN_HALF_PX + 2 * RING_PX)) {
    ctx.setLineDash([]);
    ctx.font = `${FONT_PX}px ${p.sans}`;
    ctx.textAlign = 'center';
    ctx.lineWidth = 3;
    ctx.strokeStyle = p.sea;
    ctx.strokeText(a.label, px(top.x), py(top.y) - 5);
    ctx.fillStyle = colour;
    ctx.fillText(a.label, px(top.x), py(top.y) - 5);
  }
  ctx.restore();
}

const MIN_HALF_PX = 15;

function drawSquare(ctx: Context, q: Square, px: (x: number) => number, py: (y: number) => number, res: number, p: Palette): void {
  const x = px(q.x);
  const y = py(q.y);
  const half = q.half / res;
  ctx.save();
  ctx.globalAlpha = q.dim ? 0.55 : 1;
  ctx.strokeStyle = p.partner;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([5, 4]);
  if (half >= 3) ctx.strokeRect(x - half, y - half, 2 * half, 2 * half);
  if (q.tx !== undefined && q.ty !== undefined) {
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(px(q.tx), py(q.ty));
    ctx.stroke();
    ctx.setLineDash([]);
    diamond(ctx, x, y, 4);
    ctx.fillStyle = p.partner;
    ctx.fill();
  } else if (half < MIN_HALF_PX) {
    ctx.setLineDash([3, 3]);
    ctx.strokeRect(x - MIN_HALF_PX, y - MIN_HALF_PX, 2 * MIN_HALF_PX, 2 * MIN_HALF_PX);
  }
  ctx.restore();
}

function diamond(ctx: Context, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y - r);
  ctx.lineTo(x + r, y);
  ctx.lineTo(x, y + r);
  ctx.lineTo(x - r, y);
  ctx.closePath();
}

function drawVector(ctx: Context, m: Mark, x: number, y: number, px: (x: number) => number, py: (y: number) => number, p: Palette): void {
  if (m.vx === undefined || m.vy === undefined || m.fading === 'lost') return;
  ctx.strokeStyle = p.text2;
  ctx.globalAlpha = m.background ? 0.45 : 0.9;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(px(m.vx), py(m.vy));
  ctx.stroke();
  ctx.globalAlpha = 1;
}

function ring(m: Mark, p: Palette): { name: string; colour: string; width: number; dash: number[] } | undefined {
  if (m.alarm === 'unacknowledged') return { name: 'unacknowledged', colour: p.alarm, width: 3, dash: [] };
  if (m.alarm === 'acknowledged') return { name: 'acknowledged', colour: p.alarm, width: 1.5, dash: [] };
  if (m.alarm === 'returned') return { name: 'returned', colour: p.warn, width: 2, dash: [5, 3] };
  return undefined;
}

const RING_PX = 18;

function drawMark(ctx: Context, m: Mark, x: number, y: number, res: number, o: Options): void {
  const p = o.palette;
  ctx.save();
  if (m.radius !== undefined && m.radius / res > RING_PX) {
    ctx.strokeStyle = p.text3;
    ctx.setLineDash([2, 4]);
    circle(ctx, x, y, Math.min(m.radius / res, 400));
    ctx.setLineDash([]);
  }
  ctx.globalAlpha = m.fading ? 0.6 : 1;
  if (m.background && m.tentative) plus(ctx, x, y, p);
  else if (m.background) chevron(ctx, x, y, m.courseDeg, p);
  else {
    const g = o.glyph(m.sidc);
    ctx.drawImage(g.image, x - g.ax, y - g.ay, g.w, g.h);
  }
  ctx.globalAlpha = 1;
  if (m.doubted) hatch(ctx, x, y, m.background ? 7 : 13, p);
  if (m.partner) {
    ctx.fillStyle = p.partner;
    ctx.strokeStyle = p.sea;
    ctx.lineWidth = 1.5;
    diamond(ctx, x + 13, y - 12, 5);
    ctx.fill();
    ctx.stroke();
  }
  if (m.fading) {
    ctx.strokeStyle = m.fading === 'lost' ? p.text2 : p.caution;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([3, 3]);
    ctx.strokeRect(x - 14, y - 14, 28, 28);
    ctx.setLineDash([]);
    if (m.fading === 'lost') cross(ctx, x, y, 9);
  }
  const r = ring(m, p);
  if (r) {
    ctx.strokeStyle = r.colour;
    ctx.lineWidth = r.width;
    ctx.setLineDash(r.dash);
    circle(ctx, x, y, RING_PX);
    ctx.setLineDash([]);
  }
  if (m.selected) brackets(ctx, x, y, 22, p.accent, 2);
  else if (m.cursor) brackets(ctx, x, y, 22, p.text3, 1);
  ctx.restore();
}

const HATCH_PX = 5;

// The hatching of what an object tells of itself and nothing confirms.
function hatch(ctx: Context, x: number, y: number, r: number, p: Palette): void {
  ctx.strokeStyle = p.sea;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (let d = -2 * r + HATCH_PX; d < 2 * r; d += HATCH_PX) {
    // The line u + v = d inside the square of half side r.
    const u = Math.min(r, d + r);
    const v = Math.max(-r, d - r);
    ctx.moveTo(x + v, y + d - v);
    ctx.lineTo(x + u, y + d - u);
  }
  ctx.stroke();
  ctx.strokeStyle = p.caution;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 2]);
  ctx.strokeRect(x - r, y - r, 2 * r, 2 * r);
  ctx.setLineDash([]);
}

function circle(ctx: Context, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.stroke();
}

function cross(ctx: Context, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.moveTo(x - r, y - r);
  ctx.lineTo(x + r, y + r);
  ctx.moveTo(x + r, y - r);
  ctx.lineTo(x - r, y + r);
  ctx.stroke();
}

function plus(ctx: Context, x: number, y: number, p: Palette): void {
  ctx.strokeStyle = p.text3;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x - 4, y);
  ctx.lineTo(x + 4, y);
  ctx.moveTo(x, y - 4);
  ctx.lineTo(x, y + 4);
  ctx.stroke();
}

function chevron(ctx: Context, x: number, y: number, deg: number | undefined, p: Palette): void {
  ctx.fillStyle = p.text2;
  ctx.strokeStyle = p.sea;
  ctx.lineWidth = 1;
  ctx.beginPath();
  if (deg === undefined) ctx.arc(x, y, 3, 0, 2 * Math.PI);
  else {
    const a = (deg * Math.PI) / 180;
    const at = (fwd: number, right: number) =>
      [x + fwd * Math.sin(a) + right * Math.cos(a), y - fwd * Math.cos(a) + right * Math.sin(a)] as const;
    ctx.moveTo(...at(6, 0));
    ctx.lineTo(...at(-5, 4));
    ctx.lineTo(...at(-3, 0));
    ctx.lineTo(...at(-5, -4));
    ctx.closePath();
  }
  ctx.fill();
  ctx.stroke();
}

function brackets(ctx: Context, x: number, y: number, r: number, colour: string, width: number): void {
  const a = 7;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
    ctx.moveTo(x + sx * r, y + sy * (r - a));
    ctx.lineTo(x + sx * r, y + sy * r);
    ctx.lineTo(x + sx * (r - a), y + sy * r);
  }
  ctx.stroke();
}

interface SetLabel {
  mark: Mark;
  lines: string[];
  box: Box;
  index: number; // of the mark among the visible
}

function setFont(ctx: Context, p: Palette): void {
  ctx.font = `${FONT_PX}px ${p.mono}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.lineJoin = 'round';
}

const offset = (m: Mark) => (m.selected ? 26 : !m.background ? 21 : m.fading ? 18 : 9);

// Labels are set from the most urgent down. A pinned, selected or alarmed object
// always gets its label; the others only where there is room.
function labelsOf(ctx: Context, visible: { m: Mark; x: number; y: number }[], names: Box[], p: Palette, f: Frame): SetLabel[] {
  setFont(ctx, p);
  const few = visible.length <= 60 || f.resolution < 120;
  const symbols = visible.filter(({ m }) => !m.background).map(({ x, y }) => ({ x0: x - 13, y0: y - 13, x1: x + 13, y1: y + 13 }));
  const must = (m: Mark) => m.pinned || m.selected || m.alarm !== 'normal';
  const order = visible.map(({ m, x, y }, index) => ({ mark: m, x, y, index, lines: m.background ? m.lines.slice(0, 1) : m.lines }))
    .filter(({ mark }) => !mark.background || few)
    .reverse()
    .sort((a, b) => Number(b.mark.selected) - Number(a.mark.selected));
  const side = f.margin ?? 0;
  const boxes = declutter(order.map(({ mark: m, x, y, lines }) => ({
    x, y, w: Math.max(...lines.map((l) => ctx.measureText(l).width)), h: lines.length * LINE_PX, off: offset(m),
    east: m.vx === undefined || m.courseDeg === undefined || m.courseDeg % 360 >= 180, must: must(m),
  })), symbols, names, { x0: side, y0: side, x1: f.width - side, y1: f.height - side });
  return order.flatMap(({ mark, lines, index }, k) => (boxes[k] ? [{ mark, lines, index, box: boxes[k] }] : []));
}

function drawLabel(ctx: Context, { mark: m, lines, box }: SetLabel, p: Palette): void {
  ctx.strokeStyle = p.sea;
  ctx.lineWidth = 3;
  lines.forEach((l, k) => {
    const ly = box.y0 + (k + 0.5) * LINE_PX;
    ctx.fillStyle = m.partner ? p.partner : m.background ? p.text3 : k === 0 ? p.text1 : p.text2;
    ctx.strokeText(l, box.x0, ly);
    ctx.fillText(l, box.x0, ly);
  });
}
