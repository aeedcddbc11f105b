// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The story through two consoles: two officers, one incident, one lead.
//
//   KUROSHIO_E2E=FILE KUROSHIO_SHOTS=FOLDER node e2e/story.mjs
//
// FILE is JSON: {"consoles": {"tw": {"url": "http://127.0.0.1:…",
// "logins": {"officer": {"name": "…", "password": "…"}}}, "jp": {…}}}.
// The nodes must hold, or come to hold, one open incident that both know.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { check, Desk, launch, LIMIT_MS, run } from './lib.mjs';

/** references returns the spoken references that a console shows with a partner, by incident. */
const references = (desk, partner) =>
  desk.page.$$eval(`[data-testid^="ref-"][data-testid$="-${partner}"]`, (list) =>
    Object.fromEntries(list.map((e) => [e.textContent.trim(), Number(e.dataset.testid.split('-')[1])])),
  );

async function common(tw, jp) {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const [a, b] = [await references(tw, 'jp'), await references(jp, 'tw')];
    const ref = Object.keys(a).find((r) => r in b);
    if (ref) return { ref, tw: a[ref], jp: b[ref] };
    check(Date.now() < end, `no incident with the same reference on both: ${JSON.stringify([a, b])}`);
    // The next look comes with the next view.
    const seq = await tw.page.evaluate(() => window.__kuro.seq());
    await tw.page.waitForFunction((s) => window.__kuro.seq() !== s, seq);
  }
}

async function openCard(desk, n) {
  const title = desk.get(`incident-title-${n}`);
  if ((await title.getAttribute('aria-expanded')) !== 'true') await title.click();
}

export async function story(consoles) {
  const browser = await launch();
  const desks = {};
  try {
    await play(browser, consoles, desks);
  } finally {
    await browser.close();
  }
}

