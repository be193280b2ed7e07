/** Reads for entitlements: the tier a customer held at an instant, and where they stand under the tier model. */

import { and, desc, eq, lte, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { tierChanges } from '../../db/tables/customers.ts';
import { customerScores } from '../../db/tables/tiering.ts';
import type { Instant } from '../../rules/calendar.ts';
import { isScored } from '../../rules/score.ts';
import type { TierChangeRow } from './store.ts';

/** The entry of the history that held at an instant; undefined when there is none. */
export async function findTierAt(
  db: Db,
  workspaceId: number,
  customerId: string,
  at: Instant,
): Promise<TierChangeRow | undefined> {
  const query = statement(db, 'find_tier_at', (orm, name) =>
    orm
      .select()
      .from(tierChanges)
      .where(
        and(
          eq(tierChanges.workspaceId, sql.placeholder('workspace')),
          eq(tierChanges.customerId, bound(tierChanges.customerId, 'customer')),
          lte(tierChanges.validFrom, bound(tierChanges.validFrom, 'at')),
          sql`(${tierChanges.validTo} is null or ${tierChanges.validTo} > ${bound(tierChanges.validTo, 'at')})`,
        ),
      )
      .orderBy(desc(tierChanges.position))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, customer: customerId, at });
  return row;
}

type ScoreRow = typeof customerScores.$inferSelect;

/** Undefined for who was not scored. */
export async function findScore(db: Db, workspaceId: number, customerId: string): Promise<ScoreRow | undefined> {
  const query = statement(db, 'find_customer_score', (orm, name) =>
    orm
      .select()
      .from(customerScores)
      .where(
        and(
          eq(customerScores.workspaceId, sql.placeholder('workspace')),
          eq(customerScores.customerId, bound(customerScores.customerId, 'customer')),
        ),
      )
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, customer: customerId });
  return row !== undefined && isScored(row) ? row : undefined;
}
