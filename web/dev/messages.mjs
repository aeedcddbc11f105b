// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// What the two made-up watch floors say to each other: threads, phrasebook, and
// the test of the line. Each side has its own copy under its own number.

const LANGS = ['en', 'ja', 'zh-Hant'];
const GROUPS = ['contact', 'request', 'answer', 'lead', 'activity', 'rescue', 'safety', 'drill', 'correction', 'stop'];
const DESKS = ['watch', 'air', 'sea', 'rescue', 'supervisor'];
const MEASURES = { distance: ['nm', 'km', 'm'], height: ['ft', 'm'], speed: ['kt'], duration: ['min', 'h'] };
const MINUTE = 60e9;
const HANDLINGS = [
  { word: 'routine', domain: '', priority: 3, alarm_after: 360 * MINUTE, repeat: 0, unread_after: 360 * MINUTE },
  { word: 'priority', domain: 'air', priority: 3, alarm_after: 15 * MINUTE, repeat: 30 * MINUTE, unread_after: 180 * MINUTE },
  { word: 'safety', domain: 'sea', priority: 2, alarm_after: 5 * MINUTE, repeat: 15 * MINUTE, unread_after: 30 * MINUTE },
  { word: 'immediate', domain: 'air', priority: 2, alarm_after: 0, repeat: 5 * MINUTE, unread_after: 30 * MINUTE },
  { word: 'urgency', domain: 'sea', priority: 1, alarm_after: 0, repeat: 3 * MINUTE, unread_after: 10 * MINUTE },
  { word: 'flash', domain: 'air', priority: 1, alarm_after: 0, repeat: MINUTE, unread_after: 10 * MINUTE },
  { word: 'distress', domain: 'sea', priority: 1, alarm_after: 0, repeat: MINUTE, unread_after: 4 * MINUTE },
];

/** phrasebookOf turns the pack's file into what /api/phrasebook answers. */
export function phrasebookOf(file) {
  const phrases = file.phrase.map((p) => ({
    code: p.code, group: p.group, texts: Object.fromEntries(LANGS.map((l) => [l, p[l]])), no_duff: p.no_duff, resumes: p.resumes,
    params: Object.entries(p.params ?? {}).map(([name, type]) => ({ name, type, measures: MEASURES[type] })),
  }));
  return { edition: file.edition, groups: GROUPS, phrases: phrases.sort((a, b) => a.code.localeCompare(b.code)), handlings: HANDLINGS, desks: DESKS };
}

export class Messages {
  constructor(world, book) {
    this.world = world;
    this.book = book;
    this.rev = 1;
    this.lists = { tw: [], jp: [] };
    this.lines = { tw: { since: world.iso(-3_600_000), tested: world.iso(-1_500_000), measured: world.iso(-1_500_000), rtt_ms: 21, offset_ms: -4 }, jp: { since: world.iso(-3_600_000), tested: world.iso(-1_500_000), measured: world.iso(-1_500_000), rtt_ms: 22, offset_ms: 4 } };
    this.verbs = {
      message: this.send, 'message-read': this.read, hotline: this.ask, 'hotline-acknowledge': this.acknowledge,
    };
    const say = (p, who, text, message, more) => this.send(p, who, { text, message: { precedence: 'routine', ...message }, ...more });
    say('jp', 'sato', 'こちらの当直は通常どおり。', {}, {});
    say('tw', 'wang', undefined, { code: '102', params: [{ name: 'object', track: 417 }] }, { incident: 7 });
    say('jp', 'sato', undefined, { precedence: 'immediate', code: '104', params: [{ name: 'object', track: 92 }, { name: 'at', time: world.iso(-60_000) }] }, { incident: 3 });
    this.step();
    this.read('tw', 'wang', { desk: 'watch', message: { number: 1 } });
  }

  /** step lets the line carry what waits. */
  step() {
    if (this.world.link.state !== 'up') return;
    for (const [p, list] of Object.entries(this.lists)) {
      for (const m of list.filter((x) => x.ours && (x.state === 'queued' || x.state === 'sent'))) {
        if (m.state === 'sent') this.deliver(p, m);
        this.move(m, m.state === 'queued' ? 'sent' : 'received');
      }
    }
    for (const line of Object.values(this.lines)) if (line.answering) this.answer(line);
  }

