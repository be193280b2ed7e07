/** Going through the customers of a workspace by their ids, a few hundred at a time. */

import { and, asc, count, eq, gt, isNull } from 'drizzle-orm';
import type { Db } from '../../db/connect.ts';
import { customers } from '../../db/tables/customers.ts';
import type { Measured } from './figures.ts';

/** All, also those who are another customer by now. */
export async function countCustomers(db: Db, workspaceId: number): Promise<number> {
  const [row] = await db.orm.select({ number: count() }).from(customers).where(eq(customers.workspaceId, workspaceId));
  return row!.number;
}

/** The next ids after this one, in order: all, also of those who are another customer by now. */
export async function listCustomerIds(
  db: Db,
  workspaceId: number,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await db.orm
    .select({ id: customers.id })
    .from(customers)
    .where(and(eq(customers.workspaceId, workspaceId), after === null ? undefined : gt(customers.id, after)))
    .orderBy(asc(customers.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** What figures need to know of the next customers after this one, in order of their ids. */
export async function listMeasured(
  db: Db,
  workspaceId: number,
  after: string | null,
  limit: number,
): Promise<Measured[]> {
  return db.orm
    .select({ id: customers.id, customerSince: customers.customerSince, figures: customers.figures })
    .from(customers)
    .where(
      and(
        eq(customers.workspaceId, workspaceId),
        isNull(customers.mergedInto),
        after === null ? undefined : gt(customers.id, after),
      ),
    )
    .orderBy(asc(customers.id))
    .limit(limit);
}
