/** Tables of the webhooks domain: who is told of events, and how far each has been told. */

import { boolean, foreignKey, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { id, instant, texts, version, workspaceId, xid8 } from '../columns.ts';
import { workspaces } from './workspaces.ts';

export const webhooks = pgTable(
  'webhooks',
  {
    workspaceId: workspaceId(),
    id: id('webhook').notNull(),
    name: text().notNull(),
    url: text().notNull(),
    /** Exact types, or all of a subject's as in `ticket.*`; none: everything. */
    eventTypes: texts().notNull(),
    robot: text().$type<'wecom' | 'dingtalk' | 'feishu'>(),
    /** What the robot signs with, sealed. */
    robotSecret: text(),
    /** Liquid; null: the event as it is, or what the robot understands. */
    template: text(),
    contentType: text().$type<'application/json' | 'text/plain'>().notNull(),
    active: boolean().notNull(),
    disabledReason: text().$type<'by_hand' | 'gone' | 'refused_address' | 'failing'>(),
    disabledAt: instant(),
    /** Nothing was taken since then. Written by the courier, which moves no version. */
    failingSince: instant(),
    /** Sealed. */
    secret: text().notNull(),
    /** The one before, sealed, for as long as both sign. */
    previousSecret: text(),
    previousUntil: instant(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'webhooks_pkey', columns: [t.workspaceId, t.id] }),
    index('webhooks_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('webhooks_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    foreignKey({ name: 'webhooks_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

/** The place in the feed after which a webhook knows nothing; `id` is the webhook's. */
export const webhookCursors = pgTable(
  'webhook_cursors',
  {
    workspaceId: workspaceId(),
    id: id('webhook').notNull(),
    epoch: integer().notNull(),
    tx: xid8().notNull(),
    eventId: id('event').notNull(),
    /** Nothing recorded before is told: the end of the feed lies before transactions that were still running then. */
    notBefore: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
    /** Deliveries wait to be brought in line with the webhook: it was switched on again, or moved to another address. */
    held: boolean().notNull(),
    /** False in a test workspace, whose clock the wall clock does not move. */
    live: boolean().notNull(),
    /** Until then a process is at it. */
    leaseUntil: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
    revision: integer().notNull().default(1),
  },
  (t) => [
    primaryKey({ name: 'webhook_cursors_pkey', columns: [t.workspaceId, t.id] }),
    foreignKey({
      name: 'webhook_cursors_webhook_fkey',
      columns: [t.workspaceId, t.id],
      foreignColumns: [webhooks.workspaceId, webhooks.id],
    }),
  ],
);
