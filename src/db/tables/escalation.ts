/** Tables of what escalation makes: notifications for people, deliveries to addresses outside. */

import { sql } from 'drizzle-orm';
import { boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { id, instant, version, workspaceId, xid8 } from '../columns.ts';
import { tickets } from './tickets.ts';

export const notifications = pgTable(
  'notifications',
  {
    workspaceId: workspaceId(),
    id: id('notification').notNull(),
    ticketId: id('ticket').notNull(),
    /** The event of the feed that said the step. */
    eventId: id('event').notNull(),
    metric: text().notNull(),
    cycle: integer().notNull(),
    policyKey: text().notNull(),
    policyVersion: integer().notNull(),
    /** Its place in the objective's `escalate`, from 0. */
    step: integer().notNull(),
    role: text().$type<'assignee' | 'team_lead' | 'manager' | 'senior' | 'address'>().notNull(),
    agentId: id('agent'),
    /** Of the role `address`. */
    address: text(),
    /** Nobody was found for the role. */
    unresolved: boolean().notNull(),
    facts: jsonb().$type<Record<string, unknown>>().notNull(),
    readAt: instant(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'notifications_pkey', columns: [t.workspaceId, t.id] }),
    index('notifications_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('notifications_agent_idx').on(t.workspaceId, t.agentId, t.createdAt, t.id),
    index('notifications_ticket_idx').on(t.workspaceId, t.ticketId, t.createdAt, t.id),
    foreignKey({
      name: 'notifications_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);

/** What is to be sent, and how far that is; `nextAttemptAt` is its timer, null once it is delivered or given up. */
export const deliveries = pgTable(
  'deliveries',
  {
    workspaceId: workspaceId(),
    id: id('delivery').notNull(),
    ticketId: id('ticket'),
    /** No foreign key: the log outlives the webhook. Null for a step of escalation. */
    webhookId: id('webhook'),
    url: text().notNull(),
    /** Of the url: no host gets many at once. */
    host: text().notNull(),
    eventId: id('event').notNull(),
    eventType: text().notNull(),
    /** Where the event stands in the feed; what is saved with its event has the number of its transaction. */
    eventEpoch: integer(),
    eventTx: xid8().default(sql`pg_current_xact_id()`),
    /** Of a step of escalation. Empty of a webhook: that is the event of the feed, read when it is sent. */
    body: jsonb().$type<Record<string, unknown>>().notNull(),
    state: text().$type<'pending' | 'delivered' | 'failed'>().notNull(),
    /** Made since it was created, or retried by hand. */
    attempts: integer().notNull(),
    nextAttemptAt: instant(),
    lastAttemptAt: instant(),
    lastStatus: integer(),
    /** Up to 1 kB. */
    lastError: text(),
    deliveredAt: instant(),
    /** False in a test workspace, whose clock the wall clock does not move. */
    live: boolean().notNull(),
    /** Until then a process is at it. */
    leaseUntil: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'deliveries_pkey', columns: [t.workspaceId, t.id] }),
    index('deliveries_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('deliveries_state_idx').on(t.workspaceId, t.state, t.createdAt, t.id),
    index('deliveries_ticket_idx').on(t.workspaceId, t.ticketId, t.createdAt, t.id),
    index('deliveries_host_idx').on(t.host, t.nextAttemptAt).where(sql`live and next_attempt_at is not null`),
    index('deliveries_webhook_idx')
      .on(t.workspaceId, t.webhookId, t.createdAt, t.id)
      .where(sql`webhook_id is not null`),
    index('deliveries_webhook_pending_idx')
      .on(t.workspaceId, t.webhookId)
      .where(sql`webhook_id is not null and state = 'pending'`),
    index('deliveries_spoken_idx').on(t.workspaceId, t.eventId).where(sql`last_error is not null`),
    index('deliveries_workspace_due_idx').on(t.workspaceId, t.nextAttemptAt).where(sql`next_attempt_at is not null`),
    foreignKey({
      name: 'deliveries_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);
