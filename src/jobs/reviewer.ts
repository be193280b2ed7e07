/**
 * The reviewer: looks at the tiers of customers whose review is due, many at once and each customer once, however often it
 * was asked for; and sets off the monthly run. What it writes is guarded, leases only keep processes out of each other's way.
 */

import { systemActor } from '../auth/policy.ts';
import type { Logger } from '../context.ts';
import { monthlyRun } from '../domains/tiers/monthly.ts';
import { reviewEach } from '../domains/tiers/review.ts';
import { getWorkspace } from '../domains/workspaces/store.ts';
import type { Desk } from '../operation.ts';
import type { Instant } from '../rules/calendar.ts';
import { saveEach, saveOne } from '../saving.ts';
import { type Loop, startLoop } from './loop.ts';
import { claimDueReviews, type DueReview, nextLiveReview, postponeReviews } from './store.ts';

const BATCH = 500;
/** Of a batch: many workspaces with a customer each must not be handled one after the other. */
const WORKSPACES_AT_ONCE = 3;
/** How often what others change at the same time is looked at again. */
const ATTEMPTS = 5;
const ACTOR = systemActor('reviewer');
const AUTHOR = { actor: ACTOR.id, door: 'job' };

/** Answers the reviews that could not be done; why is in the log. */
export async function handleReviews(
  desk: Desk,
  workspaceId: number,
  reviews: readonly DueReview[],
  now: Instant,
  log: Logger,
): Promise<DueReview[]> {
  const contextNow = async () => {
    const workspace = await getWorkspace(desk.db, workspaceId);
    return { db: desk.db, workspace, actor: ACTOR, door: 'job' as const, now, log, services: desk.services };
  };
  const undone = new Set<string>();
  const fail = (customerId: string, error: unknown) => {
    log.error({ err: error, customer: customerId }, 'a customer could not be reviewed');
    undone.add(customerId);
  };
  let left = [...new Set(reviews.flatMap(({ customerId }) => customerId ?? []))];
  for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
    const ctx = await contextNow();
    const reviewed = await reviewEach(ctx, left, { monthly: null }, fail);
    const groups = reviewed.filter(({ changes }) => !changes.empty);
    const lost = await saveEach(desk, ctx.workspace, groups, AUTHOR, ({ customerId }, error) =>
      fail(customerId, error),
    );
    left = lost.map(({ customerId }) => customerId);
  }
  for (const customerId of left) undone.add(customerId);
  const monthly = reviews.filter(({ customerId }) => customerId === null);
  let isRun = monthly.length === 0;
  for (let attempt = 0; attempt < ATTEMPTS && !isRun; attempt++) {
    const ctx = await contextNow();
    const changes = await monthlyRun(ctx);
    isRun = changes.empty || (await saveOne(desk, ctx.workspace, changes, AUTHOR));
  }
  const notDone = reviews.filter(({ customerId }) => customerId !== null && undone.has(customerId));
  return isRun ? notDone : [...notDone, ...monthly];
}

/** Claims and handles one batch of live reviews; answers how many there were. */
async function handleDueReviews(desk: Desk, log: Logger): Promise<number> {
  const { db, services } = desk;
  const reviews = await claimDueReviews(db, services.wallClock(), BATCH);
  const queue = Map.groupBy(reviews, ({ workspaceId }) => workspaceId).entries();
  const worker = async () => {
    for (const [workspaceId, mine] of queue) {
      const now = Math.floor(services.wallClock() / 1000);
      const undone = await handleReviews(desk, workspaceId, mine, now, log);
      if (undone.length > 0) await postponeReviews(db, workspaceId, undone, services.wallClock());
    }
  };
  await Promise.all(Array.from({ length: WORKSPACES_AT_ONCE }, worker));
  return reviews.length;
}

/** At most this long between two looks: another process may have asked for a review. */
const LONGEST_SLEEP_MS = 1000;
const SHORTEST_SLEEP_MS = 20;

/** Starts the loop for live workspaces. `wake` takes the instant of a review, epoch milliseconds. */
export function startReviewer(desk: Desk, log: Logger): Loop {
  const { wallClock } = desk.services;
  return startLoop({
    wallClock,
    longestMs: LONGEST_SLEEP_MS,
    shortestMs: SHORTEST_SLEEP_MS,
    async look(running) {
      /** A pair of hands: while what one holds is saved, the other claims and decides. */
      const hand = async () => {
        while (running() && (await handleDueReviews(desk, log)) > 0);
      };
      await Promise.all([hand(), hand()]);
      const now = wallClock();
      return nextLiveReview(desk.db, now, now + LONGEST_SLEEP_MS);
    },
    failed: (error) => log.warn({ err: error }, 'the reviewer could not look at its reviews'),
  });
}
