// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The picture as rows: what is listed, in which order, what a filter may hide
// and what it may never hide. Pure: the list and the map both draw from it.

import { clean, hex, partnerLabel, trackLabel } from './format';
import type { AlarmState, EventView, IncidentView, PartnerView, TrackView, View } from './types';

/** Row is one object: an own track, or a partner's object that is none of ours. */
export interface Row {
  key: string;
  label: string;
  domain: string;
  own?: TrackView;
  partner?: PartnerView;
  /** The same object as (other) partners report it: shown as one, never averaged. */
  reports: PartnerView[];
  incident?: IncidentView;
  alarm: AlarmState;
  standard: string;
  exercise: boolean;
  state: string;
  /** pinned rows are never hidden: alarmed, in an open incident, or in an emergency. */
  pinned: boolean;
  /** interest rows get a full symbol and a label. */
  interest: boolean;
}

export interface Filter {
  text: string;
  air: boolean;
  sea: boolean;
  neutral: boolean;
  tentative: boolean;
}

export const NO_FILTER: Filter = { text: '', air: true, sea: true, neutral: true, tentative: true };

export const ownKey = (n: number) => `t${n}`;
export const partnerKey = (k: { party: string; object: string }) => `p${k.party}/${k.object}`;

/** normalise makes the lists of a View present: the node writes an empty one as null. */
export function normalise(v: View): View {
  v.tracks ??= [];
  v.partner_tracks ??= [];
  v.incidents ??= [];
  v.alarms ??= [];
  v.links ??= [];
  v.feeds ??= [];
  v.out_of_service ??= [];
  v.plans ??= [];
  v.support ??= { requests: [], accounts: [], facilities: [], partner_facilities: [], agreements: [] };
  v.activity ??= { notices: [], overlaps: [], held: [], journal: [], holding: true };
  v.log ??= [];
  v.messages ??= { rev: 0, partners: [] };
  v.counts ??= { unacknowledged: 0, acknowledged: 0, returned: 0, shelved: 0 };
  for (const f of v.feeds) f.refused ??= [];
  for (const t of v.tracks) t.sources ??= [];
  for (const i of v.incidents) {
    i.tracks ??= [];
    i.partners ??= [];
    i.references ??= [];
    i.identities ??= [];
    i.events ??= [];
    i.postures ??= [];
    i.can ??= {};
    for (const verb of Object.keys(i.can)) i.can[verb] ??= [];
  }
  return v;
}

const alarmRank: Record<AlarmState, number> = { unacknowledged: 0, returned: 1, acknowledged: 2, normal: 3 };

/** alarmed says whether an alarm state still wants attention. */
export const alarmed = (s: AlarmState) => s !== 'normal';

function finish(row: Omit<Row, 'pinned' | 'interest' | 'alarm'>, emergency: boolean): Row {
  const open = row.incident?.state === 'open';
  const alarm = row.incident?.alarm ?? 'normal';
  const pinned = open || alarmed(alarm) || emergency;
  const interest = pinned || row.partner !== undefined || row.reports.length > 0 || (row.standard !== 'neutral' && row.state !== 'tentative');
  return { ...row, alarm, pinned, interest };
}

/** rows returns all objects of the view, the most urgent first, then by number. */
export function rows(v: View): Row[] {
  const incidents = new Map(v.incidents.map((i) => [i.n, i]));
  const reports = new Map<number, PartnerView[]>();
  for (const p of v.partner_tracks) {
    if (p.own) reports.set(p.own, [...(reports.get(p.own) ?? []), p]);
  }
  const list: Row[] = v.tracks.map((t) =>
    finish(
      {
        key: ownKey(t.n), label: trackLabel(t.n, t.domain), domain: t.domain, own: t, reports: reports.get(t.n) ?? [],
        incident: t.incident ? incidents.get(t.incident) : undefined, standard: t.identity?.standard ?? 'pending',
        exercise: t.exercise ?? false, state: t.state,
      },
      t.emergency ?? false,
    ),
  );
  const own = new Set(v.tracks.map((t) => t.n));
  const placed = new Map<string, Row>();
  // The finest report of an object that several partners hold is the row.
  for (const p of v.partner_tracks.toSorted((a, b) => a.cell.grid_m - b.cell.grid_m)) {
    if (p.own && own.has(p.own)) continue;
    const same = (p.others ?? []).map((o) => placed.get(partnerKey(o))).find((r) => r !== undefined);
    if (same) {
      same.reports.push(p);
      continue;
    }
    const row = finish(
      {
        key: partnerKey(p), label: partnerLabel(p.party, p.object), domain: p.domain, partner: p, reports: [],
        incident: p.incident ? incidents.get(p.incident) : undefined, standard: p.identity?.standard ?? 'pending',
        exercise: p.exercise ?? false, state: p.state,
      },
      false,
    );
    placed.set(row.key, row);
    list.push(row);
  }
  return list.sort(compare);
}

