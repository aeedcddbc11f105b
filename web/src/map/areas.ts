// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The areas that people stated, as the map draws them: own-activity notices,
// their overlaps, search areas and where the object has probably drifted to.

import type { Area, Corner, View } from '../lib/types';
import { mercX, mercY } from './mercator';
import type { Shape } from './scene';

/** Label names an area: by kind, party, and the code of what it is. */
export type Label = (kind: Shape['kind'], party: string, code: string) => string;

const ROUND = 64;
const METRES_A_DEGREE = 111_320;

const place = (c: Corner) => ({ x: mercX(c.lon_e5 / 1e5), y: mercY(c.lat_e5 / 1e5) });

/** circle returns the ring of a circle on the ground. */
export function circle(lat: number, lon: number, radiusM: number): { x: number; y: number }[] {
  const north = radiusM / METRES_A_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: ROUND }, (_, i) => {
    const a = (i * 2 * Math.PI) / ROUND;
    return { x: mercX(lon + east * Math.sin(a)), y: mercY(lat + north * Math.cos(a)) };
  });
}

/** ring returns the outline of an area; edges are straight in latitude and longitude. */
export function ring(a: Area): { x: number; y: number }[] {
  if (a.centre) return circle(a.centre.lat_e5 / 1e5, a.centre.lon_e5 / 1e5, a.radius_m ?? 0);
  const list = a.corners ?? [];
  return list.flatMap((c, i) => {
    const d = list[(i + 1) % list.length]!;
    return Array.from({ length: 8 }, (_, k) => place({ lat_e5: c.lat_e5 + ((d.lat_e5 - c.lat_e5) * k) / 8, lon_e5: c.lon_e5 + ((d.lon_e5 - c.lon_e5) * k) / 8 }));
  });
}

const over = ['clear', 'cancelled', 'expired'];

/** shapes returns all areas of a picture, the most urgent last. */
export function shapes(v: View, label: Label): Shape[] {
  const list: Shape[] = [];
  for (const n of v.activity.notices) {
    if (over.includes(n.state)) continue;
    const kind = n.party === v.party ? 'own' : 'partner';
    list.push({ key: n.ref, kind, ring: ring(n.area), label: label(kind, n.party, n.kind), dim: n.state === 'planned' });
  }
  for (const i of v.incidents) {
    if (i.state !== 'open') continue;
    for (const s of i.search ?? []) {
      if (s.state === 'closed') continue;
      const kind = s.party === v.party ? 'search' : 'search-partner';
      const key = `${i.n}/${s.party}`;
      if (s.area) list.push({ key, kind, ring: ring(s.area), label: label(kind, s.party, s.state), dim: s.state === 'suspended' });
      list.push({
        key: `${key}/estimate`, kind: 'estimate', ring: circle(s.estimate.pos.lat, s.estimate.pos.lon, s.estimate.error_m),
        label: label('estimate', s.party, ''), dim: s.estimate.old ?? false,
      });
    }
  }
  for (const o of v.activity.overlaps) {
    o.area.forEach((piece, i) => list.push({
      key: `${o.alarm}/${i}`, kind: 'overlap', ring: piece.map(place), label: i === 0 ? label('overlap', '', o.domain) : '', dim: false,
    }));
  }
  return list;
}
