/** Going through the tickets of a workspace by their ids, a few at a time: all, those not closed, or a customer's. */

import { and, asc, count, eq, gt, inArray, max, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import { type Db, statement } from '../../db/connect.ts';
import { ticketEvents, tickets } from '../../db/tables/tickets.ts';

/** Which tickets: all, all not closed, or those not closed of a customer. */
export type Walk = { closedToo: boolean } | { customerId: string };

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
  return [eq(tickets.customerId, walk.customerId), notClosed];
}

/** The tickets not closed of these customers, by customer, at most `limit` of each; who has none is left out. */
export async function listOpenOf(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
  limit: number,
): Promise<Map<string, string[]>> {
  const query = statement(db, 'list_open_of', (orm, name) => {
    const own = orm
      .select({ id: tickets.id })
      .from(tickets)
      .where(
        and(
          eq(tickets.workspaceId, sql.placeholder('workspace')),
          sql`${tickets.customerId} = asked.customer_id`,
          inArray(tickets.statusCategory, [...NOT_CLOSED]),
        ),
      )
      .orderBy(asc(tickets.id))
      .limit(sql.placeholder('limit'))
      .as('own');
    return orm
      .select({ customerId: sql`asked.customer_id`.mapWith(tickets.customerId), id: own.id })
      .from(sql`unnest(${sql.placeholder('customers')}::uuid[]) asked(customer_id)`)
      .crossJoinLateral(own)
      .prepare(name);
  });
  const customers = customerIds.map((id) => tickets.customerId.mapToDriverValue(id));
  const rows = await query.execute({ workspace: workspaceId, customers, limit });
  const open = new Map<string, string[]>();
  for (const { customerId, id } of rows) {
    const ids = open.get(customerId);
    if (ids === undefined) open.set(customerId, [id]);
    else ids.push(id);
  }
  return open;
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
