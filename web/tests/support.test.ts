// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, it, vi } from 'vitest';
import { setLang } from '../src/lib/i18n.svelte';
import { accountUnit, amount, conditions, copyText, grouped, owedText, standing, whole } from '../src/lib/support';
import type { RequestView, SupportAccount } from '../src/lib/types';

vi.stubGlobal('document', { documentElement: { lang: '' } });

it('writes whole amounts in groups', () => {
  expect(grouped(0)).toBe('0');
  expect(grouped(999)).toBe('999');
  expect(grouped(1234567)).toBe('1\u202f234\u202f567');
});

it('reads whole numbers and nothing else', () => {
  expect(whole('20 000')).toBe(20000);
  expect(whole('20,000')).toBe(20000);
  for (const bad of ['', '1.5', '-3', '1e3', 'many', '0x10', '1234567890123456']) expect(whole(bad), bad).toBeUndefined();
});

it('takes the times of a form as UTC', () => {
});

it('says what became of an entry', () => {
  const e = { n: 1, amount: 10, at: '' };
  expect([standing(e), standing({ ...e, confirmed: 10 }), standing({ ...e, confirmed: 0 }), standing({ ...e, confirmed: 8, agreed: true })]).toEqual(['open', 'both', 'differ', 'both']);
});

it('says in three languages what each copy says', () => {
  for (const [lang, none, nearly] of [
    ['en', 'no clause', 'ag art-4 ✕ dates in force, quota'],
    ['ja', '該当条項なし', 'ag art-4 ✕ 有効期間, 割当'],
    ['zh-Hant', '無條款', 'ag art-4 ✕ 有效期間, 配額'],
  ] as const) {
    setLang(lang);
    expect(copyText({ failed: ['parties'] })).toBe(none);
    expect(copyText({ agreement: 'ag', clause: 'art-4', failed: ['dates', 'quota'] })).toBe(nearly);
    expect(copyText({ agreement: 'ag', clause: 'art-4' })).toBe('ag art-4 ✓');
  }
  setLang('en');
  expect(conditions(undefined)).toBe('');
});

it('counts in a currency or in kind', () => {
  setLang('en');
  const r = { ask: { unit: 'litre' }, offer: { currency: 'JPY' } } as RequestView;
  expect(owedText(6000, r)).toBe('6\u202f000 JPY');
  expect(owedText(6000, { ...r, offer: undefined } as RequestView)).toBe(amount(6000, 'litre'));
  expect(accountUnit({ unit: 'JPY' } as SupportAccount)).toBe('JPY');
  expect(accountUnit({ unit: 'medical/item' } as SupportAccount)).toBe('Medical services, item');
});
