// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// A made-up world of two parties for work on the console without a node. It is
// not shipped. It knows just enough rules to answer as a node would.

import { Activity } from './activity.mjs';
import { Feeds } from './feeds.mjs';
import { Messages } from './messages.mjs';
import { packs } from './packs.mjs';
import { Plans } from './plan.mjs';
import { Policies } from './policy.mjs';
import { Recalls } from './recall.mjs';
import { Support } from './support.mjs';

const RAD = Math.PI / 180;
const START = Date.UTC(2023, 7, 28, 4, 0, 0);
const GRID_M = { tw: 5000, jp: 10_000 };
const BIN_MS = 60_000;

export const LOGINS = {
  tw: { officer: 'wang', supervisor: 'chen', viewer: 'lin', auditor: 'hsu', administrator: 'admin' },
  jp: { officer: 'sato', supervisor: 'mori', viewer: 'abe', auditor: 'ito', administrator: 'admin' },
};

const iso = (ms) => new Date(ms).toISOString();
const hexId = (s) => [...s].reduce((h, c) => (Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0), 2166136261).toString(16).padStart(8, '0').repeat(4);

function along(path, t) {
  const legs = path.slice(1).map((p, i) => [path[i], p]);
  const len = ([a, b]) => Math.hypot((b[0] - a[0]) * Math.cos(a[1] * RAD), b[1] - a[1]) * 60;
  const total = legs.reduce((s, l) => s + len(l), 0);
  let d = t % total;
  for (const l of legs) {
    const n = len(l);
    if (d <= n) {
      const [a, b] = l;
      const k = d / n;
      const course = (Math.atan2((b[0] - a[0]) * Math.cos(a[1] * RAD), b[1] - a[1]) / RAD + 360) % 360;
      return { lon: a[0] + (b[0] - a[0]) * k, lat: a[1] + (b[1] - a[1]) * k, course };
    }
    d -= n;
  }
  return { lon: path[0][0], lat: path[0][1], course: 0 };
}

const CIRCUIT = [[121.9, 26.1], [122.35, 25.2], [122.42, 24.52], [122.6, 23.4], [122.2, 22.4], [121.5, 21.6], [121.0, 21.5], [121.9, 23.0], [122.3, 24.3], [121.9, 26.1]];

