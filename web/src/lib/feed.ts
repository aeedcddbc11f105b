// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { FeedView, ReceiverView, RefusedFor } from './types';

// itemsOf lists the data items or categories of what was refused, with their
// counts where there are several: " (CAT062)", " (I048/140 2, I048/040 1)".
export function itemsOf(r: RefusedFor): string {
  const items = r.items ?? [];
  if (items.length === 0) return '';
  if (items.every((x) => x.count === r.count)) return ` (${items.map((x) => x.item).join(', ')})`;
  return ` (${items.map((x) => `${x.item} ${x.count}`).join(', ')})`;
}

// rateOf returns the two numbers of a feed's rate, "–" for what is not known.
export function rateOf(f: Pick<FeedView, 'rate' | 'usual'>): { rate: string; usual: string } {
  const show = (n: number | undefined) => (n === undefined ? '–' : n.toFixed(n < 10 ? 1 : 0));
  return { rate: show(f.rate), usual: show(f.usual) };
}

// severalOf returns the receivers of a feed that joins several, or names its one;
// of others the feed's own numbers say it all.
export function severalOf(f: Pick<FeedView, 'receivers'>): ReceiverView[] {
  const list = f.receivers ?? [];
  return list.some((r) => r.id) ? list : [];
}
