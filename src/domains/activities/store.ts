/** Reads of the activities domain, and how its rows are shown. */

import { and, eq, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import { findById } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { activities } from '../../db/tables/tiering.ts';
import { notFound } from '../../errors.ts';
import { iso } from '../model.ts';

export type ActivityRow = typeof activities.$inferSelect;

export async function getActivity(db: Db, workspaceId: number, id: string): Promise<ActivityRow> {
  const row = await findById(db, activities, workspaceId, id);
  if (row === undefined) throw notFound('activity');
  return row;
}

/** Whether there is any activity of this customer or contact. */
export async function hasActivities(
  db: Db,
  workspaceId: number,
  column: 'customerId' | 'contactId',
  id: string,
): Promise<boolean> {
  const rows = await db.orm
    .select({ id: activities.id })
    .from(activities)
    .where(and(eq(activities.workspaceId, workspaceId), eq(activities[column], id)))
    .limit(1);
  return rows.length > 0;
}

/** Whether there is any activity at all: then amounts are in the workspace's currency. */
export async function anyActivity(db: Db, workspaceId: number): Promise<boolean> {
  const rows = await db.orm
    .select({ id: activities.id })
    .from(activities)
    .where(eq(activities.workspaceId, workspaceId))
    .limit(1);
  return rows.length > 0;
}

/** A customer as far as an activity needs to know. */
export type CustomerKey = Pick<typeof customers.$inferSelect, 'workspaceId' | 'id' | 'version'>;

/**
 * Who these ids mean, by the id that was asked for and by their own: the customer, or the one it was merged into; unknown
 * ones are left out. One statement, and another one where some were merged.
 */
export async function findCustomerKeys(
  db: Db,
  workspaceId: number,
  ids: readonly (string | null)[],
): Promise<Map<string, CustomerKey>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const query = statement(db, 'find_customer_keys', (orm, name) =>
    orm
      .select({
        workspaceId: customers.workspaceId,
        id: customers.id,
        version: customers.version,
        mergedInto: customers.mergedInto,
      })
      .from(customers)
      .where(
        and(
          eq(customers.workspaceId, sql.placeholder('workspace')),
          sql`${customers.id} = any(${sql.placeholder('ids')}::uuid[])`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    ids: wanted.map((id) => customers.id.mapToDriverValue(id)),
  });
  const keys = new Map<string, CustomerKey>(rows.map((row) => [row.id, row]));
  const merged = rows.filter(({ mergedInto }) => mergedInto !== null);
  if (merged.length === 0) return keys;
  const into = await findCustomerKeys(
    db,
    workspaceId,
    merged.map(({ mergedInto }) => mergedInto),
  );
  for (const { id, mergedInto } of merged) {
    const key = into.get(mergedInto!);
    if (key === undefined) keys.delete(id);
    else keys.set(id, key).set(key.id, key);
  }
  return keys;
}

/** `12.5000` -> `12.50`: two places at least, as money is written. */
function shown(amount: string): string {
  return amount.replace(/(\.\d\d\d?)0+$/, '$1').replace(/(\.\d\d)0$/, '$1');
}

export function activityView(row: ActivityRow) {
  return {
    id: row.id,
    customerId: row.customerId,
    contactId: row.contactId,
    kind: row.kind,
    at: iso(row.at),
    amount: row.amount === null ? null : { amount: shown(row.amount), currency: row.currency! },
    baseAmount: row.baseAmount === null ? null : shown(row.baseAmount),
    title: row.title,
    details: row.details,
    externalIds: row.externalIds,
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

/** What events say of it: ids and facts, no words of people. */
export function activityFacts(row: ActivityRow) {
  const { title: _title, details: _details, ...facts } = activityView(row);
  return facts;
}
