// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Serves web/dist with a made-up world behind the console's HTTP API, for work
// on the console and its own browser tests. It is not shipped.
//
//   npm run build && npm run dev        two consoles, on 8701 (tw) and 8702 (jp)

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { LOGINS, World } from './world.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const pack = join(root, '../packs/taiwan-ryukyu');
export const PASSWORD = 'five-small-boats';

// The policy that the node is asked to send, and one step stricter.
const CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const NAMES = { tw: '東岸值勤室', jp: '先島当直室' };

async function zones() {
  const read = async (f) => JSON.parse(await readFile(join(pack, f), 'utf8'));
  const index = await read('pack.json');
  const all = (await Promise.all(index.zones.map(read))).flatMap((c) => c.features);
  const areas = all.filter((f) => f.geometry.type !== 'Point');
  const sectors = (await read(index.sectors)).sectors;
  return {
    version: 'taiwan-ryukyu 1',
    zones: areas.map((f) => ({ id: f.properties.id, kind: f.properties.kind, party: f.properties.party, names: f.properties.names, version: '1', geometry: f.geometry })),
    places: all.filter((f) => f.geometry.type === 'Point').map((f) => ({ id: f.properties.id, names: f.properties.names, kind: f.properties.kind, lat: f.geometry.coordinates[1], lon: f.geometry.coordinates[0] })),
    sectors: Object.fromEntries(sectors.map((s) => [s.zone, s.lead])),
  };
}

function send(res, status, body, type = 'application/json') {
  res.writeHead(status, {
    'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Content-Security-Policy': CSP,
  });
  res.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** serve opens one console of a world. */
export async function serve(world, party, port = 0) {
  const [z, land, rules] = await Promise.all([
    zones(), readFile(join(pack, 'land.json')), readFile(join(pack, 'rules.json'), 'utf8').then((t) => JSON.parse(t).rules.map((r) => ({ id: r.id, names: r.name, priority: r.priority, domain: r.domain }))),
  ]);
  const sessions = new Map();
  const roles = Object.fromEntries(Object.entries(LOGINS[party]).map(([role, name]) => [name, role]));
  const langs = {};
  const me = (req) => sessions.get(/kuroshio_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1]);

  async function api(req, res, url) {
    const path = url.pathname;
    if (path === '/api/info') {
      return send(res, 200, { party, name: NAMES[party], version: 'dev', exercise: world.exercise, languages: ['zh-Hant', 'ja', 'en'], time_mode: 'stepped', parties: [party === 'tw' ? 'jp' : 'tw'] });
    }
    let body = {};
    if (req.method === 'POST') {
      if (req.headers['x-kuroshio'] !== '1') return send(res, 403, { error: 'forbidden' });
      const chunks = [];
      for await (const c of req) chunks.push(c);
      body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    }
    if (path === '/api/login') {
      if (!roles[body.name] || body.password !== PASSWORD) return send(res, 401, { error: 'bad-login' });
      const id = Math.random().toString(36).slice(2);
      sessions.set(id, body.name);
      res.setHeader('Set-Cookie', `kuroshio_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
      return send(res, 200, { name: body.name, role: roles[body.name], lang: langs[body.name] ?? (party === 'tw' ? 'zh-Hant' : 'ja') });
    }
    const who = me(req);
    if (!who) return send(res, 401, { error: 'unauthenticated' });
    const role = roles[who];
    switch (path) {
      case '/api/me':
        return send(res, 200, { name: who, role, lang: langs[who] ?? (party === 'tw' ? 'zh-Hant' : 'ja') });
      case '/api/logout':
        sessions.clear();
        return send(res, 200, {});
      case '/api/lang':
        langs[who] = body.lang;
        return send(res, 200, {});
      case '/api/picture':
        return send(res, 200, world.view(party));
      case '/api/zones':
        return send(res, 200, z);
      case '/api/land':
        return send(res, 200, land);
      case '/api/rules':
        return send(res, 200, rules);
      case '/api/release':
        return send(res, 200, world.explain(party, Number(url.searchParams.get('track'))));
      case '/api/partner-view':
        return send(res, 200, { party: url.searchParams.get('party'), policy_version: 'demo-tw 3 (4be1)', records: world.records(party) });
      case '/api/release-stats':
        return send(res, 200, [{ to: 'jp', rule: 'gap-air', released: 41, withheld: 0 }, { to: 'jp', rule: 'no-rule', released: 0, withheld: 1422 }]);
      case '/api/journal':
        return send(res, 200, { verified: true, pairs: [{ partner: 'jp', sent: 412, received: 388 }] });
      case '/api/audit':
        return send(res, 200, Number(url.searchParams.get('after')) ? [] : [{ n: 1, at: '2023-08-28T04:00:00Z', actor: 'node', act: 'configured', detail: 'zones taiwan-ryukyu 1' }]);
      case '/api/users':
        return send(res, 200, Object.entries(roles).map(([name, r]) => ({ name, role: r })));
      case '/api/command': {
        const may = role === 'officer' || role === 'supervisor';
        if (!may || (['stop', 'resume'].includes(body.verb) && role !== 'supervisor')) return send(res, 403, { error: 'forbidden' });
        if (world.deaf) return; // for the test of a node that does not answer
        const reply = world.act(party, who, body);
        world.step();
        push();
        return typeof reply === 'string' ? send(res, 409, { error: reply }) : send(res, 200, { ok: true, ...reply });
      }
    }
    return send(res, 404, { error: 'not-found' });
  }

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, 'http://x');
    try {
      if (url.pathname.startsWith('/api/')) return await api(req, res, url);
      const name = url.pathname === '/' ? 'index.html' : normalize(url.pathname).replace(/^\/+/, '');
      return send(res, 200, await readFile(join(root, 'dist', name)), TYPES[extname(name)] ?? 'application/octet-stream');
    } catch {
      return send(res, 404, { error: 'not-found' });
    }
  });
  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (req, socket, head) => {
    if (!me(req)) return socket.destroy();
    wss.handleUpgrade(req, socket, head, (ws) => ws.send(JSON.stringify(world.view(party))));
  });
  const push = () => {
    if (world.silent) return;
    const text = JSON.stringify(world.view(party));
    for (const c of wss.clients) c.send(text);
  };
  const timer = setInterval(() => {
    world.step();
    push();
  }, 500);
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    logins: Object.fromEntries(Object.entries(LOGINS[party]).map(([role, name]) => [role, { name, password: PASSWORD }])),
    cut: () => wss.clients.forEach((c) => c.terminate()),
    close: () => {
      clearInterval(timer);
      wss.clients.forEach((c) => c.terminate());
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const world = new World({ filler: Number(process.env.FILLER ?? 24), exercise: process.env.LIVE !== '1' });
  for (const [party, port] of [['tw', 8701], ['jp', 8702]]) {
    const s = await serve(world, party, port);
    console.log(`${party}  ${s.url}  ${s.logins.officer.name} / ${PASSWORD}`);
  }
}
