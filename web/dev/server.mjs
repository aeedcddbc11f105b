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
import { answerFault, mayCall, operation, requestFault, verbs, viewFault } from './contract.mjs';
import { packs } from './packs.mjs';
import { LOGINS, World } from './world.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
export const PASSWORD = 'five-small-boats';

// The policy that the node is asked to send, and one step stricter.
const CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const NAMES = { tw: '東岸值勤室', jp: '先島当直室' };

function send(res, status, body, type = 'application/json') {
  res.writeHead(status, {
    'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Content-Security-Policy': CSP,
  });
  res.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

/** serve opens one console of a world. */
export async function serve(world, party, port = 0) {
  const sessions = new Map();
  const roles = Object.fromEntries(Object.entries(LOGINS[party]).map(([role, name]) => [name, role]));
  const langs = {};
  const me = (req) => sessions.get(/kuroshio_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1]);
  const identity = (who) => ({ name: who, role: roles[who], lang: langs[who] ?? (party === 'tw' ? 'zh-Hant' : 'ja') });

  // What is not in the shape of docs/protocol/openapi.json is a fault of this
  // file or of the page; the browser tests end by looking for some.
  const hold = (fault) => fault && !world.faults.includes(fault) && world.faults.push(fault);

  const calls = {
    'GET /api/info': () => ({ party, name: NAMES[party], version: 'dev', exercise: world.exercise, languages: ['zh-Hant', 'ja', 'en'], time_mode: 'stepped', parties: [party === 'tw' ? 'jp' : 'tw'] }),
    'POST /api/login': ({ body, res }) => {
      if (!roles[body.name] || body.password !== PASSWORD) return [401, 'bad-login'];
      const id = Math.random().toString(36).slice(2);
      sessions.set(id, body.name);
      res.setHeader('Set-Cookie', `kuroshio_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
      return identity(body.name);
    },
    'GET /api/me': ({ who }) => identity(who),
    'POST /api/logout': () => (sessions.clear(), {}),
    'POST /api/lang': ({ who, body }) => ((langs[who] = body.lang), identity(who)),
    'GET /api/picture': () => world.view(party),
    'GET /api/zones': () => packs.zones,
    'GET /api/land': () => packs.land,
    'GET /api/rules': () => packs.rules,
    'GET /api/release': ({ q }) => world.explain(party, Number(q.get('track'))),
    'GET /api/partner-view': ({ q }) => ({ party: q.get('party'), policy_version: 'demo-tw 3 (4be1)', records: world.records(party) }),
    'GET /api/peer-view': () => world.recalls.peer(party),
    'GET /api/release-stats': () => [{ to: 'jp', rule: 'gap-air', released: 41, withheld: 0 }, { to: 'jp', rule: 'no-rule', released: 0, withheld: 1422 }],
    'GET /api/registration': () => world.registration(),
    'GET /api/journal': () => world.journal(),
    'GET /api/audit': ({ q }) => (Number(q.get('after')) ? [] : [{ n: 1, at: '2023-08-28T04:00:00Z', actor: 'node', act: 'configured', detail: 'zones taiwan-ryukyu 1' }]),
    'GET /api/feeds': () => world.feeds[party].list(world.view(party)),
    'POST /api/feeds': ({ body }) => world.feeds[party].act(world.view(party), body),
    'GET /api/users': () => Object.values(LOGINS[party]).map(identity),
    'GET /api/messages': () => world.messages.list(party),
    'GET /api/phrasebook': () => packs.book,
    'GET /api/support/match': ({ q }) => world.support.answer({ ...Object.fromEntries(q), amount: Number(q.get('amount')) }),
    'GET /api/policy': () => world.policies.answer(party),
    'POST /api/policy/dry-run': ({ body }) => world.policies.dryRun(party, body),
    'POST /api/command': ({ who, body }) => {
      if (!verbs[body.verb]?.includes(roles[who])) return [403, 'forbidden'];
      if (world.deaf) return undefined; // for the test of a node that does not answer
      const reply = world.act(party, who, body);
      world.step();
      push();
      return typeof reply === 'string' ? [409, reply] : { ok: true, ...reply };
    },
  };

  async function api(req, res, url) {
    const path = url.pathname;
    const answer = (status, body) => {
      hold(answerFault(req.method, path, status, body));
      send(res, status, body);
    };
    const call = calls[`${req.method} ${path}`];
    if (!call) return answer(404, { error: 'not-found' });
    const who = me(req);
    if (!who && operation(req.method, path)?.security.length) return answer(401, { error: 'unauthenticated' });
    if (who && !mayCall(req.method, path, roles[who])) return answer(403, { error: 'forbidden' });
    let body;
    if (req.method === 'POST') {
      if (req.headers['x-kuroshio'] !== '1') return answer(403, { error: 'forbidden' });
      const chunks = [];
      for await (const c of req) chunks.push(c);
      body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      hold(requestFault(req.method, path, body));
    }
    const done = call({ who, body, q: url.searchParams, res });
    if (done === undefined) return undefined;
    // A pair of a status and a code is a refusal.
    return Array.isArray(done) && typeof done[1] === 'string' ? answer(done[0], { error: done[1], params: done[2] }) : answer(200, done);
  }

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, 'http://x');
    try {
      if (url.pathname.startsWith('/api/')) return await api(req, res, url);
      const name = url.pathname === '/' ? 'index.html' : normalize(url.pathname).replace(/^\/+/, '');
      return send(res, 200, await readFile(join(root, 'dist', name)), TYPES[extname(name)] ?? 'application/octet-stream');
    } catch (err) {
      if (url.pathname.startsWith('/api/')) hold(`${url.pathname}: ${err.stack}`);
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
    const view = world.view(party);
    hold(viewFault(view));
    const text = JSON.stringify(view);
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
