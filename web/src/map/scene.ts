// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the track layer draws, as plain values: it can be handed to a worker as
// it is. Coordinates are EPSG:3857.

import { band, clean, course, age as ageText, height, partnerLabel, speed } from '../lib/format';
import { FLAG_SHAPE, partnerKey, type Row } from '../lib/picture';
import { KIND_TRACK, type AlarmState, type Cell, type PartnerPicture, type PartnerView, type RecordIdentity } from '../lib/types';
import { ellipse } from './ellipse';
import { mercX, mercY, stretch } from './mercator';
import type { Name } from './names';
import { sidc, uncrewed } from './sidc';

export interface Mark {
  key: string;
  x: number;
  y: number;
  sidc: string;
  /** background: a small chevron without a label; interest: symbol and label. */
  background: boolean;
  courseDeg?: number;
  /** End of the speed vector. */
  vx?: number;
  vy?: number;
  lines: string[];
  alarm: AlarmState;
  pinned: boolean;
  selected: boolean;
  cursor: boolean;
  exercise: boolean;
  /** "", "coasting" or "lost": dimmed and marked, never gone silently. */
  fading: '' | 'coasting' | 'lost';
  /** tentative tracks are drawn thin, never hidden unasked. */
  tentative: boolean;
  /** what it tells of itself is not confirmed: hatched. */
  doubted?: boolean;
  partner: boolean;
  /** Growing uncertainty, as a radius in map metres, of what is no longer heard. */
  radius?: number;
}

/** Square is a released cell: the object is somewhere in it. */
export interface Square {
  key: string;
  x: number;
  y: number;
  half: number;
  dim: boolean;
  /** To the own track that is the same object. */
  tx?: number;
  ty?: number;
  label: string;
}

export interface Scene {
  marks: Mark[];
  squares: Square[];
  trails: { key: string; dots: number[] }[];
  areas?: Shape[];
  names?: Name[];
  partnerView: boolean;
}

/** Shape is an area that people stated, or within which an object is, as map metres. */
export interface Shape {
  key: string;
  kind: 'own' | 'partner' | 'overlap' | 'search' | 'search-partner' | 'estimate' | 'error' | 'fused';
  ring: { x: number; y: number }[];
  label: string;
  dim: boolean;
}

export interface SceneInput {
  rows: Row[];
  now: number;
  party: string;
  selected: string;
  cursor: string;
  exerciseWord: string;
  trail: (key: string) => number[];
}

const VECTOR_S = 120;
const EXERCISE_TAG = 'EX';

function vector(lat: number, lon: number, kt: number | undefined, deg: number | undefined): { vx?: number; vy?: number } {
  if (kt === undefined || deg === undefined || kt < 1) return {};
  const m = ((kt * 1852) / 3600) * VECTOR_S * stretch(lat);
  const a = (deg * Math.PI) / 180;
  return { vx: mercX(lon) + m * Math.sin(a), vy: mercY(lat) + m * Math.cos(a) };
}

function identityTag(id: { type?: string; presumed?: boolean } | undefined): string {
  return clean(id?.type) + (id?.presumed ? '?' : '');
}

function ownMark(r: Row, i: SceneInput): Mark {
  const t = r.own!;
  const fading = t.state === 'coasting' || t.state === 'lost' ? t.state : '';
  const old = fading ? ` ${fading === 'lost' ? '✕' : '◷'}${ageText(i.now - Date.parse(t.time))}` : '';
  const name = clean(t.callsign || t.name);
  const tag = identityTag(t.identity);
  const lines = [
    `${r.exercise ? `${EXERCISE_TAG} ` : ''}${name || r.label}${name && r.interest ? ` ${r.label}` : ''}${tag ? ` ${tag}` : ''}${old}`,
    `${height(t.domain, t.height_ft, i.party)} ${t.speed_kt === undefined ? '---' : Math.round(t.speed_kt)}`,
  ];
  for (const f of t.flags ?? []) lines[0] = `${FLAG_SHAPE[f] ?? '?'} ${lines[0]}`;
  if (t.emergency) lines[0] = `! ${lines[0]}`;
  if (r.reports.length) lines[1] += ` +${r.reports.map((p) => p.party.toUpperCase()).join('+')}`;
  if (r.key === i.selected) lines.push(`${course(t.course_deg)} ${speed(t.speed_kt)}`);
  return {
    key: r.key, x: mercX(t.pos.lon), y: mercY(t.pos.lat),
    sidc: sidc({ standard: r.standard, domain: t.domain, uncrewed: uncrewed(t.identity?.type) }),
    background: !r.interest && r.key !== i.selected, courseDeg: t.course_deg, ...vector(t.pos.lat, t.pos.lon, t.speed_kt, t.course_deg),
    lines, alarm: r.alarm, pinned: r.pinned, selected: r.key === i.selected, cursor: r.key === i.cursor, exercise: r.exercise, fading,
    tentative: r.state === 'tentative', doubted: t.flags?.includes('doubted'), partner: false, radius: fading ? Math.max(t.sigma_m, 1) * 2 * stretch(t.pos.lat) : undefined,
  };
}

