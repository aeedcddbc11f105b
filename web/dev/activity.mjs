// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Own-activity notices of the two made-up parties and where two of them
// overlap, and the search areas of their cases. Areas are compared by their
// boxes, which is coarse enough for a screen.

const M_PER_DEG = 111_320;

export class Activity {
  constructor(world) {
    this.world = world;
    this.notices = [];
    this.search = { tw: [], jp: [] };
    this.journal = { tw: [], jp: [] };
    this.verbs = {
      activity: this.enter, 'activity-amend': this.amend, 'activity-state': this.move, 'activity-set-aside': this.aside,
      'search-area': this.state, 'search-state': this.searchState,
    };
    this.enter('jp', 'sato', {
      exercise: world.exercise,
      activity: { to: ['tw'], kind: 'survey', domain: 'air', from: world.iso(-1_800_000), until: world.iso(7_200_000), centre: { lat: 24.6, lon: 123.9 }, radius_m: 18_520, base_ft: 1000, top_ft: 3000, count: 1, contact_khz: 123_100 },
    });
    Object.assign(this.notices[0], { mismatch: ['count'], strayed: [417], state: 'working', working: world.iso(-1_500_000) });
    this.note('tw', 'mismatch', this.notices[0], { mismatch: 'count' });
  }

  note(p, what, n, more = {}) {
    this.journal[p].push({ at: this.world.iso(), what, notice: n.ref, ...more });
  }

  enter(p, who, c) {
    const a = c.activity ?? {};
    const fault = badNotice(a);
    if (fault) return fault;
    const number = this.notices.filter((n) => n.party === p).length + 1;
    const n = { party: p, number, ref: `${p.toUpperCase()}-${number}`, state: 'planned', exercise: c.exercise || undefined, by: who, asides: {}, ...stated(a), at: this.world.iso(), to_parties: a.to ?? [] };
    this.notices.push(n);
    this.note(p, 'entered', n, { by: who });
    for (const q of n.to_parties) if (this.journal[q]) this.note(q, 'received', n);
    return { activity: number };
  }

  own(p, c) {
    return this.notices.find((n) => n.party === p && n.number === c.activity?.number);
  }

  amend(p, who, c) {
    const n = this.own(p, c);
    if (!n) return 'no-such-notice';
    const fault = badNotice(c.activity);
    if (fault) return fault;
    Object.assign(n, stated(c.activity), { at: this.world.iso() });
    this.note(p, 'amended', n, { by: who });
    return { activity: n.number };
  }

  move(p, who, c) {
    const n = this.own(p, c);
    if (!n) return 'no-such-notice';
    n.state = c.activity.state;
    if (n.state === 'working' || n.state === 'clear') n[n.state] = this.world.iso();
    this.note(p, n.state, n, { by: who });
    return { activity: n.number };
  }

  aside(p, who, c) {
    const n = this.notices.find((x) => x.party === c.partner && objectOf(x) === c.activity?.object);
    if (!n) return 'no-such-notice';
    if (c.activity.aside) n.asides[p] = who;
    else delete n.asides[p];
    this.note(p, c.activity.aside ? 'set-aside' : 'honoured', n, { by: who });
    return {};
  }

  overlaps() {
    const open = this.notices.filter((n) => n.state === 'planned' || n.state === 'working');
    const list = [];
    for (const [i, a] of open.entries()) {
      for (const b of open.slice(i + 1)) {
        const o = a.party === b.party ? undefined : common(a, b);
        if (o) list.push({ a: a.ref, b: b.ref, parties: [a.party, b.party], domain: a.domain, exercise: a.exercise, alarm: `activity-overlap/${a.ref}/${b.ref}`, ...o });
      }
    }
    return list;
  }

  /** alarms are what the node raises of itself: an overlap first of all. */
  alarms(p) {
    const wrong = this.notices.filter((n) => n.party !== p && n.mismatch && n.state === 'working');
    return [
      ...this.overlaps().map((o) => ({ key: o.alarm, rule: 'activity-overlap', subject: other(p), priority: o.domain === 'air' ? 1 : 2 })),
      ...wrong.map((n) => ({ key: `activity-mismatch/${n.ref}/count`, rule: 'activity-mismatch', subject: n.party, priority: 2 })),
    ];
  }

  shown(n, p) {
    const { asides, to_parties, object: _, ...rest } = n;
    if (n.party === p) return { ...rest, mismatch: undefined, strayed: undefined, told: to_parties.map((q) => ({ party: q, ref: n.ref, state: this.world.link.state === 'up' ? 'told' : 'waiting' })) };
    return { ...rest, number: undefined, by: undefined, object: objectOf(n), aside: p in asides || undefined, aside_by: asides[p] };
  }

