// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Goes through the panels under the map as the people of two made-up watch
// floors do: messages, plan, own activity, release policy, support, recall.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { serve } from '../dev/server.mjs';
import { World } from '../dev/world.mjs';
import { check, Desk, launch, run } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LANGS = ['en', 'zh-Hant', 'ja'];
const SIZES = [[1280, 720], [1440, 900], [1920, 1080]];
const PANELS = ['log', 'messages', 'plan', 'activity', 'policy', 'support', 'recall'];
const WORD = '[A-Za-z0-9.-]+';
// Names of people, and what they or the packs wrote, is in no language of the console.
const WRITTEN = 'wang chen sato mori second file node coarser other aircraft releasable demo-sar exercise invented for the demonstration'.split(' ');
const texts = Object.fromEntries(LANGS.map((l) => [l, JSON.parse(readFileSync(new URL(`../messages/${l}.json`, import.meta.url), 'utf8'))]));

export async function panels() {
  const browser = await launch();
  const world = new World({});
  const nodes = { tw: await serve(world, 'tw'), jp: await serve(world, 'jp') };
  const desks = {};
  try {
    await play(browser, world, nodes, desks);
  } finally {
    await browser.close();
    for (const n of Object.values(nodes)) n.close();
  }
}

const tab = (d, id) => d.get(`tab-${id}`).click();
const message = (d, text) => d.page.locator('[data-testid="messages-list"] li').filter({ hasText: text });
const request = (d, text) => d.page.locator('[data-testid="requests"] li').filter({ hasText: text });

/** cut lists what stands out of the panel or is wider than its place. */
const cut = (d) =>
  d.page.evaluate(() => {
    const panel = document.getElementById('panel');
    const edge = panel.getBoundingClientRect();
    const shown = [...panel.querySelectorAll('*')].filter((e) => e.checkVisibility() && !e.closest('select, datalist'));
    const out = shown.filter((e) => e.getBoundingClientRect().right > edge.right + 1 || e.getBoundingClientRect().left < edge.left - 1);
    const wide = [panel, ...shown].filter((e) => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !e.matches('.ellipsis, input, textarea, pre'));
    return [...out, ...wide].map((e) => `${e.tagName} ${e.dataset.testid ?? ''} ${e.textContent.trim().slice(0, 60)}`);
  });

/**
 * raw lists words on the panel that are keys or codes, not texts: with a hyphen
 * between small letters, or in Chinese and Japanese any small Latin word. What is
 * set as code (mono), stands in a text of the language or was written by people may
 * be so.
 */
const raw = (d, lang) =>
  d.page.evaluate(
    ([lang, names, word]) => {
      const walk = document.createTreeWalker(document.getElementById('panel'), NodeFilter.SHOW_TEXT);
      const found = new Set();
      for (let n = walk.nextNode(); n; n = walk.nextNode()) {
        const e = n.parentElement;
        if (e.closest('.mono, textarea, pre, datalist, [data-testid="messages-list"] .body')) continue;
        for (const w of n.textContent.match(new RegExp(word, 'g')) ?? []) {
          const code = /^[a-z]+([.-][a-z]+)+$/.test(w) || (lang !== 'en' && /^[a-z]{3,}$/.test(w));
          if (code && !names.includes(w)) found.add(w);
        }
      }
      return [...found];
    },
    [lang, [...WRITTEN, ...Object.values(texts[lang]).flatMap((s) => s.match(new RegExp(WORD, 'g')) ?? [])], WORD],
  );

