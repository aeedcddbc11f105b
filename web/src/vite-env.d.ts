// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

/// <reference types="vite/client" />

declare module 'milsymbol-parts' {
  export interface MilSymbol {
    asCanvas(ratio?: number): HTMLCanvasElement;
    getAnchor(): { x: number; y: number };
    getSize(): { width: number; height: number };
    isValid(): boolean;
  }
  export const ms: {
    addIcons(part: unknown): void;
    setStandard(name: 'APP6' | '2525'): boolean;
    Symbol: new (sidc: string, options: Record<string, unknown>) => MilSymbol;
  };
  export const app6d: unknown;
  export const numberair: unknown;
  export const numbersea: unknown;
}
