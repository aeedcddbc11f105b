// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';
import en from '../messages/en.json';
import { asks, CONTENTS, contentsOf, emptyForm, emptySecrets, emptySensor, faults, fieldOf, request, secretFaults, secretRequest, secretsOf, TRANSPORTS, type FeedForm } from '../src/lib/feed-form';
import { stateOf, type FeedStatus } from '../src/lib/feed';

const form = (more: Partial<FeedForm> = {}): FeedForm => ({ ...emptyForm(), name: 'a', addr: '192.0.2.1:8600', ...more });
const wrong = (more: Partial<FeedForm>) => Object.keys(faults(form(more)));
const radar = { ...emptySensor(), id: '025/010', lat: '24', lon: '121.5', height: '1050', range: '250', period: '10', sigmaRange: '80', sigmaAzimuth: '0.08' };

describe('the form of a feed', () => {
  it('has a text for each field that can be wrong, each transport and each content', () => {
    const texts = en as Record<string, string>;
    for (const t of TRANSPORTS) {
      expect(texts[`feed-transport.${t}`] && texts[`feed-addr.${t}`], t).toBeTruthy();
      for (const c of contentsOf(t)) for (const f of asks({ transport: t, content: c })) expect(texts[`feed-want.${f}`], f).toBeTruthy();
    }
    for (const c of CONTENTS) expect(texts[`feed-content.${c}`], c).toBeTruthy();
  });
  it('finds nothing wrong in a sound feed of each transport', () => {
    expect(wrong({})).toEqual([]);
    expect(wrong({ transport: 'multicast', addr: '239.1.2.3:8600', iface: 'eth1' })).toEqual([]);
    expect(wrong({ transport: 'tcp', content: 'nmea', addr: '[2001:db8::1]:4001', lat: '24', lon: '-121.6', range: '200' })).toEqual([]);
    expect(wrong({ transport: 'tls-server', addr: '192.0.2.1:9443', cert: 'pem', key: 'pem' })).toEqual([]);
    expect(wrong({ transport: 'http', content: 'remoteid', addr: 'https://receiver.example/last', password: 'token' })).toEqual([]);
    expect(wrong({ transport: 'mqtt', content: 'nmea', addr: 'mqtts://b.example:8883', topics: 'ais/+/nmea, more/#', user: 'node', password: 'x' })).toEqual([]);
    expect(wrong({ sensors: [radar], editions: '021=2.4 048=1.31', editionOf: '025/023 021=0.23\n025/024 021=0.26', clock: '0' })).toEqual([]);
  });
  it('names the field of each fault', () => {
    const cases: [Partial<FeedForm>, string][] = [
      [{ name: '' }, 'name'], [{ name: 'Radar' }, 'name'], [{ name: '9a' }, 'name'], [{ addr: '192.0.2.1' }, 'addr'], [{ addr: ':80' }, 'addr'], [{ addr: 'a:70000' }, 'addr'],
      [{ transport: 'multicast', addr: '192.0.2.1:8600' }, 'addr'], [{ transport: 'multicast', content: 'sbs', addr: '239.1.2.3:1' }, 'kind'],
      [{ transport: 'http', addr: 'ftp://a/b' }, 'addr'], [{ transport: 'http', addr: 'https://me:secret@a/b' }, 'addr'], [{ transport: 'http', addr: 'http://a.example/b', password: 'x' }, 'addr'],
      [{ transport: 'http', addr: 'https://a/b', every: '0.5' }, 'every'], [{ transport: 'mqtt', addr: 'mqtts://a:1', topics: ' ' }, 'topics'],
      [{ transport: 'mqtt', addr: 'mqtts://a:1', topics: 'a', password: 'x' }, 'user'], [{ transport: 'mqtt', addr: 'mqtt://a.example:1', topics: 'a', user: 'u', password: 'x' }, 'addr'],
      [{ transport: 'tls-server' }, 'cert'], [{ transport: 'tls', cert: 'pem' }, 'cert'], [{ content: 'nmea', lat: '24' }, 'receiver'], [{ content: 'nmea', lat: '91', lon: '1', range: '5' }, 'receiver'],
      [{ content: 'nmea', lat: '24', lon: '121', range: '0' }, 'receiver'], [{ clock: '0.01' }, 'clock_limit'], [{ clock: '601' }, 'clock_limit'], [{ maxRate: '-1' }, 'max_rate'],
      [{ maxRate: 'fast' }, 'max_rate'], [{ stale: '1.5' }, 'stale'], [{ stale: '1e3' }, 'stale'], [{ editions: '21=2.4' }, 'editions'], [{ editionOf: '25/23 021=0.23' }, 'edition_of'],
      [{ sensors: [{ ...radar, period: '0' }] }, 'sensors.0'], [{ sensors: [radar, { ...radar }] }, 'sensors.1'],
    ];
    for (const [more, field] of cases) expect(wrong(more), JSON.stringify(more)).toEqual([field]);
  });
  it('holds nothing against a field that the kind does not have, and sends none of it', () => {
    const f = form({ topics: '', every: 'x', clock: 'x', transport: 'udp', content: 'signalk', editions: 'x', password: 'left over', lat: '', range: '' });
    expect(faults(f)).toEqual({});
    expect(request(f, 'test')).toEqual({ act: 'test', name: 'a', feed: { kind: 'signalk-udp', addr: '192.0.2.1:8600', stale_s: 60 } });
  });
  it('sends what was put in, in the units of the node, and zero where zero says something', () => {
    expect(request(form({ sensors: [radar], editions: '021=2.4', editionOf: '025/023 021=0.23', clock: '0', maxRate: '500', stale: '', exercise: true }), 'add')).toEqual({
      act: 'add', name: 'a', feed: {
        kind: 'asterix-udp', addr: '192.0.2.1:8600', exercise: true, max_rate: 500, clock_limit_s: 0, editions: { '021': '2.4' }, edition_of: { '025/023': { '021': '0.23' } },
        sensors: [{ id: '025/010', lat: 24, lon: 121.5, height_m: 1050, range_nm: 250, period_s: 10, sigma_range_m: 80, sigma_azimuth_deg: 0.08 }],
      },
    });
    expect(request(form({ transport: 'mqtt', content: 'nmea', addr: 'mqtts://b:1', topics: 'a, b', qos: 1, user: 'u', password: 'p', ca: 'pem', lat: '24', lon: '0', range: '9' }), 'add')).toMatchObject({
      secrets: { password: 'p', ca: 'pem' }, feed: { topics: ['a', 'b'], qos: 1, user: 'u', receiver: { lat: 24, lon: 0, range_nm: 9 } },
    });
  });
  it('asks for the secrets that the kind of the feed has, and for no others', () => {
    expect(['nmea-udp', 'nmea-tcp-server', 'asterix-multicast'].map((k) => [...secretsOf(k)])).toEqual([[], [], []]);
    expect(['nmea-tls', 'asterix-tls-server'].map((k) => [...secretsOf(k)])).toEqual([['ca', 'cert'], ['ca', 'cert']]);
    expect(['nmea-mqtt', 'remoteid-http'].map((k) => [...secretsOf(k)])).toEqual([['password', 'ca', 'cert'], ['password', 'ca', 'cert']]);
  });
  it('sends the secrets that were put in alone, and at least one', () => {
    const put = { ...emptySecrets(), password: ' p ', ca: ' ', key: 'pem\n' };
    expect(secretRequest('a', 'nmea-mqtt', put)).toEqual({ act: 'secret', name: 'a', secrets: { password: ' p ', key: 'pem' } });
    expect(secretRequest('a', 'nmea-tls', put)).toEqual({ act: 'secret', name: 'a', secrets: { key: 'pem' } });
    expect([secretFaults('nmea-mqtt', put), secretFaults('nmea-tls', { ...emptySecrets(), password: 'p', ca: ' ' })]).toEqual([{}, { secret: true }]);
    expect((en as Record<string, string>)['feed-want.secret']).toBeTruthy();
  });
  it('shows the node\'s refusal beside its field', () => {
    expect([fieldOf('addr'), fieldOf('sensors'), fieldOf('feed'), fieldOf(undefined)]).toEqual(['addr', 'sensors', 'kind', 'kind']);
  });
});

it('says of a feed what a person must know first', () => {
  const f = { paused: false, ended: false, up: true, silent: false } as FeedStatus;
  expect([stateOf(f), stateOf({ ...f, silent: true }), stateOf({ ...f, up: false, silent: true }), stateOf({ ...f, up: false, ended: true }), stateOf({ ...f, up: false, paused: true })])
    .toEqual(['up', 'silent', 'down', 'ended', 'paused']);
});
