/** Reads of the tickets domain, and how its rows are shown. */

import { and, asc, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { columnsOf, findById, findByIds } from '../../db/rows.ts';
import { clocks, messages, ticketEvents, tickets } from '../../db/tables/tickets.ts';
import { notFound } from '../../errors.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { ComputedClock } from '../../rules/clocks.ts';
import { iso, isoOrNull } from '../model.ts';

export type TicketRow = Omit<typeof tickets.$inferSelect, 'search'>;
export type TicketEventRow = typeof ticketEvents.$inferSelect;
export type ClockRow = typeof clocks.$inferSelect;
export type MessageRow = Omit<typeof messages.$inferSelect, 'search'>;

/** All a decision about a ticket rests on. */
export interface TicketFile {
  ticket: TicketRow;
  history: TicketEventRow[];
  clocks: ClockRow[];
}

/**
 * The ticket with its history and clocks; `not_found` naming the path. The ticket is read first: whatever the others hold
 * that it does not know of yet has moved its revision, and a save that rests on it is refused.
 */
export async function getTicketFile(db: Db, workspaceId: number, ticketId: string, path?: string): Promise<TicketFile> {
  const ticket = await findById(db, tickets, workspaceId, ticketId);
  if (ticket === undefined) throw notFound('ticket', path);
  const [history, rows] = await Promise.all([
    listHistory(db, workspaceId, ticketId),
    listClockRows(db, workspaceId, ticketId),
  ]);
  return { ticket, history, clocks: rows };
}

/** The files of many tickets in three statements, the tickets first (see getTicketFile); unknown ids are left out. */
export async function getTicketFiles(db: Db, workspaceId: number, ids: string[]): Promise<TicketFile[]> {
  const rows = await findByIds(db, tickets, workspaceId, ids);
  const known = ids.filter((id) => rows.has(id));
  const [histories, clockRows] = await Promise.all([
    listHistories(db, workspaceId, known),
    listClockRowsOf(db, workspaceId, known),
  ]);
  const clocksBy = Map.groupBy(clockRows, ({ ticketId }) => ticketId);
  return known.map((id) => ({
    ticket: rows.get(id)!,
    history: histories.get(id)!,
    clocks: clocksBy.get(id) ?? [],
  }));
}

async function listClockRowsOf(db: Db, workspaceId: number, ids: string[]): Promise<ClockRow[]> {
  const query = statement(db, 'list_clocks_of', (orm, name) =>
    orm
      .select()
      .from(clocks)
      .where(
        and(
          eq(clocks.workspaceId, sql.placeholder('workspace')),
          sql`${clocks.ticketId} = any(${sql.placeholder('ids')}::uuid[])`,
        ),
      )
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, ids: ids.map((id) => clocks.ticketId.mapToDriverValue(id)) });
}

export async function getTicket(db: Db, workspaceId: number, ticketId: string, path?: string): Promise<TicketRow> {
  const ticket = await findById(db, tickets, workspaceId, ticketId);
  if (ticket === undefined) throw notFound('ticket', path);
  return ticket;
}

/** The whole history, in the order of recording. */
export async function listHistory(db: Db, workspaceId: number, ticketId: string): Promise<TicketEventRow[]> {
  const query = statement(db, 'list_ticket_history', (orm, name) =>
    orm
      .select()
      .from(ticketEvents)
      .where(
        and(
          eq(ticketEvents.workspaceId, sql.placeholder('workspace')),
          eq(ticketEvents.ticketId, bound(ticketEvents.ticketId, 'ticket')),
        ),
      )
      .orderBy(asc(ticketEvents.position))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, ticket: ticketId });
}

async function listClockRows(db: Db, workspaceId: number, ticketId: string): Promise<ClockRow[]> {
  const query = statement(db, 'list_clocks', (orm, name) =>
    orm
      .select()
      .from(clocks)
      .where(
        and(
          eq(clocks.workspaceId, sql.placeholder('workspace')),
          eq(clocks.ticketId, bound(clocks.ticketId, 'ticket')),
        ),
      )
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, ticket: ticketId });
}

