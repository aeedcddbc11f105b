// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { ActivityArgs, ActivityView, AreaArgs, SearchView } from './activity-types';
import type { MessageArgs, MessagesView } from './message';
import type { SupportArgs, SupportView } from './support-types';

export type * from './activity-types';
export type * from './support-types';

// The console's JSON, as the node writes it (engine.View, record.Record,
// release.Explanation). Times are RFC 3339 in UTC; durations of records are
// nanoseconds. What is unknown is absent.

export type Role = 'viewer' | 'officer' | 'supervisor' | 'administrator' | 'auditor';
export type Lang = 'en' | 'zh-Hant' | 'ja';
export type AlarmState = 'unacknowledged' | 'acknowledged' | 'returned' | 'normal';
export type Names = Partial<Record<Lang, string>>;

export interface Point {
  lat: number;
  lon: number;
}

export interface IdentityView {
  party: string;
  standard: string;
  type?: string;
  presumed?: boolean;
  by?: string;
  at: string;
}

export interface PartnerKey {
  party: string;
  object: string;
}

export interface TrackView {
  n: number;
  domain: string;
  state: string;
  pos: Point;
  sigma_m: number;
  height_ft?: number;
  speed_kt?: number;
  course_deg?: number;
  address?: string;
  mode_a?: string;
  callsign?: string;
  mmsi?: string;
  name?: string;
  /** what it told to be before, oldest first */
  former?: { address?: string; mmsi?: string; since: string; until: string }[];
  sources: string[];
  emergency?: boolean;
  exercise?: boolean;
  identity: IdentityView;
  first_seen: string;
  time: string;
  plots: number;
  incident?: number;
  partners?: PartnerKey[];
  released?: string[];
  flags?: string[];
  trust?: number;
  doubts?: string[];
  class?: string; // our own estimate, beside identity.type
  confidence?: number;
  ellipse?: Ellipse;
  fused?: FusedView;
  formation?: Formation;
}

/** Formation is tracks that move together. Where a radar did not resolve them there may be more than most. */
export interface Formation {
  n: number;
  least: number;
  most: number;
  unresolved?: boolean;
}

/** Ellipse is the error of a place: one standard deviation along each axis, the longer one's direction from north. */
export interface Ellipse {
  major_m: number;
  minor_m: number;
  axis_deg: number;
}

/** FusedView is where an object is by everybody's evidence. */
export interface FusedView extends Ellipse {
  pos: Point;
  speed_kt?: number;
  course_deg?: number;
  sigma_kt?: number;
  height_ft?: number;
  band_ft?: number;
  method: string;
  from: string[];
}

export interface Cell {
  lat_e5: number;
  lon_e5: number;
  grid_m: number;
}

export interface Bin {
  start: string;
  width: number;
}

export interface Band {
  base_ft: number;
  size_ft: number;
}

export interface RecordIdentity {
  standard: string;
  type?: string;
  presumed?: boolean;
}

export interface Label {
  policy: string;
  classification: string;
  purpose: string;
  retention: number;
}

/** Near is record.Near: where a cell lies, seen from a named place; no finer than the cell. */
export interface Near {
  place: string;
  bearing_deg?: number;
  distance_m: number;
}

export interface RecordTrack {
  domain: string;
  cell: Cell;
  bin: Bin;
  height?: Band;
  speed_kt?: number;
  course_deg?: number;
  identity?: RecordIdentity;
  callsign?: string;
  address?: number;
  mmsi?: number;
  name?: string;
  ended?: boolean;
  near?: Near;
}

export interface PartnerView extends PartnerKey, RecordTrack {
  exercise?: boolean;
  received: string;
  state: string;
  own?: number;
  others?: PartnerKey[];
  incident?: number;
  label: Label;
  handling?: Handling;
}

/** Handling is our equivalent of a partner's label. */
export interface Handling {
  ours?: string;
  known?: boolean;
}

export interface RecordEvent {
  rule: string;
  zone?: string;
  zone_version?: string;
  direction?: string;
  bin: Bin;
  cleared?: boolean;
}

