// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The joint plan of the two made-up parties: each side's declaration from the
// packs, held against the other's part by part.

const PARTS = ['sectors', 'lines', 'thresholds', 'timers', 'broken-line', 'phrasebook', 'contacts', 'proof'];

/** partsOf turns a prepared plan into the rows of its parts. */
export function partsOf(plan, edition, zones) {
  const sectors = Object.fromEntries(plan.sector.map((s) => [s.zone, `${s.lead} · ${zones}`]));
  return {
    sectors, lines: Object.fromEntries(plan.lines.map((l) => [l, zones])), thresholds: Object.fromEntries(plan.rules.map((r) => [`${r} minutes`, '10'])),
    timers: { hotline: '8h0m0s', t1: '3m0s', t2: '10m0s' }, 'broken-line': sectors, phrasebook: { edition },
    contacts: Object.fromEntries(plan.contact.map((c) => [`${c.from}–${c.to}Z`, c.how])), proof: { 'third-person': String(plan.proof) },
  };
}

export class Plans {
  constructor(world, intents) {
    this.world = world;
    this.intents = intents; // by party: what its file says now
    this.declared = { tw: undefined, jp: undefined };
    this.since = world.iso();
    this.verbs = { 'plan-declare': this.declare, 'plan-end': this.end };
    this.declare('jp', 'mori', { exercise: world.exercise });
  }

  declare(p, _who, c) {
    const number = (this.declared[p]?.number ?? 0) + 1;
    const parts = structuredClone(this.intents[p]);
    this.declared[p] = { number, comment: 'invented for the demonstration', exercise: c.exercise || undefined, at: this.world.iso(), parts };
    this.since = this.world.iso();
    return {};
  }

  end(p, _who, c) {
    if (!this.declared[p]) return 'no-plan';
    this.declared[p].ends = c.plan?.ends ?? this.world.iso();
    this.since = this.world.iso();
    return {};
  }

  ended(d) {
    return d?.ends !== undefined && Date.parse(d.ends) <= this.world.now;
  }

  compare(p) {
    const [a, b] = [this.declared[p]?.parts, this.declared[other(p)]?.parts];
    return PARTS.filter((name) => a?.[name] ?? b?.[name]).map((name) => {
      const keys = [...new Set([...Object.keys(a?.[name] ?? {}), ...Object.keys(b?.[name] ?? {})])].sort();
      const rows = keys.map((key) => {
        const [ours, theirs] = [a?.[name]?.[key], b?.[name]?.[key]];
        return { key, ours, theirs, equal: ours === theirs };
      });
      const state = !b?.[name] ? 'only-ours' : !a?.[name] ? 'only-theirs' : rows.every((r) => r.equal) ? 'equal' : 'different';
      return { name, state, rows };
    });
  }

  state(p) {
    const [a, b] = [this.declared[p], this.declared[other(p)]];
    if (this.ended(a) || this.ended(b)) return 'ended';
    if (!a) return b ? 'theirs' : 'none';
    if (!b) return 'ours';
    return this.compare(p).every((x) => x.state === 'equal') ? 'in-force' : 'mismatch';
  }

  /** alarms: a mismatch is one. */
  alarms(p) {
    return this.state(p) === 'mismatch' ? [{ key: `plan-mismatch/${other(p)}`, rule: 'plan-mismatch', subject: other(p), priority: 2 }] : [];
  }

  view(p) {
    const state = this.state(p);
    const bare = (d) => d && { number: d.number, comment: d.comment, exercise: d.exercise, at: d.at, ends: d.ends };
    const mine = this.declared[p];
    const changed = mine && JSON.stringify(mine.parts) !== JSON.stringify(this.intents[p]);
    const can = [...(!mine || changed || this.ended(mine) ? ['plan-declare'] : []), ...(mine && !this.ended(mine) ? ['plan-end'] : [])];
    return [{
      party: other(p), state, since: this.since, ours: bare(mine), theirs: bare(this.declared[other(p)]), parts: this.compare(p), applies: state === 'in-force', t1_s: 180, t2_s: 600,
      prepared: true, changed: changed || undefined, can,
    }];
  }
}

const other = (p) => (p === 'tw' ? 'jp' : 'tw');
