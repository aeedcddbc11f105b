// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncidentView, PartnerView, TrackView, View } from '../src/lib/types';

export const NOW = '2023-08-28T04:00:00Z';

export function track(n: number, more: Partial<TrackView> = {}): TrackView {
  return {
    n, domain: 'air', state: 'confirmed', pos: { lat: 24, lon: 123 }, sigma_m: 50, sources: ['adsb'], time: NOW, first_seen: NOW, plots: 9,
    identity: { party: 'tw', standard: 'neutral', at: NOW }, ...more,
  };
}

export function partner(party: string, object: string, more: Partial<PartnerView> = {}): PartnerView {
  return {
    party, object, domain: 'air', cell: { lat_e5: 2_400_000, lon_e5: 12_300_000, grid_m: 5000 }, bin: { start: NOW, width: 60e9 }, received: NOW, state: 'fresh',
    label: { policy: 'JP', classification: 'R', purpose: 'watch', retention: 1 }, ...more,
  };
}

export function incident(n: number, more: Partial<IncidentView> = {}): IncidentView {
  return {
    n, state: 'open', opened: NOW, updated: NOW, priority: 2, alarm: 'unacknowledged', tracks: [], partners: [], references: [], identities: [], events: [],
    lead: { state: 'none', epoch: 0 }, postures: [], can: { acknowledge: [], close: [] }, ...more,
  };
}

export function view(more: Partial<View>): View {
  return {
    messages: { rev: 0, partners: [] },
    seq: 1, now: NOW, party: 'tw', exercise: false, policy_version: '', policy: {}, zone_version: '', tracks: [], partner_tracks: [], incidents: [], alarms: [],
    counts: { unacknowledged: 0, acknowledged: 0, returned: 0, shelved: 0 }, links: [], feeds: [], out_of_service: [], log: [], plans: [], recalls: [], holdings: [], stop_cases: [],
    support: { requests: [], accounts: [], facilities: [], partner_facilities: [], agreements: [] },
    activity: { notices: [], overlaps: [], held: [], journal: [], holding: true }, ...more,
  };
}
