// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Reads what an officer writes of areas and times.

import { coordinate } from './format';
import type { Area, Block, Point } from './types';

/** point reads "24.52, 122.25" or "24 31.2, 122 14.8"; undefined when it isn't a position. */
export function point(text: string): Point | undefined {
  const [a, b, more] = text.split(',');
  if (a === undefined || b === undefined || more !== undefined) return undefined;
  const lat = coordinate(a, 90);
  const lon = coordinate(b, 180);
  return lat === undefined || lon === undefined ? undefined : { lat, lon };
}

/** points reads one position a line, or between semicolons. */
export function points(text: string): Point[] | undefined {
  const list = text.split(/[;\n]/).filter((l) => l.trim() !== '').map(point);
  return list.every((p) => p !== undefined) ? (list as Point[]) : undefined;
}

export interface Stated {
  corners?: Point[];
  centre?: Point;
  radius_m?: number;
}

/** stated reads an area: several positions are corners, one with a radius in nautical miles is a circle. */
export function stated(text: string, radiusNM: string): Stated | undefined {
  const list = points(text);
  const nm = Number(radiusNM);
  if (!list) return undefined;
  if (list.length === 1 && radiusNM.trim() !== '' && nm > 0) return { centre: list[0], radius_m: Math.round(nm * 1852) };
  return list.length >= 3 && list.length <= 16 && radiusNM.trim() === '' ? { corners: list } : undefined;
}

/** written is the other way round, for amending. */
export function written(a: Area): { text: string; radius: string } {
  const one = (c: { lat_e5: number; lon_e5: number }) => `${(c.lat_e5 / 1e5).toFixed(5)}, ${(c.lon_e5 / 1e5).toFixed(5)}`;
  if (a.centre) return { text: one(a.centre), radius: String(+((a.radius_m ?? 0) / 1852).toFixed(2)) };
  return { text: (a.corners ?? []).map(one).join('\n'), radius: '' };
}

/** stamp writes a time as moment reads it: "2026-03-14 01:15Z". */
export const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;

/** moment reads "2026-03-14 01:15Z" as UTC; undefined when it isn't a time. */
export function moment(field: string): string | undefined {
  const m = /^\s*(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)Z?\s*$/i.exec(field);
  const ms = m ? Date.parse(`${m[1]}T${m[2]}:00Z`) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z') : undefined;
}

export interface HandOver {
  lead_args?: { at: string; place?: string };
  lat?: number;
  lon?: number;
}

/** handOver reads when and where a lead changes hands. A place, named or a position, needs a time; undefined where it can't be told. */
export function handOver(field: string, place: string, position: string): HandOver | undefined {
  const at = moment(field);
  if (!at) return field === '' ? {} : undefined;
  const p = point(position);
  if (position.trim() !== '' && (place !== '' || !p)) return undefined;
  return { lead_args: { at, place: place || undefined }, ...p };
}

/** number reads a number; undefined where the field is empty or holds none. */
export function number(text: string): number | undefined {
  const v = Number(text);
  return text.trim() === '' || !Number.isFinite(v) ? undefined : v;
}

/** kilohertz reads megahertz, as people say them. */
export function kilohertz(text: string): number | undefined {
  const v = number(text);
  return v === undefined ? undefined : Math.round(v * 1000);
}

/** megahertz writes a frequency as people say it. */
export function megahertz(khz: number | undefined): string {
  return khz === undefined ? '' : `${(khz / 1000).toFixed(3)} MHz`;
}

/** block writes a height block: "A010–A030", in hundreds of feet. */
export function block(b: Block | undefined): string {
  const h = (ft: number) => String(Math.round(ft / 100)).padStart(3, '0');
  return b ? `${h(b.base_ft)}–${h(b.top_ft)}` : '';
}
