// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the API says of requests for support, facilities and their ledger.

import type { Handling, Label, Names } from './types';

/** SupportArgs is engine.SupportArgs. */
export interface SupportArgs {
  request?: number;
  situation?: string;
  category?: string;
  unit?: string;
  amount?: number;
  from?: string;
  until?: string;
  place?: string;
  settlement?: string;
  entry?: number;
  price?: number;
  currency?: string;
}

export interface SupportAsk {
  situation: string;
  category: string;
  unit: string;
  amount: number;
  from: string;
  until: string;
  place?: string;
  note?: string;
  settlement?: string;
}

export interface SupportMatch {
  agreement?: string;
  clause?: string;
  text?: string;
  failed?: string[];
}

export interface SupportEntry {
  n: number;
  amount: number;
  at: string;
  confirmed?: number;
  agreed?: boolean;
}

export interface RequestView {
  n: number;
  id: string; // as both parties know it
  partner: string;
  ours: boolean;
  exercise?: boolean;
  state: string;
  ask: SupportAsk;
  own_match: SupportMatch;
  their_match?: SupportMatch;
  differs?: boolean;
  citation?: string;
  civil?: string;
  approval?: { agreement: string; clause: string; amount: number; role: string; at: string };
  offer?: { amount: number; settlement: string; currency?: string; price?: number; days?: number; note?: string };
  accepted?: boolean;
  deliveries: SupportEntry[];
  settlements: SupportEntry[];
  delivered: number;
  owed: number;
  settled: number;
  due?: string;
  overdue?: boolean;
  ended_by?: string;
  reason?: string;
  can: string[];
  acts: { step: string; by: string; at: string }[];
  waits?: boolean;
  unsent?: boolean;
  made: string;
  changed: string;
}

export interface SupportAccount {
  agreement: string;
  first: string;
  second: string;
  exercise?: boolean;
  settlement: string;
  unit: string;
  balance: number;
  lines: { number: number; request: string; what: string; n: number; at: string; due?: string; amount: number; balance: number }[];
}

export interface Capacity {
  what: string;
  count: number;
}

export interface FacilityView {
  id: string;
  kind: string;
  name: string;
  pos: { lat: number; lon: number };
  capacities: Capacity[];
  services: string[];
  contact?: string;
  exercise?: boolean;
  released: string[];
}

export interface PartnerFacility {
  party: string;
  object: string;
  body: { kind: string; name?: string; cell?: { lat_e5: number; lon_e5: number; grid_m: number }; capacities?: Capacity[]; services?: string[]; contact?: string };
  label?: Label;
  handling?: Handling;
  exercise?: boolean;
  received: string;
}

export interface SupportView {
  requests: RequestView[];
  accounts: SupportAccount[];
  facilities: FacilityView[];
  partner_facilities: PartnerFacility[];
  agreements: { id: string; titles: Names; invented?: boolean; parties: string[]; in_force: boolean }[];
}

/** SupportMatchView answers /api/support/match. */
export interface SupportMatchView {
  allowed: boolean;
  agreement?: string;
  clause?: { id: string; citation: string; approvers: string[]; settlements: string[]; conditions?: string; units: string[] };
  failed: string[];
  exclusion?: string;
  left?: number;
  civil?: string;
  invented?: boolean;
}
