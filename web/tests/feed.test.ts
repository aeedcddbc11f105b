// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';
import { itemsOf, rateOf, severalOf } from '../src/lib/feed';

test('data items of what was refused', () => {
  const r = { reason: 'x', count: 3, offset: 0, at: '' };
  expect(itemsOf(r)).toBe('');
  expect(itemsOf({ ...r, items: [{ item: 'CAT062', count: 3 }] })).toBe(' (CAT062)');
  expect(itemsOf({ ...r, items: [{ item: 'CAT062', count: 2 }] })).toBe(' (CAT062 2)');
  expect(itemsOf({ ...r, items: [{ item: 'CAT240', count: 2 }, { item: 'CAT247', count: 1 }] })).toBe(' (CAT240 2, CAT247 1)');
});

test('the rate of a feed beside the usual one', () => {
  expect(rateOf({})).toEqual({ rate: '–', usual: '–' });
  expect(rateOf({ rate: 0, usual: 123.4 })).toEqual({ rate: '0.0', usual: '123' });
});

test('receivers are listed where the stream names them', () => {
  const one = { frames: 8, merged: 1, last: '' };
  expect(severalOf({})).toEqual([]);
  expect(severalOf({ receivers: [one] })).toEqual([]);
  expect(severalOf({ receivers: [one, { ...one, id: '00ab' }] })).toHaveLength(2);
});
