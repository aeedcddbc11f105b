// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { Component } from 'svelte';
import type { Key } from '../lib/i18n.svelte';
import type { View } from '../lib/types';
import WatchLog from '../ui/WatchLog.svelte';
import Activity from './Activity.svelte';
import Messages from './Messages.svelte';
import Plan from './Plan.svelte';
import Policy from './Policy.svelte';
import Recall from './Recall.svelte';
import Support from './Support.svelte';

/** Panel is one tab of the row under the map. */
export interface Panel {
  id: string;
  label: Key;
  /** count is shown behind the name; undefined for none. */
  count?: (v: View) => number | undefined;
  component: Component;
}

// Requests that wait for one of our people.
const waiting = (v: View) => v.support.requests.filter((r) => r.waits).length || undefined;

// Overlaps and mismatches of own-activity notices.
const concerns = (v: View) => v.activity.overlaps.length + v.activity.notices.filter((n) => n.mismatch?.length).length || undefined;

export const panels: Panel[] = [
  { id: 'log', label: 'log.title', count: (v) => v.log.length, component: WatchLog },
  { id: 'messages', label: 'messages.title', count: (v) => v.messages.partners.reduce((n, p) => n + p.unread, 0) || undefined, component: Messages },
  { id: 'plan', label: 'plan.title', count: (v) => v.plans.filter((p) => p.state === 'mismatch').length || undefined, component: Plan },
  { id: 'activity', label: 'activity.title', count: concerns, component: Activity },
  { id: 'policy', label: 'policy.title', count: (v) => (v.policy.proposal ? 1 : undefined), component: Policy },
  { id: 'support', label: 'support.title', count: waiting, component: Support },
  { id: 'recall', label: 'recall.title', count: (v) => v.recalls.filter((r) => r.missing).length || undefined, component: Recall },
];
