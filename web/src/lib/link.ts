// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the page says of a link's bounds and versions.

import type { LinkFigures, LinkView, Share, Versions } from './types';

const size = (n: number) => (n < 1 << 20 ? `${Math.ceil(n / 1024)} KiB` : `${(n / (1 << 20)).toFixed(1)} MiB`);

/** "12/100000 · 3 KiB/256.0 MiB"; a bound that is none is left out. */
export function share(s: Share | undefined): string {
  if (!s) return '–';
  const part = (n: string, of: string) => (of ? `${n}/${of}` : n);
  return `${part(`${s.records}`, s.max_records ? `${s.max_records}` : '')} · ${part(size(s.octets), s.max_octets ? size(s.max_octets) : '')}`;
}

function fill(s: Share | undefined): number {
  if (!s) return 0;
  return Math.max(s.max_records ? s.records / s.max_records : 0, s.max_octets ? s.octets / s.max_octets : 0);
}

/** How full outbox or day are, whichever is more: "93 %". */
export function full(l: LinkView): string {
  return `${Math.round(100 * Math.max(fill(l.figures?.outbox), fill(l.figures?.sent_today)))} %`;
}

export const range = (v: Versions | undefined) => (v ? `${v.lowest}–${v.highest}` : '–');

/** What an administrator may do with a link. */
export const LINK_ACTS = ['roll', 'reopen', 'agree'] as const;

/** The keys of the texts for what an administrator has ordered. */
export function orders(f: LinkFigures | undefined) {
  const list: ('health.rolling' | 'health.reopening' | 'health.agreed')[] = [];
  if (f?.rolling) list.push('health.rolling');
  if (f?.reopen) list.push('health.reopening');
  if (f?.agree) list.push('health.agreed');
  return list;
}
