/** From figures to a score, and from a score to the tier that the rules of a model give. */

import type { Figure } from './figures.ts';
import {
  type Figures,
  type Part,
  POINT_STEPS,
  type Population,
  type Score,
  type ScoredPart,
  type TierModel,
} from './tier-model.ts';

/** Of a customer of whom nothing is known no score is made; what is kept of one who may be lost has no parts. */
export function isScored({ parts }: Pick<Score, 'parts'>): boolean {
  return parts.length > 0;
}

/**
 * The score of a customer with these figures. The total is the weighted mean of the parts' points, to the hundredth; what
 * the parts contribute adds up to it exactly. `population`: what percentiles are read in; null while there is none.
 */
export function scoreOf(model: TierModel, figures: Figures, population: Population | null): Score {
  const parts: ScoredPart[] = [];
  // In hundredths of a point times units of weight: whole numbers, far below 2^53.
  let sum = 0;
  let counted = 0;
  for (const part of model.parts) {
    const figure = figures.get(part.figure) ?? null;
    const points = Math.round(pointsOf(part, figure, population) * POINT_STEPS);
    sum += part.weightUnits * points;
    const upToHere = roundedRatio(sum, model.weightUnits);
    const unbounded = figure === Number.POSITIVE_INFINITY ? ({ unbounded: true } as const) : {};
    parts.push({
      key: part.key,
      value: figure === Number.POSITIVE_INFINITY ? null : figure,
      ...unbounded,
      points: points / POINT_STEPS,
      weight: part.weight,
      // Of the sum so far: rounded one by one, parts of a third each would never make a whole.
      contribution: (upToHere - counted) / POINT_STEPS,
    });
    counted = upToHere;
  }
  return { total: counted / POINT_STEPS, parts };
}

/** `a / b` of whole numbers, rounded half up. */
function roundedRatio(a: number, b: number): number {
  return Math.floor((2 * a + b) / (2 * b));
}

function pointsOf(part: Part, figure: Figure, population: Population | null): number {
  if (figure === null) return 0;
  if (part.bands !== null) return bandOf(part, figure)?.points ?? 0;
  const { key } = part;
  // A part may be called constructor.
  const values = population !== null && Object.hasOwn(population.parts, key) ? population.parts[key]! : [];
  if (values.length === 0) return 0;
  const percent = percentLower(values, figure);
  return 'percentile' in part.scaling && part.scaling.percentile === 'less' ? 100 - percent : percent;
}

/** The band a figure reaches; null below all of them, or where nothing is known. */
export function bandOf({ bands }: Part, figure: Figure): { from: number; points: number } | null {
  return (figure === null ? undefined : bands?.find(({ from }) => figure >= from)) ?? null;
}

/**
 * How far up in the population a value lies, in percent: the lowest at 0, the highest at 100, between two steps in
 * proportion, and of equal values in their middle.
 */
function percentLower(values: readonly (number | null)[], value: number): number {
  const last = values.length - 1;
  const first = firstFrom(values, value, false);
  const next = firstFrom(values, value, true);
  // Among values equal to it; one alone has nothing to be compared with.
  if (next > first) return last === 0 ? 50 : ((first + next - 1) / 2 / last) * 100;
  if (first === 0) return 0;
  if (first > last) return 100;
  const [low, high] = [stepAt(values, first - 1), stepAt(values, first)];
  return ((first - 1 + (value - low) / (high - low)) / last) * 100;
}

/** The first step that is not below the value; with `beyond`, that is above it. */
function firstFrom(values: readonly (number | null)[], value: number, beyond: boolean): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const step = stepAt(values, middle);
    if (beyond ? step <= value : step < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function stepAt(values: readonly (number | null)[], index: number): number {
  return values[index] ?? Number.POSITIVE_INFINITY;
}

/** One thing that a rule asks for. */
export interface Condition {
  of: 'total' | 'part' | 'share';
  /** Of a part: its key. */
  part: string | null;
  /** Of a share: the percent it is of the customers. */
  share: number | null;
  /** Points; null where nobody knows yet how many a share needs. */
  needed: number | null;
  had: number;
  holds: boolean;
}

export interface RuleResult {
  tier: string;
  holds: boolean;
  conditions: Condition[];
}

export interface Target {
  tier: string;
  /** Of the rule that gives it; null where none holds. */
  rule: number | null;
  rules: RuleResult[];
}

/** The tier that the rules give for this score, and what each of them asked for and found. */
export function targetOf(model: TierModel, score: Score, population: Population | null): Target {
  const rules = model.rules.map((rule, index): RuleResult => {
    const conditions = [...conditionsOf(model, index, score, population, 0)];
    return { tier: rule.tier, holds: conditions.every(({ holds }) => holds), conditions };
  });
  const found = rules.findIndex(({ holds }) => holds);
  return { tier: tierAt(model, found), rule: found === -1 ? null : found, rules };
}

/** The tier alone; with `easedBy`, where every border lies so many points lower. */
export function tierOf(model: TierModel, score: Score, population: Population | null, easedBy = 0): string {
  const found = model.rules.findIndex((_, index) => {
    for (const { holds } of conditionsOf(model, index, score, population, easedBy)) if (!holds) return false;
    return true;
  });
  return tierAt(model, found);
}

function tierAt({ rules, tiers }: TierModel, rule: number): string {
  return rules[rule]?.tier ?? tiers.at(-1)!;
}

function* conditionsOf(
  { rules }: TierModel,
  index: number,
  score: Score,
  population: Population | null,
  easedBy: number,
): Generator<Condition> {
  const { minTotal, minParts = {}, share } = rules[index]!;
  if (minTotal !== undefined) yield conditionOf('total', minTotal, score.total, easedBy);
  for (const [key, points] of Object.entries(minParts)) {
    const part = score.parts.find((candidate) => candidate.key === key);
    yield { ...conditionOf('part', points, part?.points ?? 0, easedBy), part: key };
  }
  if (share !== undefined) {
    yield { ...conditionOf('share', population?.minTotals[index] ?? null, score.total, easedBy), share };
  }
}

function conditionOf(of: Condition['of'], needed: number | null, had: number, easedBy: number): Condition {
  // In hundredths: 70 - 0.1 is not quite 69.9.
  const holds = needed !== null && hundredths(had) >= hundredths(needed) - hundredths(easedBy);
  return { of, part: null, share: null, needed, had, holds };
}

function hundredths(points: number): number {
  return Math.round(points * POINT_STEPS);
}
