// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the API says of own-activity notices and search areas.

import type { Point } from './types';

/** Corner is record.Corner: 1e-5 degree. */
export interface Corner {
  lat_e5: number;
  lon_e5: number;
}

/** Area is record.Area: a polygon, or a circle. */
export interface Area {
  corners?: Corner[];
  centre?: Corner;
  radius_m?: number;
}

export interface Block {
  base_ft: number;
  top_ft: number;
}

export interface NoticeView {
  party: string;
  number?: number;
  object?: string;
  ref: string;
  state: string;
  kind: string;
  domain: string;
  from: string;
  to: string;
  area: Area;
  height?: Block;
  count: number;
  contact_khz?: number;
  working?: string;
  clear?: string;
  exercise?: boolean;
  by?: string;
  at: string;
  told?: { party: string; ref: string; state: string }[];
  aside?: boolean;
  aside_by?: string;
  tracks?: number[];
  others?: number;
  mismatch?: string[];
  strayed?: number[];
}

export interface OverlapView {
  a: string;
  b: string;
  parties: string[];
  domain: string;
  from: string;
  to: string;
  height?: Block;
  area: Corner[][];
  exercise?: boolean;
  alarm: string;
}

export interface ActivityEntry {
  at: string;
  what: string;
  notice: string;
  other?: string;
  rule?: string;
  track?: number;
  mismatch?: string;
  by?: string;
}

/** ActivityView is engine.ActivityView. */
export interface ActivityView {
  notices: NoticeView[];
  overlaps: OverlapView[];
  held: { rule: string; track: number; zone?: string; at: string; notice: string; party: string }[];
  journal: ActivityEntry[];
  holding: boolean;
}

export interface SearchView {
  party: string;
  state: string;
  object: string;
  datum: Point;
  datum_at: string;
  datum_error_m: number;
  set_deg?: number;
  rate_kt?: number;
  estimate: { pos: Point; error_m: number; at: string; old?: boolean };
  area?: Area;
  pattern?: string;
  coordinator?: string;
  contact_khz?: number;
  by?: string;
  at: string;
  told?: string[];
}

/** ActivityArgs is engine.ActivityArgs. */
export interface ActivityArgs {
  number?: number;
  object?: string;
  to?: string[];
  kind?: string;
  domain?: string;
  from?: string;
  until?: string;
  corners?: Point[];
  centre?: Point;
  radius_m?: number;
  base_ft?: number;
  top_ft?: number;
  count?: number;
  contact_khz?: number;
  state?: string;
  aside?: boolean;
}

/** AreaArgs is engine.AreaArgs. */
export interface AreaArgs {
  state?: string;
  object?: string;
  datum?: Point;
  datum_at?: string;
  error_m?: number;
  current_set_deg?: number;
  current_kt?: number;
  wind_from_deg?: number;
  wind_kt?: number;
  corners?: Point[];
  centre?: Point;
  radius_m?: number;
  pattern?: string;
  coordinator?: string;
  coordinate_on_khz?: number;
}
