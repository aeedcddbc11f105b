// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { rows } from '../src/lib/picture';
import { STANDARDS } from '../src/lib/words';
import { draw, type Options } from '../src/map/draw';
import { latOf, lonOf, mercX, mercY, stretch } from '../src/map/mercator';
import { errors, ownScene, partnerScene, type SceneInput } from '../src/map/scene';
import type { Name } from '../src/map/names';
import { sidc, uncrewed } from '../src/map/sidc';
import { Trails } from '../src/map/trails';
import { incident, NOW, partner, track, view } from './made';

const input = (v: ReturnType<typeof view>, more: Partial<SceneInput> = {}): SceneInput => ({
  rows: rows(v), now: Date.parse(NOW) + 30_000, party: 'tw', selected: '', cursor: '', exerciseWord: 'EXERCISE', trail: () => [], ...more,
});

describe('symbol codes', () => {
  it('never write the identity digit 6', () => {
    for (const standard of [...STANDARDS, 'anything else', '']) {
      for (const domain of ['air', 'sea', '']) {
        for (const drone of [true, false]) expect(sidc({ standard, domain, uncrewed: drone })[3]).toMatch(/[0-5]/);
      }
    }
  });
  it('tell each identity apart', () => {
    expect(new Set(STANDARDS.map((standard) => sidc({ standard, domain: 'air' })[3])).size).toBe(STANDARDS.length);
  });
  it('know a drone by its type', () => {
    expect([uncrewed('BZK-005'), uncrewed('TB-001'), uncrewed('UAV'), uncrewed('Y-8'), uncrewed(undefined)]).toEqual([true, true, true, false, false]);
  });
});

describe('the ellipses of the selected object', () => {
  const e = { major_m: 300, minor_m: 100, axis_deg: 30 };
  const of = (more: object) => errors(rows(view({ tracks: [track(1, more)] }))[0], 'all evidence');
  it('are that of our track, and that by everybody\'s evidence where there is one', () => {
    expect(of({ ellipse: e }).map((s) => [s.key, s.kind, s.label])).toEqual([['t1/error', 'error', '']]);
    const fused = { ...e, pos: { lat: 24.1, lon: 123 }, method: 'alone', from: ['jp'] };
    expect(of({ ellipse: e, fused }).map((s) => [s.kind, s.label])).toEqual([['error', ''], ['fused', 'all evidence']]);
    expect(latOf(of({ fused })[0]!.ring.reduce((m, c) => m + c.y / 48, 0))).toBeCloseTo(24.1, 4);
  });
  it('are none where nothing is selected or known, and dim where the track is lost', () => {
    expect([errors(undefined, 'x'), of({})]).toEqual([[], []]);
    expect(of({ ellipse: e, state: 'lost' })[0]!.dim).toBe(true);
  });
});

