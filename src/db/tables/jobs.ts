/** Table of the jobs domain: long work, how far it is, and what came of it. */

import { sql } from 'drizzle-orm';
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { id, instant, version, workspaceId } from '../columns.ts';
import { workspaces } from './workspaces.ts';

export const jobs = pgTable(
  'jobs',
  {
    workspaceId: workspaceId(),
    id: id('job').notNull(),
    type: text().notNull(),
    state: text().$type<'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'>().notNull(),
    input: jsonb().$type<Record<string, unknown>>().notNull(),
    /** Where it goes on after an interruption; only its own code reads it. */
    checkpoint: jsonb().$type<unknown>(),
    done: integer().notNull(),
    total: integer(),
    result: jsonb().$type<Record<string, unknown>>(),
    error: jsonb().$type<{
      code: string;
      message: string;
      errors: { path: string; message: string; code: string }[];
    }>(),
    actor: text().notNull(),
    /** How often it was begun since it last got on. */
    attempts: integer().notNull(),
    leaseUntil: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
    /** Moves when it is begun, and when it ends: whoever runs an older one has lost it. */
    version: version(),
    createdAt: instant().notNull(),
    startedAt: instant(),
    finishedAt: instant(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'jobs_pkey', columns: [t.workspaceId, t.id] }),
    index('jobs_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('jobs_open_idx').on(t.id).where(sql`state = any (array['queued', 'running'])`),
    foreignKey({ name: 'jobs_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);
