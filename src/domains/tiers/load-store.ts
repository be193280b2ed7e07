/** What customers mean to those who serve them: how many tickets they have, and which. */

import type { Db } from '../../db/connect.ts';
import { decodeId, encodeId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { Alike } from '../../rules/promised-load.ts';

/** How many tickets of a customer are alike. */
export interface TicketGroup extends Alike {
  /** Not closed, whenever they were created. */
  open: number;
  /** Created since, closed or not. */
  recent: number;
  /** One or the other. */
  either: number;
}

/** Tickets of these customers, not closed or created since, by customer; who has none is left out. */
export async function groupTicketsOf(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
  since: Instant,
): Promise<Map<string, TicketGroup[]>> {
  const { rows } = await db.pool.query<TicketGroup>({
    ...(db.prepared ? { name: 'group_tickets_of' } : {}),
    text: `select customer_id as customer, kind, channel, priority,
             (count(*) filter (where status_category <> 'closed'))::int as open,
             (count(*) filter (where created_at > to_timestamp($3)))::int as recent,
             count(*)::int as either
           from tickets
           where workspace_id = $1 and customer_id = any($2::uuid[])
             and (status_category <> 'closed' or created_at > to_timestamp($3))
           group by customer_id, kind, channel, priority`,
    values: [workspaceId, customerIds.map((id) => decodeId('customer', id)), since],
  });
  const groups = rows.map((row) => ({ ...row, customer: encodeId('customer', row.customer) }));
  return Map.groupBy(groups, ({ customer }) => customer);
}
