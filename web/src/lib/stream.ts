// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The stream of whole views. It never gives up: a console that stops trying is
// one that shows an old picture.

import type { View } from './types';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;

export interface StreamEvents {
  view(v: View): void;
  /** up: a socket is open. closed: it broke; the stream tries again. */
  state(up: boolean): void;
}

/** openStream connects until the returned function is called. */
export function openStream(url: string, on: StreamEvents): () => void {
  let socket: WebSocket | undefined;
  let timer = 0;
  let wait = FIRST_WAIT_MS;
  let ended = false;

  const connect = () => {
    window.clearTimeout(timer);
    if (ended || socket) return;
    const s = new WebSocket(url);
    socket = s;
    s.onopen = () => {
      wait = FIRST_WAIT_MS;
      on.state(true);
    };
    s.onmessage = (e) => {
      if (typeof e.data !== 'string') return;
      let v: View;
      try {
        v = JSON.parse(e.data) as View;
      } catch {
        return; // the picture turns stale by itself
      }
      on.view(v);
    };
    s.onclose = () => {
      if (socket !== s) return;
      socket = undefined;
      on.state(false);
      if (ended) return;
      timer = window.setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };
  const wake = () => {
    if (document.visibilityState === 'visible') connect();
  };
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', wake);
  connect();
  return () => {
    ended = true;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', wake);
    window.removeEventListener('online', wake);
    socket?.close();
  };
}
