/** What a review of many customers rests on: who they are, where they stand, and which reviews were asked for. */

import { and, eq, isNull, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { findByIds } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { customerScores, tierReviews } from '../../db/tables/tiering.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { CustomerRow } from '../customers/store.ts';

export type ScoreRow = typeof customerScores.$inferSelect;
type ReviewRow = typeof tierReviews.$inferSelect;

export interface ReviewFile {
  customer: CustomerRow;
  /** Undefined until they were scored. */
  score: ScoreRow | undefined;
  /** Reviews that are due: this look answers them. */
  asked: ReviewRow[];
}

/** Whether people gave the tier and no score moves it now. */
export function isPinned({ tierPin }: Pick<CustomerRow, 'tierPin'>, now: Instant): boolean {
  return tierPin !== null && (tierPin.until === null || tierPin.until > now);
}

/** In the order of the ids; unknown ones are left out. */
export async function loadReviewFiles(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
  now: Instant,
): Promise<ReviewFile[]> {
  // Before anything else is read: what is asked for from here on is answered by another look.
  const asked = await listAsked(db, workspaceId, customerIds, now);
  const [rows, scores] = await Promise.all([
    findByIds(db, customers, workspaceId, customerIds),
    listScores(db, workspaceId, customerIds),
  ]);
  return customerIds.flatMap((id) => {
    const customer = rows.get(id);
    return customer === undefined ? [] : [{ customer, score: scores.get(id), asked: asked.get(id) ?? [] }];
  });
}

async function listAsked(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
  now: Instant,
): Promise<Map<string, ReviewRow[]>> {
  const query = statement(db, 'list_asked_reviews', (orm, name) =>
    orm
      .select()
      .from(tierReviews)
      .where(
        and(
          eq(tierReviews.workspaceId, sql.placeholder('workspace')),
          sql`${tierReviews.customerId} = any(${sql.placeholder('customers')}::uuid[])`,
          sql`${tierReviews.due} <= ${bound(tierReviews.due, 'now')}`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({ workspace: workspaceId, customers: uuidsOf(customerIds), now });
  return Map.groupBy(rows, ({ customerId }) => customerId!);
}

async function listScores(db: Db, workspaceId: number, customerIds: readonly string[]): Promise<Map<string, ScoreRow>> {
  const query = statement(db, 'list_scores', (orm, name) =>
    orm
      .select()
      .from(customerScores)
      .where(
        and(
          eq(customerScores.workspaceId, sql.placeholder('workspace')),
          sql`${customerScores.customerId} = any(${sql.placeholder('customers')}::uuid[])`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({ workspace: workspaceId, customers: uuidsOf(customerIds) });
  return new Map(rows.map((row) => [row.customerId, row]));
}

function uuidsOf(customerIds: readonly string[]): unknown[] {
  return customerIds.map((id) => customers.id.mapToDriverValue(id));
}

/** The monthly runs that are ahead of a workspace, or due. */
export async function listMonthlyReviews(db: Db, workspaceId: number): Promise<ReviewRow[]> {
  return db.orm
    .select()
    .from(tierReviews)
    .where(and(eq(tierReviews.workspaceId, workspaceId), isNull(tierReviews.customerId)));
}
