/** What customers mean to those who serve them: how many tickets they have, and what tiers are promised. */

import type { Db } from '../../db/connect.ts';
import { decodeId, encodeId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';

export interface TicketCounts {
  open: number;
  recent: number;
}

/** Tickets of these customers, not closed and created since; who has none is left out. */
export async function countTicketsOf(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
  since: Instant,
): Promise<Map<string, TicketCounts>> {
  const { rows } = await db.pool.query<{ id: string; open: number; recent: number }>({
    ...(db.prepared ? { name: 'count_tickets_of' } : {}),
    text: `select customer_id as id, (count(*) filter (where status_category <> 'closed'))::int as open,
             (count(*) filter (where created_at > to_timestamp($3)))::int as recent
           from tickets where workspace_id = $1 and customer_id = any($2::uuid[]) group by customer_id`,
    values: [workspaceId, customerIds.map((id) => decodeId('customer', id)), since],
  });
  return new Map(rows.map(({ id, open, recent }) => [encodeId('customer', id), { open, recent }]));
}

/** The mean of what tickets created since were promised to be solved in, by their tier; hours, a working day counted as 24. */
export async function meanPromises(db: Db, workspaceId: number, since: Instant): Promise<Map<string | null, number>> {
  const { rows } = await db.pool.query<{ tier: string | null; hours: number }>({
    ...(db.prepared ? { name: 'mean_promises' } : {}),
    text: `select t.tier, (avg(extract(epoch from c.target::interval)) / 3600)::float8 as hours
           from tickets t join clocks c on c.workspace_id = t.workspace_id and c.ticket_id = t.id
           where t.workspace_id = $1 and t.created_at > to_timestamp($2) and c.metric = 'resolution' and c.cycle = 1
           group by t.tier`,
    values: [workspaceId, since],
  });
  return new Map(rows.map(({ tier, hours }) => [tier, hours]));
}
