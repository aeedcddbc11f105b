// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import en from '../messages/en.json';
import ja from '../messages/ja.json';
import zhHant from '../messages/zh-Hant.json';

const catalogues: Record<string, Record<string, string>> = { en, ja, 'zh-Hant': zhHant };
const places = (s: string) => (s.match(/\{\w+\}/g) ?? []).sort();

describe('catalogues', () => {
  for (const [lang, texts] of Object.entries(catalogues)) {
    it(`${lang} has the keys of en, in its order`, () => {
      expect(Object.keys(texts)).toEqual(Object.keys(en));
    });
    it(`${lang} has no empty text and the same places in each`, () => {
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).not.toBe('');
        expect(places(text), key).toEqual(places(catalogues['en']?.[key] ?? ''));
      }
    });
    it(`${lang} holds no markup`, () => {
      for (const [key, text] of Object.entries(texts)) expect(text, key).not.toMatch(/[<>]|&\w+;/);
    });
  }

  it('writes zh-Hant with traditional, ja with Japanese characters', () => {
    const zh = Object.entries(zhHant).filter(([k]) => !k.startsWith('lang.')).map(([, v]) => v).join('');
    const jp = Object.entries(ja).filter(([k]) => !k.startsWith('lang.')).map(([, v]) => v).join('');
    expect(zh).not.toMatch(/[\u3040-\u30ff]/); // no kana
    expect(zh).not.toMatch(/[态识别线队图报协确认说过时间开关无动释]/u); // no simplified forms
    expect(jp).not.toMatch(/[釋戰應實臺關]/u);
  });
});
