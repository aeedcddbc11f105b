// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The same sources and lock file give the same bytes in dist: names carry a
// hash of the content, nothing carries a time or a path.
export default defineConfig({
  plugins: [svelte()],
  base: './',
  resolve: {
    // The package exports only the whole library; its parts are a quarter smaller.
    alias: {
      'milsymbol-parts': fileURLToPath(new URL('./node_modules/milsymbol/index.mjs', import.meta.url)),
    },
  },
  build: {
    target: 'es2023',
    outDir: 'dist',
    assetsDir: 'assets',
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    chunkSizeWarningLimit: 1500,
  },
  test: {
    include: ['tests/**/*.test.{ts,mjs}'],
    environment: 'node',
  },
});
