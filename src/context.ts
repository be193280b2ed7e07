/** Ctx: what every operation gets as its first argument. */

import type { Actor } from './auth/policy.ts';
import type { Db } from './db/connect.ts';
import type { Outbound } from './outbound.ts';
import type { Instant } from './rules/calendar.ts';

/** The workspace of the request, as it stood when the caller was authenticated. */
export interface Workspace {
  /** The small number inside; the API shows `id`. */
  workspaceId: number;
  id: string;
  name: string;
  mode: 'live' | 'test';
  testNow: Instant | null;
  timeZone: string;
  language: 'zh-CN' | 'en';
  currency: string;
  colour: string;
  serviceLevelVersion: number;
  /** The number of the tier model in force; 0: none, tiers are given by people. */
  tierModel: number;
  version: number;
  createdAt: Instant;
  updatedAt: Instant;
}

export type Door = 'rest' | 'graphql' | 'timekeeper' | 'job' | 'survey' | 'start';

export interface Logger {
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** What the process lends to operations beside the database: secrets and addresses from the configuration. */
export interface Services {
  /** Signs survey links and tokens; 32 bytes. */
  secretKey: Buffer;
  /** Where people reach this desk, without a slash at the end. */
  publicUrl: string;
  /** Wall clock, epoch milliseconds: for what stays on wall time (keys, tokens, idempotency). */
  wallClock: () => number;
  /** The largest body of a request, in bytes. */
  bodyLimitBytes: number;
  /** The only way to call out: public addresses alone, unless the operator allows others. */
  fetch: Outbound;
  /** The epoch of the event feed (see db/instance.ts). */
  epoch: number;
  /** Moves a test workspace's clock, handling on the way all that falls due; answers how many instants that were. */
  advance: (workspace: Workspace, to: Instant) => Promise<number>;
  /** Sends the webhooks of a test workspace, at this instant of its own, what was saved. */
  tell: (workspace: Workspace, now: Instant) => Promise<void>;
}

export interface Ctx {
  db: Db;
  workspace: Workspace;
  actor: Actor;
  door: Door;
  /** The workspace's own time, whole epoch seconds: the wall clock, or its test clock. */
  now: Instant;
  log: Logger;
  services: Services;
}
