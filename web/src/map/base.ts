// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Land, zones and names. Everything drawn here came from the party's own pack.

import Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import { MultiPolygon, Point, type Geometry } from 'ol/geom';
import VectorLayer from 'ol/layer/Vector';
import VectorImageLayer from 'ol/layer/VectorImage';
import { textHeights } from 'ol/render/canvas';
import VectorSource from 'ol/source/Vector';
import { Fill, Stroke, Style, Text } from 'ol/style';
import type { PlaceItem, ZoneItem, Zones } from '../lib/types';
import { mercX, mercY } from './mercator';
import type { Palette } from './palette';

const format = new GeoJSON({ featureProjection: 'EPSG:3857' });

const geometryOf = (z: ZoneItem) => format.readGeometry(z.geometry) as Geometry;

export class BaseMap {
  land = new VectorImageLayer({ source: new VectorSource(), imageRatio: 1.6, zIndex: 0 });
  zones = new VectorLayer({ source: new VectorSource(), zIndex: 5 });
  names = new VectorLayer({ source: new VectorSource(), declutter: true, zIndex: 10 });

  setLand(geojson: object | null): void {
    const source = this.land.getSource();
    source?.clear();
    if (geojson) source?.addFeatures(format.readFeatures(geojson) as Feature[]);
  }

  setZones(zones: Zones): void {
    const lines: Feature[] = [];
    const names: Feature[] = [];
    for (const z of zones.zones) {
      if (!z.geometry || hiddenKinds.has(z.kind)) continue;
      const f = new Feature({ geometry: geometryOf(z), zone: z });
      lines.push(f);
      if (namedZones.has(z.kind)) names.push(new Feature({ geometry: nameSpot(f), zone: z }));
    }
    for (const p of zones.places) names.push(new Feature({ geometry: new Point([mercX(p.lon), mercY(p.lat)]), place: p }));
    this.zones.getSource()?.clear();
    this.zones.getSource()?.addFeatures(lines);
    this.names.getSource()?.clear();
    this.names.getSource()?.addFeatures(names);
  }

  restyle(p: Palette, nameOf: (o: ZoneItem | PlaceItem) => string): void {
    this.land.setStyle(new Style({ fill: new Fill({ color: p.land }), stroke: new Stroke({ color: p.coast, width: 1 }) }));
    this.zones.setStyle((f, res) => zoneStyle(f.get('zone') as ZoneItem, res, p));
    this.names.setStyle((f, res) => {
      const zone = f.get('zone') as ZoneItem | undefined;
      const place = f.get('place') as PlaceItem | undefined;
      return zone ? zoneText(zone, nameOf(zone), res, p) : place && placeText(place, nameOf(place), res, p);
    });
  }
}

// Coasts and base lines are for measuring; variants would draw the same line twice.
const hiddenKinds = new Set(['coast', 'baseline', 'adiz_change', 'median_line_variant', 'territorial_sea_coast', 'contiguous_zone_coast']);
const namedZones = new Set(['gate', 'gap_sector', 'adiz', 'median_line', 'median_line_extension', 'fir']);
const lineNamed = new Set(['adiz', 'median_line', 'median_line_extension', 'fir', 'gate']);

function nameSpot(f: Feature): Geometry | undefined {
  const g = f.getGeometry();
  if (lineNamed.has((f.get('zone') as ZoneItem).kind)) return g;
  if (g?.getType() === 'Polygon') return (g as unknown as { getInteriorPoint(): Point }).getInteriorPoint();
  if (g instanceof MultiPolygon) return g.getInteriorPoints();
  return g;
}

function zoneStyle(z: ZoneItem, res: number, p: Palette): Style | undefined {
  const line = (color: string, width: number, dash: number[] = []) => new Style({ stroke: new Stroke({ color, width, lineDash: dash }) });
  switch (z.kind) {
    case 'adiz':
      return line(p.zone, 1.2, [9, 6]);
    case 'adiz_working':
      return line(p.zone, 0.8, [2, 6]);
    case 'fir':
      return line(p.text3, 0.6, [1, 6]);
    case 'median_line':
      return line(p.text2, 1.2, [3, 4]);
    case 'median_line_extension':
      return line(p.text3, 1, [3, 6]);
    case 'gate':
      return line(p.accent, 1.8);
    case 'gap_sector':
      return new Style({ stroke: new Stroke({ color: p.zone, width: 1.4 }), fill: new Fill({ color: `${p.zone}14` }) });
    case 'territorial_sea':
      return line(p.zone, 0.8, [12, 3, 2, 3]);
    case 'contiguous_zone':
      return res < 350 ? line(p.text3, 0.6, [2, 4]) : undefined;
  }
  return line(p.zone, 1, [4, 4]);
}

function text(label: string, p: Palette, size: number, color: string, more: object = {}): Text {
  const font = `${size}px ${p.sans}`;
  textHeights[font] ??= size * 1.2; // else the library measures by setting HTML, which the page's policy forbids
  return new Text({
    text: label, font, fill: new Fill({ color }), stroke: new Stroke({ color: p.sea, width: 3 }), ...more,
  });
}

function zoneText(z: ZoneItem, label: string, res: number, p: Palette): Style | undefined {
  const line = { placement: 'line', textBaseline: 'bottom', overflow: false, maxAngle: 0.6 };
  switch (z.kind) {
    case 'gate':
      return res < 1300 ? new Style({ text: text(label, p, 12, p.accent, { ...line, overflow: res < 700 }), zIndex: 8 }) : undefined;
    case 'gap_sector':
      return new Style({ text: text(label, p, 13, p.text2, { overflow: true }), zIndex: 9 });
    case 'fir':
      return res < 2500 ? new Style({ text: text(label, p, 11, p.text3, { ...line, repeat: 1400 }), zIndex: 2 }) : undefined;
  }
  return new Style({ text: text(label, p, 12, p.text3, { ...line, repeat: 900 }), zIndex: 4 });
}

const placeRes: Record<string, number> = { airport: 260, reference_point: 0, island: 900, place: 2200 };

function placeText(place: PlaceItem, label: string, res: number, p: Palette): Style | undefined {
  if (res > (placeRes[place.kind] ?? 2200)) return undefined;
  const airport = place.kind === 'airport';
  return new Style({
    text: text(airport ? `✈ ${label}` : label, p, airport ? 11 : 12, p.text3, { offsetY: airport ? 12 : 0 }),
    zIndex: place.kind === 'place' ? 3 : 1,
  });
}
