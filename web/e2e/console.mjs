// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the console must never do wrong, on a made-up world (dev/world.mjs) that
// can be silenced, cut and deafened.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { serve } from '../dev/server.mjs';
import { World } from '../dev/world.mjs';
import { check, Desk, launch, run } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LANGS = ['en', 'zh-Hant', 'ja'];
const THEMES = ['day', 'watch', 'dusk', 'night'];

export async function consoles() {
  const browser = await launch();
  const world = new World({});
  const node = await serve(world, 'tw');
  const desks = {};
  try {
    await play(browser, world, node, desks);
  } finally {
    await browser.close();
    node.close();
  }
}

const drawn = (d) => d.page.evaluate(() => window.__kuro.drawn());

async function play(browser, world, node, desks) {
  const open = async (role, options) => {
    const d = await Desk.open(browser, node.url, options);
    await d.login(node.logins[role], 'en');
    return d;
  };
  let d;
  const steps = [
    ['a wrong password is refused in the language of the page', async () => {
      d = desks.officer = await Desk.open(browser, node.url);
      await d.get('lang-ja').click();
      await d.get('login-name').fill('wang');
      await d.get('login-password').fill('wrong');
      await d.get('login-submit').click();
      await d.text('login-problem', '氏名またはパスワードが違います');
      await d.login(node.logins.officer, 'en');
    }],
    ['no filter hides the alarmed track, and the number hidden is shown', async () => {
      await d.get('filter-text').fill('no such text');
      await d.page.waitForFunction(() => document.querySelectorAll('[data-testid="track-row"]').length === 1);
      await d.page.locator('[data-testid="track-row"][data-key="t417"][data-alarm="unacknowledged"]').waitFor();
      await d.text('hidden-count', /^19 filtered out/);
      await d.page.waitForFunction(() => window.__kuro.drawn().length === 1);
      check((await drawn(d))[0].ring === 'unacknowledged', 'the alarmed track has no ring');
      await d.get('show-all').click();
      await d.text('tracks-count', '20 / 20');
    }],
    ['no label of a track lies over a name that is shown', async () => {
      const { labels, names } = await d.page.evaluate(() => ({ labels: window.__kuro.drawn().flatMap((x) => x.label ?? []), names: window.__kuro.names() }));
      check(labels.length > 5 && names.length > 5, `${labels.length} labels and ${names.length} names are shown`);
      const over = (a, b) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
      const covered = names.filter((n) => n.boxes.some((b) => labels.some((l) => over(b, l)))).map((n) => n.text);
      check(covered.length === 0, `covered: ${covered.join(', ')}`);
    }],
    ['the tracks are drawn above zones and names', async () => {
      const top = await d.page.evaluate(() => {
        const at = window.__kuro.drawn().find((x) => x.key === 't417');
        const box = document.querySelector('[data-testid="map"] .host').getBoundingClientRect();
        return document.elementsFromPoint(box.x + at.x, box.y + at.y).find((e) => e instanceof HTMLCanvasElement)?.dataset.testid;
      });
      check(top === 'track-canvas', 'another layer lies above the tracks');
    }],
    ['search, selection, centring and acknowledging need the keyboard only', async () => {
      await d.page.locator('body').press('/');
      await d.page.keyboard.type('T0417');
      await d.page.keyboard.press('Enter');
      await d.text('card-label', 'T0417');
      await d.text('card-class', 'class large drone (estimate, confidence 83 %)');
      await d.page.keyboard.press('f');
      await d.page.keyboard.press('j');
      await d.page.keyboard.press('k');
      await d.page.keyboard.press('a');
      await d.text('ack-by-7', 'Acknowledged by wang');
      await d.attr('incident-7', 'data-alarm', 'acknowledged');
      await d.text('count-acknowledged', '1');
      await d.page.waitForFunction(() => window.__kuro.drawn().find((x) => x.key === 't417')?.ring === 'acknowledged');
    }],
    ['an acknowledgement that the node does not answer is none', async () => {
      world.joint.ack = {};
      await d.attr('incident-7', 'data-alarm', 'unacknowledged');
      world.deaf = true;
      await d.get('ack-7').click();
      await d.attr('ack-7', 'aria-busy', 'true');
      await d.text('notice', 'Not acknowledged: no answer from the node');
      world.deaf = false;
      await d.attr('incident-7', 'data-alarm', 'unacknowledged');
      await d.page.locator('[data-testid="ack-7"]:not([aria-busy])').waitFor();
      await d.attr('incident-7', 'data-alarm', 'unacknowledged');
    }],
    ['a silent node gives a veil, a word and a title within seconds', async () => {
      world.silent = true;
      await d.text('stale', /PICTURE STALE since \d\d:\d\d:\d\dZ/);
      await d.page.waitForFunction(() => document.title.startsWith('⚠ STALE'));
      world.silent = false;
      await d.get('stale').waitFor({ state: 'detached' });
    }],
    ['a cut socket comes back by itself', async () => {
      node.cut();
      await d.attr('console', 'data-connected', 'false');
      await d.attr('console', 'data-connected', 'true');
    }],
    ['a link that is down says so, since when, and how much waits', async () => {
      world.link = { state: 'down', since: new Date(world.now - 134_000).toISOString() };
      await d.attr('link-jp', 'data-state', 'down');
      await d.text('link-since-jp', /^0[23]:\d\d$/);
      await d.text('link-queue-jp', '3 queued');
      world.link = { state: 'up', since: new Date(world.now).toISOString() };
      await d.attr('link-jp', 'data-state', 'up');
    }],
    ["the partner's view shows exactly the released records, and own alarms still count", async () => {
      await d.page.locator('body').press('p');
      await d.text('partner-banner', "PARTNER'S VIEW — what JP receives");
      const want = world.records('tw').filter((r) => r.kind === 1).map((r) => `v${r.object}`);
      await d.page.waitForFunction((keys) => JSON.stringify(window.__kuro.drawn().map((x) => x.key)) === JSON.stringify(keys), want);
      await d.text('count-unacknowledged', /[1-9]/);
      await d.page.keyboard.press('Escape');
      await d.page.waitForFunction(() => window.__kuro.drawn().some((x) => x.key === 't417'));
    }],
    ['what is withheld says why', async () => {
      await d.page.evaluate(() => window.__kuro.select(501));
      await d.attr('release-jp', 'data-reason', 'no-rule');
      await d.text('release-why-jp', 'no rule: nothing leaves');
      await d.attr('release-cell', 'data-reason', 'denied');
    }],
    ['an officer opens an incident by hand', async () => {
      await d.page.locator('body').press('i');
      await d.get('open-text').fill('Coast station reports a balloon');
      await d.get('open-lat').fill('24 31.2');
      await d.get('dialog-open-submit').click({ force: true }); // a latitude alone is no place
      check(await d.get('dialog-open').isVisible(), 'half a position was taken');
      await d.get('open-lon').fill('122 14.8');
      await d.get('dialog-open-submit').click();
      await d.get('incident-title-20').waitFor();
      check(Math.abs(d.commands.at(-1).lat - 24.52) < 1e-9, 'the latitude was read wrong');
    }],
    ['refused input of each feed is shown with its reason and place', async () => {
      await d.get('sensors').click();
      await d.text('feeds', /refused 2: record's FSPEC or an item is wrong \(data item I048\/140\); last 28 \d\d:\d\d:\d\dZ, 88 octets into the stream asterix-record/);
      await d.text('out-of-service', 'no flight plan feed');
      await d.page.keyboard.press('Escape');
    }],
    ['a feed that is silent is not up, and says since when', async () => {
      await d.get('sensors').filter({ hasText: '3/4' }).waitFor();
      world.mute = '2023-08-28T03:47:12Z';
      await d.get('sensors').filter({ hasText: '2/4' }).waitFor();
      await d.get('sensors').click();
      await d.text('state-ais', '△ silent since 03:47Z');
      await d.text('state-adsb', '● up');
      await d.text('state-radar-south', '▲ lost');
      await d.shot('feed-silent');
      world.mute = undefined;
      await d.text('state-ais', '● up');
      await d.page.keyboard.press('Escape');
    }],
    ['the sources of a track are in words', async () => {
      for (const [lang, want] of [['zh-Hant', '雷達'], ['ja', 'レーダー'], ['en', 'radar']]) {
        await d.setLang(lang);
        await d.page.evaluate(() => window.__kuro.select(417));
        await d.text('card-sources', new RegExp(`^${want}$`));
      }
    }],
    ['a long name of a partner is cut short in its chip, and whole in its title', async () => {
      const view = world.view;
      world.view = (p) => {
        const v = view.call(world, p);
        v.links[0].party = v.messages.partners[0].party = 'western-district';
        return v;
      };
      const name = d.get('link-name-western-district');
      await name.waitFor();
      check((await name.getAttribute('title')) === 'WESTERN-DISTRICT', 'the title has not the whole name');
      check(await name.evaluate((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).textOverflow === 'ellipsis'), 'the name is not cut short');
      const inside = (e) => [...e.children].every((c) => c.getBoundingClientRect().right <= e.getBoundingClientRect().right);
      check(await d.get('link-western-district').evaluate(inside), 'the chip overflows');
      await d.shot('link-long-name');
      world.view = view;
      await d.get('link-jp').waitFor();
    }],
    ['a viewer sees each act, greyed, with the reason; nothing is sent', async () => {
      const v = (desks.viewer = await open('viewer'));
      await v.get('incident-title-7').click();
      for (const id of ['ack-7', 'take-7', 'propose-7', 'close-7', 'stop-jp', 'log-enter', 'open-incident', 'distress']) {
        const b = v.get(id);
        await b.waitFor();
        check((await b.getAttribute('aria-disabled')) === 'true', `${id} is not greyed`);
        check((await b.getAttribute('title')) === 'Your role may not do this', `${id} gives no reason`);
      }
      await v.get('ack-7').click({ force: true });
      await v.text('notice', 'Your role may not do this');
      await v.page.keyboard.press('a');
      check(v.commands.length === 0, 'a command was sent');
      check((await v.get('open-records').count()) === 0, 'a viewer is offered the records');
    }],
    ['a supervisor stops release with two presses, and resumes', async () => {
      const s = (desks.supervisor = await open('supervisor'));
      await s.get('stop-jp').click();
      await s.text('stop-jp', 'Again to stop');
      check(s.commands.length === 0, 'one press was enough');
      await s.get('stop-jp').click();
      await s.attr('link-jp', 'data-state', 'stopped');
      await s.get('resume-jp').click();
      await s.attr('link-jp', 'data-state', 'up');
    }],
    ['an auditor reads the journal, the audit log and the counts', async () => {
      const a = (desks.auditor = await open('auditor'));
      await a.get('open-records').click();
      await a.text('journal', '"verified": true');
      await a.text('audit', 'configured');
      await a.text('release-stats', '1422');
    }],
    ['the bar is not clipped on a small screen, nor at 200 %', async () => {
      for (const viewport of [{ width: 1280, height: 720 }, { width: 840, height: 500 }]) {
        await d.page.setViewportSize(viewport);
        for (const lang of LANGS) {
          await d.setLang(lang);
          const cut = await d.page.$$eval('[data-testid="topbar"] *', (all) =>
            all.filter((e) => e.getClientRects().length && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().bottom > innerHeight)).map((e) => e.textContent),
          );
          check(cut.length === 0, `${viewport.width} px, ${lang}: cut ${JSON.stringify(cut)}`);
        }
      }
      await d.page.setViewportSize({ width: 1680, height: 1000 });
    }],
    ['axe finds no fault in any brightness and language', async () => {
      // The page's policy forbids scripts from outside it, so axe comes in by a page without one.
      const p = (desks.axe = await Desk.open(browser, node.url, { bypassCSP: true }));
      await p.login(node.logins.officer, 'en');
      await p.get('incident-title-7').click();
      await p.page.evaluate(axe);
      for (const theme of THEMES) {
        while ((await p.get('console').getAttribute('data-theme')) !== theme) await p.get('theme').click();
        for (const lang of LANGS) {
          await p.setLang(lang);
          const faults = await p.page.evaluate(async () => {
            const r = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
            return r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).slice(0, 3).join(' | ')}`);
          });
          check(faults.length === 0, `${theme} ${lang}: ${faults.join('\n')}`);
          await p.shot(`console-${theme}-${lang}`);
        }
      }
    }],
    ['live data has no exercise mark', async () => {
      world.exercise = false;
      await d.setLang('en');
      await d.get('exercise-banner').waitFor({ state: 'detached' });
      // The symbols are drawn a frame after the page has changed.
      await d.page.waitForFunction(() => window.__kuro.drawn().length > 0 && window.__kuro.drawn().every((x) => !x.exercise));
      world.exercise = true;
      await d.get('exercise-banner').waitFor();
    }],
    ['a log-out forgets the picture', async () => {
      await d.get('logout').click();
      await d.get('login').waitFor();
      check(await d.page.evaluate(() => window.__kuro === undefined), 'the picture is still in the page');
    }],
    ['nothing left this machine, and the pages had no fault', async () => {
      for (const [who, desk] of Object.entries(desks)) desk.clean(who);
      check(world.faults.length === 0, `not in the node's shapes: ${world.faults.join('; ')}`);
    }],
  ];
  await run('the console on a made-up world', desks, steps);
}
