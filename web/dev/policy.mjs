// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The release policy of the made-up parties: versions, a proposal that a second
// person activates, and a dry run with rows of each kind.

import { createHash } from 'node:crypto';

const digest = (text) => createHash('sha256').update(text).digest('hex');

export class Policies {
  constructor(world, texts) {
    this.world = world;
    this.verbs = { 'policy-propose': this.propose, 'policy-activate': this.activate, 'policy-withdraw': this.withdraw };
    this.of = Object.fromEntries(Object.entries(texts).map(([p, text]) => [p, { text, proposal: undefined, versions: [version(world, 3, text, 'file', undefined)] }]));
  }

  propose(p, who, c) {
    const text = c.policy?.text ?? '';
    if (!text.includes('version = 1')) return 'bad-policy';
    this.of[p].proposal = { id: digest(text + this.world.iso()).slice(0, 32), policy: name(text), by: who, at: this.world.iso(), reason: c.policy.reason, text };
    return {};
  }

  proposal(p, c) {
    const x = this.of[p].proposal;
    return x?.id === c.policy?.id ? x : undefined;
  }

  activate(p, who, c) {
    const x = this.proposal(p, c);
    if (!x) return 'no-such-policy';
    if (x.by === who) return 'second-person';
    const mine = this.of[p];
    const next = version(this.world, mine.versions.at(-1).number + 1, x.text, x.by, who);
    Object.assign(mine, { text: x.text, proposal: undefined, versions: [...mine.versions, { ...next, reason: x.reason }] });
    return {};
  }

  withdraw(p, _who, c) {
    if (!this.proposal(p, c)) return 'no-such-policy';
    this.of[p].proposal = undefined;
    return {};
  }

  view(p) {
    const { signed: _s, note: _n, ...inForce } = this.of[p].versions.at(-1);
    const { text: _t, ...proposal } = this.of[p].proposal ?? {};
    return { in_force: inForce, proposal: this.of[p].proposal && proposal, two_persons: true };
  }

  answer(p) {
    const { text, proposal, versions } = this.of[p];
    return { text, proposal, versions };
  }

  /** dryRun invents what a changed policy would have done; a row of each kind. */
  dryRun(p, ask) {
    const to = p === 'tw' ? 'jp' : 'tw';
    const record = this.world.records(p)[0];
    const near = { ...record, track: { ...record.track, near: { place: 'Yonaguni-jima', bearing_deg: 315, distance_m: 60_000 } } };
    const rows = [
      { only: 'changed', at: this.world.iso(-600_000), to, kind: 'track', number: 417, record },
      { only: 'changed', at: this.world.iso(-540_000), to, kind: 'track', number: 417, record: near },
      { only: 'present', at: this.world.iso(-480_000), to, kind: 'incident', number: 7, record: this.world.records(p)[1] },
    ];
    const sums = [
      { to, kind: 'incident', same: 1, present: 1, changed: 0 },
      { to, kind: 'track', same: 40, present: 0, changed: 2 },
    ];
    const same = !ask.text || ask.text === this.of[p].text;
    return {
      from: ask.from, to: ask.to, present: name(this.of[p].text), changed: name(ask.text || this.of[p].proposal?.text || this.of[p].text),
      sums: same ? [] : sums, rows: same ? [] : rows, inputs: 7200, geojson: { type: 'FeatureCollection', features: [] },
    };
  }
}

const name = (text) => `${/policy = "([^"]+)"/.exec(text)?.[1] ?? 'policy'} ${digest(text).slice(0, 8)}`;

function version(world, number, text, by, second) {
  return { number, policy: name(text), sha256: digest(text), at: world.iso(), by, second, distress: true, signed: true, note: `version ${number}` };
}
