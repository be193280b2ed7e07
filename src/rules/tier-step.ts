/** From the tier that the rules give to the tier a customer holds: how far and how long a border must be crossed. */

import type { Instant } from './block.ts';
import { tierOf } from './score.ts';
import type { Population, Score, Standing, TierModel } from './tier-model.ts';

/** A review: a look at a customer's tier. */
export interface Review {
  /** Key of the tier held; null without one. */
  held: string | null;
  /** As the review before left it. */
  standing: Standing;
  score: Score;
  population: Population | null;
  now: Instant;
  /** Of a monthly run: the first second of its month. A month counts once, however often it is looked at. */
  monthly: Instant | null;
  /** A tier given by people holds. */
  pinned: boolean;
  /** Something forbids to step down now: an open escalation. */
  blocked: boolean;
}

/**
 * Why the tier is what it is after a review:
 * - `agreed`: the rules give the tier held. `pinned`: people gave it, and no score moves it.
 * - `rose`, `fell`: it changed just now. `rising`: the better tier is not reached for long enough yet.
 * - `margin`: the score is not far enough below the border. `counting`: not enough monthly runs were below.
 * - `grace`: the step down is decided and comes later. `blocked`: it is due, and held back.
 */
export const STEP_REASONS = [
  'agreed',
  'pinned',
  'rose',
  'rising',
  'fell',
  'margin',
  'counting',
  'grace',
  'blocked',
] as const;
export type StepReason = (typeof STEP_REASONS)[number];

export interface Step {
  /** Key of the tier held from now on. */
  tier: string;
  /** What the rules give. */
  target: string;
  standing: Standing;
  /** When a step that is pending takes effect if nothing changes; null when none is, or nobody knows when. */
  movesAt: Instant | null;
  why: StepReason;
}

/** What a review makes of a customer's tier. The same review twice changes nothing more. */
export function stepTier(model: TierModel, review: Review): Step {
  const { held, score, population, now, monthly, pinned } = review;
  const target = tierOf(model, score, population);
  const { lastRun } = review.standing;
  // What was counted up to here is void; a new spell, on either side of a border, begins anew.
  const anew: Standing = { aboveSince: null, runsBelow: 0, decidedAt: null, lastRun };
  const stay = (why: StepReason, standing = anew, movesAt: Instant | null = null): Step => {
    return { tier: held ?? target, target, standing, movesAt, why };
  };
  if (pinned && held !== null) return stay('pinned');
  if (held === target) return stay('agreed');
  if (held === null || isBetter(model, target, held)) {
    const since = review.standing.aboveSince ?? now;
    const movesAt = since + model.upAfterSeconds;
    if (held !== null && now < movesAt) return stay('rising', { ...anew, aboveSince: since }, movesAt);
    return { tier: target, target, standing: anew, movesAt: null, why: 'rose' };
  }
  // A step goes down over a border only where the score falls short of it by the margin: from two tiers above, too.
  const below = tierOf(model, score, population, model.margin);
  if (!isBetter(model, held, below)) return stay('margin');
  const counts = monthly !== null && (lastRun === null || monthly > lastRun);
  if (counts) anew.lastRun = monthly;
  const runsBelow = Math.min(review.standing.runsBelow + (counts ? 1 : 0), model.downRuns);
  const decidedAt = review.standing.decidedAt ?? (runsBelow >= model.downRuns ? now : null);
  const standing: Standing = { ...anew, runsBelow, decidedAt };
  if (decidedAt === null) return stay('counting', standing);
  const movesAt = decidedAt + model.graceSeconds;
  if (now < movesAt) return stay('grace', standing, movesAt);
  if (review.blocked) return stay('blocked', standing);
  return { tier: below, target, standing: anew, movesAt: null, why: 'fell' };
}

/** Why a customer does not hold the tier of the rules; `due`: the next review gives it. `agreed`: they do. */
export const HELD_REASONS = ['agreed', 'pinned', 'rising', 'margin', 'counting', 'grace', 'blocked', 'due'] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** How it stands now with what the last review left behind; nothing is counted by asking. */
export function whyHeld(
  model: TierModel,
  left: Pick<Review, 'held' | 'standing' | 'score' | 'population' | 'now' | 'pinned'> & { movesAt: Instant | null },
): HeldReason {
  // The review that decided on a step left it without an instant: it was due, and not allowed.
  const blocked = left.standing.decidedAt !== null && left.movesAt === null;
  const { why } = stepTier(model, { ...left, monthly: null, blocked });
  if (why === 'grace' && blocked) return 'blocked';
  return why === 'rose' || why === 'fell' ? 'due' : why;
}

/** A tier the workspace no longer has is below all others. */
function isBetter({ tiers }: TierModel, one: string, other: string): boolean {
  const rank = (tier: string) => (tiers.includes(tier) ? tiers.indexOf(tier) : tiers.length);
  return rank(one) < rank(other);
}
