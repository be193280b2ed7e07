/** How far tiers are right: what people said of the monthly samples. */

import { and, asc, count, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Db, statement } from '../../db/connect.ts';
import { tierSamples } from '../../db/tables/tier-samples.ts';
import { invalid } from '../../errors.ts';
import { read } from '../../operation.ts';
import { listTiers } from '../tiers/store.ts';
import { TierAccuracy, tierAccuracyFields } from './tier-accuracy-model.ts';

export const getTierAccuracy = read({
  name: 'getTierAccuracy',
  summary: 'How far tiers are right, by month and tier, as people say of the monthly samples',
  scope: 'customers:read',
  input: z.strictObject(tierAccuracyFields),
  output: TierAccuracy,
  async run(ctx, { from, to }) {
    if (from !== undefined && to !== undefined && to < from) throw invalid('to', 'Expected a month not before from.');
    const { workspaceId } = ctx.workspace;
    const [tiers, rows] = await Promise.all([
      listTiers(ctx.db, workspaceId),
      countSamples(ctx.db, workspaceId, { from, to }),
    ]);
    const rank = new Map(tiers.map(({ key, position }) => [key, position]));
    const rankOf = ({ tier }: Counts) => rank.get(tier) ?? Number.MAX_SAFE_INTEGER;
    const months = [...Map.groupBy(rows, ({ month }) => month)];
    return {
      data: months.map(([month, ofMonth]) => ({
        month,
        ...withAccuracy({
          drawn: sum(ofMonth, 'drawn'),
          judged: sum(ofMonth, 'judged'),
          agreed: sum(ofMonth, 'agreed'),
        }),
        tiers: ofMonth
          .toSorted((a, b) => rankOf(a) - rankOf(b))
          .map(({ tier, drawn, judged, agreed }) => ({ tier, ...withAccuracy({ drawn, judged, agreed }) })),
      })),
    };
  },
});

type Counts = Awaited<ReturnType<typeof countSamples>>[number];

function sum(rows: Counts[], name: 'drawn' | 'judged' | 'agreed'): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

function withAccuracy(counts: Pick<Counts, 'drawn' | 'judged' | 'agreed'>) {
  return { ...counts, accuracy: counts.judged === 0 ? null : counts.agreed / counts.judged };
}

/** The newest month first. */
async function countSamples(
  db: Db,
  workspaceId: number,
  { from, to }: { from?: string | undefined; to?: string | undefined },
) {
  const { month, tier, confirmedTier } = tierSamples;
  const query = statement(db, 'count_tier_samples', (orm, name) =>
    orm
      .select({
        month,
        tier,
        drawn: count(),
        judged: count(confirmedTier),
        agreed: sql<number>`count(*) filter (where ${confirmedTier} = ${tier})`.mapWith(Number),
      })
      .from(tierSamples)
      .where(
        and(
          eq(tierSamples.workspaceId, sql.placeholder('workspace')),
          sql`${month} >= coalesce(${sql.placeholder('from')}::text, '')`,
          sql`${month} <= coalesce(${sql.placeholder('to')}::text, '9999-12')`,
        ),
      )
      .groupBy(month, tier)
      .orderBy(desc(month), asc(tier))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, from: from ?? null, to: to ?? null });
}