describe('the own scene', () => {
  it('marks exercise data in every label', () => {
    const s = ownScene(input(view({ tracks: [track(1, { exercise: true }), track(2)], partner_tracks: [partner('jp', 'aa', { exercise: true })] })));
    expect(s.marks.filter((m) => m.exercise).map((m) => m.lines[0]?.startsWith('EX '))).toEqual([true, true]);
    expect(s.marks.find((m) => m.key === 't2')?.lines[0]).not.toMatch(/^EX/);
  });
  it('draws a partner object as a square of its released precision', () => {
    const q = ownScene(input(view({ partner_tracks: [partner('jp', 'aa')] }))).squares[0]!;
    expect(q.half / stretch(24)).toBeCloseTo(2500);
    expect([lonOf(q.x), latOf(q.y)].map((v) => +v.toFixed(5))).toEqual([123, 24]);
  });
  it('draws one symbol for an object with two sources, and the report as a square tied to it', () => {
    const s = ownScene(input(view({ tracks: [track(1)], partner_tracks: [partner('jp', 'aa', { own: 1 })] })));
    expect(s.marks).toHaveLength(1);
    expect(s.squares[0]?.tx).toBe(s.marks[0]?.x);
    expect(s.marks[0]?.lines[1]).toContain('+JP');
  });
  it('keeps coasting and lost tracks, with their age', () => {
    const s = ownScene(input(view({ tracks: [track(1, { state: 'coasting' }), track(2, { state: 'lost', sigma_m: 900 })] })));
    expect(s.marks.map((m) => [m.fading, m.lines[0]?.slice(-4)])).toEqual([['coasting', '◷30s'], ['lost', '✕30s']]);
  });
  it('marks what an object tells of itself and nothing confirms, and an address at two places', () => {
    const v = view({ tracks: [track(1, { flags: ['doubted'] }), track(2, { flags: ['same-address'] }), track(3)] });
    const marks = Object.fromEntries(ownScene(input(v)).marks.map((m) => [m.key, [m.doubted ?? false, m.lines[0]?.slice(0, 2)]]));
    expect([marks.t1, marks.t2, marks.t3?.[0]]).toEqual([[true, '▨ '], [false, '⇄ '], false]);
    expect(marks.t3?.[1]).not.toMatch(/[▨⇄]/);
  });
  it('draws tentative tracks as background until they matter', () => {
    const unknown = { party: 'tw', standard: 'unknown', at: NOW };
    const v = view({ tracks: [track(1, { state: 'tentative', identity: unknown }), track(2, { state: 'tentative', incident: 5 })], incidents: [incident(5)] });
    expect(Object.fromEntries(ownScene(input(v)).marks.map((m) => [m.key, m.background]))).toEqual({ t1: true, t2: false });
  });
  it('draws civil traffic as background unless it is in an incident or selected', () => {
    const v = view({ tracks: [track(1), track(2, { incident: 5 }), track(3)], incidents: [incident(5)] });
    const s = ownScene(input(v, { selected: 't3' }));
    expect(Object.fromEntries(s.marks.map((m) => [m.key, m.background]))).toEqual({ t1: true, t2: false, t3: false });
  });
});

describe('the partner scene', () => {
  const rec = (object: string, more = {}) => ({
    version: 1, kind: 1, id: 'i', object, epoch: 1, originator: 'tw', label: partner('tw', object).label, exercise: false, time: NOW,
    track: { domain: 'air', cell: { lat_e5: 2_400_000, lon_e5: 12_300_000, grid_m: 5000 }, bin: { start: NOW, width: 60e9 } }, ...more,
  });
  it('shows exactly the track records, and no number of ours', () => {
    const { rows: _r, trail: _t, ...i } = input(view({ tracks: [track(1)] }));
    const s = partnerScene({ party: 'jp', policy_version: '1', records: [rec('aabbcc'), rec('ddeeff', { kind: 2, track: undefined })] }, i);
    expect(s.marks.map((m) => m.key)).toEqual(['vaabbcc']);
    expect(s.squares).toHaveLength(1);
    expect(s.marks[0]?.lines.join(' ')).toBe('TW·aabb F--- --- ◷0s');
  });
});

describe('trails', () => {
  const at = (s: number, lon: number) => view({ tracks: [track(1, { time: new Date(Date.parse(NOW) + s * 1000).toISOString(), pos: { lat: 24, lon } })] });
  it('keep a dot each ten seconds, at most sixty, and forget what is gone', () => {
    const t = new Trails();
    for (let s = 0; s < 1000; s += 5) t.take(at(s, 123 + s / 1000));
    expect(t.of('t1')).toHaveLength(120);
    t.take(view({}));
    expect(t.of('t1')).toEqual([]);
  });
  it('start anew after a long gap', () => {
    const t = new Trails();
    t.take(at(0, 123));
    t.take(at(7200, 124));
    expect(t.of('t1')).toHaveLength(2);
  });
});

describe('mercator', () => {
  it('comes back to where it started', () => {
    expect([lonOf(mercX(122.5)), latOf(mercY(24.5))].map((v) => +v.toFixed(9))).toEqual([122.5, 24.5]);
  });
});

