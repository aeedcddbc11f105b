// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';
import { full, orders, range, share } from '../src/lib/link';
import type { LinkView } from '../src/lib/types';

test('a share shows its bounds, and no bound that is none', () => {
  expect(share(undefined)).toBe('–');
  expect(share({ records: 3, octets: 2000 })).toBe('3 · 2 KiB');
  expect(share({ records: 3, max_records: 100, octets: 5 << 20, max_octets: 256 << 20 })).toBe('3/100 · 5.0 MiB/256.0 MiB');
});

test('how full a link is follows from whatever is fullest', () => {
  const link = { figures: { outbox: { records: 10, max_records: 100, octets: 0 }, sent_today: { records: 0, octets: 93, max_octets: 100 } } };
  expect(full(link as LinkView)).toBe('93 %');
  expect(full({} as LinkView)).toBe('0 %');
});

test('versions and orders are told', () => {
  expect(range({ lowest: 1, highest: 3 })).toBe('1–3');
  expect(range(undefined)).toBe('–');
  expect(orders({ rolling: true, agree: true })).toEqual(['health.rolling', 'health.agreed']);
});
