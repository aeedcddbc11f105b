// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import type { PartnerView, TrackView } from './lib/types';
import type { Drawn, NameDrawn } from './map/draw';

declare global {
  interface Window {
    /** What the canvas shows, for tests: it holds nothing that the page doesn't show. */
    __kuro?: {
      tracks(): TrackView[];
      partnerTracks(): PartnerView[];
      drawn(): Drawn[];
      names(): NameDrawn[];
      select(n: number): void;
      seq(): number;
    };
  }
}
