// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The feeds of a made-up node, and what an administrator does with them.

/** Feeds holds what was changed of the feeds of the view. */
export class Feeds {
  paused = new Set();
  added = [];
  /** asked keeps the requests, for the tests; secrets are nowhere else. */
  asked = [];

  list(view) {
    const status = (f, added) => ({
      name: f.name, kind: f.kind, added, paused: this.paused.has(f.name), up: f.up && !this.paused.has(f.name), silent: false, ended: false, last: f.last,
      frames: f.frames, rate: f.up ? 1.5 : 0, ignored: 0, connects: 1, senders: 1, queued: 0, refused: [],
    });
    return [...view.feeds.map((f) => status(f, false)), ...this.added.map((f) => status(f, true))];
  }

  act(view, body) {
    this.asked.push(body);
    const known = this.list(view).some((f) => f.name === body.name);
    if (body.act === 'add' && known) return [409, 'name-taken'];
    if (!known && !body.feed) return [404, 'not-found'];
    if (['secret', 'remove'].includes(body.act) && !this.added.some((f) => f.name === body.name)) return [409, 'feed-configured'];
    if (body.secrets?.cert && !body.secrets.cert.startsWith('-----BEGIN')) return [400, 'bad-request', { key: 'secrets', what: 'no certificate' }];
    if (body.feed?.addr.startsWith('256.')) return [400, 'bad-request', { key: 'addr', what: 'names no host' }];
    if (body.act === 'add') this.added.push({ name: body.name, kind: body.feed.kind, up: true, frames: 0 });
    if (body.act === 'remove') this.added = this.added.filter((f) => f.name !== body.name);
    if (body.act === 'pause') this.paused.add(body.name);
    if (body.act === 'resume') this.paused.delete(body.name);
    if (body.act !== 'test') return {};
    const asterix = body.feed?.kind.startsWith('asterix');
    return { test: {
      up: true, frames: 31, plots: 24, refused: [{ reason: 'asterix-record', item: 'I048/140', count: 2, offset: 88 }],
      ...(asterix ? { editions: [{ cat: 21, ed: '2.4', blocks: 31, read_whole: 30 }] } : {}),
    } };
  }
}
