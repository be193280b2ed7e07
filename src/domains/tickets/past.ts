/** The past of many tickets, read for those who fold it again: the ticket's labels and its history, and nothing else. */

import { and, asc, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../db/connect.ts';
import { ticketEvents, tickets } from '../../db/tables/tickets.ts';
import type { Instant } from '../../rules/calendar.ts';
import { CLOCK_EVENT_TYPES } from '../../rules/clocks.ts';
import type { Recorded } from './settle.ts';

export interface PastFile {
  id: string;
  number: number;
  tier: string | null;
  kind: string;
  createdAt: Instant;
  /** What clocks are folded from, in the order of recording. */
  history: Recorded[];
}

/** Tickets created in [from, to). */
export interface Period {
  from?: Instant | undefined;
  to?: Instant | undefined;
}

function created(workspaceId: number, { from, to }: Period): (SQL | undefined)[] {
  return [
    eq(tickets.workspaceId, workspaceId),
    from === undefined ? undefined : gte(tickets.createdAt, from),
    to === undefined ? undefined : lt(tickets.createdAt, to),
  ];
}

export async function countPastTickets(db: Db, workspaceId: number, period: Period): Promise<number> {
  const [row] = await db.orm
    .select({ count: sql<number>`count(*)::int` })
    .from(tickets)
    .where(and(...created(workspaceId, period)));
  return row!.count;
}

/** The next tickets in the order of their creation, each history as one JSON text: rows of their own would cost ten times as much. */
export async function listPastTickets(
  db: Db,
  workspaceId: number,
  period: Period,
  after: { createdAt: Instant; id: string } | null,
  limit: number,
): Promise<PastFile[]> {
  const history = db.orm
    .select({
      events:
        sql`json_agg(json_build_array(extract(epoch from ${ticketEvents.at})::bigint, ${ticketEvents.type}, ${ticketEvents.data}) order by ${ticketEvents.position})`.as(
          'events',
        ),
    })
    .from(ticketEvents)
    .where(
      and(
        eq(ticketEvents.workspaceId, tickets.workspaceId),
        eq(ticketEvents.ticketId, tickets.id),
        inArray(ticketEvents.type, [...CLOCK_EVENT_TYPES]),
      ),
    )
    .as('history');
  const rows = await db.orm
    .select({
      id: tickets.id,
      number: tickets.number,
      tier: tickets.tier,
      kind: tickets.kind,
      createdAt: tickets.createdAt,
      events: sql<[at: Instant, type: string, data: Record<string, unknown>][]>`${history.events}`,
    })
    .from(tickets)
    .innerJoinLateral(history, sql`true`)
    .where(
      and(
        ...created(workspaceId, period),
        after === null
          ? undefined
          : sql`(${tickets.createdAt}, ${tickets.id}) > (${sql.param(after.createdAt, tickets.createdAt)}, ${sql.param(after.id, tickets.id)})`,
      ),
    )
    .orderBy(asc(tickets.createdAt), asc(tickets.id))
    .limit(limit);
  return rows.map(({ events, ...ticket }) => ({
    ...ticket,
    history: events.map(([at, type, data]) => ({ at, type, data })),
  }));
}
