/**
 * The monthly run: a review without a customer is due when a month begins in the workspace's time zone. It asks for a job
 * that looks at everybody, and for the run of the month after.
 */

import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { tierReviews } from '../../db/tables/tiering.ts';
import { newId } from '../../ids.ts';
import { enqueue } from '../../job.ts';
import type { Instant } from '../../rules/calendar.ts';
import { monthOf, startOfMonth, startOfNextMonth } from '../../rules/windows.ts';
import { Zone } from '../../rules/zone.ts';
import { TIERS_RECOMPUTE } from './job-names.ts';
import { listMonthlyReviews } from './review-load.ts';

/** Local times of one instant are never further apart. */
const MOST_APART = 26 * 3600;

/** Adds the next monthly run of a workspace; if there is one already, the two are one run. */
export function addMonthlyRun({ workspace }: Pick<Ctx, 'workspace'>, changes: Changes, due?: Instant): void {
  changes.insert(tierReviews, {
    workspaceId: workspace.workspaceId,
    id: newId('tierReview'),
    customerId: null,
    due: due ?? startOfNextMonth(changes.now, Zone.named(workspace.timeZone)!),
    live: workspace.mode === 'live',
  });
}

/**
 * What follows when monthly runs are due at `ctx.now`: the job, and the next one. However many are due or ahead, it is one
 * run: that of the month at hand. Where the workspace has moved to another time zone since, a month that has not begun
 * there yet is waited for, and one that has begun is run now: no local month is run twice, and none is left out.
 */
export async function monthlyRun(ctx: Ctx): Promise<Changes> {
  const changes = new Changes(ctx.now);
  const { workspaceId, timeZone, tierModel } = ctx.workspace;
  const all = await listMonthlyReviews(ctx.db, workspaceId);
  const due = all.filter((review) => review.due <= ctx.now).map((review) => review.due);
  if (due.length === 0) return changes;
  for (const review of all) changes.delete(tierReviews, review);
  if (tierModel === 0) return changes;
  const zone = Zone.named(timeZone)!;
  // A day later it is the month that was meant wherever the workspace is.
  const meant = startOfMonth(Math.max(...due) + MOST_APART, zone);
  if (meant > ctx.now) {
    addMonthlyRun(ctx, changes, meant);
    return changes;
  }
  const [monthly, month] = [startOfMonth(ctx.now, zone), monthOf(ctx.now, zone)];
  enqueue(ctx, changes, { type: TIERS_RECOMPUTE }, { monthly, month });
  addMonthlyRun(ctx, changes);
  return changes;
}
