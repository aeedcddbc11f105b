// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Requests for support between the two made-up parties, under the invented
// agreement of the packs. One object a request; each side sees it as its own.

import { createHash } from 'node:crypto';

const sum = (list) => list.reduce((n, e) => n + e.amount, 0);
const both = (e) => (e.agreed ? e.confirmed : Math.min(e.confirmed ?? 0, e.amount));
const booked = (list) => list.reduce((n, e) => n + both(e), 0);

export class Support {
  constructor(world, agreements, registers) {
    this.world = world;
    this.agreements = agreements;
    this.registers = registers;
    this.requests = [];
    this.verbs = { 'support-request': this.request };
    for (const step of ['approve', 'offer', 'decline', 'accept', 'deliver', 'confirm', 'agree', 'settle', 'cancel', 'repeat']) {
      this.verbs[`support-${step}`] = (p, who, c) => this.step(step, p, who, c);
    }
    const day = { from: world.iso(0), until: world.iso(86_400_000) };
    this.request('jp', 'sato', { partner: 'tw', text: '', support: { situation: 'search-and-rescue', category: 'airport-seaport', unit: 'berth-day', amount: 2, place: 'Hualien', ...day } });
  }

  /** match says what the agreements say: the clause that allows it, or the nearest. */
  match(q) {
    let best;
    for (const a of this.agreements) {
      for (const clause of a.clause) {
        const excluded = (a.exclusion ?? []).find((x) => x.situations?.includes(q.situation) || x.categories?.includes(q.category));
        const failed = [
          ['situation', clause.situations.includes(q.situation)], ['category', clause.categories.includes(q.category)], ['exclusion', !excluded],
          ['unit', clause.units.includes(q.unit)], ['amount', !clause.max_per_request || q.amount <= clause.max_per_request],
          ['settlement', !q.settlement || clause.settlement.includes(q.settlement)],
        ].filter(([, ok]) => !ok).map(([word]) => word);
        const left = clause.quota && clause.units.includes(q.unit) ? clause.quota.amount - this.used(clause) : undefined;
        if (left !== undefined && q.amount > left) failed.push('quota');
        if (!best || failed.length < best.failed.length) best = { agreement: a, clause, failed, left, excluded };
      }
    }
    return best;
  }

  used(clause) {
    return this.requests.filter((r) => r.approval?.clause === clause.id && !r.ended).reduce((n, r) => n + r.approval.amount, 0);
  }

  /** answer is what /api/support/match says of a request that nobody has made yet. */
  answer(q) {
    const m = this.match(q);
    const c = m.clause;
    return {
      allowed: m.failed.length === 0, agreement: m.agreement.id, failed: m.failed, exclusion: m.excluded?.citation, left: m.left, invented: m.agreement.invented,
      civil: m.failed.length ? civilWay(q) : undefined,
      clause: {
        id: c.id, citation: c.citation, situations: c.situations, categories: c.categories, units: c.units, max: c.max_per_request, approvers: c.approvers,
        settlements: c.settlement, days: c.settle_days, conditions: c.conditions, price: c.price && { currency: c.price.currency, minor: c.price.minor_per_unit }, quota: c.quota,
      },
    };
  }

  request(p, who, c) {
    const s = c.support ?? {};
    if (!(s.amount > 0)) return 'bad-amount';
    const m = this.match(s);
    const text = createHash('sha256').update(m.agreement.id).digest('hex').slice(0, 16);
    const wire = { agreement: m.agreement.id, clause: m.clause.id, text, failed: m.failed.length ? m.failed : undefined };
    const now = this.world.iso();
    this.requests.push({
      n: this.requests.length + 1, id: createHash('sha256').update(`request ${this.requests.length}`).digest('hex').slice(0, 32), asker: p, exercise: this.world.exercise || undefined,
      ask: { situation: s.situation, category: s.category, unit: s.unit, amount: s.amount, from: s.from, until: s.until, place: s.place, note: c.text || undefined, settlement: s.settlement },
      wire, clause: m.clause, citation: m.clause.citation, civil: m.failed.length ? civilWay(s) : undefined, answered: false,
      deliveries: [], settlements: [], acts: { tw: [], jp: [] }, made: now, changed: now,
    });
    this.note(this.requests.at(-1), p, 'request', who);
    return { request: this.requests.length };
  }

  note(r, p, step, by) {
    r.changed = this.world.iso();
    r.acts[p].push({ step, by, at: r.changed });
  }

  /** tick lets the partner's node answer what its own copies say. */
  tick() {
    if (this.world.link.state !== 'up') return;
    for (const r of this.requests) r.answered = true;
  }

  step(step, p, who, c) {
    const s = c.support ?? {};
    const r = this.requests.find((x) => x.n === s.request);
    if (!r) return 'no-such-request';
    if (!this.can(r, p).includes(step)) return 'not-now';
    const refused = this.apply(r, step, p, s, c.text);
    if (refused) return refused;
    this.note(r, p, step, who);
    return { request: r.n };
  }

