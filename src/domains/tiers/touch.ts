/** What a customer did or became may give them another tier: says that it is to be looked at. */

import { and, eq } from 'drizzle-orm';
import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { customerScores, tierReviews } from '../../db/tables/tiering.ts';
import { newId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';

/** Touches of one customer within such a span of a bulk request are one review. Seconds. */
const BULK_SPAN = 30;

/** Asks for a review of the customer at an instant; now, unless told. Whoever asks twice is answered by one look. */
export function touch(ctx: Pick<Ctx, 'workspace'>, changes: Changes, customerId: string, due?: Instant): void {
  changes.insert(tierReviews, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('tierReview'),
    customerId,
    due: due ?? changes.now,
    live: ctx.workspace.mode === 'live',
  });
}

/** Says, as part of a change set, that a customer is to be looked at. */
export type Touch = (changes: Changes, customerId: string) => void;

/** At once. */
export function touchNow(ctx: Pick<Ctx, 'workspace'>): Touch {
  return (changes, customerId) => touch(ctx, changes, customerId);
}

/** For a batch of a bulk request: at the end of the span. Every line asks, since each may be the only one that is saved. */
export function touchTogether(ctx: Pick<Ctx, 'workspace' | 'now'>): Touch {
  const due = endOfSpan(ctx.now);
  return (changes, customerId) => touch(ctx, changes, customerId, due);
}

/** When customers touched by a bulk request are reviewed: together, at the end of the span. */
export function endOfSpan(now: Instant): Instant {
  return (Math.floor(now / BULK_SPAN) + 1) * BULK_SPAN;
}

/** Before a customer goes: where they stood, and that they were to be looked at. */
export async function forgetReviews({ db, workspace }: Ctx, changes: Changes, customerId: string): Promise<void> {
  const { workspaceId } = workspace;
  const [reviews, scores] = await Promise.all([
    db.orm
      .select()
      .from(tierReviews)
      .where(and(eq(tierReviews.workspaceId, workspaceId), eq(tierReviews.customerId, customerId))),
    db.orm
      .select()
      .from(customerScores)
      .where(and(eq(customerScores.workspaceId, workspaceId), eq(customerScores.customerId, customerId))),
  ]);
  for (const row of reviews) changes.delete(tierReviews, row);
  for (const row of scores) changes.delete(customerScores, row);
}
