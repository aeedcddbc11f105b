// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { nameOf } from './i18n.svelte';
import { app } from './store.svelte';

/** zoneName returns a zone's name in the language that is on. */
export function zoneName(id: string | undefined): string {
  if (!id) return '';
  return nameOf(app.zones.zones.find((z) => z.id === id)?.names, id.replace('/exercise', '')); // squares of rule A20 have no name
}

/** ruleName returns a rule's name in the language that is on. */
export function ruleName(id: string | undefined): string {
  if (!id) return '';
  return nameOf(app.rules.find((r) => r.id === id)?.names, id);
}

/** party returns a party's code as it is shown. */
export const party = (id: string | undefined) => (id ?? '').toUpperCase();
