// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The track layer: draws the view and a margin into its own bitmap when the
// scene changes, and only shifts or scales that bitmap while the map moves.

import Layer from 'ol/layer/Layer';
import type { FrameState } from 'ol/Map';
import { draw, type Drawn, type Frame, type NameDrawn, type Options } from './draw';
import type { Box } from './labels';
import type { Scene } from './scene';

const MARGIN_PX = 256;

export class TrackLayer extends Layer {
  #out = document.createElement('canvas');
  #buffer = document.createElement('canvas');
  #scene: Scene = { marks: [], squares: [], trails: [], partnerView: false };
  #options: Options | undefined;
  #frame: Frame | undefined;
  #dirty = true;
  #drawn: Drawn[] = [];
  #names: NameDrawn[] = [];
  #view: Frame | undefined;

  constructor() {
    super({ zIndex: 20 });
    this.#out.dataset.testid = 'track-canvas';
    // The other layers are positioned, so this one must be too, or it lies below.
    Object.assign(this.#out.style, { position: 'absolute', left: '0', top: '0' });
  }

  show(scene: Scene, options: Options): void {
    this.#scene = scene;
    this.#options = options;
    this.#dirty = true;
    this.changed();
  }

  /** drawn returns what lies inside the visible part, in CSS pixels of the map. */
  drawn(): Drawn[] {
    const v = this.#view;
    const on = this.#shift();
    if (!v || !on) return [];
    return this.#drawn
      .map((d) => ({ ...d, x: on.x(d.x), y: on.y(d.y), label: d.label && on.box(d.label) }))
      .filter((d) => d.x >= 0 && d.y >= 0 && d.x <= v.width && d.y <= v.height);
  }

  /** names returns the names that are drawn, in CSS pixels of the map. */
  names(): NameDrawn[] {
    const on = this.#shift();
    return on ? this.#names.map((n) => ({ ...n, boxes: n.boxes.map(on.box) })) : [];
  }

  /** shift turns pixels of the buffer into those of the view. */
  #shift() {
    const v = this.#view;
    const b = this.#frame;
    if (!v || !b) return undefined;
    const k = b.resolution / v.resolution;
    const dx = v.width / 2 + (b.cx - v.cx) / v.resolution - (b.width / 2) * k;
    const dy = v.height / 2 - (b.cy - v.cy) / v.resolution - (b.height / 2) * k;
    const x = (px: number) => px * k + dx;
    const y = (px: number) => px * k + dy;
    return { x, y, box: (c: Box): Box => ({ x0: x(c.x0), y0: y(c.y0), x1: x(c.x1), y1: y(c.y1) }) };
  }

  /** pick returns the key of the object nearest to the pixel, '' when none is near. */
  pick(x: number, y: number, within = 18): string {
    let best = '';
    let least = within;
    for (const d of this.drawn()) {
      const r = Math.hypot(d.x - x, d.y - y);
      if (r <= least) [best, least] = [d.key, r];
    }
    return best;
  }

  override render(fs: FrameState): HTMLElement {
    const [width = 0, height = 0] = fs.size;
    const [cx = 0, cy = 0] = fs.viewState.center;
    const view: Frame = { cx, cy, resolution: fs.viewState.resolution, width, height };
    this.#view = view;
    const ratio = fs.pixelRatio;
    const b = this.#frame;
    const far = !b || Math.abs(b.cx - cx) > MARGIN_PX * 0.8 * b.resolution || Math.abs(b.cy - cy) > MARGIN_PX * 0.8 * b.resolution;
    const zoomed = !b || Math.abs(b.resolution / view.resolution - 1) > 1e-6;
    const moving = (fs.viewHints[0] ?? 0) + (fs.viewHints[1] ?? 0) > 0;
    if (this.#options && (this.#dirty || far || (zoomed && !moving) || !b || b.width !== width + 2 * MARGIN_PX || b.height !== height + 2 * MARGIN_PX)) {
      this.#redraw(view, ratio, this.#options);
    }
    this.#blit(view, ratio);
    return this.#out;
  }

  #redraw(view: Frame, ratio: number, options: Options): void {
    const frame: Frame = { ...view, width: view.width + 2 * MARGIN_PX, height: view.height + 2 * MARGIN_PX, margin: MARGIN_PX };
    this.#buffer.width = Math.round(frame.width * ratio);
    this.#buffer.height = Math.round(frame.height * ratio);
    const ctx = this.#buffer.getContext('2d');
    if (!ctx) return;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ({ objects: this.#drawn, names: this.#names } = draw(ctx, this.#scene, frame, options));
    this.#frame = frame;
    this.#dirty = false;
  }

  #blit(view: Frame, ratio: number): void {
    const w = Math.round(view.width * ratio);
    const h = Math.round(view.height * ratio);
    if (this.#out.width !== w || this.#out.height !== h) {
      this.#out.width = w;
      this.#out.height = h;
      this.#out.style.width = `${view.width}px`;
      this.#out.style.height = `${view.height}px`;
    }
    const ctx = this.#out.getContext('2d');
    const b = this.#frame;
    if (!ctx || !b) return;
    ctx.clearRect(0, 0, w, h);
    const k = b.resolution / view.resolution;
    const x = view.width / 2 + (b.cx - view.cx) / view.resolution - (b.width / 2) * k;
    const y = view.height / 2 - (b.cy - view.cy) / view.resolution - (b.height / 2) * k;
    ctx.drawImage(this.#buffer, x * ratio, y * ratio, b.width * k * ratio, b.height * k * ratio);
  }
}
