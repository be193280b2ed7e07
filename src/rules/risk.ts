/** Who may be lost: fewer orders and visits than before, low survey answers, complaints. */

import type { Figure, FigureDefinition } from './figures.ts';
import type { Figures, RiskDefinition } from './tier-model.ts';

/** Why a customer may be lost. */
export const RISKS = ['falling_frequency', 'low_scores', 'complaints'] as const;
export type Risk = (typeof RISKS)[number];

const DEFAULT_WINDOW = 'P3M';

interface Watched {
  risk: Risk;
  figure: FigureDefinition;
  window: string;
  /** What it takes: at most this where it is below 0, else at least. */
  limit: number;
}

/** Figures are asked for and looked up by the object that defines them: one definition of a risk, always the same objects. */
const watchedBy = new WeakMap<RiskDefinition, readonly Watched[]>();

function watched(risk: RiskDefinition): readonly Watched[] {
  let known = watchedBy.get(risk);
  if (known === undefined) {
    known = watch(risk);
    watchedBy.set(risk, known);
  }
  return known;
}

function watch({ fewerPercent, lowScores, complaints, window = DEFAULT_WINDOW }: RiskDefinition): Watched[] {
  const all: [Risk, number | undefined, FigureDefinition][] = [
    [
      'falling_frequency',
      // Where nothing was before, there is no fall: the figure is not known, or has no bound.
      fewerPercent === undefined ? undefined : -fewerPercent,
      { of: 'growth', by: 'count', activities: ['order', 'visit'], window },
    ],
    ['low_scores', lowScores, { of: 'low_scores', window }],
    ['complaints', complaints, { of: 'tickets', kinds: ['complaint'], window }],
  ];
  return all.flatMap(([risk, limit, figure]) => (limit === undefined ? [] : [{ risk, limit, figure, window }]));
}

/** The figures that `risksOf` reads; the same objects for the same definition. */
export function riskFigures(risk: RiskDefinition): FigureDefinition[] {
  return watched(risk).map(({ figure }) => figure);
}

/** Why the customer of these figures may be lost, in the order of `RISKS`; empty when nothing points to it. */
export function risksOf(risk: RiskDefinition, figures: Figures): Risk[] {
  return signsOf(risk, figures)
    .filter(({ value, limit }) => value !== null && (limit < 0 ? value <= limit : value >= limit))
    .map((sign) => sign.risk);
}

/** A figure that may point to a risk. */
export interface Sign {
  risk: Risk;
  /** Null: nothing is known. */
  value: Figure;
  /** What it takes: at most this where it is below 0, else at least. */
  limit: number;
  window: string;
}

/** All that is watched, whether it points to a risk or not. */
export function signsOf(risk: RiskDefinition, figures: Figures): Sign[] {
  return watched(risk).map(({ figure, ...sign }) => ({ ...sign, value: figures.get(figure) ?? null }));
}
