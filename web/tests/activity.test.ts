// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { block, handOver, kilohertz, megahertz, moment, number, point, points, stamp, stated, written } from '../src/lib/areas';
import type { NoticeView } from '../src/lib/types';
import { ring, shapes } from '../src/map/areas';
import { draw, type Options } from '../src/map/draw';
import { latOf, lonOf } from '../src/map/mercator';
import { incident, NOW, view } from './made';

const square = { corners: [[24, 122], [24, 123], [25, 123], [25, 122]].map(([a, b]) => ({ lat_e5: a! * 1e5, lon_e5: b! * 1e5 })) };
const notice = (more: Partial<NoticeView>): NoticeView => ({
  party: 'jp', object: 'aa', ref: 'jp-1', state: 'working', kind: 'patrol', domain: 'air', from: NOW, to: NOW, area: square, count: 1, at: NOW, ...more,
});

describe('what an officer writes', () => {
  it('is read as positions', () => {
    expect(point('24.5, 122.25')).toEqual({ lat: 24.5, lon: 122.25 });
    expect(point('24 30, 122 15')).toEqual({ lat: 24.5, lon: 122.25 });
    expect([point(''), point('24.5'), point('24.5, 122, 3'), point('95, 122')]).toEqual([undefined, undefined, undefined, undefined]);
    expect(points('24, 122\n\n25, 123; 26, 124')?.length).toBe(3);
    expect(points('24, 122\nthere')).toBeUndefined();
  });
  it('is an area only where it bounds one', () => {
    expect(stated('24, 122', '5')).toEqual({ centre: { lat: 24, lon: 122 }, radius_m: 9260 });
    expect(stated('24, 122\n24, 123\n25, 123', '')?.corners?.length).toBe(3);
    expect([stated('24, 122', ''), stated('24, 122\n24, 123', ''), stated('24, 122\n24, 123\n25, 123', '5'), stated('24, 122', '-1'), stated('', '5')].every((a) => a === undefined)).toBe(true);
  });
  it('comes back as it was written', () => {
    for (const text of ['24.00000, 122.00000\n24.00000, 123.00000\n25.00000, 123.00000']) {
      const a = { corners: points(text)!.map((p) => ({ lat_e5: Math.round(p.lat * 1e5), lon_e5: Math.round(p.lon * 1e5) })) };
      expect(written(a)).toEqual({ text, radius: '' });
    }
    expect(written({ centre: { lat_e5: 2_400_000, lon_e5: 12_200_000 }, radius_m: 9260 })).toEqual({ text: '24.00000, 122.00000', radius: '5' });
  });
  it('is when and where a lead changes hands', () => {
    const at = '2026-03-14T01:15:00Z';
    expect(handOver('', '', '')).toEqual({});
    expect(handOver('2026-03-14T01:15', '', '')).toEqual({ lead_args: { at } });
    expect(handOver('2026-03-14T01:15', 'yonaguni', ' ')).toEqual({ lead_args: { at, place: 'yonaguni' } });
    expect(handOver('2026-03-14T01:15', '', '24 30, 122 15')).toEqual({ lead_args: { at }, lat: 24.5, lon: 122.25 });
    expect([handOver('2026-03-14T01:15', 'yonaguni', '24, 122'), handOver('2026-03-14T01:15', '', 'there'), handOver('soon', '', '')]).toEqual([undefined, undefined, undefined]);
  });
  it('has times and numbers', () => {
    for (const s of ['2026-03-14 01:15Z', '2026-03-14 01:15', ' 2026-03-14T01:15z ']) expect(moment(s)).toBe('2026-03-14T01:15:00Z');
    for (const s of ['03/14/2026 01:15', '2026-03-14', '2026-13-14 01:15', '2026-03-14 25:15']) expect([s, moment(s)]).toEqual([s, undefined]);
    expect(stamp(Date.UTC(2026, 2, 14, 1, 15, 40))).toBe('2026-03-14 01:15Z');
    expect([moment(''), number(''), number('x'), kilohertz('')]).toEqual([undefined, undefined, undefined, undefined]);
    expect([number('0'), kilohertz('123.1'), megahertz(156_800), block({ base_ft: 1000, top_ft: 25_000 })]).toEqual([0, 123_100, '156.800 MHz', '010–250']);
  });
});

describe('the areas on the map', () => {
  const label = (kind: string, party: string, code: string) => `${kind} ${party} ${code}`.trim();
  const search = {
    party: 'jp', state: 'active', object: 'vessel', datum: { lat: 24, lon: 122 }, datum_at: NOW, datum_error_m: 500, area: square,
    estimate: { pos: { lat: 24.1, lon: 122 }, error_m: 1500, at: NOW }, at: NOW,
  };
  it('are those that still matter', () => {
    const v = view({
      activity: {
        notices: [notice({}), notice({ party: 'tw', ref: 'tw-1', state: 'planned' }), notice({ ref: 'jp-2', state: 'clear' }), notice({ ref: 'jp-3', state: 'expired' })],
        overlaps: [{ a: 'jp-1', b: 'tw-1', parties: ['jp', 'tw'], domain: 'air', from: NOW, to: NOW, area: [square.corners], alarm: 'k' }],
        held: [], journal: [], holding: true,
      },
      incidents: [incident(1, { search: [search, { ...search, party: 'tw', area: undefined }] }), incident(2, { search: [{ ...search, state: 'closed' }] }), incident(3, { state: 'closed', search: [search] })],
    });
    const list = shapes(v, label);
    expect(list.map((s) => s.kind)).toEqual(['partner', 'own', 'search-partner', 'estimate', 'estimate', 'overlap']);
    expect(list.map((s) => s.dim)).toEqual([false, true, false, false, false, false]);
    expect(list.at(-1)?.label).toBe('overlap  air');
  });
  it('are drawn where they are', () => {
    const corners = ring(square);
    expect(corners.length).toBe(32);
    expect([latOf(corners[0]!.y), lonOf(corners[0]!.x)].map((x) => +x.toFixed(5))).toEqual([24, 122]);
    const round = ring({ centre: { lat_e5: 2_400_000, lon_e5: 12_200_000 }, radius_m: 11_132 });
    expect(Math.max(...round.map((c) => latOf(c.y)))).toBeCloseTo(24.1, 4);
    expect(Math.max(...round.map((c) => lonOf(c.x)))).toBeCloseTo(122 + 0.1 / Math.cos((24 * Math.PI) / 180), 4);
  });
  it('tell by line and word whose they are', () => {
    const calls: unknown[] = [];
    const ctx = new Proxy({}, { get: (_, name) => (...args: unknown[]) => void calls.push([name, ...args]), set: () => true }) as unknown as CanvasRenderingContext2D;
    const v = view({ activity: { notices: [notice({})], overlaps: [], held: [], journal: [], holding: true } });
    draw(ctx, { marks: [], squares: [], trails: [], areas: shapes(v, label), partnerView: false }, { cx: 0, cy: 0, resolution: 1000, width: 100, height: 100 }, {
      palette: {} as Options['palette'], labels: true, trails: false, glyph: () => { throw new Error('no symbol'); },
    });
    expect(calls).toContainEqual(['setLineDash', [8, 4]]);
    expect(calls.some((c) => (c as unknown[])[0] === 'fillText' && (c as unknown[])[1] === 'partner jp patrol')).toBe(true);
  });
});
