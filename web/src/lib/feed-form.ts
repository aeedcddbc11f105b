// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// A feed as an administrator puts it in: what the form asks for, what is wrong
// in it, and what is sent. The node judges again; this only speaks earlier.

import kinds from './feed-kinds.json';

/** TRANSPORTS are the ways by which an added feed can come; each with what it can carry. */
export type Transport = keyof typeof kinds;
export const TRANSPORTS = Object.keys(kinds) as Transport[];

export const CONTENTS = kinds.tcp;

/** contentsOf lists what a transport carries. */
export const contentsOf = (t: Transport): string[] => kinds[t];

/** Field is a key of the node, under which it also says what is wrong. */
export type Field =
  | 'name' | 'kind' | 'addr' | 'interface' | 'every' | 'topics' | 'qos' | 'client_id' | 'user' | 'password' | 'ca' | 'cert' | 'secrets' | 'secret'
  | 'time_marks' | 'receiver' | 'clock_limit' | 'max_rate' | 'stale' | 'editions' | 'edition_of' | 'sensors';

/** SensorForm is a radar of an ASTERIX feed as it is put in. */
export interface SensorForm {
  id: string;
  lat: string;
  lon: string;
  height: string;
  range: string;
  period: string;
  sigmaRange: string;
  sigmaAzimuth: string;
}

/** SecretsForm is what a feed needs in secret, as it is put in. */
export interface SecretsForm {
  password: string;
  ca: string;
  cert: string;
  key: string;
}

export interface FeedForm extends SecretsForm {
  name: string;
  transport: Transport;
  content: string;
  addr: string;
  iface: string;
  every: string;
  topics: string;
  qos: number;
  client: string;
  user: string;
  exercise: boolean;
  marks: boolean;
  lat: string;
  lon: string;
  range: string;
  clock: string;
  maxRate: string;
  stale: string;
  editions: string;
  editionOf: string;
  sensors: SensorForm[];
}

export const emptySensor = (): SensorForm => ({ id: '', lat: '', lon: '', height: '', range: '', period: '', sigmaRange: '', sigmaAzimuth: '' });

export const emptySecrets = (): SecretsForm => ({ password: '', ca: '', cert: '', key: '' });

export const emptyForm = (): FeedForm => ({
  ...emptySecrets(), name: '', transport: 'udp', content: 'asterix', addr: '', iface: '', every: '1', topics: '', qos: 0, client: '', user: '',
  exercise: false, marks: false, lat: '', lon: '', range: '', clock: '', maxRate: '', stale: '60', editions: '', editionOf: '', sensors: [],
});

const TLS: readonly Transport[] = ['tls', 'tls-server', 'http', 'mqtt'];
const MARKED = ['beast', 'nmea', 'readsb', 'catcher', 'signalk'];
const CLOCKED = ['asterix', 'nmea', 'catcher', 'remoteid', 'cot'];

/** asks lists the fields that a feed of that kind has. */
export function asks({ transport: t, content: c }: Pick<FeedForm, 'transport' | 'content'>): Set<Field> {
  const fields: Field[] = ['name', 'kind', 'addr', 'max_rate', 'stale'];
  if (t === 'multicast') fields.push('interface');
  if (t === 'http') fields.push('every', 'user', 'password');
  if (t === 'mqtt') fields.push('topics', 'qos', 'client_id', 'user', 'password');
  if (TLS.includes(t)) fields.push('ca', 'cert', 'secrets');
  if (MARKED.includes(c)) fields.push('time_marks');
  if (CLOCKED.includes(c)) fields.push('clock_limit');
  if (c === 'asterix') fields.push('editions', 'edition_of', 'sensors');
  else if (c !== 'cot') fields.push('receiver');
  return new Set(fields);
}

/** SECRET_FIELDS are the fields of secrets beside which something can be wrong. */
export const SECRET_FIELDS: readonly Field[] = ['password', 'ca', 'cert'];

/** transportOf returns the second part of a kind, nmea-tcp-server. */
export const transportOf = (kind: string) => kind.slice(kind.indexOf('-') + 1);

