// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, it } from 'vitest';
import { allowed, changesFeeds, mayReadRecords, readsFeeds, whyNot } from '../src/lib/roles';
import { OFFICER_VERBS } from '../src/lib/words';
import { incident } from './made';

it('lets officers and supervisors act, and supervisors alone stop', () => {
  for (const v of OFFICER_VERBS) {
    expect(allowed('officer', v)).toBe(true);
    expect(allowed('supervisor', v)).toBe(true);
    for (const r of ['viewer', 'auditor', 'administrator', undefined] as const) expect(allowed(r, v), `${r} ${v}`).toBe(false);
  }
  expect([allowed('officer', 'stop'), allowed('supervisor', 'stop'), allowed('supervisor', 'resume')]).toEqual([false, true, true]);
});

it('gives the role as the reason before the state', () => {
  const i = incident(1);
  expect(whyNot('viewer', 'acknowledge', i)).toBe('role');
  expect(whyNot('officer', 'acknowledge', i)).toBe('');
  expect(whyNot('officer', 'accept', i)).toBe('not-now');
  expect(whyNot('officer', 'merge', i)).toBe('');
  expect(whyNot('officer', 'merge', incident(1, { state: 'closed' }))).toBe('not-now');
});

it('shows records by role', () => {
  expect(mayReadRecords('viewer')).toEqual({ journal: false, audit: false, stats: false, users: false });
  expect(mayReadRecords('officer')).toEqual({ journal: false, audit: false, stats: true, users: false });
  expect(mayReadRecords('auditor')).toEqual({ journal: true, audit: true, stats: true, users: false });
  expect(mayReadRecords('administrator')).toEqual({ journal: true, audit: true, stats: true, users: true });
});

it('shows feeds to those who may read them, and lets administrators alone change them', () => {
  const roles = ['viewer', 'officer', 'supervisor', 'administrator', 'auditor', undefined];
  expect(roles.filter(readsFeeds)).toEqual(['supervisor', 'administrator', 'auditor']);
  expect(roles.filter(changesFeeds)).toEqual(['administrator']);
});
