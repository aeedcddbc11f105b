// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { Lang } from '../lib/types';
import type { Theme } from '../lib/words';

/** Palette is the tokens that a canvas needs, read from the style sheet. */
export interface Palette {
  theme: Theme;
  sea: string;
  land: string;
  coast: string;
  text1: string;
  text2: string;
  text3: string;
  accent: string;
  alarm: string;
  warn: string;
  caution: string;
  partner: string;
  trail: string;
  zone: string;
  mono: string;
  sans: string;
}

// A canvas has no language: the face of unified ideographs is named.
const cjk: Record<Lang, string> = {
  'zh-Hant': '"Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei"',
  ja: '"Noto Sans JP", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic"',
  en: '"Noto Sans CJK TC", "Noto Sans TC"',
};

/** palette reads the theme that is on. */
export function palette(theme: Theme, lang: Lang): Palette {
  const css = getComputedStyle(document.documentElement);
  const v = (name: string) => css.getPropertyValue(name).trim();
  return {
    theme, sea: v('--sea'), land: v('--land'), coast: v('--coast'), text1: v('--t1'), text2: v('--t2'), text3: v('--t3'),
    accent: v('--accent'), alarm: v('--alarm'), warn: v('--warn'), caution: v('--caution'), partner: v('--partner'),
    trail: v('--trail'), zone: v('--zone'),
    mono: `"B612 Mono", "DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace, ${cjk[lang]}`,
    sans: `system-ui, "Segoe UI", "Noto Sans", ${cjk[lang]}, sans-serif`,
  };
}
