// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The made-up world that the browser tests use answers in the shapes of
// docs/protocol/openapi.json, after each of its acts.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerFault, mayCall, requestFault, verbs, viewFault } from '../dev/contract.mjs';
import { packs } from '../dev/packs.mjs';
import { PASSWORD, serve } from '../dev/server.mjs';
import { parse } from '../dev/toml.mjs';
import { LOGINS, World } from '../dev/world.mjs';

let world;
let nodes;

beforeEach(async () => {
  world = new World({});
  nodes = { tw: await serve(world, 'tw'), jp: await serve(world, 'jp') };
});
afterEach(() => Object.values(nodes).forEach((n) => n.close()));

const DAY = 86_400_000;

async function login(party, role) {
  const url = nodes[party].url;
  const head = { 'Content-Type': 'application/json', 'X-Kuroshio': '1' };
  const call = async (path, body) => {
    const res = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: head, body: body ? JSON.stringify(body) : undefined });
    const cookie = res.headers.get('set-cookie');
    if (cookie) head.Cookie = cookie.split(';')[0];
    return { status: res.status, body: await res.json() };
  };
  await call('/api/login', { name: LOGINS[party][role], password: PASSWORD });
  return { call, act: (verb, more = {}) => call('/api/command', { verb, ...more }) };
}

const shaped = () => {
  expect(viewFault(world.view('tw'))).toBe('');
  expect(viewFault(world.view('jp'))).toBe('');
  expect(world.faults).toEqual([]);
};

