// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// APP-6 symbol codes for what the console shows. The standard identity digit 6
// is never written, and a test says so.

const IDENTITY: Record<string, string> = {
  pending: '0',
  unknown: '1',
  'assumed-friend': '2',
  friend: '3',
  neutral: '4',
  suspect: '5',
};

// Set 01 is air: 110000 military, 110300 uncrewed, 120000 civilian.
// Set 30 is sea surface: 140000 civilian.
export function sidc(o: { standard: string; domain: string; uncrewed?: boolean }): string {
  const identity = IDENTITY[o.standard] ?? '1';
  const set = o.domain === 'sea' ? '30' : '01';
  let entity = '000000';
  if (o.domain === 'sea') {
    if (o.standard === 'neutral') entity = '140000';
  } else if (o.uncrewed) {
    entity = '110300';
  } else if (o.standard === 'neutral') {
    entity = '120000';
  }
  return `100${identity}${set}0000${entity}0000`;
}

const UNCREWED = /uav|uas|drone|bzk|tb-?001|wl-?\d|gj-?\d|無人|无人/i;

/** uncrewed tells by the type that a person gave whether a drone is drawn. */
export function uncrewed(type: string | undefined): boolean {
  return type !== undefined && UNCREWED.test(type);
}
