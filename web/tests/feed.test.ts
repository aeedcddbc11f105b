// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { render } from 'svelte/server';
import { afterEach, expect, test, vi } from 'vitest';
import { pictureState, rateOf, refusedText, severalOf, trialText } from '../src/lib/feed';
import { setLang } from '../src/lib/i18n.svelte';
import type { Lang } from '../src/lib/types';
import Refused from '../src/ui/Refused.svelte';

vi.stubGlobal('document', { documentElement: { lang: '' } });

afterEach(() => setLang('en'));

const refused = { reason: 'modes-parity', count: 3, offset: 88, at: '2023-08-28T13:42:07Z' };

test('a refusal says in each language what was wrong, of what, when and where', () => {
  const r = { ...refused, reason: 'asterix-record', items: [{ item: 'I048/140', count: 2 }, { item: 'CAT062', count: 1 }] };
  const want: Record<Lang, string> = {
    en: "refused 3: record's FSPEC or an item is wrong (data item I048/140 × 2, category 062 × 1); last 28 13:42:07Z, 88 octets into the stream",
    'zh-Hant': '拒收 3：紀錄的 FSPEC 或資料項目錯誤 (資料項目 I048/140 × 2, 類別 062 × 1)；最近 28 13:42:07Z，距資料流起點 88 位元組',
    ja: '拒否 3：レコードの FSPEC またはデータ項目が不正 (データ項目 I048/140 × 2, カテゴリー 062 × 1)。最終 28 13:42:07Z、ストリームの先頭から 88 バイト',
  };
  for (const [lang, text] of Object.entries(want) as [Lang, string][]) {
    setLang(lang);
    expect(refusedText(r)).toBe(text);
  }
});

test('of one item alone no count stands beside it, and of none nothing', () => {
  const sbs = { ...refused, reason: 'sbs-line', items: [{ item: 'field 3', count: 3 }] };
  expect(refusedText(sbs)).toBe('refused 3: not a valid BaseStation line (field 3); last 28 13:42:07Z, 88 octets into the stream');
  setLang('zh-Hant');
  expect(refusedText(sbs)).toContain(' (第 3 欄)');
  expect(refusedText(refused)).toBe('拒收 3：校驗碼不符；最近 28 13:42:07Z，距資料流起點 88 位元組');
});

test('a code that is not known is shown as it is', () => {
  expect(refusedText({ ...refused, reason: 'of-tomorrow' })).toBe('refused 3: of-tomorrow; last 28 13:42:07Z, 88 octets into the stream');
});

test('what was refused of a test says where the last one stood', () => {
  expect(trialText({ ...refused, item: 'I048/140' })).toBe('refused 3: CRC does not match (data item I048/140); last 88 octets into the stream');
  setLang('ja');
  expect(trialText(refused)).toBe('拒否 3：CRC 不一致。最終はストリームの先頭から 88 バイト');
});

test('a refused connection, answer or file stands at no octet', () => {
  for (const [reason, text] of Object.entries({
    'file-shorter': 'file has fewer frames than were taken before', 'http-answer': 'HTTP answer is not 200, or over 16 MiB',
    'tls-handshake': 'TLS handshake failed', 'too-many-senders': 'all places for senders are taken',
  })) {
    expect(refusedText({ ...refused, reason, offset: 0 })).toBe(`refused 3: ${text}; last 28 13:42:07Z`);
    expect(trialText({ reason, count: 1, offset: 0 })).toBe(`refused 1: ${text}`);
  }
});

test('the code stands beside its text, and once where it is the text', () => {
  const shown = (code: string) => render(Refused, { props: { text: refusedText({ ...refused, reason: code }), code } }).body.replace(/<!--.*?-->/g, '').trim();
  expect(shown('modes-parity')).toBe('refused 3: CRC does not match; last 28 13:42:07Z, 88 octets into the stream <small class="mono dim">modes-parity</small>');
  expect(shown('of-tomorrow').match(/of-tomorrow/g)).toHaveLength(1);
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

test('a feed that is silent for too long is not up, and one that is lost is lost', () => {
  const since = '2023-08-28T04:00:00Z';
  expect([pictureState({ up: true }), pictureState({ up: true, silent_since: since }), pictureState({ up: false, silent_since: since })]).toEqual(['up', 'silent', 'down']);
});