export interface RecordIncident {
  state: string;
  outcome?: string;
  opened: Bin;
  sector?: string;
  events?: RecordEvent[];
  identity?: RecordIdentity;
  tracks?: string[];
  count?: number;
  domain?: string;
  near?: Near;
}

/** KIND_TRACK and KIND_INCIDENT are record.KindTrack and record.KindIncident. */
export const KIND_TRACK = 1;
export const KIND_INCIDENT = 2;

export interface WireRecord {
  version: number;
  kind: number;
  id: string;
  object: string;
  epoch: number;
  originator: string;
  label: Label;
  exercise: boolean;
  onward?: string[];
  time: string;
  track?: RecordTrack;
  incident?: RecordIncident;
}

export interface PartnerPart {
  party: string;
  id: string;
  body: RecordIncident;
  received: string;
  label?: Label;
  handling?: Handling;
  onward?: string[];
}

export interface EventView {
  at: string;
  entered: string;
  kind: string;
  rule?: string;
  zone?: string;
  zone_version?: string;
  direction?: string;
  track?: number;
  originators?: string[];
  by?: string;
  text?: string;
  cleared?: boolean;
}

export interface LeadView {
  state: string;
  holder?: string;
  epoch: number;
  proposed?: string;
  giver?: string;
  with?: string;
  by_us?: boolean;
  since?: string;
  deadline?: string;
  alarm?: boolean;
  voice?: boolean;
  spoken?: string;
  standby?: boolean;
  assumed?: boolean;
  at?: string;
  place?: string;
  cell?: { lat_e5: number; lon_e5: number; grid_m: number };
  sent?: { to: string; step: string; word: string };
  rival?: string;
  means?: string;
  table?: string;
  table_since?: string;
  partner_believes?: { party: string; leads: string[] }[];
}

export interface PostureView {
  party: string;
  posture: string;
  by?: string;
  at: string;
}

export interface IncidentView {
  n: number;
  state: string;
  outcome?: string;
  opened: string;
  updated: string;
  priority: number;
  domain?: string;
  sector?: string;
  exercise?: boolean;
  by_hand?: boolean;
  alarm: AlarmState;
  ack_by?: string;
  ack_at?: string;
  tracks: number[];
  partners: PartnerPart[];
  references: { party: string; ref: string }[];
  identities: IdentityView[];
  events: EventView[];
  lead: LeadView;
  postures: PostureView[];
  search?: SearchView[];
  can: Record<string, string[]>;
}

export interface AlarmView {
  key: string;
  rule: string;
  subject: string;
  priority: number;
  state: AlarmState;
  at: string;
  ack_by?: string;
}

export interface AlarmCounts {
  unacknowledged: number;
  acknowledged: number;
  returned: number;
  shelved: number;
}

export interface LinkView {
  party: string;
  state: string;
  since: string;
  rtt_ms?: number;
  last_heard?: string;
  queued: number;
  sent: number;
  received: number;
  refused: number;
  problem?: string;
  seen?: boolean;
  held?: boolean;
  flow?: string;
  figures?: LinkFigures;
}

export interface Share {
  records: number;
  max_records?: number;
  octets: number;
  max_octets?: number;
}

export interface Versions {
  lowest: number;
  highest: number;
}

export interface LinkFigures {
  version?: number;
  ours?: Versions;
  theirs?: Versions;
  clock_s?: number;
  outbox?: Share;
  sent_today?: Share;
  received_today?: Share;
  rolling?: boolean;
  reopen?: boolean;
  agree?: boolean;
}

export interface RefusedFor {
  reason: string;
  count: number;
  offset: number;
  at: string;
  item?: string;
  items?: { item: string; count: number }[];
}

export interface FeedView {
  name: string;
  kind: string;
  exercise: boolean;
  up: boolean;
  last?: string;
  /** Since when nothing came, where that is too long by rule C06. */
  silent_since?: string;
  frames: number;
  plots: number;
  refused: RefusedFor[];
  rate?: number;
  usual?: number;
  clocks?: ClockView[];
  /** Clocks that are not in the list. */
  unshown?: number;
  merged?: number;
  receivers?: ReceiverView[];
}

