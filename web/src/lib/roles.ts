// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncidentView, Role } from './types';
import { OFFICER_VERBS, SUPERVISOR_VERBS, type Verb } from './words';

/** Why says why an act is not possible now; '' means that it is. */
export type Why = '' | 'role' | 'not-now' | 'select-first';

/** allowed mirrors engine.Allowed. The node decides; this only greys buttons. */
export function allowed(role: Role | undefined, verb: Verb): boolean {
  const officer = (OFFICER_VERBS as readonly string[]).includes(verb);
  const supervisor = (SUPERVISOR_VERBS as readonly string[]).includes(verb);
  if (role === 'officer') return officer;
  return role === 'supervisor' && (officer || supervisor);
}

// The verbs that the node lists in IncidentView.can when they fit; the others
// need an open incident only.
const listed: readonly Verb[] = ['acknowledge', 'close', 'reopen', 'take', 'propose', 'accept', 'reject', 'posture', 'notify', 'standby', 'counter', 'cancel', 'assume', 'voice', 'countersign'];

/** whyNot says why the role may not use the verb on the incident now. */
export function whyNot(role: Role | undefined, verb: Verb, incident?: IncidentView): Why {
  if (!allowed(role, verb)) return 'role';
  if (incident && (listed.includes(verb) ? !(verb in incident.can) : incident.state !== 'open')) return 'not-now';
  return '';
}

/** mayReadRecords: journal, audit and release counts, by role. */
export function mayReadRecords(role: Role | undefined): { journal: boolean; audit: boolean; stats: boolean; users: boolean } {
  return {
    journal: role === 'auditor' || role === 'supervisor' || role === 'administrator',
    audit: role === 'auditor' || role === 'administrator',
    stats: role !== undefined && role !== 'viewer',
    users: role === 'administrator',
  };
}

/** readsFeeds reports whether a role sees how the feeds are, and changesFeeds whether it may change them. */
export const readsFeeds = (role: string | undefined) => readsRadars(role);
export const changesFeeds = (role: string | undefined) => role === 'administrator';

/** readsRadars reports whether a role sees how radars are registered. */
export const readsRadars = (role: string | undefined) => role === 'supervisor' || role === 'administrator' || role === 'auditor';
