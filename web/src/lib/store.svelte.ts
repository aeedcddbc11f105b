// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The console's state. The picture is the node's; here is only what this desk
// looks at: selection, filter, language, brightness, the partner's view.

import { ApiError, command, get, post } from './api';
import { setLang, t, word } from './i18n.svelte';
import { NO_FILTER, normalise, ownKey, passes, rows, type Filter } from './picture';
import { openStream } from './stream';
import type { Command, Info, Lang, Me, PartnerPicture, RuleItem, View, Zones } from './types';
import { THEMES, type Theme } from './words';

export const STALE_AFTER_MS = 5000;
const PARTNER_IDLE_MS = 60_000;
const PARTNER_EVERY_MS = 2000;
const NOTICE_MS = 8000;
const ACK_UNSURE_MS = 2000;

export type DialogName =
  | 'help' | 'health' | 'records' | 'users' | 'feeds' | 'identify' | 'open' | 'propose' | 'counter' | 'voice' | 'reject' | 'accept' | 'close' | 'merge' | 'split'
  | 'strike' | 'distress';

export interface Dialog {
  name: DialogName;
  incident?: number;
  track?: number;
  entry?: number;
}

class Console {
  info = $state.raw<Info | null>(null);
  me = $state.raw<Me | null>(null);
  checked = $state(false);

  view = $state.raw<View | null>(null);
  zones = $state.raw<Zones>({ version: '', zones: [], places: [], sectors: {} });
  rules = $state.raw<RuleItem[]>([]);
  land = $state.raw<object | null>(null);

  connected = $state(false);
  lastFrame = $state(0); // performance.now() of the last view
  lastFrameZulu = $state(0); // the node's time in it
  tick = $state(0); // performance.now(), once a second

  selected = $state('');
  cursor = $state('');
  openIncident = $state(0);
  panel = $state('log'); // the tab of the row under the map
  filter = $state<Filter>({ ...NO_FILTER });
  theme = $state<Theme>('watch');
  labels = $state(true);
  trails = $state(true);

  dialog = $state<Dialog | null>(null);
  pending = $state<Record<string, boolean>>({});
  notice = $state<{ text: string; bad: boolean; n: number } | null>(null);

  partnerOf = $state(''); // whose view is on; '' is the own picture
  partnerView = $state.raw<PartnerPicture | null>(null);
  centreOn = $state<{ key: string; n: number } | null>(null);
  stopArmed = $state('');

  allRows = $derived(this.view ? rows(this.view) : []);
  shownRows = $derived(this.allRows.filter((r) => passes(r, this.filter, this.selected)));
  hidden = $derived(this.allRows.length - this.shownRows.length);
  now = $derived(this.view ? Date.parse(this.view.now) : 0);
  stale = $derived(this.lastFrame > 0 && this.tick - this.lastFrame > STALE_AFTER_MS);
  exercise = $derived(this.view?.exercise ?? this.info?.exercise ?? false);
  selectedRow = $derived(this.allRows.find((r) => r.key === this.selected || r.reports.some((p) => `p${p.party}/${p.object}` === this.selected)));

  #closeStream: (() => void) | undefined;
  #ticker = 0;
  #partnerTimer = 0;
  #noticeTimer = 0;
  #notices = 0;
  #armTimer = 0;
  #lastTouch = 0;

