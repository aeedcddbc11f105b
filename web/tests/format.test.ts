// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import * as f from '../src/lib/format';

const t = Date.parse('2023-08-28T13:42:07.250Z');

describe('times', () => {
  it('shows Zulu with the day where days may differ', () => {
    expect(f.zulu(t)).toBe('13:42:07Z');
    expect(f.zuluShort(t)).toBe('13:42Z');
    expect(f.dayZulu(t)).toBe('28 13:42:07Z');
    expect(f.isoDay(t)).toBe('2023-08-28');
  });
  it('shows the local times of both sides', () => {
    expect(f.local(t, 'Asia/Taipei')).toBe('21:42');
    expect(f.local(t, 'Asia/Tokyo')).toBe('22:42');
  });
  it('reads the nanoseconds that the node writes', () => {
    expect(f.at('2023-08-28T13:42:07.250000001Z')).toBe(t);
    expect(f.at(undefined)).toBeNaN();
    expect(f.at('0001-01-01T00:00:00Z')).toBeNaN();
    expect([f.zulu(Number.NaN), f.dayZulu(Number.NaN)]).toEqual(['--:--:--Z', '-- --:--:--Z']);
  });
  it('counts durations up and below zero', () => {
    expect(f.duration(134_000)).toBe('02:14');
    expect(f.duration(3_734_000)).toBe('1:02:14');
    expect(f.duration(-7000)).toBe('−00:07');
    expect(f.duration(Number.NaN)).toBe('--:--');
  });
  it('tells a lateness by a word, and never that zero is ahead', () => {
    expect(f.side(15.04, 1)).toEqual({ way: 'late', amount: '15.0' });
    expect(f.side(-15, 1)).toEqual({ way: 'ahead', amount: '15.0' });
    expect(f.side(-0.04, 1)).toEqual({ way: 'late', amount: '0.0' });
    expect([f.signed(0.198, 2), f.signed(-0.198, 2), f.signed(-0.001, 2)]).toEqual(['+0.20', '−0.20', '+0.00']);
  });
  it('shows an age in the unit that can be read at a glance', () => {
    expect([f.age(1000), f.age(74_000), f.age(-5), f.age(600_000), f.age(7_200_000), f.age(Number.NaN)]).toEqual(['1s', '74s', '0s', '10m', '2h', '--']);
  });
});

describe('measures', () => {
  it('never shows an unknown as zero', () => {
    expect(f.height('air', undefined)).toBe('F---');
    expect(f.band('air', undefined)).toBe('F---');
    expect(f.speed(undefined)).toBe('--- kt');
    expect(f.course(undefined)).toBe('---°');
    expect(f.hex(undefined)).toBe('');
  });
  it('shows flight levels above the transition altitude of the party', () => {
    expect(f.height('air', 28_500, 'tw')).toBe('F285');
    expect(f.height('air', 12_000, 'tw')).toBe('F120');
    expect(f.height('air', 12_000, 'jp')).toBe('A120');
    expect(f.height('air', 4500)).toBe('A045');
    expect(f.height('sea', 100)).toBe('SFC');
    expect([f.height('air', -275), f.height('air', -20), f.height('air', 40)]).toEqual(['A−03', 'A000', 'A000']);
  });
  it('shows a released band as its ends', () => {
    expect(f.band('air', { base_ft: 27_000, size_ft: 1000 })).toBe('F270–280');
    expect(f.band('air', { base_ft: -1000, size_ft: 2000 })).toBe('F−10–010');
  });
  it('shows courses with three digits', () => {
    expect([f.course(7.4), f.course(359.6), f.course(118)]).toEqual(['007°', '000°', '118°']);
  });
  it('shows positions in degrees and minutes, carrying the sixtieth', () => {
    expect(f.position(24.52, 122.246)).toBe('24°31.2′N 122°14.8′E');
    expect(f.position(-0.99999, -179.99999)).toBe('01°00.0′S 180°00.0′W');
  });
  it('reads degrees with and without minutes, and refuses the rest', () => {
    expect(f.coordinate('24 31.2', 90)).toBeCloseTo(24.52);
    expect(f.coordinate('-24.5', 90)).toBe(-24.5);
    expect(f.coordinate('24°31.2′', 90)).toBeCloseTo(24.52);
    for (const bad of ['', 'north', '91', '24 60', '24 31 12', '1e3', '--4']) expect(f.coordinate(bad, 90), bad).toBeUndefined();
  });
  it('names distances and times in round units', () => {
    expect([f.metres(800), f.metres(5000), f.metres(2500)]).toEqual(['800 m', '5 km', '2.5 km']);
    expect([f.seconds(60), f.seconds(600), f.seconds(3600), f.seconds(0)]).toEqual(['60 s', '10 min', '1 h', '0 s']);
  });
});

describe('formations', () => {
  it.each([
    [{ n: 7, least: 4, most: 4 }, '4'],
    [{ n: 7, least: 3, most: 4 }, '3–4'],
    [{ n: 7, least: 3, most: 4, unresolved: true }, '≥ 3'],
  ])('of %o are %s', (formation, text) => expect(f.members(formation)).toBe(text));
});

describe('texts from outside', () => {
  it('loses control and bidi characters', () => {
    expect(f.clean('CAL\u202e152\u0000\n\u200b')).toBe('CAL152');
    expect(f.clean(undefined)).toBe('');
    expect(f.clean('海鷹 一號')).toBe('海鷹 一號');
  });
});