export interface ReceiverView {
  id?: string;
  frames: number;
  merged: number;
  last: string;
}

/** Bias is what a radar measures, less what is so; also one standard deviation of that. */
export interface Bias {
  range_m: number;
  gain: number;
  azimuth_deg: number;
  time_s: number;
}

export interface RegistrationView {
  source: string;
  sensor?: string;
  /** absent of a radar that is left out */
  bias?: Bias;
  sigma?: Bias;
  sights: number;
  jumps: number;
  jumped?: string;
  history: { at: string; bias: Bias; sigma: Bias; jump?: boolean }[];
  /** beyond the 16 radars that are registered */
  left_out?: boolean;
}

export interface ClockView {
  station: string;
  offset_s: number;
  spread_s: number;
  minutes: number;
  off: boolean;
  /** Set by somebody who sends to all: alone it alarms nobody. */
  foreign?: boolean;
}

export interface LogView {
  n: number;
  at: string;
  entered: string;
  desk: string;
  by: string;
  text: string;
  struck?: string;
  /** code says that the node wrote the entry, or that its text is gone. */
  code?: 'recalled' | 'expired';
}

export interface RecallView {
  n: number;
  to: string;
  by: string;
  reason: string;
  how: 'record' | 'rule' | 'time' | 'all';
  rule?: string;
  at: string;
  named: number;
  waiting: number;
  missing: number;
  gone: number;
  kept: number;
  unknown: number;
  late?: boolean;
}

export interface HoldingView {
  party: string;
  pending: number;
  held_back: number;
  recalled: number;
  sealed: number;
  expired: number;
  early: number;
  unknown: number;
}

export interface StopCase {
  party: string;
  incident: number;
  theirs?: boolean;
  answer: 'asked' | 'pass' | 'hold';
}

export interface PeerItem {
  id: string;
  kind: string;
  lane: 'record' | 'state';
  number: number;
  record?: number;
  at: string;
  until: string;
  rules: string[] | null;
  state: 'held' | 'recalled' | 'gone' | 'kept' | 'unknown' | 'expired' | 'withdrawn';
  why?: string;
  receipt: boolean;
}

export interface PeerView {
  party: string;
  seq: number;
  records: number;
  cosigned: number;
  unlisted: number;
  items: PeerItem[];
}

export interface RecallArgs {
  records?: string[];
  rule?: string;
  from?: string;
  to?: string;
  all?: boolean;
  pending?: 'release' | 'discard';
  answer?: 'pass' | 'hold';
}

export interface PlanRow {
  key: string;
  ours?: string;
  theirs?: string;
  equal: boolean;
}

export interface PlanPart {
  name: string;
  state: 'equal' | 'different' | 'only-ours' | 'only-theirs';
  rows: PlanRow[];
}

export interface DeclarationView {
  number: number;
  comment?: string;
  exercise?: boolean;
  at: string;
  ends?: string;
}

export interface PlanView {
  party: string;
  state: 'none' | 'ours' | 'theirs' | 'mismatch' | 'in-force' | 'ended';
  since?: string;
  ours?: DeclarationView;
  theirs?: DeclarationView;
  arriving?: boolean;
  parts: PlanPart[];
  applies: boolean;
  t1_s: number;
  t2_s: number;
  prepared?: boolean;
  changed?: boolean;
  can: string[];
}

export interface View {
  seq: number;
  now: string;
  party: string;
  exercise: boolean;
  policy_version: string;
  policy: PolicyView;
  zone_version: string;
  tracks: TrackView[];
  partner_tracks: PartnerView[];
  incidents: IncidentView[];
  alarms: AlarmView[];
  counts: AlarmCounts;
  links: LinkView[];
  feeds: FeedView[];
  out_of_service: { rule: string; reason: string }[];
  log: LogView[];
  plans: PlanView[];
  recalls: RecallView[];
  holdings: HoldingView[];
  stop_cases: StopCase[];
  store_problem?: string;
  support: SupportView;
  activity: ActivityView;
  messages: MessagesView;
}