  move(m, state, more = {}) {
    Object.assign(m, { state, state_at: this.world.iso(), ...more });
    this.rev++;
  }

  deliver(p, m) {
    const q = p === 'tw' ? 'jp' : 'tw';
    const theirs = this.add(q, { ...m, party: p, ours: undefined, by: undefined, state: 'received', incident: m.incident && this.world.incidentOf(q) });
    theirs.twin = m.n;
    m.twin = theirs.n;
    for (const key of ['answers', 'corrects']) if (m[key]) theirs[key] = this.lists[p].find((x) => x.n === m[key])?.twin;
    const wrong = theirs.corrects && this.lists[q].find((x) => x.n === theirs.corrects);
    if (wrong) wrong.corrected = theirs.n;
  }

  add(p, m) {
    const mine = { ...m, n: this.lists[p].length + 1, state_at: this.world.iso() };
    this.lists[p].push(mine);
    this.rev++;
    return mine;
  }

  send(p, who, c) {
    const a = c.message ?? {};
    const phrase = a.code && this.book.phrases.find((x) => x.code === a.code);
    if (a.code && !phrase) return 'no-such-code';
    if (!phrase && !c.text) return 'text-missing';
    if (phrase && phrase.params.some((x) => !a.params?.some((y) => y.name === x.name))) return 'bad-parameter';
    const m = this.add(p, {
      party: p === 'tw' ? 'jp' : 'tw', ours: true, incident: c.incident, exercise: this.world.exercise || undefined, no_duff: a.no_duff, precedence: a.precedence ?? 'routine',
      text: phrase ? undefined : c.text, code: a.code, edition: phrase && this.book.edition, texts: phrase && this.rendered(phrase, a.params ?? []),
      answers: a.answers, corrects: a.corrects, at: this.world.iso(), by: who, state: 'queued',
    });
    const wrong = a.corrects && this.lists[p].find((x) => x.n === a.corrects);
    if (wrong) wrong.corrected = m.n;
    return { message: m.n };
  }

  rendered(phrase, params) {
    const value = (lang, name) => {
      const q = params.find((x) => x.name === name);
      if (q?.place) return this.world.placeName(q.place, lang);
      if (q?.lat !== undefined) return `${q.lat.toFixed(2)}N ${q.lon.toFixed(2)}E`;
      if (q?.track !== undefined) return `T${String(q.track).padStart(4, '0')}`;
      if (q?.time) return `${q.time.slice(0, 10)} ${q.time.slice(11, 16)}Z`;
      return String(q?.number ?? q?.unit ?? q?.frequency_khz ?? q?.bearing_deg ?? q?.object ?? '') + (q?.measure ? ` ${q.measure}` : '');
    };
    return Object.fromEntries(LANGS.map((l) => [l, phrase.texts[l].replace(/\{(\w+)\}/g, (_, name) => value(l, name))]));
  }

  read(p, _who, c) {
    const m = this.lists[p].find((x) => x.n === c.message?.number && !x.ours);
    if (!m) return 'no-such-message';
    this.move(m, 'read', { desk: c.desk });
    const sent = this.lists[m.party].find((x) => x.n === m.twin);
    if (sent) this.move(sent, 'read', { desk: c.desk });
    return {};
  }

  ask(p) {
    if (this.lines[p].asked) return 'test-open';
    Object.assign(this.lines[p], { asked: this.world.iso(), overdue: undefined });
    this.lines[p === 'tw' ? 'jp' : 'tw'].waits = this.world.iso();
    return {};
  }

  acknowledge(p) {
    if (!this.lines[p].waits) return 'no-test';
    for (const line of Object.values(this.lines)) line.answering = true;
    return {};
  }

  answer(line) {
    delete line.answering;
    Object.assign(line, { asked: undefined, waits: undefined, overdue: undefined, tested: this.world.iso(), measured: this.world.iso() });
  }

  list(p) {
    return this.lists[p].map(({ twin: _, ...m }) => m);
  }

  view(p) {
    const unread = this.lists[p].filter((m) => !m.ours && m.state !== 'read');
    const { answering: _, ...line } = this.lines[p];
    const urgent = unread.filter((m) => m.precedence !== 'routine').length;
    return {
      rev: this.rev, edition: this.book.edition,
      partners: [{ party: p === 'tw' ? 'jp' : 'tw', unread: unread.length, urgent: urgent || undefined, line }],
    };
  }
}
