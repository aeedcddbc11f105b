// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the browser tests share. Nothing here sleeps: everything waits for a
// condition.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const LIMIT_MS = Number(process.env.KUROSHIO_E2E_LIMIT_MS ?? 120_000);
const shots = process.env.KUROSHIO_SHOTS ?? '';

/** launch starts the browser that the machine has. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
  });
}

export function check(ok, what) {
  if (!ok) throw new Error(what);
}

/** Desk is one person at one console, in a browser of their own. */
export class Desk {
  static async open(browser, url, options = {}) {
    const desk = new Desk();
    desk.url = url;
    desk.outside = [];
    desk.problems = [];
    desk.commands = [];
    desk.refused = []; // for the reader of a failure
    desk.context = await browser.newContext({ viewport: { width: 1680, height: 1000 }, ...options });
    await desk.context.route('**/*', (route) => {
      const host = new URL(route.request().url()).hostname;
      if (host === '127.0.0.1') return route.continue();
      desk.outside.push(route.request().url());
      return route.abort();
    });
    desk.page = await desk.context.newPage();
    desk.page.setDefaultTimeout(LIMIT_MS);
    desk.page.on('pageerror', (e) => desk.problems.push(`page error: ${e.message}`));
    desk.page.on('console', (m) => {
      // A refused call is logged by the browser; anything else is a fault.
      if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) desk.problems.push(m.text());
    });
    desk.page.on('request', (r) => {
      if (r.url().endsWith('/api/command')) desk.commands.push(r.postDataJSON());
    });
    desk.page.on('response', async (r) => {
      if (r.url().includes('/api/') && !r.ok()) desk.refused.push(`${r.status()} ${new URL(r.url()).pathname} ${await r.text().catch(() => '')}`);
    });
    desk.page.on('websocket', (w) => {
      if (new URL(w.url()).hostname !== '127.0.0.1') desk.outside.push(w.url());
    });
    await desk.page.goto(url);
    return desk;
  }

  get(id) {
    return this.page.getByTestId(id);
  }

  async login({ name, password }, lang) {
    await this.get('login-name').fill(name);
    await this.get('login-password').fill(password);
    await this.get('login-submit').click();
    await this.get('console').waitFor();
    if (lang) await this.setLang(lang);
    await this.page.waitForFunction(() => (window.__kuro?.seq() ?? 0) > 0);
    this.name = name;
  }

  async setLang(lang) {
    await this.get('lang').selectOption(lang);
    await this.page.waitForFunction((l) => document.documentElement.lang === l, lang);
  }

  async shot(name) {
    if (!shots) return;
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  /** attr waits until an element has an attribute of that value. */
  async attr(id, name, value) {
    await this.page.locator(`[data-testid="${id}"][${name}="${value}"]`).first().waitFor();
  }

  async text(id, want) {
    await this.get(id).filter({ hasText: want }).first().waitFor();
  }

  /** twice clicks an act that must be confirmed within seconds, however slow the machine. */
  async twice(id) {
    await this.get(id).evaluate(async (e) => {
      e.click();
      await new Promise(requestAnimationFrame);
      e.click();
    });
  }

  /** clean says that nothing left the machine and nothing went wrong in the page. */
  clean(who) {
    check(this.outside.length === 0, `${who}: requests left 127.0.0.1: ${this.outside.join(' ')}`);
    check(this.problems.length === 0, `${who}: ${this.problems.join('; ')}`);
  }
}

/** run goes through the steps of a test and leaves a picture where it failed. */
export async function run(title, desks, steps) {
  console.log(title);
  for (const [name, step] of steps) {
    const from = Date.now();
    try {
      await step();
    } catch (err) {
      console.log(`  FAIL ${name}`);
      for (const [who, d] of Object.entries(desks)) {
        await d?.shot(`failed-${who}`).catch(() => undefined);
        console.log(`       ${who} sent ${JSON.stringify(d?.commands)}, refused ${JSON.stringify(d?.refused)}`);
      }
      throw err;
    }
    console.log(`  ok   ${name} (${Date.now() - from} ms)`);
  }
}
