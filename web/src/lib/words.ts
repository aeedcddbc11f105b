// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// The closed word lists of the node. web_test.go holds them against the Go
// sources, and the catalogues have a text for each.

export const STANDARDS = ['pending', 'unknown', 'assumed-friend', 'friend', 'neutral', 'suspect'] as const;
export const POSTURES = ['watching', 'going-to-look', 'on-scene', 'returning', 'none', 'not-saying'] as const;
export const OUTCOMES = ['identified', 'left-area', 'false-alarm', 'handed-over', 'other'] as const;
export const ROLES = ['viewer', 'officer', 'supervisor', 'administrator', 'auditor'] as const;
export const THEMES = ['day', 'watch', 'dusk', 'night'] as const;
export const LANGS = ['zh-Hant', 'ja', 'en'] as const;

export const SITUATIONS = [
  'training', 'peacekeeping', 'humanitarian', 'disaster', 'evacuation', 'search-and-rescue', 'routine',
  'important-influence', 'armed-attack', 'other-law',
] as const;
export const CATEGORIES = [
  'food', 'water', 'billeting', 'transport', 'fuel', 'clothing', 'communications', 'medical', 'base-support', 'storage',
  'facilities', 'training-services', 'spare-parts', 'repair', 'airport-seaport', 'search-and-rescue-units',
] as const;
export const UNITS = ['litre', 'kilogram', 'item', 'person-day', 'berth-day', 'hour', 'flight-hour'] as const;
export const SETTLEMENTS = ['pay', 'in-kind', 'equal-value', 'free-loan'] as const;

export const ACTIVITY_KINDS = [
  'patrol', 'transport', 'training', 'search-and-rescue', 'survey', 'coast-guard-patrol', 'unmanned-survey', 'medical-flight',
  'calibration', 'escort', 'tow',
] as const;
export const SEARCH_OBJECTS = ['vessel', 'fishing-vessel', 'life-raft', 'person-in-water', 'other'] as const;
export const SEARCH_PATTERNS = ['expanding-square', 'sector', 'parallel-track', 'creeping-line', 'track-line', 'escort'] as const;

export type Theme = (typeof THEMES)[number];

export const OFFICER_VERBS = [
  'identify', 'acknowledge', 'acknowledge-alarm', 'open', 'merge', 'split', 'close', 'reopen',
  'take', 'propose', 'accept', 'reject', 'notify', 'standby', 'counter', 'cancel', 'assume', 'voice', 'countersign',
  'posture', 'log', 'strike', 'distress',
  'activity', 'activity-amend', 'activity-state', 'activity-set-aside', 'search-area', 'search-state',
  'message', 'message-read', 'hotline', 'hotline-acknowledge',
  'support-request', 'support-approve', 'support-offer', 'support-decline', 'support-accept', 'support-deliver',
  'support-confirm', 'support-agree', 'support-settle', 'support-cancel', 'support-repeat',
] as const;
export const SUPERVISOR_VERBS = ['stop', 'resume', 'plan-declare', 'plan-end', 'stop-all', 'stop-case', 'recall', 'lift-recall', 'policy-propose', 'policy-activate', 'policy-withdraw'] as const;

export type Verb = (typeof OFFICER_VERBS)[number] | (typeof SUPERVISOR_VERBS)[number];
