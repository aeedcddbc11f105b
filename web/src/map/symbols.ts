// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// APP-6 symbols as bitmaps, kept by code and theme.

import { app6d, ms, numberair, numbersea } from 'milsymbol-parts';
import type { Theme } from '../lib/words';

export interface Bitmap {
  image: HTMLCanvasElement;
  /** Size and anchor in CSS pixels. */
  w: number;
  h: number;
  ax: number;
  ay: number;
}

interface Fills {
  Civilian: string;
  Friend: string;
  Neutral: string;
  Unknown: string;
  Suspect: string;
}

// Red is the alarm's alone; the frame's shape tells the identity, the fill only
// helps. Suspect is amber.
const fills: Record<Theme, Fills> = {
  day: { Civilian: '#a8e6a3', Friend: '#80e0ff', Neutral: '#a8e6a3', Unknown: '#ffff80', Suspect: '#ffb347' },
  watch: { Civilian: '#a8e6a3', Friend: '#80e0ff', Neutral: '#a8e6a3', Unknown: '#ffff80', Suspect: '#ffb347' },
  dusk: { Civilian: '#5f9a5e', Friend: '#4a9ab5', Neutral: '#5f9a5e', Unknown: '#b3ad4e', Suspect: '#b87b2c' },
  night: { Civilian: '#2f5a2c', Friend: '#1f5a6e', Neutral: '#2f5a2c', Unknown: '#8a8128', Suspect: '#8a5310' },
};

const outline: Record<Theme, string> = { day: '#dbe7ee', watch: '#0e1a24', dusk: '#0a1218', night: '#000000' };

let ready = false;
const cache = new Map<string, Bitmap>();

/** symbol returns the bitmap of an APP-6 code. */
export function symbol(code: string, theme: Theme, ratio: number, size = 20): Bitmap {
  const key = `${code}|${theme}|${ratio}|${size}`;
  const kept = cache.get(key);
  if (kept) return kept;
  if (!ready) {
    ms.addIcons(app6d);
    ms.addIcons(numberair);
    ms.addIcons(numbersea);
    ms.setStandard('APP6');
    ready = true;
  }
  const f = fills[theme];
  const s = new ms.Symbol(code, {
    size,
    civilianColor: false,
    colorMode: { ...f, Hostile: f.Suspect }, // the library fills a suspect by this name
    outlineColor: outline[theme],
    outlineWidth: 6,
    strokeWidth: 5,
    infoFields: false,
  });
  const image = s.asCanvas(ratio);
  const anchor = s.getAnchor();
  const b: Bitmap = { image, w: image.width / ratio, h: image.height / ratio, ax: anchor.x, ay: anchor.y };
  cache.set(key, b);
  return b;
}
