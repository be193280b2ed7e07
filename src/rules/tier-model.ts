/** The tier model of a workspace: parts that make a score, rules that make it a tier, and how far and long a border must be crossed. */

import { type Faults, refuse } from './faults.ts';
import type { Figure, FigureDefinition } from './figures.ts';
import { modelFaults, WEIGHT_STEPS } from './tier-model-faults.ts';

export { POINT_STEPS } from './tier-model-faults.ts';

/** How a figure becomes points, 0 to 100. */
export type Scaling =
  /** The band with the highest `from` that the figure reaches; below all of them, or nothing known: 0. */
  | { bands: readonly { from: number; points: number }[] }
  /** The share of the workspace's scored customers whose figure is lower (`more`) or higher (`less`), in percent. */
  | { percentile: 'more' | 'less' };

export interface PartDefinition {
  key: string;
  name?: string | undefined;
  weight: number;
  figure: FigureDefinition;
  scaling: Scaling;
}

/** All that is told must hold. */
export interface TierRule {
  /** Key of a tier; the workspace's last tier is everybody's who has no other, and has no rule. */
  tier: string;
  minTotal?: number | undefined;
  /** Points by part. */
  minParts?: Readonly<Record<string, number>> | undefined;
  /** Among the best so many percent of the workspace by total. */
  share?: number | undefined;
}

export interface TierModelDefinition {
  parts: readonly PartDefinition[];
  /** Best first; the first that holds gives the tier. */
  tiers: readonly TierRule[];
  hysteresis?:
    | {
        /** Points by which total and parts must fall short of a border, to step down over it. Default 0. */
        margin?: number | undefined;
        /** How long a better tier must be reached, to step up. Seconds; default 0: at once. */
        upAfterSeconds?: number | undefined;
        /** At the how many-th monthly run in a row below, a step down is decided. Default 2; 0: at any review, at once. */
        downRuns?: number | undefined;
        /** From the decision to the step down. Seconds; default 0. */
        graceSeconds?: number | undefined;
      }
    | undefined;
  risk?: RiskDefinition | undefined;
  /** Customers whom people are asked to confirm every month. Default 50, 0: none. */
  sampleSize?: number | undefined;
}

/** When a customer is held to be at risk; what is left out does not count. */
export interface RiskDefinition {
  /** Orders and visits of the window against the one before: at least so many percent fewer. */
  fewerPercent?: number | undefined;
  /** Low survey answers in the window: at least so many. */
  lowScores?: number | undefined;
  /** Complaints in the window: at least so many. */
  complaints?: number | undefined;
  /** Default P3M. */
  window?: string | undefined;
}

/** A part of a score, as it is kept and shown. */
export interface ScoredPart {
  key: string;
  /** The figure; null: nothing known. Growth from nothing is `unbounded`. */
  value: number | null;
  unbounded?: true;
  points: number;
  weight: number;
  /** What it adds to the total: weight × points over all weights, to the hundredth. All of them together are the total. */
  contribution: number;
}

export interface Score {
  total: number;
  parts: ScoredPart[];
}

/** How values lie in the workspace: what percentiles and shares are read in. */
export interface Population {
  /** When it was taken. Epoch seconds. */
  at: number;
  /** How many customers were scored. */
  customers: number;
  /** By part with a percentile: the values at equal steps from the lowest to the highest, at most 1001; null: without bound. */
  parts: Readonly<Record<string, readonly (number | null)[]>>;
  /** By rule with a share, in the order of the rules: the total that is needed; null where no share is told. */
  minTotals: readonly (number | null)[];
}

/** What the steps remember of a customer between two reviews. */
export interface Standing {
  /** Of every tier better than the one held: since when it, or a better one, is the target without a break. Epoch seconds. */
  reachedSince: Readonly<Record<string, number>>;
  /** Monthly runs in a row that found the target worse. */
  runsBelow: number;
  /** When a step down was decided; null when none is. Epoch seconds. */
  decidedAt: number | null;
  /** The start of the month that was counted last, so that none counts twice; null before the first. Epoch seconds. */
  lastRun: number | null;
}

/** Of a customer who was never reviewed. */
export const NEW_STANDING: Standing = { reachedSince: {}, runsBelow: 0, decidedAt: null, lastRun: null };

export type Figures = ReadonlyMap<FigureDefinition, Figure>;

/** A part as it is reckoned with. */
export interface Part extends PartDefinition {
  /** Of bands: the highest first. */
  readonly bands: readonly { from: number; points: number }[] | null;
  /** In ten-thousandths, so that sums are exact. */
  readonly weightUnits: number;
}

/** A definition that was checked, against the tiers that the workspace has. */
export interface TierModel {
  readonly definition: TierModelDefinition;
  readonly parts: readonly Part[];
  /** Of all parts together. */
  readonly weightUnits: number;
  readonly rules: readonly TierRule[];
  /** Keys of the workspace's tiers, the best first; the last is everybody's who has no other. */
  readonly tiers: readonly string[];
  readonly margin: number;
  readonly upAfterSeconds: number;
  readonly downRuns: number;
  readonly graceSeconds: number;
  readonly sampleSize: number;
}

/**
 * The model that scores are reckoned with. `tiers`: keys of the workspace's tiers, the best first. Throws one
 * `validation_failed` that names every fault by its path below `path`.
 */
export function compileTierModel(
  definition: TierModelDefinition,
  tiers: readonly string[],
  path = 'definition',
): TierModel {
  const faults: Faults = [];
  modelFaults(faults, path, definition, tiers);
  refuse(faults, 'The tier model is not valid.');
  const parts = definition.parts.map((part): Part => {
    const bands = 'bands' in part.scaling ? part.scaling.bands.toSorted((a, b) => b.from - a.from) : null;
    return { ...part, bands, weightUnits: Math.round(part.weight * WEIGHT_STEPS) };
  });
  const { margin = 0, upAfterSeconds = 0, downRuns = 2, graceSeconds = 0 } = definition.hysteresis ?? {};
  return {
    ...{ definition, parts, tiers, rules: definition.tiers },
    weightUnits: parts.reduce((sum, { weightUnits }) => sum + weightUnits, 0),
    ...{ margin, upAfterSeconds, downRuns, graceSeconds },
    sampleSize: definition.sampleSize ?? 50,
  };
}