function compare(a: Row, b: Row): number {
  return (
    alarmRank[a.alarm] - alarmRank[b.alarm] ||
    (a.incident?.priority ?? 9) - (b.incident?.priority ?? 9) ||
    Number(b.pinned) - Number(a.pinned) ||
    Number(b.interest) - Number(a.interest) ||
    Number(a.partner !== undefined) - Number(b.partner !== undefined) ||
    (a.own?.n ?? 0) - (b.own?.n ?? 0) ||
    (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}

/** words returns what a search looks through, in upper case. */
function words(r: Row): string {
  const t = r.own;
  const p = r.partner;
  return [
    r.label, t?.callsign, t?.address, t?.mode_a, t?.mmsi, t?.name, t?.identity?.type,
    p?.callsign, hex(p?.address), p?.mmsi?.toString(), p?.name, p?.identity?.type,
    ...r.reports.map((x) => `${x.callsign ?? ''} ${partnerLabel(x.party, x.object)}`),
    ...(r.incident?.references ?? []).map((x) => x.ref),
  ].map(clean).join(' ').toUpperCase();
}

/** passes says whether the filter lets the row through; a pinned row always passes. */
export function passes(r: Row, f: Filter, selected = ''): boolean {
  if (r.pinned || r.key === selected) return true;
  if (!f.air && r.domain === 'air') return false;
  if (!f.sea && r.domain === 'sea') return false;
  if (!f.neutral && r.standard === 'neutral') return false;
  if (!f.tentative && r.state === 'tentative') return false;
  const text = f.text.trim().toUpperCase();
  return text === '' || words(r).includes(text);
}

/** matches says whether a search text finds the row, pinned or not. */
export function matches(r: Row, text: string): boolean {
  const t = text.trim().toUpperCase();
  return t !== '' && words(r).includes(t);
}

export function filtering(f: Filter): boolean {
  return f.text.trim() !== '' || !f.air || !f.sea || !f.neutral || !f.tentative;
}

/** ALARM_SHAPE is the shape of each alarm state; colour comes second. */
export const ALARM_SHAPE: Record<AlarmState, string> = { unacknowledged: '▲', acknowledged: '△', returned: '◇', normal: '' };

/** FLAG_SHAPE marks a flag of a track; the word stands beside it. */
export const FLAG_SHAPE: Record<string, string> = { doubted: '▨', 'same-address': '⇄' };

/** LINK_SHAPE is the shape of each link state. */
export const LINK_SHAPE: Record<string, string> = { up: '●', degraded: '◐', down: '▲', stopped: '■' };

/** quantile returns the q-quantile of sorted values; NaN without values. */
export function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** LEADLESS is the rule of incidents without lead: the lead's own box says it. */
const LEADLESS = 'C01';

/** headline returns the rules that say what an incident is about: those whose
 * alert has not cleared, or, where all have, all of them. */
export function headline(events: EventView[]): string[] {
  const last = new Map<string, EventView>();
  for (const e of events) if (e.rule && e.rule !== LEADLESS) last.set(`${e.rule}/${e.zone ?? ''}/${(e.originators ?? []).join('+')}`, e);
  const all = [...last.values()];
  const active = all.filter((e) => !e.cleared);
  return [...new Set((active.length > 0 ? active : all).map((e) => e.rule as string))];
}
