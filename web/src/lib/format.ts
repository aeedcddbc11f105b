// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Texts for times, heights, speeds and positions. Unknown has its own text and
// is never 0. Everything from outside is stripped of control and bidi marks.

import type { Formation } from './types';

const two = (n: number) => String(n).padStart(2, '0');
const three = (n: number) => String(n).padStart(3, '0');

/** zulu returns "13:42:07Z". */
export function zulu(ms: number): string {
  if (!Number.isFinite(ms)) return '--:--:--Z';
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}Z`;
}

/** zuluShort returns "13:42Z". */
export function zuluShort(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}Z`;
}

/** dayZulu returns "28 13:42:07Z": tracks of different days must not look alike. */
export function dayZulu(ms: number): string {
  if (!Number.isFinite(ms)) return `-- ${zulu(ms)}`;
  return `${two(new Date(ms).getUTCDate())} ${zulu(ms)}`;
}

/** local returns "21:42" in the time zone. */
export function local(ms: number, zone: 'Asia/Taipei' | 'Asia/Tokyo'): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** isoDay returns "2023-08-28". */
export function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** at parses a time of the node; NaN when it is absent or the zero time. */
export function at(iso: string | undefined): number {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  return ms > 0 ? ms : Number.NaN;
}

/** duration returns "02:14" or "1:02:14"; negative is "−00:07". */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '--:--';
  const sign = ms < 0 ? '−' : '';
  const s = Math.floor(Math.abs(ms) / 1000);
  const h = Math.floor(s / 3600);
  const tail = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return sign + (h ? `${h}:${tail}` : tail);
}

/** age returns "12s", "4m" or "3h". */
export function age(ms: number): string {
  if (!Number.isFinite(ms)) return '--';
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s}s`;
  return s < 7200 ? `${Math.floor(s / 60)}m` : `${Math.floor(s / 3600)}h`;
}

/** signed returns "+0.20" or "−0.20"; what rounds to zero has no minus. */
export function signed(n: number, digits: number): string {
  const amount = Math.abs(n).toFixed(digits);
  return `${n < 0 && Number(amount) !== 0 ? '−' : '+'}${amount}`;
}

/** side tells a lateness in words, never by a sign: late, or ahead where it is below zero, and by how much. */
export function side(late: number, digits: number): { way: 'late' | 'ahead'; amount: string } {
  const amount = Math.abs(late).toFixed(digits);
  return { way: late < 0 && Number(amount) !== 0 ? 'ahead' : 'late', amount };
}

const transitionFt: Record<string, number> = { tw: 11_000, jp: 14_000 };

/** height returns "F285" above the party's transition altitude, "A045" below, "A−03" below zero, "F---" when unknown. */
export function height(domain: string, ft: number | undefined, party = ''): string {
  if (domain === 'sea') return 'SFC';
  if (ft === undefined) return 'F---';
  return (ft >= (transitionFt[party] ?? 14_000) ? 'F' : 'A') + hundreds(ft);
}

// hundreds of feet have three places, of which a minus takes one: "045", "−03".
const hundreds = (ft: number) => {
  const n = Math.round(ft / 100);
  return n < 0 ? `−${two(-n)}` : three(n);
};

/** band returns "F270–280", as coarse as it was released. */
export function band(domain: string, b: { base_ft: number; size_ft: number } | undefined): string {
  if (domain === 'sea') return 'SFC';
  if (!b) return 'F---';
  return `F${hundreds(b.base_ft)}–${hundreds(b.base_ft + b.size_ft)}`;
}

export function speed(kt: number | undefined): string {
  return kt === undefined ? '--- kt' : `${Math.round(kt)} kt`;
}

export function course(deg: number | undefined): string {
  return deg === undefined ? '---°' : `${three(Math.round(deg) % 360)}°`;
}

function degMin(v: number, width: number, marks: string): string {
  const tenths = Math.round(Math.abs(v) * 600);
  const min = (tenths % 600) / 10;
  return `${String(Math.floor(tenths / 600)).padStart(width, '0')}°${min.toFixed(1).padStart(4, '0')}′${v < 0 ? marks[1] : marks[0]}`;
}

/** position returns "24°31.2′N 122°14.8′E". */
export function position(lat: number, lon: number): string {
  return `${degMin(lat, 2, 'NS')} ${degMin(lon, 3, 'EW')}`;
}

/** trackLabel returns "T0417", "S1107" for the sea. */
export function trackLabel(n: number, domain: string): string {
  return (domain === 'sea' ? 'S' : 'T') + String(n).padStart(4, '0');
}

/** partnerLabel names a partner's object by the first digits of its opaque id. */
export function partnerLabel(party: string, object: string): string {
  return `${party.toUpperCase()}·${object.slice(0, 4)}`;
}

export function incidentLabel(n: number): string {
  return `I-${String(n).padStart(4, '0')}`;
}

/** hex returns an ICAO address as six digits. */
export function hex(address: number | undefined): string {
  return address === undefined ? '' : address.toString(16).toUpperCase().padStart(6, '0');
}

/** metres returns "5 km" or "800 m". */
export function metres(m: number): string {
  return m >= 1000 ? `${+(m / 1000).toFixed(1)} km` : `${Math.round(m)} m`;
}

/** members returns how many are of a formation: "4", "3–4" or, where a radar did not resolve them, "≥ 3". */
export function members(f: Formation): string {
  if (f.unresolved) return `≥ ${f.least}`;
  return f.most > f.least ? `${f.least}–${f.most}` : `${f.least}`;
}

/** seconds returns "90 s", "10 min" or "1 h". */
export function seconds(s: number): string {
  if (s >= 3600 && s % 3600 === 0) return `${s / 3600} h`;
  return s >= 120 && s % 60 === 0 ? `${s / 60} min` : `${+s.toFixed(1)} s`;
}

/** clean strips control characters and bidi marks from what others wrote. */
export function clean(text: string | undefined): string {
  return (text ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '');
}

/** coordinate reads "24.52" or "24 31.2"; undefined when it isn't a number in the range. */
export function coordinate(text: string, limit: number): number | undefined {
  const m = /^\s*(-?)(\d{1,3}(?:\.\d+)?)(?:[°\s]+(\d{1,2}(?:\.\d+)?)[′'\s]*)?\s*$/.exec(text);
  if (!m) return undefined;
  const minutes = m[3] === undefined ? 0 : Number(m[3]);
  const v = (m[1] ? -1 : 1) * (Number(m[2]) + minutes / 60);
  return minutes < 60 && Math.abs(v) <= limit ? v : undefined;
}
