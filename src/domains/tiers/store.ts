/** Reads of the tiers domain. */

import { and, asc, eq, lte, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import type { Row } from '../../db/rows.ts';
import { customers, tiers } from '../../db/tables/customers.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { activities } from '../../db/tables/tiering.ts';
import { invalid } from '../../errors.ts';
import type { Instant } from '../../rules/calendar.ts';
import { NO_SERVICE } from '../../rules/named-service.ts';
import { iso } from '../model.ts';

export type TierRow = typeof tiers.$inferSelect;

export function tierView(row: Row) {
  const { id, key, name, description, position, service, version, createdAt, updatedAt } = row as TierRow;
  return {
    id,
    key,
    name,
    description,
    position,
    service: { ...NO_SERVICE, ...service },
    version,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

/** Every tier of the workspace, the highest first. */
export async function listTiers(db: Db, workspaceId: number): Promise<TierRow[]> {
  const query = statement(db, 'list_tiers', (orm, name) =>
    orm
      .select()
      .from(tiers)
      .where(eq(tiers.workspaceId, sql.placeholder('workspace')))
      .orderBy(asc(tiers.position))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId });
}

/** Whether anything is known of what a customer has done by an instant. */
export async function hasActivity(db: Db, workspaceId: number, customerId: string, by: Instant): Promise<boolean> {
  const rows = await db.orm
    .select({ id: activities.id })
    .from(activities)
    .where(and(eq(activities.workspaceId, workspaceId), eq(activities.customerId, customerId), lte(activities.at, by)))
    .limit(1);
  return rows.length > 0;
}

/** 422 naming the field when the workspace has no tier of this key. */
export function requireTier(all: TierRow[], key: string, path: string): TierRow {
  const tier = all.find((candidate) => candidate.key === key);
  if (tier === undefined) throw invalid(path, `No tier is called ${key}.`, 'unknown_key');
  return tier;
}

/** Who holds this tier now, in words, or null when nobody does. */
export async function findHolder(db: Db, workspaceId: number, key: string): Promise<'customers' | 'tickets' | null> {
  const [customer] = await db.orm
    .select({ id: customers.id })
    .from(customers)
    .where(and(eq(customers.workspaceId, workspaceId), eq(customers.tier, key)))
    .limit(1);
  if (customer !== undefined) return 'customers';
  const [ticket] = await db.orm
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.workspaceId, workspaceId), eq(tickets.tier, key)))
    .limit(1);
  return ticket === undefined ? null : 'tickets';
}
