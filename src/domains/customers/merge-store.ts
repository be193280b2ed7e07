/** Reads about customers that were found to be another one. */

import { and, asc, count, eq, gt, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import { type Filter, filter } from '../../db/page.ts';
import { columnsOf } from '../../db/rows.ts';
import { contacts, customers } from '../../db/tables/customers.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { activities } from '../../db/tables/tiering.ts';
import { apiKeys } from '../../db/tables/workspaces.ts';
import { findManyNamed, type Name, nameKey } from '../names.ts';
import type { CustomerRow } from './store.ts';

/** Who was merged into this customer, also by way of another one. */
export async function listMerged(db: Db, workspaceId: number, customerId: string): Promise<CustomerRow[]> {
  return (await db.orm
    .select(columnsOf(customers))
    .from(customers)
    .where(and(eq(customers.workspaceId, workspaceId), eq(customers.mergedInto, customerId)))
    .orderBy(asc(customers.id))) as CustomerRow[];
}

/** Every id that means the same customer as this one, that one's own among them; itself alone for what is no customer's. */
export async function familyOf(db: Db, workspaceId: number, customerId: string): Promise<string[]> {
  const query = statement(db, 'family_of_customer', (orm, name) => {
    const asked = sql`${sql.placeholder('customer')}::uuid`;
    const ofWorkspace = sql`${customers.workspaceId} = ${sql.placeholder('workspace')}`;
    const home = sql`coalesce((select ${customers.mergedInto} from ${customers} where ${ofWorkspace} and ${customers.id} = ${asked}), ${asked})`;
    return orm
      .select({ id: customers.id, home: sql`${home}`.mapWith(customers.id) })
      .from(customers)
      .where(and(ofWorkspace, sql`${customers.mergedInto} = ${home}`))
      .unionAll(
        orm
          .select({ id: customers.id, home: customers.id })
          .from(customers)
          .where(and(ofWorkspace, sql`${customers.id} = ${home}`)),
      )
      .prepare(name);
  });
  const rows = await query.execute({ workspace: workspaceId, customer: customers.id.mapToDriverValue(customerId) });
  return [...new Set([customerId, ...rows.flatMap(({ id, home }) => [id, home])])];
}

/** A list of this customer's, by whatever of their ids; no condition when none is asked for. */
export async function ofCustomer(
  db: Db,
  workspaceId: number,
  column: typeof tickets.customerId | typeof contacts.customerId | typeof activities.customerId,
  customerId: string | undefined,
): Promise<Filter> {
  const ids = customerId === undefined ? [] : await familyOf(db, workspaceId, customerId);
  const uuids = ids.map((id) => customers.id.mapToDriverValue(id));
  return ids.length < 2
    ? filter('customer', uuids[0], sql`${column} = ${sql.placeholder('customer')}::uuid`)
    : filter('customers', uuids, sql`${column} = any(${sql.placeholder('customers')}::uuid[])`);
}

/** The names in other systems that mean this customer, of all that it and those merged into it were ever given. */
export async function namesMeaning(
  db: Db,
  workspaceId: number,
  customer: CustomerRow,
  merged: readonly CustomerRow[],
): Promise<Name[]> {
  const given = new Map<string, Name>();
  for (const { externalIds } of [customer, ...merged]) {
    for (const [system, value] of Object.entries(externalIds)) {
      const name: Name = { resource: 'customer', system, value };
      given.set(nameKey(name), name);
    }
  }
  const holders = await findManyNamed(db, workspaceId, [...given.values()]);
  return [...given].filter(([key]) => holders.get(key) === customer.id).map(([, name]) => name);
}

/** Keys of portals of this customer. */
export async function listKeysOf(db: Db, workspaceId: number, customerId: string) {
  return db.orm
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.workspaceId, workspaceId), eq(apiKeys.customerId, customerId)));
}

const MOVED = { contacts, tickets, activities } as const;

/** What moves with a merged customer. */
export type Moved = keyof typeof MOVED;
export const MOVED_PARTS = Object.keys(MOVED) as Moved[];

export async function countLeft(db: Db, workspaceId: number, part: Moved, customerId: string): Promise<number> {
  const table = MOVED[part];
  const [row] = await db.orm
    .select({ number: count() })
    .from(table)
    .where(and(eq(table.workspaceId, workspaceId), eq(table.customerId, customerId)));
  return row!.number;
}

/** The next of them after this id, in order. */
export async function listLeft(
  db: Db,
  workspaceId: number,
  part: Moved,
  customerId: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const table = MOVED[part];
  const rows = await db.orm
    .select({ id: table.id })
    .from(table)
    .where(
      and(
        eq(table.workspaceId, workspaceId),
        eq(table.customerId, customerId),
        after === null ? undefined : gt(table.id, after),
      ),
    )
    .orderBy(asc(table.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}
