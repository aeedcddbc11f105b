// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import { ALL_THREADS, found, param, slots, spoken, threadFor, unreadIn, type MessageView, type Phrasebook } from '../src/lib/message';

const book: Phrasebook = {
  edition: '1', groups: [], handlings: [], desks: [],
  phrases: [
    { code: '301', group: 'answer', texts: { en: 'Roger.', ja: '了解。', 'zh-Hant': '收到。' }, params: [] },
    { code: '204', group: 'request', texts: { en: 'Do you hold anything at {where}?', ja: '{where} 付近に捕捉物標はあるか。', 'zh-Hant': '貴方在 {where} 是否掌握目標？' }, params: [] },
  ],
};
const now = Date.parse('2026-03-01T23:50:00Z');
const arg = (type: string, text: string, measures?: string[]) => param({ name: 'x', type, ...(measures ? { measures } : {}) }, { text, measure: '' }, now);

describe('search of phrases', () => {
  it('finds by code and by words of any language', () => {
    for (const [search, codes] of [['301', ['301']], ['3', ['301']], ['roger', ['301']], ['了解', ['301']], ['收到', ['301']], ['hold anything', ['204']], ['捕捉', ['204']], ['xyz', []]] as const) {
      expect(found(book, search).map((p) => p.code), search).toEqual(codes);
    }
  });
});

describe('the slots of a phrase', () => {
  it('are named in the reader\'s words, and numbered where a type stands twice', () => {
    const params = [{ name: 'from', type: 'place' }, { name: 'at', type: 'time' }, { name: 'to', type: 'place' }];
    const p = { code: '1', group: 'lead', texts: { en: 'From {from} to {to} at {at}.', ja: '{at} {from} {to}', 'zh-Hant': '{at}' }, params };
    const ja = (type: string) => ({ place: '場所', time: '時刻' })[type] ?? type;
    expect(slots(p, ja)).toEqual({ from: '場所 1', to: '場所 2', at: '時刻' });
    expect(spoken(p, 'ja', ja)).toBe('[時刻] [場所 1] [場所 2]');
  });
});

describe('parameters', () => {
  it('reads what people put in', () => {
    expect(arg('place', 'gap_c')).toEqual({ name: 'x', place: 'gap_c' });
    expect(arg('place', '24.5 122.5')).toEqual({ name: 'x', lat: 24.5, lon: 122.5 });
    expect(arg('place', '24.5S, 122.5W')).toEqual({ name: 'x', lat: -24.5, lon: -122.5 });
    expect(arg('track', '17')).toEqual({ name: 'x', track: 17 });
    expect(arg('track', 'o:ab')).toEqual({ name: 'x', object: 'ab' });
    expect(arg('unit', ' PL-9 ')).toEqual({ name: 'x', unit: 'PL-9' });
    expect(arg('frequency', '121.5')).toEqual({ name: 'x', frequency_khz: 121_500 });
    expect(arg('frequency', '2182')).toEqual({ name: 'x', frequency_khz: 2182 });
    expect(arg('bearing', '365')).toEqual({ name: 'x', bearing_deg: 5 });
    expect(arg('height', '9000', ['ft', 'm'])).toEqual({ name: 'x', number: 9000, measure: 'ft' });
    expect(arg('number', '4')).toEqual({ name: 'x', number: 4 });
  });
  it('takes a bare time as the nearest such moment', () => {
    expect(arg('time', '23:40')).toEqual({ name: 'x', time: '2026-03-01T23:40:00.000Z' });
    expect(arg('time', '0010Z')).toEqual({ name: 'x', time: '2026-03-02T00:10:00.000Z' });
    expect(arg('time', '2026-03-05 06:00')).toEqual({ name: 'x', time: '2026-03-05T06:00:00.000Z' });
  });
  it('refuses what it cannot read', () => {
    for (const [type, text] of [['place', ' '], ['time', 'noon'], ['bearing', 'north'], ['number', 'four'], ['frequency', 'x']] as const) {
      expect(arg(type, text), type).toBeUndefined();
    }
  });
});

describe('threads', () => {
  const said = (n: number, more: Partial<MessageView>): MessageView => ({ n, party: 'jp', precedence: 'routine', at: '', state: 'received', state_at: '', ...more });
  const list = [said(1, { incident: 7 }), said(2, {}), said(3, { incident: 7, state: 'read' }), said(4, { incident: 7, ours: true, state: 'sent' }), said(5, { incident: 8 })];

  it('say where the unread messages are', () => {
    expect([...unreadIn(list)]).toEqual([[7, 1], [0, 1], [8, 1]]);
  });

  it('an answer goes where the message was, whatever thread is open', () => {
    expect(threadFor(list, ALL_THREADS, 1)).toBe(7);
    expect(threadFor(list, 8, 1)).toBe(7);
    expect(threadFor(list, 7, 2)).toBeUndefined();
  });

  it('a new message goes to the thread that is open', () => {
    expect(threadFor(list, 8, 0)).toBe(8);
    expect(threadFor(list, 0, 0)).toBeUndefined();
    expect(threadFor(list, ALL_THREADS, 0)).toBeUndefined();
  });
});
