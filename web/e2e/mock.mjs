// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the browser tests on the made-up world of dev/, so that what is in dist
// is tested without a node. The same story runs on real nodes from the Go side.

import { existsSync } from 'node:fs';
import { serve } from '../dev/server.mjs';
import { World } from '../dev/world.mjs';
import { consoles } from './console.mjs';
import { check } from './lib.mjs';
import { panels } from './panels.mjs';
import { story } from './story.mjs';

const chromium = process.env.CHROMIUM || '/usr/bin/chromium';
if (process.env.KUROSHIO_NO_BROWSER) {
  console.log('browser tests skipped: KUROSHIO_NO_BROWSER is set');
} else if (!existsSync(chromium)) {
  console.log(`browser tests skipped: no ${chromium}; set CHROMIUM`);
} else {
  const world = new World({});
  const [tw, jp] = [await serve(world, 'tw'), await serve(world, 'jp')];
  try {
    await story({ tw, jp });
    check(world.faults.length === 0, `not in the node's shapes: ${world.faults.join('; ')}`);
  } finally {
    tw.close();
    jp.close();
  }
  await panels();
  await consoles();
}
