/** How tier models are read and shown. */

import { and, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { tierModels } from '../../db/tables/tiering.ts';
import { notFound } from '../../errors.ts';
import type { RiskDefinition, TierModelDefinition } from '../../rules/tier-model.ts';
import { iso, isoDuration } from '../model.ts';

export type TierModelRow = typeof tierModels.$inferSelect;

/** 404 when the workspace has no model of this number. */
export async function getTierModelRow(db: Db, workspaceId: number, number: number): Promise<TierModelRow> {
  const query = statement(db, 'get_tier_model_row', (orm, name) =>
    orm
      .select()
      .from(tierModels)
      .where(
        and(
          eq(tierModels.workspaceId, sql.placeholder('workspace')),
          eq(tierModels.number, bound(tierModels.number, 'number')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, number });
  if (row === undefined) throw notFound('tier model');
  return row;
}

/** `inForce`: the number of the model in force. */
export function tierModelView(row: TierModelRow, inForce: number) {
  const { number, definition, reason, population, actor, createdAt } = row;
  return {
    number,
    inForce: number === inForce,
    definition: definitionView(definition),
    reason,
    population: population && { customers: population.customers, at: iso(population.at) },
    appliedBy: actor,
    appliedAt: iso(createdAt),
  };
}

function definitionView({ parts, tiers, hysteresis = {}, risk, sampleSize = 50 }: TierModelDefinition) {
  const { margin = 0, upAfterSeconds = 0, downRuns = 2, graceSeconds = 0 } = hysteresis;
  return {
    parts: parts.map(({ key, name = null, weight, figure, scaling }) => {
      const bands = 'bands' in scaling ? [...scaling.bands] : null;
      const percentile = 'percentile' in scaling ? scaling.percentile : null;
      return { key, name, weight, figure, scaling: { bands, percentile } };
    }),
    tiers: tiers.map(({ tier, minTotal = null, minParts = null, share = null }) => {
      return { tier, minTotal, minParts, share };
    }),
    hysteresis: { margin, upAfter: isoDuration(upAfterSeconds), downRuns, grace: isoDuration(graceSeconds) },
    risk: risk === undefined ? null : riskView(risk),
    sampleSize,
  };
}

function riskView({ fewerPercent, lowScores, complaints, window }: RiskDefinition) {
  return {
    fewerPercent: fewerPercent ?? null,
    lowScores: lowScores ?? null,
    complaints: complaints ?? null,
    window: window ?? null,
  };
}
