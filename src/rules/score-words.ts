/** What the telling of a tier says, and the forms in which each language says it. Instants, figures and points are in words already. */

import type { ActivityKind } from './figures.ts';
import type { HeldReason } from './tier-step.ts';

/** Why there is a score, or none. */
export const TIER_STATES = ['no_model', 'not_reviewed', 'no_activity', 'scored'] as const;
export type TierState = (typeof TIER_STATES)[number];

export type TierSource = 'default' | 'manual' | 'import' | 'score';

export interface ScoreWords {
  /** In a sentence, the end of it. */
  holds(tier: string, since: string | null, source: TierSource | null): string;
  noTier: string;
  because(reason: string): string;
  pin(reason: string, since: string, until: string | null): string;
  /** A tier that people gave, and since when it is the score's. */
  ended(tier: string, at: string): string;
  unscored: Record<Exclude<TierState, 'scored'>, string>;
  ofNothing: string;
  scored(total: string, target: string): string;
  why: Record<HeldReason, (standing: StandingWords) => string>;
  times(zone: string, asOf: string): string;
  headings: { score(model: number, at: string): string; tiers: string };
  columns: { part: string; figure: string; points: string; weight: string; adds: string; total: string };
  older(model: number, inForce: number): string;

  activities: Record<ActivityKind, string>;
  and(items: readonly string[]): string;
  months(count: number): string;
  days(count: number): string;
  figure: {
    amount(activities: string, window: string): string;
    count(activities: string, window: string): string;
    growth(activities: string, by: 'amount' | 'count', window: string): string;
    months: string;
    given(key: string): string;
    satisfaction(window: string): string;
    low_scores(window: string): string;
    tickets(kinds: string | null, words: string | null, window: string): string;
  };
  unknown: string;
  unbounded: string;
  money(amount: string, currency: string): string;
  next(points: string, atLeast: string | null, below: string | null): string;
  percentile: Record<'more' | 'less', string>;

  rule(tier: string, holds: boolean, isTarget: boolean): string;
  rest(tier: string): string;
  total(needed: string, had: string, short: string | null): string;
  part(part: string, needed: string, had: string, short: string | null): string;
  share(percent: string, needed: string | null, had: string, short: string | null): string;
  population(customers: string, at: string): string;
}

/** What of a standing is told; null where it does not apply. */
export interface StandingWords {
  held: string;
  target: string;
  margin: string;
  runs: number;
  needed: number;
  since: string | null;
  decided: string | null;
  /** The day of the run that decides. */
  decides: string;
  moves: string | null;
  /** Whether a step down comes later than it is decided. */
  hasGrace: boolean;
}
