// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What passes between watch floors, as the node tells it.

import type { Lang } from './types';

export interface HotlineView {
  tested?: string;
  since: string;
  due?: string;
  overdue?: boolean;
  asked?: string;
  waits?: string;
  measured?: string;
  rtt_ms?: number;
  offset_ms?: number;
}

export interface ThreadsView {
  party: string;
  unread: number;
  urgent?: number;
  open?: number;
  broken?: string;
  line: HotlineView;
}

export interface MessagesView {
  rev: number;
  edition?: string;
  partners: ThreadsView[];
}

export interface MessageView {
  n: number;
  party: string;
  ours?: boolean;
  incident?: number;
  exercise?: boolean;
  no_duff?: boolean;
  gone?: boolean;
  precedence: string;
  text?: string;
  code?: string;
  edition?: string;
  texts?: Record<Lang, string>;
  answers?: number;
  corrects?: number;
  corrected?: number;
  at: string;
  by?: string;
  state: string;
  state_at: string;
  desk?: string;
}

export interface PhraseParam {
  name: string;
  type: string;
  measures?: string[];
}

export interface Phrase {
  code: string;
  group: string;
  texts: Record<Lang, string>;
  params: PhraseParam[];
  no_duff?: boolean;
  resumes?: boolean;
}

export interface Handling {
  word: string;
  domain: string;
  priority: number;
}

export interface Phrasebook {
  edition: string;
  groups: string[];
  phrases: Phrase[];
  handlings: Handling[];
  desks: string[];
}

export const NO_PHRASES: Phrasebook = { edition: '', groups: [], phrases: [], handlings: [], desks: [] };

/** ParamArgs is a parameter as the node takes it. */
export interface ParamArgs {
  name: string;
  place?: string;
  lat?: number;
  lon?: number;
  track?: number;
  object?: string;
  time?: string;
  number?: number;
  measure?: string;
  unit?: string;
  frequency_khz?: number;
  bearing_deg?: number;
}

export interface MessageArgs {
  precedence?: string;
  code?: string;
  params?: ParamArgs[];
  answers?: number;
  corrects?: number;
  no_duff?: boolean;
  number?: number;
}

/** Value is what a person put in for one parameter. */
export interface Value {
  text: string;
  measure: string;
}

/** slots names the parameters of a phrase for a reader: their types, numbered where one stands more than once. */
export function slots(p: Phrase, typeName: (type: string) => string): Record<string, string> {
  const count = (type: string) => p.params.filter((q) => q.type === type).length;
  const nth = (q: PhraseParam) => p.params.filter((x) => x.type === q.type).indexOf(q) + 1;
  return Object.fromEntries(p.params.map((q) => [q.name, typeName(q.type) + (count(q.type) > 1 ? ` ${nth(q)}` : '')]));
}

/** spoken is a phrase's text with its open slots named: "We hold [track]." */
export function spoken(p: Phrase, lang: Lang, typeName: (type: string) => string): string {
  const names = slots(p, typeName);
  return p.texts[lang].replace(/\{(\w+)\}/g, (whole, name: string) => (name in names ? `[${names[name]}]` : whole));
}

/** found returns the phrases whose code begins so, or that hold every word in any language. */
export function found(book: Phrasebook, search: string): Phrase[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return book.phrases.filter((p) => {
    const all = Object.values(p.texts).join(' ').toLowerCase();
    return words.every((w) => p.code.startsWith(w) || all.includes(w));
  });
}

// "24.5 122.5" and "24.5N 122.5E" are positions; anything else names a place.
const POSITION = /^([+-]?\d+(?:\.\d+)?)\s*([NS])?[\s,]+([+-]?\d+(?:\.\d+)?)\s*([EW])?$/i;

/** param turns what a person put in into an argument; undefined where it can't be read. */
export function param(p: PhraseParam, v: Value, now: number): ParamArgs | undefined {
  const text = v.text.trim();
  const number = Number(text);
  if (text === '') return undefined;
  switch (p.type) {
    case 'place': {
      const m = POSITION.exec(text);
      if (!m) return { name: p.name, place: text };
      return { name: p.name, lat: Number(m[1]) * (m[2]?.toUpperCase() === 'S' ? -1 : 1), lon: Number(m[3]) * (m[4]?.toUpperCase() === 'W' ? -1 : 1) };
    }
    case 'track':
      return text.startsWith('o:') ? { name: p.name, object: text.slice(2) } : { name: p.name, track: number };
    case 'time': {
      const ms = clock(text, now);
      return ms === undefined ? undefined : { name: p.name, time: new Date(ms).toISOString() };
    }
    case 'unit':
      return { name: p.name, unit: text };
    case 'frequency': // megahertz where it has a point, else kilohertz
      return Number.isNaN(number) ? undefined : { name: p.name, frequency_khz: Math.round(text.includes('.') ? number * 1000 : number) };
    case 'bearing':
      return Number.isNaN(number) ? undefined : { name: p.name, bearing_deg: ((Math.round(number) % 360) + 360) % 360 };
    default:
      if (Number.isNaN(number)) return undefined;
      return p.measures?.length ? { name: p.name, number, measure: v.measure || p.measures[0] } : { name: p.name, number };
  }
}

/** clock reads "13:40" as the nearest such time, or a whole date and time in UTC. */
function clock(text: string, now: number): number | undefined {
  const m = /^(\d{1,2}):?(\d{2})Z?$/i.exec(text);
  if (!m) {
    const ms = Date.parse(/Z$/i.test(text) ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`);
    return Number.isNaN(ms) ? undefined : ms;
  }
  const d = new Date(now);
  const ms = Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), Number(m[1]), Number(m[2]));
  const day = 86_400_000;
  return [ms - day, ms, ms + day].sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0];
}

/** ALL_THREADS stands for all threads with a partner; 0 is the general one. */
export const ALL_THREADS = -1;

/** unreadIn counts the partner's unread messages by thread. */
export function unreadIn(list: MessageView[]): Map<number, number> {
  const n = new Map<number, number>();
  for (const m of list) if (!m.ours && m.state !== 'read') n.set(m.incident ?? 0, (n.get(m.incident ?? 0) ?? 0) + 1);
  return n;
}

/** threadFor returns the incident that a new message is about: that of the message it answers or corrects, else of the thread that is open. */
export function threadFor(list: MessageView[], thread: number, about: number): number | undefined {
  const n = about ? list.find((m) => m.n === about)?.incident : thread;
  return n !== undefined && n > 0 ? n : undefined;
}
