/** Going through the tickets of a workspace by their ids, a few at a time: all, those not closed, or a customer's. */

import { and, asc, count, eq, gt, inArray, max, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Db } from '../../db/connect.ts';
import { ticketEvents, tickets } from '../../db/tables/tickets.ts';

/** Which tickets: all, all not closed, or those not closed of a customer; of these, those under another tier than `notOf`. */
export type Walk = { closedToo: boolean } | { customerId: string; notOf?: string | null };

const NOT_CLOSED = ['new', 'open', 'pending', 'on_hold', 'solved'] as const;

export async function countWalked(db: Db, workspaceId: number, walk: Walk): Promise<number> {
  const rows = await db.orm
    .select({ number: count() })
    .from(tickets)
    .where(and(eq(tickets.workspaceId, workspaceId), ...conditionsOf(walk)));
  return rows[0]!.number;
}

/** The next ids after this one, in order. */
export async function listWalked(
  db: Db,
  workspaceId: number,
  walk: Walk,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const further = after === null ? undefined : gt(tickets.id, after);
  const part = (...conditions: (SQL | undefined)[]) =>
    db.orm
      .select({ id: tickets.id })
      .from(tickets)
      .where(and(eq(tickets.workspaceId, workspaceId), further, ...conditions))
      .orderBy(asc(tickets.id))
      .limit(limit);
  if ('customerId' in walk || walk.closedToo) return (await part(...conditionsOf(walk))).map(({ id }) => id);
  // Category by category it is an index range each; as one condition all that is closed is read over.
  const [first, second, ...rest] = NOT_CLOSED.map((category) => part(eq(tickets.statusCategory, category)));
  const rows = await unionAll(first!, second!, ...rest)
    .orderBy(sql`1`)
    .limit(limit);
  return rows.map(({ id }) => id);
}

function conditionsOf(walk: Walk): SQL[] {
  const notClosed = inArray(tickets.statusCategory, [...NOT_CLOSED]);
  if (!('customerId' in walk)) return walk.closedToo ? [] : [notClosed];
  const { customerId, notOf } = walk;
  const tier = notOf === undefined ? [] : [sql`${tickets.tier} is distinct from ${notOf}`];
  return [eq(tickets.customerId, customerId), notClosed, ...tier];
}

/** How long the histories of these tickets are. */
export async function lengthsOf(db: Db, workspaceId: number, ids: string[]): Promise<Map<string, number>> {
  const rows = await db.orm
    .select({ id: ticketEvents.ticketId, length: max(ticketEvents.position) })
    .from(ticketEvents)
    .where(and(eq(ticketEvents.workspaceId, workspaceId), inArray(ticketEvents.ticketId, ids)))
    .groupBy(ticketEvents.ticketId);
  return new Map(rows.map(({ id, length }) => [id, length ?? 0]));
}
