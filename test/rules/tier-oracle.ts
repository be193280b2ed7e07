/**
 * A second opinion on scores and tiers, written from the specification alone and without code of the rules: slow, over
 * whole histories, in exact fractions where the rules round.
 */

import type { Figure } from '../../src/rules/figures.ts';
import type { PartDefinition, Population, Score, TierModelDefinition } from '../../src/rules/tier-model.ts';

/** Points of one part, not rounded. */
export function oraclePoints({ key, scaling }: PartDefinition, figure: Figure, population: Population | null): number {
  if (figure === null) return 0;
  if ('bands' in scaling) {
    const reached = scaling.bands.filter(({ from }) => figure >= from).map(({ from }) => from);
    const highest = Math.max(...reached);
    return scaling.bands.find(({ from }) => from === highest)?.points ?? 0;
  }
  const steps = (population?.parts[key] ?? []).map((value) => value ?? Number.POSITIVE_INFINITY);
  if (steps.length === 0) return 0;
  // Where each step lies, in percent of the way from the lowest to the highest.
  const places = steps.map((value, index) => ({
    value,
    percent: steps.length === 1 ? 50 : (100 * index) / (steps.length - 1),
  }));
  const equal = places.filter(({ value }) => value === figure).map(({ percent }) => percent);
  const lower = places.filter(({ value }) => value < figure);
  const higher = places.filter(({ value }) => value > figure);
  let percent: number;
  if (equal.length > 0) percent = (equal[0]! + equal.at(-1)!) / 2;
  else if (lower.length === 0) percent = 0;
  else if (higher.length === 0) percent = 100;
  else {
    const [from, to] = [lower.at(-1)!, higher[0]!];
    percent = from.percent + ((figure - from.value) / (to.value - from.value)) * (to.percent - from.percent);
  }
  return scaling.percentile === 'less' ? 100 - percent : percent;
}

/** The weighted mean of points, to the hundredth, half up; in whole numbers of any size. */
export function oracleTotal(parts: readonly { points: number; weight: number }[]): number {
  const weights = parts.map(({ weight }) => BigInt(Math.round(weight * 10_000)));
  const all = weights.reduce((sum, weight) => sum + weight, 0n);
  const sum = parts.reduce((sum, { points }, index) => sum + weights[index]! * BigInt(Math.round(points * 100)), 0n);
  return Number((sum * 2n + all) / (all * 2n)) / 100;
}

/** The best tier of whose rule everything holds, with every border so many points lower. */
export function oracleTier(
  { tiers: rules }: TierModelDefinition,
  tiers: readonly string[],
  score: Score,
  population: Population | null,
  easedBy: number,
): string {
  const reaches = (had: number, needed: number) => Math.round(had * 100 + easedBy * 100) >= Math.round(needed * 100);
  for (const [index, { tier, minTotal, minParts, share }] of rules.entries()) {
    const wanted: [number, number | null][] = Object.entries(minParts ?? {}).map(([key, needed]) => {
      return [score.parts.find((part) => part.key === key)!.points, needed];
    });
    if (minTotal !== undefined) wanted.push([score.total, minTotal]);
    if (share !== undefined) wanted.push([score.total, population?.minTotals[index] ?? null]);
    if (wanted.every(([had, needed]) => needed !== null && reaches(had, needed))) return tier;
  }
  return tiers.at(-1)!;
}

/** One look at a customer, in the order of time. */
export interface Look {
  now: number;
  score: Score;
  /** The month whose run it is; null: no monthly run. */
  monthly: number | null;
  pinned: boolean;
  /** The tier held was given by people, whose pin has ended. */
  byHand: boolean;
  blocked: boolean;
}

/** The tiers held after each look, and when a pending step comes: every look reads all the looks before it again. */
export function oracleLife(
  definition: TierModelDefinition,
  tiers: readonly string[],
  population: Population | null,
  first: string,
  looks: readonly Look[],
): { tier: string; movesAt: number | null }[] {
  const { margin = 0, upAfterSeconds = 0, downRuns = 2, graceSeconds = 0 } = definition.hysteresis ?? {};
  const rank = (tier: string) => tiers.indexOf(tier);
  const targets = looks.map(({ score }) => oracleTier(definition, tiers, score, population, 0));
  const eased = looks.map(({ score }) => oracleTier(definition, tiers, score, population, margin));
  /** The months that counted, by the look that found the customer below. */
  const counted = new Map<number, number>();
  const life: { tier: string; movesAt: number | null }[] = [];
  for (const [n, { now, pinned, byHand, blocked }] of looks.entries()) {
    const held = life.at(-1)?.tier ?? first;
    const isBelow = (k: number) => !looks[k]!.pinned && rank(targets[k]!) > rank(held) && rank(eased[k]!) > rank(held);
    /** The looks up to this one, without a gap, at which this held, of the time since the tier was last changed. */
    const spell = (holds: (k: number) => boolean) => {
      let from = n;
      while (from > 0 && holds(from - 1) && (life[from - 2]?.tier ?? first) === held && life[from - 1]!.tier === held)
        from--;
      return Array.from({ length: n - from + 1 }, (_, index) => from + index);
    };
    /** When a tier is given if it, or a better one, stays the target: null where it is not. */
    const comes = (tier: string) => {
      let from = n + 1;
      while (from > 0 && !looks[from - 1]!.pinned && rank(targets[from - 1]!) <= rank(tier)) from--;
      return from > n ? null : looks[from]!.now + upAfterSeconds;
    };
    if (pinned) life.push({ tier: held, movesAt: null });
    else if (byHand) life.push({ tier: targets[n]!, movesAt: null });
    else if (rank(targets[n]!) < rank(held)) {
      const tier = tiers.find((one) => rank(one) < rank(held) && (comes(one) ?? now + 1) <= now) ?? held;
      const ahead = tiers.filter((one) => rank(one) < rank(tier)).map(comes);
      const moves = ahead.filter((at) => at !== null);
      life.push({ tier, movesAt: moves.length === 0 ? null : Math.min(...moves) });
    } else if (isBelow(n)) {
      const { monthly } = looks[n]!;
      if (monthly !== null && monthly > Math.max(-1, ...counted.values())) counted.set(n, monthly);
      const below = spell(isBelow);
      const decided = below.find((k) => below.filter((other) => other <= k && counted.has(other)).length >= downRuns);
      const moves = decided === undefined ? null : looks[decided]!.now + graceSeconds;
      if (moves === null || now < moves) life.push({ tier: held, movesAt: moves });
      else life.push({ tier: blocked ? held : eased[n]!, movesAt: null });
    } else life.push({ tier: held, movesAt: null });
  }
  return life;
}