describe('the made-up world', () => {
  it('answers every call of the console in its shape', async () => {
    const s = await login('tw', 'supervisor');
    for (const path of [
      '/api/me', '/api/info', '/api/picture', '/api/zones', '/api/land', '/api/rules', '/api/release?track=417', '/api/release?track=501', '/api/partner-view?party=jp',
      '/api/peer-view?party=jp', '/api/release-stats', '/api/journal', '/api/messages?party=jp', '/api/phrasebook', '/api/policy',
    ]) {
      expect([path, (await s.call(path)).status]).toEqual([path, 200]);
    }
    shaped();
  });

  it('carries a coded message, and tells its states', async () => {
    const [tw, jp] = [await login('tw', 'officer'), await login('jp', 'officer')];
    const sent = await tw.act('message', { message: { precedence: 'immediate', code: '101', params: [{ name: 'object', track: 417 }, { name: 'where', place: 'gate_yonaguni_taiwan' }] } });
    world.step();
    const there = (await jp.call('/api/messages?party=tw')).body.at(-1);
    expect(there).toMatchObject({ code: '101', state: 'received', party: 'tw' });
    expect(there.texts.ja).toContain('T0417');
    expect(Object.keys(there.texts)).toEqual(['en', 'ja', 'zh-Hant']);
    await jp.act('message-read', { desk: 'air', message: { number: there.n } });
    expect((await tw.call('/api/messages?party=jp')).body.find((m) => m.n === sent.body.message)).toMatchObject({ state: 'read', desk: 'air' });
    await tw.act('hotline', { partner: 'jp' });
    await jp.act('hotline-acknowledge', { partner: 'tw', desk: 'watch' });
    expect((await tw.act('message', { message: { code: '999' } })).body.error).toBe('no-such-code');
    shaped();
  });

  it('keeps a message while the line is down', async () => {
    const tw = await login('tw', 'officer');
    world.link = { state: 'down', since: world.now };
    await tw.act('message', { text: 'later' });
    world.step();
    expect(world.messages.list('tw').at(-1).state).toBe('queued');
    world.link = { state: 'up', since: world.now };
    world.step();
    world.step();
    expect(world.messages.list('tw').at(-1).state).toBe('received');
    shaped();
  });

  it('takes a request that a clause allows through to its settlement, and refuses one that none does', async () => {
    const [tw, jp] = [await login('tw', 'officer'), await login('jp', 'supervisor')];
    const ask = { situation: 'search-and-rescue', category: 'fuel', unit: 'litre', amount: 20_000, from: world.iso(), until: world.iso(DAY) };
    const q = new URLSearchParams({ partner: 'jp', ...ask, amount: '20000', settlement: '', exercise: 'true' });
    expect((await tw.call(`/api/support/match?${q}`)).body).toMatchObject({ allowed: true, left: 200_000 });
    const n = (await tw.act('support-request', { partner: 'jp', support: ask })).body.request;
    for (const [who, step, more] of [
      [jp, 'approve', {}], [jp, 'offer', { price: 120, currency: 'JPY' }], [tw, 'accept', {}], [jp, 'deliver', { amount: 20_000 }], [tw, 'confirm', { entry: 1, amount: 19_000 }],
      [jp, 'agree', { entry: 1 }], [tw, 'settle', { amount: 19_000 * 120 }], [jp, 'confirm', { entry: 1 }],
    ]) {
      const r = await who.act(`support-${step}`, { support: { request: n, ...more } });
      expect([step, r.status, r.body.error]).toEqual([step, 200, undefined]);
      shaped();
    }
    expect(world.view('tw').support.accounts[0]).toMatchObject({ balance: 0, unit: 'JPY' });
    q.set('situation', 'armed-attack');
    expect((await tw.call(`/api/support/match?${q}`)).body).toMatchObject({ allowed: false, failed: ['situation', 'exclusion'], civil: 'ship-supplier' });
    const none = (await tw.act('support-request', { partner: 'jp', support: { ...ask, situation: 'armed-attack' } })).body.request;
    expect(world.view('jp').support.requests.find((r) => r.n === none)).toMatchObject({ state: 'not-covered', can: ['decline', 'repeat'] });
    expect((await jp.act('support-approve', { support: { request: none } })).body.error).toBe('not-now');
    shaped();
  });

  it('alarms at both sides where two notices overlap, and lets them end', async () => {
    const tw = await login('tw', 'officer');
    const activity = { to: ['jp'], kind: 'patrol', domain: 'air', from: world.iso(), until: world.iso(3_600_000), centre: { lat: 24.6, lon: 123.8 }, radius_m: 9260, base_ft: 2000, top_ft: 4000, count: 2 };
    expect((await tw.act('activity', { activity: { ...activity, to: [] } })).body.error).toBe('bad-notice');
    await tw.act('activity', { activity: { ...activity, base_ft: 5000, top_ft: 6000 } });
    expect(world.activity.overlaps()).toEqual([]);
    await tw.act('activity-amend', { activity: { ...activity, number: 1 } });
    for (const p of ['tw', 'jp']) {
      const v = world.view(p);
      expect(v.activity.overlaps).toHaveLength(1);
      expect(v.activity.overlaps[0].height).toEqual({ base_ft: 2000, top_ft: 3000 });
      expect(v.alarms.find((a) => a.rule === 'activity-overlap')).toMatchObject({ priority: 1, state: 'unacknowledged' });
    }
    await tw.act('activity-set-aside', { partner: 'jp', activity: { object: world.view('tw').activity.notices[0].object, aside: true } });
    await tw.act('activity-state', { activity: { number: 1, state: 'clear' } });
    expect(world.activity.overlaps()).toEqual([]);
    await tw.act('search-area', { incident: 7, area: { object: 'vessel', datum: { lat: 24.2, lon: 122.6 }, error_m: 926, centre: { lat: 24.2, lon: 122.6 }, radius_m: 5000 } });
    await tw.act('search-state', { incident: 7, area: { state: 'suspended' } });
    shaped();
  });

  it('holds two declarations against each other, and ends a plan', async () => {
    const tw = await login('tw', 'supervisor');
    world.plans.intents.tw.timers.t1 = '5m0s';
    await tw.act('plan-declare', { partner: 'jp', exercise: true });
    expect(world.view('tw').plans[0]).toMatchObject({ state: 'mismatch' });
    expect(world.view('jp').alarms.some((a) => a.rule === 'plan-mismatch')).toBe(true);
    world.plans.intents.tw.timers.t1 = '3m0s';
    await tw.act('plan-declare', { partner: 'jp', exercise: true });
    expect(world.view('tw').plans[0]).toMatchObject({ state: 'in-force', applies: true });
    await tw.act('plan-end', { partner: 'jp', plan: {} });
    expect(world.view('tw').plans[0]).toMatchObject({ state: 'ended' });
    shaped();
  });

  it('takes back what was told, and gets the receipt', async () => {
    const s = await login('tw', 'supervisor');
    const items = (await s.call('/api/peer-view?party=jp')).body.items;
    await s.act('recall', { partner: 'jp', text: 'wrong object', recall: { records: [items[0].id, items[2].id] } });
    world.step();
    expect(world.view('tw').recalls[0]).toMatchObject({ named: 2, missing: 0, gone: 1, kept: 1 });
    expect((await s.act('recall', { partner: 'jp', text: 'again', recall: { records: [items[0].id] } })).body.error).toBe('nothing-to-recall');
    await s.act('lift-recall', { partner: 'jp' });
    shaped();
  });

  it('lets a second person activate a policy, and runs it dry', async () => {
    const s = await login('tw', 'supervisor');
    const text = `${packs.policies.tw}\n# coarser\n`;
    const dry = (await s.call('/api/policy/dry-run', { text, from: world.iso(-3_600_000), to: world.iso() })).body;
    expect(dry.rows.map((r) => r.only)).toEqual(['changed', 'changed', 'present']);
    await s.act('policy-propose', { policy: { text, reason: 'coarser' } });
    const id = world.view('tw').policy.proposal.id;
    expect((await s.act('policy-activate', { policy: { id } })).body.error).toBe('second-person');
    await s.act('policy-withdraw', { policy: { id } });
    expect(world.view('tw').policy.proposal).toBeUndefined();
    shaped();
  });

  it('lets each role do what the node lets it do', async () => {
    const viewer = await login('tw', 'viewer');
    expect((await viewer.act('message', { text: 'no' })).status).toBe(403);
    expect((await viewer.call('/api/policy')).status).toBe(403);
    const officer = await login('tw', 'officer');
    for (const verb of ['recall', 'plan-declare', 'policy-propose', 'stop']) expect([verb, (await officer.act(verb)).status]).toEqual([verb, 403]);
    expect(verbs.recall).toEqual(['supervisor']);
    expect(mayCall('GET', '/api/policy', 'officer')).toBe(false);
    shaped();
  });
});

