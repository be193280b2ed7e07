/** What a review of many customers rests on: who they are, where they stand, and which reviews were asked for. */

import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { bound, type Db, statement } from '../../db/connect.ts';
import { findByIds } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { customerScores, tierReviews } from '../../db/tables/tiering.ts';
import type { Instant } from '../../rules/calendar.ts';
import { scoreOf, tierOf } from '../../rules/score.ts';
import { NEW_STANDING, type Population, type Score, type TierModel } from '../../rules/tier-model.ts';
import { groundOf, type Step, stepTier } from '../../rules/tier-step.ts';
import { type CustomerRow, findLastTierChanges, type TierChangeRow } from '../customers/store.ts';
import type { Measures } from './figures.ts';

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

export interface Scored {
  score: Score;
  step: Step;
}

/** What reviews come to, by customer: who is left out is not scored, and keeps the tier. */
interface Steps {
  steps: Map<string, Scored>;
  /** The newest entry of the history of everybody whose tier changes, and some others. */
  last: ReadonlyMap<string, TierChangeRow>;
}

/**
 * Scores customers by their figures, and steps. Of whom nothing is known is scored where a score or a hand gave the tier,
 * as nothing: what was taken back does not leave its tier behind.
 */
export async function loadSteps(
  ctx: Ctx,
  tiering: { model: TierModel; population: Population | null } | null,
  files: readonly ReviewFile[],
  measures: ReadonlyMap<string, Measures>,
  monthly: Instant | null,
): Promise<Steps> {
  const steps = new Map<string, Scored>();
  if (tiering === null) return { steps, last: new Map() };
  const { model, population } = tiering;
  const nothing = scoreOf(model, new Map(model.parts.map(({ figure }) => [figure, null])), population);
  const looks = files.flatMap(({ customer, score: before }) => {
    const measure = measures.get(customer.id);
    if (measure === undefined) return [];
    const { known, figures } = measure;
    const score = known ? scoreOf(model, figures, population) : nothing;
    const isAgreed = known && tierOf(model, score, population) === customer.tier;
    return [{ customer, before, known, score, isAgreed }];
  });
  const asked = looks.filter(({ isAgreed }) => !isAgreed).map(({ customer }) => customer.id);
  const last =
    asked.length === 0
      ? new Map<string, TierChangeRow>()
      : await findLastTierChanges(ctx.db, ctx.workspace.workspaceId, asked);
  for (const { customer, before, known, score } of looks) {
    const ground = groundOf(last.get(customer.id));
    const pinned = isPinned(customer, ctx.now);
    if (!known && (ground === 'none' || (ground === 'hand' && pinned))) continue;
    const standing = before?.standing ?? NEW_STANDING;
    // Nothing that would hold a step down back can be open yet.
    const review = { held: customer.tier, standing, score, population, now: ctx.now, monthly, blocked: false };
    steps.set(customer.id, { score, step: stepTier(model, { ...review, pinned, ground }) });
  }
  return { steps, last };
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
