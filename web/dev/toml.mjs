// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Reads as much TOML as the packs of this repository use, so that the made-up
// world speaks their words. Anything else is refused.

/** parse returns the tables of a text as plain objects. */
export function parse(text) {
  const root = {};
  let table = root;
  const source = new Source(text);
  for (;;) {
    source.blank();
    if (source.done()) return root;
    const array = source.take(/\[\[([\w.-]+)\]\]/y);
    const single = array ? undefined : source.take(/\[([\w.-]+)\]/y);
    if (array) table = opened(root, array[1], true);
    else if (single) table = opened(root, single[1], false);
    else source.pair(table);
  }
}

/** opened returns a new table: a further one of an array, or one of its own. */
function opened(root, path, array) {
  const names = path.split('.');
  const last = names.pop();
  let at = root;
  for (const n of names) {
    at[n] ??= {};
    at = Array.isArray(at[n]) ? at[n].at(-1) : at[n];
  }
  if (!array) return (at[last] ??= {});
  (at[last] ??= []).push({});
  return at[last].at(-1);
}

class Source {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  done() {
    return this.at >= this.text.length;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const m = pattern.exec(this.text);
    if (m) this.at = pattern.lastIndex;
    return m;
  }

  blank() {
    this.take(/(?:\s|#[^\n]*)*/y);
  }

  need(pattern, what) {
    const m = this.take(pattern);
    if (!m) throw new Error(`want ${what} at ${JSON.stringify(this.text.slice(this.at, this.at + 30))}`);
    return m;
  }

  pair(table) {
    const key = this.need(/([\w-]+)\s*=\s*/y, 'a key')[1];
    table[key] = this.value();
  }

  value() {
    const text = this.take(/"(?:[^"\\]|\\.)*"/y);
    if (text) return JSON.parse(text[0]);
    if (this.take(/\[/y)) return this.list(/\]/y, [], (l) => l.push(this.value()));
    if (this.take(/\{/y)) return this.list(/\}/y, {}, (o) => this.pair(o));
    const word = this.need(/true|false|[+-]?\d[\d_]*(?:\.\d+)?/y, 'a value')[0];
    return word === 'true' || (word === 'false' ? false : Number(word.replaceAll('_', '')));
  }

  list(end, into, one) {
    for (this.blank(); !this.take(end); this.blank()) {
      one(into);
      this.blank();
      this.take(/,/y);
    }
    return into;
  }
}
