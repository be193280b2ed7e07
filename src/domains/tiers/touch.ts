/** What a customer did or became may give them another tier: says that it is to be looked at. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { tierReviews } from '../../db/tables/tiering.ts';
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

/** When customers touched by a bulk request are reviewed: together, at the end of the span. */
export function endOfSpan(now: Instant): Instant {
  return (Math.floor(now / BULK_SPAN) + 1) * BULK_SPAN;
}
