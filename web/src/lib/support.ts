// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Texts and sums of requests for support. Amounts are whole numbers: units, or
// minor units of a currency.

import { t, word } from './i18n.svelte';
import type { RequestView, SupportAccount, SupportEntry, SupportMatch } from './types';

/** amount returns "2 000 litre" in the language that is on. */
export function amount(n: number, unit: string): string {
  return `${grouped(n)} ${word('support.unit-word', unit)}`;
}

/** grouped returns a whole number in groups of three, the same in all languages. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** owedText returns what is to be settled: minor units of a currency, or units in kind. */
export function owedText(n: number, r: RequestView): string {
  return r.offer?.currency ? `${grouped(n)} ${r.offer.currency}` : amount(n, r.ask.unit);
}

/** accountUnit returns a currency's code, or "category, unit". */
export function accountUnit(a: SupportAccount): string {
  const [category, unit] = a.unit.split('/');
  return unit ? `${word('support.category-word', category)}, ${word('support.unit-word', unit)}` : a.unit;
}

/** conditions returns the failing conditions of a match in words. */
export const conditions = (list: string[] | undefined) => (list ?? []).map((c) => word('support.condition', c)).join(', ');

/** copyText says what one party's copy of the agreements says of a request. */
export function copyText(m: SupportMatch | undefined): string {
  if (!m) return t('support.no-answer');
  if (!m.agreement) return t('support.copy-none');
  const clause = `${m.agreement} ${m.clause ?? ''}`;
  return m.failed?.length ? `${clause} ✕ ${conditions(m.failed)}` : `${clause} ✓`;
}

/** standing tells what became of a stated entry: both hold it, the amounts differ, or the other side has not looked. */
export function standing(e: SupportEntry): 'both' | 'differ' | 'open' {
  if (e.confirmed === undefined) return 'open';
  return e.confirmed === e.amount || e.agreed ? 'both' : 'differ';
}

/** whole parses a whole number that a person typed, with or without gaps; undefined when it is none. */
export function whole(s: string): number | undefined {
  const digits = s.replace(/[\s,\u202f]/g, '');
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}