/** secretsOf lists the fields of secrets that a feed of the kind has. */
export function secretsOf(kind: string): Set<Field> {
  const has = asks({ transport: transportOf(kind) as Transport, content: kind.slice(0, kind.indexOf('-')) });
  return new Set(SECRET_FIELDS.filter((f) => has.has(f)));
}

/** Faults are what is wrong, by field; of radars also by "sensors.0". */
export type Faults = Partial<Record<Field | `sensors.${number}`, true>>;

/** number reads a decimal number; undefined where nothing stands, NaN where it is none. */
export function number(text: string): number | undefined {
  const s = text.trim();
  if (s === '') return undefined;
  return /^[+-]?\d+(\.\d+)?$/.test(s) ? Number(s) : Number.NaN;
}

const within = (text: string, low: number, high: number) => {
  const n = number(text);
  return n !== undefined && n >= low && n <= high;
};
const above = (text: string, high = Infinity) => within(text, Number.MIN_VALUE, high);
const whole = (text: string, low: number, high: number) => within(text, low, high) && Number.isInteger(number(text));
const orNone = (text: string, ok: boolean) => text.trim() === '' || ok;

const HOST_PORT = /^(\[[0-9a-f:.%a-z]+\]|[^\s:/[\]]+):(\d{1,5})$/i;
const SAC_SIC = /^\d{3}\/\d{3}$/;
const MAX_STALE_S = 2 ** 32 - 1;

function goodAddress(f: FeedForm): boolean {
  const a = f.addr.trim();
  if (f.transport === 'http') return /^https?:\/\/[^\s/@]+(\/\S*)?$/.test(a) && (f.password === '' || secure(a, 'https://'));
  if (f.transport === 'mqtt') return /^mqtts?:\/\/[^\s/@]+:\d{1,5}$/.test(a) && (f.password === '' || secure(a, 'mqtts://'));
  const m = HOST_PORT.exec(a);
  if (!m || Number(m[2]) > 65_535) return false;
  return f.transport !== 'multicast' || /^2(2[4-9]|3\d)(\.\d{1,3}){3}$|^\[ff/i.test(m[1]!);
}

/** secure says that a password may go there: over TLS, or to this machine. */
const secure = (url: string, scheme: string) => url.startsWith(scheme) || /^\w+:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(url);

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);
const EDITION = /^\d{3}=\d+(\.\d+)?$/;

const goodStation = (line: string) => {
  const [id = '', ...rest] = words(line);
  return SAC_SIC.test(id) && rest.length > 0 && rest.every((w) => EDITION.test(w));
};

const linesOf = (text: string) => text.split('\n').map((l) => l.trim()).filter(Boolean);

function goodSensor(s: SensorForm): boolean {
  return SAC_SIC.test(s.id.trim()) && within(s.lat, -90, 90) && within(s.lon, -180, 180) && within(s.height, -500, 9000)
    && above(s.range) && above(s.period, 3600) && above(s.sigmaRange) && above(s.sigmaAzimuth, 360);
}

/** faults says what is wrong in the fields that the kind has. */
export function faults(f: FeedForm): Faults {
  const has = asks(f);
  const list: Faults = {};
  const want = (field: Field, ok: boolean) => {
    if (has.has(field) && !ok) list[field] = true;
  };
  const place = [f.lat, f.lon, f.range];
  want('name', /^[a-z][a-z0-9-]{0,31}$/.test(f.name.trim()));
  want('kind', contentsOf(f.transport).includes(f.content));
  want('addr', goodAddress(f));
  want('every', whole(f.every, 1, 3600));
  want('topics', words(f.topics).length >= 1 && words(f.topics).length <= 16);
  want('user', f.transport !== 'mqtt' || f.password === '' || f.user.trim() !== '');
  want('cert', (f.cert.trim() === '') === (f.key.trim() === '') && (f.transport !== 'tls-server' || f.cert.trim() !== ''));
  want('receiver', place.every((x) => x.trim() === '') || (within(f.lat, -90, 90) && within(f.lon, -180, 180) && above(f.range)));
  want('clock_limit', orNone(f.clock, number(f.clock) === 0 || within(f.clock, 0.1, 600)));
  want('max_rate', orNone(f.maxRate, within(f.maxRate, 0, 1e6)));
  want('stale', orNone(f.stale, whole(f.stale, 0, MAX_STALE_S)));
  want('editions', words(f.editions).every((w) => EDITION.test(w)));
  want('edition_of', linesOf(f.editionOf).every(goodStation));
  const ids = f.sensors.map((s) => s.id.trim());
  if (has.has('sensors')) for (const [i, s] of f.sensors.entries()) if (!goodSensor(s) || ids.indexOf(s.id.trim()) !== i) list[`sensors.${i}`] = true;
  return list;
}