export interface Info {
  party: string;
  name: string;
  version: string;
  exercise: boolean;
  languages: Lang[];
  time_mode: string;
  parties: (string | { id: string; name?: string })[];
}

export interface Me {
  name: string;
  role: Role;
  lang: Lang;
}

export interface ZoneGeometry {
  type: string;
  coordinates: unknown;
}

export interface ZoneItem {
  id: string;
  kind: string;
  party?: string;
  names: Names;
  version: string;
  geometry: ZoneGeometry;
}

export interface PlaceItem {
  id: string;
  names: Names;
  kind: string;
  lat: number;
  lon: number;
}

export interface Zones {
  version: string;
  zones: ZoneItem[];
  places: PlaceItem[];
  sectors: Record<string, string>;
}

export interface RuleItem {
  id: string;
  names: Names;
  priority: number;
  domain: string;
}

export interface Obligations {
  grid_m: number;
  height_band_ft: number;
  time_bin_s: number;
  slot_s: number;
  delay_s: number;
  retention_s?: number;
  fields: string[];
  onward: string[];
}

export interface Explanation {
  to: string;
  allow: boolean;
  rules: string[];
  reason: string;
  obligations?: Obligations;
  zones?: string[];
  due?: string;
  last?: WireRecord;
  stopped?: boolean;
}

export interface PartnerPicture {
  party: string;
  policy_version: string;
  records: WireRecord[];
}

/** Command is engine.Command; who acts is the session's, not the client's word. */
export interface PolicyVersion {
  number: number;
  policy: string;
  sha256: string;
  at: string;
  by: string;
  second?: string;
  reason?: string;
  distress: boolean;
  why_not?: string;
}

export interface ProposalView {
  id: string;
  policy: string;
  by: string;
  at: string;
  reason?: string;
}

export interface PolicyView {
  in_force?: PolicyVersion;
  proposal?: ProposalView;
  two_persons?: boolean;
}

/** PolicyAnswer is what /api/policy answers. */
export interface PolicyAnswer {
  text: string;
  proposal?: ProposalView & { text: string };
  versions: (PolicyVersion & { signed: boolean; note: string })[];
}

export interface DryRow {
  only: 'present' | 'changed';
  at: string;
  to: string;
  kind: string;
  number: number;
  record: { track?: RecordTrack; incident?: RecordIncident };
}

/** DryResult is what /api/policy/dry-run answers, but for its GeoJSON. */
export interface DryResult {
  from: string;
  to: string;
  present: string;
  changed: string;
  sums: { to: string; kind: string; same: number; present: number; changed: number }[];
  rows: DryRow[];
  left_off?: number;
}

export interface Command {
  verb: string;
  track?: number;
  tracks?: number[];
  incident?: number;
  from?: number;
  partner?: string;
  lead?: string;
  lead_args?: { at?: string; place?: string };
  standard?: string;
  type?: string;
  presumed?: boolean;
  posture?: string;
  outcome?: string;
  text?: string;
  domain?: string;
  lat?: number;
  lon?: number;
  time?: string;
  entry?: number;
  alarm?: string;
  contact?: string;
  persons?: number;
  exercise?: boolean;
  plan?: { ends?: string };
  policy?: { text?: string; id?: string; reason?: string };
  recall?: RecallArgs;
  support?: SupportArgs;
  activity?: ActivityArgs;
  area?: AreaArgs;
  message?: MessageArgs;
  desk?: string;
}

export interface CommandReply {
  ok: boolean;
  incident?: number;
  entry?: number;
  request?: number;
  message?: number;
}

export interface ReleaseStat {
  to: string;
  rule: string;
  released: number;
  withheld: number;
}

export interface AuditEntry {
  n: number;
  at: string;
  actor: string;
  act: string;
  detail: string;
}

export interface UserItem {
  name: string;
  role: Role;
  lang?: Lang;
  disabled?: boolean;
}
