// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { THEMES } from '../src/lib/words';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');

function tokens(theme: string): Record<string, string> {
  const body = new RegExp(`data-theme='${theme}'\\]\\s*\\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [x = 0, y = 0] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

describe.each(THEMES)('theme %s', (theme) => {
  const t = tokens(theme);
  const text = ['t1', 't2', 't3', 'accent', 'alarm', 'warn', 'caution', 'ok', 'partner'];
  it.each(text)('shows %s readable on each ground (WCAG AA, 4.5:1)', (name) => {
    for (const ground of ['bg0', 'bg1', 'bg2', 'sea']) expect(contrast(t[name]!, t[ground]!), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });
  it('shows filled states readable, and control borders at 3:1', () => {
    expect(contrast(t['on-alarm']!, t['alarm']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(t['on-accent']!, t['accent']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(t['on-partner']!, t['partner']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(t['ctl']!, t['bg1']!)).toBeGreaterThanOrEqual(3);
  });
});

it('gets darker from day to night', () => {
  const white = THEMES.map((x) => luminance(tokens(x)['t1'] ?? '#000000') + luminance(tokens(x)['bg1'] ?? '#000000'));
  for (let i = 1; i < white.length; i++) expect(white[i]!).toBeLessThan(white[i - 1]!);
});
