// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

// Svelte drops the blank at the edge of a block: "planned{#if x} · EXERCISE{/if}"
// is shown as "planned· EXERCISE". Such a blank is written {' · '}.
it('no inline block begins or ends with a bare blank', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.svelte'));
  expect(files.length).toBeGreaterThan(30);
  const bad = files.flatMap((f) => {
    const lines = readFileSync(`src/${f}`, 'utf8').split('\n');
    return lines.filter((l) => /\S\{(?:#if|:else if|#each|:else)\b(?:[^{}]|\{[^{}]*\})*\} \S/.test(l) || /\S \{(?:\/if|:else|\/each)\b/.test(l)).map((l) => `${f}: ${l.trim()}`);
  });
  expect(bad).toEqual([]);
});