/** rng is a small generator, so that every run shows the same picture. */
function rng(seed) {
  let s = seed >>> 0;
  return () => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

export class World {
  constructor({ filler = 24, speed = 20, exercise = true } = {}) {
    this.t0 = Date.now();
    this.speed = speed;
    this.exercise = exercise;
    this.now = START;
    this.seq = 0;
    this.silent = false;
    this.mute = undefined; // since when the feed ais gives nothing, for the test of one that is silent
    this.outboxFull = false; // for the test of a call that waits
    this.storeProblem = undefined;
    this.handlings = { jp: { ours: 'releasable', known: true }, tw: { ours: '部外秘' } };
    this.faults = []; // what was not in the node's shapes
    this.link = { state: 'up', since: START };
    this.joint = {
      lead: { state: 'none', epoch: 0, since: iso(START) },
      posture: {},
      ack: {},
      closed: {},
      identity: {
        tw: { standard: 'unknown', at: iso(START) },
        jp: { standard: 'unknown', at: iso(START) },
      },
      events: { tw: [], jp: [] },
    };
    this.hand = { tw: [], jp: [] };
    this.log = { tw: [], jp: [] };
    this.alarms = { tw: [{ key: 'feed/radar-south', rule: 'C06', subject: 'radar-south', priority: 2, state: 'unacknowledged', at: iso(START - 90_000) }], jp: [] };
    this.stopped = {};
    const next = rng(7);
    const lines = ['CAL', 'EVA', 'JJP', 'ANA', 'JTA', 'SJX', 'TWB', 'JAL'];
    this.civil = Array.from({ length: filler }, (_, i) => ({
      n: 500 + i, sea: i % 6 === 5, callsign: `${lines[i % lines.length]}${100 + Math.floor(next() * 899)}`,
      lon: 119.5 + next() * 8, lat: 21.2 + next() * 6, course: next() * 360, kt: i % 6 === 5 ? 8 + next() * 10 : 380 + next() * 110,
      ft: 28_000 + Math.floor(next() * 12) * 1000, address: Math.floor(next() * 0xffffff).toString(16).toUpperCase().padStart(6, '0'),
    }));
    for (const p of ['tw', 'jp']) this.note(p, 'node', p === 'tw' ? '交接班完成，通聯正常。' : '当直交代完了、異状なし。');
    this.messages = new Messages(this, packs.book);
    this.support = new Support(this, packs.agreements, packs.registers);
    this.activity = new Activity(this);
    this.plans = new Plans(this, structuredClone(packs.plans));
    this.feeds = { tw: new Feeds(), jp: new Feeds() };
    this.recalls = new Recalls(this);
    this.policies = new Policies(this, packs.policies);
    this.verbs = {};
    for (const desk of [this.messages, this.support, this.activity, this.plans, this.recalls, this.policies]) {
      for (const [verb, act] of Object.entries(desk.verbs)) this.verbs[verb] = act.bind(desk);
    }
    this.raise();
  }

  /** iso returns the world's time, or one so many milliseconds later. */
  iso(later = 0) {
    return iso(this.now + later);
  }

  label(p) {
    return label(p);
  }

  /** handling is our equivalent of a partner's label: jp's table does not have tw's words. */
  handling(q) {
    return this.handlings[q];
  }

  incidentOf(p) {
    return p === 'tw' ? 7 : 3;
  }

  placeName(id, lang) {
    const at = [...packs.zones.zones, ...packs.zones.places].find((x) => x.id === id);
    return at?.names[lang] ?? id;
  }

  /** raise brings the alarms of the desks to what now holds. */
  raise() {
    for (const p of ['tw', 'jp']) {
      const want = [...this.activity.alarms(p), ...this.plans.alarms(p)];
      const own = (a) => /^(activity|plan)-/.test(a.rule);
      this.alarms[p] = this.alarms[p].filter((a) => !own(a) || want.some((w) => w.key === a.key));
      for (const w of want) if (!this.alarms[p].some((a) => a.key === w.key)) this.alarms[p].push({ ...w, state: 'unacknowledged', at: this.iso() });
    }
  }

  step() {
    this.now = START + (Date.now() - this.t0) * this.speed;
    this.seq++;
    const d = this.joint.lead;
    if (d.state === 'accepted' && this.now > this.acceptedAt + 2000) {
      this.joint.lead = { state: 'confirmed', holder: d.proposed, epoch: d.epoch + 1, with: d.with, since: iso(this.now) };
      for (const p of ['tw', 'jp']) this.event(p, 'lead-confirmed', '', d.proposed);
    }
    this.messages.step();
    this.support.tick();
    this.recalls.step();
    this.raise();
  }

  event(p, kind, by, text, more = {}) {
    this.joint.events[p].push({ at: iso(this.now), entered: iso(this.now), kind, by, text, originators: [p], ...more });
  }

  note(p, by, text, time) {
    this.log[p].push({ n: this.log[p].length + 1, at: time ?? iso(this.now), entered: iso(this.now), desk: '1', by, text });
    return this.log[p].length;
  }

  target() {
    const hours = (this.now - START) / 3_600_000;
    return along(CIRCUIT, hours * 105 + 40);
  }

  tracks(p) {
    const b = this.target();
    const own = {
      n: p === 'tw' ? 417 : 92, domain: 'air', state: 'confirmed', pos: { lat: b.lat, lon: b.lon }, sigma_m: 180, ellipse: { major_m: 3200, minor_m: 900, axis_deg: 60 },
      fused: { pos: { lat: b.lat + 0.01, lon: b.lon - 0.01 }, major_m: 1400, minor_m: 700, axis_deg: 75, speed_kt: 104, course_deg: b.course, sigma_kt: 8, height_ft: 18_000, band_ft: 2000, method: 'covariance-intersection', from: [other(p)] },
      height_ft: p === 'tw' ? 18_900 : undefined, speed_kt: 105, course_deg: b.course, sources: ['radar'], exercise: this.exercise, class: 'large-drone', confidence: 0.83,
      identity: { party: p, ...this.joint.identity[p] }, first_seen: iso(START - 600_000), time: iso(this.now - 3000), plots: 212,
      incident: p === 'tw' ? 7 : 3, partners: [{ party: other(p), object: hexId(`${other(p)}bzk`) }], released: [other(p)],
    };
    const list = [own];
    for (const c of this.civil) {
      if ((c.n + (p === 'jp' ? 1 : 0)) % 4 === 0) continue;
      const h = ((this.now - START) / 3_600_000) % 1;
      const nm = c.kt * h;
      list.push({
        n: c.n, domain: c.sea ? 'sea' : 'air', state: c.n === 507 ? 'coasting' : 'confirmed',
        pos: { lat: c.lat + (nm * Math.cos(c.course * RAD)) / 60, lon: c.lon + (nm * Math.sin(c.course * RAD)) / 60 / Math.cos(c.lat * RAD) },
        sigma_m: c.n === 507 ? 2400 : 40, height_ft: c.sea ? undefined : c.ft, speed_kt: c.kt, course_deg: c.course,
        address: c.sea ? undefined : c.address, callsign: c.sea ? undefined : c.callsign, mmsi: c.sea ? `4160${c.n}12` : undefined,
        name: c.sea ? `HAI AN ${c.n}` : undefined, sources: [c.sea ? 'ais' : 'adsb'], exercise: this.exercise,
        identity: { party: p, standard: c.n === 511 ? 'unknown' : c.n === 516 ? 'friend' : 'neutral', at: iso(START) },
        formation: c.n !== 507 ? undefined : { n: 507, least: 3, most: 4 },
        former: c.n !== 507 ? undefined : [{ address: '899123', since: iso(START - 1_200_000), until: iso(START - 600_000) }],
        first_seen: iso(START - 1_200_000), time: iso(this.now - (c.n === 507 ? 74_000 : 1000)), plots: 400,
      });
    }
    return list;
  }

  /** released is what p told its partner of the object, as coarse as its policy. */
  released(p) {
    const g = GRID_M[p];
    const bin = Math.floor((this.now - 90_000) / BIN_MS) * BIN_MS;
    const now = this.now;
    this.now = bin + BIN_MS / 2;
    const b = this.target();
    this.now = now;
    const dLat = g / 111_320;
    const lat = (Math.floor(b.lat / dLat) + 0.5) * dLat;
    const dLon = dLat / Math.cos(lat * RAD);
    const lon = (Math.floor(b.lon / dLon) + 0.5) * dLon;
    return {
      domain: 'air', cell: { lat_e5: Math.round(lat * 1e5), lon_e5: Math.round(lon * 1e5), grid_m: g },
      bin: { start: iso(bin), width: BIN_MS * 1e6 }, height: p === 'tw' ? { base_ft: 18_000, size_ft: 1000 } : undefined,
      speed_kt: 100, course_deg: (Math.round(b.course / 45) * 45) % 360, identity: plain(this.joint.identity[p]),
    };
  }

  partnerTracks(p) {
    const q = other(p);
    const list = [
      {
        party: q, object: hexId(`${q}bzk`), ...this.released(q), exercise: this.exercise, received: iso(this.now - 60_000),
        state: this.link.state === 'up' ? 'fresh' : 'stale', own: p === 'tw' ? 417 : 92, incident: p === 'tw' ? 7 : 3, label: label(q), handling: this.handling(q),
      },
    ];
    if (p === 'tw') {
      list.push({
        party: 'jp', object: hexId('jpship'), domain: 'sea', cell: { lat_e5: 2385000, lon_e5: 12412000, grid_m: 10_000 }, near: { place: 'Yonaguni-jima', bearing_deg: 135, distance_m: 130_000 },
        bin: { start: iso(this.now - 300_000), width: BIN_MS * 1e6 }, speed_kt: 12, course_deg: 225, identity: { standard: 'unknown' },
        exercise: this.exercise, received: iso(this.now - 240_000), state: 'stale', label: label('jp'), handling: this.handling('jp'),
      });
    }
    return list;
  }

  incidents(p) {
    const q = other(p);
    const j = this.joint;
    const ack = j.ack[p];
    const closed = j.closed[p];
    const l = j.lead;
    const asked = l.state === 'proposed' && l.by !== p;
    const can = closed ? { reopen: [] } : { close: [], posture: [] };
    if (!closed) {
      if (!ack) can.acknowledge = [];
      if (asked) Object.assign(can, { accept: [], reject: [] });
      else if (l.state !== 'proposed' && l.state !== 'accepted') {
        if (l.state === 'none') can.take = [];
        can.propose = [q];
      }
    }
    const gate = { rule: 'A06', zone: 'gate_yonaguni_taiwan', zone_version: 'taiwan-ryukyu@1#6f1c', direction: 'out' };
    const t = (s) => iso(START + s * 1000);
    const base = {
      n: p === 'tw' ? 7 : 3, state: closed ? 'closed' : 'open', outcome: closed, opened: t(-420), updated: iso(this.now), priority: 1, domain: 'air',
      sector: 'gap_c', exercise: this.exercise, alarm: closed ? 'normal' : ack ? 'acknowledged' : 'unacknowledged', ack_by: ack?.by, ack_at: ack?.at,
      tracks: [p === 'tw' ? 417 : 92],
      partners: [{ party: q, id: hexId(`${q}inc`), received: t(-200), label: label(q), handling: this.handling(q), body: { state: 'open', opened: { start: t(-480), width: BIN_MS * 1e6 } } }],
      references: [{ party: q, ref: 'KILO-417' }],
      identities: [{ party: p, ...j.identity[p] }, { party: q, ...plain(j.identity[q]), at: j.identity[q].at }],
      events: [
        { at: t(-420), entered: t(-418), kind: 'alert', rule: 'A13', zone: 'gap_n', zone_version: gate.zone_version, track: p === 'tw' ? 417 : 92, originators: [p] },
        { at: t(-120), entered: t(-119), kind: 'alert', ...gate, track: p === 'tw' ? 417 : 92, originators: [p] },
        { at: t(-120), entered: t(-40), kind: 'partner', ...gate, originators: [q] },
        { at: t(-40), entered: t(-40), kind: 'alert', rule: 'A17', track: p === 'tw' ? 417 : 92, originators: [p, q] },
        ...j.events[p],
      ],
      lead: {
        state: l.state, holder: l.holder, epoch: l.epoch, proposed: l.proposed, with: l.state === 'none' ? undefined : q, by_us: l.by === p || undefined,
        since: l.since, deadline: l.deadline, alarm: false,
      },
      postures: ['tw', 'jp'].filter((x) => j.posture[x]).map((x) => ({ party: x, ...j.posture[x], by: x === p ? j.posture[x].by : undefined })),
      search: this.activity.searches(p, p === 'tw' ? 7 : 3), can,
    };
    return [...this.hand[p], base];
  }

  view(p) {
    const q = other(p);
    const incidents = this.incidents(p);
    const counts = { unacknowledged: 0, acknowledged: 0, returned: 0, shelved: 0 };
    for (const s of [...incidents.map((i) => i.alarm), ...this.alarms[p].map((a) => a.state)]) if (s in counts) counts[s]++;
    const link = this.stopped[p] ? { state: 'stopped', since: this.stopped[p] } : this.link;
    return {
      seq: this.seq, now: iso(this.now), party: p, exercise: this.exercise, policy: this.policies.view(p), policy_version: 'demo-tw 3 (4be1)', zone_version: 'taiwan-ryukyu 1',
      tracks: this.tracks(p), partner_tracks: this.partnerTracks(p), incidents, alarms: this.alarms[p], counts,
      links: [{ party: q, state: link.state, since: iso(Date.parse(link.since) || link.since), rtt_ms: 21, last_heard: iso(this.now - 2000), queued: link.state === 'up' ? 0 : 3, sent: 412, received: 388, refused: 0, held: this.outboxFull || undefined }],
      store_problem: this.storeProblem, feeds: [
        { name: 'radar-north', kind: 'asterix', exercise: this.exercise, up: true, last: iso(this.now - 1000), frames: 5120, plots: 4988, refused: [{ reason: 'asterix-record', count: 2, offset: 88, at: iso(START), item: 'I048/140', items: [{ item: 'I048/140', count: 2 }] }], clocks: [{ station: '025/010', offset_s: -15, spread_s: 0.2, minutes: 5, off: false }] },
        { name: 'radar-south', kind: 'asterix', exercise: this.exercise, up: false, last: iso(START - 150_000), frames: 990, plots: 940, refused: [] },
        { name: 'adsb', kind: 'beast', exercise: this.exercise, up: true, last: iso(this.now - 200), frames: 90_211, plots: 41_020, refused: [], merged: 3120, receivers: [
          { id: '000000000000a1f0', frames: 61_002, merged: 120, last: iso(this.now - 200) }, { id: '000000000000a1f1', frames: 29_209, merged: 3000, last: iso(this.now - 900) },
        ] },
        { name: 'ais', kind: 'nmea', exercise: this.exercise, up: true, last: this.mute ?? iso(this.now - 900), silent_since: this.mute, frames: 3001, plots: 2802, refused: [] },
      ],
      out_of_service: p === 'tw' ? [{ rule: 'A01', reason: 'no-plan-feed' }] : [], log: this.log[p], plans: this.plans.view(p),
      recalls: this.recalls.acts[p], holdings: this.recalls.holdings(p), stop_cases: [], messages: this.messages.view(p), support: this.support.view(p), activity: this.activity.view(p),
    };
  }

  explain(p, track) {
    const q = other(p);
    const mine = track === (p === 'tw' ? 417 : 92);
    if (!mine) return [{ to: q, allow: false, rules: [], reason: 'no-rule' }, { to: 'cell', allow: false, rules: ['civil-stays'], reason: 'denied' }];
    return [
      {
        to: q, allow: true, rules: ['gap-air'], reason: 'allowed', zones: ['gap_n', 'adiz_tw'],
        obligations: { grid_m: GRID_M[p], height_band_ft: p === 'tw' ? 1000 : 0, time_bin_s: 60, slot_s: 30, delay_s: 60, retention_s: 259_200, fields: ['identity', 'type', 'course', 'speed', 'height', 'zone', 'rule'], onward: [] },
        due: iso(this.now + 20_000), last: this.records(p)[0],
      },
      { to: 'cell', allow: true, rules: ['cell-coarse'], reason: 'allowed', obligations: { grid_m: 20_000, height_band_ft: 0, time_bin_s: 600, slot_s: 86_400, delay_s: 300, retention_s: 86_400, fields: ['identity', 'zone', 'rule'], onward: [] } },
    ];
  }

  records(p) {
    const env = { version: 1, epoch: 3, originator: p, label: label(p), exercise: this.exercise, time: iso(this.now) };
    return [
      { ...env, kind: 1, id: hexId(`${p}r1`), object: hexId(`${p}bzk`), track: this.released(p) },
      { ...env, kind: 2, id: hexId(`${p}r2`), object: hexId(`${p}inc`), incident: { state: 'open', opened: { start: iso(START), width: BIN_MS * 1e6 } } },
    ];
  }

  registration() {
    const sigma = { range_m: 9, gain: 4e-6, azimuth_deg: 0.006, time_s: 0.012 };
    const bias = (azimuth_deg) => ({ range_m: -42, gain: 1.2e-5, azimuth_deg, time_s: 0.08 });
    const history = Array.from({ length: 24 }, (_, i) => ({ at: iso(START - (24 - i) * 900_000), bias: bias((i < 15 ? 0.18 : 0.92) + 0.01 * (i % 3)), sigma, ...(i === 15 ? { jump: true } : {}) }));
    return [
      { source: 'radar-north', sensor: '025/010', bias: bias(0.93), sigma, sights: 48_211, jumps: 1, jumped: history[15].at, history },
      { source: 'radar-south', sensor: '025/011', bias: bias(0), sigma: { range_m: 100, gain: 1e-4, azimuth_deg: 0.15, time_s: 0.2 }, sights: 0, jumps: 0, history: [] },
      { source: 'radar-west', sights: 0, jumps: 0, history: [], left_out: true },
    ];
  }

  journal() {
    const log = (direction, size) => ({ partner: 'jp', direction, epoch: 1, size, root: hexId(direction).slice(0, 32), cosigned_size: size - 1, checkpoints: 12, verified: true, problems: [] });
    return { verified: true, logs: [log('sent', 412), log('received', 388)] };
  }

  /** act does a command; it returns a code, or the reply. */
  act(p, who, c) {
    const j = this.joint;
    const q = other(p);
    const at = iso(this.now);
    if (this.verbs[c.verb]) return this.verbs[c.verb](p, who, c);
    switch (c.verb) {
      case 'acknowledge': {
        const hand = this.hand[p].find((i) => i.n === c.incident);
        if (hand) Object.assign(hand, { alarm: 'acknowledged', ack_by: who, ack_at: at });
        else j.ack[p] = { by: who, at };
        this.event(p, 'acknowledged', who);
        return {};
      }
      case 'acknowledge-alarm':
        for (const a of this.alarms[p]) if (a.key === c.alarm) Object.assign(a, { state: 'acknowledged', ack_by: who });
        return {};
      case 'identify':
        j.identity[p] = { standard: c.standard, type: c.type, presumed: c.presumed, by: who, at };
        this.event(p, 'identity', who, `${c.standard} ${c.type ?? ''}`.trim());
        return {};
      case 'take':
        j.lead = { state: 'local', holder: p, epoch: j.lead.epoch, since: at };
        this.event(p, 'lead-taken', who, p);
        return {};
      case 'propose':
        if (j.lead.state === 'proposed') return 'not-now';
        j.lead = { ...j.lead, state: 'proposed', by: p, proposed: c.lead, with: q, since: at, deadline: iso(this.now + 120_000) };
        this.event(p, 'lead-proposed', who, c.lead);
        this.event(q, 'lead-proposed', '', c.lead, { originators: [p] });
        return {};
      case 'accept':
        if (j.lead.state !== 'proposed' || j.lead.by === p) return 'no-proposal';
        j.lead = { ...j.lead, state: 'accepted' };
        this.acceptedAt = this.now;
        this.event(p, 'lead-accepted', who);
        return {};
      case 'reject':
        if (j.lead.state !== 'proposed' || j.lead.by === p) return 'no-proposal';
        j.lead = { state: 'none', epoch: j.lead.epoch, since: at };
        return {};
      case 'posture':
        j.posture[p] = { posture: c.posture, by: who, at };
        this.event(p, 'posture', who, c.posture);
        return {};
      case 'log':
        return c.text.length > 2000 ? 'text-too-long' : { entry: this.note(p, who, c.text, c.time) };
      case 'strike': {
        const e = this.log[p].find((x) => x.n === c.entry);
        if (!e || e.struck) return 'not-now';
        e.struck = `${who}: ${c.text}`;
        return {};
      }
      case 'close':
        j.closed[p] = c.outcome;
        return {};
      case 'reopen':
        delete j.closed[p];
        return {};
      case 'open':
      case 'distress': {
        const n = 20 + this.hand[p].length;
        this.hand[p].unshift({
          n, state: 'open', opened: c.time ?? at, updated: at, priority: 2, domain: c.domain ?? 'sea', exercise: c.exercise, by_hand: true, alarm: 'unacknowledged',
          tracks: [], partners: [], references: [], identities: [], events: [{ at: c.time ?? at, entered: at, kind: 'opened', by: who, text: c.text, originators: [p] }],
          lead: { state: 'none', epoch: 0 }, postures: [], can: { acknowledge: [], close: [], posture: [], take: [] },
        });
        if (c.verb === 'open') return { incident: n };
        this.hand[p][0].events.push({ at, entered: at, kind: 'distress', by: who, originators: [p] });
        return this.outboxFull ? 'pass-by-voice' : { incident: n };
      }
      case 'stop':
      case 'stop-all':
        this.stopped[p] = at;
        return {};
      case 'resume':
        delete this.stopped[p];
        return {};
      case 'merge':
      case 'split':
        return {};
    }
    return 'unknown-verb';
  }
}

const other = (p) => (p === 'tw' ? 'jp' : 'tw');
const plain = ({ standard, type, presumed }) => ({ standard, type, presumed });
const label = (p) => ({ policy: p.toUpperCase(), classification: 'RESTRICTED-EX', purpose: 'gap watch', retention: 72 * 3600e9 });
