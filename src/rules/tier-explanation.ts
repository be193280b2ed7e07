/** Why a customer holds the tier they hold: what the score is made of, what every tier asks for, and what holds a step back. */

import { type Unit, unitOf } from './figures.ts';
import { bandOf, type RuleResult, targetOf } from './score.ts';
import type { Part, ScoredPart, TierModel } from './tier-model.ts';
import { type Left, type Outlook, outlookOf } from './tier-step.ts';
import type { Zone } from './zone.ts';

/** A band with more points than the one reached, and the figures that reach it: from `atLeast` on, or below `below`. */
export interface NextBand {
  points: number;
  atLeast: number | null;
  below: number | null;
}

export interface ExplainedPart extends ScoredPart {
  part: Part;
  unit: Unit;
  /** The percent of all weights. */
  share: number;
  /** Null below all bands, and for percentiles. */
  band: { from: number; points: number } | null;
  /** Null where there is no better one, and for percentiles. */
  next: NextBand | null;
}

export interface TierExplanation extends Outlook {
  total: number;
  parts: ExplainedPart[];
  target: string;
  /** What each rule asked for, the best tier first. */
  rules: RuleResult[];
}

/** `zone`: on whose wall clock months begin. */
export function explainTier(model: TierModel, left: Left, zone: Zone): TierExplanation {
  const { score, population } = left;
  const { tier, rules } = targetOf(model, score, population);
  const parts = model.parts.flatMap((part): ExplainedPart[] => {
    const scored = score.parts.find(({ key }) => key === part.key);
    if (scored === undefined) return [];
    const figure = scored.unbounded ? Number.POSITIVE_INFINITY : scored.value;
    const share = (100 * part.weightUnits) / model.weightUnits;
    return [
      {
        ...scored,
        part,
        unit: unitOf(part.figure),
        share,
        band: bandOf(part, figure),
        next: nextOf(part, scored.points, figure),
      },
    ];
  });
  return { total: score.total, parts, target: tier, rules, ...outlookOf(model, left, zone) };
}

/** The nearest band with more points. */
function nextOf({ bands }: Part, points: number, figure: number | null): NextBand | null {
  if (bands === null) return null;
  const rising = bands.toReversed();
  const place = figure === null ? -1 : rising.findLastIndex(({ from }) => figure >= from);
  const up = rising.find((band, index) => index > place && band.points > points);
  if (up !== undefined) return { points: up.points, atLeast: up.from, below: null };
  const down = rising.findLastIndex((band, index) => index < place && band.points > points);
  return down === -1 ? null : { points: rising[down]!.points, atLeast: null, below: rising[down + 1]!.from };
}