async function play(browser, consoles, desks) {
  let found;
  const steps = [
    ['both officers log in, each in their language', async () => {
      desks.tw = await Desk.open(browser, consoles.tw.url);
      desks.jp = await Desk.open(browser, consoles.jp.url);
      await desks.tw.login(consoles.tw.logins.officer, 'zh-Hant');
      await desks.jp.login(consoles.jp.logins.officer, 'ja');
      await desks.tw.text('incidents', '事件');
      await desks.jp.text('incidents', '事案');
    }],
    ['the clocks show Zulu first, then both local times', async () => {
      for (const d of [desks.tw, desks.jp]) {
        await d.text('zulu', /^\d\d:\d\d:\d\dZ$/);
        await d.text('clock', /\d\d:\d\d TPE · \d\d:\d\d JST/);
      }
    }],
    ['the link is up at both, since a time', async () => {
      for (const [d, p] of [[desks.tw, 'jp'], [desks.jp, 'tw']]) {
        await d.attr(`link-${p}`, 'data-state', 'up');
        await d.text(`link-since-${p}`, /^(\d+:)?\d\d:\d\d$/);
      }
    }],
    ['both show one incident under the same spoken reference', async () => {
      found = await common(desks.tw, desks.jp);
      await openCard(desks.tw, found.tw);
      await openCard(desks.jp, found.jp);
      console.log(`       reference ${found.ref}`);
    }],
    ['each acknowledges, by name', async () => {
      for (const d of [desks.tw, desks.jp]) {
        const n = found[d === desks.tw ? 'tw' : 'jp'];
        const button = d.get(`ack-${n}`);
        if (await button.isVisible()) await button.click();
        await d.text(`ack-by-${n}`, d.name);
        await d.attr(`incident-${n}`, 'data-alarm', 'acknowledged');
      }
      await desks.tw.shot('story-1-acknowledged-tw');
      await desks.jp.shot('story-1-acknowledged-jp');
    }],
    ['tw identifies its track; both identities stand side by side', async () => {
      await desks.tw.get(`identify-${found.tw}`).click();
      await desks.tw.get('standard-suspect').check();
      await desks.tw.get('identify-type').fill('BZK-005');
      await desks.tw.get('dialog-identify-submit').click();
      await desks.tw.get('dialog-identify').waitFor({ state: 'detached' });
      const card = (d, n, p) => d.page.locator(`[data-testid="incident-${n}"] [data-testid="identity-${p}"]`);
      await card(desks.tw, found.tw, 'tw').filter({ hasText: 'BZK-005' }).waitFor();
      await card(desks.tw, found.tw, 'jp').first().waitFor();
      await card(desks.jp, found.jp, 'tw').filter({ hasText: 'BZK-005' }).waitFor();
      await card(desks.jp, found.jp, 'jp').first().waitFor();
    }],
    ['tw proposes the lead, jp accepts, both show it confirmed', async () => {
      await desks.tw.get(`propose-${found.tw}`).click();
      await desks.tw.get('propose-partner').selectOption('jp');
      await desks.tw.get('propose-us').check();
      await desks.tw.get('dialog-propose-submit').click();
      await desks.tw.attr(`lead-${found.tw}`, 'data-state', 'proposed');
      await desks.jp.get(`accept-${found.jp}`).click();
      for (const [d, n] of [[desks.tw, found.tw], [desks.jp, found.jp]]) {
        await d.page.locator(`[data-testid="lead-${n}"][data-state="confirmed"][data-holder="tw"]`).first().waitFor();
      }
      await desks.tw.shot('story-2-lead-tw');
      await desks.jp.shot('story-2-lead-jp');
    }],
    ['the spoken reference is still the same on both', async () => {
      check((await references(desks.tw, 'jp'))[found.ref] === found.tw, 'tw has another reference');
      check((await references(desks.jp, 'tw'))[found.ref] === found.jp, 'jp has another reference');
    }],
    ['each says its own posture, and sees the other one', async () => {
      await desks.tw.get(`posture-pick-${found.tw}`).selectOption('going-to-look');
      await desks.jp.get(`posture-pick-${found.jp}`).selectOption('watching');
      for (const [d, n] of [[desks.tw, found.tw], [desks.jp, found.jp]]) {
        await d.attr(`posture-${n}-tw`, 'data-posture', 'going-to-look');
        await d.attr(`posture-${n}-jp`, 'data-posture', 'watching');
      }
    }],
    ['tw writes into the watch log and strikes it; the text stays', async () => {
      const text = `與先島值勤室通話 ${found.ref} #${Date.now() % 100_000}`;
      await desks.tw.get('log-text').fill(text);
      await desks.tw.get('log-enter').click();
      const entry = desks.tw.page.locator('[data-testid="log-entries"] li').filter({ hasText: text });
      await entry.waitFor();
      await entry.getByRole('button').click();
      await desks.tw.get('strike-text').fill('時間誤植');
      await desks.tw.get('dialog-strike-submit').click();
      await entry.filter({ hasText: '時間誤植' }).waitFor();
      const line = await entry.locator('.body').evaluate((e) => getComputedStyle(e).textDecorationLine);
      check(line === 'line-through', `a struck entry is drawn with ${line}`);
      check((await entry.locator('.body').textContent()) === text, 'the struck text is gone');
    }],
    ['the release panel names the rule for the selected track', async () => {
      await desks.tw.page.evaluate((n) => window.__kuro.select(n), await firstTrack(desks.tw, found.tw));
      await desks.tw.attr('release-jp', 'data-allow', 'true');
      check((await desks.tw.get('release-rule-jp').textContent()).trim() !== '', 'no rule is named');
      check(/\d/.test(await desks.tw.get('release-obligations-jp').textContent()), 'no precision is named');
    }],
    ["the partner's view opens with what jp holds, and closes", async () => {
      await desks.tw.get('partner-view-jp').click();
      await desks.tw.text('partner-banner', '夥伴視角');
      await desks.tw.page.waitForFunction(() => window.__kuro.drawn().length > 0 && window.__kuro.drawn().every((d) => d.key.startsWith('v')));
      await desks.tw.shot('story-3-partner-view');
      await desks.tw.page.keyboard.press('Escape');
      await desks.tw.get('partner-banner').waitFor({ state: 'detached' });
    }],
    ['the gate transit is in the time line, with its direction', async () => {
      const gate = desks.tw.page.locator(`[data-testid="timeline-${found.tw}"] [data-rule="A06"][data-zone^="gate_"]`).first();
      await gate.waitFor();
      check(['in', 'out'].includes(await gate.getAttribute('data-direction')), 'the transit has no direction');
    }],
    ['jp switches to English, and everything is', async () => {
      await desks.jp.setLang('en');
      await desks.jp.text('incidents', 'Incidents');
      await desks.jp.text(`lead-${found.jp}`, 'Lead: TW');
      await desks.jp.shot('story-4-english');
    }],
    ['what is exercise is marked on the frame and on each symbol', async () => {
      for (const d of [desks.tw, desks.jp]) {
        const marked = await d.page.evaluate(() => window.__kuro.tracks().some((t) => t.exercise));
        if (!marked) continue;
        await d.get('exercise-banner').waitFor();
        await d.page.waitForFunction(() => window.__kuro.drawn().every((x) => x.exercise));
      }
    }],
    ['nothing left this machine, and the pages had no fault', async () => {
      for (const [who, d] of Object.entries(desks)) d.clean(who);
    }],
  ];
  await run('the story through two consoles', desks, steps);
}

const firstTrack = (desk, n) =>
  desk.page.evaluate((incident) => window.__kuro.tracks().find((t) => t.incident === incident)?.n ?? 0, n);

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.env.KUROSHIO_E2E;
  check(file, 'set KUROSHIO_E2E to the file with the consoles');
  await story(JSON.parse(readFileSync(file, 'utf8')).consoles);
}
