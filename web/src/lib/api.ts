// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Calls to the node that served this page, and to nothing else.

import type { Command, CommandReply } from './types';

/** ApiError carries the node's stable code, never its text. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly params: Record<string, string | number> = {},
  ) {
    super(code);
  }
}

const COMMAND_LIMIT_MS = 5000;

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown, limitMs = 15_000): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(limitMs) };
  if (method === 'POST') {
    init.headers = { 'Content-Type': 'application/json', 'X-Kuroshio': '1' };
    init.body = JSON.stringify(body ?? {});
  }
  let res: Response;
  try {
    res = await fetch(path, init);
  } catch (err) {
    throw new ApiError(err instanceof DOMException && err.name === 'TimeoutError' ? 'timeout' : 'no-answer', 0);
  }
  const text = await res.text().catch(() => '');
  let json: unknown;
  try {
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ApiError('bad-answer', res.status);
  }
  if (!res.ok) {
    const e = json as { error?: string; params?: Record<string, string | number> };
    throw new ApiError(e.error ?? 'bad-answer', res.status, e.params ?? {});
  }
  return json as T;
}

export const get = <T>(path: string) => call<T>('GET', path);
export const post = <T>(path: string, body?: unknown, limitMs?: number) => call<T>('POST', path, body, limitMs);

/** command sends an officer's act; it returns after the node committed it. */
export const command = (c: Command) => call<CommandReply>('POST', '/api/command', c, COMMAND_LIMIT_MS);
