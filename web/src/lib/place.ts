// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Says where something is as exactly as it was told, and no more exactly.

import { clean, metres } from './format';
import { t, word } from './i18n.svelte';
import type { Cell, Near } from './types';

/** nearText writes "about 60 km NW of Yonaguni-jima"; in the place's own cell there is no bearing. */
export function nearText(n: Near): string {
  const place = clean(n.place);
  if (n.bearing_deg === undefined) return t('near.here', { place });
  return t('near.from', { place, distance: metres(n.distance_m), bearing: word('compass', String(n.bearing_deg)) });
}

/**
 * exactness writes how exact a reported place is: "±5 km" of a grid cell, or the
 * words where the policy told it by a named place. Half a grid beside such words
 * would claim more than the distance and the eight points of the bearing hold.
 */
export function exactness(told: { cell: Cell; near?: Near }): string {
  return told.near ? nearText(told.near) : `±${metres(told.cell.grid_m / 2)}`;
}

const DAY_S = 86_400;

/** endsAtMidnight reports whether a bin or slot is of whole days, which end at 00:00 UTC wherever the reader is. */
export const endsAtMidnight = (s: number) => s > 0 && s % DAY_S === 0;
