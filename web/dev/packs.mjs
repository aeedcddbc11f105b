// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the made-up world takes from the packs of this repository.

import { readFileSync } from 'node:fs';
import { phrasebookOf } from './messages.mjs';
import { partsOf } from './plan.mjs';
import { parse } from './toml.mjs';

const file = (name) => readFileSync(new URL(`../../packs/${name}`, import.meta.url), 'utf8');
const table = (name) => parse(file(name));
const json = (name) => JSON.parse(file(`taiwan-ryukyu/${name}`));

const index = json('pack.json');
const features = index.zones.map(json).flatMap((c) => c.features);
const book = phrasebookOf(table('phrasebook/phrasebook.toml'));
const plan = (name) => partsOf(table(`plans/${name}.toml`).plan[0], book.edition, 'taiwan-ryukyu@1');

export const packs = {
  book,
  agreements: [table('agreements/demo-tw-jp.toml')],
  registers: { tw: table('agreements/demo-register-tw.toml').facility, jp: table('agreements/demo-register-jp.toml').facility },
  plans: { tw: plan('demo-tw-jp'), jp: plan('demo-jp-tw') },
  policies: { tw: file('policies/demo-tw.toml'), jp: file('policies/demo-jp.toml') },
  land: json('land.json'),
  rules: json('rules.json').rules.map((r) => ({ id: r.id, names: r.name, priority: r.priority, domain: r.domain })),
  zones: {
    version: 'taiwan-ryukyu 1',
    zones: features.filter((f) => f.geometry.type !== 'Point').map((f) => ({
      id: f.properties.id, kind: f.properties.kind, party: f.properties.party, names: f.properties.names, version: '1', geometry: f.geometry,
    })),
    places: features.filter((f) => f.geometry.type === 'Point').map((f) => ({
      id: f.properties.id, names: f.properties.names, kind: f.properties.kind, lat: f.geometry.coordinates[1], lon: f.geometry.coordinates[0],
    })),
    sectors: Object.fromEntries(json(index.sectors).sectors.map((s) => [s.zone, s.lead])),
  },
};