describe('the contract', () => {
  it('names what is not as the node says', () => {
    const v = JSON.parse(JSON.stringify(world.view('tw')));
    expect(viewFault({ ...v, seq: -1 })).toContain('view.seq');
    expect(viewFault({ ...v, more: 1 })).toContain('more is not known');
    expect(viewFault({ ...v, messages: undefined })).toContain('no messages');
    expect(viewFault({ ...v, plans: null })).toContain('view.plans');
    expect(viewFault({ ...v, now: 'noon' })).toContain('view.now');
    expect(answerFault('GET', '/api/nothing', 200, {})).toContain('no such call');
    expect(answerFault('POST', '/api/command', 409, { error: 'no such code' })).toContain('none of the words');
    expect(requestFault('POST', '/api/command', { verb: 'message', txt: '' })).toContain('txt is not known');
  });
});

describe('the reader of the packs', () => {
  it('reads what they use, and refuses the rest', () => {
    expect(parse('a = 1_000 # one\n[t]\nb = [true, "x"]\n[[l]]\nc = { d = -1.5 }\n[l.e]\nf = false\n')).toEqual({ a: 1000, t: { b: [true, 'x'] }, l: [{ c: { d: -1.5 }, e: { f: false } }] });
    expect(() => parse("a = 'literal'")).toThrow('want a value');
    expect(() => parse('?')).toThrow('want a key');
  });
  it('adds, tests and pauses feeds for administrators alone', async () => {
    const a = await login('tw', 'administrator');
    const feed = { kind: 'nmea-udp', addr: '127.0.0.1:8000' };
    expect((await a.call('/api/feeds', { act: 'test', name: 'more', feed })).body.test.frames).toBe(31);
    expect((await a.call('/api/feeds', { act: 'test', name: 'more', feed: { ...feed, addr: '256.1.1.1:1' } })).body).toMatchObject({ error: 'bad-request', params: { key: 'addr' } });
    await a.call('/api/feeds', { act: 'add', name: 'more', feed });
    expect((await a.call('/api/feeds', { act: 'add', name: 'more', feed })).status).toBe(409);
    await a.call('/api/feeds', { act: 'pause', name: 'more' });
    expect((await a.call('/api/feeds')).body.find((f) => f.name === 'more')).toMatchObject({ added: true, paused: true });
    expect((await a.call('/api/feeds', { act: 'secret', name: 'more', secrets: { cert: 'x' } })).body).toMatchObject({ error: 'bad-request', params: { key: 'secrets' } });
    for (const act of ['secret', 'remove']) expect((await a.call('/api/feeds', { act, name: 'ais', secrets: { password: 'x' } })).body).toEqual({ error: 'feed-configured' });
    const s = await login('tw', 'supervisor');
    expect([(await s.call('/api/feeds')).status, (await s.call('/api/feeds', { act: 'pause', name: 'ais' })).status, (await s.call('/api/feeds', { act: 'remove', name: 'more' })).status]).toEqual([200, 403, 403]);
    await a.call('/api/feeds', { act: 'remove', name: 'more' });
    expect((await a.call('/api/feeds', { act: 'remove', name: 'more' })).status).toBe(404);
    shaped();
  });
});
