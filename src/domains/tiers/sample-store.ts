/** Reads of the monthly sample, and how it is shown. */

import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { type Db, statement } from '../../db/connect.ts';
import { type Filter, filter } from '../../db/page.ts';
import { customers, tiers } from '../../db/tables/customers.ts';
import { tierSamples } from '../../db/tables/tier-samples.ts';
import { customerScores } from '../../db/tables/tiering.ts';
import { encodeId } from '../../ids.ts';
import type { ScoredPart } from '../../rules/tier-model.ts';
import { iso, isoOrNull } from '../model.ts';

export type TierSampleRow = typeof tierSamples.$inferSelect;

export async function hasSample(db: Db, workspaceId: number, month: string): Promise<boolean> {
  const query = statement(db, 'has_tier_sample', (orm, name) =>
    orm
      .select({ id: tierSamples.id })
      .from(tierSamples)
      .where(
        and(eq(tierSamples.workspaceId, sql.placeholder('workspace')), eq(tierSamples.month, sql.placeholder('month'))),
      )
      .limit(1)
      .prepare(name),
  );
  return (await query.execute({ workspace: workspaceId, month })).length > 0;
}

/** A customer who can be drawn, with the score of now. */
export interface Drawable {
  customerId: string;
  tier: string;
  model: number;
  total: number;
  parts: ScoredPart[];
}

/**
 * Of each tier, the first so many of its customers in the order of a hash of customer and month. Those without a score are
 * not of the model's making, nor those with a pinned tier. The order comes first, and scores are looked up in it one by one:
 * a join would read every score there is.
 */
const DRAW = sql`
  select ${tiers.position} as position, ${tiers.key} as tier, drawn.*
  from ${tiers}
  cross join lateral (
    select candidate.id, candidate.place, score.*
    from (
      select ${customers.id} as id, hashtextextended(${customers.id}::text || ${sql.placeholder('month')}::text, 0) as place
      from ${customers}
      where ${customers.workspaceId} = ${tiers.workspaceId} and ${customers.tier} = ${tiers.key}
        and ${customers.mergedInto} is null
        and (${customers.tierPin} is null or (${customers.tierPin} ->> 'until')::bigint <= ${sql.placeholder('now')}::bigint)
      order by place, ${customers.id}
    ) candidate
    cross join lateral (
      select ${customerScores.model} as model, ${customerScores.total} as total, ${customerScores.parts} as parts
      from ${customerScores}
      where ${customerScores.workspaceId} = ${tiers.workspaceId} and ${customerScores.customerId} = candidate.id
        and ${customerScores.parts} <> '[]'
      offset 0
    ) score
    limit ${sql.placeholder('size')}::int
  ) drawn
  where ${tiers.workspaceId} = ${sql.placeholder('workspace')}`;

/** At most `size` of each tier, in the order in which they are drawn. */
export async function listDrawable({ db, workspace, now }: Ctx, month: string, size: number): Promise<Drawable[]> {
  const query = statement(db, 'list_drawable', (orm, name) =>
    orm
      .select({
        id: sql<string>`id`,
        tier: sql<string>`tier`,
        model: sql<number>`model`,
        total: sql<number>`total`,
        parts: sql<ScoredPart[]>`parts`,
      })
      .from(sql`(${DRAW}) drawn`)
      .orderBy(sql`position, place, id`)
      .prepare(name),
  );
  const rows = await query.execute({ workspace: workspace.workspaceId, month, now, size });
  return rows.map(({ id, ...row }) => ({ customerId: encodeId('customer', id), ...row }));
}

/** Whether somebody has said which tier is right, where that is asked. */
export function ofConfirmed(confirmed: boolean | undefined): Filter {
  const condition = sql`(${tierSamples.confirmedTier} is not null) = ${sql.placeholder('confirmed')}::boolean`;
  return filter('confirmed', confirmed, condition);
}

export function tierSampleView(row: TierSampleRow) {
  const { id, month, customerId, tier, model, total, confirmedTier, note, confirmedBy, version } = row;
  return {
    ...{ id, month, customerId, tier, model, total, confirmedTier, note, confirmedBy },
    confirmedAt: isoOrNull(row.confirmedAt),
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
