/** Tables of the tickets domain: the ticket, its messages, its history for ever, and the promises folded from it. */

import { sql } from 'drizzle-orm';
import { boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { bigintNumber, id, ids, instant, instants, texts, tsvector, version, workspaceId } from '../columns.ts';
import { contacts, customers } from './customers.ts';
import { agents, teams, workspaces } from './workspaces.ts';

export const tickets = pgTable(
  'tickets',
  {
    workspaceId: workspaceId(),
    id: id('ticket').notNull(),
    number: bigintNumber().notNull(),
    subject: text().notNull(),
    kind: text().notNull(),
    channel: text().notNull(),
    priority: text().$type<'low' | 'normal' | 'high' | 'urgent'>().notNull(),
    /** The customer's tier while the ticket is worked on. */
    tier: text(),
    /** The one that held when the ticket was opened; never moves. */
    openedTier: text(),
    status: text().notNull(),
    statusCategory: text().$type<'new' | 'open' | 'pending' | 'on_hold' | 'solved' | 'closed'>().notNull(),
    problemType: text(),
    product: text(),
    complexity: text().$type<'basic' | 'medium' | 'complex'>(),
    closeCode: text(),
    customFields: jsonb().$type<Record<string, unknown>>().notNull(),
    /** For faults: symptom, frequency, reach. */
    fault: jsonb().$type<{ symptom: string | null; frequency: string | null; reach: string | null }>(),
    customerId: id('customer'),
    contactId: id('contact'),
    assigneeId: id('agent'),
    teamId: id('team'),
    tags: texts().notNull(),
    externalIds: jsonb().$type<Record<string, string>>().notNull(),
    acceptedAt: instant(),
    understandingConfirmedAt: instant(),
    firstRespondedAt: instant(),
    solvedAt: instant(),
    closedAt: instant(),
    suspendedUntil: instant(),
    /** When the survey of the last solution goes out. */
    surveyAt: instant(),
    /** The earliest instant at which something is due to happen to it by itself; as in its timer. */
    nextDueAt: instant(),
    chaseCount: integer().notNull(),
    reopenCount: integer().notNull(),
    /** Public messages of the customer and of people: what first-contact resolution is made of. */
    customerMessageCount: integer().notNull(),
    agentReplyCount: integer().notNull(),
    mergedIntoId: id('ticket'),
    /** Key of the step of the process it is in, and since when; null while the workspace has no process. */
    step: text(),
    stepSince: instant(),
    /** Side tasks that are open: it waits for them. */
    openTaskCount: integer().notNull().default(0),
    /** Solution options on offer, and the one the customer chose. */
    optionCount: integer().notNull().default(0),
    chosenOptionId: id('option'),
    /** The closed ticket that it continues. */
    followsId: id('ticket'),
    /** The common cause of many tickets. */
    incidentId: id('incident'),
    /** Agents who are told of what happens to it. */
    copiedInIds: ids('agent').notNull().default([]),
    /** Who watches over it; null: nobody. */
    supervision: jsonb().$type<Supervision>(),
    complaint: jsonb().$type<Complaint>(),
    /** Since when it waits for an agent to be found; null when it has one, or none is looked for. */
    queuedAt: instant(),
    /** When it closes by itself; null when it does not. */
    closeAt: instant(),
    search: tsvector().notNull(),
    /** Moves with whatever adds to the history; guards every save. */
    revision: integer().notNull().default(1),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'tickets_pkey', columns: [t.workspaceId, t.id] }),
    unique('tickets_number_key').on(t.workspaceId, t.number),
    index('tickets_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('tickets_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    index('tickets_customer_idx').on(t.workspaceId, t.customerId, t.id),
    index('tickets_contact_idx').on(t.workspaceId, t.contactId, t.id),
    index('tickets_assignee_idx').on(t.workspaceId, t.assigneeId, t.statusCategory, t.id),
    index('tickets_team_idx').on(t.workspaceId, t.teamId, t.statusCategory, t.id),
    index('tickets_status_idx').on(t.workspaceId, t.statusCategory, t.id),
    index('tickets_merged_idx').on(t.workspaceId, t.mergedIntoId).where(sql`merged_into_id is not null`),
    index('tickets_search_idx').using('gin', t.search),
    foreignKey({ name: 'tickets_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
    foreignKey({
      name: 'tickets_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
    foreignKey({
      name: 'tickets_contact_fkey',
      columns: [t.workspaceId, t.contactId],
      foreignColumns: [contacts.workspaceId, contacts.id],
    }),
    foreignKey({
      name: 'tickets_assignee_fkey',
      columns: [t.workspaceId, t.assigneeId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
    foreignKey({
      name: 'tickets_team_fkey',
      columns: [t.workspaceId, t.teamId],
      foreignColumns: [teams.workspaceId, teams.id],
    }),
    foreignKey({
      name: 'tickets_merged_into_fkey',
      columns: [t.workspaceId, t.mergedIntoId],
      foreignColumns: [t.workspaceId, t.id],
    }),
  ],
);

/** Who watches over a ticket, why, and since when (epoch seconds). */
export interface Supervision {
  agentId: string | null;
  reason: string;
  since: number;
}

/** What a complaint adds to a ticket. The amount is decimal text, in the currency said. */
export interface Complaint {
  severity: 'minor' | 'major' | 'critical' | null;
  compensation: { amount: string; currency: string } | null;
  rootCause: string | null;
}

/** What happened, in order: ids and facts, no text of messages. Clocks are folded from it. */
export const ticketEvents = pgTable(
  'ticket_events',
  {
    workspaceId: workspaceId(),
    ticketId: id('ticket').notNull(),
    /** Counts from 1 per ticket, in the order of recording. */
    position: integer().notNull(),
    at: instant().notNull(),
    type: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    actor: text().notNull(),
    door: text().notNull(),
  },
  (t) => [
    primaryKey({ name: 'ticket_events_pkey', columns: [t.workspaceId, t.ticketId, t.position] }),
    foreignKey({
      name: 'ticket_events_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);

export const messages = pgTable(
  'messages',
  {
    workspaceId: workspaceId(),
    id: id('message').notNull(),
    ticketId: id('ticket').notNull(),
    visibility: text().$type<'public' | 'internal'>().notNull(),
    author: text().$type<'customer' | 'agent' | 'bot'>().notNull(),
    agentId: id('agent'),
    contactId: id('contact'),
    channel: text().notNull(),
    body: text().notNull(),
    search: tsvector().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'messages_pkey', columns: [t.workspaceId, t.id] }),
    index('messages_ticket_idx').on(t.workspaceId, t.ticketId, t.id),
    index('messages_search_idx').using('gin', t.search),
    index('messages_contact_idx').on(t.workspaceId, t.contactId, t.ticketId).where(sql`contact_id is not null`),
    foreignKey({
      name: 'messages_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);

export const clocks = pgTable(
  'clocks',
  {
    workspaceId: workspaceId(),
    id: id('clock').notNull(),
    ticketId: id('ticket').notNull(),
    metric: text().notNull(),
    cycle: integer().notNull(),
    /** TypeID of the side task, escalation or feedback that is promised something; null: the ticket itself is. */
    subject: text(),
    state: text().$type<'running' | 'paused' | 'met' | 'missed' | 'cancelled'>().notNull(),
    target: text().notNull(),
    policyKey: text().notNull(),
    policyVersion: integer().notNull(),
    startedAt: instant().notNull(),
    dueAt: instant(),
    warnAt: instants(),
    elapsedSeconds: bigintNumber().notNull(),
    pausedSeconds: bigintNumber().notNull(),
    stoppedAt: instant(),
    breached: boolean().notNull(),
    breachedAt: instant(),
    /** The steps already announced; a key carries the policy version, so that each is said once. */
    said: texts().notNull(),
  },
  (t) => [
    primaryKey({ name: 'clocks_pkey', columns: [t.workspaceId, t.id] }),
    unique('clocks_cycle_key').on(t.workspaceId, t.ticketId, t.metric, t.cycle),
    /** What is due next, or broken, and still running: for the at-risk view, without reading the rows. */
    index('clocks_running_idx').on(t.workspaceId, t.dueAt, t.ticketId, t.metric, t.id).where(sql`state = 'running'`),
    /** What was kept lately: the pace. */
    index('clocks_met_idx').on(t.workspaceId, t.stoppedAt).where(sql`state = 'met'`),
    index('clocks_started_idx').on(t.workspaceId, t.startedAt),
    foreignKey({
      name: 'clocks_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);