/** The histories of several tickets at once, by ticket; one statement. */
export async function listHistories(
  db: Db,
  workspaceId: number,
  ids: string[],
): Promise<Map<string, TicketEventRow[]>> {
  const query = statement(db, 'list_ticket_histories', (orm, name) =>
    orm
      .select()
      .from(ticketEvents)
      .where(
        and(
          eq(ticketEvents.workspaceId, sql.placeholder('workspace')),
          sql`${ticketEvents.ticketId} = any(${sql.placeholder('ids')}::uuid[])`,
        ),
      )
      .orderBy(asc(ticketEvents.ticketId), asc(ticketEvents.position))
      .prepare(name),
  );
  const uuids = ids.map((id) => ticketEvents.ticketId.mapToDriverValue(id));
  const rows = await query.execute({ workspace: workspaceId, ids: uuids });
  const histories = new Map<string, TicketEventRow[]>(ids.map((id) => [id, []]));
  for (const row of rows) histories.get(row.ticketId)?.push(row);
  return histories;
}

/** The newest message of each ticket; public ones alone when asked. One statement. */
export async function listLastMessages(
  db: Db,
  workspaceId: number,
  ids: string[],
  publicOnly: boolean,
): Promise<Map<string, MessageRow>> {
  const query = statement(db, `last_messages:${publicOnly}`, (orm, name) =>
    orm
      .selectDistinctOn([messages.ticketId], columnsOf(messages))
      .from(messages)
      .where(
        and(
          eq(messages.workspaceId, sql.placeholder('workspace')),
          sql`${messages.ticketId} = any(${sql.placeholder('ids')}::uuid[])`,
          publicOnly ? eq(messages.visibility, 'public') : undefined,
        ),
      )
      .orderBy(messages.ticketId, sql`${messages.id} desc`)
      .prepare(name),
  );
  const uuids = ids.map((id) => messages.ticketId.mapToDriverValue(id));
  const rows = (await query.execute({ workspace: workspaceId, ids: uuids })) as MessageRow[];
  return new Map(rows.map((row) => [row.ticketId, row]));
}

export function ticketView(row: TicketRow) {
  return {
    id: row.id,
    number: row.number,
    subject: row.subject,
    kind: row.kind,
    channel: row.channel,
    priority: row.priority,
    tier: row.tier,
    openedTier: row.openedTier,
    status: row.status,
    statusCategory: row.statusCategory,
    problemType: row.problemType,
    product: row.product,
    complexity: row.complexity,
    closeCode: row.closeCode,
    customFields: row.customFields,
    fault: row.fault,
    customerId: row.customerId,
    contactId: row.contactId,
    assigneeId: row.assigneeId,
    teamId: row.teamId,
    tags: row.tags,
    externalIds: row.externalIds,
    acceptedAt: isoOrNull(row.acceptedAt),
    understandingConfirmedAt: isoOrNull(row.understandingConfirmedAt),
    firstRespondedAt: isoOrNull(row.firstRespondedAt),
    solvedAt: isoOrNull(row.solvedAt),
    closedAt: isoOrNull(row.closedAt),
    suspendedUntil: isoOrNull(row.suspendedUntil),
    surveyAt: isoOrNull(row.surveyAt),
    chaseCount: row.chaseCount,
    reopenCount: row.reopenCount,
    customerMessageCount: row.customerMessageCount,
    agentReplyCount: row.agentReplyCount,
    mergedIntoId: row.mergedIntoId,
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

export function clockView(clock: Omit<ComputedClock, 'steps'>) {
  return {
    metric: clock.metric,
    cycle: clock.cycle,
    state: clock.state,
    target: clock.target,
    policyKey: clock.policyKey,
    policyVersion: clock.policyVersion,
    startedAt: iso(clock.startedAt),
    dueAt: isoOrNull(clock.dueAt),
    warnAt: clock.warnAt?.map(iso) ?? null,
    elapsedSeconds: clock.elapsedSeconds,
    pausedSeconds: clock.pausedSeconds,
    stoppedAt: isoOrNull(clock.stoppedAt),
    breached: clock.breached,
    breachedAt: isoOrNull(clock.breachedAt),
  };
}

export function messageView(row: MessageRow) {
  const { id, ticketId, visibility, author, agentId, contactId, channel, body } = row;
  return { id, ticketId, visibility, author, agentId, contactId, channel, body, createdAt: iso(row.createdAt) };
}

export function ticketEventView(row: TicketEventRow) {
  const { position, type, data, actor, door } = row;
  return { position, at: iso(row.at), type, data, actor, door };
}

/** A history cannot run backwards: what is recorded now is not before what was recorded last. */
export function notBefore(history: TicketEventRow[], now: Instant): Instant {
  return history.reduce((latest, event) => Math.max(latest, event.at), now);
}
