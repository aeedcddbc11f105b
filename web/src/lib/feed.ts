// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { at, dayZulu } from './format';
import { t, word, type Key } from './i18n.svelte';
import type { FeedView, ReceiverView, RefusedFor } from './types';

// itemText puts a data item, a category or a field of a line into words.
function itemText(item: string): string {
  const [, category, field] = /^(?:CAT(\d+)|field (\d+))$/.exec(item) ?? [];
  if (category) return t('feed-item.category', { item: category });
  if (field) return t('feed-item.field', { item: field });
  return t('feed-item.data', { item });
}

// itemsOf lists what of the data was refused, with counts where there are several:
// " (category 062)", " (data item I048/140 × 2, data item I048/040 × 1)".
function itemsOf(r: Pick<RefusedFor, 'count' | 'items'>): string {
  const items = r.items ?? [];
  if (items.length === 0) return '';
  const whole = items.every((x) => x.count === r.count);
  return ` (${items.map((x) => itemText(x.item) + (whole ? '' : ` × ${x.count}`)).join(', ')})`;
}

// PLACELESS are the reasons that stand at no octet: of a connection, an answer or
// a file as a whole.
const PLACELESS = ['file-shorter', 'http-answer', 'tls-handshake', 'too-many-senders'];

const placeOf = (key: Key, r: FeedRefusal) => (PLACELESS.includes(r.reason) ? '' : t(key, { offset: r.offset }));

/** refusedText says what a feed's input was refused for, how often and where last. */
export function refusedText(r: RefusedFor): string {
  return t('health.refused', {
    n: r.count, reason: word('feed-reason', r.reason), items: itemsOf(r), time: dayZulu(at(r.at)), place: placeOf('health.refused-place', r),
  });
}

/** trialText says the same of what a test of a feed refused. */
export function trialText(r: FeedRefusal): string {
  return t('feeds.trial-refused', {
    n: r.count, reason: word('feed-reason', r.reason), item: r.item ? ` (${itemText(r.item)})` : '', place: placeOf('feeds.trial-place', r),
  });
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

/** FeedStatus is how a feed is, as it says itself. */
export interface FeedStatus {
  name: string;
  kind: string;
  added: boolean;
  paused: boolean;
  up: boolean;
  silent: boolean;
  ended: boolean;
  last?: string;
  frames: number;
  rate: number;
  ignored: number;
  connects: number;
  senders: number;
  queued: number;
  refused: FeedRefusal[];
}

export interface FeedRefusal {
  reason: string;
  item?: string;
  count: number;
  offset: number;
}

/** FeedTrial is what a test found. */
export interface FeedTrial {
  up: boolean;
  frames: number;
  plots: number;
  refused: FeedRefusal[];
  editions?: { cat: number; ed: string; blocks: number; read_whole: number }[];
}

export type FeedState = 'paused' | 'ended' | 'down' | 'silent' | 'up';

/** stateOf is the state that a person must know first. */
export function stateOf(f: FeedStatus): FeedState {
  if (f.paused) return 'paused';
  if (f.ended) return 'ended';
  if (!f.up) return 'down';
  return f.silent ? 'silent' : 'up';
}

/** pictureState is the same of a feed as the node's picture shows it. */
export function pictureState(f: Pick<FeedView, 'up' | 'silent_since'>): 'down' | 'silent' | 'up' {
  if (!f.up) return 'down';
  return f.silent_since ? 'silent' : 'up';
}

export const FEED_SHAPE: Record<FeedState, string> = { paused: '‖', ended: '■', down: '▲', silent: '△', up: '●' };
