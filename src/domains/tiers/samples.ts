/** The monthly sample: customers of every tier are drawn, and people say whether the tier is right. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { findById } from '../../db/rows.ts';
import { tierSamples } from '../../db/tables/tier-samples.ts';
import { notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import { spread } from '../../rules/sample.ts';
import { changedNames } from '../patch.ts';
import { confirmTierSampleFields, listTierSampleFields, TierSample, TierSamplePage } from './sample-model.ts';
import { hasSample, listDrawable, ofConfirmed, tierSampleView } from './sample-store.ts';
import { listTiers, requireTier } from './store.ts';

/**
 * The sample of a month (`2026-11`), spread over the tiers as evenly as they allow: whom a hash of customer and month puts
 * first. To be saved when the scores of a monthly run are; nothing when the month has its sample.
 */
export async function drawSample(ctx: Ctx, month: string, size: number): Promise<Changes> {
  const changes = new Changes(ctx.now);
  const { workspaceId } = ctx.workspace;
  if (size === 0 || (await hasSample(ctx.db, workspaceId, month))) return changes;
  const tiers = (await listTiers(ctx.db, workspaceId)).map(({ key }) => key);
  const drawable = Map.groupBy(await listDrawable(ctx, month, size), ({ tier }) => tier);
  const groups = tiers.map((tier) => drawable.get(tier) ?? []);
  const counts = spread(
    size,
    groups.map(({ length }) => length),
  );
  for (const { customerId, tier, model, total, parts } of groups.flatMap((group, at) => group.slice(0, counts[at]))) {
    const row = changes.insert(tierSamples, {
      ...{ workspaceId, id: newId('tierSample'), month, customerId, tier, model, total, parts },
      ...{ createdAt: ctx.now, updatedAt: ctx.now },
    });
    changes.event('tierSample.drawn', row.id, { tierSample: tierSampleView(row) });
  }
  return changes;
}

export const listTierSamples = read({
  name: 'listTierSamples',
  summary: 'List the customers drawn for their tier to be confirmed, newest first',
  description:
    'Every monthly run draws as many as the tier model says, spread over the tiers, of the customers who have a score and no pinned tier.',
  scope: 'customers:read',
  input: z.strictObject(listTierSampleFields),
  output: TierSamplePage,
  async run(ctx, { month, confirmed, limit, cursor }) {
    return readPage(
      {
        db: ctx.db,
        name: 'list:tier_samples',
        table: tierSamples,
        workspaceId: ctx.workspace.workspaceId,
        filters: [equals('month', tierSamples.month, month), ofConfirmed(confirmed)],
        order: { name: 'id', column: tierSamples.id, descending: true },
        tieBreak: tierSamples.id,
        limit,
        cursor,
      },
      tierSampleView,
    );
  },
});

export const confirmTierSample = write({
  name: 'confirmTierSample',
  summary: 'Say which tier a customer of the sample should have held',
  description: 'Said again, it changes the answer. It moves no tier: see setCustomerTier.',
  scope: 'customers:write',
  input: z.strictObject(confirmTierSampleFields),
  output: TierSample,
  example: { tier: 'core', note: '年度框架合同' },
  async run(ctx, { tierSampleId, tier, note }) {
    const { workspaceId } = ctx.workspace;
    const before = await findById(ctx.db, tierSamples, workspaceId, tierSampleId);
    if (before === undefined) throw notFound('tier sample');
    requireTier(await listTiers(ctx.db, workspaceId), tier, 'tier');
    const changes = new Changes(ctx.now);
    const said = { confirmedTier: tier, note };
    if (changedNames(before, said).length === 0) return { result: tierSampleView(before), changes };
    const row = changes.update(tierSamples, before, { ...said, confirmedBy: ctx.actor.id, confirmedAt: ctx.now });
    changes.event('tierSample.confirmed', row.id, { tierSample: tierSampleView(row) });
    return { result: tierSampleView(row), changes };
  },
});
