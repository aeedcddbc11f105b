// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Land, zones and their names. Everything drawn here came from the party's own pack.

import Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import { LineString, MultiLineString, MultiPolygon, Polygon, type Geometry } from 'ol/geom';
import VectorLayer from 'ol/layer/Vector';
import VectorImageLayer from 'ol/layer/VectorImage';
import VectorSource from 'ol/source/Vector';
import { Fill, Stroke, Style } from 'ol/style';
import type { PlaceItem, ZoneItem, Zones } from '../lib/types';
import { mercX, mercY } from './mercator';
import type { Name } from './names';
import type { Palette } from './palette';

const format = new GeoJSON({ featureProjection: 'EPSG:3857' });

const geometryOf = (z: ZoneItem) => format.readGeometry(z.geometry) as Geometry;

export class BaseMap {
  land = new VectorImageLayer({ source: new VectorSource(), imageRatio: 1.6, zIndex: 0 });
  zones = new VectorLayer({ source: new VectorSource(), zIndex: 5 });

  setLand(geojson: object | null): void {
    const source = this.land.getSource();
    source?.clear();
    if (geojson) source?.addFeatures(format.readFeatures(geojson) as Feature[]);
  }

  setZones(zones: Zones): void {
    const shown = zones.zones.filter((z) => z.geometry && !hiddenKinds.has(z.kind));
    this.zones.getSource()?.clear();
    this.zones.getSource()?.addFeatures(shown.map((z) => new Feature({ geometry: geometryOf(z), zone: z })));
  }

  restyle(p: Palette): void {
    this.land.setStyle(new Style({ fill: new Fill({ color: p.land }), stroke: new Stroke({ color: p.coast, width: 1 }) }));
    this.zones.setStyle((f, res) => zoneStyle(f.get('zone') as ZoneItem, res, p));
  }

  /** names lists what the zones and places are called. */
  names(zones: Zones, nameOf: (o: ZoneItem | PlaceItem) => string): Name[] {
    const of = (this.zones.getSource()?.getFeatures() ?? []).flatMap((f) => zoneNames(f.get('zone') as ZoneItem, f.getGeometry(), nameOf));
    return [...of, ...zones.places.map((x) => placeName(x, nameOf(x)))].filter((n) => n.text !== '');
  }
}

// Coasts and base lines are for measuring; variants would draw the same line twice.
const hiddenKinds = new Set(['coast', 'baseline', 'adiz_change', 'median_line_variant', 'territorial_sea_coast', 'contiguous_zone_coast']);

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

const LINE_TEXT: Record<string, Partial<Name>> = {
  gate: { colour: 'accent', rank: 8, upTo: 1300, longUpTo: 700 },
  fir: { size: 11, rank: 2, upTo: 2500, every: 1400 },
  adiz: { rank: 4, every: 900 },
  median_line: { rank: 4, every: 900 },
  median_line_extension: { rank: 4, every: 900 },
};

function zoneNames(z: ZoneItem, g: Geometry | undefined, nameOf: (o: ZoneItem) => string): Name[] {
  const plain: Name = { text: nameOf(z), size: 12, colour: 'text3', rank: 0, upTo: Infinity };
  if (z.kind === 'gap_sector') return interior(g).map((spot) => ({ ...plain, size: 13, colour: 'text2', rank: 9, spot, moves: true }));
  const more = LINE_TEXT[z.kind];
  return more ? linesOf(g).map((line) => ({ ...plain, ...more, line })) : [];
}

const coord = ([x = 0, y = 0]: number[]) => ({ x, y });

function interior(g: Geometry | undefined) {
  if (g instanceof Polygon) return [coord(g.getInteriorPoint().getCoordinates())];
  if (g instanceof MultiPolygon) return g.getInteriorPoints().getCoordinates().map(coord);
  return [];
}

function linesOf(g: Geometry | undefined) {
  if (g instanceof LineString) return [g.getCoordinates().map(coord)];
  if (g instanceof MultiLineString || g instanceof Polygon) return g.getCoordinates().map((l) => l.map(coord));
  if (g instanceof MultiPolygon) return g.getCoordinates().flat().map((l) => l.map(coord));
  return [];
}

const placeRes: Record<string, number> = { airport: 260, reference_point: 0, island: 900, place: 2200 };

function placeName(p: PlaceItem, label: string): Name {
  const airport = p.kind === 'airport';
  return {
    text: airport && label ? `✈ ${label}` : label, size: airport ? 11 : 12, colour: 'text3', rank: p.kind === 'place' ? 3 : 1,
    upTo: placeRes[p.kind] ?? 2200, spot: { x: mercX(p.lon), y: mercY(p.lat) }, below: airport ? 12 : 0,
  };
}