const editions = (list: string[]) => Object.fromEntries(list.map((w) => w.split('=') as [string, string]));

/** given leaves out what is empty. */
const given = <T extends object>(o: T): Partial<T> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== '' && v !== false && !(typeof v === 'object' && Object.keys(v).length === 0))) as Partial<T>;

/** givenSecrets returns what was put in of the secrets that the feed has. */
function givenSecrets(has: ReadonlySet<Field>, f: SecretsForm): Partial<SecretsForm> {
  const of = (field: Field, v: string) => (has.has(field) ? v : '');
  return given({ password: of('password', f.password), ca: of('ca', f.ca.trim()), cert: of('cert', f.cert.trim()), key: of('cert', f.key.trim()) });
}

/** secretFaults says that no new secret of the feed was put in; which fit together the node knows, that has the others. */
export const secretFaults = (kind: string, f: SecretsForm): Faults => (Object.keys(givenSecrets(secretsOf(kind), f)).length > 0 ? {} : { secret: true });

/** secretRequest puts those that were put in into the place of a feed's secrets. */
export const secretRequest = (name: string, kind: string, f: SecretsForm) => ({ act: 'secret', name, secrets: givenSecrets(secretsOf(kind), f) });

/** request returns what the node takes for an act on the feed of the form. */
export function request(f: FeedForm, act: 'add' | 'test') {
  const has = asks(f);
  const of = <T>(field: Field, v: T) => (has.has(field) ? v : undefined);
  const secrets = givenSecrets(has, f);
  const receiver = f.lat.trim() === '' ? undefined : { lat: number(f.lat), lon: number(f.lon), range_nm: number(f.range) };
  return {
    act, name: f.name.trim(), ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    feed: {
      kind: `${f.content}-${f.transport}`, addr: f.addr.trim(),
      ...given({
        exercise: f.exercise, time_marks: of('time_marks', f.marks), receiver: of('receiver', receiver), interface: of('interface', f.iface.trim()),
        max_rate: number(f.maxRate), stale_s: number(f.stale), every_s: of('every', number(f.every)), topics: of('topics', words(f.topics)),
        qos: of('qos', f.qos || undefined), client_id: of('client_id', f.client.trim()), user: of('user', f.user.trim()), clock_limit_s: of('clock_limit', number(f.clock)),
        editions: of('editions', editions(words(f.editions))),
        edition_of: of('edition_of', Object.fromEntries(linesOf(f.editionOf).map((l) => [words(l)[0]!, editions(words(l).slice(1))]))),
        sensors: of('sensors', f.sensors.map((s) => ({
          id: s.id.trim(), lat: number(s.lat), lon: number(s.lon), height_m: number(s.height), range_nm: number(s.range), period_s: number(s.period),
          sigma_range_m: number(s.sigmaRange), sigma_azimuth_deg: number(s.sigmaAzimuth),
        }))),
      }),
    },
  };
}

const FIELDS: readonly string[] = [
  'name', 'kind', 'addr', 'interface', 'every', 'topics', 'qos', 'client_id', 'user', 'password', 'ca', 'cert', 'secrets', 'time_marks', 'receiver', 'clock_limit',
  'max_rate', 'stale', 'editions', 'edition_of', 'sensors',
];

/** fieldOf returns the field beside which the node's refusal is shown; what names none is about the kind. */
export function fieldOf(key: string | number | undefined): Field {
  return FIELDS.includes(String(key)) ? (key as Field) : 'kind';
}
