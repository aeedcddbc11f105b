// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Holds what passes between page and node against docs/protocol/openapi.json,
// so that the made-up world answers in the node's own shapes, and the page asks
// in them. It knows as much of JSON Schema as that document uses.

import { readFileSync } from 'node:fs';

const doc = JSON.parse(readFileSync(new URL('../../docs/protocol/openapi.json', import.meta.url), 'utf8'));

/** verbs tells which roles may do which act. */
export const verbs = doc['x-verbs'];

/** operation returns what the document says of a call; undefined for none. */
export const operation = (method, path) => doc.paths[path]?.[method.toLowerCase()];

/** mayCall reports whether a role may make a call; where none is named everybody may. */
export const mayCall = (method, path, role) => operation(method, path)?.['x-roles']?.includes(role) ?? true;

/** answerFault says where an answer is not as the document says; '' where it is. */
export function answerFault(method, path, status, body) {
  const responses = operation(method, path)?.responses;
  if (!responses) return `${method} ${path}: the node has no such call`;
  return fault(`${method} ${path} ${status}`, content(responses[status] ?? responses.default), body);
}

/** requestFault says where a request's body is not as the document says. */
export function requestFault(method, path, body) {
  return fault(`${method} ${path}`, content(operation(method, path)?.requestBody), body);
}

/** viewFault says where a view of the stream is not as the document says. */
export const viewFault = (v) => fault('view', { $ref: '#/components/schemas/engine.View' }, v);

const content = (part) => part?.content?.['application/json']?.schema;

function fault(at, schema, value) {
  if (!schema) return '';
  const plain = JSON.parse(JSON.stringify(value ?? null)); // as it goes over the wire
  return first(at, schema, plain);
}

function first(at, schema, v) {
  if (schema.$ref) return first(at, doc.components.schemas[schema.$ref.split('/').at(-1)], v);
  if (schema.anyOf) return schema.anyOf.some((s) => first(at, s, v) === '') ? '' : `${at}: ${JSON.stringify(v)} is none of what it may be`;
  if (schema.enum && !schema.enum.includes(v)) return `${at}: ${JSON.stringify(v)} is none of the words`;
  switch (schema.type) {
    case undefined:
      return '';
    case 'array':
      return Array.isArray(v) ? any(v.map((x, i) => [`${at}[${i}]`, schema.items, x])) : `${at}: no list`;
    case 'object':
      return object(at, schema, v);
    case 'integer':
      return Number.isSafeInteger(v) && v >= (schema.minimum ?? -Infinity) ? '' : `${at}: ${JSON.stringify(v)} is no such whole number`;
    case 'string':
      return typeof v === 'string' && (schema.format !== 'date-time' || Number.isFinite(Date.parse(v))) ? '' : `${at}: ${JSON.stringify(v)} is no such text`;
    default:
      return (v === null ? 'null' : typeof v) === schema.type ? '' : `${at}: ${JSON.stringify(v)} is no ${schema.type}`;
  }
}

function object(at, schema, v) {
  if (v === null || typeof v !== 'object' || Array.isArray(v)) return `${at}: no object`;
  const missing = (schema.required ?? []).find((k) => !(k in v));
  if (missing) return `${at}: no ${missing}`;
  const parts = [];
  for (const [k, x] of Object.entries(v)) {
    const s = schema.properties?.[k] ?? schema.additionalProperties;
    if (s === false) return `${at}: ${k} is not known`;
    if (s && s !== true) parts.push([`${at}.${k}`, s, x]);
  }
  return any(parts);
}

function any(parts) {
  for (const p of parts) {
    const f = first(...p);
    if (f) return f;
  }
  return '';
}