/** faultless says that axe finds nothing in a part of the page. */
async function faultless(d, id) {
  await d.page.evaluate(axe);
  const bad = await d.page.evaluate(async (part) => (await window.axe.run(part, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations.map((x) => `${x.id}: ${x.nodes.map((n) => n.target).join(' ')}`), `[data-testid="${id}"]`);
  check(bad.length === 0, bad.join('\n'));
}

async function play(browser, world, nodes, desks) {
  const open = async (party, role, lang) => {
    const d = (desks[`${party}-${role}`] = await Desk.open(browser, nodes[party].url, { viewport: { width: 1440, height: 900 } }));
    await d.login(nodes[party].logins[role], lang);
    return d;
  };
  let tw;
  let jp;
  let chief;
  const steps = [
    ['an officer sends a coded message with its parameters; the line is down, so it waits', async () => {
      tw = await open('tw', 'officer', 'zh-Hant');
      world.link = { state: 'down', since: new Date(world.now).toISOString() };
      await tab(tw, 'messages');
      await tw.get('phrase-search').fill('101');
      await tw.get('phrase-101').click();
      await tw.text('phrase-chosen', `新目標 [${texts['zh-Hant']['ptype.track']}]`);
      await tw.get('message-precedence').selectOption('priority');
      await tw.get('message-send').click();
      await tw.text('notice', '請填寫');
      await tw.get('param-object').selectOption('417');
      await tw.get('param-where').fill('gate_yonaguni_taiwan');
      await tw.get('message-send').click();
      await message(tw, '新目標 T0417，位於').filter({ hasText: '[101]' }).filter({ hasText: texts['zh-Hant']['mstate.queued'] }).waitFor();
    }],
    ['the partner reads it in its own language, and in any other', async () => {
      world.link = { state: 'up', since: new Date(world.now).toISOString() };
      jp = await open('jp', 'officer', 'ja');
      await tab(jp, 'messages');
      const there = message(jp, '新目標 T0417 を');
      await there.waitFor();
      await jp.setLang('en');
      await message(jp, 'New contact T0417 at').waitFor();
      await jp.setLang('ja');
      await message(tw, '新目標 T0417').filter({ hasText: texts['zh-Hant']['mstate.received'] }).waitFor();
      await jp.get('messages-desk').selectOption('air');
      await there.getByTestId(/^read-/).click();
      await message(tw, '新目標 T0417').filter({ hasText: `${texts['zh-Hant']['mstate.read']} · ${texts['zh-Hant']['desk.air']}` }).waitFor();
    }],
    ['a message of free text is answered and corrected', async () => {
      await jp.get('message-text').fill('了解');
      await message(jp, '新目標 T0417 を').getByTestId(/^answer-/).click();
      await jp.get('message-send').click();
      const answer = message(tw, '了解');
      await answer.waitFor();
      check(/#\d/.test(await answer.textContent()), 'the answer does not say to what');
      await tw.get('message-text').fill('書き誤り');
      await message(tw, '新目標 T0417').getByTestId(/^correct-/).click();
      await tw.get('message-send').click();
      await jp.page.locator('[data-testid="messages-list"] li.struck').filter({ hasText: '新目標 T0417' }).waitFor();
    }],
    ['the line is tested, and both see its age', async () => {
      await tw.get('hotline-start').click();
      await jp.get('hotline-acknowledge').click();
      await jp.get('hotline-acknowledge').waitFor({ state: 'detached' });
      for (const [d, p] of [[tw, 'jp'], [jp, 'tw']]) await d.text(`hotline-${p}`, /\b(\d{1,3}s|1?\dm)\b/); // it was 25 minutes before
      await jp.shot('panel-messages-jp');
    }],
    ['a request that a clause allows: approved, offered, accepted, delivered, confirmed', async () => {
      await tab(tw, 'support');
      await tw.get('support-amount').fill('20 000');
      await tw.text('support-match', 'demo-sar');
      await tw.text('support-match', '✓');
      await tw.get('support-note').fill('PP-10041');
      await tw.get('support-send').click();
      await request(tw, 'PP-10041').waitFor();
      chief = await open('jp', 'supervisor', 'ja');
      await tab(chief, 'support');
      const there = request(chief, 'PP-10041');
      await there.getByTestId(/^approve-/).click();
      await there.getByTestId(/^price-/).fill('120');
      await there.getByTestId(/^currency-/).fill('jpy');
      await there.getByTestId(/^offer-/).click();
      await request(tw, 'PP-10041').getByTestId(/^accept-/).click();
      await there.getByTestId(/^amount-/).fill('20000');
      await there.getByTestId(/^deliver-/).click();
      await request(tw, 'PP-10041').getByTestId(/^confirm-/).click();
      await tw.text('account-demo-sar', /2\s?400\s?000 JPY/);
      await request(tw, 'PP-10041').filter({ hasText: texts['zh-Hant']['support.state-word.settling'] }).waitFor();
    }],
    ['a supervisor sees how the radars are registered, with history, and what each receiver brought', async () => {
      await chief.get('sensors').click();
      for (const [lang, said] of [['en', '15.0 s ahead'], ['zh-Hant', '超前 15.0 秒'], ['ja', '進み 15.0 秒']]) {
        await chief.setLang(lang);
        await chief.text('clock-radar-north', said);
      }
      const north = chief.get('radar-radar-north 025/010');
      await north.filter({ hasText: '+0.930 ± 0.006 °' }).waitFor();
      await chief.text('radars-left-out', /16/);
      await chief.get('radar-axis').selectOption({ index: 0 });
      await north.getByRole('img', { name: /m$/ }).waitFor();
      check((await north.locator('.jump').count()) === 1, 'the jump is not marked');
      check((await chief.get('receiver-adsb').count()) === 2, 'the receivers of adsb are not listed');
      await chief.page.keyboard.press('Escape');
      await tw.get('sensors').click();
      await tw.get('merged-adsb').waitFor();
      check((await tw.get('radars').count()) === 0, 'an officer sees the registration');
      await tw.page.keyboard.press('Escape');
    }],
    ['an administrator tests a feed, corrects it beside its fields, adds it and pauses it', async () => {
      const admin = await open('tw', 'administrator', 'en');
      for (const lang of LANGS) {
        await admin.setLang(lang);
        await admin.get('open-feeds').click();
        await admin.get('feed-new').click();
        await admin.page.keyboard.press('Enter'); // on a button that is gone: the form must not go off by itself
        await admin.get('feed-name').press('Enter');
        await admin.text('feed-name-fault', texts[lang]['feed-want.name']);
        await admin.text('feed-addr-fault', texts[lang]['feed-want.addr']);
        await admin.page.waitForFunction(() => document.activeElement?.id === 'feed-name');
        await admin.page.keyboard.press('Escape');
      }
      await admin.get('open-feeds').click();
      await admin.get('feed-new').click();
      await admin.get('feed-transport').selectOption('mqtt');
      await admin.get('feed-content').selectOption('nmea');
      await admin.get('feed-name').fill('broker');
      await admin.get('feed-addr').fill('mqtts://broker.example:8883');
      await admin.get('feed-topics').fill('ais/+/nmea');
      await admin.get('feed-user').fill('node');
      await admin.get('feed-password').fill('hush-hush');
      await admin.text('dialog-feeds-submit', texts.ja['feeds.test']);
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-found', 'I048/140');
      await admin.get('feed-rate').fill('500');
      await admin.text('dialog-feeds-submit', texts.ja['feeds.test']); // what was changed is tested anew
      await admin.get('dialog-feeds-submit').click();
      await admin.text('dialog-feeds-submit', new RegExp(`^${texts.ja['feeds.add']}$`));
      await admin.get('dialog-feeds-submit').click();
      await admin.attr('feed-row-broker', 'data-state', 'up');
      check(world.feeds.tw.asked.map((q) => q.act).join() === 'test,test,add', 'it was added untested');
      check(world.feeds.tw.asked.at(-1).secrets.password === 'hush-hush', 'the password did not go in');
      await admin.get('feed-new').click();
      check((await admin.get('feed-password').count()) === 0 && !(await admin.page.content()).includes('hush-hush'), 'the password is still there');
      await admin.get('feed-name').fill('broker');
      await admin.get('feed-addr').fill('256.1.1.1:8600');
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-addr-fault', texts.ja['feed-want.addr']); // the node's word
      await admin.get('feed-addr').fill('192.0.2.1:8600');
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-found', 'CAT021');
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-name-fault', texts.ja['feed-want.name']);
      await admin.shot('feeds-form');
      await admin.get('feed-pause-broker').click();
      check(world.feeds.tw.asked.at(-1).act === 'add', 'one click paused it');
      await admin.get('feed-pause-broker').click();
      await admin.attr('feed-row-broker', 'data-state', 'paused');
      await admin.get('feed-resume-broker').click();
      await admin.attr('feed-row-broker', 'data-state', 'up');
      await faultless(admin, 'dialog-feeds');
      await admin.page.keyboard.press('Escape');
      await chief.get('open-feeds').click();
      await chief.get('feed-row-ais').waitFor();
      check((await chief.get('feed-new').count()) + (await chief.get('feed-pause-ais').count()) === 0, 'a supervisor is offered to change feeds');
      await chief.page.keyboard.press('Escape');
      check((await tw.get('open-feeds').count()) === 0, 'an officer is offered the feeds');
    }],
    ['an administrator gives an added feed new secrets, which nothing shows again', async () => {
      const admin = desks['tw-administrator'];
      const asked = world.feeds.tw.asked;
      const before = asked.length;
      await admin.get('open-feeds').click();
      await admin.get('feed-row-broker').waitFor();
      await admin.text('feeds-configured', 'radar-north, radar-south, adsb, ais');
      check((await admin.get('feed-secret-ais').count()) + (await admin.get('feed-remove-ais').count()) === 0, 'a feed of the configuration file is offered for change');
      await admin.get('feed-secret-broker').click();
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-secrets-fault', texts.ja['feed-want.secret']);
      for (const id of ['feed-password', 'feed-ca', 'feed-cert', 'feed-key']) check((await admin.get(id).inputValue()) === '' && /^(off|new-password)$/.test(await admin.get(id).getAttribute('autocomplete')), `${id} shows or keeps what it must not`);
      await admin.get('feed-password').fill('never-told');
      await admin.get('feed-cert').fill('no certificate');
      await admin.get('dialog-feeds-submit').click();
      await admin.text('feed-secrets-fault', texts.ja['feed-want.secrets']); // the node's word
      await faultless(admin, 'dialog-feeds');
      await admin.shot('feed-secrets');
      await admin.get('feed-cert').fill('');
      await admin.get('dialog-feeds-submit').click();
      await admin.text('notice', texts.ja['feeds.secret-done'].replace('{name}', 'broker'));
      check(JSON.stringify(asked.at(-1)) === '{"act":"secret","name":"broker","secrets":{"password":"never-told"}}' && asked.length === before + 2, `asked ${JSON.stringify(asked.slice(before))}`);
      await admin.get('feed-secrets').waitFor({ state: 'detached' });
      await admin.get('feed-secret-broker').click();
      check((await admin.get('feed-password').inputValue()) === '' && !(await admin.page.content()).includes('never-told'), 'the password is still there');
    }],
    ['an administrator removes an added feed, told what stays', async () => {
      const admin = desks['tw-administrator'];
      for (const lang of LANGS) {
        await admin.page.keyboard.press('Escape');
        await admin.setLang(lang);
        await admin.get('open-feeds').click();
        await admin.get('feed-remove-broker').press('Enter');
        await admin.text('feed-remove', texts[lang]['feeds.remove-stays']);
        await admin.text('feed-remove', texts[lang]['feeds.remove-name'].replace('{name}', 'broker'));
        await admin.page.keyboard.press('Enter'); // the question is not its own answer
        await faultless(admin, 'dialog-feeds');
        await admin.shot(`feed-remove-${lang}`);
      }
      check(world.feeds.tw.asked.at(-1).act === 'secret', 'it was removed without an answer');
      await admin.get('dialog-feeds-submit').click();
      await admin.get('feed-row-broker').waitFor({ state: 'detached' });
      await admin.text('notice', texts.ja['feeds.removed'].replace('{name}', 'broker'));
      check(JSON.stringify(world.feeds.tw.asked.at(-1)) === '{"act":"remove","name":"broker"}', 'something else was asked');
      await admin.get('feed-remove').waitFor({ state: 'detached' });
      await admin.page.keyboard.press('Escape');
    }],
    ['a request that no clause allows: the nearest clause and the civil way', async () => {
      await tw.get('support-situation').selectOption('armed-attack');
      await tw.get('support-amount').fill('500');
      await tw.text('support-match', texts['zh-Hant']['support.none']);
      await tw.text('support-match', texts['zh-Hant']['support.civil.ship-supplier']);
      await tw.text('support-match', texts['zh-Hant']['support.condition.exclusion']);
      await tw.get('support-send').click();
      const mine = request(tw, texts['zh-Hant']['support.state-word.not-covered']);
      await mine.waitFor();
      const there = request(chief, texts.ja['support.state-word.not-covered']);
      await there.waitFor();
      check((await there.getByTestId(/^approve-/).count()) === 0, 'what no clause allows is offered for approval');
      await tw.shot('panel-support-tw');
    }],
    ['an own-activity notice is made, and one that overlaps alarms at both', async () => {
      await tab(tw, 'activity');
      await tw.get('activity-corners').fill('24 36.0, 123 48.0');
      await tw.get('activity-send').click();
      await tw.text('notice', texts['zh-Hant']['errors.bad-area']);
      await tw.get('activity-radius').fill('5');
      await tw.get('activity-from').fill('28/08/2023 04:00');
      await tw.get('activity-send').click();
      await tw.text('notice', texts['zh-Hant']['errors.bad-time']);
      await tw.get('activity-from').fill('2023-08-28 04:00Z');
      await tw.get('activity-base').fill('5000');
      await tw.get('activity-top').fill('6000');
      await tw.get('activity-send').click();
      await tw.attr('notice-TW-1', 'data-state', 'planned');
      check((await tw.get('overlap').count()) === 0, 'two notices at different heights overlap');
      await tw.get('amend-TW-1').click();
      await tw.get('activity-base').fill('2000');
      await tw.get('activity-top').fill('4000');
      await tw.get('activity-send').click();
      await tw.text('overlap', 'JP-1 × TW-1');
      await tw.text('overlap', '020–030');
      await tab(jp, 'activity');
      await jp.text('overlap', texts.ja['activity.flight-safety']);
      for (const [d, l] of [[tw, 'zh-Hant'], [jp, 'ja']]) await d.text('incidents', texts[l]['alarm-rule.activity-overlap']);
      await tw.text('notice-JP-1', texts['zh-Hant']['activity.mismatch.count']);
      await tw.shot('panel-activity-tw');
      await tw.get('working-TW-1').click();
      await tw.get('clear-TW-1').click();
      await tw.attr('notice-TW-1', 'data-state', 'clear');
      await tw.get('overlap').waitFor({ state: 'detached' });
    }],
    ['a search area is stated, and the partner sees it', async () => {
      await tw.get('search').locator('summary').click();
      await tw.get('search-datum').fill('24 09.4, 122 37.3');
      await tw.get('search-set').fill('45');
      await tw.get('search-rate').fill('1.2');
      await tw.get('search-send').click();
      await tw.text('search-7-tw', '045° 1.20 kt');
      await jp.attr('search-3-tw', 'data-state', 'active');
    }],
    ['a supervisor declares the plan; what differs is shown part by part', async () => {
      const s = await open('tw', 'supervisor', 'en');
      world.plans.intents.tw.timers.t1 = '5m0s';
      await tab(s, 'plan');
      await s.get('plan-declare-jp').click();
      await s.text('plan-state-jp', texts.en['plan-state.mismatch']);
      await s.text('plan-differ-jp', `differ: ${texts.en['plan-part.timers']}`);
      await s.text('plan-part-timers', `≠ ${texts.en['plan-mark.different']}`);
      await s.text('plan-part-sectors', `＝ ${texts.en['plan-mark.equal']}`);
      await s.attr('plan-row-timers-t1', 'data-equal', 'false');
      await s.text('plan-row-timers-t1', '5m0s');
      await s.attr('plan-row-timers-t2', 'data-equal', 'true');
      await s.attr('plan-row-sectors-gap_c', 'data-equal', 'true');
      await s.text('incidents', texts.en['alarm-rule.plan-mismatch']);
      await s.shot('panel-plan-tw');
      world.plans.intents.tw.timers.t1 = '3m0s';
      await s.page.locator('[data-testid="plan-declare-jp"]:not([aria-disabled])').click();
      await s.text('plan-state-jp', texts.en['plan-state.in-force']);
      await s.get('plan-end-jp').click();
      await s.text('notice', texts.en['plan.end-sure']);
      await s.get('plan-end-jp').click();
      await s.text('plan-state-jp', texts.en['plan-state.ended']);
    }],
    ['a supervisor recalls records: receipts missing while the line is down, then the receipt', async () => {
      const s = desks['tw-supervisor'];
      world.link = { state: 'down', since: new Date(world.now).toISOString() };
      await tab(s, 'recall');
      const row = (what) => s.page.locator('[data-testid="peer-view"] tr').filter({ hasText: what });
      await row('lead dialogue 7').getByRole('checkbox').check();
      await row('incident 7').getByRole('checkbox').check();
      await s.get('recall-act').click();
      await s.text('notice', texts.en['errors.text-missing']);
      await s.get('recall-reason').fill('other aircraft');
      await s.get('recall-act').click();
      await s.text('recall-act', texts.en['recall.again']);
      await s.text('recall-act', /^\s*Recall\s*$/); // it does not stay armed
      check(s.commands.every((c) => c.verb !== 'recall'), 'one click was enough');
      await s.twice('recall-act');
      await s.text('recall-1', '1 receipts missing');
      world.link = { state: 'up', since: new Date(world.now).toISOString() };
      await s.text('recall-1', 'receipt: 1 gone, 1 sealed, 0 not held');
      await row('lead dialogue 7').filter({ hasText: texts.en['recall.state-word.kept'] }).filter({ hasText: texts.en['recall.why.accept'] }).waitFor();
      await s.text('recall-honest', 'does not reach photographs');
      await s.shot('panel-recall-tw');
    }],
    ['a changed policy is run dry, and a second person activates it', async () => {
      const s = desks['tw-supervisor'];
      await tab(s, 'policy');
      await s.get('policy-load').click();
      await s.page.waitForFunction(() => document.querySelector('[data-testid="policy-text"]').value !== '');
      await s.get('policy-dry-text').click();
      await s.text('dry-run', texts.en['policy.no-difference']);
      await s.get('policy-text').fill(`${await s.get('policy-text').inputValue()}\n# coarser\n`);
      await s.get('policy-dry-text').click();
      await s.text('dry-run', `＋ ${texts.en['policy.only-changed']}`);
      await s.text('dry-run', `－ ${texts.en['policy.only-present']}`);
      check((await s.get('dry-run').locator('tbody').first().locator('tr').count()) === 2, 'a sum is missing');
      await s.text('dry-run', 'about 60 km NW of Yonaguni-jima');
      await s.shot('panel-policy-tw');
      await s.get('policy-reason').fill('coarser');
      await s.get('policy-propose').click();
      await s.get('policy-activate').click();
      await s.get('policy-activate').click();
      await s.text('notice', texts.en['errors.second-person']);
      world.act('tw', 'second', { verb: 'policy-activate', policy: { id: world.policies.of.tw.proposal.id } });
      await s.text('policy-version', /^4 /);
    }],
    ['a place told by a named place is shown in its words, and claims no more', async () => {
      const s = desks['tw-supervisor'];
      await s.page.locator('[data-testid="track-row"]').filter({ hasText: 'JP·' }).first().click();
      await s.text('card-exactness-jp', 'about 130 km SE of Yonaguni-jima');
      check(!(await s.get('card-exactness-jp').textContent()).includes('±'), 'half a grid stands beside the words');
      await s.page.evaluate(() => window.__kuro.select(417));
      await s.text('card-exactness-jp', '±5 km');
    }],
    ['what leaves once a day says when the day ends', async () => {
      const s = desks['tw-supervisor'];
      await s.text('release-midnight-cell', texts.en['release.midnight']);
      check((await s.get('release-midnight-jp').count()) === 0, 'a slot of seconds ends at midnight');
    }],
    ["a partner's label that has no equivalent here says so", async () => {
      await jp.page.evaluate(() => window.__kuro.select(92));
      await jp.text('card-report-tw', `≟ 部外秘 (${texts.ja['label.unknown']})`);
      world.handlings.tw = {};
      await jp.text('card-report-tw', `[TW RESTRICTED-EX] ${texts.ja['label.no-equivalent']}`);
      await jp.text('part-label-tw', texts.ja['label.no-equivalent']);
    }],
    ['a call for people in danger that waits for a full outbox says so, and to pass it by voice', async () => {
      world.outboxFull = true;
      await tw.get('link-held-jp').waitFor();
      await tw.get('distress').click();
      await tw.text('distress-full', '發件匣已滿');
      await tw.get('distress-lat').fill('24 09.4');
      await tw.get('distress-lon').fill('122 37.3');
      await tw.get('distress-nature').fill('fishing boat, flooding');
      await tw.get('dialog-distress-submit').click();
      await tw.text('notice', texts['zh-Hant']['distress.waits'].replace('{party}', 'JP'));
      await tw.page.keyboard.press('Escape');
      await tw.text('link-held-jp', texts['zh-Hant']['distress.held']);
      world.storeProblem = 'outbox-full';
      await tw.text('store-problem', texts['zh-Hant']['store.outbox-full']);
      world.storeProblem = undefined;
      world.outboxFull = false;
      await tw.get('link-held-jp').waitFor({ state: 'detached' });
    }],
    ['what a person may not do is greyed or not there, with the reason', async () => {
      const v = await open('tw', 'viewer', 'en');
      const greyed = {
        messages: ['message-send', 'hotline-start'], plan: ['plan-declare-jp'], activity: ['activity-send', 'search-send', 'aside-JP-1'], support: ['support-send', 'approve-1', 'decline-1'],
        recall: ['recall-act'],
      };
      for (const [id, buttons] of Object.entries(greyed)) {
        await tab(v, id);
        if (id === 'activity') await v.get('search').locator('summary').click();
        for (const b of buttons) {
          await v.get(b).waitFor();
          check((await v.get(b).getAttribute('aria-disabled')) === 'true', `${b} is not greyed`);
          check((await v.get(b).getAttribute('title')) === texts.en['why.role'], `${b} gives no reason`);
        }
      }
      await tab(v, 'policy');
      await v.get('policy-version').waitFor();
      check((await v.get('policy-text').count()) === 0, 'a viewer is offered the text of the policy');
      await tab(v, 'messages');
      await v.get('message-text').fill('no');
      await v.get('message-send').click({ force: true });
      await v.text('notice', texts.en['why.role']);
      check(v.commands.length === 0, 'a command was sent');
      await tab(tw, 'recall');
      check((await tw.get('recall-act').getAttribute('aria-disabled')) === 'true', 'an officer is offered a recall');
    }],
    ['in every language, at every size, nothing is cut and nothing is a bare code', async () => {
      const s = desks['tw-supervisor'];
      const bad = [];
      for (const lang of LANGS) {
        await s.setLang(lang);
        for (const id of PANELS) {
          await tab(s, id);
          await s.page.locator(`[data-testid="tab-${id}"][aria-selected="true"]`).waitFor();
          for (const [width, height] of SIZES) {
            await s.page.setViewportSize({ width, height });
            for (const e of await cut(s)) bad.push(`${id}, ${lang}, ${width} px: cut: ${e}`);
            await s.shot(`${id}-${lang}-${width}`);
          }
          for (const w of await raw(s, lang)) bad.push(`${id}, ${lang}: bare code: ${w}`);
        }
      }
      check(bad.length === 0, [...new Set(bad)].join('\n'));
    }],
    ['nothing left this machine, the pages had no fault, and all was in the node\'s shapes', async () => {
      for (const [who, d] of Object.entries(desks)) d.clean(who);
      check(world.faults.length === 0, world.faults.join('; '));
    }],
  ];
  await run('the panels of two made-up watch floors', desks, steps);
}
