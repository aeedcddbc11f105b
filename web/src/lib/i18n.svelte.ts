// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import en from '../../messages/en.json';
import ja from '../../messages/ja.json';
import zhHant from '../../messages/zh-Hant.json';
import type { Lang, Names } from './types';

/** Key names a text; the catalogues have the same keys, which a test holds. */
export type Key = keyof typeof en;

const catalogues: Record<Lang, Record<string, string>> = { en, ja, 'zh-Hant': zhHant };

let current = $state<Lang>('en');

export function lang(): Lang {
  return current;
}

export function setLang(next: Lang): void {
  current = next in catalogues ? next : 'en';
  document.documentElement.lang = current;
}

/** fill puts the parameters into a text's {places}. */
export function fill(text: string, params: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}

/** t returns the text in the language that is on. */
export function t(key: Key, params?: Record<string, string | number>): string {
  return fill(catalogues[current][key] ?? key, params);
}

/** word returns the text of a code of the node, "identity" + "suspect"; an unknown code is shown as it is. */
export function word(group: string, code: string | undefined): string {
  if (!code) return '';
  return catalogues[current][`${group}.${code}`] ?? code;
}

/** nameOf returns a name in the language that is on, else in any. */
export function nameOf(names: Names | undefined, fallback: string): string {
  return names?.[current] ?? names?.en ?? names?.['zh-Hant'] ?? names?.ja ?? fallback;
}