  /** start asks who we are; the page before the login needs no more. */
  async start(): Promise<void> {
    this.setTheme(this.#remembered());
    try {
      this.info = await get<Info>('/api/info');
    } catch {
      // the login says so when it is tried
    }
    setLang(this.#firstLang());
    try {
      await this.#enter(await get<Me>('/api/me'));
    } catch {
      // not logged in
    }
    this.checked = true;
  }

  async login(name: string, password: string): Promise<void> {
    await this.#enter(await post<Me>('/api/login', { name, password }));
  }

  async logout(): Promise<void> {
    this.#leave();
    await post('/api/logout').catch(() => undefined);
  }

  async #enter(me: Me): Promise<void> {
    this.me = me;
    this.lastFrame = this.tick = performance.now(); // no view within the limit is stale as well
    this.lastFrameZulu = 0;
    if (me.lang) setLang(me.lang);
    this.#ticker = window.setInterval(() => this.#second(), 1000);
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.#closeStream = openStream(`${scheme}://${location.host}/api/stream`, {
      view: (v) => this.take(v),
      state: (up) => {
        this.connected = up;
        if (!up) void this.#stillIn();
      },
    });
    const [zones, rules, land] = await Promise.allSettled([get<Zones>('/api/zones'), get<RuleItem[]>('/api/rules'), get<object>('/api/land')]);
    if (zones.status === 'fulfilled') {
      this.zones = { version: zones.value.version, zones: zones.value.zones ?? [], places: zones.value.places ?? [], sectors: zones.value.sectors ?? {} };
    }
    if (rules.status === 'fulfilled') this.rules = rules.value ?? [];
    if (land.status === 'fulfilled') this.land = land.value;
  }

  /** take is the one way in for a view: the newest wins. */
  take(v: View): void {
    this.view = normalise(v);
    this.lastFrame = this.tick = performance.now();
    this.lastFrameZulu = Date.parse(v.now);
  }

  #leave(): void {
    this.#closeStream?.();
    this.#closeStream = undefined;
    window.clearInterval(this.#ticker);
    this.closePartnerView();
    this.me = null;
    this.view = null;
    this.dialog = null;
    this.lastFrame = 0;
    this.selected = this.cursor = '';
    document.title = 'Kuroshio';
  }

  async #stillIn(): Promise<void> {
    try {
      await get<Me>('/api/me');
    } catch (err) {
      if (err instanceof ApiError && err.code === 'unauthenticated') this.#leave();
    }
  }

  #second(): void {
    this.tick = performance.now();
    const node = (this.info?.party ?? '').toUpperCase();
    document.title = (this.stale ? `⚠ ${t('stale.title')} · ` : '') + `${node} ${t('app.title')}`;
    if (this.partnerOf && this.tick - this.#lastTouch > PARTNER_IDLE_MS) this.closePartnerView();
  }

  /** touched notes that a person is at the desk. */
  touched(): void {
    this.#lastTouch = performance.now();
  }

  #remembered(): Theme {
    const kept = localStorage.getItem('kuroshio.theme');
    return THEMES.find((x) => x === kept) ?? 'watch';
  }

  #firstLang(): Lang {
    const offered = this.info?.languages ?? ['en'];
    const wished = [localStorage.getItem('kuroshio.lang') ?? '', ...navigator.languages];
    for (const w of wished) {
      const short = w.startsWith('zh') ? 'zh-Hant' : w.split('-')[0];
      const hit = offered.find((l) => l === w || l === short);
      if (hit) return hit;
    }
    return offered[0] ?? 'en';
  }

  async chooseLang(lang: Lang): Promise<void> {
    setLang(lang);
    localStorage.setItem('kuroshio.lang', lang);
    if (this.me) await post('/api/lang', { lang }).catch(() => undefined);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
    localStorage.setItem('kuroshio.theme', theme);
  }

  nextTheme(): void {
    this.setTheme(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? 'watch');
  }

  select(key: string): void {
    this.selected = this.cursor = key;
    const n = this.allRows.find((r) => r.key === key)?.incident?.n;
    if (n) this.openIncident = n;
  }

  selectTrack(n: number): void {
    this.select(ownKey(n));
  }

  centre(key: string): void {
    this.centreOn = { key, n: (this.centreOn?.n ?? 0) + 1 };
  }

  showAll(): void {
    this.filter = { ...NO_FILTER };
  }

  say(text: string, bad = false): void {
    this.notice = { text, bad, n: ++this.#notices };
    window.clearTimeout(this.#noticeTimer);
    this.#noticeTimer = window.setTimeout(() => (this.notice = null), NOTICE_MS);
  }

  sayError(err: unknown): void {
    const e = err instanceof ApiError ? err : new ApiError('bad-answer', 0);
    const text = word('errors', e.code).replace(/\{(\w+)\}/g, (_, k: string) => String(e.params[k] ?? ''));
    this.say(text === e.code ? t('errors.bad-answer') : text, true);
    if (e.code === 'unauthenticated') this.#leave();
  }

  /**
   * act sends a command and waits for the node. Nothing on the screen changes
   * before the node's next view says so. key is the button that waits.
   */
  async act(c: Command, key: string = c.verb): Promise<boolean> {
    if (this.pending[key]) return false;
    this.pending[key] = true;
    const unsure = () => this.say(t('ack.unsure'), true);
    const late = c.verb === 'acknowledge' ? window.setTimeout(unsure, ACK_UNSURE_MS) : 0;
    try {
      await command(c);
      return true;
    } catch (err) {
      const silent = err instanceof ApiError && (err.code === 'timeout' || err.code === 'no-answer');
      if (c.verb === 'acknowledge' && silent) unsure();
      else this.sayError(err);
      return false;
    } finally {
      window.clearTimeout(late);
      delete this.pending[key];
    }
  }

  /** openPartnerView shows what the party holds from us, as the node's release engine says. */
  openPartnerView(party: string): void {
    this.partnerOf = party;
    this.partnerView = null;
    this.touched();
    void this.#fetchPartner(party);
    window.clearInterval(this.#partnerTimer);
    this.#partnerTimer = window.setInterval(() => void this.#fetchPartner(party), PARTNER_EVERY_MS);
  }

  closePartnerView(): void {
    window.clearInterval(this.#partnerTimer);
    this.partnerOf = '';
    this.partnerView = null;
  }

  async #fetchPartner(party: string): Promise<void> {
    try {
      const p = await get<PartnerPicture>(`/api/partner-view?party=${encodeURIComponent(party)}`);
      if (this.partnerOf === party) this.partnerView = { ...p, records: p.records ?? [] };
    } catch (err) {
      if (this.partnerOf !== party) return;
      this.closePartnerView();
      this.sayError(err);
    }
  }

  /** stopAll is stopRelease for every partner at once. */
  async stopAll(): Promise<void> {
    window.clearTimeout(this.#armTimer);
    if (this.stopArmed !== '*') {
      this.stopArmed = '*';
      this.#armTimer = window.setTimeout(() => (this.stopArmed = ''), 3000);
      return;
    }
    this.stopArmed = '';
    if (await this.act({ verb: 'stop-all' }, 'stop-all')) this.say(t('stop-all.done'));
  }

  /** stopRelease arms on the first call and stops on the second within three seconds. */
  async stopRelease(party: string): Promise<void> {
    window.clearTimeout(this.#armTimer);
    if (this.stopArmed !== party) {
      this.stopArmed = party;
      this.#armTimer = window.setTimeout(() => (this.stopArmed = ''), 3000);
      return;
    }
    this.stopArmed = '';
    if (await this.act({ verb: 'stop', partner: party }, `stop:${party}`)) this.say(t('stop.done', { party: party.toUpperCase() }));
  }
}

export const app = new Console();
