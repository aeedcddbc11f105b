// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { filtering, headline, NO_FILTER, normalise, passes, quantile, rows } from '../src/lib/picture';
import { incident, partner, track, view } from './made';

const all = (v: ReturnType<typeof view>, f = NO_FILTER) => rows(v).filter((r) => passes(r, f)).map((r) => r.key);

describe('rows', () => {
  it('lists the unacknowledged first, then returned, acknowledged, the rest', () => {
    const v = view({
      tracks: [track(1), track(2, { incident: 12 }), track(3, { incident: 13 }), track(4, { incident: 14 })],
      incidents: [incident(12, { alarm: 'acknowledged' }), incident(13, { alarm: 'unacknowledged' }), incident(14, { alarm: 'returned' })],
    });
    expect(rows(v).map((r) => r.own?.n)).toEqual([3, 4, 2, 1]);
  });
  it('shows a partner report of an own track as one object with two sources', () => {
    const v = view({ tracks: [track(1)], partner_tracks: [partner('jp', 'aa', { own: 1 }), partner('jp', 'bb')] });
    const list = rows(v);
    expect(list).toHaveLength(2);
    expect(list.find((r) => r.own)?.reports.map((p) => p.object)).toEqual(['aa']);
    expect(list.find((r) => r.partner)?.partner?.object).toBe('bb');
  });
  it('shows one object that two partners hold once, by the finer report', () => {
    const coarse = partner('jp', 'aa', { others: [{ party: 'tw', object: 'bb' }], cell: { lat_e5: 0, lon_e5: 0, grid_m: 20_000 } });
    const list = rows(view({ partner_tracks: [coarse, partner('tw', 'bb', { others: [{ party: 'jp', object: 'aa' }] })] }));
    expect(list.map((r) => [r.key, r.reports.map((p) => p.party)])).toEqual([['ptw/bb', ['jp']]]);
  });
  it('keeps a partner report whose own track is gone', () => {
    expect(all(view({ partner_tracks: [partner('jp', 'aa', { own: 9 })] }))).toEqual(['pjp/aa']);
  });
  it('takes empty lists that the node writes as null', () => {
    const v = normalise({ ...view({}), tracks: null, incidents: null, feeds: null } as never);
    expect(rows(v)).toEqual([]);
  });
});

describe('the filter', () => {
  const f = { ...NO_FILTER, text: 'nothing has this text' };
  const v = view({
    tracks: [
      track(1), track(2, { incident: 20 }), track(3, { incident: 21 }), track(4, { incident: 22 }), track(5, { incident: 23 }), track(6, { emergency: true }),
    ],
    partner_tracks: [partner('jp', 'aa', { incident: 20 }), partner('jp', 'bb')],
    incidents: [
      incident(20, { alarm: 'unacknowledged' }), incident(21, { alarm: 'acknowledged' }), incident(22, { alarm: 'normal' }),
      incident(23, { alarm: 'normal', state: 'closed' }),
    ],
  });
  it('never hides what is alarmed, in an open incident, or in an emergency', () => {
    expect(all(v, f).sort()).toEqual(['pjp/aa', 't2', 't3', 't4', 't6']);
    expect(all(v, { text: '', air: false, sea: false, neutral: false, tentative: false }).sort()).toEqual(['pjp/aa', 't2', 't3', 't4', 't6']);
  });
  it('never hides the selected track', () => {
    expect(rows(v).filter((r) => passes(r, f, 't1')).map((r) => r.key)).toContain('t1');
  });
  it('finds by callsign, address, MMSI, name and spoken reference', () => {
    const w = view({ tracks: [track(1, { callsign: 'CAL152' }), track(2, { address: '899123' }), track(3, { domain: 'sea', mmsi: '416000112', name: 'HAI AN' })] });
    for (const [text, n] of [['cal1', 't1'], ['8991', 't2'], ['416000', 't3'], ['hai an', 't3'], ['T0002', 't2']] as const) {
      expect(all(w, { ...NO_FILTER, text }), text).toEqual([n]);
    }
  });
  it('hides by domain and by neutral identity', () => {
    const w = view({ tracks: [track(1), track(2, { domain: 'sea' }), track(3, { identity: { party: 'tw', standard: 'unknown', at: '' } })] });
    expect(all(w, { ...NO_FILTER, sea: false })).toEqual(['t3', 't1']);
    expect(all(w, { ...NO_FILTER, air: false })).toEqual(['t2']);
    expect(all(w, { ...NO_FILTER, neutral: false })).toEqual(['t3']);
    const x = view({ tracks: [track(1, { state: 'tentative' }), track(2, { state: 'tentative', incident: 9 })], incidents: [incident(9)] });
    expect(all(x, { ...NO_FILTER, tentative: false })).toEqual(['t2']);
  });
  it('knows when it is on', () => {
    expect(filtering(NO_FILTER)).toBe(false);
    expect(filtering({ ...NO_FILTER, text: ' ' })).toBe(false);
    expect(filtering({ ...NO_FILTER, sea: false })).toBe(true);
  });
});

describe('quantile', () => {
  it('has no value for none', () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  });
});

describe('headline', () => {
  const at = '2026-03-01T00:00:00Z';
  const ev = (rule: string, cleared = false, zone = '') => ({ at, entered: at, kind: 'alert', rule, zone, cleared });
  it('names what has not cleared, and never the lack of a lead', () => {
    expect(headline([ev('A01'), ev('C01'), ev('A13'), ev('A01', true), ev('C01', true)])).toEqual(['A13']);
  });
  it('names all where all have cleared', () => {
    expect(headline([ev('A01'), ev('A01', true)])).toEqual(['A01']);
  });
  it('keeps a rule that still holds in another zone', () => {
    expect(headline([ev('A06', false, 'gate_bashi'), ev('A06', true, 'gate_miyako')])).toEqual(['A06']);
  });
});
