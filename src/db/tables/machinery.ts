/**
 * Tables of the machinery: the event feed, idempotency, tombstones, timers, number blocks, and the instance itself.
 * The first four are written by every save and hold no foreign key to the workspace: its row would be the one everybody locks.
 */

import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { bigintNumber, id, instant, workspaceId, xid8 } from '../columns.ts';
import { workspaces } from './workspaces.ts';

/** The feed. Readers follow (epoch, tx, id) below the oldest running transaction, so none is skipped. */
export const events = pgTable(
  'events',
  {
    workspaceId: workspaceId(),
    /** Moves when the database was restored elsewhere and its transaction numbers began again. */
    epoch: integer().notNull(),
    tx: xid8().notNull().default(sql`pg_current_xact_id()`),
    id: id('event').notNull(),
    type: text().notNull(),
    occurredAt: instant().notNull(),
    recordedAt: timestamp({ withTimezone: true, precision: 3, mode: 'string' })
      .notNull()
      .default(sql`clock_timestamp()`),
    actor: text().notNull(),
    door: text().notNull(),
    /** TypeID of what it happened to. */
    subject: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
  },
  (t) => [
    primaryKey({ name: 'events_pkey', columns: [t.workspaceId, t.epoch, t.tx, t.id] }),
    index('events_subject_idx').on(t.workspaceId, t.subject, t.epoch, t.tx, t.id),
  ],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    workspaceId: workspaceId(),
    key: text().notNull(),
    operation: text().notNull(),
    /** SHA-256 of the operation and its input, hexadecimal. */
    requestHash: text().notNull(),
    /** json, not jsonb: a replay is the same to the byte. */
    response: json().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'idempotency_keys_pkey', columns: [t.workspaceId, t.key] }),
    index('idempotency_keys_created_idx').on(t.createdAt),
  ],
);

/** What was deleted, for lists of changes. */
export const tombstones = pgTable(
  'tombstones',
  {
    workspaceId: workspaceId(),
    resource: text().notNull(),
    /** TypeID or key of what is gone. */
    subject: text().notNull(),
    deletedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'tombstones_pkey', columns: [t.workspaceId, t.resource, t.subject] }),
    index('tombstones_deleted_idx').on(t.workspaceId, t.resource, t.deletedAt, t.subject),
  ],
);

/** One row per subject with something ahead of it; `due` is the earliest of it, null when nothing is. */
export const timers = pgTable(
  'timers',
  {
    workspaceId: workspaceId(),
    kind: text().$type<'ticket'>().notNull(),
    /** TypeID. */
    subject: text().notNull(),
    due: instant(),
    /** False in a test workspace, whose clock the wall clock does not move. */
    live: boolean().notNull(),
    /** Until then another process is at it. */
    leaseUntil: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
  },
  (t) => [
    primaryKey({ name: 'timers_pkey', columns: [t.workspaceId, t.kind, t.subject] }),
    index('timers_due_idx').on(t.due).where(sql`live and due is not null`),
    index('timers_workspace_due_idx').on(t.workspaceId, t.due).where(sql`due is not null`),
  ],
);

/** Ticket numbers are handed out in blocks; gaps are allowed. */
export const numberBlocks = pgTable(
  'number_blocks',
  { workspaceId: workspaceId(), next: bigintNumber().notNull() },
  (t) => [
    primaryKey({ name: 'number_blocks_pkey', columns: [t.workspaceId] }),
    foreignKey({
      name: 'number_blocks_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

/** One row: what this database as a whole remembers. */
export const instance = pgTable('instance', {
  singleton: boolean().primaryKey().default(true),
  epoch: integer().notNull(),
  /** The highest transaction number seen at start, to notice a restore. */
  lastTx: xid8().notNull(),
});
