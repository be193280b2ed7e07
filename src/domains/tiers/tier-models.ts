/** Verbs of tier models: what is in force, what was, and another one instead. */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { readPage } from '../../db/page.ts';
import { tiers } from '../../db/tables/customers.ts';
import { tierModels } from '../../db/tables/tiering.ts';
import { workspaces } from '../../db/tables/workspaces.ts';
import { enqueue } from '../../job.ts';
import { read, write } from '../../operation.ts';
import { compileTierModel } from '../../rules/tier-model.ts';
import { zPaging } from '../model.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { TIERS_RECOMPUTE } from './job-names.ts';
import { addMonthlyRun } from './monthly.ts';
import { listMonthlyReviews } from './review-load.ts';
import { listTiers } from './store.ts';
import { AppliedTierModel, applyTierModelFields, TierModel, TierModelPage } from './tier-models-model.ts';
import { getTierModelRow, tierModelView } from './tier-models-store.ts';

export const getTierModel = read({
  name: 'getTierModel',
  summary: 'Get the tier model in force',
  description: 'Not found where none was applied: tiers are given by people alone.',
  scope: 'tiers:read',
  input: z.strictObject({}),
  output: TierModel,
  async run(ctx) {
    const { workspaceId, tierModel } = ctx.workspace;
    return tierModelView(await getTierModelRow(ctx.db, workspaceId, tierModel), tierModel);
  },
});

export const getTierModelByNumber = read({
  name: 'getTierModelByNumber',
  summary: 'Get a tier model that is or was in force',
  scope: 'tiers:read',
  input: z.strictObject({
    number: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .meta({ examples: [1] })
      .describe('Its number, from 1.'),
  }),
  output: TierModel,
  async run(ctx, { number }) {
    const { workspaceId, tierModel } = ctx.workspace;
    return tierModelView(await getTierModelRow(ctx.db, workspaceId, number), tierModel);
  },
});

export const listTierModels = read({
  name: 'listTierModels',
  summary: 'List the tier models that are or were in force, newest first',
  scope: 'tiers:read',
  input: z.strictObject(zPaging),
  output: TierModelPage,
  async run(ctx, { limit, cursor }) {
    const { workspaceId, tierModel } = ctx.workspace;
    return readPage(
      {
        db: ctx.db,
        name: 'list:tier_models',
        table: tierModels,
        workspaceId,
        filters: [],
        order: { name: 'number', column: tierModels.number, descending: true },
        tieBreak: tierModels.number,
        limit,
        cursor,
      },
      (row) => tierModelView(row, tierModel),
    );
  },
});

export const applyTierModel = write({
  name: 'applyTierModel',
  summary: 'Put another tier model in force',
  description:
    'Nobody moves before it is applied: preview it first (previewTierModel). From then on it decides, and a job looks at every customer. The model in force, given again, changes nothing.',
  scope: 'tiers:write',
  input: z.strictObject(applyTierModelFields),
  output: AppliedTierModel,
  status: 201,
  example: {
    reason: 'Growth counts more',
    definition: {
      parts: [
        {
          key: 'spend',
          name: 'Spend',
          weight: 50,
          figure: { of: 'amount', activities: ['order', 'refund'], window: 'P12M' },
          scaling: {
            bands: [
              { from: 500000, points: 100 },
              { from: 100000, points: 60 },
            ],
          },
        },
        {
          key: 'growth',
          name: 'Growth',
          weight: 50,
          figure: { of: 'growth', by: 'amount', activities: ['order', 'refund'], window: 'P6M' },
          scaling: { percentile: 'more' },
        },
      ],
      tiers: [
        { tier: 'core', minTotal: 70, minParts: { spend: 100 } },
        { tier: 'potential', share: 20 },
      ],
      hysteresis: { margin: 5, downRuns: 2, grace: 'P14D' },
      risk: { fewerPercent: 30, lowScores: 2 },
    },
  },
  async run(ctx, { definition, reason }) {
    const { workspaceId } = ctx.workspace;
    const workspace = await getWorkspace(ctx.db, workspaceId);
    const { tierModel } = workspace;
    const [ranks, last, monthly] = await Promise.all([
      listTiers(ctx.db, workspaceId),
      tierModel === 0 ? null : getTierModelRow(ctx.db, workspaceId, tierModel),
      listMonthlyReviews(ctx.db, workspaceId),
    ]);
    const keys = ranks.map(({ key }) => key);
    compileTierModel(definition, keys);
    const changes = new Changes(ctx.now);
    if (last !== null && isDeepStrictEqual(last.definition, definition)) {
      const model = tierModelView(last, tierModel);
      return { result: { result: 'unchanged' as const, model, jobId: null }, changes, status: 200 as const };
    }
    const number = tierModel + 1;
    // What is left out is not written: a test clock moves without the guard, and must not be set back.
    const { testNow: _, ...row } = workspace;
    changes.update(workspaces, row, { tierModel: number });
    for (const rank of ranks) changes.guard(tiers, rank);
    const made = changes.insert(tierModels, {
      ...{ workspaceId, number, definition, reason },
      actor: ctx.actor.id,
      createdAt: ctx.now,
    });
    const model = tierModelView(made, number);
    changes.event('tierModel.applied', workspace.id, { model });
    const job = enqueue(ctx, changes, { type: TIERS_RECOMPUTE }, {});
    if (monthly.length === 0) addMonthlyRun(ctx, changes);
    return { result: { result: 'applied' as const, model, jobId: job.id }, changes };
  },
});