/** canvas notes the texts that are drawn. */
function canvas() {
  const texts: string[] = [];
  const rects: number[][] = [];
  const noop = () => undefined;
  const ctx = new Proxy({ texts } as Record<string, unknown>, {
    get: (o, k) => (k === 'measureText' ? (s: string) => ({ width: s.length * 7 }) : k === 'fillText' ? (s: string) => texts.push(s) : k === 'strokeRect' ? (...r: number[]) => rects.push(r) : k in o ? o[k as string] : noop),
    set: (o, k, v) => ((o[k as string] = v), true),
  });
  return { ctx: ctx as unknown as CanvasRenderingContext2D, texts, rects };
}

describe('draw', () => {
  const options = { palette: { theme: 'watch' }, labels: true, trails: true, glyph: () => ({ image: {}, w: 1, h: 1, ax: 0, ay: 0 }) } as unknown as Options;
  const frame = { cx: mercX(123), cy: mercY(24), resolution: 500, width: 800, height: 600 };
  it('labels every alarmed object even where there is no room', () => {
    const v = view({ tracks: Array.from({ length: 30 }, (_, i) => track(i + 1, { incident: i + 1 })), incidents: Array.from({ length: 30 }, (_, i) => incident(i + 1)) });
    const { ctx } = canvas();
    const out = draw(ctx, ownScene(input(v)), frame, options).objects;
    expect(out).toHaveLength(30);
    expect(out.every((d) => d.label && d.ring === 'unacknowledged')).toBe(true);
  });
  it('labels every object of an open incident, alarm or not', () => {
    const v = view({ tracks: Array.from({ length: 30 }, (_, i) => track(i + 1, { incident: 1 })), incidents: [incident(1, { alarm: 'normal' })] });
    expect(draw(canvas().ctx, ownScene(input(v)), frame, options).objects.every((d) => d.label)).toBe(true);
  });
  it('drops labels of background traffic that collide', () => {
    const v = view({ tracks: Array.from({ length: 30 }, (_, i) => track(i + 1)) });
    const { ctx } = canvas();
    const out = draw(ctx, ownScene(input(v)), frame, options).objects;
    expect(out).toHaveLength(30);
    expect(out.filter((d) => d.label).length).toBeLessThan(6);
  });
  it('hatches a claim that is not confirmed, in the background too', () => {
    const here = { lat: 24, lon: 123 };
    const boxes = (more: object, selected = '') => {
      const { ctx, rects } = canvas();
      draw(ctx, ownScene(input(view({ tracks: [track(1, { pos: here, ...more })] }), { selected })), frame, options);
      return rects.map((r) => r.slice(2));
    };
    expect(boxes({})).toEqual([]);
    expect(boxes({ flags: ['doubted'] })).toEqual([[14, 14]]);
    expect(boxes({ flags: ['doubted'] }, 't1')).toEqual([[26, 26]]);
  });
  it('reports what is on the canvas only', () => {
    const { ctx } = canvas();
    expect(draw(ctx, ownScene(input(view({ tracks: [track(1, { pos: { lat: 50, lon: 0 } })] }))), frame, options).objects).toEqual([]);
  });
  it('sets no label over a name where there is room, and drops the name where there is none', () => {
    const at = (lat: number, lon: number) => ({ x: mercX(lon), y: mercY(lat) });
    const harbour: Name = { text: 'harbour', size: 12, colour: 'text3', rank: 1, upTo: 2000, spot: { ...at(24, 123), x: mercX(123) + 45 * 500 } };
    const run = (tracks: ReturnType<typeof track>[]) => {
      const { ctx, texts } = canvas();
      const got = draw(ctx, { ...ownScene(input(view({ tracks, incidents: [incident(1)] }))), names: [harbour] }, frame, options);
      return { got, texts };
    };
    const one = run([track(1, { pos: { lat: 24, lon: 123 }, course_deg: 270 })]);
    expect(one.texts).toContain('harbour');
    expect(one.got.objects[0]!.label!.x1).toBeLessThan(400); // the west side, though the east is the free one
    const crowd = run(Array.from({ length: 30 }, (_, i) => track(i + 1, { incident: 1, pos: { lat: 24, lon: 123 } })));
    expect(crowd.got.objects.every((d) => d.label)).toBe(true);
    expect([crowd.texts.includes('harbour'), crowd.got.names]).toEqual([false, []]);
  });
});