const lat = (c: Cell) => c.lat_e5 / 1e5;
const lon = (c: Cell) => c.lon_e5 / 1e5;

function square(key: string, c: Cell, dim: boolean, label: string): Square {
  return { key, x: mercX(lon(c)), y: mercY(lat(c)), half: (c.grid_m / 2) * stretch(lat(c)), dim, label };
}

interface Released {
  party: string;
  object: string;
  domain: string;
  cell: Cell;
  bin: { start: string; width: number };
  height?: { base_ft: number; size_ft: number };
  speed_kt?: number;
  course_deg?: number;
  callsign?: string;
  name?: string;
  ended?: boolean;
  identity?: RecordIdentity;
  exercise?: boolean;
}

/** released draws an object as a policy made it: a symbol in the middle of its cell. */
function released(p: Released, key: string, i: SceneInput, more: Partial<Mark>): Mark {
  const mid = Date.parse(p.bin.start) + p.bin.width / 2e6;
  const fading = more.fading ?? (p.ended ? 'lost' : '');
  const name = clean(p.callsign || p.name) || partnerLabel(p.party, p.object);
  const tag = identityTag(p.identity);
  return {
    key, x: mercX(lon(p.cell)), y: mercY(lat(p.cell)),
    sidc: sidc({ standard: p.identity?.standard ?? 'pending', domain: p.domain, uncrewed: uncrewed(p.identity?.type) }),
    background: false, courseDeg: p.course_deg, ...vector(lat(p.cell), lon(p.cell), p.speed_kt, p.course_deg),
    lines: [
      `${p.exercise ? `${EXERCISE_TAG} ` : ''}${name}${tag ? ` ${tag}` : ''}`,
      `${band(p.domain, p.height)} ${p.speed_kt ?? '---'} ${fading === 'lost' ? '✕' : '◷'}${ageText(i.now - mid)}`,
    ],
    alarm: 'normal', pinned: true, selected: key === i.selected, cursor: key === i.cursor, exercise: p.exercise ?? false, tentative: false, partner: true,
    ...more, fading,
  };
}

function partnerMark(r: Row, i: SceneInput): Mark {
  const p = r.partner!;
  return released(p, r.key, i, {
    fading: p.state === 'ended' ? 'lost' : p.state === 'stale' ? 'coasting' : '', alarm: r.alarm, pinned: r.pinned, exercise: r.exercise,
  });
}

function reportSquare(p: PartnerView, key: string): Square {
  return square(key, p.cell, p.state !== 'fresh', partnerLabel(p.party, p.object));
}

/** ownScene draws the own picture: own tracks, and what partners released to us. */
export function ownScene(i: SceneInput): Scene {
  const s: Scene = { marks: [], squares: [], trails: [], partnerView: false };
  for (const r of i.rows) {
    if (r.partner) {
      const m = partnerMark(r, i);
      if (r.reports.length) m.lines[1] += ` +${r.reports.map((p) => p.party.toUpperCase()).join('+')}`;
      s.marks.push(m);
      s.squares.push(reportSquare(r.partner, r.key));
      for (const p of r.reports) s.squares.push({ ...reportSquare(p, partnerKey(p)), tx: m.x, ty: m.y });
      continue;
    }
    const m = ownMark(r, i);
    s.marks.push(m);
    for (const p of r.reports) s.squares.push({ ...reportSquare(p, partnerKey(p)), tx: m.x, ty: m.y });
    const dots = i.trail(r.key);
    if (dots.length > 2) s.trails.push({ key: r.key, dots });
  }
  return s;
}

/** errors returns the ellipses within which the selected object is with 95 %: of our track, and by everybody's evidence. */
export function errors(r: Row | undefined, label: string): Shape[] {
  const t = r?.own;
  const list: Shape[] = [];
  if (t?.ellipse) list.push({ key: `${r!.key}/error`, kind: 'error', ring: ellipse(t.pos, t.ellipse), label: '', dim: t.state === 'lost' });
  if (t?.fused) list.push({ key: `${r!.key}/fused`, kind: 'fused', ring: ellipse(t.fused.pos, t.fused), label, dim: false });
  return list;
}

/** partnerScene draws exactly the records that the partner holds from us. */
export function partnerScene(p: PartnerPicture, i: Omit<SceneInput, 'rows' | 'trail'>): Scene {
  const s: Scene = { marks: [], squares: [], trails: [], partnerView: true };
  for (const rec of p.records) {
    if (rec.kind !== KIND_TRACK || !rec.track) continue;
    const key = `v${rec.object}`;
    const t = { ...rec.track, party: rec.originator, object: rec.object, exercise: rec.exercise };
    s.marks.push(released(t, key, { ...i, rows: [], trail: () => [] }, {}));
    s.squares.push(square(key, rec.track.cell, rec.track.ended ?? false, ''));
  }
  return s;
}