  view(p) {
    return {
      notices: this.notices.filter((n) => n.party === p || n.to_parties.includes(p)).map((n) => this.shown(n, p)), overlaps: this.overlaps(),
      held: p === 'tw' ? [{ rule: 'A13', track: 504, zone: 'gap_n', at: this.world.iso(-300_000), notice: 'JP-1', party: 'jp' }] : [], journal: this.journal[p], holding: true,
    };
  }

  state(p, who, c) {
    const a = c.area ?? {};
    if (!a.datum) return 'bad-position';
    const drifts = a.current_kt !== undefined;
    this.search[p] = [{
      party: p, state: 'active', object: a.object, datum: a.datum, datum_at: this.world.iso(), datum_error_m: a.error_m ?? 0, set_deg: a.current_set_deg, rate_kt: a.current_kt,
      estimate: { pos: a.datum, error_m: (a.error_m ?? 0) + (drifts ? 900 : 0), at: this.world.iso() }, area: a.corners || a.centre ? areaOf(a) : undefined, pattern: a.pattern,
      coordinator: a.coordinator, contact_khz: a.coordinate_on_khz, by: who, at: this.world.iso(), told: [other(p)], incident: c.incident,
    }];
    return {};
  }

  searchState(p, _who, c) {
    const s = this.search[p].find((x) => x.incident === c.incident);
    if (!s) return 'bad-search-area';
    s.state = c.area?.state;
    return {};
  }

  /** searches returns the search areas of a party's case, the partner's with it. */
  searches(p, incident) {
    const list = [...this.search[p].filter((s) => s.incident === incident), ...this.search[other(p)].map((s) => ({ ...s, by: undefined, told: undefined }))];
    return list.map(({ incident: _, ...s }) => s);
  }
}

const other = (p) => (p === 'tw' ? 'jp' : 'tw');
const objectOf = (n) => Buffer.from(`${n.party}${n.number}`.padEnd(16, '.')).toString('hex');
const corner = (c) => ({ lat_e5: Math.round(c.lat * 1e5), lon_e5: Math.round(c.lon * 1e5) });
const areaOf = (a) => (a.centre ? { centre: corner(a.centre), radius_m: Math.round(a.radius_m ?? 0) } : { corners: a.corners.map(corner) });

function badNotice(a) {
  if (!a.to?.length || !(a.count > 0)) return 'bad-notice';
  if (!a.from || !a.until || !(Date.parse(a.from) < Date.parse(a.until))) return 'bad-time';
  if (!a.centre && !(a.corners?.length >= 3)) return 'bad-area';
  return a.base_ft !== undefined && !(a.base_ft < a.top_ft) ? 'bad-notice' : '';
}

function stated(a) {
  return {
    kind: a.kind, domain: a.domain, from: a.from, to: a.until, area: areaOf(a), height: a.base_ft === undefined ? undefined : { base_ft: a.base_ft, top_ft: a.top_ft },
    count: a.count, contact_khz: a.contact_khz,
  };
}

function box(area) {
  if (area.centre) {
    const d = ((area.radius_m ?? 0) / M_PER_DEG) * 1e5;
    return { s: area.centre.lat_e5 - d, n: area.centre.lat_e5 + d, w: area.centre.lon_e5 - d, e: area.centre.lon_e5 + d };
  }
  const [lat, lon] = [area.corners.map((c) => c.lat_e5), area.corners.map((c) => c.lon_e5)];
  return { s: Math.min(...lat), n: Math.max(...lat), w: Math.min(...lon), e: Math.max(...lon) };
}

/** common returns what two notices share; undefined for nothing. */
function common(a, b) {
  if (a.domain !== b.domain) return undefined;
  const [x, y] = [box(a.area), box(b.area)];
  const c = { s: Math.max(x.s, y.s), n: Math.min(x.n, y.n), w: Math.max(x.w, y.w), e: Math.min(x.e, y.e) };
  const from = a.from > b.from ? a.from : b.from;
  const to = a.to < b.to ? a.to : b.to;
  const base = Math.max(a.height?.base_ft ?? 0, b.height?.base_ft ?? 0);
  const top = Math.min(a.height?.top_ft ?? 99_900, b.height?.top_ft ?? 99_900);
  if (c.s >= c.n || c.w >= c.e || Date.parse(from) >= Date.parse(to) || base >= top) return undefined;
  const p = (lat, lon) => ({ lat_e5: Math.round(lat), lon_e5: Math.round(lon) });
  return { from, to, height: a.height || b.height ? { base_ft: base, top_ft: top } : undefined, area: [[p(c.s, c.w), p(c.s, c.e), p(c.n, c.e), p(c.n, c.w)]] };
}
