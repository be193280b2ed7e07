/** From the tier that the rules give to the tier a customer holds: how far and how long a border must be crossed. */

import type { Instant } from './block.ts';
import { tierOf } from './score.ts';
import type { Population, Score, Standing, TierModel } from './tier-model.ts';
import { startOfNextMonth } from './windows.ts';
import type { Zone } from './zone.ts';

/**
 * What stands behind the tier held where no pin does: a score; a hand, whose pin has ended; or neither, as of the tier a
 * customer began with. Hysteresis defends a score, not a hand.
 */
export type Ground = 'score' | 'hand' | 'none';

/** By the newest entry of a customer's tier history; undefined: there is none. */
export function groundOf(last: { source: string; position: number } | undefined): Ground {
  if (last?.source === 'score') return 'score';
  return last?.source === 'manual' && last.position > 1 ? 'hand' : 'none';
}

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
  ground: Ground;
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
  const { held, score, population, now, monthly, pinned, ground } = review;
  const target = tierOf(model, score, population);
  const { lastRun } = review.standing;
  // What was counted up to here is void; a new spell, on either side of a border, begins anew.
  const anew: Standing = { reachedSince: {}, runsBelow: 0, decidedAt: null, lastRun };
  const stay = (why: StepReason, standing = anew, movesAt: Instant | null = null): Step => {
    return { tier: held ?? target, target, standing, movesAt, why };
  };
  if (pinned && held !== null) return stay('pinned');
  if (held === target) return stay('agreed');
  const rises = held === null || isBetter(model, target, held);
  if (held === null || ground === 'hand') {
    return { tier: target, target, standing: anew, movesAt: null, why: rises ? 'rose' : 'fell' };
  }
  if (rises) return stepUp(model, review, held, target, anew);
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

/** Every tier has a wait of its own: who reaches one and then a better one is given the one and then the other. */
function stepUp(model: TierModel, review: Review, held: string, target: string, anew: Standing): Step {
  const { now, standing } = review;
  // The best first. What is better than the target is not reached, or no longer.
  const reached = model.tiers
    .filter((tier) => isBetter(model, tier, held) && !isBetter(model, tier, target))
    .map((tier) => ({ tier, since: standing.reachedSince?.[tier] ?? now }));
  const given = reached.find(({ since }) => now >= since + model.upAfterSeconds)?.tier ?? held;
  const ahead = reached.filter(({ tier }) => isBetter(model, tier, given));
  const next = ahead.at(-1);
  return {
    tier: given,
    target,
    standing: { ...anew, reachedSince: Object.fromEntries(ahead.map(({ tier, since }) => [tier, since])) },
    movesAt: next === undefined ? null : next.since + model.upAfterSeconds,
    why: given === held ? 'rising' : 'rose',
  };
}

/** Why a customer does not hold the tier of the rules; `due`: the next review gives it. `agreed`: they do. */
export const HELD_REASONS = ['agreed', 'pinned', 'rising', 'margin', 'counting', 'grace', 'blocked', 'due'] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** What the last review left behind, and what holds now. */
export interface Left extends Pick<Review, 'held' | 'standing' | 'score' | 'population' | 'now' | 'pinned' | 'ground'> {
  movesAt: Instant | null;
  /** When the pin ends; null: when it is released, or there is none. */
  pinnedUntil: Instant | null;
}

/** How it stands, and when the tier of the rules is given if nothing changes. */
export interface Outlook {
  why: HeldReason;
  /** The start of the month whose run decides on a step down; null unless `counting`. */
  decidesAt: Instant | null;
  /** Null: never as it stands, or nobody knows when. */
  movesAt: Instant | null;
}

/** How it stands now with what the last review left behind; nothing is counted by asking. `zone`: whose months count. */
export function outlookOf(model: TierModel, left: Left, zone: Zone): Outlook {
  // The review that decided on a step left it without an instant: it was due, and not allowed.
  const blocked = left.standing.decidedAt !== null && left.movesAt === null;
  const step = stepTier(model, { ...left, monthly: null, blocked });
  const outlook = (why: HeldReason, movesAt: Instant | null = null): Outlook => ({ why, decidesAt: null, movesAt });
  switch (step.why) {
    case 'grace':
      return blocked ? outlook('blocked') : outlook('grace', step.movesAt);
    case 'rose':
    case 'fell':
      return outlook('due', left.movesAt);
    case 'rising':
      // The tier of the rules may come after others on the way.
      return outlook('rising', step.standing.reachedSince[step.target]! + model.upAfterSeconds);
    case 'counting': {
      const decidesAt = runAfter(left.now, model.downRuns - step.standing.runsBelow, zone);
      return { why: 'counting', decidesAt, movesAt: decidesAt + model.graceSeconds };
    }
    case 'pinned':
      return outlook('pinned', afterPin(model, left, zone));
    default:
      return outlook(step.why);
  }
}

/** When the tier of the rules is given after a pin that has an end: at once where a hand gave the tier, else as ever. */
function afterPin(model: TierModel, left: Left, zone: Zone): Instant | null {
  const until = left.pinnedUntil;
  if (until === null) return null;
  const fresh = { ...left, standing: { ...left.standing, reachedSince: {}, runsBelow: 0, decidedAt: null } };
  const step = stepTier(model, { ...fresh, pinned: false, now: until, monthly: null, blocked: false });
  if (step.why === 'agreed' || step.why === 'margin') return null;
  if (step.why !== 'counting') return step.movesAt ?? until;
  return runAfter(until - 1, model.downRuns, zone) + model.graceSeconds;
}

/** When the how many-th monthly run from an instant on is due. */
function runAfter(at: Instant, runs: number, zone: Zone): Instant {
  let run = at;
  for (let count = 0; count < runs; count++) run = startOfNextMonth(run, zone);
  return run;
}

/** A tier the workspace no longer has is below all others. */
function isBetter({ tiers }: TierModel, one: string, other: string): boolean {
  const rank = (tier: string) => (tiers.includes(tier) ? tiers.indexOf(tier) : tiers.length);
  return rank(one) < rank(other);
}