  apply(r, step, p, s, text) {
    const stated = r.asker === p ? r.settlements : r.deliveries;
    const theirs = r.asker === p ? r.deliveries : r.settlements;
    const at = this.world.iso();
    switch (step) {
      case 'approve':
        r.approval = { agreement: r.wire.agreement, clause: r.wire.clause, amount: s.amount ?? r.ask.amount, role: r.clause.approvers[0], at };
        return '';
      case 'offer':
        if (s.price && !s.currency) return 'bad-price';
        r.offer = { amount: s.amount ?? r.approval.amount, settlement: r.clause.settlement[0], currency: s.currency, price: s.price, days: r.clause.settle_days, note: text };
        return '';
      case 'accept':
        r.accepted = true;
        return '';
      case 'deliver':
      case 'settle':
        if (!(s.amount > 0)) return 'bad-amount';
        stated.push({ n: stated.length + 1, amount: s.amount, at });
        return '';
      case 'confirm': {
        const e = theirs.find((x) => x.n === s.entry && x.confirmed === undefined);
        if (!e) return 'bad-amount';
        e.confirmed = s.amount ?? e.amount;
        return '';
      }
      case 'agree':
        for (const e of stated) if (e.n === s.entry) e.agreed = true;
        return '';
      case 'decline':
      case 'cancel':
        Object.assign(r, { ended: step === 'decline' ? 'declined' : 'cancelled', ended_by: p, reason: text });
    }
    return '';
  }

  can(r, p) {
    const ours = r.asker === p;
    const allowed = !r.wire.failed;
    const complete = Boolean(r.ended) || (r.offer && sum(r.deliveries) >= r.offer.amount);
    const open = (list) => list.some((e) => e.confirmed === undefined);
    const differ = (list) => list.some((e) => e.confirmed !== undefined && e.confirmed !== e.amount && !e.agreed);
    const steps = ours
      ? { accept: r.offer && !r.accepted && !r.ended, settle: r.offer && booked(r.settlements) < this.owed(r), cancel: !complete }
      : { approve: allowed && !r.approval && !r.ended, offer: r.approval && !r.offer && !r.ended, decline: !r.accepted && !r.ended, deliver: r.accepted && !complete, cancel: r.accepted && !complete };
    Object.assign(steps, { confirm: open(ours ? r.deliveries : r.settlements), agree: differ(ours ? r.settlements : r.deliveries), repeat: true });
    return Object.keys(steps).filter((s) => steps[s]);
  }

  owed(r) {
    return booked(r.deliveries) * (r.offer?.price ?? 1);
  }

  state(r) {
    if (r.ended && !r.deliveries.length) return r.ended;
    if (r.wire.failed) return 'not-covered';
    if (!r.answered) return 'requested';
    if (!r.approval) return 'matched';
    if (!r.offer) return 'approved';
    if (!r.accepted) return 'offered';
    if (!r.deliveries.length) return 'accepted';
    if (sum(r.deliveries) < r.offer.amount) return 'delivering';
    if (booked(r.deliveries) < sum(r.deliveries)) return 'delivered';
    return booked(r.settlements) < this.owed(r) ? 'settling' : 'settled';
  }

  shown(r, p) {
    const ours = r.asker === p;
    const can = this.can(r, p);
    return {
      n: r.n, id: r.id, partner: ours ? other(p) : r.asker, ours, exercise: r.exercise, state: this.state(r), ask: r.ask, own_match: r.wire,
      their_match: !ours || r.answered ? r.wire : undefined, citation: r.citation, civil: r.civil, approval: r.approval, offer: r.offer, accepted: r.accepted,
      deliveries: r.deliveries, settlements: r.settlements, delivered: sum(r.deliveries), owed: this.owed(r), settled: booked(r.settlements),
      due: this.owed(r) > 0 ? new Date(Date.parse(r.changed) + 30 * 86_400_000).toISOString() : undefined, ended_by: r.ended_by, reason: r.reason,
      can, waits: can.some((s) => ['approve', 'offer', 'accept', 'confirm'].includes(s)) || undefined, acts: r.acts[p], made: r.made, changed: r.changed,
    };
  }

  accounts() {
    return this.requests.filter((r) => booked(r.deliveries) > 0).map((r) => {
      const giver = other(r.asker);
      let balance = 0;
      const lines = [
        ...r.deliveries.map((e) => ({ what: 'delivered', e, amount: both(e) * (r.offer.price ?? 1) })), ...r.settlements.map((e) => ({ what: 'settled', e, amount: -both(e) })),
      ].map(({ what, e, amount }) => ({ number: r.n, request: r.id, what, n: e.n, at: e.at, amount, balance: (balance += amount) }));
      return {
        agreement: r.wire.agreement, first: giver, second: r.asker, exercise: r.exercise, settlement: r.offer.settlement,
        unit: r.offer.currency ?? `${r.ask.category}/${r.ask.unit}`, balance, lines,
      };
    });
  }

  view(p) {
    const q = other(p);
    const capacities = (f) => Object.entries(f.capacities ?? {}).map(([what, count]) => ({ what, count }));
    return {
      requests: this.requests.map((r) => this.shown(r, p)),
      accounts: this.accounts(),
      facilities: this.registers[p].map((f, i) => ({
        id: f.id, kind: f.kind, name: f.name, pos: { lat: f.lat, lon: f.lon }, capacities: capacities(f), services: f.services, contact: f.contact, exercise: f.exercise,
        released: i === 0 ? [q] : [],
      })),
      partner_facilities: this.registers[q].slice(0, 1).map((f) => ({
        party: q, object: createHash('sha256').update(f.id).digest('hex').slice(0, 32), exercise: f.exercise, received: this.world.iso(-600_000), label: this.world.label(q), handling: this.world.handling(q),
        body: { kind: f.kind, name: f.name, cell: { lat_e5: Math.round(f.lat * 1e5), lon_e5: Math.round(f.lon * 1e5), grid_m: 1000 }, capacities: capacities(f), services: f.services, contact: f.contact },
      })),
      agreements: this.agreements.map((a) => ({ id: a.id, titles: a.title, invented: a.invented, parties: a.parties, in_force: true })),
    };
  }
}

const other = (p) => (p === 'tw' ? 'jp' : 'tw');
const civilWay = (q) => (q.situation === 'search-and-rescue' ? 'rescue-centre' : 'ship-supplier');
