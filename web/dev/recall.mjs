// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What each made-up party was told by the other, and taking it back. The
// receipt comes when the line carries it; what an ACCEPT rests on is sealed.

import { createHash } from 'node:crypto';

const ITEMS = [
  ['track', 417, ['gap-air'], 'held'], ['incident', 7, ['gap-incident'], 'held'], ['dialogue', 7, ['control'], 'held'], ['message', 2, ['control'], 'held'],
  ['track', 503, ['gap-air'], 'expired'], ['support', 1, ['control'], 'held'], ['track', 417, ['gap-air'], 'held'],
];

export class Recalls {
  constructor(world) {
    this.world = world;
    this.acts = { tw: [], jp: [] };
    this.held = { tw: items(world, 'tw'), jp: items(world, 'jp') };
    this.back = { tw: 0, jp: 0 };
    this.verbs = { recall: this.take, 'lift-recall': this.lift };
  }

  named(p, a) {
    const held = this.held[p].filter((i) => i.state === 'held');
    if (a.all) return held;
    if (a.rule) return held.filter((i) => i.rules.includes(a.rule));
    if (a.records?.length) return held.filter((i) => a.records.includes(i.id));
    return held.filter((i) => a.from && a.to && i.at >= a.from && i.at < a.to);
  }

  take(p, who, c) {
    const a = c.recall ?? {};
    if (!c.text) return 'text-missing';
    const list = this.named(p, a);
    if (!list.length) return 'nothing-to-recall';
    const n = this.acts[p].length + 1;
    for (const i of list) Object.assign(i, { state: 'recalled', recall: n });
    this.back[p] += list.filter((i) => i.kind === 'track' || i.kind === 'incident').length;
    const how = a.all ? 'all' : a.rule ? 'rule' : a.records?.length ? 'record' : 'time';
    this.acts[p].unshift({ n, to: other(p), by: who, reason: c.text, how, rule: a.rule, at: this.world.iso(), named: list.length, waiting: 1, missing: 1, gone: 0, kept: 0, unknown: 0 });
    return { recall: n, named: list.length };
  }

  lift(p) {
    if (!this.back[p]) return 'nothing-to-recall';
    this.back[p] = 0;
    return {};
  }

  /** step lets the receipts come, one leg of the line at a time. */
  step() {
    if (this.world.link.state !== 'up') return;
    for (const p of ['tw', 'jp']) {
      for (const act of this.acts[p].filter((x) => x.missing)) {
        if (act.waiting) act.waiting = 0;
        else this.answer(act, this.held[p].filter((i) => i.recall === act.n));
      }
    }
  }

  answer(act, list) {
    for (const i of list) Object.assign(i, i.kind === 'dialogue' ? { state: 'kept', why: 'accept' } : { state: 'gone' });
    const kept = list.filter((i) => i.state === 'kept').length;
    Object.assign(act, { missing: 0, kept, gone: list.length - kept });
  }

  peer(p) {
    const list = this.held[p];
    return { party: other(p), seq: this.world.seq, records: 412, cosigned: 411, unlisted: 3, items: list };
  }

  holdings(p) {
    const theirs = this.held[other(p)];
    const count = (s) => theirs.filter((i) => i.state === s).length;
    return [{ party: other(p), pending: 0, held_back: this.back[p], recalled: count('gone'), sealed: count('kept'), expired: count('expired'), early: 0, unknown: 0 }];
  }
}

const other = (p) => (p === 'tw' ? 'jp' : 'tw');

function items(world, p) {
  return ITEMS.map(([kind, number, rules, state], i) => ({
    id: createHash('sha256').update(`${p} told ${i}`).digest('hex').slice(0, 32), kind, lane: kind === 'track' ? 'state' : 'record', number: p === 'jp' && number === 417 ? 92 : number,
    record: kind === 'track' ? undefined : 400 + i, at: world.iso(-600_000 + i * 60_000), until: world.iso(259_200_000), rules, state, receipt: i !== 5,
  }));
}
